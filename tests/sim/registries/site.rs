//! What the registries answer when nothing is wrong.

use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{ACCEPT, AUTHORIZATION, HeaderName, LOCATION, WWW_AUTHENTICATE};
use serde_json::{Value, json};

use super::content::{DOCKER_LIST, OCI_INDEX};
use super::layers;
use super::page::Page;
use super::question::Question;
use super::rules::Kind;
use super::store::{Access, Account, Manifest, Manners, Registry};
use super::world::{World, text};

/// The address that Docker Hub says the pulls come from (RFC 5737).
pub(crate) const EGRESS: &str = "203.0.113.7";

/// How many anonymous pulls Docker Hub allows in six hours.
const PULLS: u64 = 100;

pub(super) const DOCKER_CONTENT_DIGEST: HeaderName =
    HeaderName::from_static("docker-content-digest");

/// Answers as the host would.
pub(super) fn answer(world: &World, question: &Question, headers: &HeaderMap) -> Page {
    let Some(registry) = &question.registry else {
        return Page::new(404, "text/plain; charset=utf-8", "404 page not found\n");
    };
    match question.kind {
        Kind::Token => token(world, registry, question, headers, Duration::from_secs(300)),
        Kind::Layer => layers::layer(world, question, headers),
        Kind::Other => Page::new(404, "text/plain; charset=utf-8", "404 page not found\n"),
        Kind::Ping | Kind::Manifest | Kind::Tags | Kind::Blob => {
            let mut page = api(world, registry, question, headers);
            page.set(
                HeaderName::from_static("docker-distribution-api-version"),
                "registry/2.0",
            );
            page
        }
    }
}

/// What port 80 says of a host that has a port 443.
pub(super) fn to_https(question: &Question) -> Page {
    let location = format!("https://{}{}", question.host, question.target());
    Page::empty(301).with(LOCATION, &location)
}

/// Docker Hub gives a token for any repository; ghcr.io refuses those that it does not show.
pub(super) fn token(
    world: &World,
    registry: &Registry,
    question: &Question,
    headers: &HeaderMap,
    life: Duration,
) -> Page {
    let mut store = world.store();
    let account = match text(headers, AUTHORIZATION.as_str()) {
        None => Some(Account::Anonymous),
        Some(login) => store.account(&registry.name, login),
    };
    let denied = || Page::error(403, "DENIED", "requested access to the resource is denied");
    let Some(account) = account else {
        return match registry.manners {
            Manners::Ghcr => denied(),
            _ => Page::json(401, &json!({ "details": "incorrect username or password" })),
        };
    };
    let shows = |repository: &String| store.shows(&registry.name, repository, &account);
    if registry.manners == Manners::Ghcr && !question.repositories.iter().all(shows) {
        return denied();
    }
    let granted = question
        .repositories
        .iter()
        .filter(|repository| shows(repository));
    let granted = granted.cloned().collect();
    let token = store.grant(&registry.name, granted, account, life);
    match registry.manners {
        Manners::Ghcr => Page::json(200, &json!({ "token": token })),
        _ => Page::json(
            200,
            &json!({
                "token": token,
                "access_token": token,
                "expires_in": life.as_secs(),
                "issued_at": jiff::Timestamp::now().to_string(),
            }),
        ),
    }
}

fn api(world: &World, registry: &Registry, question: &Question, headers: &HeaderMap) -> Page {
    let account = match admit(world, registry, question, headers) {
        Ok(account) => account,
        Err(challenge) => {
            return Page::error(401, "UNAUTHORIZED", "authentication required")
                .with(WWW_AUTHENTICATE, &challenge);
        }
    };
    let name = &registry.name;
    let Some(repository) = question.repositories.first() else {
        return Page::json(200, &json!({}));
    };
    if !world.store().shows(name, repository, &account) {
        return Page::error(404, "NAME_UNKNOWN", "repository name not known to registry");
    }
    match question.kind {
        Kind::Tags => {
            let tags = world.store().tags(name, repository);
            Page::json(200, &json!({ "name": repository, "tags": tags }))
        }
        Kind::Blob => layers::blob(world, registry, repository, &question.reference),
        _ => {
            let mut page = manifest(world, registry, question, headers);
            if registry.manners == Manners::DockerHub {
                page = count_pull(world, &account, &question.method, page);
            }
            page
        }
    }
}

/// Who is asking, or the challenge that tells how to become somebody.
fn admit(
    world: &World,
    registry: &Registry,
    question: &Question,
    headers: &HeaderMap,
) -> Result<Account, String> {
    let store = world.store();
    let authorization = text(headers, AUTHORIZATION.as_str());
    let (realm, service) = match &registry.access {
        Access::Open => return Ok(Account::Anonymous),
        Access::Basic => {
            let account = authorization.and_then(|login| store.account(&registry.name, login));
            return account.ok_or_else(|| r#"Basic realm="registry""#.to_owned());
        }
        Access::Bearer { realm, service } => (realm, service),
    };
    let scope = match question.repositories.first() {
        Some(repository) => format!(r#",scope="repository:{repository}:pull""#),
        None if registry.manners == Manners::Ghcr => {
            r#",scope="repository:user/image:pull""#.to_owned()
        }
        None => String::new(),
    };
    let grant = store.granted(authorization);
    let grant = grant.filter(|grant| grant.registry == registry.name && !grant.is_expired());
    let error = match grant {
        Some(grant) => {
            let is_granted = |repository: &String| grant.repositories.contains(repository);
            if question.repositories.iter().all(is_granted) {
                return Ok(grant.account.clone());
            }
            r#",error="insufficient_scope""#
        }
        None if authorization.is_some() => r#",error="invalid_token""#,
        None => "",
    };
    Err(format!(
        r#"Bearer realm="{realm}",service="{service}"{scope}{error}"#
    ))
}

/// Docker Hub counts GETs of manifests, not HEADs, and says so on both.
fn count_pull(world: &World, account: &Account, method: &str, page: Page) -> Page {
    let mut store = world.store();
    if *account != Account::Anonymous {
        return with_quota(page, 200, 200);
    }
    let left = PULLS.saturating_sub(store.pulls);
    if method != "GET" {
        return with_quota(page, PULLS, left);
    }
    if left == 0 {
        return quota_used_up();
    }
    store.pulls += 1;
    with_quota(page, PULLS, left - 1)
}

pub(super) fn with_quota(page: Page, limit: u64, left: u64) -> Page {
    page.with(
        HeaderName::from_static("ratelimit-limit"),
        &format!("{limit};w=21600"),
    )
    .with(
        HeaderName::from_static("ratelimit-remaining"),
        &format!("{left};w=21600"),
    )
    .with(HeaderName::from_static("docker-ratelimit-source"), EGRESS)
}

pub(super) fn quota_used_up() -> Page {
    let page = Page::error(
        429,
        "TOOMANYREQUESTS",
        "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit",
    );
    with_quota(page, PULLS, 0)
}

fn manifest(world: &World, registry: &Registry, question: &Question, headers: &HeaderMap) -> Page {
    let store = world.store();
    let find = |reference: &str| {
        let repository = question.repositories.first()?;
        store.manifest(&registry.name, repository, reference)
    };
    let unknown = |message: &str| Page::error(404, "MANIFEST_UNKNOWN", message);
    let Some(found) = find(&question.reference) else {
        return unknown("manifest unknown");
    };
    let is_accepted = accepts(headers, &found.media_type);
    let is_index = [OCI_INDEX, DOCKER_LIST].contains(&found.media_type.as_str());
    match registry.manners {
        Manners::DockerHub
            if is_index && !is_accepted && !question.reference.starts_with("sha256:") =>
        {
            amd64_child(found)
                .and_then(|digest| find(&digest))
                .map_or_else(|| unknown("no linux/amd64 in the index"), manifest_page)
        }
        Manners::Ghcr if found.media_type == OCI_INDEX && !is_accepted => {
            unknown("OCI index found, but Accept header does not support OCI indexes")
        }
        _ => manifest_page(found),
    }
}

pub(super) fn manifest_page(manifest: &Manifest) -> Page {
    Page::new(200, &manifest.media_type, manifest.body.clone())
        .with(DOCKER_CONTENT_DIGEST, &manifest.digest)
}

/// Whether one of the Accept lines names the type; `*/*` names none, as in the reference implementation.
fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let lines = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut types = lines.flat_map(|line| line.split(','));
    types.any(|accepted| {
        accepted
            .split(';')
            .next()
            .is_some_and(|accepted| accepted.trim() == media_type)
    })
}

fn amd64_child(index: &Manifest) -> Option<String> {
    let index: Value = serde_json::from_slice(&index.body).ok()?;
    let children = index["manifests"].as_array()?;
    let is_amd64 = |child: &&Value| {
        child["platform"]["os"] == "linux" && child["platform"]["architecture"] == "amd64"
    };
    Some(
        children.iter().find(is_amd64)?["digest"]
            .as_str()?
            .to_owned(),
    )
}
