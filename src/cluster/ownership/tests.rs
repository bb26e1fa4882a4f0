//! Who set what last.

use serde_json::{Value, json};

use super::*;

fn entry(manager: &str, subresource: &str, time: &str, fields: &Value) -> Value {
    let mut entry = json!({"manager": manager, "operation": "Update", "time": time, "fieldsType": "FieldsV1",
        "fieldsV1": fields});
    if !subresource.is_empty() {
        entry["subresource"] = subresource.into();
    }
    entry
}

fn in_api(fields: &Value) -> Value {
    json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"api\"}": fields}}}}})
}

fn metadata(entries: &[Value]) -> ObjectMeta {
    serde_json::from_value(json!({ "managedFields": entries })).unwrap()
}

fn said(metadata: &ObjectMeta, fields: &[Field<'_>]) -> Option<String> {
    last_writer(metadata, fields).map(|writer| writer.to_string())
}

#[test]
fn the_newest_owner_of_a_field_wrote_it_last() {
    let image = json!({"f:image": {}});
    let entry_of = json!({"f:env": {"k:{\"name\":\"INGESTOR_IMAGE_DIGEST\"}": {".": {}, "f:name": {}, "f:value": {}}}});
    let metadata = metadata(&[
        entry(FIELD_MANAGER, "", "2026-06-06T10:00:00Z", &in_api(&image)),
        entry("helm", "", "2026-06-06T10:01:00Z", &in_api(&image)),
        entry(
            "kubectl-set",
            "",
            "2026-06-06T10:02:00Z",
            &in_api(&entry_of),
        ),
        entry(
            "kube-controller-manager",
            "status",
            "2026-06-06T10:09:00Z",
            &in_api(&image),
        ),
        entry(
            "kubectl-annotate",
            "",
            "2026-06-06T10:03:00Z",
            &json!({"f:metadata": {"f:annotations": {"f:tracebloc.io/refresh-attempt": {}}},
                "f:spec": {"f:template": {"f:metadata": {"f:annotations": {"f:kubectl.kubernetes.io/restartedAt": {}}}}}}),
        ),
    ]);
    let ingestor = Field::Env {
        container: "api",
        name: "INGESTOR_IMAGE_DIGEST",
    };
    for (sentence, fields, want) in [
        (
            "a controller that rewrites the status is nobody",
            vec![Field::Image("api")],
            Some("helm at 2026-06-06T10:01:00Z"),
        ),
        (
            "an environment entry",
            vec![ingestor],
            Some("kubectl-set at 2026-06-06T10:02:00Z"),
        ),
        (
            "the newest of several fields",
            vec![Field::Image("api"), ingestor],
            Some("kubectl-set at 2026-06-06T10:02:00Z"),
        ),
        (
            "an annotation of the template",
            vec![Field::OfTemplate(RESTARTED_AT)],
            Some("kubectl-annotate at 2026-06-06T10:03:00Z"),
        ),
        (
            "an annotation of the workload",
            vec![Field::Annotation("tracebloc.io/refresh-attempt")],
            Some("kubectl-annotate at 2026-06-06T10:03:00Z"),
        ),
        ("another container", vec![Field::Image("proxy")], None),
        (
            "another annotation",
            vec![Field::Annotation("tracebloc.io/refresh")],
            None,
        ),
        ("no field", vec![], None),
    ] {
        assert_eq!(
            want.map(str::to_owned),
            said(&metadata, &fields),
            "{sentence}"
        );
    }
}

#[test]
fn of_one_second_the_other_writer_is_named() {
    let time = "2026-06-06T10:00:00Z";
    let image = in_api(&json!({"f:image": {}}));
    let ours = entry(FIELD_MANAGER, "", time, &image);
    let theirs = entry("\u{1b}[31mhelm", "", time, &image);
    for entries in [[ours.clone(), theirs.clone()], [theirs, ours]] {
        let fields = [Field::Image("api")];
        assert_eq!(
            Some(format!("[31mhelm at {time}")),
            said(&metadata(&entries), &fields)
        );
    }
    let mut undated = entry("helm", "", time, &image);
    undated["time"] = Value::Null;
    assert_eq!(
        Some("helm".to_owned()),
        said(&metadata(&[undated]), &[Field::Image("api")])
    );
}

#[test]
fn the_fields_of_a_mark_are_those_that_it_sets() {
    let container = "api".to_owned();
    let (name, value) = ("A".to_owned(), "1".to_owned());
    let image = Mark::Image {
        container: container.clone(),
        image: "x".to_owned(),
    };
    let env = Mark::Env {
        container,
        name,
        value,
    };
    let restarted = Mark::Restarted { at: String::new() };
    assert_eq!(Field::Image("api"), Field::from(&image));
    let (container, name) = ("api", "A");
    assert_eq!(Field::Env { container, name }, Field::from(&env));
    assert_eq!(Field::OfTemplate(RESTARTED_AT), Field::from(&restarted));
}
