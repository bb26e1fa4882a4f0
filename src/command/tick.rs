//! `tick`: one run of the refresher, with the environment, the annotations, the log and the exit codes of the chart's
//! script. Everything it says goes to stderr, as there.

use std::env;
use std::time::Duration;

use futures::future::join_all;

use super::stop::Stop;
use crate::capability::{Env, EnvValue};
use crate::cli;
use crate::cluster::connect::{Cluster, connect_from_pod};
use crate::cluster::tick::Workloads;
use crate::error::{Error, Exit};
use crate::image::{ManagedImage, Reference};
use crate::log::PREFIX;
use crate::registry::{CacheUse, Credentials, Options, Session};
use crate::terminal;
use crate::tick::{Latest, Plan, Seen, Step, Then, TickPolicy, begin, guard, refresh, words};

/// The script's ten seconds for a token, and ten for a manifest.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const LOOKUP_LIMIT: Duration = Duration::from_secs(20);

/// # Errors
///
/// Those of [`connect_from_pod`]. A tick that fails says why in its log.
pub(crate) async fn tick(connection: &cli::Connection) -> Result<Exit, Error> {
    let stop = Stop::new();
    let cluster = connect_from_pod(connection).await?;
    let policy = match TickPolicy::read(&environment()) {
        Ok(policy) => policy,
        Err(why) => {
            log(&words::unusable(&why));
            return Ok(Exit::Failed);
        }
    };
    let ended = Box::pin(run(&policy, &cluster, &stop)).await;
    Ok(ended.err().unwrap_or(Exit::Done))
}

/// Looks, decides and acts, by turns. `Err` is where the tick ended, and how.
async fn run(policy: &TickPolicy, cluster: &Cluster, stop: &Stop) -> Result<(), Exit> {
    end(say_all(&begin(policy)))?;
    let read = stop
        .or(Workloads::read(cluster, policy.jobs_manager()))
        .await?;
    let mut workloads = read.map_err(|error| fail(&words::unreadable(policy, &error)))?;
    if policy.waits_for_settled() {
        let settled = stop.or(workloads.settles()).await?;
        let rollout = settled.map_err(|error| fail(&words::uncounted(policy, &error)))?;
        let plan = guard(policy, &rollout, &workloads.record());
        Box::pin(carry_out(plan, policy, &mut workloads, stop)).await?;
    }
    let (record, in_use) = (workloads.record(), workloads.ingestor_in_use());
    let seen = Seen {
        record: &record,
        in_use: &in_use,
    };
    let latest = stop.or(latest(policy, seen)).await?;
    let plan = refresh(policy, seen, &latest);
    Box::pin(carry_out(plan, policy, &mut workloads, stop)).await
}

async fn carry_out(
    plan: Plan,
    policy: &TickPolicy,
    workloads: &mut Workloads<'_>,
    stop: &Stop,
) -> Result<(), Exit> {
    for step in &plan.steps {
        let done = match step {
            Step::Say(line) => {
                log(line);
                continue;
            }
            Step::Wait(target) => {
                let say = |how_far: &str| log(&words::waiting(target, how_far));
                stop.or(workloads.wait(target, policy.rollout_limit, say))
                    .await?
            }
            write => stop.finish(Box::pin(workloads.carry_out(write))).await?,
        };
        match (done, step) {
            (Ok(()), _) => {}
            (Err(error), Step::Clear { what, .. }) => log(&words::uncleared(what, &error)),
            (Err(error), _) => return Err(fail(&words::failed(&error))),
        }
    }
    end(plan.then)
}

/// What the tags name. A digest that is about to be set, or recorded, is believed only once its manifest has been fetched
/// and hashed.
async fn latest(policy: &TickPolicy, seen: Seen<'_>) -> Latest {
    let (images, references): (Vec<ManagedImage>, Vec<Reference>) =
        policy.lookups().into_iter().unzip();
    if images.is_empty() {
        return Latest::new();
    }
    let session = match Session::open(Options {
        credentials: Credentials::Never,
        cache: CacheUse::Off,
        connect_limit: CONNECT_LIMIT,
        lookup_limit: LOOKUP_LIMIT,
    }) {
        Ok(session) => session,
        Err(failure) => {
            return images
                .into_iter()
                .map(|image| (image, Err(failure.clone())))
                .collect();
        }
    };
    let session = &session;
    let found = session.lookup_all(&references).await;
    let proven = images.into_iter().zip(&references).zip(found).map(
        |((image, reference), found)| async move {
            let digest = match found {
                Ok(resolved) => resolved.digest,
                Err(failure) => return (image, Err(failure)),
            };
            if seen.is_in_sync(image, &digest) {
                return (image, Ok(digest));
            }
            let manifest = session.fresh_manifest(reference, &digest).await;
            (image, manifest.map(|manifest| manifest.digest))
        },
    );
    join_all(proven).await.into_iter().collect()
}

/// A plan that says something and does nothing.
fn say_all(plan: &Plan) -> Then {
    for step in &plan.steps {
        if let Step::Say(line) = step {
            log(line);
        }
    }
    plan.then
}

fn end(then: Then) -> Result<(), Exit> {
    match then {
        Then::Look => Ok(()),
        Then::End(exit) => Err(exit),
    }
}

fn fail(line: &str) -> Exit {
    log(line);
    Exit::Failed
}

fn log(line: &str) {
    terminal::say(&format!("{PREFIX}{line}\n"));
}

/// The environment of this process, in the vocabulary of a container's.
fn environment() -> Env {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let literal = |(name, value)| (text(name), EnvValue::Literal(text(value)));
    Env(env::vars_os().map(literal).collect())
}
