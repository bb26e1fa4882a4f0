//! The API server, and who may do what there (101 to 107).

use super::{Check, Group, Outcome, list};
use crate::codes::Code;
use crate::reading::{Account, Answer, Readings, Right};
use crate::rights::{Need, Place};

const NEEDS_SERVER: &str = "needs the API server";

pub(super) fn checks(readings: &Readings) -> Vec<Check> {
    let mut checks = vec![server(readings), rights(readings)];
    checks.extend(readings.account.as_ref().map(account));
    checks.extend(release(readings));
    checks
}

fn server(readings: &Readings) -> Check {
    let check = |outcome| Check::new(Group::Access, "access.server", outcome);
    match &readings.server {
        Ok(server) => Check {
            took: Some(server.took),
            ..check(Outcome::Ok).saying(format!("API server {}", server.version))
        },
        Err(refusal) => Check {
            code: refusal.code,
            details: hint(refusal.hint.as_ref()),
            ..check(Outcome::Fail).saying(refusal.message.clone())
        },
    }
}

fn rights(readings: &Readings) -> Check {
    let check = |outcome| Check::new(Group::Access, "access.rights", outcome);
    if readings.server.is_err() {
        return check(Outcome::Skip(NEEDS_SERVER.to_owned())).saying("your rights");
    }
    let rights = &readings.rights;
    let denied: Vec<&Right> = with(rights, &Answer::Denied).collect();
    if let Some(first) = denied.first() {
        let is_required = |right: &&Right| right.rule.need == Need::Required;
        let outcome = if denied.iter().any(is_required) {
            Outcome::Fail
        } else {
            Outcome::Warn
        };
        let message = match denied.len() {
            1 => format!("you may not {}", words(first)),
            more => format!("you lack {more} of {} rights", rights.len()),
        };
        let without = |right: &&Right| match right.rule.need {
            Need::Required => ("needed", words(right)),
            Need::Helps(what) => ("lacking", format!("{}: {what}", words(right))),
        };
        return Check {
            details: denied.iter().map(without).collect(),
            ..check(outcome).saying(message).coded(Code::RightMissing)
        };
    }
    if let Some(why) = unknown(rights) {
        return check(Outcome::Unknown(why)).saying("your rights");
    }
    check(Outcome::Ok).saying(format!("you may {}", granted(rights)))
}

fn account(account: &Account) -> Check {
    let check = |outcome| Check::new(Group::Access, "access.account", outcome);
    let name = &account.name;
    let denied: Vec<String> = with(&account.rights, &Answer::Denied).map(words).collect();
    if !denied.is_empty() {
        let message = format!("CronJob account {name} may not {}", list(&denied));
        return check(Outcome::Fail)
            .saying(message)
            .coded(Code::AccountRightMissing);
    }
    if let Some(why) = unknown(&account.rights) {
        return check(Outcome::Unknown(why)).saying(format!("rights of CronJob account {name}"));
    }
    let message = format!("CronJob account {name} may {}", granted(&account.rights));
    check(Outcome::Ok).saying(message)
}

/// Only where there is none: the header names one that is there.
fn release(readings: &Readings) -> Option<Check> {
    let refusal = readings.release.as_ref().err()?;
    let check = |outcome| Check::new(Group::Access, "access.release", outcome);
    if readings.server.is_err() {
        return Some(check(Outcome::Skip(NEEDS_SERVER.to_owned())).saying("release"));
    }
    Some(Check {
        code: refusal.code,
        details: hint(refusal.hint.as_ref()),
        ..check(Outcome::Fail).saying(refusal.message.clone())
    })
}

fn hint(hint: Option<&String>) -> Vec<(&'static str, String)> {
    hint.map(|hint| ("hint", hint.clone()))
        .into_iter()
        .collect()
}

fn with<'a>(rights: &'a [Right], answer: &'a Answer) -> impl Iterator<Item = &'a Right> {
    rights.iter().filter(move |right| right.answer == *answer)
}

fn unknown(rights: &[Right]) -> Option<String> {
    rights.iter().find_map(|right| match &right.answer {
        Answer::Unknown(why) => Some(why.clone()),
        Answer::Allowed | Answer::Denied => None,
    })
}

/// `list nodes`, `get daemonsets in tracebloc-node-agents`.
fn words(right: &Right) -> String {
    let place = match (right.rule.place, &right.namespace) {
        (Place::NodeAgents, Some(namespace)) => format!(" in {namespace}"),
        (Place::Release | Place::NodeAgents | Place::Cluster, _) => String::new(),
    };
    format!("{} {}{place}", right.verb, right.rule.resource)
}

/// `read deployments, cronjobs, nodes; patch deployments; create jobs`: each verb once, reading together.
fn granted(rights: &[Right]) -> String {
    let mut read: Vec<&str> = Vec::new();
    let mut others: Vec<(&str, Vec<&str>)> = Vec::new();
    for right in rights {
        let resource = right.rule.resource;
        let list = match right.verb {
            "get" | "list" | "watch" => &mut read,
            verb => {
                if !others.iter().any(|(known, _)| *known == verb) {
                    others.push((verb, Vec::new()));
                }
                match others.iter_mut().find(|(known, _)| *known == verb) {
                    Some((_, list)) => list,
                    None => continue,
                }
            }
        };
        if !list.contains(&resource) {
            list.push(resource);
        }
    }
    let others = others
        .into_iter()
        .map(|(verb, resources)| format!("{verb} {}", resources.join(", ")));
    let read = (!read.is_empty()).then(|| format!("read {}", read.join(", ")));
    read.into_iter()
        .chain(others)
        .collect::<Vec<_>>()
        .join("; ")
}
