//! Sites where nothing is wrong, or nothing is to be done.

use super::*;

#[test]
fn a_pin_of_the_chart_is_held_and_the_rest_current() {
    let site = stocked(|stock| scenarios::held_prod_pin_g10(stock.latest, stock.now));
    let document = hold(
        "healthy",
        "The newest generation as it should be: the chart pins the ingestor",
        &site,
        &[
            "current, exit 0",
            "ingestor: held",
            "jobs-manager: current",
            "pods-monitor: current",
            "resource-monitor: current",
            "TBI-406 note ingestor",
            "rolloutAttempts 0/3",
            "skippedTicks 0/8",
            "docker.io: ok here, ok there",
            "ghcr.io: ok here, unknown there",
        ],
    );
    assert_eq!(
        image(&document, "jobs-manager")["covers"],
        json!(["requests-proxy"])
    );
}

#[test]
fn a_moved_tag_is_stale_until_the_next_tick() {
    let release = Release::new(Generation::G10);
    let site = stocked(|stock| scenarios::stale(&release, stock.before, stock.now));
    hold(
        "stale",
        "Every tag of docker.io has moved since the last run",
        &site,
        &[
            "stale, exit 4",
            "jobs-manager: stale",
            "pods-monitor: stale",
            "resource-monitor: stale",
            "ingestor: held",
            "TBI-403 warn jobs-manager",
            "TBI-403 warn pods-monitor",
            "TBI-403 warn requests-proxy",
            "TBI-403 warn resource-monitor",
            "TBI-406 note ingestor",
            "rolloutAttempts 0/3",
            "skippedTicks 0/8",
            "docker.io: ok here, ok there",
            "ghcr.io: ok here, unknown there",
            "$ kubectl tracebloc-images refresh jobs-manager pods-monitor resource-monitor -n tracebloc",
        ],
    );
}

#[test]
fn a_mirror_is_compared_with_nothing() {
    let site = stocked(|stock| scenarios::mirrored_g8(stock.latest, stock.now));
    hold(
        "mirrored",
        "Images come from a private mirror",
        &site,
        &[
            "mirrored, exit 0",
            "ingestor: mirrored",
            "jobs-manager: mirrored",
            "pods-monitor: mirrored",
            "resource-monitor: mirrored",
            "TBI-407 note ingestor",
            "TBI-407 note jobs-manager",
            "TBI-407 note pods-monitor",
            "TBI-407 note requests-proxy",
            "TBI-407 note resource-monitor",
            "rolloutAttempts 0/3",
        ],
    );
    assert_eq!(site.internet.log().len(), 0);
}

#[test]
fn a_release_without_a_refresher_says_so() {
    let site = stocked(|stock| scenarios::no_refresher(stock.latest, stock.now));
    let document = hold(
        "no_refresher",
        "The values disable the refresher",
        &site,
        &[
            "current, exit 0",
            "ingestor: held",
            "jobs-manager: current",
            "pods-monitor: current",
            "TBI-309 note release",
            "TBI-406 note ingestor",
            "docker.io: ok here, unknown there",
            "ghcr.io: ok here, unknown there",
        ],
    );
    assert_eq!(document["chart"]["cronJobAbsence"], "disabled");
    assert_eq!(document["refreshJob"], Value::Null);
}

#[test]
fn a_run_that_goes_on_is_no_trouble() {
    let release = Release::new(Generation::G10);
    let site = stocked(|stock| scenarios::running_tick(&release, stock.latest, stock.now));
    let document = hold(
        "running_tick",
        "A run has begun nine minutes ago",
        &site,
        &[
            "current, exit 0",
            "ingestor: held",
            "jobs-manager: current",
            "pods-monitor: current",
            "resource-monitor: current",
            "TBI-406 note ingestor",
            "rolloutAttempts 0/3",
            "skippedTicks 0/8",
            "docker.io: ok here, ok there",
            "ghcr.io: ok here, unknown there",
        ],
    );
    assert_eq!(
        document["refreshJob"]["active"],
        json!(["berlin-image-refresh-29678992"])
    );
    let newest = &document["refreshJob"]["recent"][0];
    assert_eq!(newest["result"], "active");
    // What it has written so far was read.
    assert!(
        text(&newest["lastLogLine"]).starts_with("[image-refresh] "),
        "{newest}"
    );
}

#[test]
fn two_releases_in_one_namespace_do_not_mix() {
    let site = stocked(|stock| scenarios::two_in_one_namespace(stock.latest, stock.now).1);
    screen(
        "two_releases",
        "Two releases in one namespace",
        &page(&site, &[]),
    );
    let list: Value = serde_json::from_str(&page(&site, &["-o", "json"])).unwrap();
    assert_eq!(
        (&list["kind"], &list["apiVersion"]),
        (&json!("List"), &json!("images.tracebloc.io/v1alpha1"))
    );
    let [berlin, munich] = items(&list["items"]) else {
        panic!("two releases")
    };
    for (release, name) in [(berlin, "berlin"), (munich, "munich")] {
        assert_promised(release);
        assert_eq!(release["metadata"]["name"], name);
        assert_eq!(release["summary"]["state"], "current");
        for image in items(&release["images"]) {
            for pod in items(&image["pods"]) {
                assert!(text(&pod["name"]).starts_with(name), "{pod}");
            }
        }
    }
}
