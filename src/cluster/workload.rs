//! Deployments, DaemonSets and pod templates, turned into the words of the observation.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::core::v1::{self, Container, EnvVar, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::write::FIELD_MANAGER;
use crate::capability::{Env, EnvValue};
use crate::image::Reference;
use crate::node::{Expression, Scheduling, Toleration};
use crate::observation::{ObjectState, Pull, PullCredentials, Rollout, Spec, Strategy};
use crate::plan::RESTARTED_AT;
use crate::text::{QUOTED, printable};

/// The container of this name. `None` when the template has none.
pub(super) fn container<'a>(spec: Option<&'a PodSpec>, name: &str) -> Option<&'a Container> {
    spec?
        .containers
        .iter()
        .find(|container| container.name == name)
}

pub(super) fn env(container: Option<&Container>) -> Env {
    let vars = container
        .and_then(|container| container.env.as_deref())
        .unwrap_or_default();
    let value = |var: &EnvVar| match (&var.value, &var.value_from) {
        (_, Some(_)) => EnvValue::Elsewhere,
        (value, None) => EnvValue::Literal(value.clone().unwrap_or_default()),
    };
    Env(vars
        .iter()
        .map(|var| (var.name.clone(), value(var)))
        .collect())
}

/// What a container's `image` says should run.
pub(super) fn spec(container: &Container) -> Spec {
    let image = container.image.as_deref().unwrap_or_default();
    let reference: Reference = match image.parse() {
        Ok(reference) => reference,
        Err(why) => {
            let quoted = printable(image, QUOTED);
            return Spec::Unreadable(format!(
                "image \"{quoted}\" of container {}: {why}",
                container.name
            ));
        }
    };
    if let Some(digest) = reference.digest.clone() {
        return Spec::Pinned {
            repository: reference.name(),
            digest,
        };
    }
    let pull = match container.image_pull_policy.as_deref() {
        Some("IfNotPresent" | "Never") => Pull::Cached,
        _ => Pull::Always,
    };
    Spec::Tagged { reference, pull }
}

pub(super) fn deployment_state(deployment: &Deployment) -> ObjectState {
    let strategy = deployment.spec.strategy.as_ref();
    let strategy = match strategy.and_then(|strategy| strategy.type_.as_deref()) {
        Some("Recreate") => Strategy::Recreate,
        _ => Strategy::RollingUpdate,
    };
    state(&deployment.metadata, &deployment.spec.template, strategy)
}

pub(super) fn daemon_set_state(set: &DaemonSet) -> ObjectState {
    let strategy = set.spec.update_strategy.as_ref();
    let strategy = match strategy.and_then(|strategy| strategy.type_.as_deref()) {
        Some("OnDelete") => Strategy::OnDelete,
        _ => Strategy::RollingUpdate,
    };
    state(&set.metadata, &set.spec.template, strategy)
}

fn state(metadata: &ObjectMeta, template: &PodTemplateSpec, strategy: Strategy) -> ObjectState {
    ObjectState {
        uid: metadata.uid.clone().unwrap_or_default(),
        version: metadata.resource_version.clone().unwrap_or_default(),
        generation: metadata.generation.unwrap_or(0),
        strategy,
        restarted: restarted_at(template)
            .filter(|_| is_restarted_by_us(metadata))
            .map(str::to_owned),
    }
}

/// When `kubectl rollout restart`, or this plugin, last restarted the pods of this template.
pub(super) fn restarted_at(template: &PodTemplateSpec) -> Option<&str> {
    let annotations = template.metadata.as_ref()?.annotations.as_ref()?;
    annotations.get(RESTARTED_AT).map(String::as_str)
}

fn is_restarted_by_us(metadata: &ObjectMeta) -> bool {
    let owns = |fields: &serde_json::Value| {
        fields
            .pointer("/f:spec/f:template/f:metadata/f:annotations")
            .is_some_and(|annotations| annotations.get(format!("f:{RESTARTED_AT}")).is_some())
    };
    let entries = metadata.managed_fields.iter().flatten();
    entries
        .filter(|entry| entry.manager.as_deref() == Some(FIELD_MANAGER))
        .any(|entry| {
            entry
                .fields_v1
                .as_ref()
                .is_some_and(|fields| owns(&fields.0))
        })
}

/// What chooses the nodes of a pod.
pub(super) fn scheduling(spec: Option<&PodSpec>) -> Scheduling {
    let Some(spec) = spec else {
        return Scheduling::default();
    };
    let required = spec
        .affinity
        .as_ref()
        .and_then(|affinity| affinity.node_affinity.as_ref())
        .and_then(|node| {
            node.required_during_scheduling_ignored_during_execution
                .as_ref()
        });
    Scheduling {
        node_selector: spec.node_selector.clone().unwrap_or_default(),
        affinity: required
            .map(|selector| selector.node_selector_terms.iter().map(term).collect())
            .unwrap_or_default(),
        tolerations: spec.tolerations.iter().flatten().map(toleration).collect(),
    }
}

/// What pods of this spec show to registries.
pub(super) fn credentials(spec: Option<&PodSpec>) -> PullCredentials {
    let secrets = spec.and_then(|spec| spec.image_pull_secrets.as_deref());
    PullCredentials {
        service_account: spec.and_then(|spec| spec.service_account_name.clone()),
        secrets: secrets
            .unwrap_or_default()
            .iter()
            .map(|secret| secret.name.clone())
            .collect(),
    }
}

fn term(term: &v1::NodeSelectorTerm) -> Vec<Expression> {
    [&term.match_expressions, &term.match_fields]
        .into_iter()
        .flatten()
        .flatten()
        .map(|requirement| Expression {
            key: requirement.key.clone(),
            operator: requirement.operator.clone(),
            values: requirement.values.clone().unwrap_or_default(),
        })
        .collect()
}

fn toleration(toleration: &v1::Toleration) -> Toleration {
    Toleration {
        key: toleration.key.clone().filter(|key| !key.is_empty()),
        operator: toleration
            .operator
            .clone()
            .unwrap_or_else(|| "Equal".to_owned()),
        value: toleration.value.clone().unwrap_or_default(),
        effect: toleration
            .effect
            .clone()
            .filter(|effect| !effect.is_empty()),
    }
}

/// As `kubectl rollout status` judges it: a status older than the spec says nothing yet.
pub(super) fn deployment_rollout(deployment: &Deployment) -> Rollout {
    if deployment.spec.paused == Some(true) {
        return Rollout::Paused;
    }
    let status = deployment.status.clone().unwrap_or_default();
    if status.observed_generation < deployment.metadata.generation {
        return Rollout::InFlight("waiting for the spec update to be observed".to_owned());
    }
    let deadline = status.conditions.iter().flatten().find(|condition| {
        condition.type_.as_deref() == Some("Progressing")
            && condition.reason.as_deref() == Some("ProgressDeadlineExceeded")
    });
    if let Some(condition) = deadline {
        let message = condition
            .message
            .as_deref()
            .unwrap_or("progress deadline exceeded");
        return Rollout::Failed(printable(message, QUOTED));
    }
    let wanted = deployment.spec.replicas.unwrap_or(1);
    let updated = status.updated_replicas.unwrap_or(0);
    let old = status.replicas.unwrap_or(0) - updated;
    let available = status.available_replicas.unwrap_or(0);
    if updated < wanted {
        Rollout::InFlight(format!("{updated} of {wanted} updated"))
    } else if old > 0 {
        Rollout::InFlight(format!("{old} old pending termination"))
    } else if available < updated {
        Rollout::InFlight(format!("{available} of {updated} updated are available"))
    } else {
        Rollout::Settled
    }
}

/// As `kubectl rollout status` judges it. With `OnDelete` it refuses; here such a set is in flight until every pod
/// has been deleted by whoever does that.
pub(super) fn daemon_set_rollout(set: &DaemonSet) -> Rollout {
    let status = set.status.clone().unwrap_or_default();
    if status.observed_generation < set.metadata.generation {
        return Rollout::InFlight("waiting for the spec update to be observed".to_owned());
    }
    let wanted = status.desired_number_scheduled;
    let updated = status.updated_number_scheduled.unwrap_or(0);
    let available = status.number_available.unwrap_or(0);
    if updated < wanted {
        Rollout::InFlight(format!("{updated} of {wanted} updated"))
    } else if available < wanted {
        Rollout::InFlight(format!("{available} of {wanted} updated are available"))
    } else {
        Rollout::Settled
    }
}

#[cfg(test)]
mod tests;
