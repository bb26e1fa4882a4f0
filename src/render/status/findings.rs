//! What was found, below the image that it is about.

use super::{Screen, quoted, words};
use crate::codes::Code;
use crate::health::Outcome;
use crate::image::ManagedImage;
use crate::lookup::Vantage;
use crate::render::flow::Line;
use crate::render::model::{Finding, Image};
use crate::render::theme::Mark;

impl Screen<'_> {
    /// One per image that has something to say, then one for the release.
    pub(super) fn blocks(&self) -> Vec<Vec<Line>> {
        let mut blocks: Vec<_> = self
            .status
            .images
            .iter()
            .map(|image| {
                let mut lines = self.findings(Some(image.name));
                if !lines.is_empty() {
                    lines.extend(self.good_latest(image));
                }
                if self.is_wide() {
                    lines.extend(self.path(image));
                }
                self.titled(image.name.name(), lines)
            })
            .collect();
        blocks.push(self.titled("release", self.findings(None)));
        blocks
    }

    fn titled(&self, title: &str, lines: Vec<Line>) -> Vec<Line> {
        if lines.is_empty() {
            return lines;
        }
        let mut block = words(title).lines(self.margins(0, 0));
        block.extend(lines);
        block
    }

    fn findings(&self, image: Option<ManagedImage>) -> Vec<Line> {
        self.status
            .findings
            .iter()
            .filter(|finding| finding.image == image && !has_its_own_section(finding.code))
            .flat_map(|finding| self.finding(finding))
            .collect()
    }

    fn finding(&self, finding: &Finding) -> Vec<Line> {
        let mark = match finding.outcome {
            Outcome::Fail => Mark::Bad,
            Outcome::Warn => Mark::Warn,
            Outcome::Note => Mark::Skip,
        };
        let mut lines = self.note(mark, &self.digests.show_in(&finding.message));
        self.page().code(&mut lines, finding.code);
        let widest = finding
            .details
            .iter()
            .map(|detail| detail.label.len())
            .max();
        for detail in &finding.details {
            let value = 4 + widest.unwrap_or(0) + 3;
            let mut details = words(&quoted(&detail.text)).lines(self.margins(value, value));
            if let Some(first) = details.first_mut() {
                first.label(&format!("    {}", detail.label));
            }
            lines.extend(details);
        }
        lines
    }

    /// That a refresh would help, where the image in use cannot run and the latest could.
    fn good_latest(&self, image: &Image) -> Vec<Line> {
        let platforms = &image.platforms;
        let (Some(missing @ [_, ..]), Some([]), Some(latest), Some(from)) = (
            platforms.missing.as_deref(),
            platforms.latest_missing.as_deref(),
            &image.digests.latest,
            image.latest_resolved_from,
        ) else {
            return Vec::new();
        };
        let from = match from {
            Vantage::Workstation => "from this machine, not the cluster",
            Vantage::Cluster => "from a pod",
        };
        let text = format!(
            "latest {} has {}. It was resolved {from}.",
            self.digests.show(latest),
            missing.join(", ")
        );
        self.note(Mark::Ok, &text)
    }

    fn note(&self, mark: Mark, text: &str) -> Vec<Line> {
        self.page().note(mark, text)
    }
}

/// Held and Mirror are sections; there, one line says it for all images.
const fn has_its_own_section(code: Code) -> bool {
    matches!(code, Code::Held | Code::Mirrored)
}
