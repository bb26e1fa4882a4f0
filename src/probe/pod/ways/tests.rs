//! What a probe was told, as the steps of a way: a row for each fault, in the words that curl has for it.

use super::*;
use crate::image::Reference;
use crate::probe::pod::question::Tokens;
use crate::probe::pod::result::read;

const DIGEST: &str = "sha256:64c27ff892a14d852ea8db83953db019912da63af37ec3257af1c8346b1ff256";

fn ghcr() -> Question {
    Question {
        registry: "ghcr.io".to_owned(),
        host: "ghcr.io".to_owned(),
        tokens: Some(Tokens {
            realm: "https://ghcr.io/token".to_owned(),
            service: "ghcr.io".to_owned(),
        }),
        layers: expected(&["cdn.example"]),
        images: vec![Reference::tagged("ghcr.io", "tracebloc/ingestor", "0.3")],
    }
}

fn docker() -> Question {
    Question {
        registry: "docker.io".to_owned(),
        host: "registry-1.docker.io".to_owned(),
        tokens: Some(Tokens {
            realm: "https://auth.docker.io/token".to_owned(),
            service: "registry.docker.io".to_owned(),
        }),
        images: vec![Reference::tagged(
            "docker.io",
            "tracebloc/jobs-manager",
            "prod",
        )],
        ..ghcr()
    }
}

/// The answers of a network that nothing bars, with those of `broken` in their place: `WHAT EXIT STATUS TUNNEL DNS TCP
/// TLS VERIFY;FIELDS`, or `WHAT -` for one that was not given.
fn told(question: &Question, proxy: &str, broken: &str) -> Told {
    let name = format!(
        "{}:{}",
        question.images[0].repository,
        question.images[0].tag.as_deref().unwrap()
    );
    let token = question.token_host().unwrap_or(&question.host);
    let mut message = format!("tracebloc-images-probe 1 done\ntools curl\n{proxy}");
    let whole = [
        (
            "api",
            question.host.as_str(),
            "0 401 000 1 1 1 0;ct=application/json;ra=https://x/token",
        ),
        ("token", token, "0 200 000 1 1 1 0;ct=application/json;tk=1"),
        (
            &name,
            question.host.as_str(),
            "0 200 000 1 1 1 0;dg=DIGEST;rl=71;rm=100",
        ),
        ("layers", "cdn.example", "0 403 000 1 1 1 0;ct=text/html"),
    ];
    for (what, host, answer) in whole {
        let own = broken
            .split('&')
            .filter_map(|one| one.trim().split_once(' '));
        let answer = own
            .filter(|(known, _)| *known == what || (*known == "manifest" && what == name))
            .map(|(_, answer)| answer)
            .next()
            .unwrap_or(answer);
        if answer == "-" {
            continue;
        }
        let (numbers, fields) = answer.split_once(';').unwrap_or((answer, ""));
        let numbers: Vec<_> = numbers.split(' ').collect();
        let [exit, status, tunnel, dns, tcp, tls, verify] = numbers[..] else {
            panic!("{answer}")
        };
        let fields = fields.replace("DIGEST", DIGEST).replace(';', "\t");
        let line = format!(
            "ask {} {what} {host} {exit} {status} {tunnel} 0.00{dns} 0.00{tcp} 0.00{tls} 0.009 {verify} \t{fields}\n",
            question.registry
        );
        message.push_str(&line);
    }
    read(&message).unwrap()
}

/// `dns +, connect TBI-202 ghcr.io: connection refused, token <connect`: passed, failed, not taken.
fn words(way: &Way) -> String {
    let steps = way.steps.iter().filter(|(step, _)| **step != Step::Budget);
    let steps = steps.map(|(step, taken)| {
        let reading = match &taken.reading {
            Reading::Passed => "+".to_owned(),
            Reading::Odd(odd) => format!("odd {}", odd.code),
            Reading::Failed(broken) => {
                format!("{}({}) {}", broken.code, broken.cause, broken.message)
            }
            Reading::Needs(step) => format!("<{}", step.word()),
            Reading::Skipped(why) => format!("- {why}"),
            Reading::Unknown(why) => format!("? {why}"),
        };
        format!("{} {reading}", step.word())
    });
    steps.collect::<Vec<_>>().join(", ")
}

const REST: &str = "token <connect, manifest <connect, layers <connect";

fn check(question: &Question, proxy: &str, rows: &[(&str, &str)]) {
    for (broken, want) in rows {
        let want = want.replace("REST", REST);
        let ways = ways(
            std::slice::from_ref(question),
            &told(question, proxy, broken),
        );
        assert_eq!(want, words(&ways[0]), "{broken}");
    }
}

#[test]
fn each_layer_that_breaks_is_named_by_its_code() {
    check(
        &ghcr(),
        "",
        &[
            ("", "dns +, connect +, token +, manifest +, layers +"),
            (
                "api 28 000 000 1 0 0 0 & token - & manifest -",
                "dns +, connect TBI-201(TBI-201) connection timed out after 5s, REST",
            ),
            (
                "api 7 000 000 1 0 0 0;e=Connection refused & token - & manifest -",
                "dns +, connect TBI-202(TBI-202) connection refused, REST",
            ),
            (
                "api 7 000 000 1 0 0 0;e=No route to host",
                "dns +, connect TBI-206(TBI-206) network is unreachable, REST",
            ),
            (
                "api 7 000 000 1 0 0 0;e=Connection refused;ip=0.0.0.0:443",
                "dns +, connect TBI-205(TBI-205) connection refused; DNS answers 0.0.0.0, which leads nowhere, REST",
            ),
            (
                "api 6 000 000 0 0 0 0;ns=** server can't find ghcr.io: NXDOMAIN",
                "dns TBI-203(TBI-203) name not known (NXDOMAIN), connect <dns, token <dns, manifest <dns, layers <dns",
            ),
            (
                "api 6 000 000 0 0 0 0;ns=** server can't find ghcr.io: SERVFAIL",
                "dns TBI-204(TBI-204) DNS does not answer for it, connect <dns, token <dns, manifest <dns, layers <dns",
            ),
            (
                "api 28 000 000 0 0 0 0",
                "dns TBI-204(TBI-204) DNS did not answer within 5s, connect <dns, token <dns, manifest <dns, layers <dns",
            ),
            (
                "api 35 000 000 1 1 0 0;e=Connection reset by peer",
                "dns +, connect TBI-211(TBI-211) reset right after the TLS hello, REST",
            ),
            (
                "api 28 000 000 1 1 0 0",
                "dns +, connect TBI-212(TBI-212) TLS handshake timed out after 5s, REST",
            ),
            (
                "api 60 000 000 1 1 0 19;is=CN=Acme",
                "dns +, connect TBI-213(TBI-213) certificate issued by an authority that the pod does not trust, REST",
            ),
            (
                "api 60 000 000 1 1 0 0",
                "dns +, connect TBI-214(TBI-214) certificate is for another name, REST",
            ),
            (
                "api 60 000 000 1 1 0 10",
                "dns +, connect TBI-215(TBI-215) certificate has expired, REST",
            ),
            (
                "api 35 000 000 1 1 0 0;e=wrong version number",
                "dns +, connect TBI-216(TBI-216) answers in plain text where TLS is expected, REST",
            ),
            (
                "api 0 200 000 1 1 1 0;ct=text/html;t=Denied;sv=Acme",
                "dns +, connect TBI-231(TBI-231) answered 200 with a web page \"Denied\" (server Acme), REST",
            ),
            (
                "api 0 200 000 1 1 1 0;ct=application/json",
                "dns +, connect odd TBI-232, token +, manifest +, layers +",
            ),
            (
                "api 0 401 000 1 1 1 0;ct=application/json",
                "dns +, connect TBI-233(TBI-233) its challenge is missing or not its own, REST",
            ),
            (
                "api 0 503 000 1 1 1 0",
                "dns +, connect TBI-234(TBI-234) answered 503, REST",
            ),
            (
                "token 0 403 000 1 1 1 0;ct=text/html;t=Denied",
                "dns +, connect +, token TBI-242(TBI-242) answered 403 with a web page \"Denied\", manifest <token, layers <token",
            ),
            (
                "token 0 403 000 1 1 1 0;ct=application/json",
                "dns +, connect +, token TBI-243(TBI-243) anonymous token refused (403): private or missing, manifest <token, layers <token",
            ),
            (
                "token 0 200 000 1 1 1 0;ct=application/json",
                "dns +, connect +, token TBI-245(TBI-245) an answer without a token, manifest <token, layers <token",
            ),
            (
                "manifest 0 404 000 1 1 1 0;ct=application/json",
                "dns +, connect +, token +, manifest TBI-251(TBI-251) no tag tracebloc/ingestor:0.3 (404), layers <manifest",
            ),
            (
                "manifest 0 429 000 1 1 1 0;rl=0;w=21600",
                "dns +, connect +, token +, manifest TBI-253(TBI-253) the pull quota of this address is used up (429), layers <manifest",
            ),
            (
                "manifest 0 429 000 1 1 1 0",
                "dns +, connect +, token +, manifest TBI-254(TBI-254) too many requests (429), layers <manifest",
            ),
            (
                "manifest 0 200 000 1 1 1 0;dg=md5:1",
                "dns +, connect +, token +, manifest TBI-255(TBI-255) the digest that it names is not a sha256 digest, layers <manifest",
            ),
            (
                "layers 28 000 000 1 0 0 0",
                "dns +, connect +, token +, manifest +, layers TBI-261(TBI-201) connection timed out after 5s (expected, not observed)",
            ),
            (
                "manifest -",
                "dns +, connect +, token +, manifest ? the probe has not asked, layers <manifest",
            ),
            (
                "api 99 000 000 0 0 0 0;e=odd",
                "dns ? curl ended with 99: odd, connect ? curl ended with 99: odd, token <dns, manifest <dns, layers <dns",
            ),
        ],
    );
}

#[test]
fn a_token_host_of_its_own_is_judged_whatever_the_registry_does() {
    check(
        &docker(),
        "",
        &[
            (
                "token 28 000 000 1 0 0 0",
                "dns +, connect +, token TBI-241(TBI-201) connection timed out after 5s, manifest <token, layers <token",
            ),
            (
                "api 28 000 000 1 0 0 0",
                "dns +, connect TBI-201(TBI-201) connection timed out after 5s, token +, manifest <connect, layers <connect",
            ),
        ],
    );
}

#[test]
fn a_proxy_is_judged_before_what_is_behind_it() {
    let proxy = "proxy\tP:3128\t.svc\n";
    check(
        &ghcr(),
        proxy,
        &[
            (
                "",
                "dns - the proxy resolves it, connect +, token +, manifest +, layers +",
            ),
            (
                "api 56 000 407 1 1 0 0;sv=Zscaler/6.2",
                "dns - the proxy resolves it, connect TBI-221(TBI-221) proxy P:3128 wants a login (407): Zscaler/6.2, REST",
            ),
            (
                "api 56 000 403 1 1 0 0",
                "dns - the proxy resolves it, connect TBI-222(TBI-222) proxy P:3128 denies it (403), REST",
            ),
            (
                "api 56 000 502 1 1 0 0",
                "dns - the proxy resolves it, connect TBI-223(TBI-223) proxy P:3128 cannot reach it (502), REST",
            ),
            (
                "api 28 000 000 1 1 0 0",
                "dns - the proxy resolves it, connect TBI-223(TBI-223) proxy P:3128 gives no answer to CONNECT, REST",
            ),
            (
                "api 5 000 000 0 0 0 0",
                "dns - the proxy resolves it, connect TBI-224(TBI-224) proxy P:3128 is unreachable: its name is not resolved, REST",
            ),
            (
                "api 7 000 000 1 0 0 0",
                "dns - the proxy resolves it, connect TBI-224(TBI-224) proxy P:3128 is unreachable: connection refused, REST",
            ),
            (
                "api 60 000 200 1 1 0 19",
                "dns - the proxy resolves it, connect TBI-213(TBI-213) certificate issued by an authority that the pod does not trust, REST",
            ),
        ],
    );
}

#[test]
fn what_the_tags_name_and_what_is_left_of_the_pulls_is_taken_over() {
    let question = ghcr();
    let ways = ways(std::slice::from_ref(&question), &told(&question, "", ""));
    assert_eq!(DIGEST, ways[0].digests[&question.images[0]].as_str());
    let budget = ways[0].budget.as_ref().unwrap();
    assert_eq!((71, Some(100)), (budget.left, budget.limit));
}
