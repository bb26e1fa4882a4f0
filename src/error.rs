//! What went wrong, in words a person can act on, and the exit codes that scripts rely on.
//!
//! An error says what was being done, to which object, and why not, in the words of whoever refused: the API server,
//! the operating system, a proxy. It holds words, never a foreign error type, and never a secret. A part that could
//! not be looked at is data, not an error; an error ends the command.

use std::process::ExitCode;
use std::time::Duration;

use crate::codes::Code;
use crate::text;

/// Why a command ended, or why one question to the API server has no answer.
///
/// Every `why` is one printable line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("connect to the cluster: no configuration has been provided")]
    NoConfiguration,

    #[error("read kubeconfig {path:?}: {why}")]
    Kubeconfig { path: String, why: String },

    #[error("connect to the cluster: the kubeconfig has no current context")]
    NoContext {
        /// The names of all contexts, in the order of the files.
        known: Vec<String>,
    },

    /// A name on the command line, or one that a context refers to.
    #[error("connect to the cluster: {kind} {name:?} does not exist in the kubeconfig")]
    NotInKubeconfig {
        /// `context`, `cluster` or `user`.
        kind: &'static str,
        name: String,
        known: Vec<String>,
    },

    #[error("choose contexts: none of the kubeconfig's matches {glob:?}")]
    NoContextMatches {
        glob: String,
        /// The names that are most like it, the nearest first.
        near: Vec<String>,
    },

    /// A value of the kubeconfig, the environment or the command line that cannot be used.
    #[error("connect to the cluster: {what}: {why}")]
    Setting { what: String, why: String },

    #[error("run the credential plugin {command:?}: {why}")]
    CredentialPlugin {
        command: String,
        why: String,
        /// What the kubeconfig says about installing it; `None` when it says nothing, or the plugin was found.
        install: Option<String>,
    },

    #[error("reach the API server {server}: {why}")]
    Unreachable { server: String, why: String },

    #[error("trust the certificate of the API server {server}: {why}")]
    Certificate { server: String, why: String },

    #[error("{call}: no answer from {server} within {}", seconds(*limit))]
    TimedOut {
        call: Call,
        server: String,
        limit: Duration,
    },

    #[error("{call}: {why}")]
    Unauthorized { call: Call, why: String },

    #[error("{call}: {why}")]
    Forbidden { call: Call, why: String },

    #[error("{call}: {why}")]
    Missing { call: Call, why: String },

    /// A list or a watch that the server can no longer continue (410).
    #[error("{call}: {why}")]
    Expired { call: Call, why: String },

    /// The object is no longer the one that was seen (409).
    #[error("{call}: {why}")]
    Conflict { call: Call, why: String },

    /// There is an object of that name already (409).
    #[error("{call}: {why}")]
    Exists { call: Call, why: String },

    /// The server is busy and did nothing (429).
    #[error("{call}: {why}")]
    Busy {
        call: Call,
        why: String,
        /// What the server asked to wait; zero where it did not say.
        retry_after: Duration,
    },

    /// The server will never take this request: a value is not allowed, an admission policy is against it.
    #[error("{call}: {why}")]
    Rejected { call: Call, why: String },

    /// The server failed, or an answer is not the API server's.
    #[error("{call}: {why}")]
    Answer { call: Call, why: String },

    /// A rollout that has failed, or was not over in its time.
    #[error("{call}: {why}")]
    NotRolledOut { call: Call, why: String },

    #[error("run a tick: this is not a pod of the cluster, and no --kubeconfig is given")]
    NotInPod,

    #[error("no tracebloc release in namespace {namespace:?}")]
    NoRelease {
        namespace: String,
        /// The namespaces that have one; empty where they could not be listed.
        elsewhere: Vec<String>,
    },

    /// More releases than one, where only one can be meant.
    #[error("{} releases in namespace {namespace:?}: {}", names.len(), names.join(", "))]
    SeveralReleases {
        namespace: String,
        names: Vec<String>,
    },

    /// Nobody can be asked, and nobody said yes beforehand; `or` is what there is beside `--now`.
    #[error("refresh needs confirmation; {why}")]
    Unconfirmed { why: String, or: &'static str },

    /// The file through which kubectl completes a plugin's words.
    #[error("{doing} {path:?}: {why}")]
    Completion {
        /// `install` or `remove`.
        doing: &'static str,
        path: String,
        why: String,
    },

    #[error("write the answer: {why}")]
    Output { why: String },
}

impl Error {
    /// The next thing to do; `None` rather than something vague.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoConfiguration => "set KUBECONFIG, or pass --kubeconfig or --server".to_owned(),
            Self::Kubeconfig { .. } => "check --kubeconfig and KUBECONFIG".to_owned(),
            Self::NoContext { known } => one_of("name one with --context", known)?,
            Self::NotInKubeconfig { kind, known, .. } => one_of(&format!("{kind}s there"), known)?,
            Self::NoContextMatches { near, .. } => one_of("the nearest", near)?,
            Self::Setting { .. }
            | Self::Output { .. }
            | Self::Expired { .. }
            | Self::Exists { .. }
            | Self::Rejected { .. }
            | Self::Answer { .. } => return None,
            Self::SeveralReleases { .. } => {
                "choose one with -l app.kubernetes.io/instance=NAME".to_owned()
            }
            Self::Completion { .. } => "name another folder on PATH with --dir".to_owned(),
            Self::Unconfirmed { or, .. } => format!("run it again with --now{or}"),
            Self::NotRolledOut { .. } => "look at its pods and their events".to_owned(),
            Self::NotInPod => {
                "a tick counts and clears for the pods of the cluster; to run one from here all the same, pass --kubeconfig"
                    .to_owned()
            }
            Self::Conflict { .. } => {
                "somebody else changed it; look again, and run this again".to_owned()
            }
            Self::Busy { .. } => "run this again when the API server has time".to_owned(),
            Self::CredentialPlugin { install, .. } => install.clone().unwrap_or_else(|| {
                "it stands under exec in the kubeconfig; kubectl runs the same one".to_owned()
            }),
            Self::Unreachable { .. } => {
                "check the network and the proxy, then: kubectl cluster-info".to_owned()
            }
            Self::Certificate { .. } => {
                "name its CA with --certificate-authority, its name with --tls-server-name"
                    .to_owned()
            }
            Self::TimedOut { .. } => "give it longer with --request-timeout".to_owned(),
            Self::Unauthorized { .. } => {
                "log in again, then check with: kubectl auth whoami".to_owned()
            }
            Self::Forbidden { call, .. } => {
                format!(
                    "ask for the right; check with: kubectl auth can-i {}",
                    call.right
                )
            }
            Self::Missing { .. } => "check the name, and the namespace given with -n".to_owned(),
            Self::NoRelease { elsewhere, .. } => one_of("name its namespace with -n", elsewhere)
                .unwrap_or_else(|| {
                    "name its namespace with -n, or list releases with: helm list -A".to_owned()
                }),
        };
        Some(hint)
    }

    /// The code that describes the situation; `None` where none does.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } => Some(Code::ApiUnreachable),
            Self::Certificate { .. } => Some(Code::ApiCertificate),
            Self::CredentialPlugin { .. } => Some(Code::CredentialPlugin),
            Self::Forbidden { .. } => Some(Code::RightMissing),
            Self::NoRelease { .. } => Some(Code::NoRelease),
            Self::Conflict { .. } => Some(Code::ChangedUnderneath),
            Self::NotRolledOut { .. } => Some(Code::ProgressDeadline),
            Self::NoConfiguration
            | Self::NotInPod
            | Self::Kubeconfig { .. }
            | Self::NoContext { .. }
            | Self::NotInKubeconfig { .. }
            | Self::NoContextMatches { .. }
            | Self::Setting { .. }
            | Self::Unauthorized { .. }
            | Self::Missing { .. }
            | Self::Expired { .. }
            | Self::Exists { .. }
            | Self::Busy { .. }
            | Self::Rejected { .. }
            | Self::Answer { .. }
            | Self::SeveralReleases { .. }
            | Self::Unconfirmed { .. }
            | Self::Completion { .. }
            | Self::Output { .. } => None,
        }
    }
}

impl Error {
    /// How a command ends that this error ends.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::SeveralReleases { .. } | Self::Unconfirmed { .. } | Self::NotInPod => Exit::Usage,
            _ => Exit::Failed,
        }
    }

    /// Whether a write that ended so may have been carried out all the same.
    pub(crate) const fn may_have_happened(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::TimedOut { .. }
                | Self::Answer { .. }
                | Self::Expired { .. }
        )
    }

    /// Whether the same question may be answered a moment later.
    pub(crate) const fn is_passing(&self) -> bool {
        self.may_have_happened() || matches!(self, Self::Busy { .. })
    }

    /// What stands on the terminal: a line with the error and its code, and one with the hint.
    pub(crate) fn message(&self) -> String {
        let code = self.code().map(|code| format!(" ({code})"));
        let error = format!("error: {self}{}", code.unwrap_or_default());
        let hint = self.hint().map(|hint| format!("hint: {hint}"));
        let lines = [Some(error), hint].into_iter().flatten();
        // Names in it come from the kubeconfig and the cluster.
        let lines: Vec<_> = lines
            .map(|line| text::printable(&line, usize::MAX))
            .collect();
        lines.join("\n") + "\n"
    }
}

/// One question to the API server, as an error names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// `list deployments in namespace "tracebloc"`.
    pub(crate) doing: String,
    /// The right it takes, as `kubectl auth can-i` spells it: `list deployments.apps -n tracebloc`.
    pub(crate) right: String,
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.doing)
    }
}

/// `prefix: a, b`; `None` when there is nothing to list.
fn one_of(prefix: &str, names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("{prefix}: {}", names.join(", ")))
}

/// `30s`, `1.5s`: as the flag takes it.
fn seconds(limit: Duration) -> String {
    format!("{}s", limit.as_secs_f64())
}

/// How a command ended. Frozen: scripts rely on the numbers.
///
/// Declared in the order of precedence: of several, the greatest is the command's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    Done,
    Behind,
    Incomplete,
    Found,
    TimedOut,
    Failed,
    Usage,
    Terminated,
    Interrupted,
}

impl Exit {
    /// In the order of the codes.
    const ALL: [Self; 9] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Found,
        Self::Behind,
        Self::Incomplete,
        Self::TimedOut,
        Self::Interrupted,
        Self::Terminated,
    ];

    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Found => 3,
            Self::Behind => 4,
            Self::Incomplete => 5,
            Self::TimedOut => 7,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// `None` for a number that ends no command of ours.
    pub(crate) fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| exit.code() == code)
    }

    const fn meaning(self) -> &'static str {
        match self {
            Self::Done => {
                "done, healthy, or nothing to do; status without --exit-code, whatever it shows"
            }
            Self::Failed => {
                "could not do the job: API server unreachable, kubeconfig unusable, a required read forbidden"
            }
            Self::Usage => "wrong usage",
            Self::Found => {
                "found: stuck, broken or silently not refreshed (status --exit-code); a check fails (doctor); refused or failed (refresh)"
            }
            Self::Behind => {
                "found: only stale, drifted or frozen images (status --exit-code); only warnings (doctor --strict)"
            }
            Self::Incomplete => {
                "incomplete: nothing failed, but something could not be looked at (status --exit-code, doctor) or moved (refresh)"
            }
            Self::TimedOut => "timed out; what was begun may still finish, nothing was undone",
            Self::Interrupted => "interrupted (Ctrl-C)",
            Self::Terminated => "terminated (SIGTERM)",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What `help exit-codes` prints.
pub(crate) fn exit_codes() -> String {
    let table: Vec<String> = Exit::ALL
        .iter()
        .map(|exit| format!("{:<4} {}\n", exit.code(), exit.meaning()))
        .collect();
    let mut gravest_first = Exit::ALL;
    gravest_first.sort_by(|a, b| b.cmp(a));
    let order = gravest_first.map(|exit| exit.code().to_string()).join(", ");
    format!(
        "{}\nWhen several apply, the first of these is given: {order}.\n",
        table.concat()
    )
}

#[cfg(test)]
mod tests;
