//! Objects of a chart, for the tests of this folder.

use serde::de::DeserializeOwned;
use serde_json::Value;

#[expect(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::struct_field_names,
    reason = "the simulated cluster uses the rest"
)]
#[path = "../../tests/sim"]
mod sim {
    pub(super) mod release;
}
pub(super) use sim::release::{Generation, Proxy, Release as Chart, Values};

/// The objects of one kind.
pub(super) fn of_kind<K: DeserializeOwned>(objects: &[Value], kind: &str) -> Vec<K> {
    objects
        .iter()
        .filter(|object| object["kind"] == kind)
        .map(|object| serde_json::from_value(object.clone()).expect("an object of the chart"))
        .collect()
}
