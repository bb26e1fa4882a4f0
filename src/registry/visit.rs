//! A question to a registry with everything it takes: a pass, another one if that is not accepted, a login where
//! nobody in particular was refused, and the way through redirects.

use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode, Url};

use super::Session;
use super::admission::{Pass, Registry};
use super::answer::{Answer, Wanted};
use super::credentials::Credentials;
use super::destination::{checked, is_same_origin};
use super::fault::{Fault, Part};
use super::transport::{Deadline, Question};
use crate::codes::Code;
use crate::lookup::{Failure, Layer};

/// Redirects that are followed.
const HOPS: usize = 3;

/// Where a redirect may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hops {
    /// What a tag names is believed from the registry itself only: a portal redirects too.
    SameOrigin,
    /// Content that is checked against its digest may come from anywhere. Our pass does not go there.
    Anywhere,
}

/// What is asked of a registry.
pub(super) struct Visit<'a> {
    pub(super) registry: &'a Registry,
    pub(super) repository: &'a str,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) accept: Option<&'static str>,
    pub(super) body_limit: usize,
    pub(super) hops: Hops,
    pub(super) wanted: Wanted<'a>,
    pub(super) deadline: Deadline,
}

impl<'a> Visit<'a> {
    /// A GET of content that is named by its digest; what exactly, the caller says.
    pub(super) fn content(registry: &'a Registry, repository: &'a str, deadline: Deadline) -> Self {
        Self {
            registry,
            repository,
            method: Method::GET,
            url: registry.endpoint.base.clone(),
            accept: None,
            body_limit: 0,
            hops: Hops::Anywhere,
            wanted: Wanted::Digest,
            deadline,
        }
    }

    /// Which part of the registry answers at `url`.
    pub(super) fn part(&self, url: &Url) -> Part {
        Part::Layers.or_api(url, &self.registry.endpoint.base)
    }
}

/// An answer, and the address that gave it.
pub(super) struct Reply {
    pub(super) url: Url,
    pub(super) answer: Answer,
}

impl Reply {
    /// The failure that this answer is.
    pub(super) fn failure(&self, visit: &Visit<'_>) -> Failure {
        let fault = visit.registry.altered(&self.answer);
        let part = visit.part(&self.url);
        let fault = match (fault, part) {
            (Some(fault), Part::Api) => fault,
            (_, Part::Api) => self.answer.fault(&self.url, visit.wanted),
            (_, Part::Layers | Part::Tokens) => self.answer.layer_fault(),
        };
        fault.at(&self.url, part)
    }

    /// Something answers that is not a registry.
    pub(super) fn not_a_registry(&self, visit: &Visit<'_>) -> Failure {
        self.answer
            .not_a_registry()
            .at(&self.url, visit.part(&self.url))
    }

    /// Bytes came that cannot be what was asked for.
    pub(super) fn not_provable(&self, visit: &Visit<'_>, why: &str) -> Failure {
        let layer = match visit.wanted {
            Wanted::Tag(_) | Wanted::Digest => Layer::Manifest,
            Wanted::Layer => Layer::Blob,
        };
        let part = visit.part(&self.url);
        Fault::new(layer, Code::DigestNotProvable, why).at(&self.url, part)
    }
}

impl Session {
    /// The last answer to a question, whatever its status. `pass` is what [`Registry::admit`] gave.
    pub(super) async fn visit(
        &self,
        visit: &Visit<'_>,
        pass: Result<Pass, Failure>,
    ) -> Result<Reply, Failure> {
        let outcome = match pass {
            Ok(pass) => self.try_pass(visit, &pass).await,
            Err(failure) => Err(failure),
        };
        if !may_help_to_log_in(&outcome, visit) {
            return outcome;
        }
        match self.log_in(visit).await {
            None => outcome,
            Some(pass) => self.follow(visit, pass?.header()).await,
        }
    }

    /// A 401 gets one more try with a pass of its own: the first may have ended, or have been for several repositories.
    async fn try_pass(&self, visit: &Visit<'_>, pass: &Pass) -> Result<Reply, Failure> {
        let reply = self.follow(visit, pass.header()).await?;
        if reply.answer.status != StatusCode::UNAUTHORIZED || reply.answer.is_web_page() {
            return Ok(reply);
        }
        let (registry, answer) = (visit.registry, &reply.answer);
        let another = registry
            .readmit(
                &self.transport,
                visit.repository,
                pass,
                answer,
                visit.deadline,
            )
            .await?;
        match another.header() {
            Some(header) => self.follow(visit, Some(header)).await,
            None => Ok(reply),
        }
    }

    async fn log_in(&self, visit: &Visit<'_>) -> Option<Result<Pass, Failure>> {
        let Credentials::WhenRefused(config) = &self.credentials else {
            return None;
        };
        visit
            .registry
            .log_in(&self.transport, visit.repository, config, visit.deadline)
            .await
    }

    async fn follow(
        &self,
        visit: &Visit<'_>,
        mut authorization: Option<&HeaderValue>,
    ) -> Result<Reply, Failure> {
        let mut url = visit.url.clone();
        for _ in 0..=HOPS {
            let part = visit.part(&url);
            let question = Question {
                method: visit.method.clone(),
                url: url.clone(),
                accept: visit.accept,
                authorization,
                body_limit: visit.body_limit,
            };
            let answer = self.transport.ask(&question, visit.deadline).await;
            let answer = answer.map_err(|fault| fault.at(&url, part))?;
            let Some(location) = answer.location() else {
                return Ok(Reply { url, answer });
            };
            let refuse = |why: &str| {
                let words = format!("redirects to where nothing is asked: {why}");
                Fault::new(Layer::Http, Code::NotARegistry, words).at(&url, part)
            };
            let next = checked(&url, location).map_err(|why| refuse(&why.to_string()))?;
            match visit.hops {
                Hops::SameOrigin if !is_same_origin(&next, &url) => {
                    return Ok(Reply { url, answer });
                }
                Hops::SameOrigin => {}
                Hops::Anywhere => authorization = None,
            }
            url = next;
        }
        let part = visit.part(&url);
        let words = format!("redirects more than {HOPS} times");
        Err(Fault::new(Layer::Http, Code::NotARegistry, words).at(&url, part))
    }
}

/// Whether nobody in particular was refused, or had too many requests, by the registry itself.
fn may_help_to_log_in(outcome: &Result<Reply, Failure>, visit: &Visit<'_>) -> bool {
    match outcome {
        Ok(Reply { url, answer }) => {
            matches!(answer.status.as_u16(), 401 | 403 | 429)
                && !answer.is_web_page()
                && visit.part(url) == Part::Api
        }
        Err(failure) => matches!(
            failure.code,
            Some(Code::TokenRefused | Code::RateLimited | Code::QuotaUsedUp)
        ),
    }
}
