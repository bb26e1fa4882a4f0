//! The second pass of a tick: the ingestor, in the generations that looked it up.

use super::super::Digests;
use super::{End, Script, Story};

impl Script<'_> {
    /// Chart contract, section 5.3.
    pub(super) fn second_pass(&mut self, story: &Story, recorded: Option<&Digests>) -> End {
        let (release, latest) = (self.release, &self.latest.ingestor);
        let deployment = release.jobs_manager_name();
        let tag = release.ingestor_tag();
        self.say(format_args!(
            "checking ghcr.io/tracebloc/ingestor:{tag} (env=INGESTOR_IMAGE_DIGEST on container=api)"
        ));
        if !release.values.images.ingestor.auto_refresh {
            self.detail("ingestor.autoRefresh: false in values");
            return End::Complete;
        }
        if let Story::IngestorUnresolved {
            failures_before,
            curl,
        } = story
        {
            self.no_token("ghcr.io", "tracebloc/ingestor", curl);
            return self.ingestor_unresolved(*failures_before);
        }
        if let Story::Recovered { .. } = story {
            self.detail("ingestor digest resolved; clearing prior failure streak");
            self.annotated();
        }
        let recorded = recorded.map(|recorded| recorded.ingestor.as_str());
        let baseline = release.ingestor_baseline();
        let current = recorded.unwrap_or(&baseline);
        self.detail(format_args!("latest={latest}"));
        self.detail(format_args!("recorded={}", recorded.unwrap_or("<unset>")));
        self.detail(format_args!(
            "current={}",
            if current.is_empty() {
                "<empty>"
            } else {
                current
            }
        ));
        match recorded {
            None if current.is_empty() => self.detail("first observation; spec env empty"),
            None => self.detail("first observation; adopting spec env"),
            Some(recorded) if recorded == latest => self.detail("verifying deployment health"),
            Some(recorded) => self.detail(format_args!(
                "digest changed ({recorded} -> {latest}); set env + wait for rollout"
            )),
        }
        let is_set = current != latest && (recorded.is_some() || current.is_empty());
        if is_set {
            self.foreign(format_args!("deployment.apps/{deployment} env updated"));
        }
        self.rolled_out("deployment", &deployment);
        if recorded == Some(latest) {
            self.detail("fully in sync; no-op");
            return End::Complete;
        }
        self.annotated();
        if is_set {
            self.detail("ingestor refresh complete");
        }
        End::Complete
    }

    fn ingestor_unresolved(&mut self, before: u32) -> End {
        let release = self.release;
        let reference = format!("ghcr.io/tracebloc/ingestor:{}", release.ingestor_tag());
        if !release.generation.has_failure_streak() {
            self.detail("WARN: could not resolve latest digest");
            return End::Complete;
        }
        let threshold = &release.values.refresh.ingestor_resolve_failure_threshold;
        // The shell's comparison: a threshold that is no number is never reached.
        let limit = threshold.parse().unwrap_or(u32::MAX);
        let failures = before + 1;
        if before >= limit {
            self.say(format_args!(
                "ERROR: still cannot resolve {reference} (>= {threshold} consecutive failures)"
            ));
            return End::Short;
        }
        self.annotated();
        if failures < limit {
            self.detail(format_args!(
                "WARN: could not resolve latest ingestor digest (failure {failures}/{threshold}; skipped)"
            ));
            return End::Complete;
        }
        self.annotated();
        self.say(format_args!(
            "ERROR: could not resolve {reference} for {failures} consecutive ticks (threshold {threshold})"
        ));
        End::Short
    }
}
