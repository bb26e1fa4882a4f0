//! Content by its digest: hashed before it is believed, wherever it came from.

use futures::future::join_all;
use reqwest::StatusCode;

use super::Session;
use super::admission::Registry;
use super::answer::{Body, Wanted};
use super::cache::digest_of;
use super::manifest::{self, Document};
use super::transport::Deadline;
use super::visit::Visit;
use crate::codes::Code;
use crate::image::{Digest, Reference};
use crate::lookup::{Config, Content, Failure, Layer, Manifest};

/// How many indexes may stand inside one another.
const DEPTH: usize = 2;

/// How many nested indexes are fetched for one image.
const NESTED: usize = 16;

/// Where content may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    CacheFirst,
    /// It proves that the registry has it now, which the cache cannot.
    Registry,
}

impl Session {
    /// The manifest of a digest in the repository of `image`.
    ///
    /// # Errors
    ///
    /// [`Code::DigestGone`] where the registry no longer has it; any other failure of a lookup; and
    /// [`Code::DigestNotProvable`] where what came is not what the digest names, or not a manifest that can be judged.
    pub(crate) async fn manifest(
        &self,
        image: &Reference,
        digest: &Digest,
    ) -> Result<Manifest, Failure> {
        self.content(image, digest, Source::CacheFirst).await
    }

    /// As [`Session::manifest`], never from the cache: proof that the registry gives this digest to whoever pulls it.
    pub(crate) async fn fresh_manifest(
        &self,
        image: &Reference,
        digest: &Digest,
    ) -> Result<Manifest, Failure> {
        self.content(image, digest, Source::Registry).await
    }

    /// The image config of a digest in the repository of `image`.
    ///
    /// # Errors
    ///
    /// As [`Session::manifest`]; and [`Code::LayerHostBlocked`] where the host that keeps it cannot be reached.
    pub(crate) async fn config(
        &self,
        image: &Reference,
        digest: &Digest,
    ) -> Result<Config, Failure> {
        let deadline = Deadline::after(self.lookup_limit);
        let registry = self.registry_of(image)?;
        let visit = Visit {
            url: registry.endpoint.blob(&image.repository, digest.as_str()),
            body_limit: manifest::CONFIG_LIMIT,
            wanted: Wanted::Layer,
            ..Visit::content(&registry, &image.repository, deadline)
        };
        self.bytes(&visit, digest, Source::CacheFirst, |body, _| {
            manifest::parse_config(body)
        })
        .await
    }

    async fn content(
        &self,
        image: &Reference,
        digest: &Digest,
        source: Source,
    ) -> Result<Manifest, Failure> {
        let deadline = Deadline::after(self.lookup_limit);
        let registry = self.registry_of(image)?;
        let fetch = |digest: Digest| {
            let registry = &registry;
            async move {
                self.document(registry, image, &digest, source, deadline)
                    .await
            }
        };
        let unreadable = |why: &str| Failure {
            code: Some(Code::DigestNotProvable),
            layer: Layer::Manifest,
            host: image.registry.clone(),
            message: why.to_owned(),
            retry_after: None,
        };
        let (mut children, mut open) = match fetch(digest.clone()).await? {
            Document::Image { config, size } => {
                return Ok(Manifest {
                    digest: digest.clone(),
                    content: Content::Image { config, size },
                });
            }
            Document::Index { children, nested } => (children, nested),
        };
        for _ in 0..DEPTH {
            if open.len() > NESTED {
                return Err(unreadable("an index of too many indexes"));
            }
            for document in join_all(open.drain(..).map(fetch)).await {
                match document? {
                    Document::Index {
                        children: inner,
                        nested,
                    } => {
                        children.extend(inner);
                        open.extend(nested);
                    }
                    Document::Image { .. } => {
                        return Err(unreadable("an index that calls an image an index"));
                    }
                }
            }
        }
        if !open.is_empty() {
            return Err(unreadable("indexes nested too deep"));
        }
        Ok(Manifest {
            digest: digest.clone(),
            content: Content::Index(children),
        })
    }

    async fn document(
        &self,
        registry: &Registry,
        image: &Reference,
        digest: &Digest,
        source: Source,
        deadline: Deadline,
    ) -> Result<Document, Failure> {
        let visit = Visit {
            url: registry
                .endpoint
                .manifest(&image.repository, digest.as_str()),
            accept: Some(manifest::ACCEPT),
            body_limit: manifest::BODY_LIMIT,
            wanted: Wanted::Digest,
            ..Visit::content(registry, &image.repository, deadline)
        };
        self.bytes(&visit, digest, source, manifest::parse).await
    }

    /// Bytes that hash to `digest`, as `read` understands them.
    async fn bytes<T>(
        &self,
        visit: &Visit<'_>,
        digest: &Digest,
        source: Source,
        read: impl Fn(&[u8], Option<&str>) -> Result<T, &'static str>,
    ) -> Result<T, Failure> {
        if source == Source::CacheFirst
            && let Some(kept) = self.cache.read(digest).await
            && let Ok(content) = read(&kept, None)
        {
            return Ok(content);
        }
        let pass = visit
            .registry
            .admit_one(&self.transport, visit.repository, visit.deadline)
            .await;
        let reply = self.visit(visit, pass).await?;
        if reply.answer.status != StatusCode::OK {
            return Err(reply.failure(visit));
        }
        let Body::Whole(body) = &reply.answer.body else {
            return Err(reply.not_provable(visit, "larger than anything of its kind"));
        };
        if digest_of(body) != *digest {
            return Err(if reply.answer.is_web_page() {
                reply.not_a_registry(visit)
            } else {
                reply.not_provable(visit, "what came is not what the digest names")
            });
        }
        let content = read(body, reply.answer.media_type());
        let content = content.map_err(|why| reply.not_provable(visit, why))?;
        self.cache.write(digest, body.clone()).await;
        Ok(content)
    }
}
