//! A client of Docker Hub for the tests of faults.

use reqwest::{Client, Method, Response};

use super::{chain, header, manifest, token_for};
use crate::world::sim::registries::Internet;
use crate::world::sim::registries::content::{Content, Index};

pub(super) const HUB: &str = "registry-1.docker.io";
pub(super) const REPOSITORY: &str = "tracebloc/jobs-manager";

/// What a client asks for; it has a token where one is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ask {
    Ping,
    /// The manifest, without the token.
    Anonymous,
    Token,
    Head,
    Get,
    GetByDigest,
    Blob,
    Layer,
}

/// A client of Docker Hub that got everything it needs while all was well.
pub(super) struct Visitor {
    pub(super) net: Internet,
    pub(super) client: Client,
    token: String,
    layer: String,
}

pub(super) fn index() -> Content {
    Content::from(Index::of(["linux/amd64", "linux/arm64"]))
}

impl Visitor {
    pub(super) async fn new(build: impl Fn(&Internet) -> Client) -> Self {
        let net = Internet::start();
        net.push(&format!("docker.io/{REPOSITORY}:prod"), index());
        let client = build(&net);
        let refused = manifest(&client, Method::HEAD, HUB, REPOSITORY, "prod")
            .send()
            .await;
        let token = token_for(&client, &refused.expect("a challenge")).await;
        let mut visitor = Self {
            net,
            client,
            token,
            layer: String::new(),
        };
        let redirect = visitor.send(Ask::Blob).await.expect("a redirect");
        header(&redirect, "location").clone_into(&mut visitor.layer);
        visitor
    }

    pub(super) async fn send(&self, ask: Ask) -> reqwest::Result<Response> {
        let config = index().child("linux/amd64").config_digest();
        let by_digest = index().digest();
        let manifest =
            |method, reference| manifest(&self.client, method, HUB, REPOSITORY, reference);
        let request = match ask {
            Ask::Ping => self.client.get(format!("https://{HUB}/v2/")),
            Ask::Token => {
                let query =
                    format!("service=registry.docker.io&scope=repository:{REPOSITORY}:pull");
                return self
                    .client
                    .get(format!("https://auth.docker.io/token?{query}"))
                    .send()
                    .await;
            }
            Ask::Anonymous => return manifest(Method::GET, "prod").send().await,
            Ask::Head => manifest(Method::HEAD, "prod"),
            Ask::Get => manifest(Method::GET, "prod"),
            Ask::GetByDigest => manifest(Method::GET, &by_digest),
            Ask::Blob => self
                .client
                .get(format!("https://{HUB}/v2/{REPOSITORY}/blobs/{config}")),
            Ask::Layer => return self.client.get(&self.layer).send().await,
        };
        request.bearer_auth(&self.token).send().await
    }

    /// The answer as text: the status, a line per header, the body; or the chain of the error.
    pub(super) async fn told(&self, ask: Ask) -> String {
        match self.send(ask).await {
            Ok(response) => {
                let mut told = format!("{}\n", response.status().as_u16());
                for (name, value) in response.headers() {
                    let value = String::from_utf8_lossy(value.as_bytes());
                    told = format!(
                        "{told}{name}: {value}
"
                    );
                }
                match response.bytes().await {
                    Ok(body) => told + "\n" + &String::from_utf8_lossy(&body),
                    Err(error) => told + &chain(&error),
                }
            }
            Err(error) => chain(&error),
        }
    }
}
