//! Several contexts of the kubeconfig, each connected to on its own.

use std::time::Duration;

use kube::config::Kubeconfig;

use super::credentials::Asking;
use super::{Cluster, kubeconfig, target, to};
use crate::cli;
use crate::error::Error;

/// For one request to one of several servers: some of them are often offline, and everybody waits for the last.
const LIMIT: Duration = Duration::from_secs(10);

/// The kubeconfig, read once for all of its contexts.
pub(crate) struct Contexts<'a> {
    flags: &'a cli::Connection,
    files: Kubeconfig,
}

impl<'a> Contexts<'a> {
    /// # Errors
    ///
    /// [`Error::NoConfiguration`] and [`Error::Kubeconfig`].
    pub(crate) fn read(flags: &'a cli::Connection) -> Result<Self, Error> {
        let files = kubeconfig::load(flags)?.ok_or(Error::NoConfiguration)?;
        Ok(Self { flags, files })
    }

    /// In the order of the files.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.contexts.iter().map(|one| one.name.as_str())
    }

    /// As [`super::connect`], beside others: a credential plugin does not get the terminal.
    ///
    /// # Errors
    ///
    /// As [`super::connect`].
    pub(crate) async fn connect(&self, name: &str) -> Result<Cluster, Error> {
        let flags = cli::Connection {
            context: Some(name.to_owned()),
            ..self.flags.clone()
        };
        let limit = flags.request_timeout.map_or(Some(LIMIT), |limit| limit.0);
        let target = target::of_files(&self.files, &flags).await?;
        to(target, &flags, limit, Asking::Never(limit)).await
    }
}
