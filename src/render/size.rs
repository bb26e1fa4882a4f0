//! Sizes of images, as registries count them: decimal.

/// `212 MB`, `1.3 GB`, `640 kB`.
pub(crate) fn size(bytes: u64) -> String {
    let tenths = |unit: u64| bytes.saturating_add(unit / 20) / (unit / 10);
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        1_000_000..999_500_000 => format!("{} MB", (bytes + 500_000) / 1_000_000),
        _ => {
            let tenths = tenths(1_000_000_000);
            format!("{}.{} GB", tenths / 10, tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_to_what_a_person_cares_for() {
        for (want, bytes) in [
            ("0 kB", 0),
            ("1 kB", 1),
            ("640 kB", 640_000),
            ("1 MB", 1_000_000),
            ("212 MB", 212_499_999),
            ("213 MB", 212_500_000),
            ("999 MB", 999_499_999),
            ("1.0 GB", 999_500_000),
            ("1.3 GB", 1_250_000_000),
            ("18446744073.7 GB", u64::MAX),
        ] {
            assert_eq!(want, size(bytes), "{bytes}");
        }
    }
}
