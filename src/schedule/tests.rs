//! Points of schedules as Kubernetes would keep them, in zones that change their clocks.

use proptest::prelude::*;

use super::*;

fn timetable(cron: &str, zone: Option<&str>) -> Timetable {
    Timetable::read(&schedule(cron, zone)).expect("a schedule")
}

fn schedule(cron: &str, zone: Option<&str>) -> Schedule {
    Schedule {
        cron: cron.to_owned(),
        zone: zone.map(str::to_owned),
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[test]
fn the_next_and_the_last_point_of_every_form_that_is_understood() {
    for (cron, before, after) in [
        (
            "7,22,37,52 * * * *",
            "2026-06-06T09:52:00Z",
            "2026-06-06T10:07:00Z",
        ),
        (
            "*/15 * * * *",
            "2026-06-06T10:00:00Z",
            "2026-06-06T10:15:00Z",
        ),
        (
            "5/15 * * * *",
            "2026-06-06T09:50:00Z",
            "2026-06-06T10:05:00Z",
        ),
        (
            "0 0-23/6 * * *",
            "2026-06-06T06:00:00Z",
            "2026-06-06T12:00:00Z",
        ),
        (
            "30 8 * * MON-FRI",
            "2026-06-05T08:30:00Z",
            "2026-06-08T08:30:00Z",
        ),
        (
            "0 0 1 jan ?",
            "2026-01-01T00:00:00Z",
            "2027-01-01T00:00:00Z",
        ),
        (
            "0 12 13 * FRI",
            "2026-06-05T12:00:00Z",
            "2026-06-12T12:00:00Z",
        ),
        ("@hourly", "2026-06-06T10:00:00Z", "2026-06-06T11:00:00Z"),
        ("@daily", "2026-06-06T00:00:00Z", "2026-06-07T00:00:00Z"),
        ("@weekly", "2026-05-31T00:00:00Z", "2026-06-07T00:00:00Z"),
    ] {
        let table = timetable(cron, None);
        let at = time("2026-06-06T10:00:02Z");
        assert_eq!(Some(time(before)), table.before(at), "before, {cron}");
        assert_eq!(Some(time(before)), table.of(at), "of, {cron}");
        assert_eq!(Some(time(after)), table.after(at), "after, {cron}");
    }
}

#[test]
fn a_point_is_neither_before_nor_after_itself() {
    let table = timetable("7,22,37,52 * * * *", None);
    let point = time("2026-06-06T09:52:00Z");
    assert_eq!(Some(time("2026-06-06T09:37:00Z")), table.before(point));
    assert_eq!(Some(point), table.of(point));
    assert_eq!(Some(time("2026-06-06T10:07:00Z")), table.after(point));
}

#[test]
fn what_names_no_points_is_unknown_and_says_so() {
    let unread = |cron: &str, zone: Option<&str>| Timetable::read(&schedule(cron, zone)).err();
    for cron in [
        "",
        "@every 1h30m",
        "TZ=UTC 0 * * * *",
        "0 0 * * * *",
        "61 * * * *",
        "* * * *",
        "\u{1b}[31m",
    ] {
        let why = unread(cron, None).unwrap_or_else(|| panic!("{cron:?} was read"));
        assert!(
            !why.contains('\u{1b}') && why.starts_with("schedule \""),
            "{why}"
        );
    }
    assert_eq!(
        Some("time zone \"Mars/Olympus\" is not known on this machine".to_owned()),
        unread("@hourly", Some("Mars/Olympus"))
    );
    let never = timetable("0 0 31 2 *", None);
    let at = time("2026-06-06T10:00:00Z");
    assert_eq!(
        (None, None, None),
        (never.after(at), never.of(at), never.interval(at))
    );
}

#[test]
fn clocks_that_change_lose_no_run_and_repeat_none_that_has_an_hour() {
    let zone = Some("Europe/Berlin");
    for (sentence, cron, at, want) in [
        (
            "in summer",
            "30 2 * * *",
            "2026-07-01T12:00:00Z",
            "2026-07-02T00:30:00Z",
        ),
        (
            "in winter",
            "30 2 * * *",
            "2026-12-01T12:00:00Z",
            "2026-12-02T01:30:00Z",
        ),
        (
            "02:30 comes twice and runs once",
            "30 2 * * *",
            "2026-10-25T00:30:00Z",
            "2026-10-26T01:30:00Z",
        ),
        (
            "every quarter goes on in the second 02:00",
            "*/15 * * * *",
            "2026-10-25T00:45:00Z",
            "2026-10-25T01:00:00Z",
        ),
        (
            "every quarter skips nothing when 02:00 is missing",
            "*/15 * * * *",
            "2026-03-29T00:45:00Z",
            "2026-03-29T01:00:00Z",
        ),
    ] {
        assert_eq!(
            Some(time(want)),
            timetable(cron, zone).after(time(at)),
            "{sentence}"
        );
    }
}

#[test]
fn points_are_counted_back_and_ahead() {
    let table = timetable("7,22,37,52 * * * *", None);
    let point = time("2026-06-04T05:52:00Z");
    for (points, want) in [
        (0, Back::At(point)),
        (1, Back::At(time("2026-06-04T05:37:00Z"))),
        (96, Back::At(time("2026-06-03T05:52:00Z"))),
        (1_000, Back::At(time("2026-05-24T19:52:00Z"))),
        (1_001, Back::BeforeThat(time("2026-05-24T19:52:00Z"))),
        (u64::MAX, Back::BeforeThat(time("2026-05-24T19:52:00Z"))),
    ] {
        assert_eq!(Some(want), table.back(point, points), "{points}");
    }
    assert_eq!(Some(time("2026-06-04T06:22:00Z")), table.ahead(point, 2));
    assert_eq!(Some(point), table.ahead(point, 0));
}

#[test]
fn the_usual_distance_leaves_out_nights_and_weekends() {
    for (cron, minutes) in [
        ("7,22,37,52 * * * *", 15),
        ("7,27,47 * * * *", 20),
        ("0 * * * *", 60),
        ("0 8-18 * * MON-FRI", 60),
        ("@daily", 24 * 60),
        ("0 0 1 * *", 31 * 24 * 60),
    ] {
        let interval = timetable(cron, None).interval(time("2026-06-05T17:30:00Z"));
        assert_eq!(Some(Duration::from_mins(minutes)), interval, "{cron}");
    }
}

proptest! {
    #[test]
    fn nothing_that_stands_in_a_schedule_breaks(cron in "[ -~]{0,40}|([0-9*,/-]{1,6} ){4}[0-9*,/-]{1,6}") {
        if let Ok(table) = Timetable::read(&schedule(&cron, None)) {
            let at = time("2026-06-06T10:00:00Z");
            if let (Some(of), Some(after)) = (table.of(at), table.after(at)) {
                prop_assert!(of <= at && at < after);
            }
        }
    }
}
