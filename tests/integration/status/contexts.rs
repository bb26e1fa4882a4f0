//! `status --contexts`: clusters side by side, some of them out of reach.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::*;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::journal::rounds;
use crate::world::sim::api::kubeconfig::{Context, Login};
use crate::world::sim::api::{Cluster, TOKEN, Transport};
use crate::world::sim::release::Generation::{G2, G10};
use crate::world::sim::release::scenarios::{incident_g2, no_refresher};
use crate::world::sim::stage::stage;

fn token() -> Login {
    Login::Token(TOKEN.to_owned())
}

fn context(cluster: &Cluster, name: &str) -> Context {
    cluster.context(name).namespace(NS).login(token())
}

/// Another cluster, with a healthy release `clinic` of this generation.
fn second(site: &Site, generation: Generation) -> Cluster {
    let cluster = Cluster::start(Transport::Tls);
    let release = Release::with(generation, |values| "clinic".clone_into(&mut values.name));
    let now = crate::world::sim::site::NOW.parse().unwrap();
    stage(&cluster, &healthy(&release, &site.latest, now));
    cluster
}

fn stuck_site() -> Site {
    stocked(|stock| incident_g2(stock.latest, stock.old_ingestor, stock.now))
}

fn at(site: &Site, contexts: &[Context], args: &[&str]) -> Output {
    let plugin = status(site, args);
    let config = site.cluster.write_kubeconfig(contexts);
    plugin.env("KUBECONFIG", config).output()
}

/// An address that accepts connections and never says a word.
fn silent_server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    (listener, url)
}

#[test]
fn each_context_is_a_column_and_one_that_is_away_a_row() {
    let site = stuck_site();
    let other = second(&site, G10);
    let (_silent, url) = silent_server();
    let contexts = [
        context(&site.cluster, "edge-berlin"),
        context(&other, "edge-clinic"),
        Context::new("edge-away", &url, None).login(token()),
        context(&other, "lab"),
    ];
    let output = at(
        &site,
        &contexts,
        &["--contexts", "edge-*", "--request-timeout", "1s"],
    );
    assert_eq!((output.code, output.stderr.as_str()), (Some(5), ""));
    screen(
        "contexts",
        "Three clusters, one of which accepts connections and never answers. Ends with 5.",
        &output.stdout,
    );
    let output = at(
        &site,
        &contexts,
        &[
            "--contexts",
            "edge-*",
            "--request-timeout",
            "1s",
            "-o",
            "json",
            "--exit-code",
        ],
    );
    assert_eq!(output.code, Some(3), "what is stuck weighs more");
    let list: Value = serde_json::from_str(&output.stdout).unwrap();
    let members: Vec<_> = items(&list["items"])
        .iter()
        .map(|item| {
            (
                text(&item["metadata"]["context"]),
                text(&item["summary"]["state"]),
            )
        })
        .collect();
    assert_eq!(
        members,
        [
            ("edge-berlin", "stuck"),
            ("edge-away", "unknown"),
            ("edge-clinic", "current")
        ]
    );
    assert_eq!(list["items"][1]["code"], "TBI-101");
    let short = at(
        &site,
        &contexts,
        &[
            "--contexts",
            "edge-*",
            "--request-timeout",
            "1s",
            "-o",
            "short",
        ],
    );
    assert!(
        short.stdout.contains("? edge-away unreachable TBI-101\n"),
        "{}",
        short.stdout
    );
}

#[test]
fn several_patterns_choose_each_context_once_in_the_order_of_the_kubeconfig() {
    let site = healthy_site(G10);
    let other = second(&site, G2);
    let contexts = [
        context(&site.cluster, "b"),
        context(&other, "a1"),
        context(&other, "c"),
    ];
    let output = at(&site, &contexts, &["--contexts", "a?,b,a*", "-o", "json"]);
    let list: Value = serde_json::from_str(&output.stdout).unwrap();
    let names: Vec<_> = items(&list["contexts"])
        .iter()
        .map(|one| text(&one["name"]))
        .collect();
    assert_eq!(names, ["b", "a1"]);
}

#[test]
fn a_pattern_that_matches_nothing_names_the_nearest() {
    let site = healthy_site(G10);
    let contexts = ["berlin-edge", "munich-edge", "lab"].map(|name| context(&site.cluster, name));
    let output = at(&site, &contexts, &["--contexts", "berlin-edge,berln-*"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    assert_eq!(
        output.stderr,
        "error: choose contexts: none of the kubeconfig's matches \"berln-*\"\n\
         hint: the nearest: berlin-edge, munich-edge, lab\n"
    );
    assert_eq!(site.cluster.log().len(), 0, "nobody is asked");
}

#[test]
fn nobody_in_reach_is_a_failure() {
    let site = healthy_site(G10);
    let (_silent, url) = silent_server();
    let contexts = ["edge-1", "edge-2"].map(|name| Context::new(name, &url, None).login(token()));
    let started = Instant::now();
    let output = at(
        &site,
        &contexts,
        &["--contexts", "*", "--request-timeout", "2s"],
    );
    assert_eq!((output.code, output.stderr.as_str()), (Some(1), ""));
    assert!(
        output.stdout.contains("2 contexts are out of reach"),
        "{}",
        output.stdout
    );
    assert!(
        started.elapsed() < Duration::from_millis(3_900),
        "both wait at the same time: {:?}",
        started.elapsed()
    );
}

#[test]
fn two_contexts_of_one_cluster_list_its_releases_once() {
    let unrefreshed = stocked(|stock| no_refresher(stock.latest, stock.now));
    for site in [healthy_site(G10), unrefreshed] {
        let contexts = ["edge", "edge-admin"].map(|name| context(&site.cluster, name));
        let output = at(&site, &contexts, &["--contexts", "*"]);
        assert_eq!(output.code, Some(0), "{output:?}");
        let rows = output
            .stdout
            .lines()
            .filter(|line| line.contains("  berlin  "));
        assert_eq!(rows.count(), 1, "{}", output.stdout);
        let note =
            "edge-admin: leads to the same cluster as edge, whose releases are listed once\n";
        assert!(output.stdout.contains(note), "{}", output.stdout);
    }
}

#[test]
fn a_context_without_a_user_is_refused_by_its_server_alone() {
    let site = healthy_site(G10);
    let nobody = site.cluster.context("nobody").namespace(NS);
    let output = at(
        &site,
        &[context(&site.cluster, "edge"), nobody],
        &["--contexts", "*"],
    );
    assert_eq!(output.code, Some(5), "{output:?}");
    let row = output.stdout.lines().find(|line| line.contains("nobody"));
    assert!(row.unwrap().ends_with("forbidden"), "{}", output.stdout);
    assert!(output.stdout.contains("berlin"), "{}", output.stdout);
}

#[test]
fn a_context_whose_namespace_holds_no_release_is_said() {
    let site = healthy_site(G10);
    let empty = site
        .cluster
        .context("empty")
        .namespace("elsewhere")
        .login(token());
    let output = at(
        &site,
        &[context(&site.cluster, "edge"), empty],
        &["--contexts", "*"],
    );
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(
        output.stdout.contains("\nempty: no tracebloc release\n"),
        "{}",
        output.stdout
    );
    let alone = site
        .cluster
        .context("empty")
        .namespace("elsewhere")
        .login(token());
    let output = at(&site, &[alone], &["--contexts", "*"]);
    assert_eq!(output.code, Some(1), "as without --contexts: {output:?}");
}

#[test]
fn all_namespaces_of_all_contexts_may_be_asked_for() {
    let site = healthy_site(G10);
    let other = second(&site, G2);
    let elsewhere = |cluster: &Cluster, name| cluster.context(name).namespace("x").login(token());
    let contexts = [elsewhere(&site.cluster, "a"), elsewhere(&other, "b")];
    let output = at(&site, &contexts, &["-A", "--contexts", "*"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(
        output
            .stdout
            .contains("2 releases in 2 contexts: 2 current\n"),
        "{}",
        output.stdout
    );
}

#[test]
fn clusters_are_asked_at_the_same_time() {
    let site = healthy_site(G10);
    let slow = second(&site, G10);
    slow.fault(Fault::on("GET", "/").does(Act::Delay(Duration::from_secs(1))));
    let contexts: Vec<_> = (0..12)
        .map(|number| context(&slow, &format!("edge-{number:02}")))
        .collect();
    let output = at(&site, &contexts, &["--contexts", "edge-*"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(slow.count("GET", "/cronjobs?"), 12);
    assert_eq!(rounds(&slow.log()), 2);
}

/// A credential plugin beside the kubeconfig.
fn plugin(folder: &tempfile::TempDir, body: &str) -> PathBuf {
    let path = folder.path().join("plugin");
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn a_plugin_is_told_that_it_cannot_ask_and_does_not_get_the_terminal() {
    let site = healthy_site(G10);
    let folder = tempfile::TempDir::new().unwrap();
    let told = folder.path().join("told").display().to_string();
    let body = format!(
        "printf '%s' \"$KUBERNETES_EXEC_INFO\" > {told}\necho 'open https://login.example' >&2\nexit 1"
    );
    let command = plugin(&folder, &body).display().to_string();
    let asks = site
        .cluster
        .context("cloud")
        .namespace(NS)
        .login(Login::Exec(vec![command]));
    let output = at(
        &site,
        &[context(&site.cluster, "edge"), asks],
        &["--contexts", "*"],
    );
    assert_eq!((output.code, output.stderr.as_str()), (Some(5), ""));
    let told: Value = serde_json::from_str(&fs::read_to_string(told).unwrap()).unwrap();
    assert_eq!(told["spec"]["interactive"], json!(false));
    let note = "log in with --context, this one alone";
    assert!(output.stdout.contains(note), "{}", output.stdout);
}

#[test]
fn a_plugin_that_waits_for_somebody_is_not_waited_for() {
    let site = healthy_site(G10);
    let folder = tempfile::TempDir::new().unwrap();
    let command = plugin(&folder, "exec /bin/sleep 5").display().to_string();
    let waits = site
        .cluster
        .context("cloud")
        .namespace(NS)
        .login(Login::Exec(vec![command]));
    let output = at(
        &site,
        &[context(&site.cluster, "edge"), waits],
        &["--contexts", "*", "--request-timeout", "1s"],
    );
    assert_eq!(output.code, Some(5), "{output:?}");
    assert!(
        output.stdout.contains("no answer in time (TBI-106)"),
        "{}",
        output.stdout
    );
}
