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
        let message = format!("{} {name:?} not found", resource.qualified());
        Self::new(404, "NotFound", message).of(resource, name)
    }

    pub(crate) fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", resource.qualified());
        Self::new(409, "AlreadyExists", message).of(resource, name)
    }

    pub(crate) fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {name:?}: {why}",
            resource.qualified()
        );
        Self::new(409, "Conflict", message).of(resource, name)
    }

    /// The conflict of an optimistic lock.
    pub(crate) fn modified(resource: &Resource, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        Self::conflict(resource, name, why)
    }

    pub(crate) fn forbidden(group: &str, plural: &str, name: &str, why: &str) -> Self {
        let mut subject = match group {
            "" => plural.to_owned(),
            group => format!("{plural}.{group}"),
        };
        if !name.is_empty() {
            subject = format!("{subject} {name:?}");
        }
        let message = format!("{subject} is forbidden: {why}");
        Self::new(403, "Forbidden", message).about(group, plural, name)
    }

    /// A field that fails validation; `why` starts with the kind of failure, as the server's does:
    /// `Required value: ...`.
    pub(crate) fn invalid(resource: &Resource, name: &str, field: &str, why: &str) -> Self {
        let kind = match resource.group {
            "" => resource.kind.to_owned(),
            group => format!("{}.{group}", resource.kind),
        };
        let message = format!("{kind} {name:?} is invalid: {field}: {why}");
        Self::new(422, "Invalid", message).about(resource.group, resource.kind, name)
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
