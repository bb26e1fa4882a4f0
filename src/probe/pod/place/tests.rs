//! Which nodes are looked from.

use std::collections::BTreeSet;

use super::*;
use crate::image::Platform;
use crate::node::Standing;
use crate::observation::Blind;

fn node(name: &str, standing: Standing, images: &[&str]) -> Node {
    Node {
        name: name.to_owned(),
        platform: Platform::new("linux", "amd64", None),
        labels: [].into(),
        taints: Vec::new(),
        standing,
        images: images
            .iter()
            .map(|image| (*image).to_owned())
            .collect::<BTreeSet<_>>(),
    }
}

fn site(used: &[&str], nodes: Seen<Vec<Node>>) -> Site {
    Site {
        used: used.iter().map(|name| (*name).to_owned()).collect(),
        nodes,
        scheduling: Scheduling::default(),
    }
}

fn three() -> Vec<Node> {
    vec![
        node("a", Standing::NotReady, &[]),
        node("b", Standing::Ready, &[]),
        node("c", Standing::Ready, &["docker.io/alpine/k8s:1.30.5"]),
    ]
}

#[test]
fn a_probe_stands_where_the_refresher_stood_else_where_its_image_is() {
    let unknown = || Err(Blind("forbidden".to_owned()));
    for (name, site, want) in [
        (
            "the newest that is there",
            site(&["a", "b", "c"], Ok(three())),
            Some("b"),
        ),
        ("its image", site(&["a"], Ok(three())), Some("c")),
        (
            "nodes may not be listed",
            site(&["a", "b"], unknown()),
            Some("a"),
        ),
        ("nothing is known", site(&[], unknown()), None),
        ("no node has it", site(&[], Ok(three()[..2].to_vec())), None),
    ] {
        let (places, rest) = places(&site, "alpine/k8s:1.30.5", Reach::One);
        assert_eq!(
            (vec![want.map(str::to_owned)], Vec::new()),
            (places, rest),
            "{name}"
        );
    }
}

#[test]
fn all_nodes_are_those_that_may_run_it_up_to_a_bound() {
    let (some, rest) = places(&site(&[], Ok(three())), "x", Reach::All);
    assert_eq!(
        (vec![Some("b".to_owned()), Some("c".to_owned())], Vec::new()),
        (some, rest)
    );
    let many = (0..500).map(|at| node(&format!("edge-{at:03}"), Standing::Ready, &[]));
    let (some, rest) = places(&site(&[], Ok(many.collect())), "x", Reach::All);
    assert_eq!((MOST, 400), (some.len(), rest.len()));
    assert_eq!("edge-100", rest[0]);
}
