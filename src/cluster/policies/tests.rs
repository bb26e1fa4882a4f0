//! Policies as sites write them, and whether they govern the refresher's pods.

use serde_json::{Value, json};

use super::*;

fn labels() -> BTreeMap<String, String> {
    [
        ("app.kubernetes.io/name", "client"),
        ("app.kubernetes.io/component", "image-refresh"),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect()
}

fn policy(spec: &Value) -> NetworkPolicy {
    serde_json::from_value(json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "p", "namespace": "tracebloc"},
        "spec": spec,
    }))
    .unwrap()
}

fn selected(spec: &Value) -> Option<Vec<String>> {
    let mut found = selecting(&[policy(spec)], &labels());
    found.pop().map(|policy| policy.allows)
}

#[test]
fn only_policies_of_egress_that_select_the_pods_count() {
    let egress = json!(["Egress"]);
    for (name, spec, want) in [
        (
            "all pods",
            json!({"podSelector": {}, "policyTypes": egress}),
            true,
        ),
        ("no selector at all", json!({"policyTypes": egress}), true),
        (
            "by a label",
            json!({"podSelector": {"matchLabels": {"app.kubernetes.io/name": "client"}}, "policyTypes": egress}),
            true,
        ),
        (
            "another value",
            json!({"podSelector": {"matchLabels": {"app.kubernetes.io/name": "x"}}, "policyTypes": egress}),
            false,
        ),
        (
            "another label",
            json!({"podSelector": {"matchLabels": {"tracebloc.io/workload": "training"}}, "policyTypes": egress}),
            false,
        ),
        (
            "In",
            json!({"podSelector": {"matchExpressions": [{"key": "app.kubernetes.io/component", "operator": "In", "values": ["a", "image-refresh"]}]}, "policyTypes": egress}),
            true,
        ),
        (
            "NotIn",
            json!({"podSelector": {"matchExpressions": [{"key": "app.kubernetes.io/component", "operator": "NotIn", "values": ["image-refresh"]}]}, "policyTypes": egress}),
            false,
        ),
        (
            "Exists",
            json!({"podSelector": {"matchExpressions": [{"key": "app.kubernetes.io/component", "operator": "Exists"}]}, "policyTypes": egress}),
            true,
        ),
        (
            "DoesNotExist",
            json!({"podSelector": {"matchExpressions": [{"key": "other", "operator": "DoesNotExist"}]}, "policyTypes": egress}),
            true,
        ),
        (
            "an operator of the future",
            json!({"podSelector": {"matchExpressions": [{"key": "other", "operator": "Near"}]}, "policyTypes": egress}),
            false,
        ),
        (
            "ingress alone",
            json!({"podSelector": {}, "policyTypes": ["Ingress"], "egress": [{}]}),
            false,
        ),
        (
            "no types, no rules: ingress by default",
            json!({"podSelector": {}}),
            false,
        ),
        (
            "no types, but rules",
            json!({"podSelector": {}, "egress": [{}]}),
            true,
        ),
    ] {
        assert_eq!(want, selected(&spec).is_some(), "{name}");
    }
}

#[test]
fn what_a_policy_lets_out_is_told_in_a_few_words() {
    for (egress, want) in [
        (json!([]), vec![]),
        (json!([{}]), vec!["everything"]),
        (
            json!([{"ports": [{"protocol": "UDP", "port": 53}, {"port": 443}]}]),
            vec!["UDP 53, TCP 443"],
        ),
        (
            json!([{"ports": [{"port": 8000, "endPort": 9000}, {"port": "web"}, {}]}]),
            vec!["TCP 8000-9000, TCP web, TCP any port"],
        ),
        (
            json!([{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}, {"ipBlock": {"cidr": "192.0.2.1/32"}}]}]),
            vec!["everything to 10.0.0.0/8 but 10.1.0.0/16 or 192.0.2.1/32"],
        ),
        (
            json!([
                {"to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}], "ports": [{"protocol": "UDP", "port": 53}]},
                {"to": [{"podSelector": {}}, {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]}}, {}]},
            ]),
            vec![
                "UDP 53 to pods k8s-app=kube-dns in all namespaces",
                "everything to all pods or namespaces team Exists or nobody",
            ],
        ),
        (
            json!([{"to": [{"ipBlock": {"cidr": "\u{1b}[2J10.0.0.0/8"}}]}]),
            vec!["everything to [2J10.0.0.0/8"],
        ),
    ] {
        let spec = json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": egress});
        let want: Vec<String> = want.into_iter().map(str::to_owned).collect();
        assert_eq!(Some(want), selected(&spec), "{egress}");
    }
}

#[test]
fn policies_stand_in_the_order_of_their_names() {
    let mut all: Vec<_> = ["b", "a"]
        .into_iter()
        .map(|name| {
            let mut policy = policy(&json!({"podSelector": {}, "policyTypes": ["Egress"]}));
            policy.metadata.name = Some(name.to_owned());
            policy
        })
        .collect();
    all.push(policy(
        &json!({"podSelector": {}, "policyTypes": ["Ingress"]}),
    ));
    let names: Vec<String> = selecting(&all, &labels())
        .into_iter()
        .map(|policy| policy.name)
        .collect();
    assert_eq!(vec!["a", "b"], names);
}
