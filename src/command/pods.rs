//! The look from pods: what to copy, where to put it, what to ask.

use std::time::Duration;

use futures::channel::oneshot::Receiver;
use futures::future::{Either, join, select};

use crate::cluster::connect::Cluster;
use crate::cluster::job::OwnJobs;
use crate::cluster::original;
use crate::error::Error;
use crate::image::Reference;
use crate::lookup::Failure;
use crate::probe::pod::place::{Reach, Site, places};
use crate::probe::pod::question::{Question, Tokens};
use crate::probe::pod::template::Original;
use crate::probe::pod::{Patience, judge, look, ways};
use crate::reading::{PodLook, Unprobed, Way};
use crate::registry::Session;
use crate::release::Release;

/// How long a pod waits for this machine to learn where layers are.
const PRECEDENCE: Duration = Duration::from_secs(1);

/// What is looked at, and through what.
pub(super) struct Pods<'a> {
    /// What the pod runs instead of the refresher's image.
    pub(super) image: Option<&'a str>,
    pub(super) reach: Reach,
    pub(super) cluster: &'a Cluster,
    pub(super) jobs: &'a OwnJobs<'a>,
    /// Knows the hosts of registries.
    pub(super) session: Result<&'a Session, &'a Failure>,
}

impl Pods<'_> {
    /// The looks at what a release's images need; none where they need no registry. `here` comes from this machine.
    pub(super) async fn look(
        &self,
        release: &Release,
        images: &[Reference],
        here: Receiver<Vec<Way>>,
    ) -> Vec<PodLook> {
        if images.is_empty() {
            return Vec::new();
        }
        let session = match self.session {
            Ok(session) => session,
            Err(failure) => return nowhere(Unprobed::Unable(failure.message.clone())),
        };
        let (copied, here) = join(Box::pin(self.original(release)), known(here)).await;
        let (original, site) = match copied {
            Ok(Some(copied)) => copied,
            Ok(None) => return nowhere(Unprobed::Unable("no refresh job to copy".to_owned())),
            Err(error) => return nowhere(judge::unmade(error)),
        };
        let questions: Vec<_> = questions(session, images)
            .into_iter()
            .map(|question| question.informed_by(&here))
            .collect();
        let (nodes, rest) = places(&site, &original.image, self.reach);
        let mut looks = look(
            self.jobs,
            &original,
            &questions,
            &nodes,
            Patience::default(),
        )
        .await;
        looks.extend(rest.into_iter().map(|node| PodLook {
            node: Some(node),
            ways: Err(Unprobed::Unable(
                "not looked from: there are too many nodes".to_owned(),
            )),
        }));
        looks
    }

    async fn original(&self, release: &Release) -> Result<Option<(Original, Site)>, Error> {
        match (release.cron_job(), self.image) {
            (Some(cron_job), image) => {
                let copied = original::of_refresher(self.cluster, release, cron_job, image);
                copied.await.map(Some)
            }
            (None, Some(image)) => {
                let copied = original::of_jobs_manager(self.cluster, release, image);
                copied.await.map(Some)
            }
            (None, None) => Ok(None),
        }
    }
}

/// One look that there was not.
pub(super) fn nowhere(why: Unprobed) -> Vec<PodLook> {
    vec![PodLook {
        node: None,
        ways: Err(why),
    }]
}

/// What this machine has seen, if it is quick.
async fn known(here: Receiver<Vec<Way>>) -> Vec<Way> {
    let pause = Box::pin(tokio::time::sleep(PRECEDENCE));
    match select(here, pause).await {
        Either::Left((Ok(ways), _)) => ways,
        _ => Vec::new(),
    }
}

fn questions(session: &Session, images: &[Reference]) -> Vec<Question> {
    let mut questions: Vec<Question> = Vec::new();
    for image in images {
        let known = questions
            .iter_mut()
            .find(|question| question.registry == image.registry);
        if let Some(question) = known {
            question.images.push(image.clone());
            continue;
        }
        let Ok(steps) = session.steps(&image.registry) else {
            continue;
        };
        questions.push(Question {
            registry: image.registry.clone(),
            host: steps.host(),
            tokens: steps
                .tokens()
                .map(|(realm, service)| Tokens { realm, service }),
            layers: ways::expected(steps.layer_hosts()),
            images: vec![image.clone()],
        });
    }
    questions
}
