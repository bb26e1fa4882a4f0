//! Tag to digest: by HEAD, which costs no pull quota; by GET only where HEAD cannot say it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures::future::join_all;
use futures::{StreamExt as _, stream};
use reqwest::header::HeaderName;
use reqwest::{Method, StatusCode};
use tokio::time::Instant;

use super::admission::{Pass, Registry};
use super::answer::{Body, Wanted};
use super::cache::digest_of;
use super::endpoint::is_tag;
use super::manifest;
use super::transport::Deadline;
use super::visit::{Hops, Reply, Visit};
use super::{Session, impossible};
use crate::codes::Code;
use crate::image::{Digest, Reference};
use crate::lookup::{Failure, Resolved};
use crate::reading::Budget;

/// Questions under way to one registry at a time.
const AT_ONCE: usize = 8;

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

impl Session {
    /// What one tag names right now.
    #[cfg(test)]
    pub(crate) async fn latest(&self, reference: &Reference) -> Result<Resolved, Failure> {
        let mut found = self.lookup_all(std::slice::from_ref(reference)).await;
        found.swap_remove(0)
    }

    /// What these tags name right now, in the order of `references`. All registries at once; one token and one
    /// HEAD for each distinct reference where nothing goes wrong.
    ///
    /// # Errors
    ///
    /// One image's failure is its own. It names the host that failed and the layer, and that which no image of this
    /// registry can get past is asked once and the same for all of them.
    pub(crate) async fn lookup_all(
        &self,
        references: &[Reference],
    ) -> Vec<Result<Resolved, Failure>> {
        let mut found = HashMap::new();
        let mut registries: BTreeMap<&str, (Arc<Registry>, BTreeSet<&Reference>)> = BTreeMap::new();
        for image in references {
            match self.possible(image) {
                Ok(registry) => {
                    let (_, images) = registries
                        .entry(&image.registry)
                        .or_insert((registry, BTreeSet::new()));
                    images.insert(image);
                }
                Err(failure) => drop(found.insert(image, Err(failure))),
            }
        }
        let lookups = registries
            .values()
            .map(|(registry, images)| self.lookup_registry(registry, images));
        found.extend(join_all(lookups).await.into_iter().flatten());
        references
            .iter()
            .map(|reference| found[reference].clone())
            .collect()
    }

    async fn lookup_registry<'a>(
        &self,
        registry: &Registry,
        images: &BTreeSet<&'a Reference>,
    ) -> Vec<(&'a Reference, Result<Resolved, Failure>)> {
        let started = Instant::now();
        let deadline = Deadline::after(self.lookup_limit);
        let repositories: BTreeSet<&str> = images
            .iter()
            .map(|image| image.repository.as_str())
            .collect();
        let repositories: Vec<&str> = repositories.into_iter().collect();
        let passes = registry
            .admit(&self.transport, &repositories, deadline)
            .await;
        let passes = &passes;
        let lookups = images.iter().map(|&image| async move {
            let pass = passes[&image.repository].clone();
            let digest = self.digest(image, registry, pass, deadline).await;
            let found = digest.map(|digest| Resolved {
                digest,
                took: started.elapsed(),
            });
            (image, found)
        });
        stream::iter(lookups)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await
    }

    /// The registry of an image whose repository and tag could exist.
    pub(super) fn possible(&self, image: &Reference) -> Result<Arc<Registry>, Failure> {
        let registry = self.registry_of(image)?;
        let tag = tag_of(image);
        if is_tag(tag) {
            Ok(registry)
        } else {
            Err(impossible(Code::TagMissing, &image.registry, "tag", tag))
        }
    }

    async fn digest(
        &self,
        image: &Reference,
        registry: &Registry,
        pass: Result<Pass, Failure>,
        deadline: Deadline,
    ) -> Result<Digest, Failure> {
        let (digest, _) = self.head(image, registry, pass, deadline).await;
        digest
    }

    /// As [`Session::lookup_all`] for one tag, and what is left of the pulls, where the registry says it.
    pub(super) async fn head(
        &self,
        image: &Reference,
        registry: &Registry,
        pass: Result<Pass, Failure>,
        deadline: Deadline,
    ) -> (Result<Digest, Failure>, Option<Budget>) {
        let tag = tag_of(image);
        let visit = Visit {
            registry,
            repository: &image.repository,
            method: Method::HEAD,
            url: registry.endpoint.manifest(&image.repository, tag),
            accept: Some(manifest::ACCEPT),
            body_limit: manifest::BODY_LIMIT,
            hops: Hops::SameOrigin,
            wanted: Wanted::Tag(tag),
            deadline,
        };
        match self.visit(&visit, pass.clone()).await {
            Err(failure) => (Err(failure), None),
            Ok(reply) => {
                let budget = reply.answer.budget();
                (self.read_head(reply, visit, pass).await, budget)
            }
        }
    }

    /// The digest that the answer to a HEAD names, or that a GET proves where it names none.
    async fn read_head(
        &self,
        reply: Reply,
        mut visit: Visit<'_>,
        pass: Result<Pass, Failure>,
    ) -> Result<Digest, Failure> {
        match reply.answer.status {
            StatusCode::OK if !is_manifest(&reply) => return Err(reply.not_a_registry(&visit)),
            StatusCode::OK => {
                if let Some(digest) = reply.answer.header(&CONTENT_DIGEST) {
                    return digest.parse().map_err(|_| {
                        reply
                            .not_provable(&visit, "the digest that it names is not a sha256 digest")
                    });
                }
            }
            // Some registries know no HEAD, and its 404 has no body that could prove anything.
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {}
            _ => return Err(reply.failure(&visit)),
        }
        visit.method = Method::GET;
        let reply = self.visit(&visit, pass).await?;
        self.read_tag(&reply, &visit).await
    }

    /// The digest of a manifest that was fetched by its tag.
    async fn read_tag(&self, reply: &Reply, visit: &Visit<'_>) -> Result<Digest, Failure> {
        if reply.answer.status != StatusCode::OK {
            return Err(reply.failure(visit));
        }
        if !is_manifest(reply) {
            return Err(reply.not_a_registry(visit));
        }
        let Body::Whole(body) = &reply.answer.body else {
            return Err(reply.not_provable(visit, "the manifest is too large"));
        };
        let document = manifest::parse(body, reply.answer.media_type());
        document.map_err(|why| reply.not_provable(visit, why))?;
        let digest = digest_of(body);
        let named = reply.answer.header(&CONTENT_DIGEST);
        if named.is_some_and(|named| named != digest.as_str()) {
            return Err(
                reply.not_provable(visit, "the manifest is not the one that its digest names")
            );
        }
        self.cache.write(&digest, body.clone()).await;
        Ok(digest)
    }
}

/// Empty, which no tag is, for a reference by digest alone.
fn tag_of(image: &Reference) -> &str {
    image.tag.as_deref().unwrap_or_default()
}

fn is_manifest(reply: &Reply) -> bool {
    reply.answer.media_type().is_some_and(manifest::is_manifest)
}
