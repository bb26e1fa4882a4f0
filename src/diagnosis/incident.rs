//! What the first incident's investigation ruled out before it found the cause, each by its own evidence: a streak at
//! its limit (TBI-302) looks the same whatever is behind it.

use crate::capability::Capability;
use crate::health::Assessment;
use crate::image::ManagedImage;
use crate::lookup::Content;
use crate::observation::Observation;
use crate::reading::Readings;

pub(super) fn ruled_out(readings: &Readings, assessment: &Assessment) -> Vec<String> {
    let Ok(seen) = &readings.release else {
        return Vec::new();
    };
    let found = [no_reset(assessment), no_misreading(seen), no_lack(seen)];
    found.into_iter().flatten().collect()
}

/// An upgrade that puts the chart's own digest back leaves the record behind.
fn no_reset(assessment: &Assessment) -> Option<String> {
    let mut images = assessment.images.iter();
    let ingestor = images.find(|image| image.image == ManagedImage::Ingestor)?;
    let (spec, recorded) = (
        ingestor.spec.as_ref().ok()?,
        ingestor.recorded.as_ref().ok()?,
    );
    (recorded.as_ref() == Some(spec)).then(|| {
        format!("No upgrade has reset the ingestor: {spec} is set, and the same is recorded.")
    })
}

/// The same question as the refresher's, asked from here, names an index.
fn no_misreading(seen: &Observation) -> Option<String> {
    let ingestor = seen.image(ManagedImage::Ingestor)?;
    let latest = seen.latest(ingestor).ok()?;
    let manifest = seen.registry.manifests.get(&latest.digest)?.as_ref().ok()?;
    let Content::Index(children) = &manifest.content else {
        return None;
    };
    let platforms: Vec<String> = children
        .iter()
        .map(|child| child.platform.to_string())
        .collect();
    Some(format!(
        "No index is misread: {} names {}, an index of {}, verified from this machine by the refresher's own question.",
        ingestor.tracks.as_ref()?,
        latest.digest,
        platforms.join(", ")
    ))
}

/// The counter is only written by a refresher that looks the ingestor up.
fn no_lack(seen: &Observation) -> Option<String> {
    seen.release
        .capabilities
        .has(Capability::IngestorPass)
        .then(|| {
            "The chart does refresh the ingestor: it looked it up, and counted that it could not."
                .to_owned()
        })
}
