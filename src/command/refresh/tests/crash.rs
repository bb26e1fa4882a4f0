//! The process dies after each write that it makes, and is run again (design, section 2.1, rule 8). A death after a
//! read leaves what one after the write before it left.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::*;
use crate::record::{PREFIX, Streak};
use crate::world::sim::api::store::{Change, Happened};
use crate::world::sim::release::scenarios::{incident_g2, stale};
use crate::world::sim::release::{Generation, Release};
use crate::world::sim::site::before;

/// A site that is behind in everything that the generation refreshes.
fn behind(generation: Generation) -> Site {
    let release = Release::new(generation);
    Site::new(|_, _, now| stale(&release, &before(), now)).with_controllers()
}

/// Notes every digest that is recorded while no Ready pod runs it, or is told to spawn it.
fn watched(site: Site) -> (Site, Arc<Mutex<Vec<String>>>) {
    let unproven = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&unproven);
    let mut known = BTreeMap::new();
    site.cluster.store(|store| {
        for deployment in store.all(At::new("Deployment", "", "").resource, None) {
            known.extend(recorded(&deployment));
        }
    });
    site.cluster.on(move |change: &Change, store: &mut Store| {
        if change.resource.kind != "Deployment" || change.happened == Happened::Deleted {
            return;
        }
        for (key, digest) in recorded(&change.object) {
            let is_new = known.insert(key.clone(), digest.clone()) != Some(digest.clone());
            if is_new && !is_proven(store, &digest) {
                noted.lock().unwrap().push(format!("{key}={digest}"));
            }
        }
    });
    (site, unproven)
}

fn recorded(deployment: &Value) -> BTreeMap<String, String> {
    let annotations = deployment["metadata"]["annotations"].as_object();
    annotations
        .into_iter()
        .flatten()
        .filter(|(key, _)| key.starts_with(PREFIX) && key.ends_with("-digest"))
        .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

fn is_proven(store: &Store, digest: &str) -> bool {
    let pods = store.all(At::new("Pod", "", "").resource, None);
    pods.iter().any(|pod| {
        let conditions = pod["status"]["conditions"].as_array();
        let mut conditions = conditions.into_iter().flatten();
        let is_ready = conditions.any(|one| one["type"] == "Ready" && one["status"] == "True");
        is_ready
            && (pod["status"]["containerStatuses"]
                .to_string()
                .contains(digest)
                || pod["spec"]["containers"].to_string().contains(digest))
    })
}

/// Dies after each write of the undisturbed run; gives how many deaths there were.
fn enumerate(name: &str, flags: &[&str], site: impl Fn() -> Site) -> usize {
    let (undisturbed, unproven) = watched(site());
    let ended = run(&undisturbed, flags, None);
    assert!(matches!(ended, Some(Ok(Exit::Done))), "{name}: {ended:?}");
    assert_eq!(Vec::<String>::new(), *unproven.lock().unwrap(), "{name}");
    let want = state(&undisturbed);
    let writes = WRITES.map(|(method, path)| undisturbed.cluster.count(method, path));
    let writes = writes.into_iter().sum();
    for nth in 1..=writes {
        let (site, unproven) = watched(site());
        let death = after_write(&site, nth);
        let ended = run(&site, flags, Some(&death));
        assert!(ended.is_none(), "{name}, write {nth}: {ended:?}");
        let ended = run(&site, flags, None);
        assert!(
            matches!(ended, Some(Ok(Exit::Done))),
            "{name}, again after write {nth}: {ended:?}"
        );
        assert_eq!(want, state(&site), "{name}, again after write {nth}");
        let unproven = unproven.lock().unwrap();
        assert_eq!(Vec::<String>::new(), *unproven, "{name}, write {nth}");
    }
    writes
}

fn deaths(generations: &[Generation]) -> usize {
    let deaths = |generation: &Generation| {
        enumerate(&format!("{generation:?}"), &[], || behind(*generation))
    };
    generations.iter().map(deaths).sum()
}

#[test]
fn a_death_at_any_write_of_a_restart_costs_nothing_once_it_is_run_again() {
    use Generation::{G0, G1, G2, G2p, G3};

    assert_eq!(62, deaths(&[G0, G1, G2, G2p, G3]));
}

#[test]
fn a_death_at_any_write_of_a_guarded_restart_costs_an_attempt_at_most() {
    use Generation::{G4, G5, G6, G7, G7b};

    assert_eq!(54, deaths(&[G4, G5, G6, G7, G7b]));
}

#[test]
fn a_death_at_any_write_of_images_by_digest_costs_an_attempt_at_most() {
    use Generation::{G8, G9, G10};

    assert_eq!(54, deaths(&[G8, G9, G10]));
}

#[test]
fn a_death_at_any_write_of_the_ways_out_costs_nothing() {
    let incident = || Site::new(incident_g2).with_controllers();
    let locked_out = || {
        let site = behind(Generation::G10);
        let manager = At::new("Deployment", "tracebloc", "berlin-jobs-manager");
        site.cluster.store(|store| {
            store.edit(&manager, |manager| {
                manager["metadata"]["annotations"][Streak::Attempts.key()] = "3".into();
            });
        });
        site
    };
    assert_eq!(
        (4, 20),
        (
            enumerate("the incident", &[], incident),
            enumerate("locked out", &["--rearm"], locked_out)
        )
    );
}
