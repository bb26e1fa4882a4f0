//! The record of a jobs-manager Deployment, with the time of each annotation's last write.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::ownership::{Field, owns, time};
use crate::record::{PREFIX, Record};

pub(super) fn record(metadata: &ObjectMeta) -> Record {
    let annotations: BTreeMap<_, _> = metadata
        .annotations
        .iter()
        .flatten()
        .filter(|(key, _)| key.starts_with(PREFIX))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let written = annotations
        .keys()
        .filter_map(|key| {
            let entries = metadata.managed_fields.iter().flatten();
            let owners = entries.filter(|entry| owns(entry, Field::Annotation(key)));
            Some((key.clone(), owners.filter_map(time).max()?))
        })
        .collect();
    Record {
        annotations,
        written,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_manager_of_a_key_dates_it() {
        let counter = "tracebloc.io/refresh-attempt";
        let entry = |manager: &str, time: &str, key: &str| {
            json!({"manager": manager, "operation": "Update", "time": time, "fieldsType": "FieldsV1",
                "fieldsV1": {"f:metadata": {"f:annotations": {format!("f:{key}"): {}}}}})
        };
        let metadata: ObjectMeta = serde_json::from_value(json!({
            "annotations": {counter: "2", "tracebloc.io/refresh-flap-detected": "3", "deployment.kubernetes.io/revision": "9"},
            "managedFields": [
                entry("kubectl-annotate", "2026-06-04T05:00:00Z", counter),
                entry("kubectl-tracebloc-images", "2026-06-05T05:00:00Z", counter),
                entry("helm", "2026-06-06T05:00:00Z", "meta.helm.sh/release-name"),
            ],
        }))
        .expect("metadata");
        let record = record(&metadata);
        assert_eq!(2, record.annotations.len(), "only the mechanism's own keys");
        assert_eq!(
            BTreeMap::from([(
                counter.to_owned(),
                "2026-06-05T05:00:00Z".parse().expect("time")
            )]),
            record.written
        );
    }
}
