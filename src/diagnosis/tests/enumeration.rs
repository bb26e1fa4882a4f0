//! Every combination of what pods, nodes and this machine may see of two registries, and what holds for all.

use super::*;

/// How one place sees one registry.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sees {
    Nothing,
    Open,
    Broken(Step, Code),
}

/// A failure at each step.
const SEEN: &[Sees] = &[
    Sees::Nothing,
    Sees::Open,
    Sees::Broken(Step::Dns, Code::DnsSilent),
    Sees::Broken(Step::Connect, Code::Dropped),
    Sees::Broken(Step::Connect, Code::TlsIntercepted),
    Sees::Broken(Step::Token, Code::Refused),
    Sees::Broken(Step::Layers, Code::Dropped),
];

fn way(registry: &str, sees: Sees) -> Option<Way> {
    match sees {
        Sees::Nothing => None,
        Sees::Open => Some(open(registry)),
        Sees::Broken(step, cause) => Some(barred(registry, step, cause, "said")),
    }
}

fn ways(docker: Sees, ghcr: Sees) -> Vec<Way> {
    [("docker.io", docker), ("ghcr.io", ghcr)]
        .into_iter()
        .filter_map(|(registry, sees)| way(registry, sees))
        .collect()
}

/// Calls `test` with everything that there may be to read, and what is concluded from it.
fn for_all(mut test: impl FnMut(&Readings, &[Check], &[Cause])) -> usize {
    let mut count = 0;
    let base = of(seen("stuck"));
    // Of the release alone, which is the same for all.
    let assessment = base.release.as_ref().ok().map(assess);
    for here in SEEN {
        for pods in SEEN {
            for pods_docker in [Sees::Open, Sees::Broken(Step::Connect, Code::Dropped)] {
                for node in [None, Some(true), Some(false)] {
                    let mut readings = base.clone();
                    readings.here = ways(Sees::Open, *here);
                    if *pods != Sees::Nothing {
                        readings.pods = vec![pod(ways(pods_docker, *pods))];
                    }
                    readings.pulls = node
                        .map(|pulled| {
                            pull("ghcr.io", if pulled { Ok(()) } else { Err(timed_out()) })
                        })
                        .into_iter()
                        .collect();
                    let checks = judge(&readings, assessment.as_ref());
                    let causes = conclude(&readings, assessment.as_ref(), &checks);
                    test(&readings, &checks, &causes);
                    count += 1;
                }
            }
        }
    }
    count
}

#[test]
fn every_failure_belongs_to_exactly_one_cause() {
    let count = for_all(|_, checks, causes| {
        for check in checks.iter().filter(|check| check.is_trouble()) {
            let code = check.code.unwrap();
            let told = causes
                .iter()
                .filter(|cause| cause.code == code || cause.explains.contains(&code));
            let of_steps = check.vantage.is_some();
            let told: Vec<_> = told
                .filter(|cause| !of_steps || cause.evidence.contains(&check.id))
                .collect();
            assert!(
                !told.is_empty(),
                "{}: {code} is in no cause of {causes:#?}",
                check.id
            );
        }
        let codes: Vec<_> = causes
            .iter()
            .map(|cause| (cause.code, &cause.title))
            .collect();
        let distinct: BTreeSet<_> = codes.iter().collect();
        assert_eq!(codes.len(), distinct.len(), "{codes:?}");
    });
    assert_eq!(7 * 7 * 2 * 3, count);
}

#[test]
fn nothing_is_claimed_of_a_place_that_has_not_looked() {
    for_all(|readings, _, causes| {
        let pods = view(readings, Place::Pods, "ghcr.io") != View::Untested;
        let nodes = !readings.pulls.is_empty();
        for cause in causes.iter().filter(|cause| is_of_a_way(cause)) {
            let text = format!("{} {}", cause.title, cause.reasons.join(" "));
            if !pods && readings.pods.is_empty() {
                assert!(
                    !text.contains("Pods reach") && !text.contains("the pods "),
                    "{text}"
                );
            }
            if !nodes {
                assert!(
                    !text.contains("Node edge-01") && !text.contains("the nodes"),
                    "{text}"
                );
                assert!(
                    !text.contains("the pods") || text.contains("Nodes not tested."),
                    "{text}"
                );
            }
            if readings
                .here
                .iter()
                .any(|way| way.registry == "ghcr.io" && !way.is_open())
            {
                assert!(!text.contains("This machine reaches ghcr.io"), "{text}");
            }
        }
    });
}

/// Whether a barred way is the cause.
fn is_of_a_way(cause: &Cause) -> bool {
    (Code::Dropped..=Code::LayerRequestAltered).contains(&cause.code)
}

#[test]
fn hosts_are_those_that_are_barred_or_lie_behind_what_is() {
    for_all(|_, _, causes| {
        for cause in causes.iter().filter(|cause| is_of_a_way(cause)) {
            let row = TABLE.iter().find(|row| row.code == cause.code).unwrap();
            assert_eq!(row.allows, !cause.allow.is_empty(), "{}", cause.code);
            let hosts: BTreeSet<_> = cause.allow.iter().map(|one| &one.host).collect();
            assert_eq!(hosts.len(), cause.allow.len(), "twice: {:?}", cause.allow);
            assert!(cause.allow.iter().all(|one| one.port == 443));
            if cause.code == Code::TokenHostBlocked {
                assert!(
                    !hosts.contains(&"registry-1.docker.io".to_owned()),
                    "{hosts:?}"
                );
            }
            if cause.code == Code::LayerHostBlocked {
                assert_eq!(1, hosts.len(), "the registry is reached: {hosts:?}");
            }
        }
    });
}

#[test]
fn texts_are_whole_and_a_cause_explains_others_only() {
    for_all(|_, _, causes| {
        for cause in causes {
            let all = [&cause.title, &cause.advice]
                .into_iter()
                .chain(&cause.reasons);
            for text in all {
                assert!(!text.contains(['{', '}']), "{text}");
                assert!(!text.contains("  ") && !text.contains(" ."), "{text}");
            }
            assert!(!cause.explains.contains(&cause.code), "{cause:#?}");
            assert!(cause.explains.is_sorted(), "{:?}", cause.explains);
        }
    });
}

#[test]
fn what_bars_the_pods_comes_before_what_bars_this_machine() {
    for_all(|readings, _, causes| {
        let gravities: Vec<_> = causes.iter().map(|cause| cause.gravity).collect();
        assert!(gravities.is_sorted(), "{gravities:?}");
        let pods_barred = view(readings, Place::Pods, "ghcr.io") == View::Barred;
        if let Some(first) = causes.first().filter(|_| pods_barred) {
            assert!(
                first.title.contains("pods") || !is_of_a_way(first),
                "{}",
                first.title
            );
        }
    });
}

#[test]
fn two_vantage_points_make_a_cause_sure() {
    for_all(|readings, _, causes| {
        for cause in causes.iter().filter(|cause| is_of_a_way(cause)) {
            let registries: BTreeSet<&str> = cause
                .evidence
                .iter()
                .filter_map(|id| Some(id.strip_prefix("egress.")?.rsplit_once('.')?.0))
                .collect();
            let is_tested = |place: &&Place| {
                let mut views = registries.iter().map(|one| view(readings, **place, one));
                views.all(|view| view != View::Untested)
            };
            let places = [Place::Here, Place::Pods, Place::Nodes];
            let want = match places.iter().filter(is_tested).count() {
                1 => Confidence::Medium,
                _ => Confidence::High,
            };
            assert_eq!(want, cause.confidence, "{registries:?} {cause:#?}");
        }
    });
}

#[test]
fn groups_other_than_the_registries_are_never_evidence_of_a_barred_way() {
    for_all(|_, checks, causes| {
        for cause in causes.iter().filter(|cause| is_of_a_way(cause)) {
            for id in &cause.evidence {
                let check = checks.iter().find(|check| check.id == *id).unwrap();
                assert_eq!(Group::Registries, check.group, "{id}");
            }
        }
    });
}
