//! Which server, as whom, in which namespace: what the kubeconfig says, with the flags in it, as kubectl decides it.

use std::env;
use std::path::Path;

use kube::Config;
use kube::config::{
    AuthInfo, Cluster, Context, KubeConfigOptions, Kubeconfig, NamedAuthInfo, NamedCluster,
    NamedContext,
};

use super::kubeconfig::{load, unusable};
use crate::cli::Connection;
use crate::error::Error;
use crate::text;

/// The context's name where a pod's own account is used.
const IN_CLUSTER: &str = "in-cluster";

/// The token of a pod's own account.
const POD_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// What to connect to.
pub(super) struct Target {
    pub(super) config: Config,
    pub(super) context: String,
    /// The kubeconfig's `proxy-url`.
    pub(super) proxy: Option<String>,
    /// Those that contexts of the same cluster name.
    pub(super) namespaces: Vec<String>,
}

/// Decides what to connect to.
pub(super) async fn target(flags: &Connection) -> Result<Target, Error> {
    let names = [&flags.context, &flags.cluster, &flags.user, &flags.server];
    match load(flags)? {
        None if names.iter().all(|name| name.is_none()) => with_login(in_cluster()?, flags),
        merged => of_files(&merged.unwrap_or_default(), flags).await,
    }
}

/// As [`target`], of kubeconfigs that have been read.
pub(super) async fn of_files(files: &Kubeconfig, flags: &Connection) -> Result<Target, Error> {
    with_login(selected(files, flags).await?, flags)
}

fn with_login(mut target: Target, flags: &Connection) -> Result<Target, Error> {
    log_in(&mut target.config.auth_info, flags)?;
    act_as(&mut target.config.auth_info, flags)?;
    Ok(target)
}

/// The account of this pod, whatever kubeconfig there is beside it.
pub(super) fn of_pod(flags: &Connection) -> Result<Target, Error> {
    let names = [&flags.context, &flags.cluster, &flags.user, &flags.server];
    if names.iter().any(|name| name.is_some()) {
        return Err(Error::NotInPod);
    }
    let mut target = in_cluster().map_err(|error| match error {
        Error::NoConfiguration => Error::NotInPod,
        other => other,
    })?;
    log_in(&mut target.config.auth_info, flags)?;
    act_as(&mut target.config.auth_info, flags)?;
    Ok(target)
}

/// The pod's own account, where there is one.
fn in_cluster() -> Result<Target, Error> {
    // Both, as in client-go: the variable alone stands in images and shells too.
    if env::var_os("KUBERNETES_SERVICE_HOST").is_none() || !Path::new(POD_TOKEN).exists() {
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
        namespaces: Vec::new(),
    })
}

/// The context, cluster and user that the flags name, else the current context's, with the flags' values in them.
async fn selected(files: &Kubeconfig, flags: &Connection) -> Result<Target, Error> {
    let context_name = flags.context.as_ref().or(files.current_context.as_ref());
    let context = match context_name {
        Some(name) => named("context", name, &files.contexts, |c| (&c.name, &c.context))?,
        // Flags alone can name a server.
        None if flags.server.is_some() || flags.cluster.is_some() => Context::default(),
        None => {
            let known = files.contexts.iter().map(|context| context.name.clone());
            return Err(Error::NoContext {
                known: known.collect(),
            });
        }
    };
    let name = flags.cluster.as_ref().unwrap_or(&context.cluster);
    let mut cluster = named("cluster", name, &files.clusters, |c| (&c.name, &c.cluster))?;
    let user = flags.user.clone().or(context.user).unwrap_or_default();
    let user = named("user", &user, &files.auth_infos, |u| {
        (&u.name, &u.auth_info)
    })?;

    point_at(&mut cluster, flags);
    let proxy = cluster.proxy_url.take().filter(|url| !url.is_empty());
    let server = cluster.server.clone().unwrap_or_default();
    let config = config(cluster, user, context.namespace, proxy.as_deref()).await?;
    Ok(Target {
        config,
        context: context_name.cloned().unwrap_or(server),
        proxy,
        namespaces: namespaces(files, name),
    })
}

/// Those that contexts of this cluster name, be it by another entry with the same address.
fn namespaces(files: &Kubeconfig, cluster: &str) -> Vec<String> {
    let place = |name: &str| {
        let entry = files.clusters.iter().find(|entry| entry.name == name)?;
        let cluster = entry.cluster.as_ref()?;
        Some((cluster.server.as_deref(), cluster.proxy_url.as_deref()))
    };
    let contexts = files
        .contexts
        .iter()
        .filter_map(|named| named.context.as_ref());
    contexts
        .filter(|context| place(&context.cluster) == place(cluster))
        .filter_map(|context| context.namespace.clone())
        .filter(|namespace| !namespace.is_empty())
        .collect()
}

/// The entry of this name. No name is no entry, and an entry without content is an empty one.
fn named<N, T: Clone + Default>(
    kind: &'static str,
    name: &str,
    entries: &[N],
    parts: impl Fn(&N) -> (&String, &Option<T>),
) -> Result<T, Error> {
    if name.is_empty() {
        return Ok(T::default());
    }
    let found = entries.iter().map(&parts).find(|(key, _)| *key == name);
    match found {
        Some((_, content)) => Ok(content.clone().unwrap_or_default()),
        None => Err(Error::NotInKubeconfig {
            kind,
            name: name.to_owned(),
            known: entries.iter().map(|entry| parts(entry).0.clone()).collect(),
        }),
    }
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

/// The flags about the login.
fn log_in(user: &mut AuthInfo, flags: &Connection) -> Result<(), Error> {
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
    match &user.auth_provider {
        Some(provider) if provider.name != "oidc" => Err(Error::Setting {
            what: format!("auth provider {:?}", provider.name),
            why: "kubectl no longer has it; use its credential plugin (exec)".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// The flags about acting as somebody else.
fn act_as(user: &mut AuthInfo, flags: &Connection) -> Result<(), Error> {
    if flags.impersonate.is_some() {
        user.impersonate.clone_from(&flags.impersonate);
    }
    if flags.as_uid.is_some() {
        user.impersonate_uid.clone_from(&flags.as_uid);
    }
    if !flags.as_group.is_empty() {
        user.impersonate_groups = Some(flags.as_group.clone());
    }
    let has_groups = user.impersonate_groups.iter().flatten().next().is_some();
    if user.impersonate.is_none() && (has_groups || user.impersonate_uid.is_some()) {
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

fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
