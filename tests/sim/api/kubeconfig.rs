//! Kubeconfig files for these clusters: contexts, logins, proxies.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::tls::Identity;

/// How a context logs in.
pub(crate) enum Login {
    Anonymous,
    Token(String),
    Certificate(Identity),
    /// A credential plugin: a command line, run as client-go runs it.
    Exec(Vec<String>),
}

/// One context, with a cluster and a user of the same name.
pub(crate) struct Context {
    name: String,
    server: String,
    /// PEM; `None` without TLS.
    authority: Option<String>,
    namespace: Option<String>,
    login: Login,
    proxy: Option<String>,
}

impl Context {
    pub(crate) fn new(name: &str, server: &str, authority: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            server: server.to_owned(),
            authority,
            namespace: None,
            login: Login::Anonymous,
            proxy: None,
        }
    }

    pub(crate) fn namespace(self, namespace: &str) -> Self {
        Self {
            namespace: Some(namespace.to_owned()),
            ..self
        }
    }

    pub(crate) fn login(self, login: Login) -> Self {
        Self { login, ..self }
    }

    /// `proxy-url`, for this cluster only.
    pub(crate) fn proxy(self, url: &str) -> Self {
        Self {
            proxy: Some(url.to_owned()),
            ..self
        }
    }

    /// What the context trusts, as PEM; `None` without TLS.
    pub(crate) fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Instead of the cluster's own authority: a stranger's, or a corporate proxy's.
    pub(crate) fn trusting(self, authority: &str) -> Self {
        Self {
            authority: Some(authority.to_owned()),
            ..self
        }
    }
}

/// Writes `contexts` into `folder`, the first being the current one, and returns the file. Keys
/// and certificates are files beside it.
pub(crate) fn write(folder: &Path, contexts: &[Context]) -> PathBuf {
    let named = |key: &str, body: &dyn Fn(&Context) -> Value| -> Value {
        let entries = contexts.iter();
        entries
            .map(|context| json!({"name": context.name, key: body(context)}))
            .collect()
    };
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": contexts.first().map(|context| &context.name),
        "clusters": named("cluster", &|context| cluster(folder, context)),
        "contexts": named("context", &|context| {
            let mut body = json!({"cluster": context.name, "user": context.name});
            if let Some(namespace) = &context.namespace {
                body["namespace"] = namespace.as_str().into();
            }
            body
        }),
        "users": named("user", &|context| user(folder, context)),
    });
    let yaml = serde_saphyr::to_string(&config).expect("plain values are YAML");
    file(folder, "config", &yaml)
}

fn cluster(folder: &Path, context: &Context) -> Value {
    let mut body = json!({"server": context.server});
    if let Some(authority) = &context.authority {
        let path = file(folder, &format!("{}-ca.crt", context.name), authority);
        body["certificate-authority"] = json!(path);
    }
    if let Some(proxy) = &context.proxy {
        body["proxy-url"] = proxy.as_str().into();
    }
    body
}

fn user(folder: &Path, context: &Context) -> Value {
    match &context.login {
        Login::Anonymous => json!({}),
        Login::Token(token) => json!({"token": token}),
        Login::Certificate(identity) => {
            let name = |end: &str| format!("{}-client.{end}", context.name);
            json!({
                "client-certificate": file(folder, &name("crt"), &identity.certificate),
                "client-key": file(folder, &name("key"), &identity.key),
            })
        }
        Login::Exec(words) => json!({
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": words.first(),
                "args": words.get(1..),
                "interactiveMode": "Never",
            },
        }),
    }
}

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).expect("the folder of the test is writable");
    path
}
