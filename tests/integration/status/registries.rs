//! Registries that fail or lie: the images that come from one lose their latest and say why, the others keep theirs.

use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::world::sim::registries::content::Image;
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::registries::rules::{At, Kind, at};
use crate::world::sim::release::Generation::G2;
use crate::world::sim::release::scenarios::stale;

/// As long as one lookup may take.
const LOOKUP: Duration = Duration::from_secs(8);

/// What happens, where, by which faults; the code and the words of it. `P` stands for the proxy's address.
const ROWS: &str = r#"
a page in place of everything        | registry-1.docker.io | blockpage              | TBI-231 registry-1.docker.io: answered 200 with a web page
a page that refuses everything       | registry-1.docker.io | blockpage403           | TBI-231 registry-1.docker.io: answered 403 with a web page
a page type on a manifest            | ghcr.io              | html-type              | TBI-231 ghcr.io: answered 200 with a web page
a page on the path of tokens         | ghcr.io              | tokenpath              | TBI-242 ghcr.io: answered 403 with a web page "Acme Web Gateway: access denied"
a page at the token host             | auth.docker.io       | blockpage              | TBI-242 auth.docker.io: answered 200 with a web page "Acme Web Gateway: access denied"
the token host is blocked            | auth.docker.io       | refuse                 | TBI-241 auth.docker.io: proxy P cannot reach it (502)
the token host has no name           | auth.docker.io       | nxdomain               | TBI-241 auth.docker.io: proxy P cannot reach it (502)
the proxy denies the token host      | auth.docker.io       | proxy403               | TBI-241 auth.docker.io: proxy P denies it (403)
a filter at the token host           | auth.docker.io       | reset-after-hello      | TBI-241 auth.docker.io: reset right after the TLS hello
the token host is intercepted        | auth.docker.io       | intercept              | TBI-241 auth.docker.io: certificate issued by an authority that this machine does not trust
the token host is in trouble         | auth.docker.io       | 503                    | TBI-241 auth.docker.io: answered 503
no token for nobody                  | ghcr.io              | token401               | TBI-243 ghcr.io: anonymous token refused (401)
a line break in the token            | auth.docker.io       | token-newline          | TBI-245 auth.docker.io: the token holds what no token may
a token without end                  | ghcr.io              | token-huge             | TBI-245 ghcr.io: the token is too large
a token that never holds             | auth.docker.io       | token-expires 0s       | TBI-252 registry-1.docker.io: repository does not exist or is private (401)
garbage for a digest                 | registry-1.docker.io | garbage-digest         | TBI-255 registry-1.docker.io: the digest that it names is not a sha256 digest
the digest of nothing                | registry-1.docker.io | baddigest              | TBI-255 registry-1.docker.io: the tag names a digest that the registry does not have
other content than the digest's      | ghcr.io              | other-content          | TBI-255 ghcr.io: what came is not what the digest names
no digest, and no end of the body    | registry-1.docker.io | nodigest + endless     | TBI-255 registry-1.docker.io: the manifest is too large
content without end                  | registry-1.docker.io | endless                | TBI-255 registry-1.docker.io: larger than anything of its kind
an index that is an image            | ghcr.io              | index-and-image        | TBI-255 ghcr.io: neither an index nor an image
a manifest of the first schema       | ghcr.io              | schema1                | TBI-255 ghcr.io: a manifest of another schema version
a type that contradicts itself       | ghcr.io              | type-mismatch          | TBI-255 ghcr.io: a manifest whose media types contradict each other
404 that names a digest              | registry-1.docker.io | missing-with-digest    | TBI-251 registry-1.docker.io: tag prod does not exist
404 from nobody                      | ghcr.io manifests    | empty 404              | TBI-231 ghcr.io: answered 404 with no content type
a tag that is on another host        | registry-1.docker.io | redirect https://gateway.acme.example | TBI-231 registry-1.docker.io: redirects to gateway.acme.example
a redirect to plain HTTP             | ghcr.io manifests    | redirect-plain         | TBI-231 ghcr.io: redirects to where nothing is asked: not https
redirects without end                | ghcr.io manifests    | redirect-loop          | TBI-231 ghcr.io: redirects more than 3 times
another challenge                    | ghcr.io manifests    | 401                    | TBI-233 ghcr.io: its challenge is missing or not its own
too many requests                    | ghcr.io manifests    | 429                    | TBI-254 ghcr.io: too many requests (429)
too many requests, come back later   | ghcr.io manifests    | retry-after 600s       | TBI-254 ghcr.io: too many requests (429); it asks to wait 10m
no pulls left                        | registry-1.docker.io | quota                  | TBI-253 registry-1.docker.io: the pull quota of this address is used up (429)
an error                             | ghcr.io manifests    | 500                    | TBI-234 ghcr.io: answered 500
half a page                          | registry-1.docker.io | truncated              | TBI-234 registry-1.docker.io: the answer was cut short
a reset in the middle                | registry-1.docker.io | reset-mid-body         | TBI-234 registry-1.docker.io: the answer was cut short
the proxy wants a login              | ghcr.io              | proxy407               | TBI-221 ghcr.io: proxy P wants a login (407)
the proxy denies it                  | ghcr.io              | proxy403               | TBI-222 ghcr.io: proxy P denies it (403)
the proxy cannot reach it            | ghcr.io              | proxy502               | TBI-223 ghcr.io: proxy P cannot reach it (502)
the proxy hangs up                   | ghcr.io              | proxyclose             | TBI-223 ghcr.io: proxy P ended the connection without an answer
a filter resets the hello            | ghcr.io              | reset-after-hello      | TBI-211 ghcr.io: reset right after the TLS hello
it is intercepted                    | ghcr.io              | intercept              | TBI-213 ghcr.io: certificate issued by an authority that this machine does not trust
a certificate for the gateway        | ghcr.io              | wrongname              | TBI-214 ghcr.io: certificate is for gateway.acme.example
an old certificate                   | ghcr.io              | expired                | TBI-215 ghcr.io: certificate has expired
it speaks plain HTTP                 | ghcr.io              | plainhttp              | TBI-216 ghcr.io: answers in plain text where TLS is expected
"#;

fn place_of(text: &str) -> At {
    match text.split_once(' ') {
        Some((host, _)) => at(host).only(Kind::Manifest),
        None => at(text),
    }
}

/// The words of an image's row; two of them are what it tracks.
fn row<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let mut rows = page.lines().map(|line| line.split_whitespace().collect());
    let found = rows.find(|words: &Vec<&str>| words.get(1) == Some(&name) && words.len() > 4);
    found.unwrap_or_else(|| panic!("no row of {name}:\n{page}"))
}

/// The images that come from the registry at this host, and the others.
fn images_of(host: &str) -> (&'static [&'static str], &'static [&'static str]) {
    let (hub, ghcr) = (&["jobs-manager", "pods-monitor"], &["ingestor"]);
    if host.starts_with("ghcr.io") {
        (ghcr, hub)
    } else {
        (hub, ghcr)
    }
}

#[test]
fn a_registry_that_fails_or_lies_costs_its_own_images_their_latest() {
    let site = healthy_site(G2);
    let whole = page(&site, &[]);
    let proxy = site.internet.proxy_url().replace("http://", "");
    for line in ROWS.trim().lines() {
        let [what, place, faults, want] = line.split('|').map(str::trim).collect::<Vec<_>>()[..]
        else {
            panic!("not a row: {line}");
        };
        site.internet.heal("*");
        for fault in faults.split(" + ") {
            site.internet
                .fault(place_of(place), fault.parse::<Fault>().unwrap());
        }
        let output = incomplete(status(&site, &["--no-cache", "--exit-code"]), what);
        assert_clean(&output);
        let (hit, spared) = images_of(place);
        for name in hit {
            let row = row(&output.stdout, name);
            assert_eq!(
                (row[0], row[5], row.last()),
                ("?", "?", Some(&"unknown")),
                "{what}: {row:?}"
            );
        }
        for name in spared {
            assert_eq!(row(&output.stdout, name), row(&whole, name), "{what}");
        }
        let (code, words) = want.split_once(' ').unwrap();
        let words = words.replace('P', &proxy);
        let is_told = |line: &str| line.contains(&words) && line.ends_with(code);
        assert!(
            output.stdout.lines().any(is_told),
            "{what}\n{}",
            output.stdout
        );
    }
}

#[test]
fn what_an_honest_registry_may_do_too_costs_nothing() {
    let site = healthy_site(G2);
    let rows = |page: &str| {
        let rows =
            ["ingestor", "jobs-manager", "pods-monitor"].map(|name| row(page, name).join(" "));
        rows.join("\n")
    };
    let whole = rows(&page(&site, &[]));
    for (place, fault) in [
        (at("registry-1.docker.io"), "two-challenges"),
        (at("registry-1.docker.io"), "nochallenge"),
        (at("registry-1.docker.io"), "nodigest"),
        (at("auth.docker.io"), "token-access"),
        (at("ghcr.io"), "token-blank"),
        (at("ghcr.io").method("HEAD").first(2), "503"),
        (at("ghcr.io").only(Kind::Token).first(1), "token-expires 0s"),
        (at("registry-1.docker.io"), "http1"),
    ] {
        site.internet.heal("*");
        site.internet.fault(place, fault.parse::<Fault>().unwrap());
        assert_eq!(rows(&page(&site, &["--no-cache"])), whole, "{fault}");
    }
}

/// A site whose ingestor is a single image: its platform stands in a config, which the host of the layers keeps.
fn single_image_site() -> Site {
    let internet = Internet::start();
    let single = internet.push(
        "ghcr.io/tracebloc/ingestor:single",
        Image::new("linux/amd64"),
    );
    let release = Release::new(G2);
    let site = Site::through(internet, |latest, _, now| {
        let digests = Digests {
            ingestor: single.clone(),
            ..latest.clone()
        };
        healthy(&release, &digests, now)
    });
    site.internet
        .retag("ghcr.io/tracebloc/ingestor:0.3", &single);
    site
}

#[test]
fn a_host_of_layers_that_fails_hides_platforms_and_says_so() {
    const CDN: &str = "pkg-containers.githubusercontent.com";
    let site = single_image_site();
    let whole = page(&site, &["--no-cache"]);
    let arch = |page: &str| row(page, "ingestor")[6..].join(" ");
    assert_eq!(arch(&whole), "amd64 only BROKEN", "{whole}");
    for (fault, code, words) in [
        ("refuse", "TBI-261", "cannot reach it (502)"),
        ("proxy403", "TBI-261", "denies it (403)"),
        (
            "reset-after-hello",
            "TBI-261",
            "reset right after the TLS hello",
        ),
        (
            "intercept",
            "TBI-261",
            "certificate issued by an authority that this machine does not trust",
        ),
        ("expired", "TBI-261", "certificate has expired"),
        ("503", "TBI-261", "answered 503"),
        ("blockpage", "TBI-261", "answered 200 with a web page"),
        ("truncated", "TBI-261", "the answer was cut short"),
        ("403", "TBI-262", "the signed request was refused (403)"),
    ] {
        site.internet.heal("*");
        site.internet.fault(CDN, fault.parse::<Fault>().unwrap());
        let output = incomplete(status(&site, &["--no-cache", "--exit-code"]), fault);
        assert_eq!(arch(&output.stdout), "? current", "{fault}");
        let is_told =
            |line: &str| line.contains(CDN) && line.contains(words) && line.ends_with(code);
        assert!(
            output.stdout.lines().any(is_told),
            "{fault}\n{}",
            output.stdout
        );
        for name in ["jobs-manager", "pods-monitor"] {
            assert_eq!(row(&output.stdout, name), row(&whole, name), "{fault}");
        }
    }
}

#[test]
fn silence_costs_the_limit_of_one_lookup_and_no_more() {
    let hub = "registry-1.docker.io";
    let rows: [(&str, At, Fault, &[&str]); 8] = [
        (
            "the token host",
            at("auth.docker.io"),
            Fault::Hang,
            &["TBI-241"],
        ),
        ("the registry", at(hub), Fault::Hang, &["TBI-234"]),
        (
            "its tags",
            at(hub).method("HEAD"),
            Fault::Hang,
            &["TBI-234"],
        ),
        (
            "its manifests",
            at(hub).method("GET").only(Kind::Manifest),
            Fault::Hang,
            &["TBI-234"],
        ),
        ("all hosts", at("*"), Fault::Hang, &["TBI-234", "TBI-234"]),
        (
            "the handshake",
            at(hub),
            Fault::StallAfterAccept,
            &["TBI-212"],
        ),
        (
            "the proxy, on the way to it",
            at(hub),
            Fault::ProxyHang,
            &["TBI-223"],
        ),
        (
            "the way to the proxy",
            at("proxy.acme.example"),
            Fault::Drop,
            &["TBI-224", "TBI-224"],
        ),
    ];
    thread::scope(|scope| {
        for (what, place, fault, codes) in rows {
            scope.spawn(move || {
                // Behind: what the tags name is looked into after what runs, so silence could cost twice.
                let site = stocked(|stock| stale(&Release::new(G2), stock.before, stock.now));
                site.internet.fault(place, fault);
                let started = Instant::now();
                let seen = document(&site, &["--no-cache"]);
                let took = started.elapsed();
                assert!(took < LOOKUP * 2, "{what}: {took:?}");
                let found = items(&seen["findings"]).iter().map(|it| text(&it["code"]));
                let found: Vec<_> = found.filter(|code| code.starts_with("TBI-2")).collect();
                assert_eq!(found, codes, "{what}");
                assert_eq!(seen["summary"]["exitCode"], 5, "{what}");
                if codes.len() == 1 {
                    assert_eq!(states(&seen, "ingestor"), ["stale"], "{what}");
                }
            });
        }
    });
}

#[test]
fn a_machine_that_trusts_nobody_says_so_and_does_not_panic() {
    let site = healthy_site(G2);
    let plugin = status(&site, &["--exit-code", "-o", "json"])
        .env("SSL_CERT_FILE", "/dev/null")
        .env("SSL_CERT_DIR", "/dev/null");
    let output = incomplete(plugin, "no authority");
    let seen: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_promised(&seen);
    for name in ["ingestor", "jobs-manager", "pods-monitor"] {
        assert_eq!(states(&seen, name), ["unknown"], "{name}");
        assert!(
            text(&image(&seen, name)["unknown"]).contains("No CA certificates"),
            "{seen:#}"
        );
    }
}
