//! What can be pushed.

use serde_json::Value;

use crate::world::sim::registries::Internet;
use crate::world::sim::registries::content::{
    Content, DOCKER_LIST, DOCKER_MANIFEST, Image, Index, OCI_INDEX, OCI_MANIFEST, digest,
};

fn parse(content: &Content) -> Value {
    serde_json::from_slice(&content.body).expect("JSON")
}

#[test]
fn digests_are_the_same_in_every_run() {
    let index = Content::from(Index::of(["linux/amd64", "linux/arm64"]));
    let first = "sha256:a1838bf957850bcc5151d016cb5cea633c2dfa32cbb097612e59a5f11eae791f";
    assert_eq!(first, index.digest());
    assert_eq!(digest(&index.body), index.digest());
}

#[test]
fn whatever_an_image_is_made_of_changes_its_digest() {
    let plain = Content::from(Image::new("linux/amd64")).digest();
    let others = [
        ("another architecture", Image::new("linux/arm64")),
        ("a variant", Image::new("linux/amd64/v2")),
        (
            "another time",
            Image::new("linux/amd64").created("2026-02-01T00:00:00Z"),
        ),
        ("a label", Image::new("linux/amd64").label("version", "1")),
        ("Docker's media types", Image::new("linux/amd64").docker()),
    ];
    for (what, image) in others {
        assert_ne!(plain, Content::from(image).digest(), "{what}");
    }
}

#[test]
fn an_index_names_its_children_with_their_platforms() {
    let index = Content::from(Index::of(["linux/amd64"]).with(Image::new("linux/arm/v7")));
    let document = parse(&index);
    assert_eq!(OCI_INDEX, document["mediaType"]);
    assert_eq!(2, document["schemaVersion"]);
    let child = index.child("linux/arm/v7");
    let entry = &document["manifests"][1];
    assert_eq!(child.digest(), entry["digest"]);
    assert_eq!(OCI_MANIFEST, entry["mediaType"]);
    assert_eq!(child.body.len(), entry["size"]);
    assert_eq!("v7", entry["platform"]["variant"]);
    let manifest = parse(child);
    assert_eq!(child.config_digest(), manifest["config"]["digest"]);
}

#[test]
fn a_manifest_list_is_docker_s_all_the_way_down() {
    let list = Content::from(Index::of(["linux/amd64"]).docker());
    assert_eq!(DOCKER_LIST, list.media_type);
    assert_eq!(DOCKER_MANIFEST, list.child("linux/amd64").media_type);
    assert_eq!(DOCKER_MANIFEST, parse(&list)["manifests"][0]["mediaType"]);
}

#[test]
fn an_attestation_is_an_entry_for_no_platform_that_names_its_image() {
    let index = Content::from(Index::of(["linux/amd64", "linux/arm64"]).attested());
    let document = parse(&index);
    let entries = document["manifests"].as_array().expect("entries");
    assert_eq!(4, entries.len());
    let entry = &entries[3];
    assert_eq!("unknown", entry["platform"]["architecture"]);
    assert_eq!("unknown", entry["platform"]["os"]);
    let annotations = &entry["annotations"];
    assert_eq!(
        "attestation-manifest",
        annotations["vnd.docker.reference.type"]
    );
    let arm64 = index.child("linux/arm64").digest();
    assert_eq!(arm64, annotations["vnd.docker.reference.digest"]);
}

#[test]
fn an_index_can_hold_an_index() {
    let inner = Index::of(["linux/arm64"]);
    let index = Content::from(Index::of(["linux/amd64"]).nest(inner.clone()));
    let entry = &parse(&index)["manifests"][1];
    assert_eq!(OCI_INDEX, entry["mediaType"]);
    assert_eq!(Content::from(inner).digest(), entry["digest"]);
    assert_eq!(Value::Null, entry["platform"]);
}

#[test]
fn a_label_gives_every_image_of_an_index_another_digest() {
    let old = Content::from(Index::of(["linux/amd64", "linux/arm64"]));
    let new = Content::from(Index::of(["linux/amd64", "linux/arm64"]).label("version", "2"));
    for platform in ["linux/amd64", "linux/arm64"] {
        assert_ne!(
            old.child(platform).digest(),
            new.child(platform).digest(),
            "{platform}"
        );
    }
}

#[test]
#[should_panic(expected = "the internet has no registry \"quay.io\"")]
fn nothing_can_be_pushed_to_a_registry_that_is_not_there() {
    Internet::start().push("quay.io/acme/app:v1", Image::new("linux/amd64"));
}
