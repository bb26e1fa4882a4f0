//! Ages as kubectl prints them: `4m`, `2d4h`.

/// The two largest units that matter, as in kubectl's AGE column (apimachinery, `duration.HumanDuration`). A negative
/// number of seconds is a clock that runs behind, and reads as no age at all.
pub(crate) fn age(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let two = |large: i64, unit: &str, small: i64, rest: &str| match small {
        0 => format!("{large}{unit}"),
        _ => format!("{large}{unit}{small}{rest}"),
    };
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => two(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_read_as_kubectl_prints_them() {
        const HOUR: i64 = 3_600;
        const DAY: i64 = 24 * HOUR;
        for (want, seconds) in [
            ("0s", -5),
            ("0s", 0),
            ("119s", 119),
            ("2m", 120),
            ("9m59s", 599),
            ("10m", 600),
            ("179m", 3 * HOUR - 1),
            ("3h", 3 * HOUR),
            ("7h59m", 8 * HOUR - 1),
            ("8h", 8 * HOUR),
            ("47h", 2 * DAY - 1),
            ("2d", 2 * DAY),
            ("2d4h", 2 * DAY + 4 * HOUR),
            ("7d23h", 8 * DAY - 1),
            ("8d", 8 * DAY),
            ("729d", 730 * DAY - 1),
            ("2y", 730 * DAY),
            ("2y1d", 731 * DAY),
            ("7y364d", 8 * 365 * DAY - 1),
            ("8y", 8 * 365 * DAY),
            ("9y", 10 * 365 * DAY - 1),
        ] {
            assert_eq!(want, age(seconds), "{seconds} s");
        }
    }
}
