//! The words of `completion`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

pub(super) const EXAMPLES: &str = "\
Examples:
  kubectl tracebloc-images completion install
  source <(kubectl tracebloc-images completion bash)";

const INSTALL_EXAMPLES: &str = "\
Examples:
  kubectl tracebloc-images completion install
  kubectl tracebloc-images completion install --dir ~/.local/bin";

const UNINSTALL_EXAMPLES: &str = "\
Examples:
  kubectl tracebloc-images completion uninstall
  kubectl tracebloc-images completion uninstall --dir ~/.local/bin";

#[derive(Args, Debug)]
pub(crate) struct Completion {
    #[command(subcommand)]
    pub(crate) command: CompletionCommand,
}

#[derive(Subcommand, Debug)]
pub(crate) enum CompletionCommand {
    /// Print the script for bash, which completes kubectl-tracebloc_images
    Bash,
    /// Print the script for zsh
    Zsh,
    /// Print the script for fish
    Fish,
    /// Print the script for PowerShell
    Powershell,
    /// Let kubectl's own completion (1.26 or later) complete this plugin
    ///
    /// Puts two lines, kubectl_complete-tracebloc_images, beside the plugin; kubectl asks them when you press the tab
    /// key behind `kubectl tracebloc-images`. kubectl's own completion must be set up in your shell. A file of that name
    /// that is somebody else's stays as it is.
    #[command(after_help = INSTALL_EXAMPLES)]
    Install(Place),
    /// Remove what install has put there
    #[command(after_help = UNINSTALL_EXAMPLES)]
    Uninstall(Place),
}

#[derive(Args, Debug)]
pub(crate) struct Place {
    /// The folder, which must be on PATH; without it krew's, else the one on PATH that holds this plugin
    #[arg(long, value_name = "FOLDER")]
    pub(crate) dir: Option<PathBuf>,
}
