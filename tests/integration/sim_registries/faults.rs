//! The faults of requests: for each word, what arrives at a client that judges nothing.

use super::behind_the_proxy;
use super::visitor::Ask::{Anonymous, Get, GetByDigest, Head, Layer, Ping, Token};
use super::visitor::{Ask, Visitor};
use crate::world::sim::registries::fault::{BAD_DIGEST, BLOCK_PAGE, Fault, GARBAGE_DIGEST, WORDS};

/// A word, what is asked for, and what the answer has in it.
const ROWS: &[(&str, Ask, &[&str])] = &[
    (
        "503",
        Ping,
        &["503\n", "server: nginx", "<title>503</title>"],
    ),
    ("429", Head, &["429\n", "content-type: text/plain"]),
    (
        "401",
        Ping,
        &["401\n", r#"www-authenticate: Basic realm="registry""#],
    ),
    ("403", Get, &["403\n", r#""code":"DENIED""#]),
    ("empty 404", Get, &["404\n", "content-length: 0\n"]),
    (
        "blockpage",
        Head,
        &[
            "200\n",
            "content-type: text/html",
            "server: Acme-Web-Gateway",
        ],
    ),
    (
        "blockpage",
        Token,
        &["200\n", "content-type: text/html", BLOCK_PAGE],
    ),
    ("blockpage", Layer, &["200\n", BLOCK_PAGE]),
    (
        "blockpage403",
        Get,
        &["403\n", "content-type: text/html", BLOCK_PAGE],
    ),
    ("slow 1ms", Head, &["200\n"]),
    (
        "retry-after 30s",
        Head,
        &[
            "429\n",
            "retry-after: 30\n",
            "ratelimit-remaining: 0;w=21600",
        ],
    ),
    (
        "retry-after 30s",
        Token,
        &["429\n", "retry-after: 30\n", "Too Many Requests"],
    ),
    ("retry-date 0s", Ping, &["429\n", "retry-after: ", " GMT\n"]),
    (
        "escapes",
        Get,
        &[
            "400\n",
            r"\u001b[2J\u0007\u001b[31mred",
            r"\r\nerror: all is well\n",
        ],
    ),
    ("tokenpath", Token, &["403\n", BLOCK_PAGE]),
    ("tokenpath", Head, &["200\n", "docker-content-digest: "]),
    ("tokenpath200", Token, &["200\n", BLOCK_PAGE]),
    ("token401", Token, &["401\n", "UNAUTHORIZED"]),
    ("token403", Token, &["403\n", "DENIED"]),
    ("token-newline", Token, &["200\n", r#"{"token":"a\nb"}"#]),
    (
        "token-too-long",
        Token,
        &["200\n", "content-length: 32781\n"],
    ),
    ("token-missing", Token, &["200\n", r#"{"expires_in":300}"#]),
    (
        "token-access",
        Token,
        &["200\n", r#"{"access_token":"secret-token-"#],
    ),
    (
        "token-blank",
        Token,
        &["200\n", r#"{ "token" : "secret-token-"#],
    ),
    ("token-expires 0s", Token, &["200\n", r#""expires_in":0,"#]),
    ("token-notjson", Token, &["200\n", "\nnot json"]),
    (
        "token-huge",
        Token,
        &["200\n", "content-length: 655", r#"{"token":"secret-token-"#],
    ),
    (
        "token-gzip",
        Token,
        &[
            "200\n",
            "content-encoding: gzip",
            "content-type: application/json",
        ],
    ),
    (
        "realm https://sso.acme.example/token",
        Anonymous,
        &[
            "401\n",
            r#"www-authenticate: Bearer realm="https://sso.acme.example/token",service="#,
        ],
    ),
    (
        "realm http://169.254.169.254/latest",
        Anonymous,
        &[r#"Bearer realm="http://169.254.169.254/latest","#],
    ),
    (
        "two-challenges",
        Anonymous,
        &[
            "401\n",
            "www-authenticate: Basic realm=\"registry\"\nwww-authenticate: Bearer realm=",
        ],
    ),
    ("quota", Anonymous, &["401\n"]),
    ("schema1", Anonymous, &["401\n"]),
    (
        "missing-with-digest",
        Head,
        &["404\n", "docker-content-digest: sha256:"],
    ),
    ("baddigest", Head, &["200\n", BAD_DIGEST]),
    ("garbage-digest", Head, &["200\n", GARBAGE_DIGEST]),
    (
        "html-type",
        Get,
        &["200\n", "content-type: text/html\n", r#""manifests":["#],
    ),
    ("quota", Head, &["429\n", "ratelimit-remaining: 0;w=21600"]),
    ("quota", Get, &["429\n", "TOOMANYREQUESTS"]),
    (
        "quotaget",
        Head,
        &[
            "200\n",
            "ratelimit-remaining: 0;w=21600",
            "docker-content-digest: ",
        ],
    ),
    ("quotaget", Get, &["429\n", "TOOMANYREQUESTS"]),
    (
        "index-and-image",
        Get,
        &["200\n", r#""layers":["#, r#""manifests":["#],
    ),
    ("schema1", Get, &["200\n", r#""schemaVersion":1"#]),
    (
        "type-mismatch",
        Get,
        &[
            "content-type: application/vnd.oci.image.index",
            r#""mediaType":"application/vnd.oci.image.manifest"#,
        ],
    ),
    ("too-large", Get, &["200\n", "content-length: 4194305\n"]),
    ("too-large", Head, &["200\n", "docker-content-digest: "]),
    (
        "redirect https://mirror.acme.example",
        Head,
        &[
            "307\n",
            "location: https://mirror.acme.example/v2/tracebloc/jobs-manager/manifests/prod\n",
        ],
    ),
    (
        "redirect-loop",
        Get,
        &[
            "307\n",
            "location: https://registry-1.docker.io/v2/tracebloc/jobs-manager/manifests/prod\n",
        ],
    ),
    (
        "redirect-plain",
        Get,
        &["307\n", "location: http://registry-1.docker.io/v2/"],
    ),
    ("gone", Head, &["200\n", "docker-content-digest: "]),
    ("gone", GetByDigest, &["404\n", "MANIFEST_UNKNOWN"]),
    ("other-content", GetByDigest, &["200\n", "s390x"]),
    ("truncated", Get, &["error: "]),
    ("reset-mid-body", Get, &["error: "]),
];

#[tokio::test]
async fn each_word_does_to_a_request_what_it_says() {
    let mut visitor = Visitor::new(behind_the_proxy).await;
    for (word, ask, expected) in ROWS {
        // Some rows leave a connection of which a client learns only later that it is none.
        visitor.client = behind_the_proxy(&visitor.net);
        visitor.net.fault("*", word.parse().expect("a fault"));
        let told = visitor.told(*ask).await;
        for part in *expected {
            assert!(
                told.contains(part),
                "{word}, {ask:?}: no {part:?} in {told}"
            );
        }
        visitor.net.heal("*");
    }
    for ask in [Token, Head, Get, GetByDigest, Layer] {
        let told = visitor.told(ask).await;
        assert!(told.starts_with("200\n"), "after all that, {ask:?}: {told}");
    }
}

#[test]
fn what_is_no_fault_is_not_taken_for_one() {
    for text in [
        "",
        "blocked",
        "99",
        "600",
        "slow",
        "slow 5",
        "slow five s",
        "empty",
        "empty 6",
        "sinkhole x",
        "503 ",
    ] {
        let parsed: Result<Fault, _> = text.parse();
        assert_eq!(Err(format!("unknown fault {text:?}")), parsed);
    }
}

/// The lab around the test cluster has the same words, so that a scenario means the same in both.
#[test]
fn every_word_of_the_lab_is_one_here() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/cluster/lab/cmd/kubox/faults.go"
    );
    let source = std::fs::read_to_string(path).expect("the lab's faults");
    let (_, table) = source
        .split_once("var kinds = map[string]string{")
        .expect("the lab's table");
    let (table, _) = table.split_once("\n}").expect("the end of the table");
    let words: Vec<_> = table.split('"').skip(1).step_by(4).collect();
    assert!(words.len() > 25, "{words:?}");
    for word in words {
        let argument = match word {
            // The laptop's own trust store is none of the internet's business.
            "noca" => continue,
            "slow" => " 5s",
            "sinkhole" => " 203.0.113.99",
            _ => "",
        };
        let parsed: Result<Fault, _> = format!("{word}{argument}").parse();
        assert!(parsed.is_ok(), "{parsed:?}");
    }
}

/// A word that no row names would be a fault that nobody has seen act.
#[test]
fn every_word_is_tried() {
    let here = ROWS.iter().map(|(word, ..)| *word);
    let alone = ["nochallenge", "nodigest", "endless", "hang", "http1"];
    let tried: Vec<_> = here.chain(super::transport::words()).chain(alone).collect();
    for (word, _) in WORDS {
        assert!(tried.contains(word), "{word} is not tried");
    }
}
