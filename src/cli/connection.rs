//! kubectl's own flags: how to reach the cluster.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgAction, Args};

use super::RequestTimeout;

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
    #[arg(long, global = true, hide_short_help = true, value_name = "NAME")]
    pub(crate) cluster: Option<String>,

    /// Use this user of the kubeconfig instead of the context's
    #[arg(long, global = true, hide_short_help = true, value_name = "NAME")]
    pub(crate) user: Option<String>,

    /// Look in this namespace instead of the context's
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(crate) namespace: Option<String>,

    /// Act as this user, or as a service account: system:serviceaccount:NAMESPACE:NAME
    #[arg(
        long = "as",
        global = true,
        hide_short_help = true,
        value_name = "USER"
    )]
    pub(crate) impersonate: Option<String>,

    /// Act as a member of this group; may be repeated
    #[arg(long, global = true, hide_short_help = true, value_name = "GROUP", action = ArgAction::Append)]
    pub(crate) as_group: Vec<String>,

    /// Act under this user ID
    #[arg(long, global = true, hide_short_help = true, value_name = "UID")]
    pub(crate) as_uid: Option<String>,

    /// Give up on a request after this long: 30s, 1m30s, or 5 for seconds; 0 waits for ever.
    /// Unless given 60s, and 10s for each of several contexts
    #[arg(long, global = true, value_name = "DURATION")]
    pub(crate) request_timeout: Option<RequestTimeout>,

    /// Talk to the API server at this address instead of the cluster's
    #[arg(short, long, global = true, hide_short_help = true, value_name = "URL")]
    pub(crate) server: Option<String>,

    /// Log in with this bearer token
    #[arg(long, global = true, hide_short_help = true, value_name = "TOKEN")]
    pub(crate) token: Option<Secret>,

    /// Log in with this client certificate, a PEM file
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub(crate) client_certificate: Option<PathBuf>,

    /// The key of the client certificate, a PEM file
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub(crate) client_key: Option<PathBuf>,

    /// Trust API servers with certificates of this CA, a PEM file
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "FILE",
        conflicts_with = "insecure_skip_tls_verify"
    )]
    pub(crate) certificate_authority: Option<PathBuf>,

    /// Do not check the API server's certificate; registries' are always checked
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) insecure_skip_tls_verify: bool,

    /// Expect this name in the API server's certificate
    #[arg(long, global = true, hide_short_help = true, value_name = "NAME")]
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

impl Connection {
    /// The flag, if one is given, that places one cluster or holds a login that no other may see.
    pub(super) fn of_one_cluster(&self) -> Option<&'static str> {
        let flags = [
            ("--context", self.context.is_some()),
            ("--cluster", self.cluster.is_some()),
            ("--user", self.user.is_some()),
            ("--server", self.server.is_some()),
            ("--token", self.token.is_some()),
            ("--client-certificate", self.client_certificate.is_some()),
            ("--client-key", self.client_key.is_some()),
            (
                "--certificate-authority",
                self.certificate_authority.is_some(),
            ),
            ("--tls-server-name", self.tls_server_name.is_some()),
        ];
        flags
            .into_iter()
            .find_map(|(flag, is_given)| is_given.then_some(flag))
    }
}
