//! Which nodes a pod may be put on, rule by rule.

use super::*;

/// A ready amd64 node, with labels and taints as `key=value` and `key=value:effect`.
fn node(name: &str, labels: &str, taints: &str) -> Node {
    let pair = |text: &str| {
        let (key, value) = text.split_once('=').expect("key=value");
        (key.to_owned(), value.to_owned())
    };
    let taint = |text: &str| {
        let (pair_text, effect) = text.split_once(':').expect("key=value:effect");
        let (key, value) = pair(pair_text);
        Taint {
            key,
            value,
            effect: effect.to_owned(),
        }
    };
    Node {
        name: name.to_owned(),
        platform: Platform::new("linux", "amd64", None),
        labels: labels.split_whitespace().map(pair).collect(),
        taints: taints.split_whitespace().map(taint).collect(),
        standing: Standing::Ready,
        images: BTreeSet::new(),
    }
}

fn expression(text: &str) -> Expression {
    let mut words = text.split_whitespace().map(str::to_owned);
    Expression {
        key: words.next().expect("a key"),
        operator: words.next().expect("an operator"),
        values: words.collect(),
    }
}

/// Names of the nodes that may be used.
fn chosen(nodes: &[Node], demands: &Scheduling) -> String {
    let names: Vec<_> = eligible(nodes, demands)
        .iter()
        .map(|node| node.name.as_str())
        .collect();
    names.join(" ")
}

#[test]
fn without_a_demand_every_ready_node_without_a_taint_will_do() {
    let mut nodes = vec![
        node("plain", "", ""),
        node("tainted", "", "gpu=:NoSchedule"),
        node("evicting", "", "gpu=:NoExecute"),
        node("unloved", "", "gpu=:PreferNoSchedule"),
        node("cordoned", "", ""),
        node("lost", "", ""),
    ];
    nodes[4].standing = Standing::Unschedulable;
    nodes[5].standing = Standing::NotReady;
    assert_eq!("plain unloved", chosen(&nodes, &Scheduling::default()));
}

#[test]
fn a_selector_wants_every_label_and_its_value() {
    let nodes = [
        node("both", "disk=ssd zone=a", ""),
        node("one", "disk=ssd", ""),
        node("other", "disk=hdd zone=a", ""),
    ];
    let demands = Scheduling {
        node_selector: [("disk", "ssd"), ("zone", "a")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        ..Scheduling::default()
    };
    assert_eq!("both", chosen(&nodes, &demands));
}

#[test]
fn every_operator_of_an_affinity_is_judged_as_the_scheduler_does() {
    let nodes = [
        node("none", "", ""),
        node("a", "zone=a cores=4", ""),
        node("b", "zone=b cores=16", ""),
        node("odd", "cores=many", ""),
    ];
    for (want, text) in [
        ("a", "zone In a"),
        ("a b", "zone In a b"),
        ("", "zone In"),
        ("none b odd", "zone NotIn a"),
        ("a b", "zone Exists"),
        ("none odd", "zone DoesNotExist"),
        ("b", "cores Gt 4"),
        ("a", "cores Lt 16"),
        ("", "cores Gt 16"),
        ("", "cores Lt 4"),
        ("", "cores Gt"),
        ("", "cores Gt 1 2"),
        ("", "cores Gt few"),
        ("", "zone Like a"),
        ("b", "metadata.name In b"),
        ("none a odd", "metadata.name NotIn b"),
    ] {
        let demands = Scheduling {
            affinity: vec![vec![expression(text)]],
            ..Scheduling::default()
        };
        assert_eq!(want, chosen(&nodes, &demands), "{text}");
    }
}

#[test]
fn any_term_suffices_and_within_it_everything_must_hold() {
    let nodes = [
        node("a", "zone=a disk=ssd", ""),
        node("b", "zone=b", ""),
        node("c", "zone=a", ""),
    ];
    let term = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| expression(text))
            .collect::<Vec<_>>()
    };
    for (want, affinity) in [
        ("a", vec![term(&["zone In a", "disk Exists"])]),
        (
            "a b",
            vec![term(&["zone In a", "disk Exists"]), term(&["zone In b"])],
        ),
        ("b", vec![term(&[]), term(&["zone In b"])]),
        ("", vec![term(&[])]),
        ("a b c", vec![]),
    ] {
        let demands = Scheduling {
            affinity: affinity.clone(),
            ..Scheduling::default()
        };
        assert_eq!(want, chosen(&nodes, &demands), "{affinity:?}");
    }
}

#[test]
fn a_toleration_covers_by_key_value_and_effect() {
    let nodes = [
        node("gpu", "", "gpu=big:NoSchedule"),
        node("both", "", "gpu=big:NoSchedule old=:NoExecute"),
    ];
    let toleration =
        |key: Option<&str>, operator: &str, value: &str, effect: Option<&str>| Toleration {
            key: key.map(str::to_owned),
            operator: operator.to_owned(),
            value: value.to_owned(),
            effect: effect.map(str::to_owned),
        };
    for (want, sentence, tolerations) in [
        ("", "nothing is tolerated", vec![]),
        (
            "gpu both",
            "everything is",
            vec![toleration(None, "Exists", "", None)],
        ),
        (
            "gpu",
            "every taint of an effect",
            vec![toleration(None, "Exists", "", Some("NoSchedule"))],
        ),
        (
            "gpu",
            "any value of a key",
            vec![toleration(Some("gpu"), "Exists", "", None)],
        ),
        (
            "gpu",
            "one value of a key",
            vec![toleration(Some("gpu"), "Equal", "big", None)],
        ),
        (
            "gpu",
            "Equal is what is meant without an operator",
            vec![toleration(Some("gpu"), "", "big", None)],
        ),
        (
            "",
            "another value",
            vec![toleration(Some("gpu"), "Equal", "small", None)],
        ),
        (
            "",
            "another key",
            vec![toleration(Some("cpu"), "Exists", "", None)],
        ),
        (
            "",
            "another effect",
            vec![toleration(Some("gpu"), "Exists", "", Some("NoExecute"))],
        ),
        (
            "",
            "Equal without a key means nothing",
            vec![toleration(None, "Equal", "big", None)],
        ),
        (
            "",
            "an operator that nobody knows",
            vec![toleration(Some("gpu"), "Gt", "big", None)],
        ),
        (
            "gpu both",
            "one for each taint",
            vec![
                toleration(Some("gpu"), "Exists", "", None),
                toleration(Some("old"), "Exists", "", None),
            ],
        ),
    ] {
        let demands = Scheduling {
            tolerations,
            ..Scheduling::default()
        };
        assert_eq!(want, chosen(&nodes, &demands), "{sentence}");
    }
}
