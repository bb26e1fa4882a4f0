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
