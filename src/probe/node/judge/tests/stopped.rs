//! Tests that say nothing about a pull: what stood in the way, and for how long it may.

use super::*;
use crate::error::Call;
use crate::observation::Blind;

#[test]
fn a_test_that_says_nothing_about_the_pull_says_why() {
    use Weight::{Normal, Warning};

    let quota = "Error creating: pods \"pull-x\" is forbidden: exceeded quota: small";
    let unscheduled = OwnPod {
        unschedulable: Some("0/1 nodes are available: 1 Insufficient cpu.".to_owned()),
        node: None,
        ..pod(&[])
    };
    let failed = |reason: &str, events: &[Event]| OwnJob {
        standing: Standing::Failed {
            reason: reason.to_owned(),
            message: "Job has reached the specified backoff limit".to_owned(),
        },
        ..job(Vec::new(), events)
    };
    let sandbox = event(
        Warning,
        "FailedCreatePodSandBox",
        "no network for pod",
        None,
    );
    let troubled = in_state(
        waiting("ContainerCreating", ""),
        std::slice::from_ref(&sandbox),
    );
    let blind = OwnJob {
        events: Err(Blind("not allowed".to_owned())),
        ..in_state(waiting("ContainerCreating", ""), &[])
    };
    for (name, job, want) in [
        (
            "no pod, and why",
            job(Vec::new(), &[event(Warning, "FailedCreate", quota, None)]),
            format!("could not start TBI-506: {quota}"),
        ),
        (
            "no pod, and no word",
            job(Vec::new(), &[]),
            "could not start TBI-506: the Job has no pod".to_owned(),
        ),
        (
            "no node",
            job(vec![unscheduled.clone()], &[]),
            "could not start TBI-503: 0/1 nodes are available: 1 Insufficient cpu.".to_owned(),
        ),
        (
            "the node makes no pod",
            troubled.clone(),
            "could not start -: no network for pod".to_owned(),
        ),
        (
            "the node has not begun",
            in_state(waiting("ContainerCreating", ""), &[]),
            "waiting, could not start -: node edge-01 has not begun to pull".to_owned(),
        ),
        (
            "it pulls",
            in_state(
                waiting("ContainerCreating", ""),
                &[of_ours(Normal, "Pulling", "")],
            ),
            "waiting, unfinished".to_owned(),
        ),
        (
            "it pulls, after trouble",
            in_state(
                waiting("ContainerCreating", ""),
                &[sandbox, of_ours(Normal, "Pulling", "")],
            ),
            "waiting, unfinished".to_owned(),
        ),
        (
            "whether it pulls is not known: no excuse",
            blind,
            "waiting, unfinished".to_owned(),
        ),
        (
            "somebody has deleted the pod",
            failed("BackoffLimitExceeded", &[]),
            "could not start -: BackoffLimitExceeded: Job has reached the specified backoff limit"
                .to_owned(),
        ),
        (
            "the pod's words",
            failed(
                "BackoffLimitExceeded",
                &[event(Warning, "Evicted", "the node was low on disk", None)],
            ),
            "could not start -: BackoffLimitExceeded: the node was low on disk".to_owned(),
        ),
        (
            "its own deadline",
            failed("DeadlineExceeded", &[]),
            "time up".to_owned(),
        ),
    ] {
        assert_eq!(want, verdict(&job), "{name}");
    }
    for job in [job(Vec::new(), &[]), job(vec![unscheduled], &[]), troubled] {
        assert!(
            matches!(
                judged(&job, EARLY),
                Verdict::Waiting(Outcome::CouldNotStart { .. })
            ),
            "it may still come"
        );
        assert!(matches!(judged(&job, PATIENCE), Verdict::Ended(_)));
    }
}

#[test]
fn a_refusal_is_a_right_or_a_rule_of_the_site() {
    let rights = "jobs.batch is forbidden: User \"ana\" cannot create resource \"jobs\" in API group \"batch\" in the namespace \"tracebloc\"";
    for (name, why, want) in [
        ("a right", rights, None),
        (
            "a right of somebody with a telling name",
            &rights.replace("ana", "exceeded quota"),
            None,
        ),
        ("whatever a gateway says", "forbidden", None),
        (
            "a quota",
            "jobs.batch \"x\" is forbidden: exceeded quota: small, requested: count/jobs.batch=1, used: 3, limited: 3",
            Some(Code::AdmissionRefused),
        ),
        (
            "a quota that wants numbers",
            "pods \"x\" is forbidden: failed quota: small: must specify limits.cpu",
            Some(Code::AdmissionRefused),
        ),
        (
            "a limit range",
            "pods \"x\" is forbidden: minimum cpu usage per Container is 50m, but request is 20m",
            Some(Code::AdmissionRefused),
        ),
        (
            "Pod Security",
            "pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\": seccompProfile",
            Some(Code::AdmissionRefused),
        ),
        (
            "a webhook",
            "admission webhook \"no.example\" denied the request: users cannot create resource here",
            Some(Code::AdmissionRefused),
        ),
        (
            "a policy",
            "jobs.batch \"x\" is forbidden: ValidatingAdmissionPolicy 'no' with binding 'b' denied request: no",
            Some(Code::AdmissionRefused),
        ),
        (
            "OpenShift",
            "pods \"x\" is forbidden: unable to validate against any security context constraint: []",
            Some(Code::AdmissionRefused),
        ),
    ] {
        let call = Call {
            doing: "create job".to_owned(),
            right: "create jobs.batch -n tracebloc".to_owned(),
        };
        let error = Error::Forbidden {
            call: call.clone(),
            why: why.to_owned(),
        };
        let wanted = match want {
            None => Outcome::NotAllowed(error.clone()),
            code => Outcome::CouldNotStart {
                code,
                why: why.to_owned(),
            },
        };
        assert_eq!(wanted, refused(error), "{name}");
        let invalid = Error::Rejected {
            call,
            why: why.to_owned(),
        };
        assert!(matches!(
            refused(invalid),
            Outcome::CouldNotStart { code: None, .. }
        ));
    }
}
