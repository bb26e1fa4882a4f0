//! Documents as registries write them, and as they must not be believed.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_IMAGE: &str = "application/vnd.docker.distribution.manifest.v2+json";

fn hash(n: u8) -> String {
    format!("sha256:{}", format!("{n:02x}").repeat(32))
}

fn entry(n: u8, os: &str, arch: &str) -> Value {
    json!({ "mediaType": IMAGE, "digest": hash(n), "size": 7, "platform": { "os": os, "architecture": arch } })
}

fn index(entries: &[Value]) -> Value {
    json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries })
}

fn bare() -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": hash(9), "size": 3 },
        "layers": [{ "digest": hash(7), "size": 200 }, { "digest": hash(8), "size": 12 }],
    })
}

fn with(mut document: Value, changes: &Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        document[key] = value.clone();
    }
    document
}

fn without(mut document: Value, key: &str) -> Value {
    document.as_object_mut().unwrap().remove(key);
    document
}

fn read(document: &Value, media_type: Option<&str>) -> Result<Document, &'static str> {
    parse(document.to_string().as_bytes(), media_type)
}

/// `linux/amd64 linux/arm/v7`
fn platforms(document: &Document) -> String {
    let Document::Index { children, .. } = document else {
        return "an image".to_owned();
    };
    let platforms: Vec<String> = children.iter().map(|it| it.platform.to_string()).collect();
    platforms.join(" ")
}

#[test]
fn an_index_names_the_platforms_that_nodes_can_have() {
    let amd64 = || entry(1, "linux", "amd64");
    let arm = |variant: &str| json!({ "os": "linux", "architecture": "arm", "variant": variant });
    for (name, entries, want) in [
        (
            "two platforms",
            vec![amd64(), entry(2, "linux", "arm64")],
            "linux/amd64 linux/arm64",
        ),
        (
            "a variant",
            vec![with(amd64(), &json!({ "platform": arm("v7") }))],
            "linux/arm/v7",
        ),
        (
            "arm64/v8 is arm64",
            vec![with(
                amd64(),
                &json!({ "platform": { "os": "linux", "architecture": "arm64", "variant": "v8" } }),
            )],
            "linux/arm64",
        ),
        (
            "buildx's provenance",
            vec![amd64(), entry(2, "unknown", "unknown")],
            "linux/amd64",
        ),
        (
            "an attestation that names a platform",
            vec![
                amd64(),
                with(
                    entry(2, "linux", "arm64"),
                    &json!({ "annotations": { "vnd.docker.reference.type": "attestation-manifest" } }),
                ),
            ],
            "linux/amd64",
        ),
        (
            "an artifact",
            vec![
                amd64(),
                with(
                    entry(2, "linux", "arm64"),
                    &json!({ "artifactType": "application/spdx+json" }),
                ),
            ],
            "linux/amd64",
        ),
        (
            "a word that no node has",
            vec![amd64(), entry(2, "linux", "arm\u{1b}[2J")],
            "linux/amd64",
        ),
        (
            "something else entirely",
            vec![
                amd64(),
                with(
                    entry(2, "linux", "arm64"),
                    &json!({ "mediaType": "application/x" }),
                ),
            ],
            "linux/amd64",
        ),
        ("nothing", vec![], ""),
    ] {
        assert_eq!(
            want,
            platforms(&read(&index(&entries), None).unwrap()),
            "{name}"
        );
    }
}

#[test]
fn an_index_inside_an_index_is_left_to_be_read() {
    let inner = json!({ "mediaType": DOCKER_LIST, "digest": hash(3), "size": 1 });
    let document = read(&index(&[entry(1, "linux", "amd64"), inner]), Some(INDEX)).unwrap();
    let Document::Index { nested, .. } = document else {
        panic!("not an index");
    };
    assert_eq!(vec![hash(3).parse::<Digest>().unwrap()], nested);
}

#[test]
fn an_image_names_its_config_and_its_size() {
    let want = Document::Image {
        config: hash(9).parse().unwrap(),
        size: 212,
    };
    for media_type in [
        None,
        Some(IMAGE),
        Some("APPLICATION/vnd.oci.image.manifest.v1+json; charset=utf-8"),
    ] {
        assert_eq!(Ok(want.clone()), read(&bare(), media_type));
    }
    let docker = with(bare(), &json!({ "mediaType": DOCKER_IMAGE }));
    assert_eq!(Ok(want.clone()), read(&docker, Some(DOCKER_IMAGE)));
    assert_eq!(Ok(want), read(&without(bare(), "mediaType"), Some(IMAGE)));
}

#[test]
fn a_document_that_could_be_two_things_is_neither() {
    let one = index(&[entry(1, "linux", "amd64")]);
    let both = with(bare(), &json!({ "manifests": one["manifests"] }));
    let unnamed = without(with(one.clone(), &json!({ "layers": [] })), "mediaType");
    let disguised = with(one.clone(), &json!({ "mediaType": IMAGE }));
    let torn = with(one, &json!({ "mediaType": DOCKER_IMAGE }));
    let neither = "neither an index nor an image";
    let contradiction = "a manifest whose media types contradict each other";
    for (name, document, media_type, why) in [
        ("both (CVE-2021-41190)", both.clone(), None, neither),
        ("both, called an image", both, Some(IMAGE), neither),
        ("both, called nothing", unnamed, None, neither),
        (
            "an index that calls itself an image",
            disguised,
            None,
            neither,
        ),
        ("half an image", without(bare(), "layers"), None, neither),
        (
            "an image sent as an index",
            bare(),
            Some(INDEX),
            contradiction,
        ),
        ("two kinds named", torn, Some(INDEX), contradiction),
    ] {
        assert_eq!(Err(why), read(&document, media_type), "{name}");
    }
}

#[test]
fn what_is_no_manifest_is_refused() {
    let other = "a manifest of another type";
    let digests = "a manifest that names something by other than sha256";
    let changed = |changes: Value| with(bare(), &changes);
    let child = |changes: Value| index(&[with(entry(1, "linux", "amd64"), &changes)]);
    let sha512 = json!({ "config": { "digest": format!("sha512:{}", "0".repeat(128)) } });
    let nowhere = index(&[without(entry(1, "linux", "amd64"), "platform")]);
    let negative = json!({ "layers": [{ "digest": hash(1), "size": -1 }] });
    for (name, document, why) in [
        (
            "another type",
            changed(json!({ "mediaType": "application/x" })),
            other,
        ),
        (
            "schema 1",
            changed(json!({ "schemaVersion": 1 })),
            "a manifest of another schema version",
        ),
        (
            "no schema",
            without(bare(), "schemaVersion"),
            "not a manifest",
        ),
        ("sha512", changed(sha512), digests),
        (
            "a path for a digest",
            child(json!({ "digest": "../../x" })),
            digests,
        ),
        (
            "no platform",
            nowhere,
            "an index with an image of no named platform",
        ),
        ("a negative size", changed(negative), "not a manifest"),
        ("not an object", json!([]), "not a manifest"),
    ] {
        assert_eq!(Err(why), read(&document, None), "{name}");
    }
    assert_eq!(Err(other), read(&bare(), Some("application/json")));
    let twice = br#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#;
    assert_eq!(Err("not a manifest"), parse(twice, None), "a field twice");
    assert_eq!(Err("not a manifest"), parse(b"<html></html>", None));
}

#[test]
fn sizes_that_overflow_are_the_largest_there_is() {
    let huge = json!({ "digest": hash(1), "size": u64::MAX });
    let document = with(bare(), &json!({ "layers": [huge.clone(), huge] }));
    let Document::Image { size, .. } = read(&document, None).unwrap() else {
        panic!("not an image");
    };
    assert_eq!(u64::MAX, size);
}

#[test]
fn a_config_says_for_whom_and_since_when() {
    let config = |document: Value| parse_config(document.to_string().as_bytes());
    let arm64 = json!({ "os": "linux", "architecture": "arm64", "variant": "v8", "rootfs": {} });
    let created = |time: &str| {
        config(with(arm64.clone(), &json!({ "created": time })))
            .unwrap()
            .created
    };
    for (name, time, want) in [
        (
            "a build",
            "2026-03-01T10:00:00.123456789Z",
            Some("2026-03-01T10:00:00.123456789Z"),
        ),
        (
            "an offset",
            "2026-03-01T10:00:00+02:00",
            Some("2026-03-01T08:00:00Z"),
        ),
        (
            "the first second that counts",
            "2015-01-01T00:00:00Z",
            Some("2015-01-01T00:00:00Z"),
        ),
        ("a reproducible build", "1970-01-01T00:00:00Z", None),
        ("before there were registries", "2014-12-31T23:59:59Z", None),
        ("no time", "yesterday", None),
    ] {
        assert_eq!(
            want.map(|time| time.parse().unwrap()),
            created(time),
            "{name}"
        );
    }
    let read = config(arm64.clone()).unwrap();
    assert_eq!(
        (Platform::new("linux", "arm64", None), None),
        (read.platform, read.created)
    );
    assert_eq!(
        Err("not an image config"),
        config(without(arm64.clone(), "os"))
    );
    assert_eq!(
        Err("an image config of no known platform"),
        config(with(arm64, &json!({ "os": "li nux" })))
    );
}

#[test]
fn an_error_of_a_registry_has_a_code_and_a_page_has_none() {
    for (name, body, want) in [
        (
            "unknown",
            r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"x"}]}"#,
            Some("MANIFEST_UNKNOWN"),
        ),
        (
            "the first counts",
            r#"{"errors":[{"code":"DENIED"},{"code":"X"}]}"#,
            Some("DENIED"),
        ),
        ("none inside", r#"{"errors":[]}"#, None),
        ("other JSON", r#"{"details":"x"}"#, None),
        ("a page", "<html></html>", None),
        ("nothing", "", None),
    ] {
        assert_eq!(
            want.map(str::to_owned),
            error_code(body.as_bytes()),
            "{name}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in any::<Vec<u8>>(), text in "[ -~]{0,60}") {
        for body in [&bytes[..], text.as_bytes()] {
            let _ = (parse(body, None), parse(body, Some(&text)), parse_config(body), error_code(body));
        }
    }

    #[test]
    fn what_an_index_names_is_what_is_read(
        entries in prop::collection::vec((any::<u8>(), "[a-z]{1,8}", "[a-z0-9]{1,8}", prop::option::of("v[0-9]")), 0..6),
    ) {
        let written: Vec<Value> = entries
            .iter()
            .map(|(n, os, arch, variant)| {
                let mut entry = entry(*n, os, arch);
                if let Some(variant) = variant {
                    entry["platform"]["variant"] = json!(variant);
                }
                entry
            })
            .collect();
        let want: Vec<Child> = entries
            .iter()
            .map(|(n, os, arch, variant)| Child {
                digest: hash(*n).parse().unwrap(),
                platform: Platform::new(os, arch, variant.as_deref()),
            })
            .collect();
        prop_assert_eq!(Ok(Document::Index { children: want, nested: vec![] }), read(&index(&written), Some(INDEX)));
    }
}
