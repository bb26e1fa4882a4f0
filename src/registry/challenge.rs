//! Reads `WWW-Authenticate` (RFC 9110, 11.6.1): which schemes a registry accepts, and where its tokens come from.
//!
//! A header may hold several challenges, and a response several headers; registries and proxies use both. What is
//! malformed ends the reading of that header and costs nothing that stands before it.

/// One challenge: `Bearer realm="https://auth.docker.io/token",service="registry.docker.io"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// In lower case: schemes are compared without regard to case.
    pub(crate) scheme: String,
    /// In the order of the header, names in lower case.
    params: Vec<(String, String)>,
}

impl Challenge {
    /// The value of the first parameter of this name, given in lower case.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The challenges of one header value, in its order.
pub(crate) fn parse(value: &str) -> Vec<Challenge> {
    let mut rest = Rest(value);
    let mut challenges: Vec<Challenge> = Vec::new();
    loop {
        rest.skip(|c| c == ',' || is_blank(c));
        let word = rest.take(is_token);
        if word.is_empty() {
            return challenges;
        }
        let before = rest;
        rest.skip(is_blank);
        if rest.eat('=') {
            rest.skip(is_blank);
            let (Some(challenge), Some(value)) = (challenges.last_mut(), rest.value()) else {
                return challenges;
            };
            challenge.params.push((word.to_ascii_lowercase(), value));
        } else {
            rest = before;
            challenges.push(Challenge {
                scheme: word.to_ascii_lowercase(),
                params: Vec::new(),
            });
            rest.skip_token68();
        }
    }
}

#[derive(Clone, Copy)]
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn take(&mut self, accepts: impl Fn(char) -> bool) -> &'a str {
        let end = self.0.find(|c| !accepts(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn skip(&mut self, accepts: impl Fn(char) -> bool) {
        self.take(accepts);
    }

    fn eat(&mut self, wanted: char) -> bool {
        let rest = self.0.strip_prefix(wanted);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// A token or a quoted string; `None` for neither, or for a quote that never ends.
    fn value(&mut self) -> Option<String> {
        if !self.eat('"') {
            let token = self.take(is_token);
            return (!token.is_empty()).then(|| token.to_owned());
        }
        let mut value = String::new();
        let mut chars = self.0.chars();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => value.push(chars.next()?),
                c => value.push(c),
            }
        }
        self.0 = chars.as_str();
        Some(value)
    }

    /// What `Negotiate` and its like carry instead of parameters.
    fn skip_token68(&mut self) {
        let mut rest = *self;
        rest.skip(is_blank);
        rest.skip(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c));
        rest.skip(|c| c == '=');
        rest.skip(is_blank);
        if rest.0.is_empty() || rest.0.starts_with(',') {
            *self = rest;
        }
    }
}

const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn challenge(scheme: &str, params: &[(&str, &str)]) -> Challenge {
        Challenge {
            scheme: scheme.to_owned(),
            params: params
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn challenges_are_read_as_rfc_9110_writes_them() {
        let hub = challenge(
            "bearer",
            &[
                ("realm", "https://auth.docker.io/token"),
                ("service", "registry.docker.io"),
            ],
        );
        for (name, value, want) in [
            (
                "Docker Hub",
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#,
                vec![hub.clone()],
            ),
            (
                "names and schemes in any case, blanks around everything",
                "  BEARER  Realm = \"https://auth.docker.io/token\" , SERVICE=registry.docker.io ",
                vec![hub.clone()],
            ),
            (
                "two challenges in one header",
                r#"Basic realm="x", Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#,
                vec![challenge("basic", &[("realm", "x")]), hub.clone()],
            ),
            (
                "a scheme without parameters before one with",
                r#"Negotiate, Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#,
                vec![challenge("negotiate", &[]), hub.clone()],
            ),
            (
                "a scheme that carries a token68",
                r#"NTLM TlRMTVNTUAAC==, Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#,
                vec![challenge("ntlm", &[]), hub],
            ),
            (
                "a comma and a quote inside a quoted value",
                r#"Bearer scope="repository:a:pull,push",error="say \"no\"""#,
                vec![challenge(
                    "bearer",
                    &[("scope", "repository:a:pull,push"), ("error", "say \"no\"")],
                )],
            ),
            (
                "what is malformed costs nothing that stands before it",
                "Basic realm=\"x\", Bearer realm=\"never ends",
                vec![
                    challenge("basic", &[("realm", "x")]),
                    challenge("bearer", &[]),
                ],
            ),
            ("a parameter of no scheme", "=x", vec![]),
            ("nothing", "", vec![]),
            ("commas only", " ,, ,", vec![]),
        ] {
            assert_eq!(want, parse(value), "{name}");
        }
    }

    #[test]
    fn the_first_parameter_of_a_name_counts() {
        let challenges = parse(r#"Bearer realm="https://a/token",realm="https://b/token""#);
        assert_eq!(Some("https://a/token"), challenges[0].param("realm"));
        assert_eq!(None, challenges[0].param("service"));
    }

    proptest! {
        #[test]
        fn whatever_comes_in_nothing_panics_and_names_stay_tokens(value in any::<String>()) {
            for challenge in parse(&value) {
                prop_assert!(!challenge.scheme.is_empty() && challenge.scheme.chars().all(is_token));
            }
        }

        #[test]
        fn what_is_written_is_read_back(
            written in prop::collection::vec(
                ("[a-z][a-z0-9-]{0,8}", prop::collection::vec(("[a-z]{1,8}", "[ -~]{0,20}"), 1..4)),
                1..4,
            ),
        ) {
            let header = written
                .iter()
                .map(|(scheme, params)| {
                    let params: Vec<String> = params
                        .iter()
                        .map(|(key, value)| {
                            format!("{key}=\"{}\"", value.replace('\\', r"\\").replace('"', "\\\""))
                        })
                        .collect();
                    format!("{scheme} {}", params.join(", "))
                })
                .collect::<Vec<_>>()
                .join(", ");
            let want: Vec<Challenge> = written
                .into_iter()
                .map(|(scheme, params)| Challenge { scheme, params })
                .collect();
            prop_assert_eq!(want, parse(&header));
        }
    }
}
