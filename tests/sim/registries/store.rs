//! Who the registries are and what they hold at this moment.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use hyper::body::Bytes;

use super::content::Content;

/// What a registry asks of a client before it answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Access {
    Open,
    /// A login on every request.
    Basic,
    /// A token from the realm.
    Bearer {
        realm: String,
        service: String,
    },
}

/// In which of the known ways a registry differs from the reference implementation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Manners {
    /// Counts pulls, gives a token for any repository, down-converts an index for old clients.
    DockerHub,
    /// Refuses the token itself for what it does not show.
    Ghcr,
    /// The reference implementation.
    Distribution,
}

/// One registry: the name in image references, and the hosts behind it.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    pub(crate) name: String,
    /// Hosts that serve `/v2/`; the first is the one containerd asks.
    pub(crate) hosts: Vec<String>,
    pub(crate) access: Access,
    /// The host that blob requests are redirected to; `None` when the registry serves blobs itself.
    pub(crate) layers: Option<String>,
    pub(crate) manners: Manners,
}

impl Registry {
    /// A registry of the reference implementation that asks for nothing.
    pub(crate) fn open(host: &str) -> Self {
        Self {
            name: host.to_owned(),
            hosts: vec![host.to_owned()],
            access: Access::Open,
            layers: None,
            manners: Manners::Distribution,
        }
    }

    /// As `open`, but every request needs one of the logins.
    pub(crate) fn basic(host: &str) -> Self {
        Self {
            access: Access::Basic,
            ..Self::open(host)
        }
    }

    /// As `open`, but with tokens from `realm`, which may be on any host.
    pub(crate) fn bearer(host: &str, realm: &str) -> Self {
        Self {
            access: Access::Bearer {
                realm: realm.to_owned(),
                service: host.to_owned(),
            },
            ..Self::open(host)
        }
    }

    pub(crate) fn layers_at(mut self, host: &str) -> Self {
        self.layers = Some(host.to_owned());
        self
    }

    pub(super) fn docker_hub() -> Self {
        Self {
            name: "docker.io".to_owned(),
            hosts: vec![
                "registry-1.docker.io".to_owned(),
                "index.docker.io".to_owned(),
            ],
            access: Access::Bearer {
                realm: "https://auth.docker.io/token".to_owned(),
                service: "registry.docker.io".to_owned(),
            },
            layers: Some("production.cloudfront.docker.com".to_owned()),
            manners: Manners::DockerHub,
        }
    }

    pub(super) fn ghcr() -> Self {
        Self {
            layers: Some("pkg-containers.githubusercontent.com".to_owned()),
            manners: Manners::Ghcr,
            ..Self::bearer("ghcr.io", "https://ghcr.io/token")
        }
    }

    /// The realm's host, with its port where the URL has one, and its path.
    pub(super) fn realm(&self) -> Option<(String, String)> {
        let Access::Bearer { realm, .. } = &self.access else {
            return None;
        };
        let url = reqwest::Url::parse(realm).expect("a realm is a URL");
        let host = url.host_str().expect("a realm has a host");
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Some((host, url.path().to_owned()))
    }

    /// Every host that has a part in this registry.
    pub(super) fn all_hosts(&self) -> HashSet<String> {
        let realm = self.realm().map(|(host, _)| host);
        let others = realm.into_iter().chain(self.layers.clone());
        self.hosts.iter().cloned().chain(others).collect()
    }
}

/// `registry/repository:tag` or `registry/repository@digest`, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) registry: String,
    pub(super) repository: String,
    /// A tag or a digest; empty when only the repository was named.
    pub(super) reference: String,
}

impl Place {
    pub(super) fn parse(text: &str) -> Self {
        let (registry, rest) = text
            .split_once('/')
            .unwrap_or_else(|| panic!("{text:?} names no registry"));
        let (repository, reference) = rest
            .split_once('@')
            .or_else(|| rest.rsplit_once(':'))
            .unwrap_or((rest, ""));
        Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            reference: reference.to_owned(),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Manifest {
    pub(super) media_type: String,
    pub(super) body: Bytes,
    pub(super) digest: String,
}

#[derive(Debug, Default)]
struct Repository {
    tags: HashMap<String, String>,
    manifests: HashMap<String, Manifest>,
    blobs: HashSet<String>,
    visibility: Visibility,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Visibility {
    #[default]
    Public,
    /// Only logins see it.
    Private,
}

/// Who is asking.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Account {
    Anonymous,
    Login(String),
}

/// What a token was given for.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) registry: String,
    /// Repositories that may be pulled.
    pub(super) repositories: Vec<String>,
    pub(super) account: Account,
    expires: Instant,
}

impl Grant {
    pub(super) fn is_expired(&self) -> bool {
        Instant::now() >= self.expires
    }
}

#[derive(Debug, Default)]
pub(super) struct Store {
    repositories: HashMap<(String, String), Repository>,
    blobs: HashMap<String, Bytes>,
    grants: HashMap<String, Grant>,
    /// Registry, user, password.
    logins: Vec<(String, String, String)>,
    /// Manifest GETs that Docker Hub counted against the anonymous quota.
    pub(super) pulls: u64,
}

impl Store {
    pub(super) fn push(&mut self, place: &Place, content: &Content) {
        self.put(place, content);
        self.tag(place, content.digest());
    }

    fn put(&mut self, place: &Place, content: &Content) {
        for child in &content.children {
            self.put(place, child);
        }
        let key = (place.registry.clone(), place.repository.clone());
        let repository = self.repositories.entry(key).or_default();
        for blob in &content.blobs {
            let digest = super::content::digest(blob);
            repository.blobs.insert(digest.clone());
            self.blobs.insert(digest, blob.clone());
        }
        let manifest = Manifest {
            media_type: content.media_type.clone(),
            body: content.body.clone(),
            digest: content.digest(),
        };
        repository.manifests.insert(content.digest(), manifest);
    }

    fn repository(&mut self, place: &Place) -> &mut Repository {
        let key = (place.registry.clone(), place.repository.clone());
        self.repositories
            .get_mut(&key)
            .unwrap_or_else(|| panic!("nothing was pushed to {}/{}", key.0, key.1))
    }

    /// Moves a tag; a reference that is a digest needs none.
    pub(super) fn tag(&mut self, place: &Place, digest: String) {
        let repository = self.repository(place);
        assert!(
            repository.manifests.contains_key(&digest),
            "there is no {digest} to tag"
        );
        if !place.reference.starts_with("sha256:") {
            repository.tags.insert(place.reference.clone(), digest);
        }
    }

    /// Removes a digest with the tags that point to it, or one tag.
    pub(super) fn delete(&mut self, place: &Place) {
        let repository = self.repository(place);
        let removed = if place.reference.starts_with("sha256:") {
            repository
                .tags
                .retain(|_, digest| *digest != place.reference);
            repository.manifests.remove(&place.reference).is_some()
        } else {
            repository.tags.remove(&place.reference).is_some()
        };
        assert!(removed, "{:?} was not there to delete", place.reference);
    }

    pub(super) fn hide(&mut self, place: &Place) {
        self.repository(place).visibility = Visibility::Private;
    }

    pub(super) fn login(&mut self, registry: &str, user: &str, password: &str) {
        self.logins
            .push((registry.to_owned(), user.to_owned(), password.to_owned()));
    }

    /// Whose login an Authorization header is; `None` for one that the registry does not know.
    pub(super) fn account(&self, registry: &str, authorization: &str) -> Option<Account> {
        let matches = |(of, user, password): &&(String, String, String)| {
            of == registry && authorization == basic(user, password)
        };
        let login = self.logins.iter().find(matches);
        login.map(|(_, user, _)| Account::Login(user.clone()))
    }

    /// Whether the registry shows the repository to this account.
    pub(super) fn shows(&self, registry: &str, repository: &str, account: &Account) -> bool {
        let key = (registry.to_owned(), repository.to_owned());
        self.repositories.get(&key).is_some_and(|found| {
            found.visibility == Visibility::Public || *account != Account::Anonymous
        })
    }

    pub(super) fn manifest(
        &self,
        registry: &str,
        repository: &str,
        reference: &str,
    ) -> Option<&Manifest> {
        let key = (registry.to_owned(), repository.to_owned());
        let repository = self.repositories.get(&key)?;
        let digest = repository
            .tags
            .get(reference)
            .map_or(reference, String::as_str);
        repository.manifests.get(digest)
    }

    /// In alphabetical order.
    pub(super) fn tags(&self, registry: &str, repository: &str) -> Vec<String> {
        let key = (registry.to_owned(), repository.to_owned());
        let tags = self
            .repositories
            .get(&key)
            .map(|found| found.tags.keys().cloned());
        let mut tags: Vec<_> = tags.into_iter().flatten().collect();
        tags.sort();
        tags
    }

    pub(super) fn has_blob(&self, registry: &str, repository: &str, digest: &str) -> bool {
        let key = (registry.to_owned(), repository.to_owned());
        let repository = self.repositories.get(&key);
        repository.is_some_and(|found| found.blobs.contains(digest))
    }

    pub(super) fn blob(&self, digest: &str) -> Option<Bytes> {
        self.blobs.get(digest).cloned()
    }

    /// A new token; the number in it makes each one different.
    pub(super) fn grant(
        &mut self,
        registry: &str,
        repositories: Vec<String>,
        account: Account,
        life: Duration,
    ) -> String {
        let token = format!(
            "secret-token-{}-{:06}",
            registry.replace(['.', ':'], "-"),
            self.grants.len()
        );
        let grant = Grant {
            registry: registry.to_owned(),
            repositories,
            account,
            expires: Instant::now() + life,
        };
        self.grants.insert(token.clone(), grant);
        token
    }

    /// The grant behind an Authorization header; `None` for anything but a token given here.
    pub(super) fn granted(&self, authorization: Option<&str>) -> Option<&Grant> {
        self.grants.get(authorization?.strip_prefix("Bearer ")?)
    }

    pub(super) fn secrets(&self) -> Vec<String> {
        let passwords = self.logins.iter().map(|(_, _, password)| password);
        self.grants.keys().chain(passwords).cloned().collect()
    }
}

/// The Authorization header of a login (RFC 7617).
pub(super) fn basic(user: &str, password: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::from("Basic ");
    for chunk in format!("{user}:{password}").as_bytes().chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            if place <= chunk.len() {
                let index = (bits >> (18 - 6 * place)) & 63;
                encoded.push(char::from(ALPHABET[index as usize]));
            } else {
                encoded.push('=');
            }
        }
    }
    encoded
}
