//! Who may do what, as the API server's own authorizers say it: asked, never concluded from Roles.

use futures::future::join_all;
use k8s_openapi::api::authorization::v1::{
    LocalSubjectAccessReview, SelfSubjectAccessReview, SubjectAccessReview,
    SubjectAccessReviewStatus,
};
use kube::Resource;
use kube::api::PostParams;
use kube::core::Request;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::connect::Cluster;
use super::read::{Scope, path, ready, right};
use crate::error::{Call, Error};
use crate::observation::{Blind, Seen};
use crate::reading::{Account, Answer, Right};
use crate::release::Release;
use crate::rights::{self, Place, Rule, Wanted};
use crate::text::{QUOTED, printable};

/// What the caller may do of what commands need; all rights at once.
///
/// Without the namespace of the node agents, rights there are not asked for.
pub(crate) async fn of_caller(cluster: &Cluster, agents: Option<&str>) -> Vec<Right> {
    let asked = rights::of_caller().filter_map(|(rule, verb)| {
        let namespace = namespace_of(scope_of(rule, &cluster.namespace, agents)?);
        Some(async move {
            let answer = of_self(cluster, attributes(rule, verb, namespace, None));
            answered(rule, verb, namespace, answer.await)
        })
    });
    join_all(asked).await
}

/// Which of these the caller may not do, or why that is not known; all at once.
pub(crate) async fn denied(cluster: &Cluster, wanted: &[Wanted]) -> Seen<Vec<String>> {
    let asked = wanted.iter().map(async |one| {
        let namespace = Some(one.namespace.as_str());
        let attributes = attributes(one.rule, one.verb, namespace, one.object.as_deref());
        let answer = of_self(cluster, attributes).await;
        (one, answered(one.rule, one.verb, namespace, answer).answer)
    });
    let mut denied = Vec::new();
    let mut unknown = None;
    for (one, answer) in join_all(asked).await {
        match answer {
            Answer::Allowed => {}
            Answer::Denied => denied.push(one.to_string()),
            Answer::Unknown(why) => unknown = unknown.or(Some(why)),
        }
    }
    match unknown {
        // What is denied is known, whatever else is not.
        Some(why) if denied.is_empty() => Err(Blind(why)),
        _ => Ok(denied),
    }
}

async fn of_self(cluster: &Cluster, attributes: Value) -> Result<SubjectAccessReviewStatus, Error> {
    let review = json!({ "resourceAttributes": attributes });
    review_of::<SelfSubjectAccessReview>(cluster, Scope::Everywhere, review).await
}

/// What the refresher's account may do of what it needs. `None` without a refresher.
pub(crate) async fn of_account(cluster: &Cluster, release: &Release) -> Option<Account> {
    let name = release.cron_job()?.account.clone();
    let agents = release
        .resource_monitor
        .as_ref()
        .map(|(_, namespace)| namespace.as_str());
    let asked = rights::of_account().filter_map(|(rule, verb)| {
        let namespace = namespace_of(scope_of(rule, &release.namespace, agents)?);
        let object = match (rule.place, verb, &release.resource_monitor) {
            // The chart grants these on the one DaemonSet alone.
            (Place::NodeAgents, "get" | "patch", Some((set, _))) => Some(set.as_str()),
            _ => None,
        };
        let subject = subject(&release.namespace, &name);
        Some(async move {
            let mut review = subject;
            review["resourceAttributes"] = attributes(rule, verb, namespace, object);
            answered(
                rule,
                verb,
                namespace,
                of_subject(cluster, namespace, review).await,
            )
        })
    });
    Some(Account {
        rights: join_all(asked).await,
        name,
    })
}

/// `None` for a place that the release has not.
fn scope_of<'a>(rule: &Rule, release: &'a str, agents: Option<&'a str>) -> Option<Scope<'a>> {
    match rule.place {
        Place::Release => Some(Scope::Namespace(release)),
        Place::NodeAgents => agents.map(Scope::Namespace),
        Place::Cluster => Some(Scope::Everywhere),
    }
}

const fn namespace_of(scope: Scope<'_>) -> Option<&str> {
    match scope {
        Scope::Namespace(namespace) => Some(namespace),
        Scope::Everywhere => None,
    }
}

fn attributes(rule: &Rule, verb: &str, namespace: Option<&str>, object: Option<&str>) -> Value {
    let (resource, subresource) = rule.resource.split_once('/').unwrap_or((rule.resource, ""));
    let mut attributes = json!({ "verb": verb, "group": rule.group, "resource": resource });
    if let Some(namespace) = namespace {
        attributes["namespace"] = namespace.into();
    }
    if let Some(object) = object {
        attributes["name"] = object.into();
    }
    if !subresource.is_empty() {
        attributes["subresource"] = subresource.into();
    }
    attributes
}

/// A service account as authorizers know it; without its groups, bindings to them would not count.
fn subject(namespace: &str, account: &str) -> Value {
    json!({
        "user": format!("system:serviceaccount:{namespace}:{account}"),
        "groups": [
            "system:serviceaccounts",
            format!("system:serviceaccounts:{namespace}"),
            "system:authenticated",
        ],
    })
}

/// Asked within the namespace first: an administrator of that alone may do so.
async fn of_subject(
    cluster: &Cluster,
    namespace: Option<&str>,
    review: Value,
) -> Result<SubjectAccessReviewStatus, Error> {
    if let Some(namespace) = namespace {
        let scope = Scope::Namespace(namespace);
        let local = review_of::<LocalSubjectAccessReview>(cluster, scope, review.clone()).await;
        if !matches!(local, Err(Error::Forbidden { .. })) {
            return local;
        }
    }
    review_of::<SubjectAccessReview>(cluster, Scope::Everywhere, review).await
}

/// A review is a question: nothing is stored.
async fn review_of<K>(
    cluster: &Cluster,
    scope: Scope<'_>,
    spec: Value,
) -> Result<SubjectAccessReviewStatus, Error>
where
    K: Resource<DynamicType = ()> + DeserializeOwned,
{
    let call = Call {
        doing: format!("ask for rights{scope}"),
        right: right::<K>("create", scope),
    };
    let metadata = match scope {
        Scope::Namespace(namespace) => json!({ "namespace": namespace }),
        Scope::Everywhere => json!({}),
    };
    let review = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": metadata,
        "spec": spec,
    });
    let request = Request::new(path::<K>(scope));
    let request = request.create(&PostParams::default(), review.to_string().into_bytes());
    let answer: Value = cluster
        .answer(&call, ready(&call, scope.namespace(), request)?)
        .await?;
    serde_json::from_value(answer["status"].clone()).map_err(|error| Error::Answer {
        call,
        why: format!("the answer is no review: {error}"),
    })
}

fn answered(
    rule: &'static Rule,
    verb: &'static str,
    namespace: Option<&str>,
    answer: Result<SubjectAccessReviewStatus, Error>,
) -> Right {
    let unknown = |why: &str| Answer::Unknown(printable(why, QUOTED));
    Right {
        rule,
        verb,
        namespace: namespace.map(str::to_owned),
        answer: match answer {
            Err(error) => unknown(&error.to_string()),
            Ok(status) if status.allowed => Answer::Allowed,
            Ok(status) => match status.evaluation_error {
                // An authorizer that could not decide has denied nothing.
                Some(why) if status.denied != Some(true) => unknown(&why),
                _ => Answer::Denied,
            },
        },
    }
}

#[cfg(test)]
mod tests;
