//! Writes that meet somebody else's.

use serde_json::json;

use super::*;
use crate::cluster::fixture::with;
use crate::world::sim::api::store::At;
use crate::world::sim::api::{Cluster as Sim, Transport};

const NS: &str = "tracebloc";
const NAME: &str = "berlin-jobs-manager";
const COUNT: &str = "tracebloc.io/refresh-attempt";

fn site() -> Sim {
    let sim = Sim::start(Transport::Plain);
    sim.put(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": NAME, "namespace": NS, "annotations": {COUNT: "1"}},
        "spec": {
            "selector": {"matchLabels": {"app": "manager"}},
            "template": {
                "metadata": {"labels": {"app": "manager"}},
                "spec": {"containers": [{"name": "api", "image": "docker.io/tracebloc/jobs-manager:prod"}]},
            },
        },
    }));
    sim
}

fn target() -> Target {
    Target {
        kind: WorkloadKind::Deployment,
        namespace: NS.to_owned(),
        name: NAME.to_owned(),
    }
}

fn edit(to: &str) -> Edit {
    Edit {
        field: Field::Image {
            container: "api".to_owned(),
        },
        from: Some("docker.io/tracebloc/jobs-manager:prod".to_owned()),
        to: format!("docker.io/tracebloc/jobs-manager:{to}"),
    }
}

/// Writes what was planned at a look after which `meanwhile` happened; whether it was done, and the object then.
fn after(
    writes: Write<'_>,
    meanwhile: impl FnOnce(&mut serde_json::Value),
) -> (bool, serde_json::Value) {
    let sim = site();
    let edits = [edit("next")];
    let is_done = with(&sim, &[], async |cluster| {
        let seen = snapshot(&cluster, &target(), &edits).await.unwrap();
        sim.store(|store| store.edit(&At::new("Deployment", NS, NAME), meanwhile));
        let written = write(&cluster, &target(), &seen, writes).await.unwrap();
        matches!(written, Written::Done(_))
    });
    (is_done, sim.get("Deployment", NS, NAME).unwrap())
}

#[test]
fn what_does_not_matter_is_written_past_and_what_does_is_never_written_over() {
    let counted = BTreeMap::from([(COUNT.to_owned(), Some("2".to_owned()))]);
    let edits = [edit("next")];
    let [count, image] = [Write::Annotations(&counted), Write::Template(&edits)];
    let is_written = |object: &serde_json::Value| {
        let container = &object["spec"]["template"]["spec"]["containers"][0];
        (
            object["metadata"]["annotations"][COUNT] == "2",
            container["image"] == "docker.io/tracebloc/jobs-manager:next",
        )
    };
    for (name, write, want) in [
        ("count", count, (true, false)),
        ("image", image, (false, true)),
    ] {
        let (is_done, object) = after(write, |one| one["status"] = json!({"replicas": 1}));
        assert!(is_done, "{name}: a status");
        assert_eq!(want, is_written(&object), "{name}: a status");

        let (is_done, object) = after(write, |one| {
            one["metadata"]["annotations"][COUNT] = "7".into();
        });
        assert!(!is_done, "{name}: another count");
        assert_eq!("7", object["metadata"]["annotations"][COUNT], "{name}");
        assert_eq!((false, false), is_written(&object), "{name}: another count");

        let (is_done, object) = after(write, |one| one["metadata"]["generation"] = 9.into());
        assert!(!is_done, "{name}: another generation");
        assert_eq!(
            (false, false),
            is_written(&object),
            "{name}: another generation"
        );

        let (is_done, object) = after(write, |one| one["metadata"]["uid"] = "other".into());
        assert!(!is_done, "{name}: another object of that name");
        assert_eq!(
            (false, false),
            is_written(&object),
            "{name}: another object of that name"
        );
    }
}

#[test]
fn what_stands_there_already_is_done_whoever_wrote_it() {
    let counted = BTreeMap::from([(COUNT.to_owned(), Some("2".to_owned()))]);
    let (is_done, _) = after(Write::Annotations(&counted), |one| {
        one["metadata"]["annotations"][COUNT] = "2".into();
    });
    assert!(is_done);
}

/// The attempt is counted before the image is set; controllers rewrite the status all the time in between.
#[test]
fn what_was_written_first_leaves_nothing_out_of_what_the_next_write_compares() {
    let sim = site();
    let (counted, edits) = (
        BTreeMap::from([(COUNT.to_owned(), Some("2".to_owned()))]),
        [edit("next")],
    );
    with(&sim, &[], async |cluster| {
        let seen = snapshot(&cluster, &target(), &edits).await.unwrap();
        let count = write(&cluster, &target(), &seen, Write::Annotations(&counted)).await;
        let Written::Done(seen) = count.unwrap() else {
            panic!("nobody else writes the count");
        };
        sim.store(|store| {
            store.edit(&At::new("Deployment", NS, NAME), |one| {
                one["status"] = json!({"replicas": 1});
            });
        });
        let image = write(&cluster, &target(), &seen, Write::Template(&edits)).await;
        assert!(matches!(image.unwrap(), Written::Done(_)));
    });
}
