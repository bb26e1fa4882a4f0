//! The API server's clock, as the `Date` headers of its answers tell it.

use std::sync::atomic::{AtomicI64, Ordering};

use http::HeaderMap;
use http::header::DATE;
use jiff::{SignedDuration, Timestamp};

/// How far the server's clock is from this machine's.
#[derive(Default)]
pub(super) struct Clock {
    /// Milliseconds that the server is ahead of this machine.
    ahead: AtomicI64,
}

impl Clock {
    pub(super) fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.ahead.load(Ordering::Relaxed));
        let here = Timestamp::now();
        here.checked_add(ahead).unwrap_or(here)
    }

    pub(super) fn set(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let Some(Ok(there)) = date.map(jiff::fmt::rfc2822::parse) else {
            return;
        };
        let ahead = there
            .timestamp()
            .duration_since(Timestamp::now())
            .as_millis();
        // `Date` has whole seconds: less than that is no difference.
        let ahead = if ahead.abs() < 2_000 { 0 } else { ahead };
        self.ahead
            .store(i64::try_from(ahead).unwrap_or(0), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use http::header::{HeaderName, HeaderValue, RETRY_AFTER};

    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_servers_clock_is_read_from_its_answers() {
        let clock = Clock::default();
        let distance = |clock: &Clock, other: Timestamp| {
            clock.now().duration_since(other).abs() < SignedDuration::from_secs(60)
        };
        assert!(distance(&clock, Timestamp::now()));

        clock.set(&with(DATE, "Sat, 06 Jun 2026 10:00:02 GMT"));
        let there = "2026-06-06T10:00:02Z".parse().unwrap();
        assert!(distance(&clock, there));

        for (name, unreadable) in [
            ("no date", HeaderMap::new()),
            ("another header", with(RETRY_AFTER, "1")),
            ("not a date", with(DATE, "yesterday")),
        ] {
            clock.set(&unreadable);
            assert!(distance(&clock, there), "{name}");
        }
    }

    #[test]
    fn less_than_a_date_can_tell_is_no_difference() {
        let clock = Clock::default();
        let now = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
        let date = jiff::fmt::rfc2822::to_string(&now).unwrap();
        clock.set(&with(DATE, &date));
        assert_eq!(0, clock.ahead.load(Ordering::Relaxed));
    }
}
