//! Termination messages of probes: whole, cut, foreign, and whatever else a container may leave.

use proptest::prelude::*;

use super::*;

const WHOLE: &str = "tracebloc-images-probe 1 done\n\
tools curl nslookup\n\
proxy\tproxy.acme.example:3128\t.svc,10.96.0.1,ghcr.io\n\
ask ghcr.io api ghcr.io 28 000 000 0.002110 0.000000 0.000000 5.001000 0 \te=Connection timed out\tip=203.0.113.20:443\n\
ask docker.io tracebloc/jobs-manager:prod registry-1.docker.io 0 200 200 0.001 0.02 0.04 0.1 0 203.0.113.10\tdg=sha256:ab\n";

#[test]
fn a_whole_message_tells_tools_proxy_and_answers() {
    let told = read(WHOLE).unwrap();
    assert!(told.is_whole);
    assert_eq!(vec!["curl", "nslookup"], told.tools);
    let proxy = told.proxy.unwrap();
    assert_eq!("proxy.acme.example:3128", proxy.address);
    let [ghcr, docker] = &told.answers[..] else {
        panic!("two answers")
    };
    assert_eq!(
        (Exit::Curl(28), 0, Duration::ZERO),
        (ghcr.exit, ghcr.status, ghcr.connected)
    );
    assert_eq!("Connection timed out", ghcr.field("e"));
    assert_eq!("", ghcr.field("dg"));
    assert_eq!(
        (200, 200, "203.0.113.10"),
        (docker.status, docker.tunnel, docker.address.as_str())
    );
    assert_eq!(Duration::from_millis(20), docker.connected);
    for (host, want) in [
        ("ghcr.io", false),
        ("registry-1.docker.io", true),
        ("x.ghcr.io:443", false),
        ("notghcr.io", true),
    ] {
        assert_eq!(want, proxy.is_before(host), "{host}");
    }
}

#[test]
fn a_message_that_is_not_whole_says_so() {
    let cut = &WHOLE[..WHOLE.len() - 30];
    for (name, message) in [
        ("its time was up", WHOLE.replace("1 done", "1 over")),
        ("it was killed", WHOLE.replace("1 done", "1 running")),
        ("its end is lost", cut.to_owned()),
    ] {
        assert!(!read(&message).unwrap().is_whole, "{name}");
    }
    assert_eq!(
        1,
        read(cut).unwrap().answers.len(),
        "half an answer is none"
    );
}

#[test]
fn what_is_no_result_is_refused_with_what_it_is() {
    for (name, message, want) in [
        ("nothing", "", "it has left no result"),
        (
            "a shell's words",
            "sh: syntax error\n",
            "it has left no result, but \"sh: syntax error\"",
        ),
        (
            "escapes",
            "\u{1b}[2Jboo",
            "it has left no result, but \"[2Jboo\"",
        ),
        (
            "another version",
            "tracebloc-images-probe 2 done\n",
            "its result has version \"2\", which is not known here",
        ),
    ] {
        assert_eq!(Err(want.to_owned()), read(message), "{name}");
    }
}

/// Lines as a probe, an accident or an attacker writes them.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("ask ghcr.io api ghcr.io 0 401 000 0.1 0.2 0.3 0.4 0 1.2.3.4\tra=x".to_owned()),
        Just(
            "ask ghcr.io api ghcr.io 99999 -1 nan inf -3 1e400 x 99999999999 \u{1b}]0;x\u{7}"
                .to_owned()
        ),
        Just("proxy\t\u{202e}\t*".to_owned()),
        "(ask|tools|proxy)[ \t=a-z0-9.]{0,60}",
        "\\PC{0,80}",
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn whatever_a_container_leaves_is_read_without_a_word_that_a_terminal_would_obey(
        lines in proptest::collection::vec(line(), 0..20)
    ) {
        let message = format!("tracebloc-images-probe 1 done\n{}", lines.join("\n"));
        let told = read(&message).unwrap();
        let text = format!("{told:?}");
        prop_assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text}");
        for answer in &told.answers {
            prop_assert!(answer.total <= Duration::from_secs(600));
            prop_assert!(answer.host.chars().count() <= FIELD + 1);
        }
    }
}
