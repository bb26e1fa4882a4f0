//! Paths: which resource, namespace, object and subresource a request is about.

use super::access::Asked;
use super::refusal::Refusal;
use super::resources::{Resource, Scope};
use super::store::At;

/// The names in a path, which need not exist here.
pub(crate) struct Path<'a> {
    group: &'a str,
    version: &'a str,
    plural: &'a str,
    /// `None` for cluster-wide kinds and for lists of all namespaces.
    namespace: Option<&'a str>,
    /// `None` for a collection.
    name: Option<&'a str>,
    subresource: Option<&'a str>,
}

impl<'a> Path<'a> {
    /// `None` for a path that is not of a resource: discovery, health, anything else.
    pub(crate) fn parse(path: &'a str) -> Option<Self> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (group, version, rest) = match segments[..] {
            ["api", version, ref rest @ ..] => ("", version, rest),
            ["apis", group, version, ref rest @ ..] => (group, version, rest),
            _ => return None,
        };
        let (namespace, plural, tail) = match rest {
            ["namespaces", _] | ["namespaces", _, "status"] => (None, "namespaces", &rest[1..]),
            ["namespaces", namespace, plural, tail @ ..] => (Some(*namespace), *plural, tail),
            [plural, tail @ ..] => (None, *plural, tail),
            [] => return None,
        };
        Some(Self {
            group,
            version,
            plural,
            namespace,
            name: tail.first().copied(),
            subresource: tail.get(1).copied(),
        })
    }

    /// The verb of RBAC for a method.
    pub(crate) fn verb(&self, method: &str, is_watch: bool) -> &'static str {
        match (method, self.name) {
            ("GET", Some(_)) => "get",
            ("GET", None) if is_watch => "watch",
            ("GET", None) => "list",
            ("POST", _) => "create",
            ("PATCH", _) => "patch",
            ("PUT", _) => "update",
            ("DELETE", Some(_)) => "delete",
            ("DELETE", None) => "deletecollection",
            _ => "",
        }
    }

    /// What the request asks to be allowed. Of a namespace itself, RBAC takes its name as the
    /// namespace.
    pub(crate) fn asked(&self, verb: &str) -> Asked {
        let name = self.name.unwrap_or_default();
        let namespace = match (self.group, self.plural) {
            ("", "namespaces") => name,
            _ => self.namespace.unwrap_or_default(),
        };
        Asked {
            verb: verb.to_owned(),
            group: self.group.to_owned(),
            resource: self.plural.to_owned(),
            subresource: self.subresource.unwrap_or_default().to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// What is there. 404 when this server has nothing at the path.
    pub(crate) fn resolve(&self) -> Result<Target, Refusal> {
        let nothing = || {
            let message = "the server could not find the requested resource";
            Refusal::generic(404, "NotFound", message)
        };
        let resource = Resource::at(self.group, self.version, self.plural).ok_or_else(nothing)?;
        let fits = match resource.scope {
            Scope::Cluster => self.namespace.is_none(),
            Scope::Namespaced => self.namespace.is_some() || self.name.is_none(),
        };
        if !fits || self.subresource.is_some_and(|sub| !resource.has(sub)) {
            return Err(nothing());
        }
        Ok(Target {
            resource,
            namespace: self.namespace.map(str::to_owned),
            name: self.name.map(str::to_owned),
            subresource: self.subresource.map(str::to_owned),
        })
    }
}

/// What a path names on this server; the fields are as in [`Path`].
pub(crate) struct Target {
    pub(crate) resource: &'static Resource,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

impl Target {
    /// The object; nameless for a collection.
    pub(crate) fn at(&self) -> At {
        At {
            resource: self.resource,
            namespace: self.namespace.clone().unwrap_or_default(),
            name: self.name.clone().unwrap_or_default(),
        }
    }
}
