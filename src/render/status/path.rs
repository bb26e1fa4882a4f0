//! The way of one image from its tag to the pods that run it, link by link: the wide form.

use std::collections::BTreeSet;

use super::{Screen, quoted};
use crate::health::State;
use crate::image::Digest;
use crate::render::flow::{Flow, Line};
use crate::render::model::{Child, DigestOf, Image, Pod};
use crate::render::theme::{Mark, TEXT};

/// Where the texts of the links begin.
const TEXTS: usize = 15;

/// One link: its name, what is there, and its digest where that can be compared.
struct Link<'a> {
    name: &'static str,
    text: String,
    digest: Option<&'a Digest>,
}

impl Screen<'_> {
    pub(super) fn path(&self, image: &Image) -> Vec<Line> {
        let latest = same_content(image);
        let mut broken = false;
        let mut lines = Vec::new();
        for link in self.links(image) {
            let breaks = !broken
                && link
                    .digest
                    .is_some_and(|digest| !latest.is_empty() && !latest.contains(digest));
            broken |= breaks;
            let mut text = Flow::default().words(&link.text, TEXT);
            if breaks {
                text = text.item(3, [("not the latest".to_owned(), self.theme.bad)]);
            }
            let mut rows = text.lines(self.margins(TEXTS, TEXTS));
            if let Some(first) = rows.first_mut() {
                let lead = if breaks {
                    self.theme.glyphs.of(Mark::Warn)
                } else {
                    " "
                };
                first.label(&format!("  {lead} {}", link.name));
            }
            lines.extend(rows);
        }
        lines
    }

    fn links<'a>(&self, image: &'a Image) -> Vec<Link<'a>> {
        let tracks = image.tracks.as_ref().map_or_else(
            || "nothing".to_owned(),
            |tracks| {
                let tag = tracks.tag.as_deref().unwrap_or("-");
                format!("{}/{}:{tag}", tracks.registry, tracks.repository)
            },
        );
        let digests = &image.digests;
        let mut links = vec![
            Link {
                name: "tag",
                text: tracks,
                digest: None,
            },
            self.link(image, "latest", digests.latest.as_ref()),
        ];
        links.extend(self.children("latest for", image.children.latest.as_deref()));
        links.push(self.link(image, "recorded", digests.recorded.as_ref()));
        links.push(self.spec(image));
        if image.children.in_use != image.children.latest {
            links.extend(self.children("in use for", image.children.in_use.as_deref()));
        }
        match &image.pods {
            Some(pods) if pods.is_empty() => links.push(Link {
                name: "pods",
                text: "none".to_owned(),
                digest: None,
            }),
            Some(pods) => links.extend(pods.iter().map(|pod| self.pod(pod))),
            None => links.push(unseen_link(image, "pods", "pods")),
        }
        links
    }

    fn link<'a>(&self, image: &Image, name: &'static str, digest: Option<&'a Digest>) -> Link<'a> {
        match digest {
            Some(digest) => Link {
                name,
                text: self.shown(digest),
                digest: Some(digest),
            },
            None => unseen_link(image, name, &format!("digests.{name}")),
        }
    }

    fn spec<'a>(&self, image: &'a Image) -> Link<'a> {
        let link = self.link(image, "spec", image.digests.spec.as_ref());
        let is_by_tag = link.digest.is_none() && !image.reasons.contains_key("digests.spec");
        let mut text = vec![if is_by_tag {
            "no digest".to_owned()
        } else {
            link.text
        }];
        text.extend(image.workloads.iter().flatten().map(|workload| {
            let kind = workload.kind.to_lowercase();
            let rollout = &workload.rollout;
            let waits = rollout
                .message
                .as_deref()
                .map(|what| format!(": {}", quoted(what)));
            format!(
                "{kind}/{} container {} ({}) {}{}",
                workload.name,
                workload.container,
                workload.via,
                rollout.state,
                waits.unwrap_or_default()
            )
        }));
        Link {
            text: text.join(", "),
            ..link
        }
    }

    fn children(&self, name: &'static str, children: Option<&[Child]>) -> Option<Link<'static>> {
        let all: Vec<_> = children?
            .iter()
            .map(|child| format!("{} {}", child.platform, self.digests.show(&child.digest)))
            .collect();
        (!all.is_empty()).then(|| Link {
            name,
            text: all.join(", "),
            digest: None,
        })
    }

    fn pod<'a>(&self, pod: &'a Pod) -> Link<'a> {
        let what = match (&pod.digest, pod.reasons.get("digest")) {
            (Some(digest), _) if pod.digest_of == Some(DigestOf::Config) => {
                format!("config {}", self.shown(digest))
            }
            (Some(digest), _) => self.shown(digest),
            (None, Some(why)) => format!("? {}", quoted(why)),
            (None, None) => "none".to_owned(),
        };
        let node = pod.node.as_deref().unwrap_or("no node");
        let mut text = vec![format!("{what} {} on {node}, {}", pod.name, pod.phase)];
        if pod.template == "older" {
            text.push(", of an older template".to_owned());
        }
        let waiting = [&pod.waiting_reason, &pod.waiting_message];
        let waiting = waiting.into_iter().flatten().filter(|why| !why.is_empty());
        text.extend(waiting.map(|why| format!(": {}", quoted(why))));
        Link {
            name: "pod",
            text: text.concat(),
            digest: pod
                .digest
                .as_ref()
                .filter(|_| pod.digest_of == Some(DigestOf::Manifest)),
        }
    }
}

fn unseen_link(image: &Image, name: &'static str, key: &str) -> Link<'static> {
    let text = match image.reasons.get(key) {
        Some(why) => format!("? {}", quoted(why)),
        None => "none".to_owned(),
    };
    Link {
        name,
        text,
        digest: None,
    }
}

/// The latest and its children; empty where comparing means nothing.
fn same_content(image: &Image) -> BTreeSet<&Digest> {
    if image.is(State::Held) || image.is(State::Mirrored) {
        return BTreeSet::new();
    }
    let children = image.children.latest.iter().flatten();
    image
        .digests
        .latest
        .iter()
        .chain(children.map(|child| &child.digest))
        .collect()
}
