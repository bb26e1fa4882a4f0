//! The ways to the registries, what is kept from moving, and what could not be seen.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use super::{Screen, list, quoted, words};
use crate::lookup::Vantage;
use crate::render::flow::{Flow, Line};
use crate::render::model::{Egress, Image, Verdict};
use crate::render::page::LABEL;
use crate::render::theme::{Mark, TEXT};

const HERE: &str = "this machine";
const CLUSTER: &str = "cluster";

impl Screen<'_> {
    /// Both vantage points on one line where they fit, below each other where they do not.
    pub(super) fn egress(&self) -> Vec<Line> {
        if self.status.egress.is_empty() {
            return Vec::new();
        }
        let (here, cluster) = (self.here(), self.cluster());
        let whole = here
            .clone()
            .item(6, [(CLUSTER.to_owned(), TEXT)])
            .append(2, cluster.clone());
        let lines = self.section("Egress", vec![whole]);
        if lines.len() == 1 {
            return lines;
        }
        let gap = HERE.width() - CLUSTER.width() + 2;
        let cluster = Flow::default()
            .item(0, [(CLUSTER.to_owned(), TEXT)])
            .append(gap, cluster);
        let hang = LABEL + HERE.width() + 2;
        let mut lines = here.lines(self.margins(LABEL, hang));
        if let Some(first) = lines.first_mut() {
            first.label("Egress");
        }
        lines.extend(cluster.lines(self.margins(LABEL, hang)));
        lines
    }

    fn here(&self) -> Flow {
        let flow = Flow::default().item(0, [(HERE.to_owned(), TEXT)]);
        let mut answers = Flow::default();
        for egress in &self.status.egress {
            let Some(answer) = &egress.workstation else {
                continue;
            };
            let (mark, took) = match answer.latency_ms {
                Some(millis) => (Mark::Ok, format!(" {millis}ms")),
                None => (Mark::Bad, String::new()),
            };
            let code = answer.code.map(|code| code.to_string());
            let why = [answer.layer.unwrap_or_default(), &code.unwrap_or_default()].join(" ");
            answers = self.answer(answers, mark, &format!("{}{took}", egress.registry), &why);
        }
        if answers.is_empty() {
            answers = self.answer(answers, Mark::Skip, "not asked", "");
        }
        flow.append(2, answers)
    }

    fn cluster(&self) -> Flow {
        let all = &self.status.egress;
        let alike = all
            .windows(2)
            .all(|pair| pair[0].cluster == pair[1].cluster);
        let first = &all[0].cluster;
        let flow = Flow::default();
        match (first.result, first.at) {
            (Verdict::Ok, Some(at)) if alike && !self.is_wide() => {
                let rest = format!("resolved all, {} ago", self.ago(at));
                let who = match self.status.lookup.from {
                    Vantage::Workstation => "last tick",
                    Vantage::Cluster => "a pod",
                };
                self.answer(flow, Mark::Ok, who, &rest)
            }
            (Verdict::Unknown, _) if alike => {
                let why = first.reasons.get("result").map_or("", String::as_str);
                self.answer(flow, Mark::Unknown, "", why)
            }
            _ => all
                .iter()
                .fold(flow, |flow, egress| self.evidence(flow, egress)),
        }
    }

    fn evidence(&self, flow: Flow, egress: &Egress) -> Flow {
        let evidence = &egress.cluster;
        let age = evidence.at.map(|at| format!(" {} ago", self.ago(at)));
        let by = evidence.by.as_deref().unwrap_or_default();
        let (mark, why) = match evidence.result {
            Verdict::Unknown => {
                let why = evidence.reasons.get("result").map_or("", String::as_str);
                (Mark::Unknown, why.to_owned())
            }
            Verdict::Fail if age.is_none() => (Mark::Bad, by.to_owned()),
            Verdict::Fail => (Mark::Bad, format!("({by})")),
            Verdict::Ok if age.is_none() || self.is_wide() => (Mark::Ok, format!("({by})")),
            Verdict::Ok => (Mark::Ok, String::new()),
        };
        let what = format!("{}{}", egress.registry, age.unwrap_or_default());
        self.answer(flow, mark, &what, &why)
    }

    /// What is said of one registry; only the reason may be wrapped.
    fn answer(&self, flow: Flow, mark: Mark, what: &str, why: &str) -> Flow {
        let blank = if what.is_empty() { "" } else { " " };
        let spans = [self.glyph(mark), (format!("{blank}{what}"), TEXT)];
        flow.item(3, spans).words(&quoted(why), TEXT)
    }

    pub(super) fn held(&self) -> Vec<Line> {
        let rows = self.status.images.iter().filter_map(|image| {
            let held = image.held.as_deref()?;
            Some(words(&format!("{} is {held}", image.name)))
        });
        self.section("Held", rows)
    }

    /// Per mirror, the images that come from it.
    pub(super) fn mirrors(&self) -> Vec<Line> {
        let mut by_host: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for image in &self.status.images {
            if let Some(host) = mirror(self.status.chart.mirror.as_deref(), image) {
                by_host.entry(host).or_default().push(image.name.name());
            }
        }
        let rows = by_host.into_iter().map(|(host, images)| {
            let verb = if images.len() == 1 { "comes" } else { "come" };
            let images = list(&images);
            words(&format!(
                "{images} {verb} from {host}: not compared with the public tag"
            ))
        });
        self.section("Mirror", rows)
    }

    /// What could not be seen, and why; what is alike of several images, in one line.
    pub(super) fn unseen(&self) -> Vec<Line> {
        let mut alike: Vec<(Vec<&str>, &str, &str)> = Vec::new();
        for blind in &self.status.incomplete {
            let (image, what) = blind.what.split_once(": ").unwrap_or(("", &blind.what));
            match alike
                .iter_mut()
                .find(|(_, known, why)| (*known, *why) == (what, blind.reason.as_str()))
            {
                Some((images, ..)) => images.push(image),
                None => alike.push((vec![image], what, &blind.reason)),
            }
        }
        let rows = alike.into_iter().map(|(images, what, why)| {
            let images = list(&images);
            let colon = if images.is_empty() { "" } else { ": " };
            let text = format!("{images}{colon}{what}: {}", quoted(why));
            Flow::default()
                .item(0, [self.glyph(Mark::Unknown)])
                .words(&text, TEXT)
        });
        self.section("Unseen", rows)
    }

    pub(super) fn nodes(&self) -> Vec<Line> {
        let nodes = self.status.nodes.iter().flatten();
        let all: Vec<_> = nodes
            .map(|node| {
                let standing = match (node.ready, node.schedulable) {
                    (false, _) => ", not ready",
                    (true, false) => ", cordoned",
                    (true, true) => "",
                };
                format!("{} ({}/{}{standing})", node.name, node.os, node.arch)
            })
            .collect();
        self.section("Nodes", self.when_wide(&all.join(", ")))
    }

    pub(super) fn others(&self) -> Vec<Line> {
        match self.status.unmanaged.as_deref() {
            None | Some([]) => Vec::new(),
            Some(all) => {
                let text = format!("not refreshed by this mechanism: {}", all.join(", "));
                self.section("Others", self.when_wide(&text))
            }
        }
    }

    fn when_wide(&self, text: &str) -> Vec<Flow> {
        if self.is_wide() {
            vec![words(text)]
        } else {
            Vec::new()
        }
    }
}

/// For the ingestor, its own mirror alone decides.
fn mirror<'a>(of_release: Option<&'a str>, image: &'a Image) -> Option<&'a str> {
    use crate::health::State;

    image
        .mirror
        .as_deref()
        .or(of_release)
        .filter(|_| image.is(State::Mirrored))
}
