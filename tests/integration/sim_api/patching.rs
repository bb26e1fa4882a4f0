//! The three patch formats.

use serde_json::{Value, json};

use super::scene::{Caller, NS, WEB, cluster, refusal};

#[test]
fn a_merge_patch_replaces_lists_and_deletes_with_null() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    caller.patch(
        "merge",
        WEB,
        &json!({"metadata": {"annotations": {"a": "1", "b": "2"}}}),
    );
    let patch = json!({
        "metadata": {"annotations": {"a": null}},
        "spec": {"template": {"spec": {"containers": [{"name": "only"}]}}},
    });
    let after = caller.patch("merge", WEB, &patch).json();
    assert_eq!(after["metadata"]["annotations"], json!({"b": "2"}));
    assert_eq!(
        after["spec"]["template"]["spec"]["containers"],
        json!([{"name": "only"}])
    );
}

#[test]
fn a_json_patch_is_all_or_nothing() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    let patch = json!([
        {"op": "test", "path": "/spec/replicas", "value": 1},
        {"op": "replace", "path": "/spec/replicas", "value": 2},
        {"op": "add", "path": "/metadata/annotations", "value": {"tracebloc.io/x": "1"}},
    ]);
    let after = caller.patch("json", WEB, &patch).json();
    assert_eq!(after["spec"]["replicas"], 2);
    assert_eq!(after["metadata"]["annotations"]["tracebloc.io/x"], "1");

    let words = "the server rejected our request due to an error in our request";
    for (name, patch) in [
        ("a test that fails", patch),
        (
            "adding below what is not there",
            json!([{"op": "add", "path": "/metadata/finalizers/0", "value": "x"}]),
        ),
    ] {
        let reply = caller.patch("json", WEB, &patch);
        assert_eq!(reply.refusal(), refusal(422, "Invalid", words), "{name}");
    }
    assert_eq!(cluster.get("Deployment", NS, "web").unwrap(), after);
    assert_eq!(
        caller.patch("json", WEB, &json!({"op": "test"})).code,
        400,
        "not a list"
    );
}

/// Every row starts from a list of containers `api` (env A, B) and `proxy`.
#[test]
fn a_strategic_merge_patch_merges_lists_by_their_keys() {
    let web = "docker.io/tracebloc/web:prod";
    let proxy = json!({"name": "proxy", "image": "docker.io/tracebloc/proxy:prod"});
    let api = |image: &str, env: Value| json!({"name": "api", "image": image, "env": env});
    let (a, b) = (
        json!({"name": "A", "value": "1"}),
        json!({"name": "B", "value": "2"}),
    );
    let as_it_was = api(web, json!([a, b]));
    for (name, patch, wanted) in [
        (
            "an image of one container",
            json!([{"name": "api", "image": "x@sha256:1"}]),
            json!([api("x@sha256:1", json!([a, b])), proxy]),
        ),
        (
            "one variable of one container",
            json!([{"name": "api", "env": [{"name": "B", "value": "3"}]}]),
            json!([api(web, json!([a, {"name": "B", "value": "3"}])), proxy]),
        ),
        (
            "null removes a field",
            json!([{"name": "proxy", "image": null}]),
            json!([as_it_was, {"name": "proxy"}]),
        ),
        (
            "a name that is not there is added, in front",
            json!([{"name": "new", "image": "y"}]),
            json!([{"name": "new", "image": "y"}, as_it_was, proxy]),
        ),
        (
            "a new variable goes where $setElementOrder puts it",
            json!([{
                "name": "api",
                "$setElementOrder/env": [{"name": "A"}, {"name": "B"}, {"name": "C"}],
                "env": [{"name": "C", "value": "3"}],
            }]),
            json!([api(web, json!([a, b, {"name": "C", "value": "3"}])), proxy]),
        ),
        (
            "or before one that it names",
            json!([{
                "name": "api",
                "$setElementOrder/env": [{"name": "A"}, {"name": "C"}, {"name": "B"}],
                "env": [{"name": "C", "value": "3"}],
            }]),
            json!([api(web, json!([a, {"name": "C", "value": "3"}, b])), proxy]),
        ),
        (
            "$patch: delete removes an item",
            json!([{"name": "proxy", "$patch": "delete"}, {"name": "absent", "$patch": "delete"}]),
            json!([as_it_was]),
        ),
        (
            "$patch: replace in an item empties the list first",
            json!([{"name": "api"}, {"$patch": "replace"}]),
            json!([{"name": "api"}]),
        ),
        (
            "$retainKeys drops the other fields",
            json!([{"name": "api", "$retainKeys": ["name", "image"]}]),
            json!([{"name": "api", "image": web}, proxy]),
        ),
        (
            "a list without a key is replaced",
            json!([{"name": "proxy", "args": ["-v"]}]),
            json!([as_it_was, {"name": "proxy", "image": proxy["image"], "args": ["-v"]}]),
        ),
    ] {
        let cluster = cluster();
        let patch = json!({"spec": {"template": {"spec": {"containers": patch}}}});
        let reply = Caller::of(&cluster).patch("strategic-merge", WEB, &patch);
        let after = reply.json();
        assert_eq!(
            after["spec"]["template"]["spec"]["containers"], wanted,
            "{name}"
        );
    }
}

#[test]
fn a_strategic_merge_patch_merges_finalizers_and_deletes_whole_objects() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    let strategic = |patch: &Value| caller.patch("strategic-merge", WEB, patch).json();
    strategic(&json!({"metadata": {"finalizers": ["a", "b"]}}));
    let after = strategic(&json!({"metadata": {"finalizers": ["b", "c"]}}));
    assert_eq!(after["metadata"]["finalizers"], json!(["a", "b", "c"]));
    let gone = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a", "c"]}});
    assert_eq!(strategic(&gone)["metadata"]["finalizers"], json!(["b"]));
    let after = strategic(&json!({"metadata": {"labels": {"$patch": "delete"}}}));
    assert_eq!(after["metadata"].get("labels"), None, "empty is absent");

    let bogus = strategic(&json!({"metadata": {"labels": {"$patch": "bogus"}}}));
    let words = "unknown patch type: bogus in map: map[$patch:bogus]";
    assert_eq!(bogus["message"], words);

    let nameless = json!({"spec": {"template": {"spec": {"containers": [{"image": "x"}]}}}});
    let (code, _, message) = caller.patch("strategic-merge", WEB, &nameless).refusal();
    assert_eq!(code, 500);
    assert!(
        message.ends_with("does not contain declared merge key: name"),
        "{message}"
    );
}

#[test]
fn other_formats_are_refused() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    let (code, reason, _) = caller.patch("apply", WEB, &json!({})).refusal();
    assert_eq!((code, &*reason), (415, "UnsupportedMediaType"));
    assert_eq!(caller.patch("merge", WEB, &json!([])).code, 400);
}
