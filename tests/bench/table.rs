//! The measurements as Markdown: what the terminal shows and README.md holds.

use std::env;
use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use crate::bounds::Bound;
use crate::contender::Contender;
use crate::cost::Cost;
use crate::series::{ROUNDS, Series, waits};
use crate::start::Start;

const NONE: &str = "–";

pub(crate) fn page(
    series: &[Series; 2],
    bounds: &[Bound],
    start: Result<&Start, &String>,
) -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut page = format!(
        "Measured on {cores} cores, {}, in {ROUNDS} rounds.\n\n",
        env::consts::OS
    );
    page += &requests(series);
    page += "\n";
    page += &elapsed(series);
    page += "\n";
    page += &cpu(start);
    page += "\n| bound | measured | |\n|---|---|---|\n";
    for bound in bounds {
        let verdict = if bound.is_kept { "kept" } else { "**broken**" };
        let _ = writeln!(page, "| {} | {} | {verdict} |", bound.says, bound.measured);
    }
    page
}

fn cpu(start: Result<&Start, &String>) -> String {
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    match start {
        Ok(start) => {
            let (ours, theirs) = (ms(start.ours), ms(start.theirs));
            format!(
                "CPU time of a start: `--help` {ours:.1} ms, `kubectl version --client` {theirs:.1} ms.\n"
            )
        }
        Err(why) => format!("CPU time of a start: not measured: {why}\n"),
    }
}

/// Requests and connections do not depend on the distance: all series are one.
fn requests(series: &[Series]) -> String {
    let mut table = "\
| requests | API | API connections | tokens | warm-ups | HEAD | GET | to registries, together | registry connections |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
"
    .to_owned();
    for contender in Contender::ALL {
        let costs: Vec<_> = series.iter().flat_map(|it| it.costs(contender)).collect();
        let number = |number: fn(&Cost) -> usize| {
            let numbers = || costs.iter().map(number);
            match (numbers().min(), numbers().max()) {
                (Some(least), Some(most)) if least < most => format!("{least}–{most}"),
                (Some(least), _) => least.to_string(),
                (None, _) => NONE.to_owned(),
            }
        };
        let cells = [
            contender.title(),
            number(|cost| cost.api),
            number(|cost| cost.api_connections),
            number(|cost| cost.tokens),
            number(|cost| cost.pings),
            number(|cost| cost.heads),
            number(|cost| cost.gets),
            number(|cost| cost.tokens + cost.pings + cost.heads + cost.gets),
            number(|cost| cost.connections),
        ];
        let _ = writeln!(table, "| {} |", cells.join(" | "));
    }
    table
}

fn elapsed(series: &[Series; 2]) -> String {
    let mut table = "| elapsed | round trips waited for |".to_owned();
    for one in series {
        let _ = write!(
            table,
            " in round trips of {:?} | to `status`, cold |",
            one.rtt
        );
    }
    let _ = writeln!(table, "\n|---|--:|{}", "--:|--:|".repeat(series.len()));
    for contender in Contender::ALL {
        let waits = waits(series, contender);
        let waits = waits.map_or_else(|_| NONE.to_owned(), |waits| format!("{waits:.1}"));
        let mut row = format!("| {} | {waits} |", contender.title());
        for one in series {
            row += &against_ours(one, contender);
        }
        let _ = writeln!(table, "{row}");
    }
    table
}

fn against_ours(series: &Series, contender: Contender) -> String {
    let (spread, ours) = match (series.elapsed(contender), series.elapsed(Contender::Cold)) {
        (Ok(spread), Ok(ours)) => (spread, ours),
        (Err(why), _) | (_, Err(why)) => return format!(" not measured: {why} | {NONE} |"),
    };
    let trips = |time: Duration| time.div_duration_f64(series.rtt);
    let (median, least, most) = (
        trips(spread.median),
        trips(spread.least),
        trips(spread.most),
    );
    let ratio = spread.median.div_duration_f64(ours.median);
    format!(" {median:.1} ({least:.1}–{most:.1}) | {ratio:.2} |")
}
