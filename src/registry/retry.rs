//! When to ask once more, and how long to wait before it.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

/// The longest wait that is believed.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The pauses before the second and the third attempt, each taken at random between nothing and this.
pub(super) const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

/// Reads `Retry-After` (RFC 9110, 10.2.3): seconds, or a date. `None` for anything else.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        value.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        let then = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
        let wait = then.duration_since(now).max(SignedDuration::ZERO);
        Duration::try_from(wait).ok()?
    };
    Some(wait.min(LONGEST))
}

/// Somewhere between nothing and `longest`, so that many clients do not come back at once.
pub(super) fn jitter(longest: Duration) -> Duration {
    // Every RandomState hashes differently, which is all the randomness that a pause needs.
    let share = RandomState::new().build_hasher().finish() >> 32;
    longest.mul_f64(f64::from(u32::try_from(share).unwrap_or(u32::MAX)) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "1994-11-06T08:49:00Z".parse().unwrap();
        for (name, value, want) in [
            ("seconds", "120", Some(120)),
            ("none left", "0", Some(0)),
            ("blanks", " 7 ", Some(7)),
            ("a date", "Sun, 06 Nov 1994 08:49:37 GMT", Some(37)),
            (
                "a date that has passed",
                "Sun, 06 Nov 1994 08:48:00 GMT",
                Some(0),
            ),
            ("more than a day is not believed", "99999999", Some(86_400)),
            (
                "more digits than a number holds",
                "99999999999999999999999",
                Some(86_400),
            ),
            ("a fraction", "1.5", None),
            ("negative", "-1", None),
            ("words", "soon", None),
            ("nothing", "", None),
        ] {
            let want = want.map(Duration::from_secs);
            assert_eq!(want, retry_after(value, now), "{name}");
        }
    }

    #[test]
    fn a_pause_is_never_longer_than_allowed() {
        for _ in 0..1000 {
            assert!(jitter(PAUSES[0]) <= PAUSES[0]);
        }
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_a_day(value in any::<String>(), seconds in any::<u128>()) {
            for value in [value, seconds.to_string()] {
                if let Some(wait) = retry_after(&value, Timestamp::UNIX_EPOCH) {
                    prop_assert!(wait <= LONGEST);
                }
            }
        }
    }
}
