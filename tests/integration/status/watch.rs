//! `status --watch`: what it prints, when, and how it ends.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::store::At;
use crate::world::sim::release::Generation::G10;

#[cfg(unix)]
mod drawn;
mod faults;
mod many;

/// A change is shown within a second or two.
const SOON: Duration = Duration::from_secs(30);

/// A run that goes on, and the lines it has written.
struct Watch {
    child: Child,
    lines: Receiver<String>,
    _folder: Plugin,
}

impl Watch {
    fn start(site: &Site, args: &[&str]) -> Self {
        Self::of(status(site, &[&["--watch"], args].concat()))
    }

    fn of(plugin: Plugin) -> Self {
        let mut command = plugin.command();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            stdout
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Self {
            child,
            lines,
            _folder: plugin,
        }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(SOON).expect("a line")
    }

    /// The next document, of one line.
    fn document(&self) -> Value {
        let document = serde_json::from_str(&self.line()).unwrap();
        assert_promised(&document);
        document
    }

    /// Lines up to the one that has this word.
    fn up_to_last(&self, word: &str) -> Vec<String> {
        let mut lines = vec![self.line()];
        while !lines.last().unwrap().contains(word) {
            lines.push(self.line());
        }
        lines
    }

    /// Lines up to the one that begins so.
    fn up_to(&self, start: &str) -> Vec<String> {
        let mut lines = vec![self.line()];
        while !lines.last().unwrap().starts_with(start) {
            lines.push(self.line());
        }
        lines
    }

    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-s", signal, &pid])
            .status();
        assert!(sent.unwrap().success());
        let code = self.child.wait().unwrap().code();
        let stderr = std::io::read_to_string(self.child.stderr.take().unwrap()).unwrap();
        (code, stderr)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It has ended, unless the test has failed.
        let _ = self.child.kill();
    }
}

fn suspend(site: &Site, suspended: bool) {
    let at = At::new("CronJob", NS, "berlin-image-refresh");
    site.cluster.store(|store| {
        store.edit(&at, |cron_job| {
            cron_job["spec"]["suspend"] = suspended.into();
        })
    });
}

#[test]
fn a_change_is_one_more_line_of_json_with_its_event() {
    let site = healthy_site(G10);
    let watch = Watch::start(&site, &["-o", "json"]);
    let first = watch.document();
    assert_eq!(
        (&first["event"], &first["summary"]["state"]),
        (&json!("added"), &json!("current"))
    );
    suspend(&site, true);
    let second = watch.document();
    assert_eq!(
        (&second["event"], &second["summary"]["state"]),
        (&json!("changed"), &json!("frozen"))
    );
    suspend(&site, false);
    assert_eq!(watch.document()["summary"]["state"], "current");
    assert_eq!(watch.end("INT"), (Some(130), String::new()));
}

#[test]
fn a_release_that_goes_and_comes_is_told() {
    let site = healthy_site(G10);
    let watch = Watch::start(&site, &["-o", "json"]);
    assert_eq!(watch.document()["event"], "added");
    let [manager, cron_job] = [
        ("Deployment", "berlin-jobs-manager"),
        ("CronJob", "berlin-image-refresh"),
    ]
    .map(|(kind, name)| site.cluster.get(kind, NS, name).unwrap());
    for object in [&manager, &cron_job] {
        let at = At::of(object);
        site.cluster.store(|store| {
            use crate::world::sim::api::write::{Commit, Dependents};
            let gone = store.delete(&at, &json!({}), Dependents::Orphaned, Commit::Stored);
            assert!(gone.is_ok());
        });
    }
    let removed = loop {
        let seen = watch.document();
        if seen["event"] != "changed" {
            break seen;
        }
    };
    assert_eq!(
        (&removed["event"], &removed["metadata"]["name"]),
        (&json!("removed"), &json!("berlin"))
    );
    site.cluster.put(manager);
    site.cluster.put(cron_job);
    assert_eq!(watch.document()["event"], "added");
    assert_eq!(watch.end("TERM"), (Some(143), String::new()));
}

/// The lines of a piped text without their times, which are those of this machine.
fn told(line: &str) -> &str {
    let (time, rest) = line.split_at(20);
    assert!(time.parse::<Timestamp>().is_ok(), "{line}");
    rest.trim_start()
}

#[test]
fn a_pipe_is_told_each_change_on_a_line_with_its_time() {
    let site = healthy_site(G10);
    let watch = Watch::start(&site, &[]);
    assert_eq!(told(&watch.line()), "edge tracebloc/berlin added current");
    suspend(&site, true);
    let lines = watch.up_to_last("findings");
    let lines: Vec<_> = lines.iter().map(|line| told(line)).collect();
    assert_eq!(
        lines,
        [
            "edge tracebloc/berlin release current -> frozen",
            "edge tracebloc/berlin refresh job ok -> suspended",
            "edge tracebloc/berlin findings TBI-406 -> TBI-305,TBI-406",
        ]
    );
    assert_eq!(watch.end("INT"), (Some(130), String::new()));
}

#[test]
fn yaml_documents_stand_apart() {
    let site = healthy_site(G10);
    let watch = Watch::start(&site, &["-o", "yaml"]);
    assert_eq!(watch.line(), "---");
    suspend(&site, true);
    watch.up_to("---");
    assert_eq!(watch.end("INT").0, Some(130));
}

#[test]
fn tags_are_looked_up_once_a_minute_however_often_something_changes() {
    let site = healthy_site(G10);
    let watch = Watch::start(&site, &["-o", "json"]);
    watch.document();
    for suspended in [true, false, true] {
        suspend(&site, suspended);
        watch.document();
    }
    let heads = site.internet.log();
    let heads = heads.iter().map(ToString::to_string);
    let heads: Vec<_> = heads
        .filter(|request| request.starts_with("HEAD"))
        .collect();
    assert_eq!(heads.len(), 4, "{heads:#?}");
    assert_eq!(watch.end("INT").0, Some(130));
}

#[test]
fn a_digest_changed_by_hand_is_shown() {
    let site = healthy_site(G10);
    let watch = Watch::start(&site, &["-o", "json"]);
    watch.document();
    let at = At::new("Deployment", NS, "berlin-jobs-manager");
    let digest = format!("sha256:{}", "ab".repeat(32));
    site.cluster.store(|store| {
        store.edit(&at, |deployment| {
            let containers = &mut deployment["spec"]["template"]["spec"]["containers"];
            let image = format!("docker.io/tracebloc/jobs-manager@{digest}");
            containers[0]["image"] = image.into();
        })
    });
    let seen = watch.document();
    assert_eq!(
        image(&seen, "jobs-manager")["digests"]["spec"],
        digest.as_str()
    );
    assert_eq!(watch.end("INT").0, Some(130));
}

#[test]
fn the_daemon_set_of_the_node_agents_is_watched_too() {
    let site = healthy_site(G10);
    let watch = Watch::start(&site, &["-o", "json"]);
    watch.document();
    let at = At::new(
        "DaemonSet",
        "tracebloc-node-agents",
        "berlin-resource-monitor",
    );
    let digest = format!("sha256:{}", "cd".repeat(32));
    site.cluster.store(|store| {
        store.edit(&at, |set| {
            let image = format!("docker.io/tracebloc/resource-monitor@{digest}");
            set["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
        })
    });
    let seen = watch.document();
    assert_eq!(
        image(&seen, "resource-monitor")["digests"]["spec"],
        digest.as_str()
    );
    assert_eq!(watch.end("INT").0, Some(130));
}

#[test]
fn a_server_that_goes_away_for_a_while_is_said_and_watched_on() {
    let site = healthy_site(G10);
    let watch = Watch::start(&site, &["-o", "json", "--request-timeout", "2s"]);
    assert_eq!(watch.document()["event"], "added");
    site.cluster.deny(Denial::of("list", "nodes"));
    suspend(&site, true);
    let seen = watch.document();
    assert_eq!(
        seen["nodes"],
        Value::Null,
        "what could not be seen is unknown now"
    );
    assert_eq!(watch.end("INT").0, Some(130));
}

#[test]
fn without_the_right_to_watch_it_looks_on_and_does_not_complain() {
    let site = healthy_site(G10);
    site.cluster.deny(Denial::of("watch", "*"));
    let watch = Watch::start(&site, &["-o", "json"]);
    assert_eq!(watch.document()["summary"]["state"], "current");
    // A watch is tried, and refused.
    let started = Instant::now();
    while site.cluster.count("GET", "watch=") == 0 {
        assert!(started.elapsed() < SOON);
        thread::yield_now();
    }
    assert_eq!(watch.end("INT"), (Some(130), String::new()));
}

#[test]
fn a_first_look_that_fails_ends_it() {
    let site = healthy_site(G10);
    site.cluster.deny(Denial::of("list", "cronjobs.batch"));
    let output = status(&site, &["--watch"]).output();
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
}
