//! One registry, step by step: what a lookup does in one go, with each step's own time and its own answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use reqwest::{Method, StatusCode, Url};
use tokio::time::Instant;

use super::Session;
use super::admission::{Door, Pass, Registry};
use super::answer::Wanted;
use super::destination::checked;
use super::endpoint::authority;
use super::fault::{Fault, Part};
use super::transport::{Deadline, Question};
use super::visit::Visit;
pub(crate) use super::way::Walked;
use crate::codes::Code;
use crate::image::{Digest, Reference};
use crate::lookup::{Content, Failure, Layer};
use crate::reading::Budget;

/// A registry about to be walked through.
pub(crate) struct Steps<'a> {
    session: &'a Session,
    registry: Arc<Registry>,
}

/// How a registry lets one in, as it said when it was greeted.
pub(crate) struct Greeting(Door);

/// Leave to pull, by repository, or why there is none.
pub(crate) struct Leave(BTreeMap<String, Result<Pass, Failure>>);

impl Leave {
    /// Why no repository may be pulled from; `None` where one may.
    pub(crate) fn refused(&self) -> Option<&Failure> {
        let mut all = self.0.values();
        let first = all.next()?.as_ref().err()?;
        all.all(Result::is_err).then_some(first)
    }

    fn pass(&self, image: &Reference) -> Result<Pass, Failure> {
        let pass = self.0.get(&image.repository).cloned();
        pass.unwrap_or(Ok(Pass::NONE))
    }
}

/// What a tag names, and what is left of the pulls.
pub(crate) struct Named {
    pub(crate) digest: Result<Digest, Failure>,
    pub(crate) budget: Option<Budget>,
}

/// An answer, and how long it took.
pub(crate) struct Timed<T> {
    pub(crate) answer: T,
    pub(crate) took: Duration,
}

async fn timed<T>(asked: impl Future<Output = T>) -> Timed<T> {
    let started = Instant::now();
    let answer = asked.await;
    Timed {
        answer,
        took: started.elapsed(),
    }
}

impl Session {
    /// # Errors
    ///
    /// Where no registry can have this name.
    pub(crate) fn steps(&self, registry: &str) -> Result<Steps<'_>, Failure> {
        Ok(Steps {
            session: self,
            registry: self.registry(registry)?,
        })
    }
}

impl Steps<'_> {
    /// The registry's own host.
    pub(crate) fn host(&self) -> String {
        authority(&self.registry.endpoint.base)
    }

    /// The host of the tokens, where that is known and another one.
    pub(crate) fn token_host(&self) -> Option<String> {
        let tokens = self.registry.endpoint.tokens.as_ref()?;
        let has_own = self.registry.endpoint.has_token_host();
        has_own.then(|| authority(&tokens.realm))
    }

    /// Where tokens come from and in whose name, where that is known.
    pub(crate) fn tokens(&self) -> Option<(String, String)> {
        let tokens = self.registry.endpoint.tokens.as_ref()?;
        Some((
            tokens.realm.to_string(),
            tokens.name.clone().unwrap_or_default(),
        ))
    }

    /// Where layers are expected, the likeliest first.
    pub(crate) fn layer_hosts(&self) -> &'static [&'static str] {
        self.registry.endpoint.layers
    }

    /// `ghcr.io/token`: where tokens are asked for.
    pub(crate) fn token_target(&self) -> String {
        match &self.registry.endpoint.tokens {
            Some(tokens) => format!("{}{}", authority(&tokens.realm), tokens.realm.path()),
            None => self.host(),
        }
    }

    pub(crate) async fn walk(&self) -> Walked {
        let url = &self.registry.endpoint.base;
        self.session.transport.walk(url, Part::Api).await
    }

    /// `None` where tokens come from the registry's own host.
    pub(crate) async fn walk_to_tokens(&self) -> Option<Walked> {
        let tokens = self.registry.endpoint.tokens.as_ref()?;
        if !self.registry.endpoint.has_token_host() {
            return None;
        }
        let walked = self.session.transport.walk(&tokens.realm, Part::Tokens);
        Some(walked.await)
    }

    /// `None` where `host` cannot be a host.
    pub(crate) async fn walk_to_layers(&self, host: &str) -> Option<Walked> {
        let url = Url::parse(&format!("https://{host}/")).ok()?;
        let part = Part::Layers.or_api(&url, &self.registry.endpoint.base);
        Some(self.session.transport.walk(&url, part).await)
    }

    /// Whether a registry answers, and how it lets one in.
    pub(crate) async fn greet(&self) -> Timed<Result<Greeting, Failure>> {
        timed(self.greeted()).await
    }

    async fn greeted(&self) -> Result<Greeting, Failure> {
        let registry = &self.registry;
        let base = &registry.endpoint.base;
        let transport = &self.session.transport;
        let answer = registry.ping(transport, self.deadline()).await?;
        match answer.status {
            StatusCode::UNAUTHORIZED => match registry.altered(&answer) {
                Some(fault) => Err(fault.at(base, Part::Api)),
                None if answer.is_web_page() => Err(answer.ping_fault().at(base, Part::Api)),
                None => Ok(Greeting(registry.read_challenge(&answer)?)),
            },
            StatusCode::OK if !answer.is_web_page() => match &registry.endpoint.tokens {
                Some(_) => {
                    let words = "lets everybody in without a token: a mirror answers in its place";
                    Err(Fault::new(Layer::Http, Code::MirrorAnswers, words).at(base, Part::Api))
                }
                None => Ok(Greeting(Door::Open)),
            },
            _ => Err(answer.ping_fault().at(base, Part::Api)),
        }
    }

    /// Leave to pull these images. `greeting` is what [`Steps::greet`] gave; without one, only of a registry whose
    /// token host is known.
    pub(crate) async fn ask_leave(
        &self,
        greeting: Option<&Greeting>,
        images: &[&Reference],
    ) -> Timed<Leave> {
        timed(self.leave(greeting, images)).await
    }

    async fn leave(&self, greeting: Option<&Greeting>, images: &[&Reference]) -> Leave {
        let registry = &self.registry;
        let known = registry.endpoint.tokens.clone().map(Door::Tokens);
        let door = known.or_else(|| greeting.map(|greeting| greeting.0.clone()));
        let mut repositories: Vec<&str> = images.iter().map(|it| it.repository.as_str()).collect();
        repositories.sort_unstable();
        repositories.dedup();
        let every = |outcome: Result<Pass, Failure>| {
            let names = repositories.iter().map(|it| (*it).to_owned());
            Leave(names.map(|name| (name, outcome.clone())).collect())
        };
        let leave = match door.clone() {
            Some(Door::Tokens(service)) => {
                let transport = &self.session.transport;
                let deadline = self.deadline();
                let asked = repositories
                    .chunks(super::token::SCOPES)
                    .map(|some| registry.fetch_some(transport, &service, some, deadline));
                Leave(join_all(asked).await.into_iter().flatten().collect())
            }
            Some(Door::Basic) => {
                let fault = Fault::new(Layer::Token, Code::TokenRefused, "asks for a login");
                every(Err(fault.at(&registry.endpoint.base, Part::Api)))
            }
            Some(Door::Open) | None => every(Ok(Pass::NONE)),
        };
        if let Some(door) = door {
            let given = leave.0.iter();
            let given = given.filter_map(|(name, pass)| Some((name.clone(), pass.clone().ok()?)));
            registry.keep(door, given).await;
        }
        leave
    }

    /// What each tag names, in the order of `images`.
    pub(crate) async fn name(&self, leave: &Leave, images: &[&Reference]) -> Timed<Vec<Named>> {
        timed(join_all(
            images.iter().map(|image| self.named(leave, image)),
        ))
        .await
    }

    async fn named(&self, leave: &Leave, image: &Reference) -> Named {
        let (digest, budget) = match self.session.possible(image) {
            Err(failure) => (Err(failure), None),
            Ok(registry) => {
                let (pass, deadline) = (leave.pass(image), self.deadline());
                self.session.head(image, &registry, pass, deadline).await
            }
        };
        Named { digest, budget }
    }

    /// The address of a small layer of an image, its config: where the registry sends whoever asks for it. It is
    /// signed, and a secret.
    ///
    /// # Errors
    ///
    /// Any failure of a lookup; the manifests in between come from the cache where that has them.
    pub(crate) async fn locate(
        &self,
        leave: &Leave,
        image: &Reference,
        digest: &Digest,
    ) -> Result<LayerAddress, Failure> {
        let config = self.config_of(image, digest).await?;
        let base = &self.registry.endpoint.base;
        let url = self
            .registry
            .endpoint
            .blob(&image.repository, config.as_str());
        let pass = leave.pass(image)?;
        let question = Question {
            method: Method::GET,
            url: url.clone(),
            accept: None,
            authorization: pass.header(),
            body_limit: super::manifest::CONFIG_LIMIT,
        };
        let asked = self.session.transport.ask(&question, self.deadline()).await;
        let answer = asked.map_err(|fault| fault.at(base, Part::Api))?;
        if let Some(location) = answer.location() {
            let url = checked(&url, location).map_err(|why| {
                let words = format!("redirects to where nothing is asked: {why}");
                Fault::new(Layer::Http, Code::NotARegistry, words).at(base, Part::Api)
            })?;
            return Ok(LayerAddress { url });
        }
        if answer.status == StatusCode::OK && !answer.is_web_page() {
            return Ok(LayerAddress { url });
        }
        Err(answer.fault(base, Wanted::Layer).at(base, Part::Api))
    }

    async fn config_of(&self, image: &Reference, digest: &Digest) -> Result<Digest, Failure> {
        let manifest = self.session.manifest(image, digest).await?;
        let child = match manifest.content {
            Content::Image { config, .. } => return Ok(config),
            Content::Index(children) => children.into_iter().next(),
        };
        let empty = || Failure {
            code: Some(Code::DigestNotProvable),
            layer: Layer::Manifest,
            host: self.host(),
            message: "an index without images".to_owned(),
            retry_after: None,
        };
        let child = child.ok_or_else(empty)?;
        match self.session.manifest(image, &child.digest).await?.content {
            Content::Image { config, .. } => Ok(config),
            Content::Index(_) => Err(empty()),
        }
    }

    /// Fetches the layer from where the registry has it.
    pub(crate) async fn fetch(&self, address: &LayerAddress) -> Timed<Result<(), Failure>> {
        timed(self.fetched(address)).await
    }

    async fn fetched(&self, address: &LayerAddress) -> Result<(), Failure> {
        let url = &address.url;
        let visit = Visit::content(&self.registry, "", self.deadline());
        let part = visit.part(url);
        if part == Part::Api {
            // It came with the answer that told where it is.
            return Ok(());
        }
        let question = Question {
            method: Method::GET,
            url: url.clone(),
            accept: None,
            authorization: None,
            body_limit: super::manifest::CONFIG_LIMIT,
        };
        let asked = self.session.transport.ask(&question, visit.deadline).await;
        let answer = asked.map_err(|fault| fault.at(url, part))?;
        if answer.status.is_success() && !answer.is_web_page() {
            return Ok(());
        }
        Err(answer.layer_fault().at(url, part))
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(self.session.lookup_limit)
    }
}

/// Where a layer is. Without `Debug`: it is signed.
pub(crate) struct LayerAddress {
    url: Url,
}

impl LayerAddress {
    pub(crate) fn host(&self) -> String {
        authority(&self.url)
    }
}
