//! The server's clock: what `Date`, `creationTimestamp` and the field managers' times are read
//! from, so that a test can put the server an hour ahead of the laptop or stop its time.

use jiff::{SignedDuration, Timestamp};

/// What time the server believes it is.
#[derive(Clone, Copy)]
pub(crate) enum Clock {
    /// This machine's time plus a skew, which may be negative.
    Running(SignedDuration),
    /// Always the same instant: ages on screens are the same in every run.
    Stopped(Timestamp),
}

impl Clock {
    pub(crate) fn now(self) -> Timestamp {
        match self {
            Self::Running(skew) => Timestamp::now() + skew,
            Self::Stopped(instant) => instant,
        }
    }

    /// `2026-11-24T02:31:07Z`, as metav1.Time is written.
    pub(crate) fn stamp(self) -> String {
        self.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// `Tue, 24 Nov 2026 02:31:07 GMT`. RFC 9110, 5.6.7.
    pub(crate) fn http_date(self) -> String {
        self.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}
