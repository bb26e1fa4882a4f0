//! `pods/log`: what containers wrote, and what the server says when there is nothing to read.
//! Source: k8s.io/kubernetes, pkg/registry/core/pod/strategy.go and `pkg/kubelet/kubelet_pods.go`.

use std::collections::HashMap;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream;
use hyper::body::Bytes;
use serde_json::Value;
use tokio::sync::watch::Receiver;

use super::Site;
use super::http::Chunks;
use super::refusal::Refusal;
use super::store::{At, Store};

/// Which run of a container: the one now or last, or the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Run {
    Current,
    Previous,
}

/// One log: of which pod, container and run.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) at: At,
    pub(crate) container: String,
    pub(crate) run: Run,
}

impl Source {
    /// Empty when the container wrote nothing.
    pub(crate) fn read<'a>(&self, store: &'a Store) -> &'a str {
        store.logs.0.get(&self.key()).map_or("", String::as_str)
    }

    fn key(&self) -> Key {
        let (namespace, pod) = (self.at.namespace.clone(), self.at.name.clone());
        (namespace, pod, self.container.clone(), self.run)
    }
}

type Key = (String, String, String, Run);

/// The output of every container, by namespace, pod, container and run.
#[derive(Default)]
pub(crate) struct Logs(HashMap<Key, String>);

impl Logs {
    pub(crate) fn append(&mut self, source: &Source, text: &str) {
        self.0.entry(source.key()).or_default().push_str(text);
    }
}

/// A followed log: what is there, its last `lines` lines if so limited, and what is added, until
/// the container ends or its pod is gone.
pub(crate) fn follow(site: &Arc<Site>, source: Source, lines: Option<usize>) -> Chunks {
    let site = Arc::clone(site);
    let (pulse, sent) = site.act(|state| {
        let text = source.read(&state.store);
        (
            state.store.pulse(),
            text.len() - cut(text, lines, None).len(),
        )
    });
    let next = move |(mut pulse, sent): (Receiver<u64>, usize)| {
        let (site, source) = (Arc::clone(&site), source.clone());
        async move {
            loop {
                pulse.mark_unchanged();
                let (more, pen) = site.act(|state| {
                    let more = Bytes::from(source.read(&state.store)[sent..].to_owned());
                    let pod = state.store.find(&source.at);
                    let pen = pod.map(|pod| readable(&pod, &source.container, source.run));
                    (more, pen)
                });
                if !more.is_empty() {
                    let sent = sent + more.len();
                    return Some((Ok(more), (pulse, sent)));
                }
                if !matches!(pen, Some(Ok(Pen::Writing))) {
                    return None;
                }
                pulse.changed().await.ok()?;
            }
        }
    };
    stream::unfold((pulse, sent), next).boxed()
}

/// The container of `pod` whose log is wanted; `None` when the request names none.
pub(crate) fn container(pod: &Value, wanted: Option<&str>) -> Result<String, Refusal> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let names = |list: &str| -> Vec<String> {
        let containers = pod["spec"][list].as_array().into_iter().flatten();
        let names = containers.filter_map(|container| container["name"].as_str());
        names.map(str::to_owned).collect()
    };
    let containers = names("containers");
    let all = [names("initContainers"), containers.clone()].concat();
    match (wanted, &containers[..]) {
        (Some(wanted), _) if all.iter().any(|name| name == wanted) => Ok(wanted.to_owned()),
        (Some(wanted), _) => Err(Refusal::bad_request(format!(
            "container {wanted} is not valid for pod {name}"
        ))),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(Refusal::bad_request(format!(
            "a container name must be specified for pod {name}, choose one of: [{}]",
            all.join(" ")
        ))),
    }
}

/// Whether a container may still write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pen {
    Writing,
    Done,
}

/// Whether there is a log to read, by the container's state.
pub(crate) fn readable(pod: &Value, container: &str, run: Run) -> Result<Pen, Refusal> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let subject = format!("container {container:?} in pod {name:?}");
    let status = ["containerStatuses", "initContainerStatuses"]
        .iter()
        .flat_map(|list| pod["status"][*list].as_array().into_iter().flatten())
        .find(|status| status["name"] == container);
    let Some(status) = status else {
        let why = format!("{subject} is not available");
        return Err(Refusal::bad_request(why));
    };
    let (state, last) = (&status["state"], &status["lastState"]["terminated"]);
    if run == Run::Previous {
        return match last {
            Value::Null => Err(Refusal::bad_request(format!(
                "previous terminated {subject} not found"
            ))),
            _ => Ok(Pen::Done),
        };
    }
    if state["running"].is_object() {
        return Ok(Pen::Writing);
    }
    if state["terminated"].is_object() || last.is_object() {
        return Ok(Pen::Done);
    }
    let why = match state["waiting"]["reason"].as_str() {
        Some("ErrImagePull") => "is waiting to start: image can't be pulled".to_owned(),
        Some("ImagePullBackOff") => {
            "is waiting to start: trying and failing to pull image".to_owned()
        }
        Some(reason) => format!("is waiting to start: {reason}"),
        None => "is waiting to start - no logs yet".to_owned(),
    };
    Err(Refusal::bad_request(format!("{subject} {why}")))
}

/// The last `lines` lines of a log, cut at `bytes`; `None` means no limit.
pub(crate) fn cut(text: &str, lines: Option<usize>, bytes: Option<usize>) -> &[u8] {
    let start = lines.map_or(0, |lines| {
        let ends: Vec<_> = text.split_inclusive('\n').map(str::len).collect();
        ends[..ends.len().saturating_sub(lines)].iter().sum()
    });
    let rest = &text.as_bytes()[start..];
    &rest[..bytes.map_or(rest.len(), |bytes| bytes.min(rest.len()))]
}
