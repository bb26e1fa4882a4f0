//! Kubeconfig files: which are read, how they are merged, and what is said of one that cannot be used.

use std::collections::HashSet;
use std::env;
use std::io::ErrorKind;
use std::path::PathBuf;

use kube::config::{Kubeconfig, KubeconfigError, LoadDataError};

use crate::cli::Connection;
use crate::error::Error;
use crate::text;

/// All files there are, the first to set a value wins. `None` when no file says anything.
pub(super) fn load(flags: &Connection) -> Result<Option<Kubeconfig>, Error> {
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

/// A kind of entry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    Context,
    Cluster,
    User,
}

/// The names of all entries of a kind, in the order of the files.
///
/// # Errors
///
/// [`Error::Kubeconfig`].
pub(crate) fn entries(kind: Entry, flags: &Connection) -> Result<Vec<String>, Error> {
    let files = load(flags)?.unwrap_or_default();
    Ok(match kind {
        Entry::Context => files.contexts.into_iter().map(|one| one.name).collect(),
        Entry::Cluster => files.clusters.into_iter().map(|one| one.name).collect(),
        Entry::User => files.auth_infos.into_iter().map(|one| one.name).collect(),
    })
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
