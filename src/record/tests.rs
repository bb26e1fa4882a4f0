//! Counters and records as people and other generations leave them.

use proptest::prelude::*;

use super::*;

fn record(key: &str, value: &str) -> Record {
    Record {
        annotations: BTreeMap::from([(key.to_owned(), value.to_owned())]),
        ..Record::default()
    }
}

#[test]
fn a_counter_is_its_digits_or_zero() {
    for (name, value, want, number) in [
        ("a number", "3", Counter::Count(3), 3),
        ("zero", "0", Counter::Count(0), 0),
        ("empty", "", Counter::Absent, 0),
        ("leading zeros are decimal", "010", Counter::Count(10), 10),
        ("an eight is no octal digit", "08", Counter::Count(8), 8),
        ("negative", "-1", Counter::Malformed, 0),
        ("a fraction", "2.0", Counter::Malformed, 0),
        ("a blank behind it", "2 ", Counter::Malformed, 0),
        ("words", "abc", Counter::Malformed, 0),
        ("digits of another script", "٣", Counter::Malformed, 0),
        (
            "thirty digits",
            "999999999999999999999999999999",
            Counter::TooLarge,
            u64::MAX,
        ),
    ] {
        let counter = record(Streak::Failures.key(), value).counter(Streak::Failures);
        assert_eq!((want, number), (counter.clone(), counter.value()), "{name}");
    }
    assert_eq!(Counter::Absent, Record::default().counter(Streak::Skips));
}

#[test]
fn requests_proxy_has_the_record_of_jobs_manager() {
    let digest = format!("sha256:{}", "1".repeat(64));
    let record = record("tracebloc.io/last-refreshed-jobs-manager-digest", &digest);
    assert_eq!(
        Recorded::At(digest.parse().expect("valid")),
        record.recorded(ManagedImage::RequestsProxy)
    );
    assert_eq!(Recorded::Absent, record.recorded(ManagedImage::PodsMonitor));
}

#[test]
fn a_record_that_is_no_digest_is_kept_as_it_stands() {
    let record = record("tracebloc.io/last-refreshed-ingestor-digest", "latest");
    assert_eq!(
        Recorded::Malformed("latest".to_owned()),
        record.recorded(ManagedImage::Ingestor)
    );
}

proptest! {
    #[test]
    fn every_text_is_some_counter(text in "\\PC{0,40}") {
        let _ = record(Streak::Attempts.key(), &text).counter(Streak::Attempts).value();
    }
}
