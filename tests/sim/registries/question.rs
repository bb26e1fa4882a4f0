//! A request, read as what it means to the registries.

use super::rules::Kind;
use super::store::Registry;
use super::world::World;

/// What a host is asked for.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) kind: Kind,
    pub(super) method: String,
    pub(super) host: String,
    pub(super) path: String,
    pub(super) query: Option<String>,
    /// The registry in question; `None` for a host that has no part in one.
    pub(super) registry: Option<Registry>,
    /// One, or those of a token's scopes.
    pub(super) repositories: Vec<String>,
    /// A tag or a digest.
    pub(super) reference: String,
}

impl Question {
    pub(super) fn read(
        world: &World,
        host: &str,
        method: &str,
        path: &str,
        query: Option<&str>,
    ) -> Self {
        let mut question = Self {
            kind: Kind::Other,
            method: method.to_owned(),
            host: host.to_owned(),
            path: path.to_owned(),
            query: query.map(str::to_owned),
            registry: None,
            repositories: Vec::new(),
            reference: String::new(),
        };
        let is_realm = |registry: &Registry| {
            registry
                .realm()
                .is_some_and(|(realm, at)| realm == host && at == path)
        };
        let serves = |registry: &Registry| registry.hosts.iter().any(|served| served == host);
        let stores = |registry: &Registry| registry.layers.as_deref() == Some(host);
        if let Some(registry) = world.find(is_realm) {
            question.kind = Kind::Token;
            question.repositories = scopes(query.unwrap_or_default());
            question.registry = Some(registry);
        } else if let (Some(registry), Some(rest)) = (world.find(serves), path.strip_prefix("/v2/"))
        {
            question.registry = Some(registry);
            question.route(rest);
        } else if let Some(registry) = world.find(stores) {
            question.kind = Kind::Layer;
            question.registry = Some(registry);
            let digest = path.trim_end_matches("/data").rsplit('/').next();
            let hex = digest.unwrap_or_default().trim_start_matches("sha256:");
            question.reference = format!("sha256:{hex}");
        }
        question
    }

    /// The path with its query, as sent.
    pub(super) fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    fn route(&mut self, rest: &str) {
        let routes = [
            ("/manifests/", Kind::Manifest),
            ("/blobs/", Kind::Blob),
            ("/tags/", Kind::Tags),
        ];
        let found = routes
            .iter()
            .find_map(|(part, kind)| Some((rest.rsplit_once(part)?, *kind)));
        if let Some(((repository, reference), kind)) = found {
            self.kind = kind;
            self.repositories = vec![repository.to_owned()];
            reference.clone_into(&mut self.reference);
        } else if rest.is_empty() {
            self.kind = Kind::Ping;
        }
    }
}

/// The repositories of a token request: `scope` may be repeated, and may hold several.
fn scopes(query: &str) -> Vec<String> {
    let url = reqwest::Url::parse(&format!("http://realm/?{query}"));
    let pairs = url.iter().flat_map(reqwest::Url::query_pairs);
    let values = pairs
        .filter(|(name, _)| name == "scope")
        .map(|(_, value)| value.into_owned());
    let scopes: Vec<String> = values.collect();
    let words = scopes.iter().flat_map(|value| value.split(' '));
    let repositories =
        words.filter_map(|scope| scope.strip_prefix("repository:")?.strip_suffix(":pull"));
    repositories.map(str::to_owned).collect()
}
