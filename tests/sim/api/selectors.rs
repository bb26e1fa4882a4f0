//! Label and field selectors, as the API server parses and applies them.

use serde_json::Value;

use super::refusal::Refusal;
use super::resources::{Resource, Scope};

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
        let labels = split(labels)
            .into_iter()
            .map(label)
            .collect::<Result<_, _>>()?;
        let fields = split(fields)
            .into_iter()
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

/// The terms of a selector, none for an empty one; commas inside parentheses do not separate.
fn split(selector: &str) -> Vec<&str> {
    if selector.trim().is_empty() {
        return Vec::new();
    }
    let mut depth = 0_i32;
    let terms = selector.split(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    terms.map(str::trim).collect()
}

/// Makes the test of a list of values.
type Compare = fn(Vec<String>) -> Test;

/// Key, test and value of `a=b`, `a==b`, `a!=b`. `None` for any other term.
fn comparison(term: &str) -> Option<(&str, Compare, &str)> {
    if let Some((key, value)) = term.split_once("!=") {
        return Some((key, Test::NotIn, value));
    }
    let (key, value) = term.split_once("==").or_else(|| term.split_once('='))?;
    Some((key, Test::In, value))
}

fn label(term: &str) -> Result<Requirement, Refusal> {
    let is_name = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
    };
    let unparsable = || Refusal::bad_request(format!("unable to parse requirement: {term}"));
    let values = |list: &str| -> Result<Vec<String>, Refusal> {
        let values: Vec<_> = list
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect();
        let are_names = values.iter().all(|value| is_name(value));
        are_names.then_some(values).ok_or_else(unparsable)
    };
    let (key, test) = if let Some((key, test, value)) = comparison(term) {
        (key, test(values(value)?))
    } else if let Some((head, list)) = term.strip_suffix(')').and_then(|t| t.split_once('(')) {
        match head.split_whitespace().collect::<Vec<_>>()[..] {
            [key, "in"] => (key, Test::In(values(list)?)),
            [key, "notin"] => (key, Test::NotIn(values(list)?)),
            _ => return Err(unparsable()),
        }
    } else if let Some(key) = term.strip_prefix('!') {
        (key, Test::Absent)
    } else {
        (term, Test::Exists)
    };
    let key = key.trim().to_owned();
    if key.is_empty() || !is_name(&key) {
        return Err(unparsable());
    }
    Ok(Requirement { key, test })
}

fn field(resource: &Resource, term: &str, whole: &str) -> Result<Requirement, Refusal> {
    let Some((key, test, value)) = comparison(term) else {
        let message = format!("invalid selector: '{whole}'; can't understand '{term}'");
        return Err(Refusal::bad_request(message));
    };
    if value.contains('=') {
        let message = "invalid field selector: unescaped character in value: 61";
        return Err(Refusal::bad_request(message));
    }
    let is_known = key == "metadata.name"
        || key == "metadata.namespace" && resource.scope == Scope::Namespaced
        || resource.fields.contains(&key);
    if !is_known {
        return Err(Refusal::bad_request(unsupported(resource, key)));
    }
    Ok(Requirement {
        key: key.to_owned(),
        test: test(vec![value.to_owned()]),
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
