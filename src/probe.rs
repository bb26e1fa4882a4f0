//! Looks at the way to the registries from where something stands: this machine.
//!
//! Each look is bounded, and what could not be looked at is a reading that says why.

pub(crate) mod layers;
