//! Every contender at every distance, run after run in turn, so that what else the machine does meets all of them; a
//! contender that waits for a minute runs once, at all distances at the same time.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use crate::contender::{Contender, Run, Stand};
use crate::cost::Cost;
use crate::scene;
use crate::tools::Tools;

/// How often each contender runs. Odd, so that one run is the median.
pub(crate) const ROUNDS: usize = 7;

/// All runs at one distance.
pub(crate) struct Series {
    /// From the site to its registries and back.
    pub(crate) rtt: Duration,
    /// Of each contender its runs in their order, or why there are none.
    runs: BTreeMap<Contender, Result<Vec<Run>, String>>,
}

/// The fastest run, the one in the middle, and the slowest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) least: Duration,
    pub(crate) median: Duration,
    pub(crate) most: Duration,
}

/// One series per distance, in their order.
pub(crate) fn measure<const N: usize>(distances: [Duration; N], tools: &Tools) -> [Series; N] {
    let sites = distances.map(scene::site);
    let stands = sites.each_ref().map(|site| Stand::new(site, tools));
    let mut series = distances.map(|rtt| Series {
        rtt,
        runs: Contender::ALL.map(|it| (it, Ok(Vec::new()))).into(),
    });
    for _ in 0..ROUNDS {
        for contender in Contender::ALL.into_iter().filter(|it| !it.is_slow()) {
            for (series, stand) in series.iter_mut().zip(&stands) {
                series.add(contender, stand);
            }
        }
    }
    for contender in Contender::ALL.into_iter().filter(|it| it.is_slow()) {
        thread::scope(|scope| {
            for (series, stand) in series.iter_mut().zip(&stands) {
                scope.spawn(|| series.add(contender, stand));
            }
        });
    }
    series
}

impl Series {
    fn add(&mut self, contender: Contender, stand: &Stand) {
        let Some(Ok(runs)) = self.runs.get_mut(&contender) else {
            return;
        };
        match stand.run(contender) {
            Ok(run) => runs.push(run),
            Err(why) => drop(self.runs.insert(contender, Err(why))),
        }
    }

    /// How long a contender takes.
    ///
    /// # Errors
    ///
    /// Why it cannot be measured on this machine.
    pub(crate) fn elapsed(&self, contender: Contender) -> Result<Spread, &str> {
        let runs = self.runs[&contender].as_ref().map_err(String::as_str)?;
        let mut times: Vec<_> = runs.iter().map(|run| run.elapsed).collect();
        times.sort();
        Ok(Spread {
            least: times[0],
            median: times[times.len() / 2],
            most: times[times.len() - 1],
        })
    }

    /// What each run cost; empty where there is none.
    pub(crate) fn costs(&self, contender: Contender) -> Vec<Cost> {
        let runs = self.runs[&contender].as_deref().unwrap_or_default();
        runs.iter().map(|run| run.cost).collect()
    }
}

/// How many round trips a contender waits for.
///
/// That is what a longer way adds to its fastest run. Process start, API server and CPU time are the same at both
/// distances and drop out, and whatever else the machine does only makes runs slower.
///
/// # Errors
///
/// As [`Series::elapsed`].
pub(crate) fn waits<'a>(
    [near, far]: &'a [Series; 2],
    contender: Contender,
) -> Result<f64, &'a str> {
    let least = |series: &'a Series| -> Result<f64, &'a str> {
        Ok(series.elapsed(contender)?.least.as_secs_f64())
    };
    let farther = far.rtt.as_secs_f64() - near.rtt.as_secs_f64();
    Ok((least(far)? - least(near)?) / farther)
}
