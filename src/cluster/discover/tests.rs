//! Every generation of the chart is found, and told apart, from its objects alone.

use serde_json::{Value, json};

use super::super::fixture::{Chart, Generation, Values, of_kind};
use super::*;
use crate::image::ManagedImage;

/// The releases that discovery makes of these objects. Other `CronJobs` of the chart carry another label.
fn found(objects: &[Value]) -> Vec<Release> {
    let cron_jobs: Vec<KubeCronJob> = of_kind::<KubeCronJob>(objects, "CronJob")
        .into_iter()
        .filter(|cron_job| {
            label(&cron_job.metadata, "app.kubernetes.io/component") == Some("image-refresh")
        })
        .collect();
    releases(&cron_jobs, &of_kind(objects, "Deployment"))
}

#[test]
fn every_generation_is_told_by_its_capabilities() {
    for generation in Generation::ALL {
        let [release] = &found(&Chart::new(generation).objects())[..] else {
            panic!("{generation:?}")
        };
        let want = match generation {
            Generation::G0 => "G0",
            Generation::G1 => "G1",
            Generation::G2 | Generation::G2p => "G2",
            Generation::G3 => "G3",
            Generation::G4 | Generation::G5 | Generation::G6 => "G4-G6",
            Generation::G7 | Generation::G7b => "G7",
            Generation::G8 => "G8",
            Generation::G9 | Generation::G10 => "G9-G10",
        };
        assert_eq!(want, release.capabilities.generation(), "{generation:?}");
        assert_eq!(
            ("berlin", "tracebloc"),
            (release.name.as_str(), release.namespace.as_str())
        );
        assert_eq!(
            Some(generation.chart_version()),
            release.chart_version.as_deref()
        );
        assert_eq!("berlin-jobs-manager", release.jobs_manager);
        let cron_job = release.cron_job().expect("a CronJob");
        assert_eq!(
            ("prod", "7,22,37,52 * * * *"),
            (
                cron_job.tag.as_deref().unwrap(),
                cron_job.schedule.cron.as_str()
            )
        );
        let quantities = |cpu: &str, memory: &str| {
            BTreeMap::from(
                [("cpu", cpu), ("memory", memory)].map(|(a, b)| (a.to_owned(), b.to_owned())),
            )
        };
        assert_eq!(quantities("20m", "64Mi"), cron_job.resources.requests);
        assert_eq!(quantities("200m", "128Mi"), cron_job.resources.limits);
        let set_image = generation >= Generation::G8;
        assert_eq!(
            set_image,
            release.resource_monitor.is_some() && release.requests_proxy.is_some()
        );
    }
}

#[test]
fn limits_and_pins_come_from_the_environment() {
    let chart = Chart::with(Generation::G2, |values| {
        "5".clone_into(&mut values.refresh.ingestor_resolve_failure_threshold);
        values.images.ingestor.auto_refresh = false;
        values.images.jobs_manager = Some(format!("sha256:{}", "1".repeat(64)));
        values.refresh.suspend = true;
        values.refresh.time_zone = Some("Europe/Berlin".to_owned());
    });
    let [release] = &found(&chart.objects())[..] else {
        panic!("one release")
    };
    let cron_job = release.cron_job().expect("a CronJob");
    assert_eq!(Limit::At(5), cron_job.limits.failures);
    assert_eq!(
        BTreeSet::from([ManagedImage::Ingestor, ManagedImage::JobsManager]),
        cron_job.pinned
    );
    assert_eq!(
        (Run::Suspended, Some("Europe/Berlin")),
        (cron_job.run, cron_job.schedule.zone.as_deref())
    );
    assert_eq!(Some("0.3"), cron_job.ingestor_tag.as_deref());
}

#[test]
fn a_release_without_cron_job_says_why() {
    for (name, generation, change, want) in [
        (
            "switched off",
            Generation::G3,
            (|values| values.refresh.enabled = false) as fn(&mut Values),
            Absence::Disabled,
        ),
        (
            "everything pinned",
            Generation::G3,
            |values| {
                let digest = Some(format!("sha256:{}", "1".repeat(64)));
                values.images.jobs_manager.clone_from(&digest);
                values.images.pods_monitor = digest;
            },
            Absence::AllPinned,
        ),
        (
            "a chart from before the refresh",
            Generation::G0,
            |values| {
                values.refresh.enabled = false;
                values.chart_version = Some("1.3.5".to_owned());
            },
            Absence::BeforeRefresh,
        ),
    ] {
        let [release] = &found(&Chart::with(generation, change).objects())[..] else {
            panic!("{name}")
        };
        assert_eq!(Refresher::Absent(want), release.refresher, "{name}");
    }
}

#[test]
fn a_cron_job_without_container_is_a_release_whose_refresher_is_absent() {
    let mut objects = Chart::new(Generation::G2).objects();
    for object in objects
        .iter_mut()
        .filter(|object| object["kind"] == "CronJob")
    {
        object["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"] = json!([]);
    }
    let [release] = &found(&objects)[..] else {
        panic!("one release")
    };
    assert_eq!(Refresher::Absent(Absence::NoContainer), release.refresher);
    assert_eq!("berlin", release.name);
}

#[test]
fn releases_side_by_side_are_several_and_in_order() {
    let mut objects =
        Chart::with(Generation::G10, |values| "zoo".clone_into(&mut values.name)).objects();
    objects.extend(
        Chart::with(Generation::G2, |values| {
            "a.dotted.name".clone_into(&mut values.name);
        })
        .objects(),
    );
    let names: Vec<_> = found(&objects)
        .into_iter()
        .map(|release| release.name)
        .collect();
    assert_eq!(vec!["a.dotted.name", "zoo"], names);
}

#[test]
fn words_choose_by_version_and_nothing_else_does() {
    for (version, before) in [
        ("1.3.5", true),
        ("0.9.0", true),
        ("1.4.0", false),
        ("1.10.0", false),
        ("junk", false),
    ] {
        assert_eq!(before, is_before_refresh(version), "{version}");
    }
}
