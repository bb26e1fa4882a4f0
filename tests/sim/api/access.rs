//! Who is asking, and whether they may. Everybody who is known may do everything that is not
//! denied by a rule; requests and access reviews are judged by the same rules.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::refusal::Refusal;

/// Where a denial holds.
#[derive(Clone, Debug)]
enum Reach {
    Everywhere,
    /// Requests that name no namespace: lists of all namespaces, cluster-wide kinds.
    ClusterScope,
    Namespace(String),
}

/// A right that is missing. The default is everybody, everywhere.
#[derive(Clone, Debug)]
pub(crate) struct Denial {
    user: Option<String>,
    verb: String,
    resource: String,
    reach: Reach,
}

impl Denial {
    /// A verb and a resource: `("list", "cronjobs.batch")`, `("get", "pods/log")`;
    /// `*` stands for all verbs or all resources.
    pub(crate) fn of(verb: &str, resource: &str) -> Self {
        Self {
            user: None,
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            reach: Reach::Everywhere,
        }
    }

    pub(crate) fn to(self, user: &str) -> Self {
        Self {
            user: Some(user.to_owned()),
            ..self
        }
    }

    pub(crate) fn at_cluster_scope(self) -> Self {
        Self {
            reach: Reach::ClusterScope,
            ..self
        }
    }

    pub(crate) fn in_namespace(self, namespace: &str) -> Self {
        Self {
            reach: Reach::Namespace(namespace.to_owned()),
            ..self
        }
    }

    fn covers(&self, user: &str, asked: &Asked) -> bool {
        self.user.as_deref().is_none_or(|only| only == user)
            && (self.verb == "*" || self.verb == asked.verb)
            && (self.resource == asked.qualified() || self.resource == "*" && !asked.is_basic())
            && match &self.reach {
                Reach::Everywhere => true,
                Reach::ClusterScope => asked.namespace.is_empty(),
                Reach::Namespace(namespace) => *namespace == asked.namespace,
            }
    }
}

/// What somebody asks to do.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) verb: String,
    pub(crate) group: String,
    pub(crate) resource: String,
    /// Empty for the object itself.
    pub(crate) subresource: String,
    /// Empty at the cluster scope.
    pub(crate) namespace: String,
    /// Empty when the request names no object.
    pub(crate) name: String,
}

impl Asked {
    /// From the `resourceAttributes` of an access review.
    fn of(attributes: &Value) -> Self {
        let text = |field: &str| attributes[field].as_str().unwrap_or_default().to_owned();
        Self {
            verb: text("verb"),
            group: text("group"),
            resource: text("resource"),
            subresource: text("subresource"),
            namespace: text("namespace"),
            name: text("name"),
        }
    }

    /// A right that everybody has who is logged in: to ask for one's own rights.
    fn is_basic(&self) -> bool {
        self.resource == "selfsubjectaccessreviews"
    }

    /// `pods`, or `pods/log`.
    fn path(&self) -> String {
        match self.subresource.as_str() {
            "" => self.resource.clone(),
            subresource => format!("{}/{subresource}", self.resource),
        }
    }

    /// As a [`Denial`] names it: `deployments.apps/status`, `pods/log`.
    fn qualified(&self) -> String {
        let group = match self.group.as_str() {
            "" => String::new(),
            group => format!(".{group}"),
        };
        self.path()
            .replacen(&self.resource, &format!("{}{group}", self.resource), 1)
    }
}

/// What a request that shows no credentials is called.
pub(crate) const ANONYMOUS: &str = "system:anonymous";

/// Logins and denials.
#[derive(Default)]
pub(crate) struct Access {
    /// User by bearer token.
    tokens: HashMap<String, String>,
    denials: Vec<Denial>,
}

impl Access {
    pub(crate) fn admit(&mut self, token: &str, user: &str) {
        self.tokens.insert(token.to_owned(), user.to_owned());
    }

    /// Ends every login by token, as a rotated key does.
    pub(crate) fn revoke(&mut self) {
        self.tokens.clear();
    }

    pub(crate) fn deny(&mut self, denial: Denial) {
        self.denials.push(denial);
    }

    /// Who a request comes from. `certificate` is the name in a client certificate the connection
    /// was made with; an `Authorization` header wins over it.
    pub(crate) fn user(
        &self,
        authorization: Option<&str>,
        certificate: Option<&str>,
    ) -> Result<String, Refusal> {
        match (authorization, certificate) {
            (Some(header), _) => header
                .strip_prefix("Bearer ")
                .and_then(|token| self.tokens.get(token))
                .cloned()
                .ok_or_else(Refusal::unauthorized),
            (None, user) => Ok(user.unwrap_or(ANONYMOUS).to_owned()),
        }
    }

    pub(crate) fn is_allowed(&self, user: &str, asked: &Asked) -> bool {
        user != ANONYMOUS && !self.denials.iter().any(|denial| denial.covers(user, asked))
    }

    pub(crate) fn judge(&self, user: &str, asked: &Asked) -> Result<(), Refusal> {
        if self.is_allowed(user, asked) {
            return Ok(());
        }
        let scope = match asked.namespace.as_str() {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace {namespace:?}"),
        };
        let why = format!(
            "User {user:?} cannot {} resource {:?} in API group {:?} {scope}",
            asked.verb,
            asked.path(),
            asked.group
        );
        Err(Refusal::forbidden(
            &asked.group,
            &asked.resource,
            &asked.name,
            &why,
        ))
    }

    /// Answers a review: the object of the request with its `status`. `namespace` is that of a
    /// `LocalSubjectAccessReview`.
    pub(crate) fn review(
        &self,
        kind: &str,
        user: &str,
        namespace: &str,
        mut review: Value,
    ) -> Result<Value, Refusal> {
        let spec = &review["spec"];
        let asked = Asked::of(&spec["resourceAttributes"]);
        let invalid = |field: &str, value: &str, why: &str| {
            let why = format!("Invalid value: {value:?}: {why}");
            // The real server forgets the kind here.
            Err(Refusal::invalid(
                ("", "authorization.k8s.io", ""),
                field,
                &why,
            ))
        };
        if kind == "LocalSubjectAccessReview" && asked.namespace != namespace {
            let field = "spec.resourceAttributes.namespace";
            return invalid(field, &asked.namespace, "must match metadata.namespace");
        }
        let subject = match kind {
            "SelfSubjectAccessReview" => user,
            _ => spec["user"].as_str().unwrap_or_default(),
        };
        if subject.is_empty() && spec["groups"].is_null() {
            return invalid(
                "spec.user",
                "",
                "at least one of user or group must be specified",
            );
        }
        review["status"] = json!({"allowed": self.is_allowed(subject, &asked)});
        Ok(review)
    }
}
