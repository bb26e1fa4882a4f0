//! `--watch` over a fleet: changes of any release, and clusters that go and come.

use super::*;
use crate::world::sim::api::Cluster;
use crate::world::sim::release::scenarios::fleet;
use crate::world::sim::stage::stage;

#[test]
fn a_change_of_one_release_is_one_document() {
    let site = stocked(|stock| fleet(4, stock.latest, stock.now).1);
    let watch = Watch::start(&site, &["-A", "-o", "json"]);
    let mut names: Vec<_> = (0..4)
        .map(|_| text(&watch.document()["metadata"]["name"]).to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["edge-0000", "edge-0001", "edge-0002", "edge-0003"]);
    let at = At::new("CronJob", "edge-0002", "edge-0002-image-refresh");
    site.cluster.store(|store| {
        store.edit(&at, |cron_job| cron_job["spec"]["suspend"] = true.into());
    });
    let seen = watch.document();
    assert_eq!(
        (
            &seen["event"],
            &seen["metadata"]["name"],
            &seen["refreshJob"]["state"]
        ),
        (&json!("changed"), &json!("edge-0002"), &json!("suspended"))
    );
    assert_eq!(watch.end("INT"), (Some(130), String::new()));
}

#[test]
fn a_cluster_that_goes_out_of_reach_takes_no_release_with_it() {
    let site = healthy_site(G10);
    let other = Cluster::start(crate::world::sim::api::Transport::Tls);
    let release = Release::with(G10, |values| "clinic".clone_into(&mut values.name));
    let now = crate::world::sim::site::NOW.parse().unwrap();
    stage(&other, &healthy(&release, &site.latest, now));
    let login = || {
        crate::world::sim::api::kubeconfig::Login::Token(crate::world::sim::api::TOKEN.to_owned())
    };
    let contexts = [
        site.cluster.context("edge").namespace(NS).login(login()),
        other.context("clinic").namespace(NS).login(login()),
    ];
    let run = status(&site, &["--watch", "--contexts", "*", "-o", "json"]);
    let config = site.cluster.write_kubeconfig(&contexts);
    let watch = Watch::of(run.env("KUBECONFIG", config));
    for _ in 0..2 {
        assert_eq!(watch.document()["event"], "added");
    }
    other.cut_after(0);
    suspend(&site, true);
    let news: Vec<_> = (0..2).map(|_| watch.document()).collect();
    let away = news.iter().find(|one| one["kind"] == "UnreachableContext");
    let away = away.unwrap_or_else(|| panic!("{news:#?}"));
    assert_eq!(
        (&away["event"], &away["metadata"]["context"]),
        (&json!("added"), &json!("clinic"))
    );
    assert!(
        news.iter().all(|one| one["event"] != "removed"),
        "{news:#?}"
    );
    other.heal();
    suspend(&site, false);
    let news: Vec<_> = (0..2).map(|_| watch.document()).collect();
    let back = news.iter().find(|one| one["kind"] == "UnreachableContext");
    assert_eq!(back.unwrap()["event"], "removed");
    assert_eq!(watch.end("INT").0, Some(130));
}

#[test]
fn a_first_look_that_reaches_nobody_ends_it() {
    let site = healthy_site(G10);
    site.cluster.deny(Denial::of("list", "deployments.apps"));
    let output = status(&site, &["--watch", "-A"]).output();
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
}
