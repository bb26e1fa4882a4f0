//! Whether what runs is what was set.

use super::*;
use crate::image::Platform;
use crate::lookup::{Child, Content, Failure, Layer, Manifest};
use crate::node::{Node, Standing};
use crate::observation::RegistryAnswers;
use crate::rollout::verify::{Expected, Verified, verify};

fn digest(start: &str) -> Digest {
    format!("sha256:{start:0<64}").parse().unwrap()
}

fn node(name: &str, arch: &str) -> Node {
    Node {
        name: name.to_owned(),
        platform: Platform::new("linux", arch, None),
        standing: Standing::Ready,
        labels: std::collections::BTreeMap::new(),
        taints: Vec::new(),
        images: BTreeSet::new(),
    }
}

/// An index `1` of `a` (arm64) and `b` (amd64); `2`, the same published anew; `9`, which nobody answers for.
fn answers() -> RegistryAnswers {
    let child = |start: &str, arch: &str| Child {
        digest: digest(start),
        platform: Platform::new("linux", arch, None),
    };
    let mut answers = RegistryAnswers::default();
    for (start, children) in [
        ("1", vec![child("a", "arm64"), child("b", "amd64")]),
        ("2", vec![child("b", "amd64"), child("a", "arm64")]),
        ("3", vec![child("c", "arm64"), child("d", "amd64")]),
    ] {
        let content = Content::Index(children);
        let manifest = Manifest {
            digest: digest(start),
            content,
        };
        answers.manifests.insert(digest(start), Ok(manifest));
    }
    let failure = Failure {
        code: None,
        layer: Layer::Connect,
        host: "docker.io".to_owned(),
        message: "i/o timeout".to_owned(),
        retry_after: None,
    };
    answers.manifests.insert(digest("9"), Err(failure));
    answers
}

fn settled(pods: Vec<Pod>) -> Settled {
    let proofs = pods.into_iter().map(|pod| Proof {
        pod: pod.name,
        node: pod.node,
        template: pod.template,
        containers: pod.containers,
    });
    Settled {
        proofs: proofs.collect(),
        wanted: 1,
        later: none(),
    }
}

fn runs(name: &str, running: Running) -> Pod {
    let mut pod = pod(name, Template::Newest, Phase::Ready);
    pod.containers[0].running = running;
    pod
}

fn judged(pods: Vec<Pod>, expected: Expected<'_>) -> Verified {
    let nodes = [node("edge-01", "arm64"), node("edge-02", "amd64")];
    verify(&settled(pods), "api", expected, &nodes, &answers())
}

fn contradicted(pod: &str, running: &str) -> Verified {
    Verified::Contradicted {
        pod: pod.to_owned(),
        running: running.to_owned(),
    }
}

#[test]
fn what_was_set_by_digest_or_environment_is_proven_by_the_spec_of_a_ready_pod() {
    let unknown = || runs("a", Running::Unknown("imageID x".to_owned()));
    assert_eq!(Verified::Proven, judged(vec![unknown()], Expected::AsSet));
    let rewritten = pod("b", Template::Older, Phase::Ready);
    let image = rewritten.containers[0].image.clone();
    assert_eq!(
        contradicted("b", &image),
        judged(vec![unknown(), rewritten], Expected::AsSet)
    );
    assert_eq!(Verified::NothingRuns, judged(vec![], Expected::AsSet));
}

#[test]
fn a_restart_is_proven_by_the_content_that_runs() {
    let (wanted, other) = (digest("1"), digest("3"));
    let manifest = |start: &str| Running::Manifest(digest(start));
    let because = |why: &str| Verified::Unproven(format!("pod a: {why}"));
    for (sentence, running, want) in [
        ("the index itself", manifest("1"), Verified::Proven),
        ("its child for the node", manifest("a"), Verified::Proven),
        ("the same, published anew", manifest("2"), Verified::Proven),
        (
            "the child of another platform",
            manifest("b"),
            contradicted("a", digest("b").as_str()),
        ),
        (
            "another build",
            manifest("3"),
            contradicted("a", other.as_str()),
        ),
        (
            "nobody answers for what runs",
            manifest("9"),
            because("docker.io: i/o timeout"),
        ),
        (
            "an imageID that says nothing",
            Running::Unknown("imageID x".to_owned()),
            because("imageID x"),
        ),
    ] {
        let verified = judged(vec![runs("a", running)], Expected::Content(&wanted));
        assert_eq!(want, verified, "{sentence}");
    }
}

#[test]
fn one_pod_that_contradicts_outweighs_the_others() {
    let wanted = digest("1");
    let unknown = || runs("a", Running::Unknown("imageID x".to_owned()));
    let right = || runs("b", Running::Manifest(digest("1")));
    let wrong = || runs("c", Running::Manifest(digest("3")));
    let expected = Expected::Content(&wanted);
    let want = contradicted("c", digest("3").as_str());
    assert_eq!(want, judged(vec![unknown(), right(), wrong()], expected));
    assert_eq!(want, judged(vec![wrong(), unknown()], expected));
    let unproven = judged(vec![unknown(), right()], expected);
    assert_eq!(Verified::Unproven("pod a: imageID x".to_owned()), unproven);
    let elsewhere = verify(&settled(vec![right()]), "proxy", expected, &[], &answers());
    assert!(matches!(elsewhere, Verified::Unproven(_)), "{elsewhere:?}");
}
