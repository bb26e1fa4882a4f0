//! Logins that are renewed: the command under `exec` in a kubeconfig, run once, and again only when its token expires;
//! and a file that holds a token, read again each minute and when the server takes the token no longer.
//!
//! kube runs a plugin once for a token and again for a certificate, and its errors hold what the plugin printed: a
//! token. Of a file it sends the line end too, and a token that was revoked for up to a minute.

use std::fs;
use std::io::{ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use kube::Config;
use kube::config::{ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::error::Error;
use crate::text;

/// A token is renewed this long before it expires, so that it does not on its way.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// Whether a plugin may ask the person at the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    OnTerminal,
    /// Several plugins run side by side: none gets the terminal, and each is given so long.
    Never(Option<Duration>),
}

/// As client-go: the kubelet writes a pod's token anew long before the old one expires.
const REREAD: SignedDuration = SignedDuration::from_secs(60);

/// A token, and where the next one comes from.
pub(super) struct Credentials {
    source: Source,
    token: Mutex<Token>,
}

enum Source {
    Plugin(Box<ExecConfig>, Asking),
    File(PathBuf),
}

struct Token {
    header: HeaderValue,
    /// Whether the server has taken it.
    accepted: bool,
    /// `None` when it does not say.
    expires: Option<Timestamp>,
}

/// What a plugin prints (`client.authentication.k8s.io`, `ExecCredential`). The rest of it is not read.
#[derive(Deserialize)]
struct ExecCredential {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<Timestamp>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Runs the plugin that `config` names, if it names one, or reads the file.
///
/// A certificate goes into `config`, for as long as the process runs; a token comes back.
pub(super) async fn obtain(
    config: &mut Config,
    asking: Asking,
) -> Result<Option<Credentials>, Error> {
    let login = &mut config.auth_info;
    if login.token.is_none()
        && let Some(path) = login.token_file.take()
    {
        let path = PathBuf::from(path);
        let token = Mutex::new(written(&path)?);
        let source = Source::File(path);
        return Ok(Some(Credentials { source, token }));
    }
    let Some(plugin) = login.exec.take() else {
        return Ok(None);
    };
    let status = run(plugin.clone(), asking).await?;
    if let (Some(certificate), Some(key)) =
        (&status.client_certificate_data, &status.client_key_data)
    {
        config.auth_info.client_certificate_data = Some(BASE64_STANDARD.encode(certificate));
        config.auth_info.client_key_data = Some(BASE64_STANDARD.encode(key).into());
    }
    match token(&plugin, status)? {
        Some(token) => Ok(Some(Credentials {
            source: Source::Plugin(Box::new(plugin), asking),
            token: Mutex::new(token),
        })),
        None => Ok(None),
    }
}

impl Credentials {
    /// The value of `Authorization`, with a token that is good for another minute as far as anybody knows.
    pub(super) async fn header(&self) -> Result<HeaderValue, Error> {
        let mut token = self.token.lock().await;
        let is_due = |expires: Timestamp| Timestamp::now() + MARGIN > expires;
        if token.expires.is_some_and(is_due) {
            match (self.source.token().await, &self.source) {
                (Ok(Some(fresh)), _) => *token = fresh,
                (Ok(None), _) => {}
                // A file that was there at the start may be taken away: the last token goes on.
                (Err(_), Source::File(_)) => {
                    token.expires = Some(Timestamp::now() + MARGIN + REREAD);
                }
                (Err(error), Source::Plugin(..)) => return Err(error),
            }
        }
        Ok(token.header.clone())
    }

    /// Notes that the server has taken this token.
    pub(super) async fn accept(&self, header: &HeaderValue) {
        let mut token = self.token.lock().await;
        token.accepted |= token.header == *header;
    }

    /// Another token in place of one that the server takes no longer, as a revoked one. `None` where there is no other: a
    /// plugin whose token was never taken would give the same again.
    pub(super) async fn instead_of(
        &self,
        rejected: &HeaderValue,
    ) -> Result<Option<HeaderValue>, Error> {
        let mut token = self.token.lock().await;
        if token.header != *rejected {
            return Ok(Some(token.header.clone()));
        }
        match &self.source {
            Source::Plugin(..) if !token.accepted => return Ok(None),
            Source::Plugin(..) => {
                if let Some(fresh) = self.source.token().await? {
                    *token = fresh;
                }
            }
            Source::File(_) => match self.source.token().await {
                Ok(Some(fresh)) if fresh.header != *rejected => *token = fresh,
                Ok(_) | Err(_) => return Ok(None),
            },
        }
        Ok(Some(token.header.clone()))
    }
}

impl Source {
    /// The token that there is now. `None` where a plugin gives none any more.
    async fn token(&self) -> Result<Option<Token>, Error> {
        match self {
            Self::Plugin(plugin, asking) => {
                let status = run((**plugin).clone(), *asking).await?;
                token(plugin, status)
            }
            Self::File(path) => written(path).map(Some),
        }
    }
}

/// The token in a file, without the line end that an editor leaves.
fn written(path: &Path) -> Result<Token, Error> {
    let unusable = |why: String| Error::Setting {
        what: "token file".to_owned(),
        why: format!("{:?}: {why}", path.display().to_string()),
    };
    let text = fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    let mut header = HeaderValue::try_from(format!("Bearer {}", text.trim()))
        .map_err(|_| unusable("it is not one line of text".to_owned()))?;
    header.set_sensitive(true);
    Ok(Token {
        header,
        accepted: false,
        expires: Some(Timestamp::now() + MARGIN + REREAD),
    })
}

fn token(plugin: &ExecConfig, status: Status) -> Result<Option<Token>, Error> {
    let Some(token) = status.token.filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    let mut header = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| failure(plugin, "its token is not one line of text"))?;
    header.set_sensitive(true);
    Ok(Some(Token {
        header,
        accepted: false,
        expires: status.expiration_timestamp,
    }))
}

/// Off the runtime's thread: a plugin may wait for a browser, and Ctrl-C must work meanwhile.
async fn run(plugin: ExecConfig, asking: Asking) -> Result<Status, Error> {
    let slow = failure(&plugin, "no answer in time");
    let run = tokio::task::spawn_blocking(move || run_here(&plugin, asking));
    let ended = match asking {
        Asking::Never(Some(limit)) => match tokio::time::timeout(limit, run).await {
            Ok(ended) => ended,
            Err(_) => return Err(alone(slow)),
        },
        Asking::Never(None) | Asking::OnTerminal => run.await,
    };
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

fn run_here(plugin: &ExecConfig, asking: Asking) -> Result<Status, Error> {
    let (terminal, stderr) = match asking {
        Asking::OnTerminal => (std::io::stdin().is_terminal(), Stdio::inherit()),
        Asking::Never(_) => (false, Stdio::null()),
    };
    let failure = |why: &str| match asking {
        Asking::OnTerminal => failure(plugin, why),
        Asking::Never(_) => alone(failure(plugin, why)),
    };
    let interactive = match plugin.interactive_mode {
        Some(ExecInteractiveMode::Never) => false,
        Some(ExecInteractiveMode::Always) if !terminal => {
            return Err(failure(match asking {
                Asking::OnTerminal => "it must ask, and standard input is not a terminal",
                Asking::Never(_) => "it must ask, and several contexts are looked at",
            }));
        }
        Some(ExecInteractiveMode::Always | ExecInteractiveMode::IfAvailable) | None => terminal,
    };
    let mut command = Command::new(plugin.command.as_deref().unwrap_or_default());
    command
        .args(plugin.args.iter().flatten())
        .env("KUBERNETES_EXEC_INFO", info(plugin, interactive))
        .stdin(if interactive {
            Stdio::inherit()
        } else {
            Stdio::null()
        })
        .stderr(stderr);
    for variable in plugin.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    let output = command.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => not_found(plugin),
        _ => failure(&error.to_string()),
    })?;
    if !output.status.success() {
        return Err(failure(&output.status.to_string()));
    }
    // The output may be YAML. It holds a secret, so the parser's words, which quote it, are not passed on.
    serde_saphyr::from_slice::<ExecCredential>(&output.stdout)
        .ok()
        .and_then(|credential| credential.status)
        .ok_or_else(|| failure("it did not print an ExecCredential with a status"))
}

/// Of a plugin that may have needed the terminal: alone, it has it.
fn alone(error: Error) -> Error {
    match error {
        Error::CredentialPlugin { command, why, .. } => Error::CredentialPlugin {
            command,
            why,
            install: Some(
                "beside other contexts it gets no terminal; log in with --context, this one alone"
                    .to_owned(),
            ),
        },
        other => other,
    }
}

/// What the plugin is told: its own API version, whether it may ask, and the cluster if it wants to know.
fn info(plugin: &ExecConfig, interactive: bool) -> String {
    serde_json::json!({
        "kind": "ExecCredential",
        "apiVersion": plugin.api_version,
        "spec": { "interactive": interactive, "cluster": plugin.cluster },
    })
    .to_string()
}

fn failure(plugin: &ExecConfig, why: &str) -> Error {
    Error::CredentialPlugin {
        command: text::printable(plugin.command.as_deref().unwrap_or_default(), text::QUOTED),
        why: text::printable(why, text::QUOTED),
        install: None,
    }
}

fn not_found(plugin: &ExecConfig) -> Error {
    let install = plugin
        .install_hint
        .as_deref()
        .map(|hint| text::printable(hint, text::QUOTED));
    match failure(plugin, "executable not found") {
        Error::CredentialPlugin { command, why, .. } => Error::CredentialPlugin {
            command,
            why,
            install,
        },
        other => other,
    }
}
