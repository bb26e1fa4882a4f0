//! The codes of findings and failures, frozen once released: `TBI-` and three digits.
//!
//! 1xx access · 2xx egress · 3xx refresh job · 4xx images · 5xx rollout · 6xx chart. 201 to 234 are about a
//! registry's API host; the same layers at the token host are 241, at the layer host 261.

use std::fmt;
use std::str::FromStr;

/// Edits between two codes up to which one may be meant where the other was typed.
const NEAR: usize = 2;

macro_rules! codes {
    ($($name:ident = $number:literal, $title:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Code {
            $($name = $number,)*
        }

        impl Code {
            /// In ascending order.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What the code means, in a few words.
            pub(crate) const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }
        }
    };
}

codes! {
    ApiUnreachable = 101, "API server unreachable";
    NoInClusterConfig = 102, "refresher talks to localhost:8080 (no in-cluster config)";
    RightMissing = 103, "you lack a right";
    AccountRightMissing = 104, "the CronJob's account lacks a right";
    NoRelease = 105, "no release found";
    CredentialPlugin = 106, "credential plugin failed";
    ApiCertificate = 107, "API server certificate not trusted";
    Dropped = 201, "connection dropped";
    Refused = 202, "connection refused";
    NameRefused = 203, "name refused (NXDOMAIN)";
    DnsSilent = 204, "DNS not answering";
    DnsSinkhole = 205, "DNS sinkhole or wildcard";
    NoAddressFamily = 206, "no usable address family";
    ResetAfterHello = 211, "reset after TLS hello (name filter)";
    TlsStalls = 212, "TLS stalls (MTU or hello size)";
    TlsIntercepted = 213, "TLS intercepted, issuer untrusted here";
    WrongCertificateName = 214, "certificate for another name";
    CertificateDates = 215, "certificate dates (clock)";
    PlainHttp = 216, "plain HTTP on 443";
    ProxyLogin = 221, "proxy wants a login";
    ProxyDenies = 222, "proxy denies the host";
    ProxyCannotReach = 223, "proxy cannot reach it";
    ProxyUnreachable = 224, "proxy unreachable";
    NoProxyMismatch = 225, "NO_PROXY mismatch";
    NotARegistry = 231, "not a registry (block page, portal)";
    MirrorAnswers = 232, "a mirror answers for it";
    ChallengeAltered = 233, "challenge altered";
    RegistryError = 234, "registry error";
    TokenHostBlocked = 241, "token host blocked";
    TokenPathFiltered = 242, "token path filtered";
    TokenRefused = 243, "anonymous token refused (private or missing)";
    LoginRejected = 244, "stored login rejected";
    TokenMalformed = 245, "token malformed";
    TagMissing = 251, "tag missing";
    RepositoryMissing = 252, "repository missing or private";
    QuotaUsedUp = 253, "pull quota used up";
    RateLimited = 254, "request rate limited";
    DigestNotProvable = 255, "digest not provable";
    DigestDiffers = 256, "digest differs by vantage";
    LayerHostBlocked = 261, "layer host blocked";
    LayerRequestAltered = 262, "layer request altered";
    StreakBelowThreshold = 301, "ingestor streak below threshold";
    StreakAtThreshold = 302, "ingestor streak at threshold";
    FlapLockout = 303, "flap lock-out";
    SkipStreak = 304, "skip streak at its limit";
    Suspended = 305, "suspended";
    Overdue = 306, "overdue";
    RunsFailed = 307, "last runs failed";
    RunStuck = 308, "run stuck";
    NoCronJob = 309, "no CronJob";
    SilentFailure = 310, "green but not refreshing (silent)";
    CounterMalformed = 311, "counter malformed or unreadable";
    Leftover = 312, "leftover annotations";
    PlatformMissing = 401, "digest in use lacks a node's platform";
    LatestLacksPlatform = 402, "latest lacks a node's platform";
    Stale = 403, "stale";
    Disagree = 404, "recorded, spec and running disagree";
    OldBuildPossible = 405, "tag form with IfNotPresent may start an old build";
    Held = 406, "held";
    Mirrored = 407, "mirrored";
    DigestGone = 408, "digest gone from the registry";
    IngestorDigestEmpty = 409, "ingestor digest empty (submissions answer 503 before chart 1.6.0)";
    CannotPull = 501, "image cannot be pulled";
    Crashes = 502, "container crashes";
    Unschedulable = 503, "unschedulable";
    ProgressDeadline = 504, "progress deadline";
    Deadlock = 505, "volume or Recreate deadlock";
    AdmissionRefused = 506, "admission or quota refused";
    NotRunningWhatWasSet = 507, "not running what was set";
    ChangedUnderneath = 508, "changed underneath";
    ProxyNotOnCronJob = 601, "proxy set on the api container but not on the CronJob";
    RetiredTag = 602, "channel alias polls a retired tag";
    LimitUnusable = 603, "threshold or limit unusable or mis-tuned";
    MirrorUnknownToScript = 604, "mirror set but the script does not know it";
    DeadlineTooShort = 605, "deadline shorter than the rollout wait";
    UpgradeHelps = 606, "upgrade ends this class of failure";
}

impl Code {
    pub(crate) const fn number(self) -> u16 {
        self as u16
    }

    /// The range that it belongs to: 2 for 201.
    pub(crate) const fn group(self) -> u16 {
        self.number() / 100
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TBI-{}", self.number())
    }
}

/// Not one of the codes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnknownCode {
    #[error("no such code; the nearest is {0} ({title})", title = .0.title())]
    Near(Code),
    #[error("a code is TBI- and three digits, as in TBI-302; `explain` without one lists them")]
    Far,
}

impl FromStr for Code {
    type Err = UnknownCode;

    /// `TBI-201` in any case, or its number alone.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.to_ascii_lowercase();
        let wanted = lower.strip_prefix("tbi-").unwrap_or(&lower);
        let edits = |code: Self| strsim::damerau_levenshtein(&code.number().to_string(), wanted);
        let far = wanted.parse().unwrap_or(u16::MAX);
        let nearest = Self::ALL
            .iter()
            .copied()
            .min_by_key(|code| (edits(*code), code.number().abs_diff(far)));
        match nearest.map(|code| (code, edits(code))) {
            Some((code, 0)) => Ok(code),
            Some((code, 1..=NEAR)) => Err(UnknownCode::Near(code)),
            _ => Err(UnknownCode::Far),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_and_say_what_they_mean() {
        assert!(Code::ALL.is_sorted_by(|a, b| a.number() < b.number()));
        for code in Code::ALL {
            assert!((101..=699).contains(&code.number()), "{code}");
            let twins = Code::ALL
                .iter()
                .filter(|other| other.title() == code.title());
            assert_eq!(1, twins.count(), "{code}: {}", code.title());
        }
        assert_eq!("TBI-310", Code::SilentFailure.to_string());
    }

    #[test]
    fn every_code_is_read_back_as_it_is_printed_and_by_its_number() {
        for code in Code::ALL {
            for text in [
                code.to_string(),
                code.to_string().to_lowercase(),
                code.number().to_string(),
            ] {
                assert_eq!(text.parse(), Ok(*code), "{text}");
            }
        }
    }

    #[test]
    fn an_unknown_code_is_told_the_nearest() {
        use UnknownCode::{Far, Near};

        for (name, text, want) in [
            ("a neighbour", "TBI-299", Near(Code::NoCronJob)),
            ("two digits swapped", "321", Near(Code::Leftover)),
            ("one digit too many", "2001", Near(Code::Dropped)),
            ("one too few", "tbi-40", Near(Code::PlatformMissing)),
            ("a word", "stuck", Far),
            ("nothing", "", Far),
            ("another prefix", "ABC-201", Far),
            ("a sign", "+201", Near(Code::Dropped)),
        ] {
            assert_eq!(text.parse::<Code>(), Err(want), "{name}");
        }
    }
}
