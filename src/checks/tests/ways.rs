//! The ways to the registries.

use super::*;
use crate::reading::fixtures::{barred, both, dropped, ghcr, unprobed};
use crate::reading::{Broken, NodePull, Reading, Step, Unprobed};

#[test]
fn what_bars_this_machine_alone_is_a_warning() {
    let here = || ghcr(barred("ghcr.io", Step::Connect, Code::Dropped, "said"));
    let elsewhere = unprobed(Unprobed::Unable("no right".to_owned()));
    for (name, pods, want) in [
        ("no pod has looked", vec![], Outcome::Fail),
        (
            "a pod could not look",
            vec![elsewhere.clone()],
            Outcome::Fail,
        ),
        ("pods pass", vec![pod(both())], Outcome::Warn),
        (
            "pods are barred, too",
            vec![pod(ghcr(dropped()))],
            Outcome::Fail,
        ),
        (
            "pods pass on one node of two",
            vec![pod(both()), pod(ghcr(dropped()))],
            Outcome::Fail,
        ),
        (
            "pods pass where they looked",
            vec![pod(both()), elsewhere],
            Outcome::Warn,
        ),
    ] {
        let readings = Readings {
            here: here(),
            pods,
            ..of(seen("healthy"))
        };
        assert_eq!(
            want,
            check(&readings, "egress.ghcr.io.connect").outcome,
            "{name}"
        );
    }
}

#[test]
fn a_pod_that_did_not_look_is_skipped_unknown_or_a_failure() {
    for (why, want) in [
        (
            Unprobed::ByChoice("--no-probe".to_owned()),
            "skip (--no-probe) probe pod",
        ),
        (
            Unprobed::Unable("no refresh job to copy".to_owned()),
            "unknown (no refresh job to copy) probe pod",
        ),
        (
            Unprobed::Failed {
                code: Some(Code::AdmissionRefused),
                message: "quota".to_owned(),
            },
            "fail TBI-506 the probe pod could not look: quota",
        ),
    ] {
        let readings = Readings {
            pods: vec![unprobed(why)],
            ..of(seen("healthy"))
        };
        assert_eq!(want, words(&check(&readings, "egress.probe")));
    }
}

#[test]
fn one_tag_with_two_contents_is_told() {
    let digest = |c: char| {
        format!("sha256:{}", String::from(c).repeat(64))
            .parse()
            .unwrap()
    };
    let image: crate::image::Reference = "ghcr.io/tracebloc/ingestor:0.3".parse().unwrap();
    let with = |there: char| {
        let (mut here, mut ways) = (both(), both());
        here[1].digests.insert(image.clone(), digest('a'));
        ways[1].digests.insert(image.clone(), digest(there));
        Readings {
            here,
            pods: vec![pod(ways)],
            ..of(seen("healthy"))
        }
    };
    let is_told = |readings: &Readings| {
        judged(readings)
            .iter()
            .any(|check| check.code == Some(Code::DigestDiffers))
    };
    assert!(!is_told(&with('a')));
    assert!(is_told(&with('b')));
    let told = check(&with('b'), "egress.digests");
    assert_eq!(
        (Outcome::Warn, Some(Vantage::Pod("edge-01".to_owned()))),
        (told.outcome, told.vantage)
    );
}

#[test]
fn a_node_is_judged_by_what_it_pulled() {
    let pull = |result| NodePull {
        node: "edge-02".to_owned(),
        image: "ghcr.io/tracebloc/ingestor:0.3".parse().unwrap(),
        result,
        by: "event 3m ago".to_owned(),
    };
    let broken = Broken {
        code: Code::LayerHostBlocked,
        cause: Code::Dropped,
        host: "cdn.example".to_owned(),
        message: "i/o timeout".to_owned(),
    };
    for (result, want) in [
        (
            Ok(()),
            "ok node edge-02 has pulled ghcr.io/tracebloc/ingestor:0.3 (event 3m ago)",
        ),
        (
            Err(broken),
            "fail TBI-261 node edge-02 cannot pull ghcr.io/tracebloc/ingestor:0.3 (event 3m ago): i/o timeout",
        ),
    ] {
        let readings = Readings {
            pulls: vec![pull(result)],
            ..of(seen("healthy"))
        };
        let check = check(&readings, "egress.ghcr.io.pull");
        assert_eq!(want, words(&check));
        assert_eq!(Some(Vantage::Node("edge-02".to_owned())), check.vantage);
    }
}

#[test]
fn classes_are_the_words_of_the_charts_own_check() {
    let words: BTreeSet<&str> = [
        "dns",
        "refused",
        "timeout",
        "reset",
        "proxy_unreachable",
        "proxy_auth",
        "tls_untrusted",
        "tls_other",
        "http_403_block_page",
        "auth",
        "rate_limited",
        "not_found",
        "other",
    ]
    .into();
    let mut met = BTreeSet::new();
    for code in Code::ALL
        .iter()
        .filter(|code| (Code::Dropped..=Code::LayerRequestAltered).contains(*code))
    {
        let class = registries::class(*code);
        assert!(words.contains(class), "{code}: {class}");
        met.insert(class);
    }
    assert_eq!(words, met);
    // At another host the code is one for all; the class still tells the layer.
    let readings = Readings {
        pods: vec![pod(vec![barred(
            "docker.io",
            Step::Token,
            Code::NameRefused,
            "said",
        )])],
        ..of(seen("healthy"))
    };
    let checks = judged(&readings);
    let token = checks
        .iter()
        .find(|check| check.code == Some(Code::TokenHostBlocked))
        .unwrap();
    assert_eq!(Some("dns"), token.class);
}

#[test]
fn odd_ways_warn_and_steps_that_need_another_say_which() {
    let mut way = barred("ghcr.io", Step::Token, Code::TokenPathFiltered, "a page");
    let odd = Broken {
        code: Code::MirrorAnswers,
        cause: Code::MirrorAnswers,
        host: "ghcr.io".to_owned(),
        message: "a mirror".to_owned(),
    };
    way.steps.get_mut(&Step::Connect).unwrap().reading = Reading::Odd(odd);
    way.steps.get_mut(&Step::Dns).unwrap().reading = Reading::Unknown("no resolver".to_owned());
    let readings = Readings {
        here: vec![way],
        ..of(seen("healthy"))
    };
    let of_step = |step: &str| words(&check(&readings, &format!("egress.ghcr.io.{step}")));
    assert_eq!("unknown (no resolver)", of_step("dns"));
    assert_eq!("warn TBI-232 a mirror", of_step("connect"));
    assert_eq!("fail TBI-242 a page", of_step("token"));
    assert_eq!("skip (needs token)", of_step("layers"));
}
