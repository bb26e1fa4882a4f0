//! How much `status` asks: of the API server, and of the registries.

use std::time::Duration;

use super::*;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::journal::{Logged, rounds};
use crate::world::sim::release::scenarios::{incident_g2, two_in_one_namespace};

/// A request without what bounds its answer: method, path and selectors.
fn asked(request: &Logged) -> String {
    let (path, query) = request.target.split_once('?').unwrap();
    let mut told: Vec<_> = query
        .split('&')
        .filter(|part| !part.is_empty() && !part.starts_with("limit="))
        .collect();
    told.retain(|part| !part.starts_with("tailLines=") && !part.starts_with("limitBytes="));
    format!("{} {path} {}", request.method, told.join("&"))
        .trim_end()
        .to_owned()
}

/// What one `status` asks the API server, in alphabetical order.
fn asked_of(site: &Site) -> Vec<String> {
    let before = site.cluster.log().len();
    document(site, &[]);
    let mut asked: Vec<_> = site.cluster.log()[before..].iter().map(asked).collect();
    asked.sort();
    asked
}

#[test]
fn the_api_server_is_asked_ten_questions_in_two_rounds() {
    let site = healthy_site(Generation::G10);
    let [ns, agents] = ["/namespaces/tracebloc", "/namespaces/tracebloc-node-agents"];
    let pod = site.cluster.log().len();
    assert_eq!(pod, 0);
    let want = [
        format!("GET /api/v1{agents}/pods labelSelector=app%3Dberlin-resource-monitor"),
        format!("GET /api/v1{ns}/pods labelSelector=app+in+%28manager%2Crequests-proxy%29"),
        format!("GET /api/v1{ns}/pods labelSelector=app.kubernetes.io%2Fcomponent%3Dimage-refresh"),
        format!("GET /api/v1{ns}/pods/berlin-image-refresh-29678992-<pod>/log container=refresh"),
        "GET /api/v1/nodes".to_owned(),
        format!("GET /apis/apps/v1{agents}/daemonsets/berlin-resource-monitor"),
        format!(
            "GET /apis/apps/v1{ns}/deployments labelSelector=app.kubernetes.io%2Fname%3Dclient%2Capp.kubernetes.io%2Fmanaged-by%3DHelm"
        ),
        format!(
            "GET /apis/apps/v1{ns}/replicasets labelSelector=app+in+%28manager%2Crequests-proxy%29"
        ),
        format!(
            "GET /apis/batch/v1{ns}/cronjobs labelSelector=app.kubernetes.io%2Fcomponent%3Dimage-refresh"
        ),
        format!("GET /apis/batch/v1{ns}/jobs"),
    ];
    site.cluster
        .fault(Fault::on("", "/").does(Act::Delay(Duration::from_millis(200))));
    let seen = asked_of(&site);
    let mut want: Vec<_> = want
        .map(|line| line.replace("<pod>", &tick_suffix(&site)))
        .into();
    want.sort();
    assert_eq!(seen, want);
    assert_eq!(rounds(&site.cluster.log()), 2);
}

/// The end of the name of the newest run's pod.
fn tick_suffix(site: &Site) -> String {
    let log = site.cluster.log();
    let log = log
        .iter()
        .find(|request| request.is("GET", "/log?"))
        .unwrap();
    let name = log
        .target
        .split('/')
        .find(|part| part.starts_with("berlin-image-refresh-"))
        .unwrap();
    name.rsplit('-').next().unwrap().to_owned()
}

#[test]
fn the_log_of_one_run_is_asked_for_with_its_bounds() {
    let site = healthy_site(Generation::G10);
    document(&site, &[]);
    let log = site.cluster.log();
    let logs: Vec<_> = log
        .iter()
        .filter(|request| request.is("GET", "/log?"))
        .collect();
    assert_eq!(logs.len(), 1);
    assert!(
        logs[0].target.contains("limitBytes=262144"),
        "{}",
        logs[0].target
    );
}

/// So many pods of every workload and of the last run, and more nodes.
pub(super) fn crowd(scene: &mut Scene, count: usize) {
    let mut more = Vec::new();
    for object in &scene.objects {
        let is_multiplied = match text(&object["kind"]) {
            "Node" => object["metadata"]["name"] == "edge-01",
            "Pod" => true,
            _ => false,
        };
        if is_multiplied {
            more.extend((1..count).map(|number| {
                let mut copy = object.clone();
                for field in ["name", "uid"] {
                    let own = text(&copy["metadata"][field]).to_owned();
                    copy["metadata"][field] = format!("{own}-{number:02}").into();
                }
                copy
            }));
        }
    }
    scene.objects.extend(more);
}

#[test]
fn fifty_pods_cost_no_request_more_than_one() {
    let few = asked_of(&healthy_site(Generation::G10));
    let site = altered_site(Generation::G10, |scene| crowd(scene, 50));
    let pods = site.cluster.store(|store| {
        store
            .everything()
            .iter()
            .filter(|object| object["kind"] == "Pod")
            .count()
    });
    assert!(pods > 200, "{pods}");
    let many = asked_of(&site);
    let no_pod = |line: &String| line.split("/pods/").next().unwrap().to_owned();
    let [few, many] = [few, many].map(|lines| lines.iter().map(no_pod).collect::<Vec<_>>());
    assert_eq!(many, few);
}

#[test]
fn a_generation_without_the_monitor_asks_less() {
    let asked = asked_of(&healthy_site(Generation::G3));
    assert_eq!(asked.len(), 8, "{asked:#?}");
    assert!(
        !asked.iter().any(|line| line.contains("node-agents")),
        "{asked:#?}"
    );
}

/// Every request to the registries since `before`, in alphabetical order, tokens without their scopes.
fn requests(site: &Site, before: usize) -> Vec<String> {
    let mut requests: Vec<_> = site.internet.log()[before..]
        .iter()
        .map(ToString::to_string)
        .collect();
    requests.sort();
    requests
}

#[test]
fn registries_are_asked_one_head_per_tag_and_one_get_per_digest() {
    let site = stocked(|stock| incident_g2(stock.latest, stock.old_ingestor, stock.now));
    document(&site, &[]);
    let hub = "registry-1.docker.io/v2/tracebloc";
    let ghcr = "ghcr.io/v2/tracebloc/ingestor/manifests";
    let latest = &site.latest;
    let mut want = [
        "GET auth.docker.io/token".to_owned(),
        "GET ghcr.io/token".to_owned(),
        "GET registry-1.docker.io/v2/".to_owned(),
        format!("HEAD {hub}/jobs-manager/manifests/prod"),
        format!("HEAD {hub}/pods-monitor/manifests/prod"),
        format!("HEAD {ghcr}/0.3"),
        format!("GET {hub}/jobs-manager/manifests/{}", latest.jobs_manager),
        format!("GET {hub}/pods-monitor/manifests/{}", latest.pods_monitor),
        format!("GET {ghcr}/{}", latest.ingestor),
        format!("GET {ghcr}/{}", site.old_ingestor),
    ];
    want.sort();
    assert_eq!(requests(&site, 0), want);
}

#[test]
fn what_two_releases_share_is_asked_once() {
    let site = stocked(|stock| two_in_one_namespace(stock.latest, stock.now).1);
    page(&site, &["-o", "json"]);
    let requests = requests(&site, 0);
    let mut once = requests.clone();
    once.dedup();
    assert_eq!(requests, once);
    let heads = requests
        .iter()
        .filter(|request| request.starts_with("HEAD"));
    assert_eq!(heads.count(), 4, "{requests:#?}");
}

#[test]
fn many_images_take_four_round_trips_of_a_registry() {
    // One of each: to connect, to be secure, for the token, for the tags, for the content; and the server's own work.
    // Long, so that a busy machine's own work counts for little.
    let rtt = Duration::from_millis(400);
    let site = at_a_distance(rtt);
    let took = document(&site, &[])["lookup"]["tookMs"].as_u64().unwrap();
    let trips = Duration::from_millis(took).as_secs_f64() / rtt.as_secs_f64();
    assert!((4.0..6.0).contains(&trips), "{trips} round trips");
}

fn at_a_distance(rtt: Duration) -> Site {
    let release = Release::new(Generation::G2);
    Site::through(Internet::with_rtt(rtt), |latest, _, now| {
        healthy(&release, latest, now)
    })
}
