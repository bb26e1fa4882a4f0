//! `--request-timeout` and `--timeout`, as kubectl spells durations.

use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

/// How long one request may take; `None` for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestTimeout(pub(crate) Option<Duration>);

impl FromStr for RequestTimeout {
    type Err = &'static str;

    /// Whole seconds, or what Go's `time.ParseDuration` reads: `1m30s`, `500ms`, `1.5h`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str =
            "a whole number of seconds, or a number with a unit (1s, 2m, 1m30s, 3h)";

        let duration = match text.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            // The words of jiff's longer spelling (`1 hour`, `PT1H`) are not kubectl's.
            Err(_) if text.contains(|c: char| c.is_whitespace() || c.is_ascii_uppercase()) => {
                return Err(WRONG);
            }
            Err(_) => text
                .parse::<SignedDuration>()
                .ok()
                .and_then(|duration| Duration::try_from(duration).ok())
                .ok_or(WRONG)?,
        };
        Ok(Self((!duration.is_zero()).then_some(duration)))
    }
}

/// Whatever is counted from now on stays within what clocks hold.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long a command may take as a whole: never zero, and a year at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timeout(pub(crate) Duration);

impl FromStr for Timeout {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let RequestTimeout(limit) = text.parse()?;
        let limit = limit.ok_or("more than nothing, as in 10m")?;
        if limit > LONGEST {
            return Err("a year at most, as in 8760h");
        }
        Ok(Self(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_kubectl_reads_them() {
        let ms = Duration::from_millis;
        for (text, want) in [
            ("5", Some(ms(5_000))),
            ("30s", Some(ms(30_000))),
            ("1m30s", Some(ms(90_000))),
            ("500ms", Some(ms(500))),
            ("1.5s", Some(ms(1_500))),
            ("1h", Some(ms(3_600_000))),
            ("0", None),
            ("0s", None),
        ] {
            assert_eq!(Ok(RequestTimeout(want)), text.parse(), "{text}");
        }
        assert_eq!(Ok(Timeout(ms(600_000))), "10m".parse());
        for text in [
            "0",
            "8760h1s",
            "9223372036854775807",
            "18446744073709551615",
        ] {
            assert!(text.parse::<Timeout>().is_err(), "{text}");
        }
        assert_eq!(Ok(Timeout(LONGEST)), "8760h".parse());
        for text in [
            "", "s", "-5", "-5s", "5x", "1 hour", "PT1H", "forever", "1d",
        ] {
            assert!(text.parse::<RequestTimeout>().is_err(), "{text}");
        }
    }
}
