//! Reading: objects, lists, selectors, pages.

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Api, ListParams};

use super::scene::{NS, cluster, deployment, with_client};

#[test]
fn the_real_client_reads_what_a_fixture_stored() {
    let cluster = cluster();
    cluster.put(deployment("worker"));
    with_client(&cluster, async |client| {
        let api: Api<Deployment> = Api::namespaced(client, NS);
        let web = api.get("web").await.unwrap();
        assert_eq!(web.metadata.generation, Some(1));
        assert_eq!(web.status.unwrap().available_replicas, Some(1));
        let list = api.list(&ListParams::default()).await.unwrap();
        let names: Vec<_> = list
            .items
            .iter()
            .map(|d| d.metadata.name.as_deref())
            .collect();
        assert_eq!(names, [Some("web"), Some("worker")]);
    });
    assert_eq!(cluster.count("GET", "/deployments?"), 1);
}
