//! Which server, as whom, in which namespace: kubeconfig files, environment and flags, merged as kubectl merges them.

use std::collections::HashSet;
use std::env;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{
    AuthInfo, Cluster, Context, KubeConfigOptions, Kubeconfig, KubeconfigError, LoadDataError,
    NamedAuthInfo, NamedCluster, NamedContext,
};

use crate::cli::Connection;
use crate::error::Error;
use crate::text;

/// The context's name where a pod's own account is used.
const IN_CLUSTER: &str = "in-cluster";

/// What to connect to.
pub(super) struct Target {
    pub(super) config: Config,
    pub(super) context: String,
    /// The kubeconfig's `proxy-url`.
    pub(super) proxy: Option<String>,
}

/// Decides what to connect to.
pub(super) async fn target(flags: &Connection) -> Result<Target, Error> {
    let merged = load(flags)?;
    let mut target = match merged {
        None if flags.server.is_none() => in_cluster()?,
        merged => selected(merged.unwrap_or_default(), flags).await?,
    };
    log_in_as(&mut target.config.auth_info, flags)?;
    Ok(target)
}

/// All files there are, the first to set a value wins. `None` when no file says anything.
fn load(flags: &Connection) -> Result<Option<Kubeconfig>, Error> {
    let mut merged = Kubeconfig::default();
    let mut seen = HashSet::new();
    for path in files(flags) {
        if !seen.insert(path.clone()) {
            continue;
        }
        let refuse = |error: &KubeconfigError| Error::Kubeconfig {
            path: path.display().to_string(),
            why: file_words(error),
        };
        let mut file = match Kubeconfig::read_from(&path) {
            // kubectl skips what is missing from a list, and insists on the file of --kubeconfig.
            Err(KubeconfigError::ReadConfig(error, _))
                if error.kind() == ErrorKind::NotFound && flags.kubeconfig.is_none() =>
            {
                continue;
            }
            file => file.map_err(|error| refuse(&error))?,
        };
        // `kubectl config unset` leaves an empty name, which says nothing.
        file.current_context = file.current_context.filter(|name| !name.is_empty());
        merged = merged.merge(file).map_err(|error| refuse(&error))?;
    }
    let is_empty =
        merged.contexts.is_empty() && merged.clusters.is_empty() && merged.auth_infos.is_empty();
    Ok((!is_empty).then_some(merged))
}

/// Where kubeconfigs are looked for, in order.
fn files(flags: &Connection) -> Vec<PathBuf> {
    if let Some(path) = &flags.kubeconfig {
        return vec![path.clone()];
    }
    let list = env::var_os("KUBECONFIG").unwrap_or_default();
    let listed: Vec<PathBuf> = env::split_paths(&list)
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    if !listed.is_empty() {
        return listed;
    }
    env::home_dir()
        .map(|home| home.join(".kube").join("config"))
        .into_iter()
        .collect()
}

/// The pod's own account, where there is one.
fn in_cluster() -> Result<Target, Error> {
    if env::var_os("KUBERNETES_SERVICE_HOST").is_none() {
        return Err(Error::NoConfiguration);
    }
    let config = Config::incluster().map_err(|error| Error::Setting {
        what: "the pod's own account".to_owned(),
        why: text::printable(&error.to_string(), text::QUOTED),
    })?;
    Ok(Target {
        config,
        context: IN_CLUSTER.to_owned(),
        proxy: None,
    })
}

/// The context, cluster and user that the flags name, else the current context's, with the flags' values in them.
async fn selected(kubeconfig: Kubeconfig, flags: &Connection) -> Result<Target, Error> {
    let contexts = || {
        kubeconfig
            .contexts
            .iter()
            .map(|named| named.name.clone())
            .collect()
    };
    let context_name = flags
        .context
        .as_ref()
        .or(kubeconfig.current_context.as_ref());
    let context = match context_name {
        Some(name) => {
            let found = kubeconfig.contexts.iter().find(|named| &named.name == name);
            found
                .ok_or_else(|| not_in("context", name, contexts()))?
                .context
                .clone()
                .unwrap_or_default()
        }
        // Flags alone can name a server.
        None if flags.server.is_some() || flags.cluster.is_some() => Context::default(),
        None => return Err(Error::NoContext { known: contexts() }),
    };

    let name = flags.cluster.as_deref().unwrap_or(&context.cluster);
    let mut cluster = if name.is_empty() {
        Cluster::default()
    } else {
        let found = kubeconfig.clusters.iter().find(|named| named.name == name);
        let known = || {
            kubeconfig
                .clusters
                .iter()
                .map(|named| named.name.clone())
                .collect()
        };
        found
            .ok_or_else(|| not_in("cluster", name, known()))?
            .cluster
            .clone()
            .unwrap_or_default()
    };

    let name = flags
        .user
        .as_deref()
        .or(context.user.as_deref())
        .unwrap_or_default();
    let user = if name.is_empty() {
        AuthInfo::default()
    } else {
        let found = kubeconfig
            .auth_infos
            .iter()
            .find(|named| named.name == name);
        let known = || {
            kubeconfig
                .auth_infos
                .iter()
                .map(|named| named.name.clone())
                .collect()
        };
        found
            .ok_or_else(|| not_in("user", name, known()))?
            .auth_info
            .clone()
            .unwrap_or_default()
    };

    point_at(&mut cluster, flags);
    let proxy = cluster.proxy_url.take().filter(|url| !url.is_empty());
    let server = cluster.server.clone().unwrap_or_default();
    let config = config(cluster, user, context.namespace, proxy.as_deref()).await?;
    Ok(Target {
        config,
        context: context_name.cloned().unwrap_or(server),
        proxy,
    })
}

/// The flags about the server.
fn point_at(cluster: &mut Cluster, flags: &Connection) {
    if let Some(ca) = &flags.certificate_authority {
        cluster.certificate_authority = Some(path_text(ca));
        cluster.certificate_authority_data = None;
        cluster.insecure_skip_tls_verify = None;
    }
    if flags.insecure_skip_tls_verify {
        cluster.insecure_skip_tls_verify = Some(true);
        cluster.certificate_authority = None;
        cluster.certificate_authority_data = None;
    }
    if let Some(server) = &flags.server {
        cluster.server = Some(server.clone());
        // The name belongs to the server that was left.
        cluster.tls_server_name = None;
    }
    if let Some(name) = &flags.tls_server_name {
        cluster.tls_server_name = Some(name.clone());
    }
    let secured = cluster.certificate_authority.is_some()
        || cluster.certificate_authority_data.is_some()
        || cluster.insecure_skip_tls_verify == Some(true);
    if let Some(server) = cluster
        .server
        .as_mut()
        .filter(|server| !server.contains("://"))
    {
        // As client-go completes an address without a scheme.
        *server = format!("{}://{server}", if secured { "https" } else { "http" });
    }
}

/// The flags about the user.
fn log_in_as(user: &mut AuthInfo, flags: &Connection) -> Result<(), Error> {
    if let Some(provider) = &user.auth_provider
        && provider.name != "oidc"
    {
        return Err(Error::Setting {
            what: format!(
                "auth provider {:?}",
                text::printable(&provider.name, text::QUOTED)
            ),
            why: "kubectl no longer has it; use its credential plugin (exec)".to_owned(),
        });
    }
    if let Some(token) = &flags.token {
        user.token = Some(token.0.clone().into());
        (user.token_file, user.exec, user.auth_provider) = (None, None, None);
        (user.username, user.password) = (None, None);
    }
    if let Some(path) = &flags.client_certificate {
        user.client_certificate = Some(path_text(path));
        user.client_certificate_data = None;
    }
    if let Some(path) = &flags.client_key {
        user.client_key = Some(path_text(path));
        user.client_key_data = None;
    }
    if let Some(name) = &flags.impersonate {
        user.impersonate = Some(name.clone());
    }
    if !flags.as_group.is_empty() {
        user.impersonate_groups = Some(flags.as_group.clone());
    }
    if let Some(uid) = &flags.as_uid {
        user.impersonate_uid = Some(uid.clone());
    }
    let groups = user
        .impersonate_groups
        .as_ref()
        .is_some_and(|groups| !groups.is_empty());
    if user.impersonate.is_none() && (groups || user.impersonate_uid.is_some()) {
        return Err(Error::Setting {
            what: "impersonation".to_owned(),
            why: "a group or user ID needs a user: pass --as".to_owned(),
        });
    }
    Ok(())
}

/// One cluster and one user through kube's loader, which reads the certificates.
async fn config(
    cluster: Cluster,
    user: AuthInfo,
    namespace: Option<String>,
    proxy: Option<&str>,
) -> Result<Config, Error> {
    let name = || "selected".to_owned();
    let context = Context {
        cluster: name(),
        user: Some(name()),
        namespace: namespace.filter(|namespace| !namespace.is_empty()),
        ..Context::default()
    };
    let one = Kubeconfig {
        clusters: vec![NamedCluster {
            name: name(),
            cluster: Some(Cluster {
                // Without one the loader would judge HTTPS_PROXY, by rules that are not kubectl's.
                proxy_url: Some("http://decided.elsewhere".to_owned()),
                ..cluster
            }),
            ..NamedCluster::default()
        }],
        auth_infos: vec![NamedAuthInfo {
            name: name(),
            auth_info: Some(user),
            ..NamedAuthInfo::default()
        }],
        contexts: vec![NamedContext {
            name: name(),
            context: Some(context),
            ..NamedContext::default()
        }],
        current_context: Some(name()),
        ..Kubeconfig::default()
    };
    let mut config = Config::from_custom_kubeconfig(one, &KubeConfigOptions::default())
        .await
        .map_err(|error| unusable(&error))?;
    config.proxy_url = None;
    if let Some(told) = config
        .auth_info
        .exec
        .as_mut()
        .and_then(|exec| exec.cluster.as_mut())
    {
        told.proxy_url = proxy.map(str::to_owned);
    }
    Ok(config)
}

/// What in the settings cannot be used, and why.
pub(super) fn unusable(error: &KubeconfigError) -> Error {
    let (what, why) = match error {
        KubeconfigError::MissingClusterUrl => ("server", "no address; pass --server".to_owned()),
        KubeconfigError::ParseClusterUrl(why) => ("server", why.to_string()),
        KubeconfigError::LoadCertificateAuthority(why) => {
            ("certificate authority", data_words(why))
        }
        KubeconfigError::ParseCertificates(why) => ("certificate authority", why.to_string()),
        KubeconfigError::LoadClientCertificate(why) => ("client certificate", data_words(why)),
        KubeconfigError::LoadClientKey(why) => ("client key", data_words(why)),
        other => ("kubeconfig", file_words(other)),
    };
    Error::Setting {
        what: what.to_owned(),
        why: text::printable(&why, text::QUOTED),
    }
}

fn data_words(error: &LoadDataError) -> String {
    match error {
        LoadDataError::ReadFile(why, path) => format!("{:?}: {why}", path.display().to_string()),
        LoadDataError::DecodeBase64(why) => why.to_string(),
        LoadDataError::NoBase64DataOrFile => "missing".to_owned(),
    }
}

/// Where a file is wrong, never what stands there: the parser's own words quote the lines around it.
fn file_words(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::ReadConfig(why, _) => why.to_string(),
        KubeconfigError::Parse(error) => match error.location() {
            Some(at) => format!(
                "not a kubeconfig: line {}, column {}",
                at.line(),
                at.column()
            ),
            None => "not a kubeconfig".to_owned(),
        },
        other => text::printable(&other.to_string(), text::QUOTED),
    }
}

fn not_in(kind: &'static str, name: &str, known: Vec<String>) -> Error {
    Error::NotInKubeconfig {
        kind,
        name: name.to_owned(),
        known,
    }
}

fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
