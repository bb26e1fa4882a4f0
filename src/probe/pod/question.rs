//! What a probe is asked: for each registry where it is, and which images to look up there.

use crate::image::Reference;
use crate::reading::{LayerHost, Way};

/// One registry that a pod is to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// As references spell it: `docker.io`.
    pub(crate) registry: String,
    /// `registry-1.docker.io`
    pub(crate) host: String,
    /// Where tokens come from, and in whose name. `None` where only a challenge tells.
    pub(crate) tokens: Option<Tokens>,
    /// Where its layers are. The first is tested.
    pub(crate) layers: Vec<LayerHost>,
    pub(crate) images: Vec<Reference>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    /// `https://auth.docker.io/token`
    pub(crate) realm: String,
    /// `registry.docker.io`; empty where it has none.
    pub(crate) service: String,
}

impl Question {
    /// With the layer hosts that this machine was sent to, where it was.
    pub(crate) fn informed_by(mut self, here: &[Way]) -> Self {
        let way = here.iter().find(|way| way.registry == self.registry);
        if let Some(way) = way.filter(|way| !way.layers.is_empty()) {
            self.layers.clone_from(&way.layers);
        }
        self
    }

    /// The one word that the script takes for it.
    pub(crate) fn word(&self) -> String {
        let (realm, service) = self
            .tokens
            .as_ref()
            .map_or(("", ""), |tokens| (&tokens.realm, &tokens.service));
        let layers = self
            .layers
            .first()
            .map_or("", |layers| layers.host.as_str());
        let images: Vec<String> = self.images.iter().filter_map(name).collect();
        [
            self.registry.as_str(),
            self.host.as_str(),
            realm,
            service,
            layers,
            &images.join(" "),
        ]
        .join("|")
    }

    /// The image that an answer is about.
    pub(crate) fn image(&self, what: &str) -> Option<&Reference> {
        let mut images = self.images.iter();
        images.find(|image| name(image).is_some_and(|name| name == what))
    }

    /// The host that the tokens come from, where that is another one.
    pub(crate) fn token_host(&self) -> Option<&str> {
        let realm = &self.tokens.as_ref()?.realm;
        let host = realm.split("://").nth(1)?.split('/').next()?;
        (host != self.host).then_some(host)
    }

    /// `auth.docker.io/token`
    pub(crate) fn token_target(&self) -> &str {
        let tokens = self.tokens.as_ref();
        let target = tokens.and_then(|tokens| tokens.realm.split("://").nth(1));
        target.unwrap_or(&self.host)
    }
}

/// `tracebloc/ingestor:0.3`. `None` for what could mean something to the script.
fn name(image: &Reference) -> Option<String> {
    let name = format!("{}:{}", image.repository, image.tag.as_deref()?);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
    name.chars().all(is_plain).then_some(name)
}
