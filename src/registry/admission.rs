//! What lets us in: one token for all repositories of a registry where that works, one for each where it does not.
//!
//! A registry's state is locked while tokens are fetched. Whoever asks meanwhile waits for them instead of fetching
//! others (single flight).

use std::collections::HashMap;
use std::path::Path;

use futures::future::join_all;
use futures::lock::Mutex;
use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode, Url};
use tokio::time::Instant;

use super::answer::{Answer, Body, Who};
use super::credentials::stored;
use super::destination::{Refusal, checked, is_same_origin};
use super::endpoint::Endpoint;
use super::fault::{Fault, Part};
use super::token::{self, SCOPES, Service};
use super::transport::{Deadline, Question, Transport};
use crate::codes::Code;
use crate::lookup::{Failure, Layer};
use crate::text::without_secrets;

/// The largest answer of `/v2/` that is read, in bytes.
const PING_LIMIT: usize = 64 * 1024;

/// One registry of a session.
pub(super) struct Registry {
    pub(super) endpoint: Endpoint,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// `None` before the first answer of a registry that is not known beforehand.
    door: Option<Door>,
    is_warm: bool,
    /// By repository.
    passes: HashMap<String, Pass>,
    login: Stored,
}

/// The login of the Docker config, as a header.
#[derive(Default)]
enum Stored {
    #[default]
    NotRead,
    None,
    Some(HeaderValue),
}

/// How a registry lets one in.
#[derive(Clone)]
pub(super) enum Door {
    Open,
    /// A login with every request.
    Basic,
    Tokens(Service),
}

/// Leave to ask about one repository. The header is a secret, marked as such.
#[derive(Clone)]
pub(super) struct Pass {
    header: Option<HeaderValue>,
    /// `None`: it does not end.
    until: Option<Instant>,
}

impl Pass {
    pub(super) const NONE: Self = Self {
        header: None,
        until: None,
    };

    pub(super) fn header(&self) -> Option<&HeaderValue> {
        self.header.as_ref()
    }

    fn is_valid(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() < until)
    }
}

impl Registry {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        let door = endpoint.tokens.clone().map(Door::Tokens);
        Self {
            endpoint,
            state: Mutex::new(State {
                door,
                ..State::default()
            }),
        }
    }

    /// For every repository a pass, or why there is none.
    pub(super) async fn admit(
        &self,
        transport: &Transport,
        repositories: &[&str],
        deadline: Deadline,
    ) -> HashMap<String, Result<Pass, Failure>> {
        let mut state = self.state.lock().await;
        let all = |outcome: Result<Pass, Failure>| {
            repositories
                .iter()
                .map(|repository| ((*repository).to_owned(), outcome.clone()))
                .collect()
        };
        let service = match self.door(&mut state, transport, deadline).await {
            Err(failure) => return all(Err(failure)),
            Ok(Door::Open) => return all(Ok(Pass::NONE)),
            Ok(Door::Basic) => {
                let fault = Fault::new(Layer::Token, Code::TokenRefused, "asks for a login");
                return all(Err(fault.at(&self.endpoint.base, Part::Api)));
            }
            Ok(Door::Tokens(service)) => service,
        };
        let missing: Vec<&str> = repositories
            .iter()
            .copied()
            .filter(|it| !state.passes.get(*it).is_some_and(Pass::is_valid))
            .collect();
        let is_cold = !missing.is_empty() && self.endpoint.has_token_host() && !state.is_warm;
        let fetch = join_all(
            missing
                .chunks(SCOPES)
                .map(|some| self.fetch_some(transport, &service, some, deadline)),
        );
        let fetched = if is_cold {
            // The connection to the registry is made while the token is fetched elsewhere. A host that cannot be
            // reached is the better cause: without it no token helps.
            let ping = self.ping(transport, deadline);
            let (warm, fetched) = tokio::join!(ping, fetch);
            match warm {
                Err(failure) => return all(Err(failure)),
                Ok(_) => state.is_warm = true,
            }
            fetched
        } else {
            fetch.await
        };
        let mut refused = HashMap::new();
        for (repository, outcome) in fetched.into_iter().flatten() {
            match outcome {
                Ok(pass) => drop(state.passes.insert(repository, pass)),
                Err(failure) => drop(refused.insert(repository, failure)),
            }
        }
        repositories
            .iter()
            .map(|repository| {
                let pass = match (refused.remove(*repository), state.passes.get(*repository)) {
                    (Some(failure), _) => Err(failure),
                    (None, Some(pass)) => Ok(pass.clone()),
                    (None, None) => Ok(Pass::NONE),
                };
                ((*repository).to_owned(), pass)
            })
            .collect()
    }

    /// Keeps what was fetched beside, so that nobody fetches it again.
    pub(super) async fn keep(&self, door: Door, passes: impl Iterator<Item = (String, Pass)>) {
        let mut state = self.state.lock().await;
        state.door.get_or_insert(door);
        state.passes.extend(passes);
    }

    /// A pass for one repository.
    pub(super) async fn admit_one(
        &self,
        transport: &Transport,
        repository: &str,
        deadline: Deadline,
    ) -> Result<Pass, Failure> {
        let mut passes = self.admit(transport, &[repository], deadline).await;
        passes.remove(repository).unwrap_or(Ok(Pass::NONE))
    }

    /// A new pass for one repository, after `answer` did not accept `used`.
    pub(super) async fn readmit(
        &self,
        transport: &Transport,
        repository: &str,
        used: &Pass,
        answer: &Answer,
        deadline: Deadline,
    ) -> Result<Pass, Failure> {
        let mut state = self.state.lock().await;
        if let Some(pass) = state.passes.get(repository)
            && pass.header != used.header
        {
            return Ok(pass.clone());
        }
        let service = match &self.endpoint.tokens {
            Some(service) => service.clone(),
            None => match self.read_challenge(answer)? {
                Door::Tokens(service) => service,
                Door::Open | Door::Basic => return Ok(Pass::NONE),
            },
        };
        state.door = Some(Door::Tokens(service.clone()));
        let pass = self
            .fetch(transport, &service, &[repository], None, deadline)
            .await?;
        state.passes.insert(repository.to_owned(), pass.clone());
        Ok(pass)
    }

    /// A pass with the user's login; `None` where there is none, or where the registry takes none from us.
    pub(super) async fn log_in(
        &self,
        transport: &Transport,
        repository: &str,
        config: &Path,
        deadline: Deadline,
    ) -> Option<Result<Pass, Failure>> {
        let mut state = self.state.lock().await;
        if let Stored::NotRead = state.login {
            // A helper may take seconds, so it is run once.
            let login = stored(config, &self.endpoint.registry).await;
            let header = login.and_then(|login| transport.basic(&login));
            state.login = header.map_or(Stored::None, Stored::Some);
        }
        let Stored::Some(basic) = &state.login else {
            return None;
        };
        let basic = basic.clone();
        let outcome = match state.door.clone()? {
            Door::Open => return None,
            Door::Basic => Ok(Pass {
                header: Some(basic),
                until: None,
            }),
            Door::Tokens(service) => {
                // A login goes to the registry itself, or to where we know that its tokens come from.
                let is_own = is_same_origin(&service.realm, &self.endpoint.base);
                if !is_own && self.endpoint.tokens.as_ref() != Some(&service) {
                    return None;
                }
                self.fetch(transport, &service, &[repository], Some(&basic), deadline)
                    .await
            }
        };
        if let Ok(pass) = &outcome {
            state.passes.insert(repository.to_owned(), pass.clone());
        }
        Some(outcome)
    }

    /// Whether the 401 of a known registry is its own: another realm, or none, is the work of something in between.
    pub(super) fn altered(&self, answer: &Answer) -> Option<Fault> {
        let known = self.endpoint.tokens.as_ref()?;
        if answer.status != StatusCode::UNAUTHORIZED || answer.is_web_page() {
            return None;
        }
        match self.read_challenge(answer) {
            Ok(Door::Tokens(service)) if service.realm == known.realm => None,
            Ok(Door::Tokens(service)) => {
                let realm = without_secrets(service.realm.as_str());
                Some(altered(format!("names {realm} for its tokens")))
            }
            Ok(Door::Open | Door::Basic) | Err(_) => Some(altered(
                "its challenge is missing or not its own".to_owned(),
            )),
        }
    }

    async fn door(
        &self,
        state: &mut State,
        transport: &Transport,
        deadline: Deadline,
    ) -> Result<Door, Failure> {
        if let Some(door) = &state.door {
            return Ok(door.clone());
        }
        let answer = self.ping(transport, deadline).await?;
        let door = match answer.status {
            StatusCode::UNAUTHORIZED => self.read_challenge(&answer)?,
            StatusCode::OK if !answer.is_web_page() => Door::Open,
            _ => return Err(answer.ping_fault().at(&self.endpoint.base, Part::Api)),
        };
        state.door = Some(door.clone());
        Ok(door)
    }

    pub(super) async fn ping(
        &self,
        transport: &Transport,
        deadline: Deadline,
    ) -> Result<Answer, Failure> {
        let question = Question {
            method: Method::GET,
            url: self.endpoint.ping(),
            accept: None,
            authorization: None,
            body_limit: PING_LIMIT,
        };
        let answer = transport.ask(&question, deadline).await;
        answer.map_err(|fault| fault.at(&self.endpoint.base, Part::Api))
    }

    /// The first challenge for tokens, else one for a login, of all that the answer holds.
    pub(super) fn read_challenge(&self, answer: &Answer) -> Result<Door, Failure> {
        let refuse = |words: String| altered(words).at(&self.endpoint.base, Part::Api);
        let challenges = answer.challenges();
        let bearer = challenges.iter().find_map(|it| {
            let realm = it.param("realm").filter(|_| it.scheme == "bearer")?;
            Some((realm, it.param("service")))
        });
        if let Some((realm, service)) = bearer {
            let realm = Url::parse(realm)
                .map_err(|_| Refusal::Malformed)
                .and_then(|_| checked(&self.endpoint.base, realm))
                .map_err(|why| {
                    refuse(format!(
                        "names {} for its tokens: {why}",
                        without_secrets(realm)
                    ))
                })?;
            return Ok(Door::Tokens(Service {
                realm,
                name: service.map(str::to_owned),
            }));
        }
        if challenges.iter().any(|it| it.scheme == "basic") {
            return Ok(Door::Basic);
        }
        Err(refuse("401 without a challenge that can be met".to_owned()))
    }

    /// One token for several repositories. Where that is refused, one for each: it names the culprit.
    pub(super) async fn fetch_some(
        &self,
        transport: &Transport,
        service: &Service,
        repositories: &[&str],
        deadline: Deadline,
    ) -> Vec<(String, Result<Pass, Failure>)> {
        let together = self
            .fetch(transport, service, repositories, None, deadline)
            .await;
        let outcomes = match together {
            Err(failure) if repositories.len() > 1 && failure.code == Some(Code::TokenRefused) => {
                let each = repositories.chunks(1);
                join_all(each.map(|one| self.fetch(transport, service, one, None, deadline))).await
            }
            outcome => vec![outcome; repositories.len()],
        };
        let names = repositories.iter().map(|it| (*it).to_owned());
        names.zip(outcomes).collect()
    }

    async fn fetch(
        &self,
        transport: &Transport,
        service: &Service,
        repositories: &[&str],
        login: Option<&HeaderValue>,
        deadline: Deadline,
    ) -> Result<Pass, Failure> {
        let url = service.question(repositories);
        let part = Part::Tokens.or_api(&url, &self.endpoint.base);
        let question = Question {
            method: Method::GET,
            url: url.clone(),
            accept: None,
            authorization: login,
            body_limit: token::BODY_LIMIT,
        };
        let answer = transport.ask(&question, deadline).await;
        let answer = answer.map_err(|fault| fault.at(&url, part))?;
        if let Body::Whole(body) = &answer.body
            && answer.status == StatusCode::OK
            && let Ok(grant) = token::parse(body)
        {
            return Ok(Pass {
                header: Some(grant.authorization),
                until: Some(Instant::now() + grant.life),
            });
        }
        let who = login.map_or(Who::Anonymous, |_| Who::Login);
        Err(answer.token_fault(&url, who).at(&url, part))
    }
}

fn altered(words: String) -> Fault {
    Fault::new(Layer::Http, Code::ChallengeAltered, words)
}
