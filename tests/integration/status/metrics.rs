//! `status -o prometheus`: what monitoring is told, in a text that its own tool accepts.

use std::env;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::fleet::mixed;
use super::*;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::release::Generation::G10;
use crate::world::sim::release::scenarios::incident_g2;

/// The labels and value of a sample, without those of a release's place.
fn samples(text: &str, family: &str, release: &str) -> Vec<String> {
    let start = format!("tracebloc_images_{family}{{");
    let own = format!("release=\"{release}\"");
    text.lines()
        .filter(|line| line.starts_with(&start) && line.contains(&own))
        .map(|line| {
            line.split_once(&own)
                .unwrap()
                .1
                .trim_start_matches(',')
                .to_owned()
        })
        .collect()
}

/// As promtool sees it, where .ci/run has installed it.
fn assert_accepted(text: &str) {
    let Some(promtool) = env::var_os("PROMTOOL") else {
        return;
    };
    let mut child = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
    assert_eq!(String::from_utf8_lossy(&said), "");
}

#[test]
fn the_incident_in_numbers() {
    let site = stocked(|stock| incident_g2(stock.latest, stock.old_ingestor, stock.now));
    let text = page(&site, &["-o", "prometheus"]);
    assert_accepted(&text);
    let stuck = "image=\"ingestor\",state=\"stuck\"} 1".to_owned();
    assert!(
        samples(&text, "image_state", "berlin").contains(&stuck),
        "{text}"
    );
    assert_eq!(
        samples(&text, "streak", "berlin"),
        ["kind=\"ingestor_lookups\"} 3"]
    );
    assert_eq!(
        samples(&text, "streak_limit", "berlin"),
        ["kind=\"ingestor_lookups\"} 3"]
    );
    let blocked = "registry=\"ghcr.io\",vantage=\"cluster\",result=\"fail\"} 1".to_owned();
    assert!(
        samples(&text, "egress", "berlin").contains(&blocked),
        "{text}"
    );
    let success = samples(&text, "last_success_timestamp_seconds", "berlin");
    let age = 1_780_740_060 - success[0].trim_start_matches("} ").parse::<i64>().unwrap();
    assert_eq!(age / 3_600, 52, "hours: {success:?}");
}

#[test]
fn a_fleet_is_one_text() {
    let text = page(&mixed(), &["-A", "-o", "prometheus"]);
    assert_accepted(&text);
    let states = text
        .lines()
        .filter(|line| line.starts_with("tracebloc_images_release_state{") && line.ends_with(" 1"));
    assert_eq!(states.count(), 7);
    assert_eq!(
        text.matches("# TYPE tracebloc_images_release_state ")
            .count(),
        1
    );
}

#[test]
fn what_could_not_be_looked_at_is_told_and_is_no_zero() {
    let site = healthy_site(G10);
    site.cluster.deny(Denial::of("list", "pods"));
    let text = page(&site, &["-o", "prometheus"]);
    assert_accepted(&text);
    let unknown = "image=\"jobs-manager\",state=\"unknown\"} 1".to_owned();
    assert!(
        samples(&text, "image_state", "berlin").contains(&unknown),
        "{text}"
    );
    let gaps = samples(&text, "gaps", "berlin");
    assert_ne!(gaps, ["} 0"]);
}

#[test]
fn metrics_and_silence_are_not_watched() {
    for (args, other) in [
        (&["-o", "prometheus"][..], "--output prometheus"),
        (&["--quiet"], "--quiet"),
    ] {
        let words = format!(
            "error: the argument '--watch' cannot be used with '{other}'\n\n\
             Usage: kubectl tracebloc-images [OPTIONS] <COMMAND>\n\n\
             For more information, try '--help'.\n"
        );
        let plugin = Plugin::new().args(["status", "--watch"]).args(args);
        plugin.stderr(&words).status(2);
    }
}

/// The README's line, in a folder of this test's.
#[cfg(unix)]
#[test]
fn a_file_for_the_collector_is_written_whole_or_not_at_all() {
    let readme = include_str!("../../../README.md");
    let mut lines = readme.lines();
    let line = lines.find(|line| line.starts_with("cd /var/lib/prometheus/node-exporter"));
    let line =
        line.expect("the README has it")
            .replacen("/var/lib/prometheus/node-exporter", "\"$1\"", 1);
    let folder = tempfile::tempdir().unwrap();
    let written = |site: &Site| {
        let plugin = status(site, &[]).command();
        let script = format!("kubectl() {{ shift; \"$0\" \"$@\"; }}\n{line}");
        let ran = Command::new("sh")
            .args(["-c", &script])
            .arg(plugin.get_program())
            .arg(folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .envs(
                plugin
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .stderr(Stdio::null())
            .status();
        let file = std::fs::read_to_string(folder.path().join("images.prom")).unwrap_or_default();
        (ran.unwrap().success(), file)
    };
    let (is_done, file) = written(&mixed());
    assert!(
        is_done && file.contains("tracebloc_images_image_state{"),
        "{file}"
    );
    let lost = mixed();
    lost.cluster
        .fault(Fault::on("GET", "/apis").does(Act::ResetBefore));
    assert_eq!((false, file), written(&lost), "the old file stays");
}
