//! The whole command in this process, against simulated sites whose controllers are at work.

mod crash;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clap::Parser;
use serde_json::Value;
use tokio::sync::Notify;

use super::*;
use crate::cli::{Cli, Command};
use crate::registry::{CacheUse, Credentials, Network, Options};
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::store::{At, Store};
use crate::world::sim::site::Site;

/// Everything happens at once here: what is waited for only needs to be seen.
const PACE: Pace = Pace {
    interval: Duration::from_millis(2),
    answer: Duration::from_secs(10),
    events_after: Duration::from_secs(600),
    api_lost: Duration::from_secs(10),
    steady: 3,
};

/// Methods, and what is in their paths: a review of rights is a question, however it is sent.
const WRITES: [(&str, &str); 3] = [("POST", "/jobs"), ("PATCH", ""), ("DELETE", "")];

/// `refresh --now` with these flags, until it ends or `death` comes.
fn run(site: &Site, flags: &[&str], death: Option<&Notify>) -> Option<Result<Exit, Error>> {
    let kubeconfig = site.cluster.kubeconfig().display().to_string();
    let words = ["x", "refresh", "--now", "--kubeconfig", &kubeconfig];
    let cli = Cli::try_parse_from(words.iter().chain(flags)).unwrap();
    let Command::Refresh(args) = cli.command else {
        panic!("another command")
    };
    let session = Session::on(
        Network::of(&site.internet),
        Options {
            credentials: Credentials::Never,
            cache: CacheUse::Off,
            connect_limit: Duration::from_secs(20),
            lookup_limit: Duration::from_secs(30),
        },
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let run = refresh_through(Ok(&session), PACE, &args, cli.screen, &cli.connection);
        let death = async {
            match death {
                Some(death) => death.notified().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = death => None,
            ended = Box::pin(run) => Some(ended),
        }
    })
}

/// Tells when the API server has done the nth write from now on, before its answer is sent.
fn after_write(site: &Site, nth: usize) -> Arc<Notify> {
    let reached = Arc::new(Notify::new());
    let writes = Arc::new(AtomicUsize::new(0));
    for (method, path) in WRITES {
        let (writes, reached) = (Arc::clone(&writes), Arc::clone(&reached));
        let then = move |_: &mut Store| {
            if writes.fetch_add(1, Ordering::SeqCst) + 1 == nth {
                reached.notify_one();
            }
        };
        site.cluster
            .fault(Fault::on(method, path).does(Act::Then(Arc::new(then))));
    }
    reached
}

/// Every Deployment and DaemonSet: its record, and what its containers are set to.
fn state(site: &Site) -> Vec<Value> {
    let all = |kind| {
        let at = At::new(kind, "", "").resource;
        site.cluster.store(|store| store.all(at, None))
    };
    let workloads = all("Deployment").into_iter().chain(all("DaemonSet"));
    workloads
        .map(|one| {
            serde_json::json!({
                "name": one["metadata"]["name"],
                "record": one["metadata"]["annotations"],
                "restart": one["spec"]["template"]["metadata"]["annotations"],
                "containers": one["spec"]["template"]["spec"]["containers"],
            })
        })
        .collect()
}
