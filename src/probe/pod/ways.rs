//! What a probe was told, as ways: the step that broke, its code, and what needs it.

use std::time::Duration;

use crate::codes::Code;
use crate::reading::{Broken, Known, LayerHost, Reading, Step, Taken, Way};

use answers::{budget, failed, greeting, page};

use super::question::Question;
use super::result::{Answer, Proxy, Told};
use super::transport::{Crossing, crossing};
use crate::probe::layers::answers::with_port;

mod answers;

/// One way for each question, in their order.
pub(crate) fn ways(questions: &[Question], told: &Told) -> Vec<Way> {
    questions
        .iter()
        .map(|question| Look { question, told }.way())
        .collect()
}

struct Look<'a> {
    question: &'a Question,
    told: &'a Told,
}

/// A step's reading, and how long it took.
type Judged = (Reading, Option<Duration>);

impl Look<'_> {
    fn answer(&self, what: &str) -> Option<&Answer> {
        let mut answers = self.told.answers.iter();
        answers.find(|answer| answer.registry == self.question.registry && answer.what == what)
    }

    fn proxy(&self, host: &str) -> Option<&Proxy> {
        self.told
            .proxy
            .as_ref()
            .filter(|proxy| proxy.is_before(host))
    }

    fn cross(&self, answer: &Answer) -> Crossing {
        let proxy = self.proxy(&answer.host);
        crossing(answer, proxy.map(|proxy| proxy.address.as_str()))
    }

    /// Why a step was not taken that nothing is in the way of.
    fn untaken(&self) -> Reading {
        let has = |tool: &str| self.told.tools.iter().any(|known| known == tool);
        Reading::Unknown(if !has("curl") {
            "the pod's image has no curl".to_owned()
        } else if self.told.is_whole {
            "the probe has not asked".to_owned()
        } else {
            "the probe's time was up".to_owned()
        })
    }

    fn way(&self) -> Way {
        let question = self.question;
        let mut way = Way {
            registry: question.registry.clone(),
            steps: [].into(),
            hosts: [Some(question.host.as_str()), question.token_host()]
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect(),
            layers: question.layers.clone(),
            proxy: self
                .proxy(&question.host)
                .map(|proxy| proxy.address.clone()),
            budget: None,
            digests: [].into(),
        };
        let issuer = |what: &str| {
            let issuer = self
                .answer(what)
                .map(|answer| answer.field("is").to_owned());
            issuer.filter(|issuer| !issuer.is_empty())
        };
        let (dns, connect) = self.api();
        take(&mut way, Step::Dns, &question.host, dns, None);
        take(
            &mut way,
            Step::Connect,
            &with_port(&question.host),
            connect,
            issuer("api"),
        );
        let token = self.token(&way);
        take(
            &mut way,
            Step::Token,
            question.token_target(),
            token,
            issuer("token"),
        );
        let manifest = self.manifest(&mut way);
        take(&mut way, Step::Manifest, &question.host, manifest, None);
        if let Some(budget) = &way.budget {
            let reading = match budget.left {
                0 => failed(
                    Code::QuotaUsedUp,
                    &question.host,
                    "no pulls are left for this address",
                ),
                _ => Reading::Passed,
            };
            take(
                &mut way,
                Step::Budget,
                &question.host,
                (reading, None),
                None,
            );
        }
        let layers = self.layers(&way);
        let target = question
            .layers
            .first()
            .map_or("", |layers| layers.host.as_str());
        take(
            &mut way,
            Step::Layers,
            &with_port(target),
            layers,
            issuer("layers"),
        );
        way
    }

    fn api(&self) -> (Judged, Judged) {
        let host = &self.question.host;
        let Some(answer) = self.answer("api") else {
            return ((self.untaken(), None), (Reading::Needs(Step::Dns), None));
        };
        let took = Some(answer.secured).filter(|took| !took.is_zero());
        let resolved = Some(answer.resolved).filter(|took| !took.is_zero());
        let is_proxied = self.proxy(host).is_some();
        let dns = if is_proxied {
            (Reading::Skipped("the proxy resolves it".to_owned()), None)
        } else {
            (Reading::Passed, resolved)
        };
        match self.cross(answer) {
            Crossing::Failed(code @ (Code::NameRefused | Code::DnsSilent), message)
                if !is_proxied =>
            {
                (
                    (failed(code, host, &message), None),
                    (Reading::Needs(Step::Dns), None),
                )
            }
            Crossing::Failed(code, message) => (dns, (failed(code, host, &message), took)),
            Crossing::Unknown(why) => (
                (Reading::Unknown(why.clone()), None),
                (Reading::Unknown(why), None),
            ),
            Crossing::Over => (dns, (greeting(answer), took)),
        }
    }

    /// Leave to pull. Where it comes from another host, that one was asked whatever the registry's own does.
    fn token(&self, way: &Way) -> Judged {
        let own_host = self.question.token_host();
        if own_host.is_none()
            && let Some(blocked) = blocked(way)
        {
            return (Reading::Needs(blocked), None);
        }
        let Some(answer) = self.answer("token") else {
            return (self.untaken(), None);
        };
        let at = |code, message: &str| {
            let is_api = Code::Dropped <= code && code <= Code::RegistryError;
            Reading::Failed(Broken {
                code: match own_host {
                    Some(_) if is_api => Code::TokenHostBlocked,
                    _ => code,
                },
                cause: code,
                host: answer.host.clone(),
                message: message.to_owned(),
            })
        };
        let reading = match self.cross(answer) {
            Crossing::Failed(code, message) => at(code, &message),
            Crossing::Unknown(why) => Reading::Unknown(why),
            Crossing::Over => match (answer.status, answer.is_page()) {
                (200, _) if answer.field("tk") == "1" => Reading::Passed,
                (200, false) => at(Code::TokenMalformed, "an answer without a token"),
                (status @ (401 | 403), false) => at(
                    Code::TokenRefused,
                    &format!("anonymous token refused ({status}): private or missing"),
                ),
                (429, _) => at(Code::RateLimited, "too many requests (429)"),
                (status @ 500.., _) => at(Code::RegistryError, &format!("answered {status}")),
                _ => at(Code::TokenPathFiltered, &page(answer)),
            },
        };
        (reading, Some(answer.total))
    }

    fn manifest(&self, way: &mut Way) -> Judged {
        if let Some(blocked) = blocked(way) {
            return (Reading::Needs(blocked), None);
        }
        if self.question.images.is_empty() {
            return (Reading::Skipped("no image is known".to_owned()), None);
        }
        let told = self
            .told
            .answers
            .iter()
            .filter(|answer| answer.registry == self.question.registry);
        let named: Vec<_> = told
            .filter_map(|answer| Some((answer, self.question.image(&answer.what)?)))
            .collect();
        let mut failures = Vec::new();
        for (answer, image) in &named {
            match self.named(answer) {
                Ok(digest) => {
                    way.digests.insert((*image).clone(), digest);
                }
                Err(reading) => failures.push(reading),
            }
            if let Some(budget) = budget(answer) {
                let less = way
                    .budget
                    .as_ref()
                    .is_none_or(|known| budget.left < known.left);
                way.budget = if less {
                    Some(budget)
                } else {
                    way.budget.take()
                };
            }
        }
        let took = named.iter().map(|(answer, _)| answer.total).max();
        let all = self.question.images.len();
        let reading = match failures.into_iter().next() {
            Some(Reading::Failed(mut broken)) if !way.digests.is_empty() => {
                let some = all - way.digests.len();
                broken.message = format!("{} ({some} of {all} images)", broken.message);
                Reading::Failed(broken)
            }
            Some(failure) => failure,
            None if named.len() < all => self.untaken(),
            None => Reading::Passed,
        };
        (reading, took)
    }

    /// What a tag names.
    fn named(&self, answer: &Answer) -> Result<crate::image::Digest, Reading> {
        let host = &answer.host;
        match self.cross(answer) {
            Crossing::Failed(code, message) => return Err(failed(code, host, &message)),
            Crossing::Unknown(why) => return Err(Reading::Unknown(why)),
            Crossing::Over => {}
        }
        let is_used_up = answer.field("rl").starts_with("0;") || answer.field("rl") == "0";
        Err(match (answer.status, answer.is_page()) {
            (200, false) => match answer.field("dg").parse() {
                Ok(digest) => return Ok(digest),
                Err(_) => failed(
                    Code::DigestNotProvable,
                    host,
                    "the digest that it names is not a sha256 digest",
                ),
            },
            (429, _) if is_used_up => failed(
                Code::QuotaUsedUp,
                host,
                "the pull quota of this address is used up (429)",
            ),
            (429, _) => failed(Code::RateLimited, host, "too many requests (429)"),
            (404, false) => failed(
                Code::TagMissing,
                host,
                &format!("no tag {} (404)", answer.what),
            ),
            (status @ (401 | 403), false) => failed(
                Code::RepositoryMissing,
                host,
                &format!("{} is missing or private ({status})", answer.what),
            ),
            (status @ 500.., _) => failed(Code::RegistryError, host, &format!("answered {status}")),
            _ => failed(Code::NotARegistry, host, &page(answer)),
        })
    }

    /// The host of the layers. It was asked whatever the registry does: nobody sends a pod there that is barred before.
    fn layers(&self, way: &Way) -> Judged {
        let blocked = blocked(way);
        let Some(answer) = self.answer("layers") else {
            let reading = match blocked {
                Some(step) => Reading::Needs(step),
                None if self.question.layers.is_empty() => {
                    Reading::Unknown("where its layers are is not known".to_owned())
                }
                None => self.untaken(),
            };
            return (reading, None);
        };
        let at = |code, message: &str| {
            let known = self.question.layers.first().map(|layers| layers.known);
            let expected = if known == Some(Known::Expected) {
                " (expected, not observed)"
            } else {
                ""
            };
            Reading::Failed(Broken {
                code: Code::LayerHostBlocked,
                cause: code,
                host: answer.host.clone(),
                message: format!("{message}{expected}"),
            })
        };
        let took = Some(answer.total).filter(|took| !took.is_zero());
        match self.cross(answer) {
            Crossing::Failed(code, message) => (at(code, &message), took),
            // Layers are never at its root; a page there that says "200" is somebody else's.
            Crossing::Over if answer.status == 200 && answer.is_page() => {
                (at(Code::NotARegistry, &page(answer)), took)
            }
            Crossing::Unknown(why) => (Reading::Unknown(why), None),
            Crossing::Over => match blocked {
                Some(step) => (Reading::Needs(step), None),
                None => (Reading::Passed, took),
            },
        }
    }
}

fn take(way: &mut Way, step: Step, target: &str, (reading, took): Judged, issuer: Option<String>) {
    let taken = Taken {
        target: target.to_owned(),
        reading,
        took,
        issuer,
    };
    way.steps.insert(step, taken);
}

/// The first step that cannot be gone beyond, of those that were taken.
fn blocked(way: &Way) -> Option<Step> {
    let is_passable = |reading: &Reading| {
        matches!(
            reading,
            Reading::Passed | Reading::Odd(_) | Reading::Skipped(_)
        )
    };
    way.steps
        .iter()
        .find(|(step, taken)| **step != Step::Budget && !is_passable(&taken.reading))
        .map(|(step, _)| *step)
}

/// As a registry's own endpoint has them, none of them seen.
pub(crate) fn expected(hosts: &[&str]) -> Vec<LayerHost> {
    let hosts = hosts.iter();
    hosts
        .map(|host| LayerHost {
            host: (*host).to_owned(),
            known: Known::Expected,
        })
        .collect()
}

#[cfg(test)]
mod tests;
