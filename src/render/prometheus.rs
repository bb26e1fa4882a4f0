//! The fleet as metrics, for the node exporter's textfile collector.
//!
//! The text is both `OpenMetrics` (1.0) and the older format that the collector reads: gauges alone, no timestamps, and
//! the end marked. A state is one series per word, 1 where it holds and 0 where not. What is not known has no sample,
//! or `unknown` for a word: never a 0.

use std::fmt::Write as _;

use super::model::{Fleet, Image, ImageStatus, Item, StreakKind, Verdict};
use crate::health::{JobState, State};
use crate::text::{QUOTED, printable};

/// One sample of a family, without the family's name.
struct Sample {
    labels: Vec<(&'static str, String)>,
    value: i64,
}

/// Everything about the fleet, with a line feed at the end.
pub(crate) fn metrics(fleet: &Fleet) -> String {
    let releases: Vec<_> = fleet
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Release(status) => Some(&**status),
            Item::Unreachable(_) => None,
        })
        .collect();
    let of_each = |samples: fn(&ImageStatus) -> Vec<Sample>| -> Vec<Sample> {
        releases.iter().copied().flat_map(samples).collect()
    };
    let mut text = String::new();
    for (name, help, samples) in [
        (
            "context_reachable",
            "Whether the cluster behind the context answered.",
            contexts(fleet),
        ),
        (
            "places_not_looked_at",
            "Namespaces that were asked for and that nobody could look at, or groups of them.",
            vec![Sample::of(Vec::new(), fleet.incomplete.len())],
        ),
        (
            "observed_timestamp_seconds",
            "When the release was looked at, by the API server's clock.",
            of_each(|status| {
                let at = status.metadata.observed_at.0.as_second();
                vec![Sample::at(labels(status), at)]
            }),
        ),
        (
            "release_info",
            "The release, with its chart's version and the generation of its refresher.",
            of_each(info),
        ),
        (
            "release_state",
            "Whether the worst of the release's images, or its refresher, is in this state.",
            of_each(|status| states(&labels(status), status.state())),
        ),
        (
            "image_state",
            "Whether the image is in this state; it may be in several.",
            of_each(images),
        ),
        (
            "refresh_job_state",
            "Whether the refresh job does so; none where there is no job.",
            of_each(job),
        ),
        (
            "last_success_timestamp_seconds",
            "When a run of the refresh job last ended well.",
            of_each(last_success),
        ),
        (
            "streak",
            "How often in a row the refresher failed, or skipped.",
            of_each(|status| streaks(status, |streak| streak.count)),
        ),
        (
            "streak_limit",
            "At which streak the refresher gives up, or fails.",
            of_each(|status| streaks(status, |streak| streak.limit)),
        ),
        (
            "egress",
            "Whether the way to the registry is so, as this machine and as the cluster knows it.",
            of_each(egress),
        ),
        (
            "findings",
            "How many findings of this code there are.",
            of_each(findings),
        ),
        (
            "gaps",
            "How many things about the release could not be looked at.",
            of_each(|status| vec![Sample::of(labels(status), status.incomplete.len())]),
        ),
    ] {
        family(&mut text, name, help, &samples);
    }
    text.push_str("# EOF\n");
    text
}

/// A family without a sample is left out.
fn family(text: &mut String, name: &str, help: &str, samples: &[Sample]) {
    if samples.is_empty() {
        return;
    }
    let name = format!("tracebloc_images_{name}");
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
    for Sample { labels, value } in samples {
        let labels: Vec<_> = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
            .collect();
        let labels = match labels.as_slice() {
            [] => String::new(),
            labels => format!("{{{}}}", labels.join(",")),
        };
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}

/// As the text format has it; a line feed is not printable and gone by then.
fn escaped(value: &str) -> String {
    printable(value, QUOTED)
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
}

type Labels = Vec<(&'static str, String)>;

impl Sample {
    fn of(labels: Labels, count: usize) -> Self {
        Self::at(labels, i64::try_from(count).unwrap_or(i64::MAX))
    }

    const fn at(labels: Labels, value: i64) -> Self {
        Self { labels, value }
    }

    fn is(mut labels: Labels, label: &'static str, word: &str, holds: &str) -> Self {
        labels.push((label, word.to_owned()));
        Self::at(labels, i64::from(word == holds))
    }
}

fn labels(status: &ImageStatus) -> Labels {
    let metadata = &status.metadata;
    vec![
        ("context", metadata.context.clone()),
        ("namespace", metadata.namespace.clone()),
        ("release", metadata.name.clone()),
    ]
}

fn with(mut labels: Labels, more: impl IntoIterator<Item = (&'static str, String)>) -> Labels {
    labels.extend(more);
    labels
}

fn contexts(fleet: &Fleet) -> Vec<Sample> {
    fleet
        .contexts
        .iter()
        .map(|context| {
            let labels = vec![("context", context.name.clone())];
            Sample::at(labels, i64::from(context.releases.is_some()))
        })
        .collect()
}

fn info(status: &ImageStatus) -> Vec<Sample> {
    let chart = status.chart.version.clone().unwrap_or_default();
    let more = [
        ("chart", chart),
        ("generation", status.chart.generation.to_owned()),
    ];
    vec![Sample::of(with(labels(status), more), 1)]
}

fn states(labels: &Labels, holds: State) -> Vec<Sample> {
    State::ALL
        .into_iter()
        .map(|state| Sample::is(labels.clone(), "state", state.word(), holds.word()))
        .collect()
}

fn images(status: &ImageStatus) -> Vec<Sample> {
    let of_image = |image: &Image| -> Vec<Sample> {
        let each = image.names().flat_map(|name| {
            State::ALL.map(|state| {
                let more = [
                    ("image", name.to_string()),
                    ("state", state.word().to_owned()),
                ];
                Sample::at(with(labels(status), more), i64::from(image.is(state)))
            })
        });
        each.collect()
    };
    status.images.iter().flat_map(of_image).collect()
}

fn job(status: &ImageStatus) -> Vec<Sample> {
    const NONE: &str = "none";

    let job = status.refresh_job.as_ref();
    let holds = job.map_or(NONE, |job| job.state.word());
    JobState::ALL
        .into_iter()
        .map(JobState::word)
        .chain([NONE])
        .map(|word| Sample::is(labels(status), "state", word, holds))
        .collect()
}

fn last_success(status: &ImageStatus) -> Vec<Sample> {
    let job = status.refresh_job.as_ref();
    job.and_then(|job| job.last_success)
        .map(|time| Sample::at(labels(status), time.0.as_second()))
        .into_iter()
        .collect()
}

fn streaks(status: &ImageStatus, number: fn(&super::model::Streak) -> Option<u64>) -> Vec<Sample> {
    let known = status.streaks.iter().filter_map(|streak| {
        let kind = match streak.kind {
            StreakKind::IngestorResolve => "ingestor_lookups",
            StreakKind::RolloutAttempts => "rollout_attempts",
            StreakKind::SkippedTicks => "skipped_ticks",
        };
        let labels = with(labels(status), [("kind", kind.to_owned())]);
        let number = i64::try_from(number(streak)?).unwrap_or(i64::MAX);
        Some(Sample::at(labels, number))
    });
    known.collect()
}

fn egress(status: &ImageStatus) -> Vec<Sample> {
    let mut samples = Vec::new();
    for way in &status.egress {
        let here = way.workstation.as_ref().map(|answer| answer.result);
        for (vantage, result) in [
            ("workstation", here.unwrap_or(Verdict::Unknown)),
            ("cluster", way.cluster.result),
        ] {
            let more = [
                ("registry", way.registry.clone()),
                ("vantage", vantage.to_owned()),
            ];
            let labels = with(labels(status), more);
            samples.extend(["ok", "fail", "unknown"].map(|word| {
                let holds = match result {
                    Verdict::Ok => "ok",
                    Verdict::Fail => "fail",
                    Verdict::Unknown => "unknown",
                };
                Sample::is(labels.clone(), "result", word, holds)
            }));
        }
    }
    samples
}

/// One series for each code and outcome, whatever it is about.
fn findings(status: &ImageStatus) -> Vec<Sample> {
    let mut kinds: Vec<_> = status
        .findings
        .iter()
        .map(|finding| (finding.code, finding.outcome))
        .collect();
    kinds.sort_unstable();
    kinds
        .chunk_by(|a, b| a == b)
        .map(|alike| {
            let (code, outcome) = alike[0];
            let more = [
                ("code", code.to_string()),
                ("outcome", outcome.word().to_owned()),
            ];
            Sample::of(with(labels(status), more), alike.len())
        })
        .collect()
}

#[cfg(test)]
mod tests;
