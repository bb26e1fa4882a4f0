//! How readings are judged: one table per group.

use std::collections::BTreeSet;

use super::*;
use crate::health::assess;
use crate::observation::{Blind, Observation, Pull, RunLog, RunOutcome, Spec};
use crate::reading::fixtures::{barred, both, dropped, ghcr, of, pod, unprobed};
use crate::reading::{Account, Answer, Broken, NodePull, Reading, Step, Unprobed};
use crate::release::{Refresher, Run};
use crate::render::fixtures::seen;
use crate::rights::{Need, Place};

fn judged(readings: &Readings) -> Vec<Check> {
    let assessment = readings.release.as_ref().ok().map(assess);
    judge(readings, assessment.as_ref())
}

fn check(readings: &Readings, id: &str) -> Check {
    let checks = judged(readings);
    let found = checks.iter().find(|check| check.id == id).cloned();
    found.unwrap_or_else(|| {
        let ids: Vec<_> = checks.iter().map(|check| &check.id).collect();
        panic!("no check {id}: {ids:?}")
    })
}

/// `fail TBI-103 you may not list nodes`
fn words(check: &Check) -> String {
    let outcome = match &check.outcome {
        Outcome::Ok => "ok".to_owned(),
        Outcome::Warn => "warn".to_owned(),
        Outcome::Fail => "fail".to_owned(),
        Outcome::Skip(why) => format!("skip ({why})"),
        Outcome::Unknown(why) => format!("unknown ({why})"),
    };
    let code = check.code.map(|code| format!(" {code}"));
    let message = check.message.as_ref().map(|text| format!(" {text}"));
    format!(
        "{outcome}{}{}",
        code.unwrap_or_default(),
        message.unwrap_or_default()
    )
}

fn answer_for(readings: &mut Readings, resource: &str, verb: &str, answer: &Answer) {
    for right in &mut readings.rights {
        if right.rule.resource == resource && right.verb == verb {
            right.answer = answer.clone();
        }
    }
}

#[test]
fn rights_fail_where_there_is_no_answer_without_them_and_warn_where_there_is() {
    let unknown = Answer::Unknown("forbidden".to_owned());
    let cases: &[(&str, &[(&str, &str, &Answer)], &str)] = &[
        (
            "all",
            &[],
            "ok you may read deployments, cronjobs, jobs, pods, pods/log, replicasets, nodes, events, networkpolicies; patch deployments",
        ),
        (
            "one that helps",
            &[("nodes", "list", &Answer::Denied)],
            "warn TBI-103 you may not list nodes",
        ),
        (
            "one that is required",
            &[("cronjobs", "list", &Answer::Denied)],
            "fail TBI-103 you may not list cronjobs",
        ),
        (
            "both",
            &[
                ("cronjobs", "list", &Answer::Denied),
                ("nodes", "list", &Answer::Denied),
            ],
            "fail TBI-103 you lack 2 of 12 rights",
        ),
        (
            "not known",
            &[("nodes", "list", &unknown)],
            "unknown (forbidden) your rights",
        ),
        (
            "one denied, another not known",
            &[
                ("nodes", "list", &unknown),
                ("pods", "list", &Answer::Denied),
            ],
            "warn TBI-103 you may not list pods",
        ),
    ];
    for (name, answers, want) in cases {
        let mut readings = of(seen("stuck"));
        for (resource, verb, answer) in *answers {
            answer_for(&mut readings, resource, verb, answer);
        }
        assert_eq!(*want, words(&check(&readings, "access.rights")), "{name}");
    }
}

#[test]
fn a_right_that_is_missing_says_what_it_is_for() {
    let mut readings = of(seen("stuck"));
    answer_for(&mut readings, "nodes", "list", &Answer::Denied);
    answer_for(&mut readings, "cronjobs", "get", &Answer::Denied);
    assert_eq!(
        vec![
            ("needed", "get cronjobs".to_owned()),
            (
                "lacking",
                "list nodes: the platforms of the nodes".to_owned()
            ),
        ],
        check(&readings, "access.rights").details
    );
}

#[test]
fn the_account_needs_all_of_its_rights() {
    let with = |answer: Answer| {
        let mut readings = of(seen("stuck"));
        let account: &mut Account = readings.account.as_mut().unwrap();
        account.rights.last_mut().unwrap().answer = answer;
        words(&check(&readings, "access.account"))
    };
    for (answer, want) in [
        (
            Answer::Allowed,
            "ok CronJob account berlin-image-refresh may read deployments; patch deployments",
        ),
        (
            Answer::Denied,
            "fail TBI-104 CronJob account berlin-image-refresh may not watch deployments",
        ),
        (
            Answer::Unknown("forbidden".to_owned()),
            "unknown (forbidden) rights of CronJob account berlin-image-refresh",
        ),
    ] {
        assert_eq!(want, with(answer));
    }
}

#[test]
fn rights_among_node_agents_name_their_namespace() {
    let mut readings = of(seen("stuck"));
    for (rule, verb) in crate::rights::of_account() {
        if rule.place == Place::NodeAgents && verb == "patch" {
            let right = crate::reading::Right {
                rule,
                verb,
                namespace: Some("agents".to_owned()),
                answer: Answer::Denied,
            };
            readings.account.as_mut().unwrap().rights.push(right);
        }
    }
    assert_eq!(
        "fail TBI-104 CronJob account berlin-image-refresh may not patch daemonsets in agents",
        words(&check(&readings, "access.account"))
    );
}

#[test]
fn every_right_is_for_something() {
    for rule in [
        crate::rights::STATUS,
        crate::rights::DOCTOR,
        crate::rights::REFRESH,
        crate::rights::TICK,
    ]
    .concat()
    {
        assert!(
            !rule.verbs.is_empty()
                && rule
                    .verbs
                    .iter()
                    .all(|verb| verb.chars().all(|c| c.is_ascii_lowercase()))
        );
        if let Need::Helps(what) = rule.need {
            assert!(!what.is_empty());
        }
    }
}

#[test]
fn what_bars_this_machine_alone_is_a_warning() {
    let here = || ghcr(barred("ghcr.io", Step::Connect, Code::Dropped, "said"));
    let elsewhere = unprobed(Unprobed::Unable("no right".to_owned()));
    for (name, pods, want) in [
        ("no pod has looked", vec![], Outcome::Fail),
        (
            "a pod could not look",
            vec![elsewhere.clone()],
            Outcome::Fail,
        ),
        ("pods pass", vec![pod(both())], Outcome::Warn),
        (
            "pods are barred, too",
            vec![pod(ghcr(dropped()))],
            Outcome::Fail,
        ),
        (
            "pods pass on one node of two",
            vec![pod(both()), pod(ghcr(dropped()))],
            Outcome::Fail,
        ),
        (
            "pods pass where they looked",
            vec![pod(both()), elsewhere],
            Outcome::Warn,
        ),
    ] {
        let readings = Readings {
            here: here(),
            pods,
            ..of(seen("healthy"))
        };
        assert_eq!(
            want,
            check(&readings, "egress.ghcr.io.connect").outcome,
            "{name}"
        );
    }
}

#[test]
fn a_pod_that_did_not_look_is_skipped_unknown_or_a_failure() {
    for (why, want) in [
        (
            Unprobed::ByChoice("--no-probe".to_owned()),
            "skip (--no-probe) probe pod",
        ),
        (
            Unprobed::Unable("no refresh job to copy".to_owned()),
            "unknown (no refresh job to copy) probe pod",
        ),
        (
            Unprobed::Failed {
                code: Some(Code::AdmissionRefused),
                message: "quota".to_owned(),
            },
            "fail TBI-506 the probe pod could not look: quota",
        ),
    ] {
        let readings = Readings {
            pods: vec![unprobed(why)],
            ..of(seen("healthy"))
        };
        assert_eq!(want, words(&check(&readings, "egress.probe")));
    }
}

#[test]
fn one_tag_with_two_contents_is_told() {
    let digest = |c: char| {
        format!("sha256:{}", String::from(c).repeat(64))
            .parse()
            .unwrap()
    };
    let image: crate::image::Reference = "ghcr.io/tracebloc/ingestor:0.3".parse().unwrap();
    let with = |there: char| {
        let (mut here, mut ways) = (both(), both());
        here[1].digests.insert(image.clone(), digest('a'));
        ways[1].digests.insert(image.clone(), digest(there));
        Readings {
            here,
            pods: vec![pod(ways)],
            ..of(seen("healthy"))
        }
    };
    let is_told = |readings: &Readings| {
        judged(readings)
            .iter()
            .any(|check| check.code == Some(Code::DigestDiffers))
    };
    assert!(!is_told(&with('a')));
    assert!(is_told(&with('b')));
    let told = check(&with('b'), "egress.digests");
    assert_eq!(
        (Outcome::Warn, Some(Vantage::Pod("edge-01".to_owned()))),
        (told.outcome, told.vantage)
    );
}

#[test]
fn a_node_is_judged_by_what_it_pulled() {
    let pull = |result| NodePull {
        node: "edge-02".to_owned(),
        image: "ghcr.io/tracebloc/ingestor:0.3".parse().unwrap(),
        result,
        by: "event 3m ago".to_owned(),
    };
    let broken = Broken {
        code: Code::LayerHostBlocked,
        cause: Code::Dropped,
        host: "cdn.example".to_owned(),
        message: "i/o timeout".to_owned(),
    };
    for (result, want) in [
        (
            Ok(()),
            "ok node edge-02 has pulled ghcr.io/tracebloc/ingestor:0.3 (event 3m ago)",
        ),
        (
            Err(broken),
            "fail TBI-261 node edge-02 cannot pull ghcr.io/tracebloc/ingestor:0.3 (event 3m ago): i/o timeout",
        ),
    ] {
        let readings = Readings {
            pulls: vec![pull(result)],
            ..of(seen("healthy"))
        };
        let check = check(&readings, "egress.ghcr.io.pull");
        assert_eq!(want, words(&check));
        assert_eq!(Some(Vantage::Node("edge-02".to_owned())), check.vantage);
    }
}

#[test]
fn classes_are_the_words_of_the_charts_own_check() {
    let words: BTreeSet<&str> = [
        "dns",
        "refused",
        "timeout",
        "reset",
        "proxy_unreachable",
        "proxy_auth",
        "tls_untrusted",
        "tls_other",
        "http_403_block_page",
        "auth",
        "rate_limited",
        "not_found",
        "other",
    ]
    .into();
    let mut met = BTreeSet::new();
    for code in Code::ALL
        .iter()
        .filter(|code| (Code::Dropped..=Code::LayerRequestAltered).contains(*code))
    {
        let class = registries::class(*code);
        assert!(words.contains(class), "{code}: {class}");
        met.insert(class);
    }
    assert_eq!(words, met);
    // At another host the code is one for all; the class still tells the layer.
    let readings = Readings {
        pods: vec![pod(vec![barred(
            "docker.io",
            Step::Token,
            Code::NameRefused,
            "said",
        )])],
        ..of(seen("healthy"))
    };
    let checks = judged(&readings);
    let token = checks
        .iter()
        .find(|check| check.code == Some(Code::TokenHostBlocked))
        .unwrap();
    assert_eq!(Some("dns"), token.class);
}

#[test]
fn odd_ways_warn_and_steps_that_need_another_say_which() {
    let mut way = barred("ghcr.io", Step::Token, Code::TokenPathFiltered, "a page");
    let odd = Broken {
        code: Code::MirrorAnswers,
        cause: Code::MirrorAnswers,
        host: "ghcr.io".to_owned(),
        message: "a mirror".to_owned(),
    };
    way.steps.get_mut(&Step::Connect).unwrap().reading = Reading::Odd(odd);
    way.steps.get_mut(&Step::Dns).unwrap().reading = Reading::Unknown("no resolver".to_owned());
    let readings = Readings {
        here: vec![way],
        ..of(seen("healthy"))
    };
    let of_step = |step: &str| words(&check(&readings, &format!("egress.ghcr.io.{step}")));
    assert_eq!("unknown (no resolver)", of_step("dns"));
    assert_eq!("warn TBI-232 a mirror", of_step("connect"));
    assert_eq!("fail TBI-242 a page", of_step("token"));
    assert_eq!("skip (needs token)", of_step("layers"));
}

fn runs(change: impl FnOnce(&mut Observation)) -> Vec<String> {
    let mut observed = seen("stuck");
    change(&mut observed);
    let readings = of(observed);
    let checks = judged(&readings);
    let of_job = checks
        .iter()
        .filter(|check| check.group == Group::RefreshJob);
    of_job
        .map(|check| format!("{}: {}", check.id, words(check)))
        .collect()
}

fn cron_job(seen: &mut Observation) -> &mut crate::release::CronJob {
    match &mut seen.release.refresher {
        Refresher::CronJob(cron_job) => cron_job,
        Refresher::Absent(_) => panic!("no CronJob"),
    }
}

#[test]
fn failed_runs_are_told_even_where_the_streak_explains_them() {
    let failed = |count: usize| {
        runs(move |seen| {
            let runs = seen.runs.as_mut().unwrap();
            let is_failed = |run: &crate::observation::RefreshRun| {
                matches!(run.outcome, RunOutcome::Failed { .. })
            };
            let mut kept = 0;
            runs.retain(|run| {
                kept += usize::from(is_failed(run));
                !is_failed(run) || kept <= count
            });
        })
        .into_iter()
        .find(|line| line.starts_with("refresh.runs:"))
        .unwrap()
    };
    for (count, want) in [
        (
            0,
            "refresh.runs: ok last ok 2d4h ago, next in 6m58s, no failures in the runs kept",
        ),
        (
            1,
            "refresh.runs: warn TBI-307 berlin-image-refresh: the last run failed; last ok 2d4h ago",
        ),
        (
            2,
            "refresh.runs: warn TBI-307 berlin-image-refresh: the last 2 runs failed, all alike; last ok 2d4h ago",
        ),
        (
            3,
            "refresh.runs: fail TBI-307 berlin-image-refresh: the last 3 runs failed, all alike; last ok 2d4h ago",
        ),
    ] {
        assert_eq!(want, failed(count), "{count}");
    }
}

#[test]
fn the_refresh_job_is_judged_by_its_rules() {
    let line = |lines: &[String], id: &str| {
        lines
            .iter()
            .find(|line| line.starts_with(id))
            .cloned()
            .unwrap_or_default()
    };
    let suspended = runs(|seen| cron_job(seen).run = Run::Suspended);
    assert_eq!(
        "refresh.job: warn TBI-305 berlin-image-refresh is suspended: nothing moves until a person resumes it.",
        line(&suspended, "refresh.job")
    );
    let unread = runs(|seen| seen.runs = Err(Blind("jobs is forbidden".to_owned())));
    assert_eq!(
        "refresh.job: unknown (jobs is forbidden) runs",
        line(&unread, "refresh.job")
    );
    assert_eq!(
        "refresh.runs: unknown (jobs is forbidden) how runs ended",
        line(&unread, "refresh.runs")
    );
    let no_record = runs(|seen| seen.record = Err(Blind("gone".to_owned())));
    assert_eq!(
        "refresh.streaks: unknown (gone) counters",
        line(&no_record, "refresh.streaks")
    );
    let no_log = runs(|seen| {
        for run in seen.runs.as_mut().unwrap() {
            run.log = RunLog::NotReadable(Blind("pods/log is forbidden".to_owned()));
            run.outcome = RunOutcome::Complete {
                finished: run.started,
            };
        }
    });
    assert_eq!(
        "refresh.silent: unknown (pods/log is forbidden) whether lookups fail uncounted",
        line(&no_log, "refresh.silent")
    );
}

#[test]
fn a_release_without_a_refresher_is_told_or_left_alone() {
    let mut observed = seen("without_cron_job");
    assert_eq!(
        "skip (every image is pinned or mirrored) no refresh job",
        words(&check(&of(observed.clone()), "refresh.job"))
    );
    let image = &mut observed.images[0];
    let free = Spec::Tagged {
        reference: "docker.io/tracebloc/jobs-manager:prod".parse().unwrap(),
        pull: Pull::Always,
    };
    image.workload.as_mut().unwrap().spec = free;
    let told = check(&of(observed), "refresh.job");
    assert_eq!(
        (Outcome::Warn, Some(Code::NoCronJob)),
        (told.outcome, told.code)
    );
}

#[test]
fn each_check_is_there_once_for_each_vantage_point() {
    for name in [
        "healthy",
        "stuck",
        "silent",
        "mirrored",
        "suspended",
        "forbidden",
        "half_rolled",
        "hostile",
    ] {
        let readings = Readings {
            pods: vec![pod(ghcr(dropped()))],
            ..of(seen(name))
        };
        let checks = judged(&readings);
        let mut known = BTreeSet::new();
        for check in &checks {
            let key = (check.id.clone(), check.vantage.clone());
            assert!(known.insert(key), "{name}: {} twice", check.id);
        }
    }
}
