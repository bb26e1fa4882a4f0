//! The login that `docker login` stored, asked for only after a registry refused us without one.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use docker_credential::DockerCredential;

use super::detached::detached;

/// How long a credential helper may take: it may ask a person, who is not there.
pub(super) const HELPER_LIMIT: Duration = Duration::from_secs(5);

/// Whether a login may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// `--anonymous`, or no home to keep them.
    Never,
    /// From this Docker config, once a registry refused or limited us as nobody.
    WhenRefused(PathBuf),
}

impl Credentials {
    /// `config.json` in `$DOCKER_CONFIG`, else in `~/.docker`, as the docker CLI has it.
    pub(crate) fn of_this_user() -> Self {
        let folder = std::env::var_os("DOCKER_CONFIG")
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
            .or_else(|| Some(std::env::home_dir()?.join(".docker")));
        folder.map_or(Self::Never, |folder| {
            Self::WhenRefused(folder.join("config.json"))
        })
    }
}

/// A user and a password. Without `Debug`: it is a secret.
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: String,
}

/// The login stored for exactly this registry. `None` where there is none, where a helper gave none within its limit,
/// or where it is an identity token, which only the registry that issued it can redeem.
pub(super) async fn stored(config: &Path, registry: &str) -> Option<Login> {
    let config = config.to_owned();
    let key = match registry {
        // The name under which `docker login` has stored Docker Hub since 2013.
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => {
            "https://index.docker.io/v1/".to_owned()
        }
        other => other.to_owned(),
    };
    within(HELPER_LIMIT, move || read(&config, &key)).await
}

/// What `call` gives, if it does so in time.
async fn within(
    limit: Duration,
    call: impl FnOnce() -> Option<Login> + Send + 'static,
) -> Option<Login> {
    tokio::time::timeout(limit, detached(call)).await.ok()??
}

fn read(config: &Path, key: &str) -> Option<Login> {
    let file = BufReader::new(File::open(config).ok()?);
    match docker_credential::get_credential_from_reader(file, key) {
        Ok(DockerCredential::UsernamePassword(user, password)) => Some(Login { user, password }),
        // The error of a helper may quote what the helper printed, so it is not passed on.
        Ok(DockerCredential::IdentityToken(_)) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(config: &str, key: &str) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        std::fs::write(&path, config).unwrap();
        read(&path, key).map(|login| format!("{}:{}", login.user, login.password))
    }

    #[test]
    fn a_login_belongs_to_one_registry() {
        // anna:secret
        let config =
            |host: &str| format!(r#"{{"auths":{{"{host}":{{"auth":"YW5uYTpzZWNyZXQ="}}}}}}"#);
        let anna = Some("anna:secret".to_owned());
        for (name, stored, asked, want) in [
            ("the host", "ghcr.io", "ghcr.io", anna.clone()),
            ("its address", "https://ghcr.io", "ghcr.io", anna.clone()),
            (
                "Docker Hub",
                "https://index.docker.io/v1/",
                "https://index.docker.io/v1/",
                anna.clone(),
            ),
            (
                "a port is another registry",
                "ghcr.io:5000",
                "ghcr.io",
                None,
            ),
            ("a name that ends alike", "evilghcr.io", "ghcr.io", None),
            (
                "a name that begins alike",
                "ghcr.io.evil.example",
                "ghcr.io",
                None,
            ),
            ("a subdomain", "a.ghcr.io", "ghcr.io", None),
            (
                "Docker Hub's is not ghcr.io's",
                "https://index.docker.io/v1/",
                "ghcr.io",
                None,
            ),
        ] {
            assert_eq!(want, user(&config(stored), asked), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_no_login() {
        for (name, config) in [
            ("nothing stored", "{}"),
            ("not JSON", "<html>"),
            (
                "an identity token",
                r#"{"auths":{"ghcr.io":{"identitytoken":"x"}}}"#,
            ),
            ("not base64", r#"{"auths":{"ghcr.io":{"auth":"%%"}}}"#),
            (
                "a helper that is not there",
                r#"{"credsStore":"no-such-helper-anywhere"}"#,
            ),
        ] {
            assert_eq!(None, user(config, "ghcr.io"), "{name}");
        }
        assert!(read(Path::new("/no/such/file"), "ghcr.io").is_none());
    }

    #[tokio::test]
    async fn a_helper_that_hangs_is_not_waited_for() {
        let (_held, hangs) = std::sync::mpsc::channel::<()>();
        let login = within(Duration::from_millis(10), move || {
            let _ = hangs.recv();
            None
        });
        assert!(login.await.is_none());
    }
}
