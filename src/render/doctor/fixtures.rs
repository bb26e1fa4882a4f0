//! Sites to draw: what was read of each, as plain values.

use std::time::Duration;

use crate::checks::judge;
use crate::codes::Code;
use crate::diagnosis::conclude;
use crate::health::assess;
use crate::image::ManagedImage;
use crate::lookup::Content;
use crate::observation::{Blind, Observation, ProxySettings, Spec};
use crate::reading::fixtures::{barred, both, dropped, ghcr, of, pod, unprobed};
use crate::reading::{Answer, Broken, NodePull, Policy, Readings, Refusal, Step, Unprobed};
use crate::render::fixtures::seen;
use crate::render::model::doctor::{DoctorReport, Examined, Strictness};

/// What there is to draw, by the name of its snapshots.
pub(in crate::render) fn all() -> Vec<(&'static str, Readings)> {
    vec![
        ("green", green()),
        ("incident", incident()),
        ("not_probed", not_probed()),
        ("not_allowed", not_allowed()),
        ("no_pod_started", no_pod_started()),
        ("proxied", proxied()),
        ("here_alone", here_alone()),
        ("node_alone", node_alone()),
        ("everywhere", everywhere()),
        ("values", values()),
        ("no_server", no_server()),
        ("no_release", no_release()),
        ("forbidden", forbidden()),
        ("suspended", of(seen("suspended"))),
        ("mirrored", mirrored()),
        ("hostile", hostile()),
    ]
}

/// Everything works, from here and from the pods.
pub(in crate::render) fn green() -> Readings {
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
pub(in crate::render) fn healthy() -> Observation {
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
pub(in crate::render) fn incident() -> Readings {
    Readings {
        pods: vec![pod(ghcr(dropped()))],
        ..of(stuck())
    }
}

pub(in crate::render) fn not_probed() -> Readings {
    let why = "--no-probe".to_owned();
    Readings {
        pods: vec![unprobed(Unprobed::ByChoice(why))],
        ..of(stuck())
    }
}

pub(in crate::render) fn not_allowed() -> Readings {
    let why = "you may not create jobs in tracebloc".to_owned();
    Readings {
        pods: vec![unprobed(Unprobed::Unable(why))],
        ..of(stuck())
    }
}

pub(in crate::render) fn no_pod_started() -> Readings {
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
pub(in crate::render) fn proxied() -> Readings {
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

pub(in crate::render) fn here_alone() -> Readings {
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

/// A node's runtime that trusts another set of authorities than pods and this machine do.
pub(in crate::render) fn node_alone() -> Readings {
    let image = |name: &str| name.parse().unwrap();
    let broken = Broken {
        code: Code::TlsIntercepted,
        cause: Code::TlsIntercepted,
        host: "ghcr.io".to_owned(),
        message: "x509: certificate signed by unknown authority".to_owned(),
    };
    Readings {
        pods: vec![pod(both())],
        pulls: vec![
            NodePull {
                node: "edge-02".to_owned(),
                image: image("docker.io/tracebloc/jobs-manager:prod"),
                result: Ok(()),
                by: "event 3m ago".to_owned(),
            },
            NodePull {
                node: "edge-02".to_owned(),
                image: image("ghcr.io/tracebloc/ingestor:0.3"),
                result: Err(broken),
                by: "event 3m ago".to_owned(),
            },
        ],
        ..of(healthy())
    }
}

pub(in crate::render) fn everywhere() -> Readings {
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

/// Values of the chart that do not do what they say.
pub(in crate::render) fn values() -> Readings {
    let mut seen = healthy();
    seen.proxy = ProxySettings::ApiOnly;
    Readings {
        pods: vec![pod(both())],
        ..of(seen)
    }
}

fn refused(code: Code, message: &str, hint: &str) -> Refusal {
    Refusal {
        code: Some(code),
        message: message.to_owned(),
        hint: Some(hint.to_owned()),
    }
}

pub(in crate::render) fn no_server() -> Readings {
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

pub(in crate::render) fn no_release() -> Readings {
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

pub(in crate::render) fn forbidden() -> Readings {
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

pub(in crate::render) fn mirrored() -> Readings {
    Readings {
        here: Vec::new(),
        ..of(seen("mirrored"))
    }
}

/// Words from outside that would steer a terminal, had they not been cleaned; and more than fits.
pub(in crate::render) fn hostile() -> Readings {
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

pub(in crate::render) fn report(readings: &Readings) -> DoctorReport {
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
