//! The words of the command line, parsed into the types of this crate. Looks at nothing but them.
//!
//! Short flags mean what they mean in kubectl. A flag may be negative here (`--no-headers`); past this file it is not.

#![expect(
    clippy::doc_markdown,
    reason = "the comments of flags are the manual, which has no backticks"
)]

mod completion;
mod connection;
mod doctor;
mod lookups;
mod refresh;
mod timeout;

use clap::builder::PossibleValue;
use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::codes::Code;
use crate::glob::Glob;
use crate::health::State;
use crate::image::ManagedImage;
pub(crate) use completion::{Completion, CompletionCommand};
pub(crate) use connection::Connection;
pub(crate) use doctor::{Doctor, DoctorFormat, ListFormat};
pub(crate) use lookups::{From, Lookups};
pub(crate) use refresh::{DryRun, PullTest, Refresh, RefreshFormat};
pub(crate) use timeout::{RequestTimeout, Timeout};

const FLAGS_FIRST: &str = "\
Flags stand after the plugin's name: `kubectl tracebloc-images status -n tracebloc`. Before it,
kubectl itself refuses them: \"flags cannot be placed before plugin name\".";

const EXAMPLES: &str = "\
Examples:
  kubectl tracebloc-images status -n tracebloc
  kubectl tracebloc-images status ingestor -n tracebloc -o wide
  kubectl tracebloc-images status -n tracebloc -o json --context berlin-edge";

const STATUS_EXAMPLES: &str = "\
Examples:
  kubectl tracebloc-images status -n tracebloc
  kubectl tracebloc-images status ingestor jobs-manager -n tracebloc -o wide
  kubectl tracebloc-images status -n tracebloc --state stuck,broken --exit-code
  kubectl tracebloc-images status -n tracebloc -o json --offline
  kubectl tracebloc-images status -n tracebloc --watch
  kubectl tracebloc-images status -A --state stuck,broken
  kubectl tracebloc-images status --contexts 'edge-*' -o json";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  kubectl tracebloc-images explain TBI-302
  kubectl tracebloc-images explain --all";

const TICK_EXAMPLES: &str = "\
Examples:
  kubectl tracebloc-images tick                           # in the CronJob's container
  kubectl tracebloc-images tick --kubeconfig ./edge.yaml  # elsewhere, in the same environment";

const VERSION_EXAMPLES: &str = "\
Examples:
  kubectl tracebloc-images version --client
  kubectl tracebloc-images version -o json --context berlin-edge";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  kubectl tracebloc-images schema status > image-status.schema.json
  kubectl tracebloc-images schema doctor";

const HELP_EXAMPLES: &str = "\
Examples:
  kubectl tracebloc-images help refresh
  kubectl tracebloc-images help exit-codes";

/// Shows what the container images of a tracebloc client do, and why
#[derive(Parser, Debug)]
#[command(
    name = "kubectl-tracebloc_images",
    bin_name = "kubectl tracebloc-images",
    version,
    disable_version_flag = true,
    disable_help_subcommand = true,
    color = clap::ColorChoice::Never,
    max_term_width = 100,
    after_help = format!("{EXAMPLES}\n\n{FLAGS_FIRST}")
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) screen: Screen,

    #[command(flatten)]
    pub(crate) connection: Connection,

    /// Print the version of this plugin
    #[arg(long, action = ArgAction::Version)]
    version: (),
}

impl Cli {
    /// What the parser cannot see. Metrics are a file that is written as a whole, not changes. And flags of a
    /// connection, which may stand before the subcommand, do not go with several clusters where they place one, or hold
    /// a login that no other may see.
    pub(crate) fn checked(self) -> Result<Self, clap::Error> {
        let conflict =
            |message: String| Err(Self::command().error(ErrorKind::ArgumentConflict, message));
        let status = match &self.command {
            Command::Status(status) => status,
            Command::Refresh(refresh) if refresh.lookups.from == From::Cluster => {
                return conflict(
                    "'refresh' proves what it sets from this machine: it has no '--from cluster'"
                        .to_owned(),
                );
            }
            _ => return Ok(self),
        };
        if status.lookups.from == From::Cluster
            && (status.watch || status.all_namespaces || !status.contexts.is_empty())
        {
            return conflict(
                "the argument '--from cluster' makes a pod: it cannot be used with '--watch', '--all-namespaces' or '--contexts'".to_owned(),
            );
        }
        if status.watch && status.quiet {
            return conflict("the argument '--watch' cannot be used with '--quiet'".to_owned());
        }
        if status.watch && status.output == StatusFormat::Prometheus {
            return conflict(
                "the argument '--watch' cannot be used with '--output prometheus'".to_owned(),
            );
        }
        match self.connection.of_one_cluster() {
            Some(flag) if !status.contexts.is_empty() => conflict(format!(
                "the argument '--contexts <GLOB>' cannot be used with '{flag}'"
            )),
            _ => Ok(self),
        }
    }
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Show per image what runs, what was recorded, what the tag names now, and what to do next
    #[command(after_help = format!("{STATUS_EXAMPLES}\n\n{FLAGS_FIRST}"))]
    Status(Status),

    /// Move images to what their tags name now: plan, ask, pull, patch, wait, verify, record
    #[command(after_help = format!("{}\n\n{FLAGS_FIRST}", refresh::EXAMPLES))]
    Refresh(Refresh),
    /// Find out what keeps images from being refreshed, and what to ask for
    #[command(after_help = format!("{}\n\n{FLAGS_FIRST}", doctor::EXAMPLES))]
    Doctor(Doctor),

    /// Say what a code means and what to do about it, offline; without a code, list them
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),

    /// Run the refresher once, as its CronJob does: for the CronJob's own container
    ///
    /// Reads what the chart puts into the environment of the container `refresh`, and logs to stderr. Uses the account
    /// of its pod, or a kubeconfig that --kubeconfig names.
    #[command(after_help = TICK_EXAMPLES)]
    Tick,

    /// Complete this plugin's words in your shell
    #[command(after_help = completion::EXAMPLES)]
    Completion(Completion),

    /// Print the version of this plugin, of the API server and of the charts in the namespace
    #[command(after_help = VERSION_EXAMPLES)]
    Version(Version),

    /// Print the JSON Schema of what a command prints with -o json
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema(Schema),

    /// Print a page of the manual
    #[command(after_help = HELP_EXAMPLES)]
    Help(Help),
}

#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Status {
    /// Only these images: ingestor, jobs-manager, pods-monitor, resource-monitor, requests-proxy
    #[arg(value_name = "IMAGE")]
    pub(crate) images: Vec<ManagedImage>,

    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: StatusFormat,

    /// One line for each release of the cluster
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,

    /// One line for each release behind these contexts of the kubeconfig: 'edge-*,lab'
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    pub(crate) contexts: Vec<Glob>,

    /// Only releases whose labels match, as in `kubectl get -l`
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,

    /// Keep watching, and print again what changes
    #[arg(short, long)]
    pub(crate) watch: bool,

    /// Only images in these states: stuck, broken, stale, drifted, frozen, unknown, held, mirrored, current
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = state)]
    pub(crate) state: Vec<State>,

    /// End with the code of what was found (see `help exit-codes`) instead of 0
    #[arg(long)]
    pub(crate) exit_code: bool,

    /// Leave out the line of column names
    #[arg(long)]
    pub(crate) no_headers: bool,

    /// Print digests and messages in full
    #[arg(long)]
    pub(crate) no_trunc: bool,

    /// Print nothing; implies --exit-code
    #[arg(short, long)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) lookups: Lookups,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StatusFormat {
    /// One line per image, and what is wrong with it
    #[default]
    Table,
    /// The table with every group opened
    Wide,
    /// One ImageStatus document
    Json,
    /// The same document as YAML
    Yaml,
    /// One line per release, made for chat
    Short,
    /// Metrics for the node exporter's textfile collector
    Prometheus,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// TBI-302, or 302
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<Code>,

    /// Every code in full, instead of a list
    #[arg(long, conflicts_with = "code")]
    pub(crate) all: bool,

    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: PlainFormat,
}

#[derive(Args, Debug)]
pub(crate) struct Version {
    /// Only this plugin's version: asks nobody
    #[arg(long)]
    pub(crate) client: bool,

    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: PlainFormat,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PlainFormat {
    #[default]
    Text,
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct Schema {
    /// Which document
    #[arg(value_enum, value_name = "DOCUMENT")]
    pub(crate) document: Document,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    /// What `status -o json` prints
    Status,
    /// What `refresh --dry-run -o json` prints
    Plan,
    /// What `refresh -o json` prints
    Report,
    /// What `doctor -o json` prints
    Doctor,
}

#[derive(Args, Debug)]
pub(crate) struct Help {
    /// Which page; without one, the first
    #[arg(value_enum, value_name = "PAGE")]
    pub(crate) page: Option<Page>,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Status,
    Refresh,
    Doctor,
    Explain,
    Tick,
    Completion,
    Version,
    Schema,
    /// What each exit code means
    ExitCodes,
}

/// The words that print a page, where it is a command's.
pub(crate) fn words_for(page: Option<Page>) -> Vec<std::ffi::OsString> {
    let page = page.and_then(|page| page.to_possible_value());
    let command = page.as_ref().map(PossibleValue::get_name);
    ["kubectl-tracebloc_images"]
        .into_iter()
        .chain(command)
        .chain(["--help"])
        .map(Into::into)
        .collect()
}

/// What the terminal can show.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Screen")]
pub(crate) struct Screen {
    /// When to colour; auto asks NO_COLOR, CLICOLOR_FORCE, TERM and whether this is a terminal
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,

    /// Use no signs outside ASCII
    #[arg(long, global = true)]
    pub(crate) ascii: bool,

    /// Show requests on stderr: 6 with answers, 7 with headers, 8 with bodies; never logins
    #[arg(
        short = 'v',
        long = "v",
        global = true,
        default_value_t = 0,
        value_name = "N"
    )]
    pub(crate) verbosity: u8,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// Screens write two of the words in capitals; either is understood.
fn state(word: &str) -> Result<State, String> {
    State::ALL
        .into_iter()
        .find(|state| state.word().eq_ignore_ascii_case(word))
        .ok_or_else(|| {
            format!(
                "no such state; one or more of: {}",
                State::ALL.map(State::word).join(", ")
            )
        })
}

#[cfg(test)]
mod tests;
