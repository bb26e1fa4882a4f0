//! The words of `doctor`.

use clap::{Args, ValueEnum};

use super::Timeout;
use crate::render::rbac::Of;

pub(super) const EXAMPLES: &str = "\
Examples:
  kubectl tracebloc-images doctor -n tracebloc
  kubectl tracebloc-images doctor -n tracebloc -o short
  kubectl tracebloc-images doctor -n tracebloc --allowlist
  kubectl tracebloc-images doctor -n tracebloc --print-rbac=status | kubectl apply -f -
  kubectl tracebloc-images doctor -n tracebloc --wait 10m";

#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Doctor {
    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: DoctorFormat,

    /// Only releases whose labels match, as in `kubectl get -l`
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,

    /// End with 4 where there are only warnings
    #[arg(long)]
    pub(crate) strict: bool,

    /// Look again until nothing is wrong, at most this long: 30s, 10m
    #[arg(long, value_name = "DURATION")]
    pub(crate) wait: Option<Timeout>,

    /// Do not look from a pod: make no Job
    #[arg(long, conflicts_with_all = ["all_nodes", "probe_image"])]
    pub(crate) no_probe: bool,

    /// Have a node pull the latest of one image of each registry, by a Job that never runs it
    #[arg(long)]
    pub(crate) pull_test: bool,

    /// Look from a pod on each node that may run the refresher, not from one alone
    #[arg(long)]
    pub(crate) all_nodes: bool,

    /// The image of the pods that look; without it the refresher's own
    #[arg(long, value_name = "IMAGE")]
    pub(crate) probe_image: Option<String>,

    /// Print only the hosts that these images need, for whoever runs the firewall
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        conflicts_with_all = ["output", "wait", "print_rbac"]
    )]
    pub(crate) allowlist: Option<ListFormat>,

    /// Print only the Roles that a command needs, for kubectl apply
    #[arg(
        long,
        value_enum,
        value_name = "COMMAND",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "doctor",
        conflicts_with_all = ["output", "wait"]
    )]
    pub(crate) print_rbac: Option<Of>,
}

impl Doctor {
    /// The hosts that images need are known without a look from anywhere but here.
    pub(crate) fn looks_from_pods(&self) -> bool {
        !self.no_probe && self.allowlist.is_none()
    }
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DoctorFormat {
    /// The checks by groups, the diagnosis, what to do
    #[default]
    Table,
    /// Every group opened, with policies and hosts
    Wide,
    /// A few lines, made for a ticket
    Short,
    /// One DoctorReport document
    Json,
    /// The same document as YAML
    Yaml,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListFormat {
    /// One host and port per line
    Text,
    /// One AllowList document
    Json,
}
