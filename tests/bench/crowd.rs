//! What `status` asks the API server, with one pod behind each workload and with a hundred.

use std::process::Command;
use std::time::Duration;

use crate::OURS;
use crate::scene;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::journal::rounds;

pub(crate) const FEW: usize = 1;
pub(crate) const MANY: usize = 100;

/// How long every answer takes, so that questions asked together are seen to overlap.
const PAUSE: Duration = Duration::from_millis(100);

/// Questions to the API server in one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Questions {
    pub(crate) requests: usize,
    /// How many of them had to wait for one another.
    pub(crate) rounds: usize,
}

/// With [`FEW`] pods, and with [`MANY`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowd {
    pub(crate) few: Questions,
    pub(crate) many: Questions,
}

impl Crowd {
    pub(crate) fn measure() -> Self {
        Self {
            few: questions(FEW),
            many: questions(MANY),
        }
    }
}

fn questions(pods: usize) -> Questions {
    let site = scene::crowded(pods);
    site.cluster
        .fault(Fault::on("", "").does(Act::Delay(PAUSE)));
    let output = Command::new(OURS)
        .args(["status", "-o", "json"])
        .env_clear()
        .envs(site.env())
        .output()
        .expect("it starts");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{words}", output.status);
    let log = site.cluster.log();
    Questions {
        requests: log.len(),
        rounds: rounds(&log),
    }
}
