//! Causes beside barred ways.

use super::*;

#[test]
fn lookups_that_no_pod_explains_are_one_cause_that_claims_no_place() {
    let mut readings = of(seen("stuck"));
    readings.pods = vec![unprobed(Unprobed::Unable("no right".to_owned()))];
    let causes = concluded(&readings);
    let first = &causes[0];
    assert_eq!(
        (Code::StreakAtThreshold, Confidence::Low),
        (first.code, first.confidence)
    );
    assert!(
        first.explains.contains(&Code::RunsFailed),
        "{:?}",
        first.explains
    );
    assert!(first.allow.is_empty(), "no host was seen barred");

    readings.pods = vec![pod(both())];
    let first = concluded(&readings).remove(0);
    assert_eq!(
        "the refresher could not look up ghcr.io; its pods can now",
        first.title
    );
    assert!(
        first.next[0]
            .command
            .starts_with("kubectl create job -n tracebloc --from=cronjob/berlin-image-refresh "),
        "{:?}",
        first.next
    );
}

#[test]
fn causes_of_the_release_stand_beside_a_barred_way() {
    let mut readings = from_pods(ghcr(dropped()));
    if let Ok(seen) = &mut readings.release
        && let crate::release::Refresher::CronJob(cron_job) = &mut seen.release.refresher
    {
        cron_job.run = crate::release::Run::Suspended;
    }
    let codes: Vec<Code> = concluded(&readings)
        .iter()
        .map(|cause| cause.code)
        .collect();
    assert_eq!(
        (Code::Dropped, true),
        (codes[0], codes.contains(&Code::Suspended)),
        "{codes:?}"
    );
}

#[test]
fn an_api_server_that_does_not_answer_comes_first_and_hides_no_barred_way() {
    let refusal = crate::reading::Refusal {
        code: Some(Code::ApiUnreachable),
        message: "reach the API server: refused".to_owned(),
        hint: Some("look".to_owned()),
    };
    let readings = Readings {
        server: Err(refusal.clone()),
        release: Err(refusal),
        here: ghcr(dropped()),
        ..of(seen("healthy"))
    };
    let causes = concluded(&readings);
    let codes: Vec<Code> = causes.iter().map(|cause| cause.code).collect();
    assert_eq!(vec![Code::ApiUnreachable, Code::Dropped], codes);
    assert_eq!("look", causes[0].advice);
}

#[test]
fn a_placeholder_that_comes_from_outside_stays_as_it_is() {
    let ways = ghcr(barred(
        "ghcr.io",
        Step::Connect,
        Code::NotARegistry,
        "a page {who} {hosts}",
    ));
    let told = reasons(&from_pods(ways)).join(" ");
    assert!(told.contains("a page {who} {hosts}"), "{told}");
}
