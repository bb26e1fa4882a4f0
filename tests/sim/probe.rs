//! The pods of `doctor`, played: each answers what its words ask, as its network would have it.

use serde_json::{Value, json};

use super::api::players;
use super::api::store::{Change, Store};
use super::release::Digests;

/// Runs the probe of every new Job in a network that drops packets to these hosts.
pub(crate) fn probes(
    latest: &Digests,
    barred: &'static [&'static str],
) -> impl FnMut(&Change, &mut Store) + Send + 'static {
    let digests = [
        ("tracebloc/jobs-manager", latest.jobs_manager.clone()),
        ("tracebloc/pods-monitor", latest.pods_monitor.clone()),
        (
            "tracebloc/resource-monitor",
            latest.resource_monitor.clone(),
        ),
        ("tracebloc/ingestor", latest.ingestor.clone()),
    ];
    players::jobs(move |container| {
        let mut message = "tracebloc-images-probe 1 done\ntools curl openssl nslookup\n".to_owned();
        let words = container["args"].as_array().into_iter().flatten().skip(1);
        for word in words.filter_map(Value::as_str) {
            message.push_str(&answers(word, barred, &digests));
        }
        json!({
            "imageID": "docker.io/alpine/k8s@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            "ready": false,
            "state": {"terminated": {"exitCode": 0, "reason": "Completed", "message": message}},
        })
    })
}

fn answers(word: &str, barred: &[&str], digests: &[(&str, String)]) -> String {
    let [name, host, realm, _, layers, images] = word.split('|').collect::<Vec<_>>()[..] else {
        return String::new();
    };
    let ask = |what: &str, host: &str, status: u16, fields: &str| {
        if barred.contains(&host) {
            format!(
                "ask {name} {what} {host} 28 000 000 0.002000 0.000000 0.000000 5.001000 0 \te=Connection timed out after 5001 milliseconds\n"
            )
        } else {
            format!(
                "ask {name} {what} {host} 0 {status} 000 0.002000 0.010000 0.022000 0.131000 0 203.0.113.20{fields}\n"
            )
        }
    };
    let mut all = ask("layers", layers, 403, "");
    all += &ask(
        "api",
        host,
        401,
        &format!("\tct=application/json\tra={realm}"),
    );
    let of_tokens = realm
        .trim_start_matches("https://")
        .split('/')
        .next()
        .unwrap_or_default();
    if of_tokens != host || !barred.contains(&host) {
        all += &ask("token", of_tokens, 200, "\tct=application/json\ttk=1");
    }
    if barred.contains(&host) || barred.contains(&of_tokens) {
        return all;
    }
    for image in images.split(' ') {
        let known = digests
            .iter()
            .find(|(repository, _)| image.starts_with(&format!("{repository}:")));
        let digest = known.map_or("", |(_, digest)| digest);
        let budget = if name == "docker.io" {
            "\trl=71;w=21600\trm=100;w=21600\trs=203.0.113.7"
        } else {
            ""
        };
        all += &ask(image, host, 200, &format!("\tdg={digest}{budget}"));
    }
    all
}
