//! Every message that a lab's node, or a report of one, has shown: one row each.
//!
//! A row: what went wrong, the message behind the stage's words, the codes, the host. `code=class` where they differ.

use proptest::prelude::*;

use super::*;

const GHCR: &str = "ghcr.io/tracebloc/ingestor@sha256:d361fa778554a0861ea9fbf4653279351ee30af9ebe2b75fcacd391923b68163";
const HUB: &str = "docker.io/tracebloc/jobs-manager@sha256:d361fa778554a0861ea9fbf4653279351ee30af9ebe2b75fcacd391923b68163";

/// Behind `failed to do request: Head "https://ghcr.io/…": `.
const WAY: &str = r"
packets are dropped          | dial tcp 203.0.113.20:443: i/o timeout | TBI-201
refused                      | dial tcp 203.0.113.20:443: connect: connection refused | TBI-202
no route                     | dial tcp 203.0.113.20:443: connect: no route to host | TBI-206
no network                   | dial tcp [2001:db8::1]:443: connect: network is unreachable | TBI-206
no such name                 | dial tcp: lookup ghcr.io on 10.10.0.2:53: no such host | TBI-203
DNS fails                    | dial tcp: lookup ghcr.io on 10.10.0.2:53: server misbehaving | TBI-204
DNS is silent                | dial tcp: lookup ghcr.io on 10.10.0.2:53: read udp 10.10.0.2:39398->10.10.0.2:53: i/o timeout | TBI-204
DNS is out of reach          | dial tcp: lookup ghcr.io on 10.255.255.53:53: dial udp 10.255.255.53:53: connect: network is unreachable | TBI-204
DNS refuses                  | dial tcp: lookup ghcr.io on 10.0.0.1:53: read udp 10.0.0.2:1->10.0.0.1:53: read: connection refused | TBI-204
a sinkhole to nowhere        | dial tcp 0.0.0.0:443: connect: connection refused | TBI-205
a sinkhole to the node       | dial tcp 127.0.0.1:443: connect: connection refused | TBI-205
intercepted                  | x509: certificate signed by unknown authority | TBI-213
intercepted, newer Go        | tls: failed to verify certificate: x509: certificate signed by unknown authority | TBI-213
wrong name or a sinkhole     | x509: certificate is valid for gateway.acme.example, not ghcr.io | TBI-214 TBI-205
expired                      | x509: certificate has expired or is not yet valid: current time 2026-06-06T10:00:00Z is after 2025-01-01T00:00:00Z | TBI-215
a filter resets              | read tcp 10.10.0.2:60116->203.0.113.20:443: read: connection reset by peer | TBI-211
a filter sends an alert      | remote error: tls: unrecognized name | TBI-211
closed                       | EOF | TBI-211 TBI-234
the handshake stalls         | net/http: TLS handshake timeout | TBI-212
plain HTTP                   | http: server gave HTTP response to HTTPS client | TBI-216
the proxy denies             | Forbidden | TBI-222
the proxy wants a login      | Proxy Authentication Required | TBI-221
the proxy cannot reach it    | Bad Gateway | TBI-223
the proxy is not there       | proxyconnect tcp: dial tcp 203.0.113.80:3128: connect: connection refused | TBI-224
the proxy has no name        | proxyconnect tcp: dial tcp: lookup proxy.acme.example on 10.10.0.2:53: no such host | TBI-224
the proxy is silent          | proxyconnect tcp: dial tcp 203.0.113.80:3128: i/o timeout | TBI-224
too slow, whoever            | context deadline exceeded | TBI-201 TBI-212 TBI-234
something new                | the moon is in the wrong house | -
";

/// Whole, as the runtime says it.
const MESSAGES: &str = r#"
the registry denies           | G | failed to resolve reference "R": pulling from host ghcr.io failed with status code [manifests 0.3]: 403 Forbidden | TBI-231 TBI-252 | ghcr.io
no challenge, or a login      | G | failed to resolve reference "R": pulling from host ghcr.io failed with status code [manifests 0.3]: 401 Unauthorized | TBI-252 TBI-233 | ghcr.io
containerd 2                  | G | failed to resolve reference "R": unexpected status from HEAD request to https://ghcr.io/v2/tracebloc/ingestor/manifests/0.3: 503 Service Unavailable | TBI-234 | ghcr.io
the quota, or too many        | H | failed to resolve reference "R": pulling from host registry-1.docker.io failed with status code [manifests prod]: 429 Too Many Requests | TBI-253 TBI-254 | registry-1.docker.io
the quota, in Hub's words     | H | failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/tracebloc/jobs-manager/manifests/sha256:0123: 429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit | TBI-253 | registry-1.docker.io
a page in the manifest's place| G | failed to unpack image on snapshotter overlayfs: unexpected media type text/html for sha256:0123: not found | TBI-231 | ghcr.io
no such digest or repository  | G | failed to resolve reference "R": R: not found | TBI-408 TBI-252 | ghcr.io
a name without bytes          | G | failed to copy: httpReadSeeker: failed open: content at https://ghcr.io/v2/tracebloc/ingestor/manifests/sha256:0123 not found: not found | TBI-408 TBI-255 | ghcr.io
a platform is missing         | G | no match for platform in manifest: not found | TBI-401 | ghcr.io
the same, cri-dockerd         | G | no matching manifest for linux/arm64/v8 in the manifest list entries | TBI-401 | ghcr.io
a repository that is private  | H | failed to resolve reference "R": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed | TBI-252 | registry-1.docker.io
a mirror is down              | G | failed to resolve reference "R": failed to do request: Head "https://mirror.corp.example/v2/tracebloc/ingestor/manifests/0.3?ns=ghcr.io": dial tcp 10.0.0.9:443: connect: connection refused | TBI-202 | mirror.corp.example
the token host is blocked     | H | failed to resolve reference "R": failed to authorize: failed to fetch anonymous token: Get "https://auth.docker.io/token?scope=repository%!A(MISSING)x": dial tcp 203.0.113.11:443: connect: connection refused | TBI-241=TBI-202 | auth.docker.io
a token from the same host    | G | failed to resolve reference "R": failed to authorize: failed to fetch anonymous token: Get "https://ghcr.io/token?scope=x": read tcp 10.0.0.1:1->203.0.113.20:443: read: connection reset by peer | TBI-211 | ghcr.io
the proxy denies the tokens   | H | failed to resolve reference "R": failed to authorize: failed to fetch anonymous token: Get "https://auth.docker.io/token?scope=x": Forbidden | TBI-241=TBI-222 | auth.docker.io
a page or a denial for a token| G | failed to resolve reference "R": failed to authorize: failed to fetch anonymous token: unexpected status: 403 Forbidden | TBI-242 TBI-243 | -
a denial with a login         | G | failed to resolve reference "R": failed to authorize: failed to fetch oauth token: unexpected status from POST request to https://ghcr.io/token: 403 Forbidden | TBI-244 TBI-243 TBI-242 | ghcr.io
a page that calls itself 200  | G | failed to resolve reference "R": failed to authorize: failed to fetch anonymous token: unable to decode token response: invalid character '<' looking for beginning of value | TBI-242 | -
too many tokens               | H | failed to resolve reference "R": failed to authorize: failed to fetch anonymous token: unexpected status: 429 Too Many Requests | TBI-254 | -
the layer host is blocked     | G | failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://pkg-containers.githubusercontent.com/ghcr1/blobs/sha256:0123?sig=hunter2": dial tcp 203.0.113.21:443: i/o timeout | TBI-261=TBI-201 | pkg-containers.githubusercontent.com
the layer host has no name    | H | failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://production.cloudfront.docker.com/x": dial tcp: lookup production.cloudfront.docker.com on 10.10.0.2:53: no such host | TBI-261=TBI-203 | production.cloudfront.docker.com
somebody denies a layer       | G | failed to copy: httpReadSeeker: failed open: unexpected status code https://ghcr.io/v2/tracebloc/ingestor/blobs/sha256:0123: 403 Forbidden | TBI-262 TBI-261=TBI-231 | -
somebody fails at a layer     | G | failed to copy: httpReadSeeker: failed open: unexpected status code https://ghcr.io/v2/tracebloc/ingestor/blobs/sha256:0123: 503 Service Unavailable | TBI-261=TBI-234 TBI-234 | -
a layer is not there          | G | failed to copy: httpReadSeeker: failed open: could not fetch content descriptor sha256:0123 (application/vnd.oci.image.config.v1+json) from remote: not found | TBI-262 TBI-261=TBI-231 | -
a page in the layer's place   | G | failed to read expected number of bytes: unexpected EOF | TBI-261=TBI-231 TBI-261=TBI-211 | -
bytes that were altered       | G | unexpected commit digest sha256:0123, expected sha256:4567: failed precondition | TBI-262 | -
a full disk                   | G | failed to copy: write /var/lib/containerd/io: no space left on device | - | -
"#;

fn reference(image: &str) -> Reference {
    image.parse().unwrap()
}

fn shown(heard: &Heard) -> String {
    let words = heard.causes.iter().map(|cause| {
        if cause.code == cause.class {
            cause.code.to_string()
        } else {
            format!("{}={}", cause.code, cause.class)
        }
    });
    let words: Vec<_> = words.collect();
    if words.is_empty() {
        "-".to_owned()
    } else {
        words.join(" ")
    }
}

fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.split('|').map(str::trim).collect())
}

#[test]
fn what_the_network_did_is_told_at_each_stage() {
    for row in rows(WAY) {
        let [name, cause, codes] = row[..] else {
            panic!("{row:?}")
        };
        let chain = format!(
            "failed to resolve reference \"{GHCR}\": failed to do request: Head \"https://ghcr.io/v2/tracebloc/ingestor/manifests/0.3\": {cause}"
        );
        for message in [
            format!(
                "Failed to pull image \"{GHCR}\": failed to pull and unpack image \"{GHCR}\": {chain}"
            ),
            format!(
                "rpc error: code = DeadlineExceeded desc = failed to pull and unpack image \"{GHCR}\": {chain}"
            ),
            format!(
                "Back-off pulling image \"{GHCR}\": ErrImagePull: failed to pull and unpack image \"{GHCR}\": {chain}"
            ),
        ] {
            let heard = hear(&message, &reference(GHCR));
            assert_eq!(codes, shown(&heard), "{name}");
            assert_eq!(Some("ghcr.io"), heard.host.as_deref(), "{name}");
            assert_eq!(
                format!(
                    "failed to do request: Head \"https://ghcr.io/v2/tracebloc/ingestor/manifests/0.3\": {cause}"
                ),
                heard.words,
                "{name}"
            );
        }
    }
}

#[test]
fn what_a_registry_or_a_page_answered_is_told_with_its_doubles() {
    for row in rows(MESSAGES) {
        let [name, image, message, codes, host] = row[..] else {
            panic!("{row:?}")
        };
        let image = if image == "H" { HUB } else { GHCR };
        let message = message.replace("\"R\"", &format!("\"{image}\""));
        let message = format!(
            "Failed to pull image \"{image}\": rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": {message}"
        );
        let heard = hear(&message, &reference(image));
        assert_eq!(codes, shown(&heard), "{name}: {}", heard.words);
        assert_eq!(host, heard.host.as_deref().unwrap_or("-"), "{name}");
    }
}

#[test]
fn a_tag_that_is_missing_is_no_digest_that_is_gone() {
    let tagged = "ghcr.io/tracebloc/ingestor:0.3";
    let message = format!("failed to resolve reference \"{tagged}\": {tagged}: not found");
    let heard = hear(&message, &reference(tagged));
    assert_eq!("TBI-251 TBI-252", shown(&heard));
}

#[test]
fn a_signature_in_a_url_is_never_passed_on() {
    for (url, want) in [
        (
            "\"https://cdn.example/a?sig=hunter2&x=y\":",
            "\"https://cdn.example/a\":",
        ),
        (
            "https://cdn.example/a?sig=hunter2:",
            "https://cdn.example/a",
        ),
        (
            "\"https://ana:hunter2@cdn.example/a\":",
            "\"https://***@cdn.example/a\":",
        ),
    ] {
        let message = format!("failed to copy: Get {url} EOF");
        let heard = hear(&message, &reference(GHCR));
        assert_eq!(format!("failed to copy: Get {want} EOF"), heard.words);
    }
    let host = hear(
        "Get \"https://ana:hunter2@cdn.example/a\": EOF",
        &reference(GHCR),
    )
    .host;
    assert_eq!(Some("cdn.example"), host.as_deref());
}

proptest! {
    #[test]
    fn whatever_a_node_says_is_one_short_clean_line(message in "[ -~\u{1b}\n]{0,300}") {
        for message in [message.clone(), format!("Failed to pull image \"{message}\": rpc error: code = {message}")] {
            let heard = hear(&message, &reference(GHCR));
            prop_assert!(heard.words.chars().count() <= QUOTED);
            prop_assert!(!heard.words.contains(char::is_control));
        }
    }
}
