//! Digests, platforms and references: what is accepted, and that it prints back.

use proptest::prelude::*;

use super::*;

const HEX: &str = "a0861ea9fbf4653279351ee30af9ebe2b75fcacd391923b681631312f4a85ee4";

#[test]
fn only_lower_case_sha256_is_a_digest() {
    for (name, text, valid) in [
        ("the form of the spec", format!("sha256:{HEX}"), true),
        (
            "upper case",
            format!("sha256:{}", HEX.to_uppercase()),
            false,
        ),
        ("a digit short", format!("sha256:{}", &HEX[1..]), false),
        ("a digit more", format!("sha256:{HEX}0"), false),
        ("another algorithm", format!("sha512:{HEX}{HEX}"), false),
        ("no algorithm", HEX.to_owned(), false),
        ("a newline behind it", format!("sha256:{HEX}\n"), false),
        ("a shell command", "sha256:$(rm -rf)".to_owned(), false),
    ] {
        assert_eq!(valid, text.parse::<Digest>().is_ok(), "{name}");
    }
}

#[test]
fn references_are_read_as_containerd_reads_them() {
    for (text, printed) in [
        ("nginx", "docker.io/library/nginx:latest"),
        (
            "tracebloc/jobs-manager:prod",
            "docker.io/tracebloc/jobs-manager:prod",
        ),
        (
            "index.docker.io/tracebloc/jobs-manager:prod",
            "docker.io/tracebloc/jobs-manager:prod",
        ),
        (
            "ghcr.io/tracebloc/ingestor:0.3",
            "ghcr.io/tracebloc/ingestor:0.3",
        ),
        (
            "mirror.corp.example:5000/hub/tracebloc/ingestor:0.3",
            "mirror.corp.example:5000/hub/tracebloc/ingestor:0.3",
        ),
    ] {
        assert_eq!(printed, text.parse::<Reference>().expect(text).to_string());
    }
    let pinned: Reference = format!("docker.io/tracebloc/jobs-manager@sha256:{HEX}")
        .parse()
        .expect("pinned");
    assert_eq!(
        (None, HEX),
        (
            pinned.tag.as_deref(),
            pinned.digest.as_ref().map_or("", Digest::hex)
        )
    );
}

#[test]
fn a_reference_that_no_runtime_accepts_is_refused() {
    for text in [
        "",
        "ghcr.io/UPPER/x@sha256:short",
        "a b",
        "https://ghcr.io/x:1",
        "x@sha512:00",
    ] {
        assert!(text.parse::<Reference>().is_err(), "{text:?}");
    }
}

#[test]
fn the_grammar_of_names_is_that_of_the_reference_implementation() {
    let long = |length: usize| format!("example.com/{}", "a".repeat(length));
    for (name, text, want) in [
        (
            "a port is no tag",
            "localhost:5000/x",
            Some("localhost:5000/x:latest"),
        ),
        (
            "a tag is no port",
            "localhost:5000",
            Some("docker.io/library/localhost:5000"),
        ),
        (
            "localhost is a host",
            "localhost/x",
            Some("localhost/x:latest"),
        ),
        (
            "a first part without a dot is none",
            "hub/x/y:1",
            Some("docker.io/hub/x/y:1"),
        ),
        (
            "separators stand inside",
            "a.b/c__d/e-----f/g_h:v1.2-3_x",
            Some("a.b/c__d/e-----f/g_h:v1.2-3_x"),
        ),
        (
            "hosts may be in capitals",
            "GHCR.IO/x:1",
            Some("GHCR.IO/x:1"),
        ),
        (
            "a host in capitals needs no dot",
            "HOST/x:1",
            Some("HOST/x:1"),
        ),
        (
            "docker's own names",
            "registry-1.docker.io/x",
            Some("docker.io/library/x:latest"),
        ),
        (
            "255 characters",
            &long(255),
            Some(&format!("{}:latest", long(255))),
        ),
        ("256 characters", &long(256), None),
        (
            "a tag of 128",
            &format!("x:{}", "t".repeat(128)),
            Some(&format!("docker.io/library/x:{}", "t".repeat(128))),
        ),
        ("a tag of 129", &format!("x:{}", "t".repeat(129)), None),
        ("a tag that begins with a dot", "x:.1", None),
        ("an empty tag", "x:", None),
        ("an empty digest", "x@", None),
        ("an empty part", "a.b//x", None),
        ("a slash at the end", "a.b/x/", None),
        ("a slash at the start", "/x", None),
        ("a separator at an end", "a.b/x-", None),
        ("two kinds of separators", "a.b/x._y", None),
        ("three underscores", "a.b/x___y", None),
        ("two dots", "a.b/x..y", None),
        ("a hyphen at the start of a host", "-a.b/x", None),
        ("an empty label of a host", "a..b/x", None),
        ("a port that is no number", "a.b:x/y", None),
        ("an empty port", "a.b:/y", None),
        ("capitals in a path", "a.b/X", None),
        ("letters of another script", "a.b/\u{e4}", None),
        ("digits of another script in a tag", "x:\u{663}", None),
        ("a line feed at the end", "x:1\n", None),
    ] {
        let read = text
            .parse::<Reference>()
            .map(|reference| reference.to_string());
        assert_eq!(want, read.ok().as_deref(), "{name}");
    }
}

#[test]
fn a_platform_runs_where_the_node_can_execute_it() {
    for (name, image, node, runs) in [
        ("the same", ("arm64", None), ("arm64", None), true),
        (
            "v8 is what arm64 means",
            ("arm64", Some("v8")),
            ("arm64", None),
            true,
        ),
        (
            "another architecture",
            ("amd64", None),
            ("arm64", None),
            false,
        ),
        (
            "a 32-bit arm node reports no variant",
            ("arm", Some("v7")),
            ("arm", None),
            true,
        ),
        (
            "amd64/v3 asks for more than amd64",
            ("amd64", Some("v3")),
            ("amd64", None),
            false,
        ),
    ] {
        let (image, node) = (
            Platform::new("linux", image.0, image.1),
            Platform::new("linux", node.0, node.1),
        );
        assert_eq!(runs, image.runs_on(&node), "{name}");
    }
    assert!(
        !Platform::new("windows", "amd64", None).runs_on(&Platform::new("linux", "amd64", None))
    );
}

proptest! {
    #[test]
    fn what_is_accepted_as_a_digest_prints_back(hex in "[0-9a-f]{64}") {
        let text = format!("sha256:{hex}");
        prop_assert_eq!(text.clone(), text.parse::<Digest>().expect("valid").to_string());
    }

    #[test]
    fn a_reference_prints_back_to_itself(text in "[a-z]{1,8}\\.[a-z]{2}/[a-z]{1,9}/[a-z]{1,9}:[a-z0-9]{1,9}(@sha256:[0-9a-f]{64})?") {
        let reference: Reference = text.parse().expect("valid");
        prop_assert_eq!(&text, &reference.to_string());
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in "\\PC{0,80}") {
        let _ = (text.parse::<Digest>(), text.parse::<Reference>());
    }
}
