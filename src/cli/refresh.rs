//! The words of `refresh`.

#![expect(
    clippy::doc_markdown,
    reason = "the comments of flags are the manual, which has no backticks"
)]

use clap::{Args, ValueEnum};

use super::{Lookups, Timeout};
use crate::image::ManagedImage;

pub(super) const EXAMPLES: &str = "\
Examples:
  kubectl tracebloc-images refresh -n tracebloc
  kubectl tracebloc-images refresh ingestor -n tracebloc --now
  kubectl tracebloc-images refresh -n tracebloc --dry-run -o yaml
  kubectl tracebloc-images refresh -n tracebloc --pull-test
  kubectl tracebloc-images refresh -n tracebloc --in-cluster
  kubectl tracebloc-images refresh -n tracebloc --rearm";

#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
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

    /// Start the release's own refresh job now instead, and follow it
    #[arg(long, conflicts_with_all = ["images", "dry_run", "pull_test", "rearm", "output"])]
    pub(crate) in_cluster: bool,

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
