//! From a look at the release to a plan that can be shown: what is to be moved is proven first.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::Run;
use crate::cli::PullTest as When;
use crate::cluster::access;
use crate::error::Error;
use crate::health::{Assessment, assess};
use crate::image::{Digest, Reference};
use crate::look::look_at_one;
use crate::lookup::{Content, Failure};
use crate::observation::{Observation, Seen};
use crate::plan::{Change, Means, RefreshPlan, Request, Stage, decide};
use crate::probe::node::choice::needed;
use crate::probe::node::{Before, Pull, PullTest};
use crate::render::model::plan::{self as render, PlanView, PullTests};
use crate::terminal;

/// A plan, and everything it was made from.
pub(super) struct Planned {
    pub(super) seen: Observation,
    pub(super) assessed: Assessment,
    pub(super) request: Request,
    pub(super) plan: RefreshPlan,
    /// In the order of the changes. Empty where nothing has to be pulled.
    pub(super) tests: Vec<PullTest>,
    pub(super) when: When,
    /// What the caller may not do of what the plan takes; `None` for a plan that does nothing.
    rights: Option<Seen<Vec<String>>>,
}

impl Planned {
    pub(super) fn view(&self) -> PlanView<'_> {
        let tests = || self.tests.iter().map(shown).collect();
        PlanView {
            plan: &self.plan,
            seen: &self.seen,
            assessed: &self.assessed,
            request: &self.request,
            pulls: match self.when {
                When::Auto => PullTests::Before(tests()),
                When::Only => PullTests::Only(tests()),
                When::Skip => PullTests::Skipped,
            },
            rights: self.rights.clone(),
        }
    }
}

impl Run<'_> {
    /// # Errors
    ///
    /// As [`look_at_one`].
    pub(super) async fn plan(&self, request: &Request) -> Result<Planned, Error> {
        let what = format!("asking {} and the registries", self.cluster.server);
        let selector = self.args.selector.as_deref();
        let looked = Box::pin(look_at_one(self.cluster, self.session, selector));
        let seen = terminal::waiting(self.screen, &what, looked).await?;
        Ok(self.planned(seen, request).await)
    }

    /// The plan for a look. A digest that its registry names and does not give is as good as none.
    pub(super) async fn planned(&self, mut seen: Observation, request: &Request) -> Planned {
        let mut proven = BTreeSet::new();
        loop {
            let assessed = assess(&seen);
            let plan = decide(&seen, &assessed, request);
            let wanted: BTreeSet<_> = pulled(&plan)
                .flat_map(|change| &change.moves)
                .map(|one| (one.tracks.clone(), one.to.clone()))
                .filter(|one| !proven.contains(one))
                .collect();
            let failures = self.unproven(&wanted).await;
            if failures.is_empty() {
                let tests = tests(&seen, &plan);
                let sizes = self.learn_sizes(&mut seen, &plan);
                let ((), (denied, rights)) = tokio::join!(sizes, self.rights(&plan, &tests));
                return Planned {
                    tests,
                    rights,
                    request: request.clone(),
                    when: self.args.pull_test,
                    seen,
                    assessed,
                    plan: plan.without(denied),
                };
            }
            proven.extend(wanted);
            for (reference, failure) in failures {
                seen.registry.latest.insert(reference, Err(failure));
            }
        }
    }

    /// Those of these digests that the registry does not give, each with the reason. Never answered from the cache.
    async fn unproven(
        &self,
        wanted: &BTreeSet<(Reference, Digest)>,
    ) -> BTreeMap<Reference, Failure> {
        let Ok(session) = self.session else {
            return BTreeMap::new();
        };
        let asked = wanted.iter().map(async |(reference, digest)| {
            let failure = session.fresh_manifest(reference, digest).await.err()?;
            Some((reference.clone(), failure))
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    /// What the caller may not patch of what the plan patches; and what the caller may not do of all it takes, `None` for
    /// a plan that does nothing.
    async fn rights(
        &self,
        plan: &RefreshPlan,
        tests: &[PullTest],
    ) -> (Vec<String>, Option<Seen<Vec<String>>>) {
        let patches = match self.args.pull_test {
            When::Only => Vec::new(),
            When::Auto | When::Skip => plan.patches(),
        };
        let pulls = match self.args.pull_test {
            When::Auto | When::Only if !tests.is_empty() => plan.pull_tests(),
            When::Auto | When::Only | When::Skip => Vec::new(),
        };
        if patches.is_empty() && pulls.is_empty() {
            return (Vec::new(), None);
        }
        let (denied, lacking) = tokio::join!(
            access::denied(self.cluster, &patches),
            access::denied(self.cluster, &pulls)
        );
        let unpatched = denied.clone().unwrap_or_default();
        let rights = denied.and_then(|denied| Ok([denied, lacking?].concat()));
        (unpatched, Some(rights))
    }

    /// The manifests of the platforms that will be pulled: they say how much that is.
    async fn learn_sizes(&self, seen: &mut Observation, plan: &RefreshPlan) {
        let Ok(session) = self.session else {
            return;
        };
        let moves = pulled(plan).flat_map(|change| &change.moves);
        let children: BTreeSet<_> = moves
            .flat_map(|one| {
                children(seen, &one.to)
                    .into_iter()
                    .map(|child| (one.tracks.clone(), child))
            })
            .filter(|(_, child)| !seen.registry.manifests.contains_key(child))
            .collect();
        let fetched = children.iter().map(async |(reference, child)| {
            (child.clone(), session.manifest(reference, child).await)
        });
        let fetched = join_all(fetched).await;
        seen.registry.manifests.extend(fetched);
    }
}

fn shown(test: &PullTest) -> render::Pull {
    render::Pull {
        repository: test.repository.clone(),
        digest: test.digest.clone(),
        place: test.place.clone().map(|place| render::Place {
            node: place.node,
            platform: place.platform,
            there: match place.before {
                Before::Held => render::There::Held,
                Before::NotListed => render::There::NotSeen,
            },
        }),
    }
}

/// Changes for which a node will have to pull something.
fn pulled(plan: &RefreshPlan) -> impl Iterator<Item = &Change> {
    plan.changes
        .iter()
        .filter(|change| change.stage != Stage::Resume)
}

/// Images of this index that run on nodes of the release.
fn children(seen: &Observation, index: &Digest) -> Vec<Digest> {
    let Some(Ok(manifest)) = seen.registry.manifests.get(index) else {
        return Vec::new();
    };
    let Content::Index(children) = &manifest.content else {
        return Vec::new();
    };
    let nodes = || seen.nodes.iter().flatten();
    children
        .iter()
        .filter(|child| nodes().any(|node| child.platform.runs_on(&node.platform)))
        .map(|child| child.digest.clone())
        .collect()
}

fn tests(seen: &Observation, plan: &RefreshPlan) -> Vec<PullTest> {
    let moves: Vec<_> = pulled(plan)
        .flat_map(|change| &change.moves)
        .filter(|one| one.means != Means::None)
        .map(|one| (one.image, one.tracks.name(), &one.to))
        .collect();
    let pulls: Vec<_> = moves
        .iter()
        .map(|(image, repository, digest)| Pull {
            image: *image,
            repository,
            digest,
        })
        .collect();
    needed(&pulls, seen)
}
