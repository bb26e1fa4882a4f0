//! How registries are asked: flags of every command that does.

use clap::{Args, ValueEnum};

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
pub(crate) enum From {
    /// From this machine
    #[default]
    Workstation,
    /// From a pod like the refresher's, which is made for it and removed; status of one namespace only
    Cluster,
    /// Not at all
    None,
}
