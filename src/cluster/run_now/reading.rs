//! What pods and logs show of a run.

use futures::{AsyncBufRead, AsyncBufReadExt as _};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::ResourceExt as _;
use kube::api::LogParams;
use kube::core::Request;

use super::Followed;
use crate::cluster::connect::Cluster;
use crate::cluster::read::{Scope, path, ready};
use crate::cluster::runs::outcome;
use crate::error::{Call, Error};
use crate::observation::RunOutcome;
use crate::run_now::End;
use crate::text::{QUOTED, printable, without_middle};

/// The refresher's container.
const CONTAINER: &str = "refresh";

/// How much of one line is kept, in bytes.
pub(super) const LINE_READ: usize = 16 * 1024;

/// The pod of a run, as far as its container is concerned.
pub(super) struct PodSeen {
    pub(super) name: String,
    pub(super) node: Option<String>,
    pub(super) restarts: u32,
    pub(super) state: State,
    /// How the run before this one ended; `None` where it is not known, or where this one is the first.
    pub(super) previous_exit: Option<i32>,
}

pub(super) enum State {
    /// Not started yet; why, printable.
    Waiting(String),
    Running,
    /// Its last run is over.
    Ended(Option<i32>),
}

/// Which run of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Current,
    Previous,
}

impl Cluster {
    /// The log of the refresher's container: of the run that is on, as it comes; of the one before, as it stands.
    pub(super) async fn log_of(
        &self,
        job: &Followed,
        pod: &str,
        which: Which,
    ) -> Result<impl AsyncBufRead + Unpin + use<>, Error> {
        let scope = Scope::Namespace(&job.namespace);
        let call = Call {
            doing: format!("read the log of pod {pod:?}{scope}"),
            right: format!("get pods --subresource=log -n {}", job.namespace),
        };
        let params = LogParams {
            container: Some(CONTAINER.to_owned()),
            follow: which == Which::Current,
            previous: which == Which::Previous,
            ..LogParams::default()
        };
        let request = Request::new(path::<Pod>(scope)).logs(pod, &params);
        let request = ready(&call, scope.names(pod), request)?;
        let opened = self.client.request_stream(request);
        Ok(Box::pin(self.bounded(&call, opened).await?))
    }
}

/// The lines of a log while it is written. What is not UTF-8 in it is replaced.
pub(super) struct Lines<R> {
    pub(super) stream: R,
    /// The beginning of a line whose end has not come.
    pub(super) line: Vec<u8>,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// `None` at the end, or where the connection broke. May be dropped at any point, and asked again.
    pub(super) async fn next(&mut self) -> Option<String> {
        let read = self.stream.read_until(b'\n', &mut self.line).await;
        if self.line.is_empty() || read.is_err() {
            return None;
        }
        let line = std::mem::take(&mut self.line);
        let shown = &line[..line.len().min(LINE_READ)];
        Some(
            String::from_utf8_lossy(shown)
                .trim_end_matches(['\n', '\r'])
                .to_owned(),
        )
    }
}

/// `None` while it is active.
pub(super) fn ended(job: &Job) -> Option<End> {
    match outcome(&job.status.clone().unwrap_or_default()) {
        RunOutcome::Active { .. } => None,
        RunOutcome::Complete { .. } => Some(End::Complete),
        RunOutcome::Failed { reason, .. } => Some(End::Failed(reason)),
    }
}

pub(super) fn seen(pod: &Pod) -> PodSeen {
    let status = pod.status.clone().unwrap_or_default();
    let containers = status.container_statuses.unwrap_or_default();
    let container = containers
        .iter()
        .find(|container| container.name == CONTAINER);
    PodSeen {
        name: pod.name_any(),
        node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
        restarts: container.map_or(0, |container| {
            u32::try_from(container.restart_count).unwrap_or(0)
        }),
        state: container.map_or_else(
            || {
                let mut conditions = status.conditions.iter().flatten();
                let message = conditions.find_map(|condition| condition.message.clone());
                State::Waiting(waiting("its pod has not started", message.as_deref()))
            },
            state,
        ),
        previous_exit: container.and_then(previous_exit),
    }
}

/// Between two runs the last state is that of the run that is over, not of the one before it.
fn previous_exit(container: &ContainerStatus) -> Option<i32> {
    let now = container.state.as_ref()?;
    let is_started = now.running.is_some() || now.terminated.is_some();
    let last = container.last_state.as_ref().filter(|_| is_started)?;
    Some(last.terminated.as_ref()?.exit_code)
}

fn state(container: &ContainerStatus) -> State {
    let (now, last) = (container.state.as_ref(), container.last_state.as_ref());
    let running = now.and_then(|state| state.running.as_ref());
    let over = now.and_then(|state| state.terminated.as_ref());
    // Between two runs it waits, and the last one's log is still the current one.
    let over = over.or_else(|| last.and_then(|state| state.terminated.as_ref()));
    match (running, over, now.and_then(|state| state.waiting.as_ref())) {
        (Some(_), _, _) => State::Running,
        (None, Some(over), _) => State::Ended(Some(over.exit_code)),
        (None, None, Some(wait)) => {
            let reason = wait.reason.as_deref().unwrap_or("its container waits");
            State::Waiting(waiting(reason, wait.message.as_deref()))
        }
        (None, None, None) => State::Waiting("its container has not started".to_owned()),
    }
}

fn waiting(reason: &str, message: Option<&str>) -> String {
    match message.filter(|message| !message.is_empty()) {
        Some(message) => without_middle(&format!("{reason}: {message}"), QUOTED),
        None => printable(reason, QUOTED),
    }
}
