//! What kubelets have said of pulls in the last hour: free evidence of what nodes reach.

use futures::future::join;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Event;
use kube::api::ListParams;

use super::connect::Cluster;
use super::read::Scope;
use crate::error::Error;
use crate::image::Reference;

/// How old what was said may be.
const RECENT: SignedDuration = SignedDuration::from_hours(1);

/// A pull that failed, and that no later one of the same image on the same node has made good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FailedPull {
    pub(crate) node: String,
    pub(crate) image: Reference,
    /// The kubelet's, raw.
    pub(crate) message: String,
    pub(crate) at: Timestamp,
}

/// The newest failure of each image on each node.
///
/// # Errors
///
/// As [`Cluster::list`].
pub(crate) async fn failed(cluster: &Cluster, namespace: &str) -> Result<Vec<FailedPull>, Error> {
    let about = |reason: &str| {
        ListParams::default().fields(&format!("involvedObject.kind=Pod,reason={reason}"))
    };
    let scope = Scope::Namespace(namespace);
    let (failed_before, pulled_before) = (about("Failed"), about("Pulled"));
    let (failed, pulled) = join(
        cluster.list::<Event>(scope, &failed_before),
        cluster.list::<Event>(scope, &pulled_before),
    )
    .await;
    Ok(newest(&failed?, &pulled?, cluster.now()))
}

fn newest(failed: &[Event], pulled: &[Event], now: Timestamp) -> Vec<FailedPull> {
    let good: Vec<_> = pulled.iter().filter_map(|event| told(event, "")).collect();
    let mut all: Vec<FailedPull> = Vec::new();
    for pull in failed
        .iter()
        .filter_map(|event| told(event, "Failed to pull image "))
    {
        let is_same =
            |other: &FailedPull| other.node == pull.node && other.image.name() == pull.image.name();
        let is_over = good
            .iter()
            .any(|other| is_same(other) && other.at >= pull.at);
        if is_over || now.duration_since(pull.at) > RECENT {
            continue;
        }
        match all.iter_mut().find(|other| is_same(other)) {
            Some(other) if other.at < pull.at => *other = pull,
            Some(_) => {}
            None => all.push(pull),
        }
    }
    all.sort_by(|a, b| (&a.node, &a.image).cmp(&(&b.node, &b.image)));
    all
}

/// The image that a message names between its first quotes, and the node that says so.
fn told(event: &Event, start: &str) -> Option<FailedPull> {
    let message = event
        .message
        .as_deref()
        .filter(|message| message.starts_with(start))?;
    let image = message.split('"').nth(1)?.parse().ok()?;
    let host = event.source.as_ref().and_then(|source| source.host.clone());
    let node = host
        .or(event.reporting_instance.clone())
        .filter(|node| !node.is_empty())?;
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    let exact = event.event_time.as_ref().map(|time| time.0);
    let first = event.first_timestamp.as_ref().map(|time| time.0);
    Some(FailedPull {
        node,
        image,
        message: message.to_owned(),
        at: last.or(exact).or(first)?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(reason: &str, node: &str, image: &str, minute: u32) -> Event {
        let message = match reason {
            "Failed" => format!("Failed to pull image \"{image}\": denied"),
            _ => format!("Successfully pulled image \"{image}\" in 1s"),
        };
        serde_json::from_value(json!({
            "metadata": {"name": "x"}, "involvedObject": {}, "reason": reason, "message": message,
            "source": {"host": node}, "lastTimestamp": format!("2026-06-06T10:{minute:02}:00Z"),
        }))
        .unwrap()
    }

    #[test]
    fn a_failure_counts_until_it_is_made_good_or_an_hour_old() {
        let failed = [
            event("Failed", "a", "ghcr.io/x/y:1", 10),
            event("Failed", "a", "ghcr.io/x/y:1", 12),
            event("Failed", "b", "ghcr.io/x/y:1", 10),
            event("Failed", "a", "docker.io/x/z:1", 0),
            event("Failed", "", "ghcr.io/x/y:1", 12),
        ];
        let pulled = [
            event("Pulled", "a", "ghcr.io/x/y:1", 11),
            event("Pulled", "b", "ghcr.io/x/y:1", 11),
        ];
        let now = "2026-06-06T11:05:00Z".parse().unwrap();
        let left = newest(&failed, &pulled, now);
        let left: Vec<_> = left
            .iter()
            .map(|pull| (pull.node.as_str(), pull.at.to_string()))
            .collect();
        assert_eq!(vec![("a", "2026-06-06T10:12:00Z".to_owned())], left);
    }
}
