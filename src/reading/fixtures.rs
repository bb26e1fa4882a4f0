//! Readings for tests: a site where everything is fine, and ways to break it.

use std::time::Duration;

use super::*;
use crate::rights;

/// A way that nothing bars, with each step as long as a step may be.
pub(crate) fn open(registry: &str) -> Way {
    let (hosts, realm, layers) = match registry {
        "docker.io" => (
            vec!["registry-1.docker.io", "auth.docker.io"],
            "auth.docker.io/token",
            "production.cloudfront.docker.com",
        ),
        host => (
            vec![host],
            "ghcr.io/token",
            "pkg-containers.githubusercontent.com",
        ),
    };
    let host = hosts[0].to_owned();
    let taken = |target: &str, millis| Taken {
        target: target.to_owned(),
        reading: Reading::Passed,
        took: Some(Duration::from_millis(millis)),
        issuer: Some("CN=Sectigo ECC DV".to_owned()),
    };
    let budget = (registry == "docker.io").then(|| Budget {
        left: 94,
        limit: Some(100),
        source: Some("203.0.113.7".to_owned()),
    });
    let mut steps = BTreeMap::from([
        (Step::Dns, taken(&host, 4)),
        (Step::Connect, taken(&format!("{host}:443"), 31)),
        (Step::Token, taken(realm, 88)),
        (Step::Manifest, taken(&host, 112)),
        (Step::Layers, taken(&format!("{layers}:443"), 95)),
    ]);
    if budget.is_some() {
        let budget = Taken {
            took: None,
            ..taken(&host, 0)
        };
        steps.insert(Step::Budget, budget);
    }
    Way {
        registry: registry.to_owned(),
        steps,
        hosts: hosts.into_iter().map(str::to_owned).collect(),
        layers: vec![LayerHost {
            host: layers.to_owned(),
            known: Known::Observed,
        }],
        proxy: None,
        budget,
        digests: BTreeMap::new(),
    }
}

/// A way that breaks at this step; what comes later needs it. A token or a layer of another host has that host's code.
pub(crate) fn barred(registry: &str, step: Step, cause: Code, message: &str) -> Way {
    let mut way = open(registry);
    for (later, taken) in &mut way.steps {
        if *later > step {
            taken.reading = Reading::Needs(step);
            taken.took = None;
        }
    }
    if step < Step::Layers {
        for layer in &mut way.layers {
            layer.known = Known::Expected;
        }
    }
    if step != Step::Budget {
        way.steps.remove(&Step::Budget);
        way.budget = None;
    }
    also(way, step, cause, message)
}

/// The same way, broken at this step, too.
pub(crate) fn also(mut way: Way, step: Step, cause: Code, message: &str) -> Way {
    let host = match step {
        Step::Token => way.hosts.last(),
        Step::Layers => way.layers.first().map(|layer| &layer.host),
        Step::Dns | Step::Connect | Step::Manifest | Step::Budget => way.hosts.first(),
    };
    let is_about_api = (Code::Dropped..=Code::RegistryError).contains(&cause);
    let code = match step {
        Step::Token if is_about_api && way.hosts.len() > 1 => Code::TokenHostBlocked,
        Step::Layers if is_about_api => Code::LayerHostBlocked,
        _ => cause,
    };
    let broken = Broken {
        code,
        cause,
        host: host.cloned().unwrap(),
        message: message.to_owned(),
    };
    let taken = way.steps.get_mut(&step).unwrap();
    taken.reading = Reading::Failed(broken);
    taken.took = Some(Duration::from_secs(5));
    way
}

/// As the firewall of the incident leaves pods.
pub(crate) fn dropped() -> Way {
    const WHY: &str = "timed out after 5s (twice)";

    let way = barred("ghcr.io", Step::Connect, Code::Dropped, WHY);
    also(way, Step::Layers, Code::Dropped, WHY)
}

pub(crate) fn pod(ways: Vec<Way>) -> PodLook {
    PodLook {
        node: Some("edge-01".to_owned()),
        ways: Ok(ways),
    }
}

pub(crate) fn unprobed(why: Unprobed) -> PodLook {
    PodLook {
        node: None,
        ways: Err(why),
    }
}

pub(crate) fn both() -> Vec<Way> {
    vec![open("docker.io"), open("ghcr.io")]
}

/// Docker Hub as it should be, and ghcr.io not.
pub(crate) fn ghcr(way: Way) -> Vec<Way> {
    vec![open("docker.io"), way]
}

/// Of a release whose pods were not looked from, everything else fine.
pub(crate) fn of(seen: Observation) -> Readings {
    let right = |(rule, verb): (&'static Rule, &'static str)| Right {
        rule,
        verb,
        namespace: Some("tracebloc".to_owned()),
        answer: Answer::Allowed,
    };
    let is_own = |right: &Right| right.rule.place != rights::Place::NodeAgents;
    let account = seen.release.cron_job().map(|cron_job| Account {
        name: cron_job.account.clone(),
        rights: rights::of_account().map(right).filter(is_own).collect(),
    });
    Readings {
        at: seen.at,
        context: seen.context.clone(),
        namespace: seen.release.namespace.clone(),
        server: Ok(Server {
            version: "v1.30.4".to_owned(),
            took: Duration::from_millis(41),
        }),
        rights: rights::of_caller().map(right).filter(is_own).collect(),
        account,
        release: Ok(seen),
        policies: Ok(Vec::new()),
        here: both(),
        pods: Vec::new(),
        pulls: Vec::new(),
        unpulled: Vec::new(),
    }
}
