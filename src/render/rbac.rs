//! `doctor --print-rbac`: the Roles that a command needs, as YAML for `kubectl apply`.

use std::fmt::Write as _;

use clap::ValueEnum;

use crate::rights::{self, Need, Place, Rule};

/// The command whose rights are printed.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Status,
    Refresh,
    Doctor,
    Tick,
}

impl Of {
    const fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Refresh => "refresh",
            Self::Doctor => "doctor",
            Self::Tick => "tick",
        }
    }

    fn rules(self) -> Vec<&'static Rule> {
        let sets: &[&[Rule]] = match self {
            Self::Status => &[rights::STATUS, rights::WATCH],
            Self::Refresh => &[rights::REFRESH],
            Self::Doctor => &[rights::STATUS, rights::DOCTOR],
            Self::Tick => &[rights::TICK],
        };
        sets.iter().copied().flatten().collect()
    }
}

/// The namespaces that Roles stand in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) release: String,
    pub(crate) agents: Agents,
}

/// Where the node agents are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Agents {
    /// The release has none that are refreshed.
    None,
    In {
        namespace: String,
        /// The one DaemonSet that is refreshed.
        set: String,
    },
    /// No release could be read: where the chart puts them unless told otherwise.
    Assumed(String),
}

/// One document per namespace, and a `ClusterRole` where something has none.
pub(crate) fn roles(of: Of, places: &Places) -> String {
    let rules = of.rules();
    let name = format!("tracebloc-images-{}", of.word());
    let at = |place| {
        rules
            .iter()
            .copied()
            .filter(move |rule| rule.place == place)
    };
    let mut documents = Vec::new();
    let mut own: Vec<&Rule> = at(Place::Release).collect();
    let mut agents: Vec<&Rule> = at(Place::NodeAgents).collect();
    let (namespace, set, note) = match &places.agents {
        Agents::None => (None, None, ""),
        Agents::In { namespace, set } => (Some(namespace), Some(set.as_str()), ""),
        Agents::Assumed(namespace) => (
            Some(namespace),
            None,
            "# No release could be read: this is where the chart puts node agents by default.\n",
        ),
    };
    if namespace == Some(&places.release) {
        own.append(&mut agents);
    }
    let role = Document {
        kind: "Role",
        name: &name,
        set,
        note: "",
    };
    documents.extend(role.text(Some(&places.release), &own));
    if let Some(namespace) = namespace {
        documents.extend(Document { note, ..role }.text(Some(namespace), &agents));
    }
    let everywhere: Vec<&Rule> = at(Place::Cluster).collect();
    let cluster_role = Document {
        kind: "ClusterRole",
        ..role
    };
    documents.extend(cluster_role.text(None, &everywhere));
    let bind = format!(
        "# Bind each to whoever runs it: kubectl create rolebinding {name} -n {} --role={name} --user=NAME\n",
        places.release
    );
    bind + &documents.join("---\n")
}

/// One object about to be written.
#[derive(Clone, Copy)]
struct Document<'a> {
    kind: &'static str,
    name: &'a str,
    /// The DaemonSet that verbs on one object are granted on.
    set: Option<&'a str>,
    note: &'static str,
}

impl Document<'_> {
    /// `None` where there is nothing to grant.
    fn text(&self, namespace: Option<&str>, rules: &[&Rule]) -> Option<String> {
        if rules.is_empty() {
            return None;
        }
        let Self {
            kind, name, note, ..
        } = self;
        let mut text = format!(
            "{note}apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: {name}\n"
        );
        if let Some(namespace) = namespace {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  namespace: {}", quoted(namespace));
        }
        text.push_str("rules:\n");
        for rule in rules {
            let named =
                |verb: &&&str| rule.resource == "daemonsets" && matches!(**verb, "get" | "patch");
            let (one, any): (Vec<&&str>, Vec<&&str>) = match self.set {
                Some(_) => rule.verbs.iter().partition(named),
                None => (Vec::new(), rule.verbs.iter().collect()),
            };
            for (verbs, object) in [(one, self.set), (any, None)] {
                text += &grant(rule, &verbs, object);
            }
        }
        Some(text)
    }
}

/// Nothing where there are no verbs.
fn grant(rule: &Rule, verbs: &[&&str], object: Option<&str>) -> String {
    if verbs.is_empty() {
        return String::new();
    }
    let purpose = match rule.need {
        Need::Required => "required".to_owned(),
        Need::Helps(what) => format!("for {what}"),
    };
    let object = object.map(|name| format!("  resourceNames: [{}]\n", quoted(name)));
    let verbs: Vec<String> = verbs.iter().map(|verb| quoted(verb)).collect();
    format!(
        "- apiGroups: [{}]\n  resources: [{}]\n{}  verbs: [{}] # {purpose}\n",
        quoted(rule.group),
        quoted(rule.resource),
        object.unwrap_or_default(),
        verbs.join(", ")
    )
}

/// As YAML's double quotes have it; JSON's strings are a subset of them.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
