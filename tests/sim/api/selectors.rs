//! Label and field selectors, as the API server parses and applies them.

use serde_json::Value;

use super::refusal::Refusal;
use super::resources::Resource;

/// What a list or a watch asked for. The default matches everything.
#[derive(Default)]
pub(crate) struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<Requirement>,
}

struct Requirement {
    key: String,
    test: Test,
}

enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

impl Requirement {
    /// `None` means that the object has no such key.
    fn holds(&self, value: Option<&str>) -> bool {
        let is_among = |wanted: &[String]| value.is_some_and(|v| wanted.iter().any(|w| w == v));
        match &self.test {
            Test::In(wanted) => is_among(wanted),
            Test::NotIn(unwanted) => !is_among(unwanted),
            Test::Exists => value.is_some(),
            Test::Absent => value.is_none(),
        }
    }
}

impl Selector {
    pub(crate) fn parse(resource: &Resource, labels: &str, fields: &str) -> Result<Self, Refusal> {
        let labels = split(labels).map(label).collect::<Result<_, _>>()?;
        let fields = split(fields)
            .map(|term| field(resource, term, fields))
            .collect::<Result<_, _>>()?;
        Ok(Self { labels, fields })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.labels.iter().all(|wanted| {
            let labels = &object["metadata"]["labels"];
            wanted.holds(labels[&wanted.key].as_str())
        }) && self.fields.iter().all(|wanted| {
            let value = wanted.key.split('.').fold(object, |value, key| &value[key]);
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            wanted.holds(Some(&text))
        })
    }
}

/// The terms of a selector; commas inside parentheses do not separate.
fn split(selector: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    selector
        .split(move |c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == ',' && depth == 0
        })
        .map(str::trim)
        .filter(|term| !term.is_empty())
}

fn label(term: &str) -> Result<Requirement, Refusal> {
    let values = |list: &str| list.split(',').map(|v| v.trim().to_owned()).collect();
    let (key, test) = if let Some((key, value)) = term.split_once("!=") {
        (key, Test::NotIn(values(value)))
    } else if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        (key, Test::In(values(value)))
    } else if let Some((head, list)) = term.strip_suffix(')').and_then(|t| t.split_once('(')) {
        match head.split_whitespace().collect::<Vec<_>>()[..] {
            [key, "in"] => (key, Test::In(values(list))),
            [key, "notin"] => (key, Test::NotIn(values(list))),
            _ => return Err(unparsable(term)),
        }
    } else if let Some(key) = term.strip_prefix('!') {
        (key, Test::Absent)
    } else {
        (term, Test::Exists)
    };
    let key = key.trim();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if key.is_empty() || !key.chars().all(is_name) {
        return Err(unparsable(term));
    }
    Ok(Requirement {
        key: key.to_owned(),
        test,
    })
}

fn unparsable(term: &str) -> Refusal {
    Refusal::bad_request(format!("unable to parse requirement: {term}"))
}

fn field(resource: &Resource, term: &str, whole: &str) -> Result<Requirement, Refusal> {
    let (key, value, equal) = if let Some((key, value)) = term.split_once("!=") {
        (key, value, false)
    } else if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        (key, value, true)
    } else {
        return Err(Refusal::bad_request(format!(
            "invalid selector: '{whole}'; can't understand '{term}'"
        )));
    };
    if !["metadata.name", "metadata.namespace"].contains(&key) && !resource.fields.contains(&key) {
        return Err(Refusal::bad_request(unsupported(resource, key)));
    }
    let values = vec![value.to_owned()];
    Ok(Requirement {
        key: key.to_owned(),
        test: if equal {
            Test::In(values)
        } else {
            Test::NotIn(values)
        },
    })
}

/// Source: k8s.io/kubernetes, pkg/apis/*/v1/conversion.go.
fn unsupported(resource: &Resource, key: &str) -> String {
    match (resource.fields, resource.kind) {
        (_, "Job") => format!("field label {key:?} not supported for Job"),
        ([], _) => format!(
            "{key:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        ),
        _ => format!("field label not supported: {key}"),
    }
}
