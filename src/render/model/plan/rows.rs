//! One row per container whose content a restart may change.

use serde::Serialize;

use super::PlanView;
use crate::codes::Code;
use crate::image::{Digest, INGESTOR_DIGEST, ManagedImage};
use crate::observation::Target;
use crate::plan::{self, Fate};
use crate::render::model::Reasons;
use crate::render::model::image::{InUse, in_use};
use crate::rollout::Strategy;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    pub(crate) fate: Fate,
    pub(crate) target: Target,
    pub(crate) image: ManagedImage,
    pub(crate) container: String,
    /// `image`, or `env:` and the name of the variable that holds the digest.
    pub(crate) via: &'static str,
    /// What a person takes for the image in use.
    pub(crate) now: InUse,
    pub(crate) after: Option<Digest>,
    /// How many pods are replaced for it.
    pub(crate) pods: usize,
    pub(crate) reasons: Reasons,
}

const VIA_DIGEST: &str = "env:INGESTOR_IMAGE_DIGEST";

impl Row {
    pub(super) fn new(view: &PlanView<'_>, row: &plan::Row) -> Self {
        let mut reasons = Reasons::new();
        let mut images = view.assessed.images.iter();
        let assessed = images.find(|assessed| assessed.image == row.image);
        let unknown = crate::health::InUse::Unknown("not looked at".to_owned());
        let mut of_now = Reasons::new();
        let now = in_use(&mut of_now, assessed.map_or(&unknown, |one| &one.in_use));
        reasons.extend(
            of_now
                .into_values()
                .map(|why| ("now.digests".to_owned(), why)),
        );
        let latest = assessed.map(|one| &one.latest);
        let why = match (row.fate, latest) {
            (Fate::Unresolved, Some(Err(blind))) => Some(blind.0.clone()),
            (Fate::Unresolved, _) => Some("not looked at".to_owned()),
            (Fate::MayBeOld, _) => {
                let code = Code::OldBuildPossible;
                Some(format!(
                    "a node may start an older build that it has cached ({code})"
                ))
            }
            _ if row.after.is_none() => Some("stays as it is".to_owned()),
            _ => None,
        };
        reasons.extend(why.map(|why| ("after".to_owned(), why)));
        // Pods of such a set are replaced when somebody deletes them.
        let is_left = view.plan.changes.iter().any(|change| {
            change.target == row.target && change.object.strategy == Strategy::OnDelete
        });
        Self {
            fate: row.fate,
            target: row.target.clone(),
            image: row.image,
            container: row.container.clone(),
            via: if row.image == ManagedImage::Ingestor {
                VIA_DIGEST
            } else {
                "image"
            },
            now,
            after: row.after.clone(),
            pods: if is_left { 0 } else { row.pods },
            reasons,
        }
    }

    /// What of the container is meant, as a person calls it.
    pub(crate) fn field(&self) -> String {
        let name = if self.via == VIA_DIGEST {
            INGESTOR_DIGEST
        } else {
            self.via
        };
        format!("{} {name}", self.container)
    }
}
