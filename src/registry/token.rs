//! The answer of a token endpoint, and the question to it (distribution spec, "token authentication").

use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use serde_json::Value;

/// Largest answer that is read, in bytes.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

/// Longest token that is believed, in bytes; a header of more is refused by registries too.
const TOKEN_LIMIT: usize = 32 * 1024;

/// How long a token lives when its server does not say, and at least (distribution spec).
const SHORTEST_LIFE: u64 = 60;

/// How long before its end a token is no longer used.
const SPARE: u64 = 5;

/// Scopes in one request: some servers refuse longer ones.
pub(super) const SCOPES: usize = 10;

/// Where tokens come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) realm: Url,
    /// `None` where the challenge names none.
    pub(super) name: Option<String>,
}

impl Service {
    /// Asks for leave to pull these repositories.
    pub(super) fn question(&self, repositories: &[&str]) -> Url {
        let mut url = self.realm.clone();
        {
            let mut query = url.query_pairs_mut();
            if let Some(name) = &self.name {
                query.append_pair("service", name);
            }
            for repository in repositories {
                query.append_pair("scope", &format!("repository:{repository}:pull"));
            }
        }
        url
    }
}

/// Leave to pull, and for how long.
#[derive(Debug)]
pub(crate) struct Grant {
    /// The `Authorization` to send, marked as a secret: its `Debug` says nothing.
    pub(crate) authorization: HeaderValue,
    pub(crate) life: Duration,
}

/// Why an answer holds no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// Not JSON: not a token endpoint at all.
    NotJson,
    NoToken,
    /// Too long, or with characters that no header may hold.
    Unusable,
}

/// Reads the body of a token endpoint's 200.
pub(crate) fn parse(body: &[u8]) -> Result<Grant, Malformed> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Malformed::NotJson)?;
    let token = ["token", "access_token"]
        .into_iter()
        .filter_map(|name| body.get(name)?.as_str())
        .find(|token| !token.is_empty())
        .ok_or(Malformed::NoToken)?;
    if token.len() > TOKEN_LIMIT || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Malformed::Unusable);
    }
    let mut authorization =
        HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| Malformed::Unusable)?;
    authorization.set_sensitive(true);
    let life = body
        .get("expires_in")
        .and_then(Value::as_u64)
        .unwrap_or(0)
        .clamp(SHORTEST_LIFE, 24 * 60 * 60);
    Ok(Grant {
        authorization,
        life: Duration::from_secs(life - SPARE),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_read_or_the_reason_is_named() {
        let read = |body: &str| {
            parse(body.as_bytes()).map(|grant| {
                assert!(grant.authorization.is_sensitive());
                let authorization = grant.authorization.to_str().unwrap().to_owned();
                (authorization, grant.life.as_secs())
            })
        };
        let token = |token: &str, life| Ok((format!("Bearer {token}"), life));
        for (name, body, want) in [
            ("token", r#"{"token":"abc"}"#, token("abc", 55)),
            (
                "access_token alone",
                r#"{"access_token":"abc"}"#,
                token("abc", 55),
            ),
            (
                "token wins",
                r#"{"access_token":"b","token":"a"}"#,
                token("a", 55),
            ),
            (
                "an empty token is none",
                r#"{"token":"","access_token":"b"}"#,
                token("b", 55),
            ),
            (
                "its life is honoured",
                r#"{"token":"a","expires_in":300}"#,
                token("a", 295),
            ),
            (
                "never below a minute",
                r#"{"token":"a","expires_in":1}"#,
                token("a", 55),
            ),
            (
                "an odd life is the shortest",
                r#"{"token":"a","expires_in":"x"}"#,
                token("a", 55),
            ),
            (
                "a life beyond a day is not believed",
                r#"{"token":"a","expires_in":99999999}"#,
                token("a", 86395),
            ),
            (
                "blanks between name and value",
                "{ \"token\" :\n \"a\" }",
                token("a", 55),
            ),
            ("no token", r#"{"errors":[]}"#, Err(Malformed::NoToken)),
            ("no object", "[]", Err(Malformed::NoToken)),
            ("a number", r#"{"token":1}"#, Err(Malformed::NoToken)),
            (
                "a line break would split the header",
                r#"{"token":"a\nb"}"#,
                Err(Malformed::Unusable),
            ),
            ("a blank", r#"{"token":"a b"}"#, Err(Malformed::Unusable)),
            ("beyond ASCII", r#"{"token":"ä"}"#, Err(Malformed::Unusable)),
            ("a web page", "<html></html>", Err(Malformed::NotJson)),
            ("nothing", "", Err(Malformed::NotJson)),
        ] {
            assert_eq!(want, read(body), "{name}");
        }
        let long = format!(r#"{{"token":"{}"}}"#, "a".repeat(TOKEN_LIMIT + 1));
        assert_eq!(Err(Malformed::Unusable), read(&long), "too long");
    }

    #[test]
    fn one_question_names_the_service_and_every_scope() {
        let service = |realm: &str, name: Option<&str>| Service {
            realm: realm.parse().unwrap(),
            name: name.map(str::to_owned),
        };
        assert_eq!(
            "https://auth.docker.io/token?service=registry.docker.io\
             &scope=repository%3Atracebloc%2Fapi%3Apull&scope=repository%3Atracebloc%2Fweb%3Apull",
            service("https://auth.docker.io/token", Some("registry.docker.io"))
                .question(&["tracebloc/api", "tracebloc/web"])
                .as_str(),
        );
        assert_eq!(
            "https://r.example/token?account=x&scope=repository%3Aa%3Apull",
            service("https://r.example/token?account=x", None)
                .question(&["a"])
                .as_str(),
            "what the realm asks already stays",
        );
    }

    proptest! {
        #[test]
        fn a_token_is_sent_as_it_was_given_or_not_at_all(body in any::<Vec<u8>>(), token in "[!-~]{1,40}|\\PC{0,40}") {
            let _ = parse(&body);
            let body = serde_json::json!({ "token": token }).to_string();
            if let Ok(grant) = parse(body.as_bytes()) {
                prop_assert_eq!(format!("Bearer {token}"), grant.authorization.to_str().unwrap());
            }
        }
    }
}
