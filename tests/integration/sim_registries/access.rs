//! Who is let in, and where.

use reqwest::Method;
use serde_json::Value;

use super::{behind_the_proxy, directly, header, incident, look_up, manifest, requests};
use crate::world::sim::registries::content::Image;
use crate::world::sim::registries::store::Registry;
use crate::world::sim::registries::world::Scheme;

#[tokio::test]
async fn a_private_repository_shows_itself_to_a_login() {
    let net = incident();
    let client = behind_the_proxy(&net);
    net.hide("ghcr.io/tracebloc/ingestor");
    net.login("ghcr.io", "ana", "ana-secret");
    let realm = "https://ghcr.io/token?service=ghcr.io&scope=repository:tracebloc/ingestor:pull";
    let ask = async |login: Option<(&str, &str)>| {
        let request = client.get(realm);
        let request = match login {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        };
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(403, ask(None).await);
    assert_eq!(403, ask(Some(("ana", "wrong"))).await);
    assert_eq!(200, ask(Some(("ana", "ana-secret"))).await);
    assert!(net.secrets().contains(&"ana-secret".to_owned()));
}

#[tokio::test]
async fn a_rejected_login_is_refused_even_for_what_everybody_sees() {
    let net = incident();
    let client = behind_the_proxy(&net);
    for (realm, status) in [
        ("https://ghcr.io/token", 403),
        ("https://auth.docker.io/token", 401),
    ] {
        let answer = client
            .get(realm)
            .basic_auth("ana", Some("old"))
            .send()
            .await
            .expect("an answer");
        assert_eq!(status, answer.status(), "{realm}");
        assert_eq!("", header(&answer, "www-authenticate"), "{realm}");
    }
}

#[tokio::test]
async fn registries_of_any_access_can_be_added() {
    let net = incident();
    net.add(Registry::open("open.acme.example"));
    net.add(Registry::basic("basic.acme.example"));
    net.add(
        Registry::bearer("bearer.acme.example", "https://sso.acme.example/auth")
            .layers_at("cdn.acme.example"),
    );
    net.login("basic.acme.example", "ana", "ana-secret");
    for host in [
        "open.acme.example",
        "basic.acme.example",
        "bearer.acme.example",
    ] {
        net.push(&format!("{host}/acme/app:v1"), Image::new("linux/amd64"));
    }
    let client = behind_the_proxy(&net);
    let open = manifest(&client, Method::HEAD, "open.acme.example", "acme/app", "v1")
        .send()
        .await;
    assert_eq!(200, open.expect("an answer").status());
    let unknown = manifest(
        &client,
        Method::GET,
        "open.acme.example",
        "acme/other",
        "v1",
    )
    .send()
    .await;
    let text = unknown.expect("an answer").text().await.expect("a body");
    assert!(text.contains("NAME_UNKNOWN"), "{text}");

    let ask = || {
        manifest(
            &client,
            Method::HEAD,
            "basic.acme.example",
            "acme/app",
            "v1",
        )
    };
    let refused = ask().send().await.expect("a challenge");
    assert_eq!(
        r#"Basic realm="registry""#,
        header(&refused, "www-authenticate")
    );
    let known = ask()
        .basic_auth("ana", Some("ana-secret"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(200, known.status());

    assert_eq!(
        200,
        look_up(&client, "bearer.acme.example", "acme/app", "v1")
            .await
            .status()
    );
    assert!(requests(&net).contains(&"GET sso.acme.example/auth".to_owned()));
}

#[tokio::test]
async fn a_local_registry_speaks_plain_http_or_tls_on_its_own_port() {
    let net = incident();
    let client = directly(&net);
    for scheme in [Scheme::Http, Scheme::Https] {
        let name = net.local(scheme, Registry::open);
        let pushed = net.push(&format!("{name}/acme/app:v1"), Image::new("linux/arm64"));
        let word = if scheme == Scheme::Http {
            "http"
        } else {
            "https"
        };
        let found = client
            .head(format!("{word}://{name}/v2/acme/app/manifests/v1"))
            .send()
            .await;
        assert_eq!(
            pushed,
            header(&found.expect("an answer"), "docker-content-digest"),
            "{word}"
        );
    }
}

#[tokio::test]
async fn one_token_can_be_for_several_repositories() {
    let net = incident();
    net.push(
        "docker.io/tracebloc/pods-monitor:prod",
        Image::new("linux/amd64"),
    );
    let client = behind_the_proxy(&net);
    let realm = "https://auth.docker.io/token?service=registry.docker.io";
    let scope = |repository: &str| format!("repository:tracebloc/{repository}:pull");
    let (first, second) = (scope("jobs-manager"), scope("pods-monitor"));
    for query in [
        format!("scope={first}&scope={second}"),
        format!("scope={first}+{second}"),
    ] {
        let answer = client
            .get(format!("{realm}&{query}"))
            .send()
            .await
            .expect("a token");
        let token: Value = answer.json().await.expect("JSON");
        let token = token["token"].as_str().expect("a token");
        for repository in ["tracebloc/jobs-manager", "tracebloc/pods-monitor"] {
            let head = manifest(
                &client,
                Method::HEAD,
                "registry-1.docker.io",
                repository,
                "prod",
            );
            let found = head.bearer_auth(token).send().await.expect("an answer");
            assert_eq!(200, found.status(), "{query}: {repository}");
        }
    }
    let realm = "https://ghcr.io/token?service=ghcr.io";
    let query = "scope=repository:tracebloc/ingestor:pull&scope=repository:tracebloc/absent:pull";
    let refused = client
        .get(format!("{realm}&{query}"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        403,
        refused.status(),
        "one that is not shown spoils the token"
    );
}
