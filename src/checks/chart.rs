//! Values of the chart that do not do what they say (6xx).

use super::{Check, Group, Outcome};
use crate::codes::Code;
use crate::health::{self, Assessment};

/// Nothing where there is nothing to say.
pub(super) fn checks(assessment: &Assessment) -> Vec<Check> {
    let findings = assessment.findings.iter().filter(|finding| {
        finding.code >= Code::ProxyNotOnCronJob && finding.outcome != health::Outcome::Note
    });
    findings
        .map(|finding| {
            let what = match finding.code {
                Code::ProxyNotOnCronJob => "proxy",
                Code::RetiredTag => "tag",
                Code::LimitUnusable => "limit",
                Code::MirrorUnknownToScript => "mirror",
                Code::DeadlineTooShort => "deadline",
                _ => "values",
            };
            Check {
                details: finding.details.clone(),
                ..Check::new(Group::Chart, format!("chart.{what}"), Outcome::Warn)
                    .saying(finding.message.clone())
                    .coded(finding.code)
            }
        })
        .collect()
}
