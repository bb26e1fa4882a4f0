//! The simulated API server itself: tests that stand on it are worth what it is worth. It is driven
//! by the real client, and by bare HTTP where that hides what is asked.

mod access;
mod deleting;
mod faults;
mod kubeconfig;
mod logs;
mod ownership;
mod patching;
mod playing;
mod reading;
pub(crate) mod scene;
mod watching;
mod writing;
