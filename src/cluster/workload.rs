//! Deployments, DaemonSets and pod templates, turned into the words of the observation.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::core::v1::{self, Container, EnvVar, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::ownership::{Field, last_writer};
use super::write::FIELD_MANAGER;
use crate::capability::{Env, EnvValue};
use crate::image::Reference;
use crate::node::{Expression, Scheduling, Toleration};
use crate::observation::{ObjectState, Pull, PullCredentials, Spec};
use crate::rollout::{RESTARTED_AT, Status, Strategy};
use crate::text::{QUOTED, printable, without_middle};

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
    state(
        &deployment.metadata,
        &deployment.spec.template,
        deployment_status(deployment).strategy,
    )
}

pub(super) fn daemon_set_state(set: &DaemonSet) -> ObjectState {
    state(
        &set.metadata,
        &set.spec.template,
        daemon_set_status(set).strategy,
    )
}

fn state(metadata: &ObjectMeta, template: &PodTemplateSpec, strategy: Strategy) -> ObjectState {
    let field = Field::OfTemplate(RESTARTED_AT);
    let writer = last_writer(metadata, &[field]);
    let is_ours = writer.is_some_and(|writer| writer.manager == FIELD_MANAGER);
    ObjectState {
        uid: metadata.uid.clone().unwrap_or_default(),
        version: metadata.resource_version.clone().unwrap_or_default(),
        generation: metadata.generation.unwrap_or(0),
        strategy,
        restarted: restarted_at(template)
            .filter(|_| is_ours)
            .map(str::to_owned),
    }
}

/// When `kubectl rollout restart`, or this plugin, last restarted the pods of this template.
pub(super) fn restarted_at(template: &PodTemplateSpec) -> Option<&str> {
    let annotations = template.metadata.as_ref()?.annotations.as_ref()?;
    annotations.get(RESTARTED_AT).map(String::as_str)
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

/// What a Deployment wants, and its controller counts.
pub(super) fn deployment_status(deployment: &Deployment) -> Status {
    let spec = &deployment.spec;
    let status = deployment.status.clone().unwrap_or_default();
    // In a condition of this type and reason, the controller's words.
    let said = |type_: &str, reason: &str| {
        let mut conditions = status.conditions.iter().flatten();
        let condition = conditions.find(|condition| {
            condition.type_.as_deref() == Some(type_) && condition.reason.as_deref() == Some(reason)
        })?;
        let message = condition.message.clone();
        Some(message.unwrap_or_else(|| reason.to_owned()))
    };
    let strategy = spec.strategy.as_ref();
    Status {
        strategy: match strategy.and_then(|strategy| strategy.type_.as_deref()) {
            _ if spec.paused == Some(true) => Strategy::Paused,
            Some("Recreate") => Strategy::Recreate,
            _ => Strategy::RollingUpdate,
        },
        generation: deployment.metadata.generation.unwrap_or(0),
        observed: status.observed_generation.unwrap_or(0),
        wanted: count(spec.replicas.or(Some(1))),
        total: count(status.replicas),
        updated: count(status.updated_replicas),
        available: count(status.available_replicas),
        overdue: said("Progressing", "ProgressDeadlineExceeded")
            .map(|words| printable(&words, QUOTED)),
        refused: said("ReplicaFailure", "FailedCreate").map(|words| without_middle(&words, QUOTED)),
    }
}

/// What a DaemonSet wants, and its controller counts. It has no deadline and no word for a refusal.
pub(super) fn daemon_set_status(set: &DaemonSet) -> Status {
    let status = set.status.clone().unwrap_or_default();
    let strategy = set.spec.update_strategy.as_ref();
    let updated = count(status.updated_number_scheduled);
    Status {
        strategy: match strategy.and_then(|strategy| strategy.type_.as_deref()) {
            Some("OnDelete") => Strategy::OnDelete,
            _ => Strategy::RollingUpdate,
        },
        generation: set.metadata.generation.unwrap_or(0),
        observed: status.observed_generation.unwrap_or(0),
        wanted: count(Some(status.desired_number_scheduled)),
        total: updated,
        updated,
        available: count(status.number_available),
        overdue: None,
        refused: None,
    }
}

fn count(number: Option<i32>) -> u32 {
    number
        .and_then(|number| u32::try_from(number).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
