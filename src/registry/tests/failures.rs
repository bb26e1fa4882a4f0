//! Every way to fail, and what it is called: the table of the module's doc, row by row.
//!
//! A row: what goes wrong, where, by which fault of the simulation, and what the lookup says.

use futures::future::join_all;
use reqwest::dns::{Name, Resolving};

use super::*;
use crate::world::sim::registries::PROXY;
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::registries::rules::{At, Kind, at};

const WAY: &str = "
refused                          | ghcr.io              | refuse            | TBI-202 connect ghcr.io: connection refused
no route                         | ghcr.io              | unreachable       | TBI-206 connect ghcr.io: network is unreachable
no such name                     | ghcr.io              | nxdomain          | TBI-203 dns ghcr.io: name not known (NXDOMAIN)
DNS fails                        | ghcr.io              | servfail          | TBI-204 dns ghcr.io: DNS does not answer for it
a filter resets the hello        | ghcr.io              | reset-after-hello | TBI-211 tls ghcr.io: reset right after the TLS hello
a filter closes after the hello  | ghcr.io              | close-after-hello | TBI-211 tls ghcr.io: closed right after the TLS hello
plain HTTP                       | ghcr.io              | plainhttp         | TBI-216 tls ghcr.io: answers in plain text where TLS is expected
intercepted                      | ghcr.io              | intercept         | TBI-213 tls ghcr.io: certificate issued by an authority that this machine does not trust
a certificate for the gateway    | ghcr.io              | wrongname         | TBI-214 tls ghcr.io: certificate is for gateway.acme.example
an old certificate               | ghcr.io              | expired           | TBI-215 tls ghcr.io: certificate has expired
the token host is blocked        | auth.docker.io       | refuse            | TBI-241 connect auth.docker.io: connection refused
the token host has no name       | auth.docker.io       | nxdomain          | TBI-241 dns auth.docker.io: name not known (NXDOMAIN)
the token host is intercepted    | auth.docker.io       | intercept         | TBI-241 tls auth.docker.io: certificate issued by an authority that this machine does not trust
the registry, not its token host | registry-1.docker.io | refuse            | TBI-202 connect registry-1.docker.io: connection refused
all of Docker Hub                | *                    | refuse            | TBI-202 connect registry-1.docker.io: connection refused
";

const SILENT_WAY: &str = "
packets are dropped            | ghcr.io              | drop               | TBI-201 connect ghcr.io: connection timed out after 2s
dropped at Docker Hub          | registry-1.docker.io | drop               | TBI-201 connect registry-1.docker.io: connection timed out after 2s
dropped at its token host      | auth.docker.io       | drop               | TBI-241 connect auth.docker.io: connection timed out after 2s
DNS is silent                  | ghcr.io              | dnstimeout         | TBI-204 dns ghcr.io: DNS did not answer within 1.6s
the handshake stalls           | ghcr.io              | stall-after-accept | TBI-212 tls ghcr.io: TLS handshake timed out after 2s
";

const PROXIED_WAY: &str = "
the proxy wants a login        | ghcr.io            | proxy407           | TBI-221 proxy ghcr.io: proxy P wants a login (407)
a login that we cannot do      | ghcr.io            | proxy407-negotiate | TBI-221 proxy ghcr.io: proxy P wants a login (407)
it denies the host             | ghcr.io            | proxy403           | TBI-222 proxy ghcr.io: proxy P denies it (403)
it denies the token host       | auth.docker.io     | proxy403           | TBI-241 proxy auth.docker.io: proxy P denies it (403)
it cannot reach the host       | ghcr.io            | proxy502           | TBI-223 proxy ghcr.io: proxy P cannot reach it (502)
it cannot resolve the host     | ghcr.io            | nxdomain           | TBI-223 proxy ghcr.io: proxy P cannot reach it (502)
it closes                      | ghcr.io            | proxyclose         | TBI-223 proxy ghcr.io: proxy P ended the connection without an answer
it is not there                | proxy.acme.example | refuse             | TBI-224 proxy ghcr.io: proxy P is unreachable: connection refused
a filter behind it             | ghcr.io            | reset-after-hello  | TBI-211 tls ghcr.io: reset right after the TLS hello
it intercepts                  | ghcr.io            | intercept          | TBI-213 tls ghcr.io: certificate issued by an authority that this machine does not trust
";

const SILENT_PROXY: &str = "
it hangs                   | ghcr.io            | proxyhang          | TBI-223 proxy ghcr.io: proxy P gave no way to it within 2s
it is not there            | proxy.acme.example | drop               | TBI-224 proxy ghcr.io: proxy P is unreachable: connection timed out after 2s
a handshake stalls in it   | ghcr.io            | stall-after-accept | TBI-212 tls ghcr.io: TLS handshake timed out after 2s
";

const TOKEN: &str = r#"
a page on the path           | ghcr.io        | tokenpath       | TBI-242 token ghcr.io: answered 403 with a web page "Acme Web Gateway: access denied" (server Acme-Web-Gateway)
a page that calls itself 200 | ghcr.io        | tokenpath200    | TBI-242 token ghcr.io: answered 200 with a web page "Acme Web Gateway: access denied" (server Acme-Web-Gateway)
a page at the token host     | auth.docker.io | blockpage       | TBI-242 token auth.docker.io: answered 200 with a web page "Acme Web Gateway: access denied" (server Acme-Web-Gateway)
401                          | ghcr.io        | token401        | TBI-243 token ghcr.io: anonymous token refused (401): private or missing
403                          | auth.docker.io | token403        | TBI-243 token auth.docker.io: anonymous token refused (403): private or missing
not JSON                     | auth.docker.io | token-notjson   | TBI-242 token auth.docker.io: answered 200 with application/json, not JSON
compressed, nobody asked     | ghcr.io        | token-gzip      | TBI-242 token ghcr.io: answered 200 with application/json, not JSON
a line break in it           | ghcr.io        | token-newline   | TBI-245 token ghcr.io: the token holds what no token may
too long                     | ghcr.io        | token-too-long  | TBI-245 token ghcr.io: the token holds what no token may
too large an answer          | ghcr.io        | token-huge      | TBI-245 token ghcr.io: the token is too large
none in it                   | ghcr.io        | token-missing   | TBI-245 token ghcr.io: an answer without a token
too many requests            | auth.docker.io | 429             | TBI-254 token auth.docker.io: too many requests (429)
an error of its server       | auth.docker.io | 503             | TBI-241 http auth.docker.io: answered 503
an error, one host for all   | ghcr.io tokens | 503             | TBI-234 http ghcr.io: answered 503
cut short                    | auth.docker.io | truncated       | TBI-241 http auth.docker.io: the answer was cut short
sent elsewhere               | auth.docker.io | redirect https://gateway.acme.example | TBI-242 token auth.docker.io: redirects to gateway.acme.example
"#;

const MANIFEST: &str = "
a block page                 | registry-1.docker.io | blockpage      | TBI-231 http registry-1.docker.io: answered 200 with a web page (server Acme-Web-Gateway)
a block page that says so    | registry-1.docker.io | blockpage403   | TBI-231 http registry-1.docker.io: answered 403 with a web page (server Acme-Web-Gateway)
a page type on a manifest    | ghcr.io manifests    | html-type      | TBI-231 http ghcr.io: answered 200 with a web page
a portal                     | registry-1.docker.io | redirect https://gateway.acme.example | TBI-231 http registry-1.docker.io: redirects to gateway.acme.example
a redirect to plain HTTP     | registry-1.docker.io | redirect-plain | TBI-231 http registry-1.docker.io: redirects to where nothing is asked: not https
redirects without end        | registry-1.docker.io | redirect-loop  | TBI-231 http registry-1.docker.io: redirects more than 3 times
404, no registry's words     | ghcr.io manifests    | empty 404      | TBI-231 http ghcr.io: answered 404 with no content type
another challenge            | ghcr.io manifests    | 401            | TBI-233 http ghcr.io: its challenge is missing or not its own
403                          | ghcr.io manifests    | 403            | TBI-252 manifest ghcr.io: repository does not exist or is private (403)
429                          | ghcr.io manifests    | 429            | TBI-254 manifest ghcr.io: too many requests (429)
the quota                    | registry-1.docker.io | quota          | TBI-253 manifest registry-1.docker.io: the pull quota of this address is used up (429)
500                          | ghcr.io manifests    | 500            | TBI-234 http ghcr.io: answered 500
408                          | ghcr.io manifests    | empty 408      | TBI-234 http ghcr.io: answered 408
a status nobody expects      | ghcr.io manifests    | empty 418      | TBI-234 http ghcr.io: answered 418
garbage for a digest         | ghcr.io manifests    | garbage-digest | TBI-255 manifest ghcr.io: the digest that it names is not a sha256 digest
";

/// Looks up the image whose registry is at fault, in a world of its own for every row.
async fn check(rows: &str, look: impl AsyncFn(&Site, &str) -> Failure) {
    let wrong = join_all(rows.trim().lines().map(async |row| {
        let [name, place, fault, want] = row.split('|').map(str::trim).collect::<Vec<_>>()[..]
        else {
            panic!("not a row: {row}");
        };
        let site = Site::new();
        site.net.fault(place_of(place), fault.parse().unwrap());
        let is_ghcr = place.starts_with("ghcr.io") || place == PROXY;
        let failure = look(&site, if is_ghcr { INGESTOR } else { JOBS_MANAGER }).await;
        let got = words(&failure);
        (got != want).then(|| format!("{name}\n  want {want}\n   got {got}\n"))
    }))
    .await;
    let wrong: String = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn place_of(text: &str) -> At {
    match text.split_once(' ') {
        Some((host, "manifests")) => at(host).only(Kind::Manifest),
        Some((host, "tokens")) => at(host).only(Kind::Token),
        _ => at(text),
    }
}

async fn directly(site: &Site, reference: &str) -> Failure {
    site.session().latest(&image(reference)).await.unwrap_err()
}

/// The proxy's address stands as `P` in the message.
async fn through_the_proxy(site: &Site, reference: &str, options: Options) -> Failure {
    let url = site.net.proxy_url();
    let session = site.proxied(&url, options);
    let mut failure = session.latest(&image(reference)).await.unwrap_err();
    let address = url.trim_start_matches("http://");
    failure.message = failure.message.replace(address, "P");
    failure
}

#[tokio::test]
async fn a_broken_way_is_named_by_its_layer() {
    check(WAY, directly).await;
}

#[tokio::test]
async fn silence_is_named_by_the_layer_that_is_silent() {
    check(SILENT_WAY, async |site, reference| {
        let session = site.session_with(site.hasty());
        session.latest(&image(reference)).await.unwrap_err()
    })
    .await;
}

#[tokio::test]
async fn a_proxy_is_named_and_what_it_said() {
    check(PROXIED_WAY, async |site, reference| {
        through_the_proxy(site, reference, site.options()).await
    })
    .await;
}

#[tokio::test]
async fn a_silent_way_through_a_proxy_is_named_too() {
    check(SILENT_PROXY, async |site, reference| {
        through_the_proxy(site, reference, site.hasty()).await
    })
    .await;
}

#[tokio::test]
async fn a_token_that_does_not_come_is_not_called_unauthorized() {
    check(TOKEN, directly).await;
}

#[tokio::test]
async fn a_manifest_that_does_not_come_says_why() {
    check(MANIFEST, directly).await;
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    for (name, reference, want) in [
        (
            "a tag",
            "ghcr.io/tracebloc/ingestor:9.9",
            "TBI-251 manifest ghcr.io: tag 9.9 does not exist",
        ),
        (
            "a repository of ghcr.io",
            "ghcr.io/tracebloc/nothing:1",
            "TBI-243 token ghcr.io: anonymous token refused (403): private or missing",
        ),
        (
            "a repository of Docker Hub",
            "docker.io/tracebloc/nothing:1",
            "TBI-252 manifest registry-1.docker.io: repository does not exist or is private (401)",
        ),
    ] {
        assert_eq!(
            want,
            words(&directly(&Site::new(), reference).await),
            "{name}"
        );
    }
}

/// With DNS taking any time at all, reqwest's limit for the whole connection passes before that for TCP.
#[tokio::test]
async fn dropped_packets_are_not_taken_for_a_stalled_handshake_when_dns_was_slow() {
    let site = Site::new();
    site.net.fault("ghcr.io", Fault::Drop);
    let slow = Arc::new(Slow(site.net.dns(), Duration::from_millis(100)));
    let session = site.resolved_by(slow, site.hasty());
    let failure = session.latest(&image(INGESTOR)).await.unwrap_err();
    assert_eq!(
        "TBI-201 connect ghcr.io: connection timed out after 2s",
        words(&failure)
    );
}

/// A resolver that takes its time.
struct Slow(Arc<dyn Resolve>, Duration);

impl Resolve for Slow {
    fn resolve(&self, name: Name) -> Resolving {
        let (answer, delay) = (self.0.resolve(name), self.1);
        Box::pin(async move {
            tokio::time::sleep(delay).await;
            answer.await
        })
    }
}
