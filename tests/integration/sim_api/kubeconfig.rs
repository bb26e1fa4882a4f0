//! Kubeconfig files and TLS: what the real client makes of them.

use std::fs;

use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use kube::config::Kubeconfig;
use reqwest::{Certificate, Version};
use serde_json::json;

use super::scene::{NS, cluster, deployment, runtime, with_kubeconfig};
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::kubeconfig::Login;
use crate::world::sim::api::{Cluster, TOKEN, Transport};

fn encrypted() -> Cluster {
    let cluster = Cluster::start(Transport::Tls);
    cluster.put(deployment("web"));
    cluster
}

/// Reads `web` with the first context of a kubeconfig; the error's last words if it fails.
fn read(file: Kubeconfig) -> Result<String, String> {
    let mut result = Err("not asked".to_owned());
    with_kubeconfig(file, async |client| {
        let api: Api<Deployment> = Api::namespaced(client, NS);
        result = match api.get("web").await {
            Ok(web) => Ok(web.metadata.name.unwrap()),
            Err(kube::Error::Api(status)) => Err(status.message.clone()),
            Err(error) => {
                let chain =
                    std::iter::successors(Some(&error as &dyn std::error::Error), |e| e.source());
                Err(chain.last().unwrap().to_string())
            }
        };
    });
    result
}

fn load(cluster: &Cluster, login: Login) -> Kubeconfig {
    let context = cluster.context("edge").namespace(NS).login(login);
    Kubeconfig::read_from(cluster.write_kubeconfig(&[context])).unwrap()
}

#[test]
fn the_clusters_authority_is_trusted_and_a_strangers_is_not() {
    let (cluster, stranger) = (encrypted(), encrypted());
    assert_eq!(
        read(Kubeconfig::read_from(cluster.kubeconfig()).unwrap()),
        Ok("web".to_owned())
    );
    let authority = stranger.context("x").authority().unwrap().to_owned();
    let context = cluster.context("edge").trusting(&authority);
    let file = Kubeconfig::read_from(cluster.write_kubeconfig(&[context])).unwrap();
    let error = read(file).unwrap_err();
    assert!(error.contains("invalid peer certificate"), "{error}");
}

#[test]
fn both_protocols_are_spoken_over_tls() {
    let cluster = encrypted();
    let authority = cluster.context("x").authority().unwrap().to_owned();
    let authority = Certificate::from_pem(authority.as_bytes()).unwrap();
    for (protocols, version) in [
        ("as the server likes it", Version::HTTP_2),
        ("only 1.1", Version::HTTP_11),
    ] {
        runtime().block_on(async {
            let client = reqwest::Client::builder().tls_certs_only([authority.clone()]);
            let client = match version {
                Version::HTTP_11 => client.http1_only(),
                _ => client,
            };
            let url = format!("{}/version", cluster.url());
            let client = client.no_proxy().build().unwrap();
            let answer = client.get(url).send().await.unwrap();
            assert_eq!(answer.version(), version, "{protocols}");
        });
    }
}

#[test]
fn a_client_certificate_names_its_user() {
    let cluster = encrypted();
    let login = cluster.certificate("carla");
    assert_eq!(read(load(&cluster, login)), Ok("web".to_owned()));
    cluster.deny(Denial::of("get", "deployments.apps").to("carla"));
    let error = read(load(&cluster, cluster.certificate("carla"))).unwrap_err();
    assert!(error.contains("User \"carla\" cannot get"), "{error}");
    assert_eq!(
        read(load(&cluster, cluster.certificate("dora"))),
        Ok("web".to_owned())
    );
    let error = read(load(&cluster, Login::Anonymous)).unwrap_err();
    assert!(error.contains("User \"system:anonymous\""), "{error}");
}

#[test]
fn a_credential_plugin_gives_the_token() {
    let cluster = cluster();
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": TOKEN},
    });
    let command = ["printf", "%s", &credential.to_string()].map(str::to_owned);
    assert_eq!(
        read(load(&cluster, Login::Exec(command.into()))),
        Ok("web".to_owned())
    );
}

#[test]
fn several_contexts_stand_in_one_file_and_the_first_is_current() {
    let (here, there) = (cluster(), encrypted());
    let contexts = [
        here.context("here")
            .namespace(NS)
            .login(Login::Token(TOKEN.to_owned())),
        there.context("there").proxy("http://127.0.0.1:3128"),
    ];
    let path = here.write_kubeconfig(&contexts);
    let file = Kubeconfig::read_from(&path).unwrap();
    assert_eq!(file.current_context.as_deref(), Some("here"));
    let context = file.contexts[0].context.as_ref().unwrap();
    assert_eq!(context.namespace.as_deref(), Some(NS));
    let clusters: Vec<_> = file
        .clusters
        .iter()
        .map(|c| c.cluster.as_ref().unwrap())
        .collect();
    assert_eq!(clusters[0].server.as_deref(), Some(&*here.url()));
    assert_eq!(clusters[0].proxy_url, None);
    assert_eq!(
        clusters[1].proxy_url.as_deref(),
        Some("http://127.0.0.1:3128")
    );
    let authority = clusters[1].certificate_authority.as_ref().unwrap();
    let pem = there.context("there").authority().unwrap().to_owned();
    assert_eq!(fs::read_to_string(authority).unwrap(), pem);
    assert_eq!(read(file), Ok("web".to_owned()));
}
