//! The simulated API server, driven with the real client and with bare HTTP.

mod objects;
pub(crate) mod scene;
