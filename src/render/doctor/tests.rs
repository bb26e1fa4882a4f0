//! Every screen as a snapshot, and what holds for all of them.

use std::collections::BTreeSet;
use std::time::Duration;

use insta::assert_snapshot;
use unicode_width::UnicodeWidthStr;

use super::short::short;
use super::*;
use crate::checks::judge;
use crate::codes::Code;
use crate::diagnosis::conclude;
use crate::health::assess;
use crate::image::ManagedImage;
use crate::lookup::Content;
use crate::observation::{Blind, Observation, Spec};
use crate::reading::fixtures::{barred, both, dropped, ghcr, of, open, pod, unprobed};
use crate::reading::{Answer, Policy, Readings, Refusal, Step, Unprobed};
use crate::render::fixtures::seen;
use crate::render::json::{json, yaml};
use crate::render::model::doctor::{AllowList, Examined, Strictness};
use crate::render::theme::Glyphs;

const PAGE: View = View {
    form: Form::Table,
    width: Some(100),
};

const WIDE: View = View {
    form: Form::Wide,
    ..PAGE
};

/// What there is to draw, by the name of its snapshots.
pub(crate) fn all() -> Vec<(&'static str, Readings)> {
    vec![
        ("green", green()),
        ("incident", incident()),
        ("not_probed", not_probed()),
        ("not_allowed", not_allowed()),
        ("no_pod_started", no_pod_started()),
        ("proxied", proxied()),
        ("here_alone", here_alone()),
        ("everywhere", everywhere()),
        ("no_server", no_server()),
        ("no_release", no_release()),
        ("forbidden", forbidden()),
        ("suspended", of(seen("suspended"))),
        ("mirrored", mirrored()),
        ("hostile", hostile()),
    ]
}

/// Everything works, from here and from the pods.
fn green() -> Readings {
    Readings {
        pods: vec![pod(both())],
        ..of(healthy())
    }
}

/// With the content of the old ingestor, too, which is of one architecture.
fn stuck() -> Observation {
    let mut seen = seen("stuck");
    let ingestor = seen.image(ManagedImage::Ingestor).unwrap();
    let latest = seen.latest(ingestor).unwrap().digest.clone();
    let Spec::Pinned { digest, .. } = ingestor.workload.as_ref().unwrap().spec.clone() else {
        panic!("{ingestor:#?}");
    };
    let mut manifest = seen.registry.manifests[&latest].clone().unwrap();
    if let Content::Index(children) = &mut manifest.content {
        children.retain(|child| child.platform.arch == "amd64");
    }
    manifest.digest = digest.clone();
    seen.registry.manifests.insert(digest, Ok(manifest));
    seen
}

/// With the content of the pinned ingestor, too.
fn healthy() -> Observation {
    let mut seen = seen("healthy");
    let ingestor = seen.image(ManagedImage::Ingestor).unwrap();
    let Spec::Pinned { digest, .. } = ingestor.workload.as_ref().unwrap().spec.clone() else {
        panic!("{ingestor:#?}");
    };
    let like = seen.registry.manifests.values().next().cloned().unwrap();
    seen.registry.manifests.insert(digest, like);
    seen
}

/// The incident: a firewall between the pods and ghcr.io.
pub(crate) fn incident() -> Readings {
    Readings {
        pods: vec![pod(ghcr(dropped()))],
        ..of(stuck())
    }
}

fn not_probed() -> Readings {
    let why = "--no-probe".to_owned();
    Readings {
        pods: vec![unprobed(Unprobed::ByChoice(why))],
        ..of(stuck())
    }
}

fn not_allowed() -> Readings {
    let why = "you may not create jobs in tracebloc".to_owned();
    Readings {
        pods: vec![unprobed(Unprobed::Unable(why))],
        ..of(stuck())
    }
}

fn no_pod_started() -> Readings {
    let message =
        "exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4".to_owned();
    let why = Unprobed::Failed {
        code: Some(Code::AdmissionRefused),
        message,
    };
    Readings {
        pods: vec![unprobed(why)],
        ..of(healthy())
    }
}

/// A proxy that wants a login, and a policy in the cluster besides.
fn proxied() -> Readings {
    let why = "proxy proxy.acme.example:3128 wants a login (407): Proxy Authentication Required, by Negotiate or NTLM, Zscaler/6.2";
    let mut ways = vec![
        barred("docker.io", Step::Connect, Code::ProxyLogin, why),
        barred("ghcr.io", Step::Connect, Code::ProxyLogin, why),
    ];
    for way in &mut ways {
        way.proxy = Some("proxy.acme.example:3128".to_owned());
    }
    Readings {
        pods: vec![pod(ways)],
        policies: Ok(vec![Policy {
            name: "only-the-proxy".to_owned(),
            allows: vec!["TCP 3128 to 10.0.0.0/8".to_owned()],
        }]),
        ..of(stuck())
    }
}

fn here_alone() -> Readings {
    Readings {
        here: ghcr(barred(
            "ghcr.io",
            Step::Connect,
            Code::TlsIntercepted,
            "certificate issued by an authority that this machine does not trust",
        )),
        pods: vec![pod(both())],
        ..of(healthy())
    }
}

fn everywhere() -> Readings {
    let broken = || {
        barred(
            "ghcr.io",
            Step::Connect,
            Code::RegistryError,
            "answered 503",
        )
    };
    Readings {
        here: ghcr(broken()),
        pods: vec![pod(ghcr(broken()))],
        ..of(stuck())
    }
}

fn refused(code: Code, message: &str, hint: &str) -> Refusal {
    Refusal {
        code: Some(code),
        message: message.to_owned(),
        hint: Some(hint.to_owned()),
    }
}

fn no_server() -> Readings {
    let refusal = refused(
        Code::ApiUnreachable,
        "reach the API server https://10.0.0.1:6443: Connection refused (os error 111)",
        "check the network and the proxy, then: kubectl cluster-info",
    );
    Readings {
        server: Err(refusal.clone()),
        release: Err(refusal),
        rights: Vec::new(),
        account: None,
        ..of(healthy())
    }
}

fn no_release() -> Readings {
    Readings {
        release: Err(refused(
            Code::NoRelease,
            "no tracebloc release in namespace \"tracebloc\"",
            "name its namespace with -n: edge-01, edge-02",
        )),
        account: None,
        ..of(healthy())
    }
}

fn forbidden() -> Readings {
    let mut readings = of(seen("forbidden"));
    for right in &mut readings.rights {
        if right.verb != "get"
            && right.rule.resource != "deployments"
            && right.rule.resource != "cronjobs"
        {
            right.answer = Answer::Denied;
        }
    }
    let why = "localsubjectaccessreviews.authorization.k8s.io is forbidden: User \"ana\" cannot create resource";
    if let Some(account) = &mut readings.account {
        for right in &mut account.rights {
            right.answer = Answer::Unknown(why.to_owned());
        }
    }
    Readings {
        policies: Err(Blind(
            "networkpolicies.networking.k8s.io is forbidden".to_owned(),
        )),
        ..readings
    }
}

fn mirrored() -> Readings {
    Readings {
        here: Vec::new(),
        ..of(seen("mirrored"))
    }
}

/// Words from outside that would steer a terminal, had they not been cleaned; and more than fits.
fn hostile() -> Readings {
    let mut readings = of(seen("hostile"));
    readings.context = "\u{1b}[2Jcontext".to_owned();
    readings.here = vec![barred(
        "registry-with-a-name-that-is-longer-than-any-column.example.com:5000",
        Step::Connect,
        Code::NotARegistry,
        &"answered 200 with \u{1b}[31ma web page\u{202e} ".repeat(5),
    )];
    readings.policies = Ok(vec![Policy {
        name: "\u{7}bell".to_owned(),
        allows: vec!["TCP 53\u{1b}[1A".to_owned()],
    }]);
    readings
}

fn report(readings: &Readings) -> DoctorReport {
    let assessment = readings.release.as_ref().ok().map(assess);
    let checks = judge(readings, assessment.as_ref());
    let causes = conclude(readings, assessment.as_ref(), &checks);
    let examined = Examined {
        readings,
        checks: &checks,
        causes: &causes,
        took: Duration::from_millis(4_210),
    };
    DoctorReport::new(&examined, Strictness::Lenient)
}

fn drawn(readings: &Readings, view: View) -> String {
    doctor(&report(readings), &view, &Theme::plain())
}

/// Escape characters that a diff shows.
fn visible(text: &str) -> String {
    text.replace('\u{1b}', "␛")
}

#[test]
fn every_site_as_a_screen() {
    for (name, readings) in all() {
        assert_snapshot!(name, drawn(&readings, PAGE));
    }
}

#[test]
fn every_site_for_a_ticket() {
    for (name, readings) in all() {
        let text = short(&report(&readings), &Theme::plain());
        assert_snapshot!(format!("{name}_short"), text);
    }
}

#[test]
fn the_incident_in_every_other_form() {
    let readings = incident();
    assert_snapshot!("incident_wide", drawn(&readings, WIDE));
    for width in [80, 50] {
        let view = View {
            width: Some(width),
            ..PAGE
        };
        assert_snapshot!(format!("incident_at_{width}"), drawn(&readings, view));
    }
    let piped = View {
        width: None,
        ..PAGE
    };
    assert_snapshot!("incident_piped", drawn(&readings, piped));
    let coloured = doctor(&report(&readings), &PAGE, &Theme::coloured());
    assert_snapshot!("incident_coloured", visible(&coloured));
    let ascii = Theme::plain().with_glyphs(Glyphs::ASCII);
    assert_snapshot!("incident_ascii", doctor(&report(&readings), &PAGE, &ascii));
    assert_snapshot!("incident_json", json(&report(&readings)));
    assert_snapshot!("incident_yaml", yaml(&report(&readings)));
    assert_snapshot!("green_wide", drawn(&green(), WIDE));
    let narrow = View {
        width: Some(60),
        ..PAGE
    };
    assert_snapshot!("green_at_60", drawn(&green(), narrow));
}

#[test]
fn the_hosts_of_the_incident_for_whoever_runs_the_firewall() {
    let list = AllowList::new(&[incident(), green()]);
    assert_snapshot!("allowlist", crate::render::allowlist::text(&list));
    assert_snapshot!("allowlist_json", json(&list));
}

#[test]
fn nothing_steers_a_terminal_and_pages_keep_their_width() {
    for (name, readings) in all() {
        for width in [Some(120), Some(100), Some(80), Some(60), Some(50), None] {
            for form in [Form::Table, Form::Wide] {
                let text = drawn(&readings, View { form, width });
                let steering = text.find(|c: char| c != '\n' && crate::text::is_unprintable(c));
                assert_eq!(None, steering, "{name} at {width:?}");
                let Some(width) = width else {
                    continue;
                };
                for line in text.lines() {
                    // A word that is longer than the page sticks out, alone, and so does a command.
                    let words = line.split_whitespace().count();
                    let causes = report(&readings).diagnosis;
                    let mut commands = causes.iter().flat_map(|cause| &cause.next);
                    let is_command = commands.any(|next| line.contains(&next.command));
                    assert!(
                        line.width() <= width || words <= 2 || is_command,
                        "{name} at {width}: {line}"
                    );
                }
            }
        }
        let text = short(&report(&readings), &Theme::plain());
        assert!(
            !text.contains(|c: char| c != '\n' && crate::text::is_unprintable(c)),
            "{name}"
        );
    }
}

#[test]
fn without_colours_the_coloured_screen_is_the_plain_one() {
    for (name, readings) in all() {
        let coloured = doctor(&report(&readings), &PAGE, &Theme::coloured());
        let mut bare = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            bare.push_str(before);
            rest = after.split_once('m').map_or("", |(_, rest)| rest);
        }
        assert_eq!(drawn(&readings, PAGE), bare + rest, "{name}");
    }
}

#[test]
fn the_exit_code_is_that_of_the_gravest_result() {
    let code = |readings: &Readings, strictness| {
        let assessment = readings.release.as_ref().ok().map(assess);
        let checks = judge(readings, assessment.as_ref());
        let examined = Examined {
            readings,
            checks: &checks,
            causes: &[],
            took: Duration::ZERO,
        };
        DoctorReport::new(&examined, strictness).summary.exit_code
    };
    for (name, readings, want, strict) in [
        ("all fine", green(), 0, 0),
        ("failures", incident(), 3, 3),
        ("warnings alone", here_alone(), 0, 4),
        (
            "skipped by choice",
            Readings {
                pods: vec![unprobed(Unprobed::ByChoice("--no-probe".to_owned()))],
                ..green()
            },
            0,
            0,
        ),
        (
            "not allowed to look",
            Readings {
                pods: vec![unprobed(Unprobed::Unable("no right".to_owned()))],
                ..green()
            },
            5,
            5,
        ),
        ("something unknown beside a failure", not_allowed(), 3, 3),
        ("no API server", no_server(), 3, 3),
        ("no release", no_release(), 3, 3),
    ] {
        assert_eq!(
            (want, strict),
            (
                code(&readings, Strictness::Lenient),
                code(&readings, Strictness::Strict)
            ),
            "{name}"
        );
    }
}

/// Everything a person is shown of the checks stands in the document, too.
#[test]
fn the_document_has_what_the_screen_has() {
    for (name, readings) in all() {
        let report = report(&readings);
        let document = json(&report);
        let told: BTreeSet<&str> = report
            .checks
            .iter()
            .flat_map(|check| [check.message.as_deref(), check.reason.as_deref()])
            .chain(
                report
                    .diagnosis
                    .iter()
                    .map(|cause| Some(cause.title.as_str())),
            )
            .flatten()
            .collect();
        for text in told {
            let quoted = serde_json::to_string(text).unwrap();
            let escaped = json(&text);
            assert!(
                document.contains(&quoted) || document.contains(escaped.trim_end()),
                "{name}: {text}"
            );
        }
    }
}

#[test]
fn open_ways_are_summed_up_and_barred_ones_are_not() {
    let green = drawn(&green(), PAGE);
    assert!(green.contains("✔ all 5 steps, 112ms"), "{green}");
    let mut odd = of(healthy());
    odd.pods = vec![pod(vec![open("docker.io")])];
    assert!(!drawn(&incident(), PAGE).contains("all 5 steps"));
}
