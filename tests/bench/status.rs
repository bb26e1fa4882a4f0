//! Requests and round trips of `status`, beside what one would type without it: on one simulated site, in one run.
//!
//! `cargo bench --bench status` prints what it measures and fails when a bound is broken; with `-- --write` it also
//! puts the numbers into README.md. What they mean, and what they do not say, stands there.

mod bounds;
mod client;
mod contender;
mod cost;
mod crowd;
mod readme;
mod scene;
mod series;
mod start;
mod table;
mod tools;
#[path = ".."]
mod world {
    #[expect(
        dead_code,
        unreachable_pub,
        unused_imports,
        clippy::struct_field_names,
        reason = "the bench needs one scene of many, and nothing that fails"
    )]
    pub(crate) mod sim;
}

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use crowd::Crowd;
use start::Start;
use tools::Tools;

/// The plugin, built as it is released.
const OURS: &str = env!("CARGO_BIN_EXE_kubectl-tracebloc_images");

/// From the site to the registries and back: within a continent, and across an ocean.
const DISTANCES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(120)];

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == client::WORD) {
        return client::run(&words[1..]);
    }
    let tools = Tools::build();
    let series = series::measure(DISTANCES, &tools);
    let start = Start::measure(&tools);
    let bounds = bounds::bounds(&series, Crowd::measure(), start.as_ref());
    let page = table::page(&series, &bounds, start.as_ref());
    say(&page);
    if words.iter().any(|word| word == "--write") {
        if tools.kubectl.is_err() || tools.crane.is_err() || start.is_err() {
            say("README.md stays as it is: not everything was measured");
            return ExitCode::FAILURE;
        }
        readme::write("measured", &format!("\n{page}\n"));
    }
    if bounds.iter().all(|bound| bound.is_kept) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn say(text: &str) {
    writeln!(io::stdout(), "{text}").expect("somebody reads this");
}
