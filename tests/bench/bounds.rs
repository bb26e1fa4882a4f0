//! What `status` promises, held by the measurements.

use std::time::Duration;

use crate::contender::Contender;
use crate::cost::Cost;
use crate::crowd::{Crowd, FEW, MANY};
use crate::scene::{IMAGES, REGISTRIES};
use crate::series::{Series, waits};
use crate::start::Start;

const SECOND: &str = "second look of `-w`";
const IMAGE_COUNT: usize = IMAGES.len();

/// Round trips to the registries that a cold look may wait for.
const COLD: u32 = 5;
/// The same, of a look that follows a change: tags were looked up less than a minute ago.
const SECOND_LOOK: u32 = 0;
/// The same, of a look that asks for the tags again: connections are open, manifests in the cache, and the token of
/// ghcr.io, which names no lifetime, is a minute old and renewed.
const TAGS_AGAIN: u32 = 2;
/// Of a round trip, what the machine may blur: a whole one would be a wait too many.
const BLUR: f64 = 0.25;
/// What a look may take beyond its round trips and the same look with `--offline`: handshakes, at both ends of each
/// connection, and the simulation's clock, which makes each round trip up to 2 ms longer.
const WORK: Duration = Duration::from_millis(50);
/// Sequential rounds of requests to the API server.
const API_ROUNDS: usize = 2;
/// Of the CPU time of `kubectl version --client`.
const START: f64 = 0.1;

/// One promise.
pub(crate) struct Bound {
    pub(crate) says: String,
    pub(crate) measured: String,
    pub(crate) is_kept: bool,
}

pub(crate) fn bounds(
    series: &[Series; 2],
    crowd: Crowd,
    start: Result<&Start, &String>,
) -> Vec<Bound> {
    let mut bounds = vec![
        requests(
            series,
            Contender::Cold,
            "cold, per registry one token and at most one warm-up; per image one HEAD, and one GET of its manifest",
            |cost| {
                cost.tokens == REGISTRIES
                    && cost.pings <= REGISTRIES
                    && cost.heads == IMAGE_COUNT
                    && cost.gets == IMAGE_COUNT
            },
        ),
        requests(
            series,
            Contender::Warm,
            "with manifests in the cache, the same without a GET",
            |cost| {
                cost.tokens == REGISTRIES
                    && cost.pings <= REGISTRIES
                    && cost.heads == IMAGE_COUNT
                    && cost.gets == 0
            },
        ),
        requests(
            series,
            Contender::SecondLook,
            "second look of `-w`, within a minute of the first: asks no registry",
            |cost| cost.heads + cost.tokens + cost.pings + cost.gets + cost.connections == 0,
        ),
        requests(
            series,
            Contender::TagsAgain,
            "the tags again, a minute later: the HEADs, on open connections, and a token where the last one names no lifetime",
            |cost| {
                cost.heads == IMAGE_COUNT
                    && cost.tokens < REGISTRIES
                    && cost.pings + cost.gets + cost.connections == 0
            },
        ),
        round_trips(series, Contender::Cold, "cold", COLD),
        total(series, (Contender::Cold, Contender::Offline), "cold", COLD),
        round_trips(series, Contender::SecondLook, SECOND, SECOND_LOOK),
        total(
            series,
            (Contender::SecondLook, Contender::OfflineSecondLook),
            SECOND,
            SECOND_LOOK,
        ),
        round_trips(series, Contender::TagsAgain, "the tags again", TAGS_AGAIN),
        Bound {
            says: format!("rounds of API requests that wait for one another: at most {API_ROUNDS}"),
            measured: crowd.many.rounds.to_string(),
            is_kept: crowd.few.rounds <= API_ROUNDS && crowd.many.rounds <= API_ROUNDS,
        },
        Bound {
            says: format!("API requests with {FEW} pod per workload and with {MANY}: the same"),
            measured: format!("{} and {}", crowd.few.requests, crowd.many.requests),
            is_kept: crowd.few.requests == crowd.many.requests,
        },
    ];
    if let Ok(start) = start {
        let ratio = start.ours.as_secs_f64() / start.theirs.as_secs_f64();
        bounds.push(Bound {
            says: format!("CPU time of `--help`: at most {START} of `kubectl version --client`'s"),
            measured: format!("{ratio:.3}"),
            is_kept: ratio <= START,
        });
    }
    bounds
}

/// Holds every single run: a request too many is no matter of chance.
fn requests(
    series: &[Series],
    contender: Contender,
    says: &str,
    are_right: impl Fn(&Cost) -> bool,
) -> Bound {
    let costs: Vec<_> = series.iter().flat_map(|it| it.costs(contender)).collect();
    let fits = |cost: &Cost| cost.repeated == 0 && are_right(cost);
    let worst = costs.iter().find(|cost| !fits(cost)).or(costs.first());
    Bound {
        says: says.to_owned(),
        measured: worst.map_or_else(String::new, |cost| {
            let Cost {
                tokens,
                pings,
                heads,
                gets,
                ..
            } = cost;
            format!("{tokens} tokens, {pings} warm-ups, {heads} HEADs, {gets} GETs")
        }),
        is_kept: !costs.is_empty() && costs.iter().all(fits),
    }
}

fn round_trips(series: &[Series; 2], contender: Contender, which: &str, limit: u32) -> Bound {
    let waits = waits(series, contender);
    Bound {
        says: format!("{which}, round trips waited for: at most {limit} (and {BLUR} of blur)"),
        measured: waits.map_or_else(str::to_owned, |waits| format!("{waits:.2}")),
        is_kept: waits.is_ok_and(|waits| waits <= f64::from(limit) + BLUR),
    }
}

/// Holds the fastest runs: what else the machine does makes a run slower, never faster.
fn total(
    series: &[Series],
    (online, offline): (Contender, Contender),
    which: &str,
    limit: u32,
) -> Bound {
    let beyond = |series: &Series| {
        let online = series.elapsed(online).ok()?.least;
        let offline = series.elapsed(offline).ok()?.least;
        Some(online.saturating_sub(offline + series.rtt * limit))
    };
    let beyond: Vec<_> = series.iter().map(|it| (it.rtt, beyond(it))).collect();
    let measured = beyond.iter().map(|(rtt, beyond)| match beyond {
        Some(beyond) => format!("{} ms at {rtt:?}", beyond.as_millis()),
        None => format!("not measured at {rtt:?}"),
    });
    Bound {
        says: format!(
            "{which}, beyond {limit} round trips and the same with `--offline`: at most {WORK:?}"
        ),
        measured: measured.collect::<Vec<_>>().join(", "),
        is_kept: beyond
            .iter()
            .all(|(_, beyond)| beyond.is_some_and(|beyond| beyond <= WORK)),
    }
}
