//! What the API server says when it refuses: a `metav1.Status` with its wording, reason, code and
//! details. Source of the texts: k8s.io/apimachinery, pkg/api/errors.

use serde_json::{Value, json};

use super::resources::Resource;

/// A refusal, ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    /// Empty when the server gives none.
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    /// `None` for refusals that concern no object.
    pub(crate) details: Option<Value>,
}

impl Refusal {
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: None,
        }
    }

    /// Adds the details; `kind` holds the plural, except where validation failed.
    fn about(mut self, group: &str, kind: &str, name: &str) -> Self {
        let mut details = json!({});
        for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
            if !value.is_empty() {
                details[key] = value.into();
            }
        }
        self.details = Some(details);
        self
    }

    fn of(self, resource: &Resource, name: &str) -> Self {
        self.about(resource.group, resource.plural, name)
    }

    pub(crate) fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!(
            "{} {name:?} not found",
            qualified(resource.plural, resource.group)
        );
        Self::new(404, "NotFound", message).of(resource, name)
    }

    pub(crate) fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!(
            "{} {name:?} already exists",
            qualified(resource.plural, resource.group)
        );
        Self::new(409, "AlreadyExists", message).of(resource, name)
    }

    /// The conflict of an optimistic lock.
    pub(crate) fn modified(resource: &Resource, name: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {name:?}: the object has been modified; please \
             apply your changes to the latest version and try again",
            qualified(resource.plural, resource.group)
        );
        Self::new(409, "Conflict", message).of(resource, name)
    }

    /// The conflict of a deletion's precondition, which names the kind instead of the resource.
    pub(crate) fn precondition(resource: &Resource, name: &str, why: &str) -> Self {
        let (group, kind) = (resource.group, resource.kind);
        let group_kind = qualified(kind, group);
        let message = format!("Operation cannot be fulfilled on {group_kind} {name:?}: {why}");
        Self::new(409, "Conflict", message).about(group, kind, name)
    }

    pub(crate) fn forbidden(group: &str, plural: &str, name: &str, why: &str) -> Self {
        let mut subject = qualified(plural, group);
        if !name.is_empty() {
            subject = format!("{subject} {name:?}");
        }
        let message = format!("{subject} is forbidden: {why}");
        Self::new(403, "Forbidden", message).about(group, plural, name)
    }

    /// A field of a kind, group and name that fails validation; `why` starts with the sort of
    /// failure: `Required value: ...`.
    pub(crate) fn invalid((kind, group, name): (&str, &str, &str), field: &str, why: &str) -> Self {
        let group_kind = qualified(kind, group);
        let sort = match why.split(" value").next() {
            Some("Required") => "FieldValueRequired",
            Some("Unsupported") => "FieldValueNotSupported",
            _ => "FieldValueInvalid",
        };
        let message = format!("{group_kind} {name:?} is invalid: {field}: {why}");
        let mut refusal = Self::new(422, "Invalid", message).about(group, kind, name);
        if let Some(details) = &mut refusal.details {
            details["causes"] = json!([{"reason": sort, "message": why, "field": field}]);
        }
        refusal
    }

    /// What the server says before it knows what the request is about.
    pub(crate) fn generic(code: u16, reason: &'static str, message: &str) -> Self {
        Self {
            details: Some(json!({})),
            ..Self::new(code, reason, message)
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// A version or continue token the server no longer has.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// The `metav1.Status` body.
    pub(crate) fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        });
        if !self.reason.is_empty() {
            status["reason"] = self.reason.into();
        }
        if let Some(details) = &self.details {
            status["details"] = details.clone();
        }
        status["code"] = self.code.into();
        status
    }
}

/// `pods`, `jobs.batch`, `Job.batch`.
fn qualified(name: &str, group: &str) -> String {
    match group {
        "" => name.to_owned(),
        group => format!("{name}.{group}"),
    }
}
