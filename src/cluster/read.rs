//! Questions to the API server: list, get, logs, version.
//!
//! Each call is bounded by `--request-timeout`, retries included. A refusal comes back in the server's own words.

use std::fmt;

use futures::AsyncReadExt;
use kube::Resource;
use kube::api::{GetParams, ListParams, LogParams, ObjectList, PartialObjectMeta};
use kube::core::Request;
use serde::de::DeserializeOwned;

use super::connect::Cluster;
use crate::error::{Call, Error};
use crate::text;

/// How many objects one page holds, as kubectl's `--chunk-size`.
const PAGE: u32 = 500;

/// The longest body that `-v 8` shows, in characters, as in kubectl.
const BODY_SHOWN: usize = 1024;

/// How much of a log is read, in bytes.
const LOG_READ: u64 = 256 * 1024;

/// A request, as kube builds it.
type Unsent = Result<http::Request<Vec<u8>>, kube::core::request::Error>;

/// Where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope<'a> {
    Namespace(&'a str),
    /// All namespaces, or a kind that has none.
    Everywhere,
}

impl<'a> Scope<'a> {
    pub(super) const fn namespace(self) -> Option<&'a str> {
        match self {
            Self::Namespace(namespace) => Some(namespace),
            Self::Everywhere => None,
        }
    }

    /// What the path of an object of this name holds of names.
    pub(super) fn names(self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.namespace().into_iter().chain([name])
    }
}

impl fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespace(namespace) => write!(f, " in namespace {namespace:?}"),
            Self::Everywhere => Ok(()),
        }
    }
}

impl Cluster {
    /// All objects of a kind that match the selectors of `params`, page by page, in the server's order.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`], [`Error::Unauthorized`], [`Error::Missing`] (the kind), [`Error::TimedOut`],
    /// [`Error::Unreachable`], [`Error::Certificate`], [`Error::CredentialPlugin`] and [`Error::Answer`].
    pub(crate) async fn list<K>(
        &self,
        scope: Scope<'_>,
        params: &ListParams,
    ) -> Result<Vec<K>, Error>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned + Clone,
    {
        self.list_lean(scope, params, |_| ()).await
    }

    /// As [`Cluster::list`], page by page without what `shrink` removes: a long list fits into little memory.
    ///
    /// # Errors
    ///
    /// As [`Cluster::list`].
    pub(crate) async fn list_lean<K>(
        &self,
        scope: Scope<'_>,
        params: &ListParams,
        shrink: fn(&mut K),
    ) -> Result<Vec<K>, Error>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned + Clone,
    {
        self.pages::<K, K>(scope, params, Request::list, shrink)
            .await
    }

    /// As [`Cluster::list_lean`], with nothing but the metadata sent by the server.
    ///
    /// # Errors
    ///
    /// As [`Cluster::list`].
    pub(crate) async fn list_metadata<K>(
        &self,
        scope: Scope<'_>,
        params: &ListParams,
        shrink: fn(&mut PartialObjectMeta<K>),
    ) -> Result<Vec<PartialObjectMeta<K>>, Error>
    where
        K: Resource<DynamicType = ()> + Clone,
    {
        self.pages::<K, PartialObjectMeta<K>>(scope, params, Request::list_metadata, shrink)
            .await
    }

    /// One object.
    ///
    /// # Errors
    ///
    /// As [`Cluster::list`]; [`Error::Missing`] when there is none of that name.
    pub(crate) async fn get<K>(&self, scope: Scope<'_>, name: &str) -> Result<K, Error>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        let call = Call {
            doing: format!("read {} {name:?}{scope}", K::kind(&()).to_lowercase()),
            right: right::<K>("get", scope),
        };
        let request = Request::new(path::<K>(scope)).get(name, &GetParams::default());
        self.answer(&call, ready(&call, scope.names(name), request)?)
            .await
    }

    /// The log of one container of a pod, as far as `params` asks for it; what is not UTF-8 in it, replaced.
    ///
    /// Ends after 256 KiB, whatever the server sends.
    ///
    /// # Errors
    ///
    /// As [`Cluster::get`].
    pub(crate) async fn logs(
        &self,
        namespace: &str,
        pod: &str,
        params: &LogParams,
    ) -> Result<String, Error> {
        let scope = Scope::Namespace(namespace);
        let call = Call {
            doing: format!("read the log of pod {pod:?}{scope}"),
            right: format!("get pods --subresource=log -n {namespace}"),
        };
        let pods = Request::new(path::<k8s_openapi::api::core::v1::Pod>(scope));
        let request = ready(&call, [namespace, pod], pods.logs(pod, params))?;
        let read = async {
            let mut log = Vec::new();
            let lines = self.client.request_stream(request).await?;
            let read = lines.take(LOG_READ).read_to_end(&mut log).await;
            read.map_err(kube::Error::ReadEvents)?;
            Ok(log)
        };
        let log = self.bounded(&call, read).await?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }

    /// The version of the API server, as it calls itself: `v1.30.4`.
    ///
    /// # Errors
    ///
    /// As [`Cluster::list`].
    pub(crate) async fn version(&self) -> Result<String, Error> {
        let call = Call {
            doing: "read the version of the API server".to_owned(),
            right: "get /version".to_owned(),
        };
        let request = http::Request::get("/version")
            .body(Vec::new())
            .map_err(kube::core::request::Error::BuildRequest);
        let request = ready(&call, [], request)?;
        let version: k8s_openapi::apimachinery::pkg::version::Info =
            self.answer(&call, request).await?;
        Ok(text::printable(&version.git_version, text::QUOTED))
    }

    async fn pages<K, T>(
        &self,
        scope: Scope<'_>,
        params: &ListParams,
        ask: fn(&Request, &ListParams) -> Unsent,
        shrink: fn(&mut T),
    ) -> Result<Vec<T>, Error>
    where
        K: Resource<DynamicType = ()>,
        T: DeserializeOwned + Clone,
    {
        let call = Call {
            doing: format!("list {}{scope}", K::plural(&())),
            right: right::<K>("list", scope),
        };
        let request = Request::new(path::<K>(scope));
        let mut params = params.clone().limit(PAGE);
        let mut items = Vec::new();
        loop {
            let page = ready(&call, scope.namespace(), ask(&request, &params))?;
            let mut page: ObjectList<T> = match self.answer(&call, page).await {
                // The token lives five minutes. Asked without pages, as client-go does, the list cannot expire again.
                Err(Error::Expired { .. }) if params.continue_token.is_some() => {
                    items.clear();
                    params.continue_token = None;
                    params.limit = None;
                    continue;
                }
                page => page?,
            };
            page.items.iter_mut().for_each(shrink);
            items.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params.continue_token = Some(token),
                None => return Ok(items),
            }
        }
    }

    pub(super) async fn answer<T: DeserializeOwned>(
        &self,
        call: &Call,
        request: http::Request<Vec<u8>>,
    ) -> Result<T, Error> {
        let body = self
            .bounded(call, self.client.request_text(request))
            .await?;
        tracing::trace!(
            "Response Body: {}",
            text::printable(&text::without_logins(&body), BODY_SHOWN)
        );
        serde_json::from_str(&body).map_err(|error| Error::Answer {
            call: call.clone(),
            why: format!("the answer is not the API server's: {error}"),
        })
    }
}

/// The request, if its names can stand in a path: some of them come from environments and annotations.
pub(super) fn ready<'a>(
    call: &Call,
    names: impl IntoIterator<Item = &'a str>,
    request: Unsent,
) -> Result<http::Request<Vec<u8>>, Error> {
    let refuse = |why: String| Error::Answer {
        call: call.clone(),
        why: text::printable(&why, text::QUOTED),
    };
    if let Some(name) = names.into_iter().find(|name| !is_segment(name)) {
        return Err(refuse(format!("{name:?} cannot be a name in Kubernetes")));
    }
    request.map_err(|error| refuse(error.to_string()))
}

/// Kubernetes allows more than this in some kinds of names, and in none that are asked for here.
fn is_segment(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    !matches!(name, "" | "." | "..") && name.chars().all(is_plain)
}

pub(super) fn path<K: Resource<DynamicType = ()>>(scope: Scope<'_>) -> String {
    K::url_path(&(), scope.namespace())
}

/// As `kubectl auth can-i` spells it.
pub(super) fn right<K: Resource<DynamicType = ()>>(verb: &str, scope: Scope<'_>) -> String {
    let mut resource = K::plural(&()).into_owned();
    let group = K::group(&());
    if !group.is_empty() {
        resource = format!("{resource}.{group}");
    }
    match scope {
        Scope::Namespace(namespace) => format!("{verb} {resource} -n {namespace}"),
        Scope::Everywhere => format!("{verb} {resource} -A"),
    }
}

#[cfg(test)]
mod tests;
