//! Objects of a chart, for the tests of this folder.

use serde::de::DeserializeOwned;
use serde_json::Value;

pub(super) use crate::world::sim::release::{Generation, Proxy, Release as Chart, Values};

/// The objects of one kind.
pub(super) fn of_kind<K: DeserializeOwned>(objects: &[Value], kind: &str) -> Vec<K> {
    objects
        .iter()
        .filter(|object| object["kind"] == kind)
        .map(|object| serde_json::from_value(object.clone()).expect("an object of the chart"))
        .collect()
}
