//! Tag to digest: by HEAD, which costs no pull quota; by GET only where HEAD cannot say it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::join_all;
use futures::{StreamExt as _, stream};
use reqwest::header::HeaderName;
use reqwest::{Method, StatusCode};
use tokio::time::Instant;

use super::admission::{Pass, Registry};
use super::answer::{Body, Wanted};
use super::cache::digest_of;
use super::endpoint::{is_repository, is_tag};
use super::manifest;
use super::transport::Deadline;
use super::visit::{Hops, Reply, Visit};
use super::{Session, impossible};
use crate::codes::Code;
use crate::image::{Digest, Reference};
use crate::lookup::{Failure, Resolved};

/// Questions under way to one registry at a time.
const AT_ONCE: usize = 8;

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

impl Session {
    /// What a tag names right now.
    ///
    /// # Errors
    ///
    /// As [`Session::lookup_all`].
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
        let mut registries: BTreeMap<&str, BTreeSet<&Reference>> = BTreeMap::new();
        for reference in references {
            let images = registries.entry(&reference.registry).or_default();
            images.insert(reference);
        }
        let lookups = registries
            .into_iter()
            .map(|(name, images)| self.lookup_registry(name, images));
        let found: HashMap<&Reference, _> = join_all(lookups).await.into_iter().flatten().collect();
        references
            .iter()
            .map(|reference| found[reference].clone())
            .collect()
    }

    async fn lookup_registry<'a>(
        &self,
        name: &str,
        images: BTreeSet<&'a Reference>,
    ) -> Vec<(&'a Reference, Result<Resolved, Failure>)> {
        let started = Instant::now();
        let deadline = Deadline::after(self.lookup_limit);
        let registry = match self.registry(name) {
            Ok(registry) => registry,
            Err(failure) => {
                let all = images
                    .into_iter()
                    .map(|image| (image, Err(failure.clone())));
                return all.collect();
            }
        };
        let repositories: BTreeSet<&str> = images
            .iter()
            .map(|image| image.repository.as_str())
            .filter(|repository| is_repository(repository))
            .collect();
        let repositories: Vec<&str> = repositories.into_iter().collect();
        let passes = registry
            .admit(&self.transport, &repositories, deadline)
            .await;
        let lookups = images.into_iter().map(|image| {
            let (registry, passes) = (&registry, &passes);
            async move {
                let pass = passes.get(&image.repository).cloned();
                let digest = self.digest(image, registry, pass, deadline).await;
                let found = digest.map(|digest| Resolved {
                    digest,
                    took: started.elapsed(),
                });
                (image, found)
            }
        });
        stream::iter(lookups)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await
    }

    /// `pass` is `None` for a repository of an impossible name.
    async fn digest(
        &self,
        image: &Reference,
        registry: &Registry,
        pass: Option<Result<Pass, Failure>>,
        deadline: Deadline,
    ) -> Result<Digest, Failure> {
        let Some(pass) = pass else {
            return Err(impossible(
                Code::RepositoryMissing,
                &image.registry,
                "repository",
                &image.repository,
            ));
        };
        let tag = image.tag.as_deref().unwrap_or("latest");
        if !is_tag(tag) {
            return Err(impossible(Code::TagMissing, &image.registry, "tag", tag));
        }
        let mut visit = Visit {
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
        let reply = self.visit(&visit, pass.clone()).await?;
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

fn is_manifest(reply: &Reply) -> bool {
    reply.answer.media_type().is_some_and(manifest::is_manifest)
}
