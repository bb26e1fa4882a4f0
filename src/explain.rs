//! What each code means, for somebody whose network is broken: what was seen, likely causes, what it rules out, what
//! to do, and which command shows more. Data alone; nothing is looked up.
//!
//! Words in capitals (`NAMESPACE`) stand for what `status` and `doctor` name.

use crate::codes::Code;

mod access;
mod chart;
mod commands;
mod images;
mod network;
mod refresher;
mod registry;
mod rollout;

/// What one code means.
pub(crate) struct Explanation {
    /// Whole sentences.
    pub(crate) seen: &'static str,
    /// The likeliest first. At least one.
    pub(crate) causes: &'static [&'static str],
    /// Empty where it rules nothing out.
    pub(crate) rules_out: &'static [&'static str],
    /// In the order in which to do them. At least one.
    pub(crate) steps: &'static [&'static str],
    /// At least one.
    pub(crate) commands: &'static [Command],
}

/// A command to type, and what it shows.
pub(crate) struct Command {
    pub(crate) command: &'static str,
    pub(crate) why: &'static str,
}

/// The ranges of codes, by their first digit.
pub(crate) const GROUPS: [(u16, &str); 6] = [
    (1, "access to the cluster"),
    (2, "the way to the registries"),
    (3, "the refresh job"),
    (4, "images"),
    (5, "rollouts"),
    (6, "chart values"),
];

pub(crate) const fn explanation(code: Code) -> &'static Explanation {
    match code {
        Code::ApiUnreachable => &access::API_UNREACHABLE,
        Code::NoInClusterConfig => &access::NO_IN_CLUSTER_CONFIG,
        Code::RightMissing => &access::RIGHT_MISSING,
        Code::AccountRightMissing => &access::ACCOUNT_RIGHT_MISSING,
        Code::NoRelease => &access::NO_RELEASE,
        Code::CredentialPlugin => &access::CREDENTIAL_PLUGIN,
        Code::ApiCertificate => &access::API_CERTIFICATE,
        Code::Dropped => &network::DROPPED,
        Code::Refused => &network::REFUSED,
        Code::NameRefused => &network::NAME_REFUSED,
        Code::DnsSilent => &network::DNS_SILENT,
        Code::DnsSinkhole => &network::DNS_SINKHOLE,
        Code::NoAddressFamily => &network::NO_ADDRESS_FAMILY,
        Code::ResetAfterHello => &network::RESET_AFTER_HELLO,
        Code::TlsStalls => &network::TLS_STALLS,
        Code::TlsIntercepted => &network::TLS_INTERCEPTED,
        Code::WrongCertificateName => &network::WRONG_CERTIFICATE_NAME,
        Code::CertificateDates => &network::CERTIFICATE_DATES,
        Code::PlainHttp => &network::PLAIN_HTTP,
        Code::ProxyLogin => &network::PROXY_LOGIN,
        Code::ProxyDenies => &network::PROXY_DENIES,
        Code::ProxyCannotReach => &network::PROXY_CANNOT_REACH,
        Code::ProxyUnreachable => &network::PROXY_UNREACHABLE,
        Code::NoProxyMismatch => &network::NO_PROXY_MISMATCH,
        Code::NotARegistry => &registry::NOT_A_REGISTRY,
        Code::MirrorAnswers => &registry::MIRROR_ANSWERS,
        Code::ChallengeAltered => &registry::CHALLENGE_ALTERED,
        Code::RegistryError => &registry::REGISTRY_ERROR,
        Code::TokenHostBlocked => &registry::TOKEN_HOST_BLOCKED,
        Code::TokenPathFiltered => &registry::TOKEN_PATH_FILTERED,
        Code::TokenRefused => &registry::TOKEN_REFUSED,
        Code::LoginRejected => &registry::LOGIN_REJECTED,
        Code::TokenMalformed => &registry::TOKEN_MALFORMED,
        Code::TagMissing => &registry::TAG_MISSING,
        Code::RepositoryMissing => &registry::REPOSITORY_MISSING,
        Code::QuotaUsedUp => &registry::QUOTA_USED_UP,
        Code::RateLimited => &registry::RATE_LIMITED,
        Code::DigestNotProvable => &registry::DIGEST_NOT_PROVABLE,
        Code::DigestDiffers => &registry::DIGEST_DIFFERS,
        Code::LayerHostBlocked => &registry::LAYER_HOST_BLOCKED,
        Code::LayerRequestAltered => &registry::LAYER_REQUEST_ALTERED,
        Code::StreakBelowThreshold => &refresher::STREAK_BELOW_THRESHOLD,
        Code::StreakAtThreshold => &refresher::STREAK_AT_THRESHOLD,
        Code::FlapLockout => &refresher::FLAP_LOCKOUT,
        Code::SkipStreak => &refresher::SKIP_STREAK,
        Code::Suspended => &refresher::SUSPENDED,
        Code::Overdue => &refresher::OVERDUE,
        Code::RunsFailed => &refresher::RUNS_FAILED,
        Code::RunStuck => &refresher::RUN_STUCK,
        Code::NoCronJob => &refresher::NO_CRON_JOB,
        Code::SilentFailure => &refresher::SILENT_FAILURE,
        Code::CounterMalformed => &refresher::COUNTER_MALFORMED,
        Code::Leftover => &refresher::LEFTOVER,
        Code::PlatformMissing => &images::PLATFORM_MISSING,
        Code::LatestLacksPlatform => &images::LATEST_LACKS_PLATFORM,
        Code::Stale => &images::STALE,
        Code::Disagree => &images::DISAGREE,
        Code::OldBuildPossible => &images::OLD_BUILD_POSSIBLE,
        Code::Held => &images::HELD,
        Code::Mirrored => &images::MIRRORED,
        Code::DigestGone => &images::DIGEST_GONE,
        Code::IngestorDigestEmpty => &images::INGESTOR_DIGEST_EMPTY,
        Code::CannotPull => &rollout::CANNOT_PULL,
        Code::Crashes => &rollout::CRASHES,
        Code::Unschedulable => &rollout::UNSCHEDULABLE,
        Code::ProgressDeadline => &rollout::PROGRESS_DEADLINE,
        Code::Deadlock => &rollout::DEADLOCK,
        Code::AdmissionRefused => &rollout::ADMISSION_REFUSED,
        Code::NotRunningWhatWasSet => &rollout::NOT_RUNNING_WHAT_WAS_SET,
        Code::ChangedUnderneath => &rollout::CHANGED_UNDERNEATH,
        Code::ProxyNotOnCronJob => &chart::PROXY_NOT_ON_CRON_JOB,
        Code::RetiredTag => &chart::RETIRED_TAG,
        Code::LimitUnusable => &chart::LIMIT_UNUSABLE,
        Code::MirrorUnknownToScript => &chart::MIRROR_UNKNOWN_TO_SCRIPT,
        Code::DeadlineTooShort => &chart::DEADLINE_TOO_SHORT,
        Code::UpgradeHelps => &chart::UPGRADE_HELPS,
    }
}

#[cfg(test)]
mod tests;
