//! What these tests share: a cluster with a few objects, the real client, and a bare one.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::world::sim::api::{Cluster, TOKEN, Transport};

pub(crate) const NS: &str = "tracebloc";
pub(crate) const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/tracebloc/deployments";
pub(crate) const WEB: &str = "/apis/apps/v1/namespaces/tracebloc/deployments/web";
pub(crate) const JOBS: &str = "/apis/batch/v1/namespaces/tracebloc/jobs";
pub(crate) const PODS: &str = "/api/v1/namespaces/tracebloc/pods";

/// A cluster with the Deployment `web`.
pub(crate) fn cluster() -> Cluster {
    let cluster = Cluster::start(Transport::Plain);
    cluster.put(deployment("web"));
    cluster
}

pub(crate) fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NS, "labels": {"app": name}},
        "spec": {
            "replicas": 1,
            "template": {"spec": {"containers": [
                {"name": "api", "image": "docker.io/tracebloc/web:prod", "env": [
                    {"name": "A", "value": "1"},
                    {"name": "B", "value": "2"},
                ]},
                {"name": "proxy", "image": "docker.io/tracebloc/proxy:prod"},
            ]}},
        },
        "status": {"observedGeneration": 1, "availableReplicas": 1},
    })
}

/// A running pod on `edge-01` with the container `main`.
pub(crate) fn pod(name: &str, labels: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NS, "labels": labels},
        "spec": {"nodeName": "edge-01", "containers": [{"name": "main"}]},
        "status": {
            "phase": "Running",
            "containerStatuses": [{"name": "main", "state": {"running": {}}}],
        },
    })
}

/// The names of a list's items, in their order.
pub(crate) fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["metadata"]["name"].as_str().unwrap())
        .collect()
}

/// Runs a test body with the real client, by the kubeconfig of the cluster.
pub(crate) fn with_client<F: Future>(cluster: &Cluster, test: impl FnOnce(Client) -> F) {
    let file = Kubeconfig::read_from(cluster.kubeconfig()).unwrap();
    with_kubeconfig(file, test);
}

pub(crate) fn with_kubeconfig<F: Future>(file: Kubeconfig, test: impl FnOnce(Client) -> F) {
    runtime().block_on(async {
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(file, &options)
            .await
            .unwrap();
        test(Client::try_from(config).unwrap()).await;
    });
}

/// A runtime of one thread, and TLS for what is made in it.
pub(crate) fn runtime() -> Runtime {
    // Whoever is first installs it for the process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A client that only speaks HTTP, logged in as the user of the kubeconfig.
pub(crate) struct Caller {
    url: String,
    http: reqwest::Client,
    runtime: Runtime,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) text: String,
    /// The header `Date`.
    pub(crate) date: String,
    /// The header `Retry-After`.
    pub(crate) retry_after: Option<String>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Code, reason and message of a refusal.
    pub(crate) fn refusal(&self) -> (u16, String, String) {
        let status = self.json();
        assert_eq!(
            (&status["kind"], &status["apiVersion"]),
            (&json!("Status"), &json!("v1"))
        );
        assert_eq!(status["code"], self.code);
        let text = |field: &str| status[field].as_str().unwrap_or_default().to_owned();
        (self.code, text("reason"), text("message"))
    }
}

impl Caller {
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let runtime = runtime();
        let http = reqwest::Client::builder().no_proxy();
        // A test that waits in vain fails, and does not hang.
        let http = http.read_timeout(Duration::from_secs(20)).build().unwrap();
        Self {
            url: cluster.url(),
            http,
            runtime,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, |request| request)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, |request| request.body(body.to_string()))
    }

    /// Patches with `merge`, `json` or `strategic-merge`.
    pub(crate) fn patch(&self, kind: &str, path: &str, body: &Value) -> Reply {
        let content_type = format!("application/{kind}-patch+json");
        self.send(Method::PATCH, path, |request| {
            request
                .header("content-type", content_type)
                .body(body.to_string())
        })
    }

    pub(crate) fn delete(&self, path: &str, options: &Value) -> Reply {
        self.send(Method::DELETE, path, |request| {
            request.body(options.to_string())
        })
    }

    pub(crate) fn send(
        &self,
        method: Method,
        path: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Reply {
        self.attempt(method, path, with).unwrap()
    }

    /// As [`Caller::send`], for requests that may not be answered.
    pub(crate) fn attempt(
        &self,
        method: Method,
        path: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> reqwest::Result<Reply> {
        let request = with(self.request(method, path));
        self.runtime.block_on(async {
            let response = request.send().await?;
            let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
            Ok(Reply {
                code: response.status().as_u16(),
                date: header("date").unwrap_or_default(),
                retry_after: header("retry-after"),
                text: response.text().await?,
            })
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        request.bearer_auth(TOKEN)
    }

    /// Starts to read an answer that goes on.
    pub(crate) fn follow(&self, path: &str) -> Following<'_> {
        let request = self.request(Method::GET, path);
        // The timeout is started where the request is made, so that has to be in the runtime.
        let response = self.runtime.block_on(async { request.send().await });
        Following {
            runtime: &self.runtime,
            response: response.unwrap(),
            rest: String::new(),
        }
    }
}

/// An answer that goes on: a watch, a followed log.
pub(crate) struct Following<'a> {
    runtime: &'a Runtime,
    response: Response,
    rest: String,
}

impl Following<'_> {
    /// The next line, without its end; `None` when the answer is over.
    pub(crate) fn line(&mut self) -> Option<String> {
        loop {
            if let Some((line, rest)) = self.rest.split_once('\n') {
                let line = line.to_owned();
                self.rest = rest.to_owned();
                return Some(line);
            }
            let chunk = self.runtime.block_on(self.response.chunk()).unwrap()?;
            self.rest.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    /// What is left of the answer, and how it ended.
    pub(crate) fn all(mut self) -> (String, reqwest::Result<()>) {
        loop {
            match self.runtime.block_on(self.response.chunk()) {
                Ok(Some(chunk)) => self.rest.push_str(&String::from_utf8_lossy(&chunk)),
                Ok(None) => return (self.rest, Ok(())),
                Err(error) => return (self.rest, Err(error)),
            }
        }
    }

    /// The next event of a watch: its type and object.
    pub(crate) fn event(&mut self) -> (String, Value) {
        let event: Value = serde_json::from_str(&self.line().unwrap()).unwrap();
        (
            event["type"].as_str().unwrap().to_owned(),
            event["object"].clone(),
        )
    }

    /// The type and the name in the next event.
    pub(crate) fn told(&mut self) -> (String, String) {
        let (event, object) = self.event();
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        (event, name.to_owned())
    }
}

/// Owned texts for comparing with what was answered.
pub(crate) fn refusal(code: u16, reason: &str, message: &str) -> (u16, String, String) {
    (code, reason.to_owned(), message.to_owned())
}
