//! The pod of a pull test: it has one image pulled on one node, and passes where the site's rules are strict.

use serde_json::{Map, Value, json};

use crate::node::Toleration;
use crate::probe::node::{Place, PullTest};
use crate::release::Resources;

/// The container whose image is pulled.
pub(crate) const CONTAINER: &str = "pull";

/// No image has it. Whoever finds the pod reads what it is for.
const COMMAND: &str = "/images.tracebloc.io/only-pulled-never-run";

/// `nobody`, by convention of Linux; the kubelet refuses root before it would start anything.
const NOBODY: u32 = 65534;

/// A pod template as the API takes it. `resources` are the tick's, which the site's quotas let through.
pub(crate) fn template(test: &PullTest, place: &Place, resources: &Resources) -> Value {
    let secrets: Vec<_> = test
        .credentials
        .secrets
        .iter()
        .map(|name| json!({"name": name}))
        .collect();
    let mut spec = json!({
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "imagePullSecrets": secrets,
        "tolerations": test.tolerations.iter().map(toleration).collect::<Vec<_>>(),
        // The scheduler has its say, unlike with `nodeName`: quotas and taints count, and its words are told.
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchFields": [
                {"key": "metadata.name", "operator": "In", "values": [place.node]},
            ]}],
        }}},
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": NOBODY,
            "runAsGroup": NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [{
            "name": CONTAINER,
            "image": test.image(),
            "imagePullPolicy": "Always",
            "command": [COMMAND],
            "resources": {"requests": resources.requests, "limits": resources.limits},
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "privileged": false,
                "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            },
        }],
    });
    if let Some(account) = &test.credentials.service_account {
        spec["serviceAccountName"] = account.as_str().into();
    }
    json!({"spec": spec})
}

fn toleration(toleration: &Toleration) -> Value {
    let fields = [
        ("key", toleration.key.as_deref()),
        ("operator", Some(toleration.operator.as_str())),
        ("value", Some(toleration.value.as_str())),
        ("effect", toleration.effect.as_deref()),
    ];
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .filter(|(_, value)| !value.is_empty());
    given
        .map(|(name, value)| (name, Value::from(value)))
        .collect::<Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests;
