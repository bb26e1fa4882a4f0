//! The Roles as a cluster would read them.

use serde_json::Value;

use super::*;

fn places(agents: Agents) -> Places {
    Places {
        release: "tracebloc".to_owned(),
        agents,
    }
}

fn agents() -> Agents {
    agents_in("tracebloc-node-agents")
}

fn agents_in(namespace: &str) -> Agents {
    Agents::In {
        namespace: namespace.to_owned(),
        set: "berlin-resource-monitor".to_owned(),
    }
}

/// The documents of a page, without what is not data.
fn documents(text: &str) -> Vec<Value> {
    text.split("---\n")
        .map(|document| serde_saphyr::from_str(document).unwrap())
        .collect()
}

#[test]
fn every_role_as_it_is_printed() {
    for of in [Of::Status, Of::Refresh, Of::Doctor, Of::Tick] {
        insta::assert_snapshot!(of.word(), roles(of, &places(agents())));
    }
}

#[test]
fn each_document_is_an_object_that_kubectl_takes() {
    for of in [Of::Status, Of::Refresh, Of::Doctor, Of::Tick] {
        for document in documents(&roles(of, &places(agents()))) {
            assert_eq!("rbac.authorization.k8s.io/v1", document["apiVersion"]);
            let is_role = document["kind"] == "Role";
            assert!(is_role || document["kind"] == "ClusterRole", "{document}");
            assert_eq!(is_role, document["metadata"]["namespace"].is_string());
            for rule in document["rules"].as_array().unwrap() {
                for list in ["apiGroups", "resources", "verbs"] {
                    let words = rule[list].as_array().unwrap();
                    assert!(
                        words.iter().all(Value::is_string) && !words.is_empty(),
                        "{rule}"
                    );
                }
            }
        }
    }
}

#[test]
fn one_namespace_has_one_role_and_none_has_none() {
    let kinds = |agents| -> Vec<String> {
        let documents = documents(&roles(Of::Status, &places(agents)));
        let name = |document: &Value| {
            document["metadata"]["namespace"]
                .as_str()
                .unwrap_or("-")
                .to_owned()
        };
        documents.iter().map(name).collect()
    };
    assert_eq!(
        vec!["tracebloc", "tracebloc-node-agents", "-"],
        kinds(agents())
    );
    assert_eq!(vec!["tracebloc", "-"], kinds(agents_in("tracebloc")));
    assert_eq!(vec!["tracebloc", "-"], kinds(Agents::None));
    let assumed = roles(Of::Status, &places(Agents::Assumed("x".to_owned())));
    assert!(assumed.contains("No release could be read"), "{assumed}");
}

#[test]
fn what_a_command_may_do_by_its_role_is_what_doctor_asks_for() {
    let granted = |of: Of| -> Vec<(String, String)> {
        let documents = documents(&roles(of, &places(agents())));
        let rules = documents
            .iter()
            .flat_map(|document| document["rules"].as_array().unwrap());
        let mut all: Vec<_> = rules
            .flat_map(|rule| {
                let resource = rule["resources"][0].as_str().unwrap().to_owned();
                let verbs = rule["verbs"].as_array().unwrap().iter();
                verbs
                    .map(move |verb| (resource.clone(), verb.as_str().unwrap().to_owned()))
                    .collect::<Vec<_>>()
            })
            .collect();
        all.sort();
        all
    };
    let doctor = granted(Of::Doctor);
    for (rule, verb) in rights::of_caller().filter(|(_, verb)| *verb != "patch") {
        let wanted = (rule.resource.to_owned(), verb.to_owned());
        assert!(doctor.contains(&wanted), "{wanted:?}");
    }
    // A namespace that is hostile stays a string.
    let text = roles(
        Of::Tick,
        &Places {
            release: "a\": x\n#".to_owned(),
            agents: Agents::None,
        },
    );
    assert_eq!("a\": x\n#", documents(&text)[0]["metadata"]["namespace"]);
}
