//! The words of the command line, parsed into the types of this crate. Looks at nothing but them.
//!
//! Short flags mean what they mean in kubectl. A flag may be negative here (`--no-headers`); past this file it is not.

#![expect(
    clippy::doc_markdown,
    reason = "the comments of flags are the manual, which has no backticks"
)]

mod timeout;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::PossibleValue;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::health::State;
use crate::image::ManagedImage;
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
  kubectl tracebloc-images status -n tracebloc --watch";

const REFRESH_EXAMPLES: &str = "\
Examples:
  kubectl tracebloc-images refresh -n tracebloc
  kubectl tracebloc-images refresh ingestor -n tracebloc --now
  kubectl tracebloc-images refresh -n tracebloc --dry-run -o yaml
  kubectl tracebloc-images refresh -n tracebloc --pull-test
  kubectl tracebloc-images refresh -n tracebloc --rearm";

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

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Show per image what runs, what was recorded, what the tag names now, and what to do next
    #[command(after_help = format!("{STATUS_EXAMPLES}\n\n{FLAGS_FIRST}"))]
    Status(Status),

    /// Move images to what their tags name now: plan, ask, pull, patch, wait, verify, record
    #[command(after_help = format!("{REFRESH_EXAMPLES}\n\n{FLAGS_FIRST}"))]
    Refresh(Refresh),

    /// Print the version of this plugin and of the API server
    Version(Version),

    /// Print the JSON Schema of what a command prints with -o json
    Schema(Schema),

    /// Print a page of the manual
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

/// How registries are asked.
#[derive(Args, Debug)]
#[command(next_help_heading = "Registries")]
pub(crate) struct Lookups {
    /// From where registries are asked what a tag names now
    #[arg(long, value_enum, default_value_t, value_name = "WHERE")]
    pub(crate) from: From,

    /// Ask no registry: the same as --from=none
    #[arg(long, conflicts_with = "from")]
    pub(crate) offline: bool,

    /// Never use stored registry logins
    #[arg(long)]
    pub(crate) anonymous: bool,

    /// Neither read nor write the cache of manifests
    #[arg(long)]
    pub(crate) no_cache: bool,
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
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum From {
    /// From this machine
    #[default]
    Workstation,
    /// Not at all
    None,
}

#[derive(Args, Debug)]
pub(crate) struct Refresh {
    /// Only these images: ingestor, jobs-manager, pods-monitor, resource-monitor, requests-proxy
    #[arg(value_name = "IMAGE")]
    pub(crate) images: Vec<ManagedImage>,

    /// Do not wait for the next tick and do not ask; every check still applies
    #[arg(
        long,
        visible_alias = "yes",
        short_alias = 'y',
        visible_short_alias = 'y'
    )]
    pub(crate) now: bool,

    /// How to print plan and report
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: RefreshFormat,

    /// Print the plan and change nothing; with server, have the API server check every patch
    #[arg(
        long,
        value_enum,
        value_name = "WHERE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "client",
        conflicts_with_all = ["now", "rearm"]
    )]
    pub(crate) dry_run: Option<DryRun>,

    /// Have a node pull the exact digest before the first patch
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        num_args = 0..=1,
        require_equals = true,
        default_value = "auto",
        default_missing_value = "only"
    )]
    pub(crate) pull_test: PullTest,

    /// Go on past what stands in the way; never past a pin, a mirror or a failed pull test
    #[arg(long)]
    pub(crate) force: bool,

    /// First remove the counters that keep the refresh job from trying again
    #[arg(long)]
    pub(crate) rearm: bool,

    /// Give up after this long, all steps together
    #[arg(long, value_name = "DURATION", default_value = "10m")]
    pub(crate) timeout: Timeout,

    /// Only the release whose labels match, as in `kubectl get -l`
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,

    #[command(flatten)]
    pub(crate) lookups: Lookups,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RefreshFormat {
    /// The plan, and a line per step
    #[default]
    Table,
    /// One RefreshReport, or with --dry-run one RefreshPlan
    Json,
    /// The same document as YAML
    Yaml,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DryRun {
    /// Send no patch
    Client,
    /// Send every patch without its being carried out
    Server,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PullTest {
    /// Before the first patch, where a node is known
    Auto,
    /// And do nothing else
    Only,
    Skip,
}

#[derive(Args, Debug)]
pub(crate) struct Version {
    /// Only this plugin's version: asks nobody
    #[arg(long)]
    pub(crate) client: bool,

    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: VersionFormat,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum VersionFormat {
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

/// How to reach the cluster: kubectl's own flags.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection, as in kubectl")]
pub(crate) struct Connection {
    /// Read this kubeconfig instead of those in KUBECONFIG or ~/.kube/config
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// Use this context of the kubeconfig instead of the current one
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// Use this cluster of the kubeconfig instead of the context's
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) cluster: Option<String>,

    /// Use this user of the kubeconfig instead of the context's
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) user: Option<String>,

    /// Look in this namespace instead of the context's
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(crate) namespace: Option<String>,

    /// Act as this user, or as a service account: system:serviceaccount:NAMESPACE:NAME
    #[arg(long = "as", global = true, value_name = "USER")]
    pub(crate) impersonate: Option<String>,

    /// Act as a member of this group; may be repeated
    #[arg(long, global = true, value_name = "GROUP", action = ArgAction::Append)]
    pub(crate) as_group: Vec<String>,

    /// Act under this user ID
    #[arg(long, global = true, value_name = "UID")]
    pub(crate) as_uid: Option<String>,

    /// Give up on a request after this long: 30s, 1m30s, or 5 for seconds; 0 waits for ever
    // As long as an API server works on a request by default.
    #[arg(long, global = true, value_name = "DURATION", default_value = "60s")]
    pub(crate) request_timeout: RequestTimeout,

    /// Talk to the API server at this address instead of the cluster's
    #[arg(short, long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,

    /// Log in with this bearer token
    #[arg(long, global = true, value_name = "TOKEN")]
    pub(crate) token: Option<Secret>,

    /// Log in with this client certificate, a PEM file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) client_certificate: Option<PathBuf>,

    /// The key of the client certificate, a PEM file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) client_key: Option<PathBuf>,

    /// Trust API servers with certificates of this CA, a PEM file
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        conflicts_with = "insecure_skip_tls_verify"
    )]
    pub(crate) certificate_authority: Option<PathBuf>,

    /// Do not check the API server's certificate; registries' are always checked
    #[arg(long, global = true)]
    pub(crate) insecure_skip_tls_verify: bool,

    /// Expect this name in the API server's certificate
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) tls_server_name: Option<String>,
}

/// A word of the command line that nothing prints.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
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
