//! The way to the registries from this machine, layer by layer: all registries, and the hosts of each, side by side.
//!
//! A step that needs one that failed is not taken and says so, so one broken layer is one failure, and a host that
//! does not answer costs its timeout once.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::{join_all, join3};

use crate::codes::Code;
use crate::image::{Digest, Reference};
use crate::lookup::{Failure, Layer};
use crate::reading::{Broken, Known, LayerHost, Reading, Step, Taken, Way};
use crate::registry::Session;
use crate::registry::steps::{Greeting, Leave, Steps, Timed, Walked};

use answers::{failed, greeted, named_reading, with_port};

pub(super) mod answers;

/// The way to each of these registries, and to those of the images, by their names.
///
/// Where no image of a registry is known, its steps end where one would be asked for.
pub(crate) async fn look(
    session: &Session,
    registries: &[&str],
    images: &BTreeSet<Reference>,
) -> Vec<Way> {
    let ways = all_registries(registries, images)
        .into_iter()
        .map(|registry| {
            let of_registry = images.iter().filter(|image| image.registry == registry);
            let images: Vec<&Reference> = of_registry.collect();
            async move {
                match session.steps(registry) {
                    Ok(steps) => walk(registry, &steps, &images).await,
                    Err(failure) => way_nowhere(registry, &failure),
                }
            }
        });
    join_all(ways).await
}

/// The ways of [`look`], where nothing can be asked for this reason.
pub(crate) fn nowhere(
    registries: &[&str],
    images: &BTreeSet<Reference>,
    why: &Failure,
) -> Vec<Way> {
    all_registries(registries, images)
        .into_iter()
        .map(|registry| way_nowhere(registry, why))
        .collect()
}

fn all_registries<'a>(
    registries: &[&'a str],
    images: &'a BTreeSet<Reference>,
) -> BTreeSet<&'a str> {
    let of_images = images.iter().map(|image| image.registry.as_str());
    of_images.chain(registries.iter().copied()).collect()
}

fn way_nowhere(registry: &str, failure: &Failure) -> Way {
    let mut way = empty(registry);
    way.put(Step::Dns, registry.to_owned(), failed(failure), None, None);
    way.need_rest(Step::Dns, registry);
    way
}

fn empty(registry: &str) -> Way {
    Way {
        registry: registry.to_owned(),
        steps: [].into(),
        hosts: Vec::new(),
        layers: Vec::new(),
        proxy: None,
        budget: None,
        digests: [].into(),
    }
}

async fn walk(registry: &str, steps: &Steps<'_>, images: &[&Reference]) -> Way {
    let likely = steps.layer_hosts().first();
    let greeted = async {
        let walked = steps.walk().await;
        match walked.broken {
            Some(_) => (walked, None),
            None => (walked, Some(steps.greet().await)),
        }
    };
    let to_layers = async {
        match likely {
            Some(host) => steps.walk_to_layers(host).await,
            None => None,
        }
    };
    let ((api, greeting), tokens, layers) = join3(greeted, steps.walk_to_tokens(), to_layers).await;

    let mut way = Way {
        hosts: [Some(steps.host()), steps.token_host()]
            .into_iter()
            .flatten()
            .collect(),
        proxy: api.proxy.clone(),
        ..empty(registry)
    };
    way.connect(&api, greeting.as_ref());
    if images.is_empty() {
        way.skip_content(steps, layers);
        return way;
    }
    let greeting = greeting.and_then(|greeting| greeting.answer.ok());
    let leave = way
        .token(steps, tokens.as_ref(), greeting.as_ref(), images)
        .await;
    let named = way.manifest(steps, leave.as_ref(), images).await;
    way.layers(steps, layers, leave.zip(named)).await;
    way
}

impl Way {
    fn put(
        &mut self,
        step: Step,
        target: String,
        reading: Reading,
        took: Option<Duration>,
        issuer: Option<String>,
    ) {
        let taken = Taken {
            target,
            reading,
            took,
            issuer,
        };
        self.steps.insert(step, taken);
    }

    /// Marks every step that was not taken as one that needs `step`; the budget is no step of its own.
    fn need_rest(&mut self, step: Step, target: &str) {
        for rest in Step::ALL.into_iter().filter(|rest| *rest != Step::Budget) {
            if !self.steps.contains_key(&rest) {
                self.put(rest, target.to_owned(), Reading::Needs(step), None, None);
            }
        }
    }

    /// Nothing to ask for; a host that does not answer has been found all the same.
    fn skip_content(&mut self, steps: &Steps<'_>, layers: Option<Walked>) {
        let unknown = || Reading::Skipped("no image is known".to_owned());
        self.put(Step::Token, steps.token_target(), unknown(), None, None);
        self.put(Step::Manifest, steps.host(), unknown(), None, None);
        self.expect_layers(steps, layers, unknown());
    }

    fn is_passable(&self, step: Step) -> bool {
        let taken = self.steps.get(&step).map(|taken| &taken.reading);
        matches!(
            taken,
            Some(Reading::Passed | Reading::Odd(_) | Reading::Skipped(_))
        )
    }

    /// The first of these steps that cannot be gone beyond.
    fn blocked_by(&self, steps: &[Step]) -> Option<Step> {
        steps.iter().copied().find(|step| !self.is_passable(*step))
    }

    fn connect(&mut self, api: &Walked, greeting: Option<&Timed<Result<Greeting, Failure>>>) {
        let host = api.host.clone();
        let (dns, connect) = match &api.broken {
            Some((Layer::Dns, broken)) => {
                (Reading::Failed(broken.clone()), Reading::Needs(Step::Dns))
            }
            Some((_, broken)) => (Reading::Passed, Reading::Failed(broken.clone())),
            None => (Reading::Passed, greeted(api, greeting)),
        };
        let dns = match &api.proxy {
            Some(_) => Reading::Skipped("the proxy resolves it".to_owned()),
            None => dns,
        };
        self.put(Step::Dns, host.clone(), dns, api.dns, None);
        self.put(
            Step::Connect,
            with_port(&host),
            connect,
            api.connect,
            api.issuer.clone(),
        );
    }

    /// Leave to pull, where it could be asked for.
    async fn token(
        &mut self,
        steps: &Steps<'_>,
        host: Option<&Walked>,
        greeting: Option<&Greeting>,
        images: &[&Reference],
    ) -> Option<Leave> {
        let target = steps.token_target();
        if let Some(Walked {
            broken: Some((_, broken)),
            dns,
            connect,
            issuer,
            ..
        }) = host
        {
            let took = dns.unwrap_or_default() + connect.unwrap_or_default();
            let reading = Reading::Failed(broken.clone());
            self.put(Step::Token, target, reading, Some(took), issuer.clone());
            return None;
        }
        if host.is_none()
            && let Some(blocked) = self.blocked_by(&[Step::Dns, Step::Connect])
        {
            self.put(Step::Token, target, Reading::Needs(blocked), None, None);
            return None;
        }
        let asked = steps.ask_leave(greeting, images).await;
        let reading = asked.answer.refused().map_or(Reading::Passed, failed);
        let issuer = host.and_then(|host| host.issuer.clone());
        let is_given = reading == Reading::Passed;
        self.put(Step::Token, target, reading, Some(asked.took), issuer);
        is_given.then_some(asked.answer)
    }

    async fn manifest<'a>(
        &mut self,
        steps: &Steps<'_>,
        leave: Option<&Leave>,
        images: &[&'a Reference],
    ) -> Option<(&'a Reference, Digest)> {
        let target = steps.host();
        let blocked = self.blocked_by(&[Step::Dns, Step::Connect, Step::Token]);
        let leave = match (leave, blocked) {
            (Some(leave), None) => leave,
            (_, blocked) => {
                let needs = Reading::Needs(blocked.unwrap_or(Step::Token));
                self.put(Step::Manifest, target, needs, None, None);
                return None;
            }
        };
        let named = steps.name(leave, images).await;
        let answers = &named.answer;
        let reading = named_reading(answers);
        self.put(
            Step::Manifest,
            target.clone(),
            reading,
            Some(named.took),
            None,
        );
        for (image, named) in images.iter().zip(answers) {
            if let Ok(digest) = &named.digest {
                self.digests.insert((*image).clone(), digest.clone());
            }
        }
        // Each answer counts what the others left.
        self.budget = answers
            .iter()
            .filter_map(|named| named.budget.clone())
            .min_by_key(|budget| budget.left);
        if let Some(budget) = &self.budget {
            let reading = if budget.left == 0 {
                Reading::Failed(Broken {
                    code: Code::QuotaUsedUp,
                    cause: Code::QuotaUsedUp,
                    host: target.clone(),
                    message: "no pulls are left for this address".to_owned(),
                })
            } else {
                Reading::Passed
            };
            self.put(Step::Budget, target, reading, None, None);
        }
        images
            .iter()
            .zip(answers)
            .find_map(|(image, named)| Some((*image, named.digest.clone().ok()?)))
    }

    async fn layers(
        &mut self,
        steps: &Steps<'_>,
        likely: Option<Walked>,
        named: Option<(Leave, (&Reference, Digest))>,
    ) {
        let Some((leave, (image, digest))) = named else {
            let before = [Step::Dns, Step::Connect, Step::Token, Step::Manifest];
            let needs = self.blocked_by(&before).unwrap_or(Step::Manifest);
            self.expect_layers(steps, likely, Reading::Needs(needs));
            return;
        };
        let address = match steps.locate(&leave, image, &digest).await {
            Ok(address) => address,
            Err(failure) => {
                self.put(Step::Layers, steps.host(), failed(&failure), None, None);
                return;
            }
        };
        let host = address.host();
        self.layers = vec![LayerHost {
            host: host.clone(),
            known: Known::Observed,
        }];
        let walked = match likely {
            Some(walked) if walked.host == host => Some(walked),
            _ if host == steps.host() => None,
            _ => steps.walk_to_layers(&host).await,
        };
        let issuer = walked.as_ref().and_then(|walked| walked.issuer.clone());
        if let Some(Walked {
            broken: Some((_, broken)),
            connect,
            ..
        }) = walked
        {
            let reading = Reading::Failed(broken);
            self.put(Step::Layers, with_port(&host), reading, connect, issuer);
            return;
        }
        let fetched = steps.fetch(&address).await;
        let reading = fetched
            .answer
            .as_ref()
            .err()
            .map_or(Reading::Passed, failed);
        self.put(
            Step::Layers,
            with_port(&host),
            reading,
            Some(fetched.took),
            issuer,
        );
    }
}

impl Way {
    /// Layer hosts that nobody sent us to: one says something only where it does not answer.
    fn expect_layers(&mut self, steps: &Steps<'_>, walked: Option<Walked>, otherwise: Reading) {
        let hosts = steps.layer_hosts().iter();
        self.layers = hosts
            .map(|host| LayerHost {
                host: (*host).to_owned(),
                known: Known::Expected,
            })
            .collect();
        let host = steps.layer_hosts().first().copied().unwrap_or_default();
        let (reading, took, issuer) = match walked {
            Some(Walked {
                broken: Some((_, broken)),
                connect,
                issuer,
                ..
            }) => (Reading::Failed(broken), connect, issuer),
            _ => (otherwise, None, None),
        };
        self.put(Step::Layers, with_port(host), reading, took, issuer);
    }
}

#[cfg(test)]
mod tests;
