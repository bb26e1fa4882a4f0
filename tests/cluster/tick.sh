#!/bin/sh
# What the chart's refresh script does in G2 (chart contract 5.1 to 5.3, log lines of section 8).
# By environment also G1 (no INGESTOR_RESOLVE_FAIL_THRESHOLD), G0 and G3 (no INGESTOR_TAG).
# LOOKUP_SECONDS is ours: the chart waits ten seconds for a registry, a test need not.
set -eu

note() { echo "[image-refresh] $*" >&2; }
detail() { note "  $*"; }
release() { kubectl -n "$RELEASE_NAMESPACE" "$@"; }
read_deployment() { release get deployment "$DEPLOYMENT_NAME" -o json | jq -r "$@"; }
annotation() { read_deployment --arg key "$1" '.metadata.annotations[$key] // empty'; }
annotate() { release annotate --overwrite deployment "$DEPLOYMENT_NAME" "$@"; }
settle() { release rollout status "deployment/$DEPLOYMENT_NAME" --timeout="$ROLLOUT_TIMEOUT"; }
set_ingestor() { release set env "deployment/$DEPLOYMENT_NAME" -c api "INGESTOR_IMAGE_DIGEST=$1"; }
ask() { curl -sS --max-time "${LOOKUP_SECONDS:-10}" "$@"; }

# resolve REGISTRY REPOSITORY TAG prints the digest, or nothing.
resolve() {
    case $1 in
    docker.io) host=registry-1.docker.io auth=auth.docker.io service=registry.docker.io ;;
    *) host=$1 auth=$1 service=$1 ;;
    esac
    token=$(ask "https://$auth/token?service=$service&scope=repository:$2:pull" | sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
    if [ -z "$token" ]; then
        note "WARN: could not fetch auth token for $1/$2"
        return
    fi
    accept=application/vnd.docker.distribution.manifest.v2+json
    accept=$accept,application/vnd.docker.distribution.manifest.list.v2+json
    accept=$accept,application/vnd.oci.image.manifest.v1+json,application/vnd.oci.image.index.v1+json
    ask --head -H "Authorization: Bearer $token" -H "Accept: $accept" "https://$host/v2/$2/manifests/$3" |
        tr -d '\r' | awk 'tolower($1) == "docker-content-digest:" { print tolower($2) }'
}

note "release=$RELEASE_NAME namespace=$RELEASE_NAMESPACE deployment=$DEPLOYMENT_NAME"
note "client images: tracebloc/jobs-manager, tracebloc/pods-monitor on docker.io under tag=$IMAGE_TAG"
if [ -n "${INGESTOR_TAG-}" ]; then
    note "ingestor image: tracebloc/ingestor on ghcr.io under tag=$INGESTOR_TAG (pinned=$INGESTOR_PINNED)"
fi

# Pass 1: the images of docker.io, which one restart moves.
restart=no
set --
for image in jobs-manager pods-monitor; do
    key=tracebloc.io/last-refreshed-$image-digest
    note "checking tracebloc/$image:$IMAGE_TAG (annotation=$key)"
    [ $image = jobs-manager ] && pinned=$JOBS_MANAGER_PINNED || pinned=$PODS_MONITOR_PINNED
    if [ "$pinned" = 1 ]; then
        detail "pinned by digest in values; skipping"
        continue
    fi
    latest=$(resolve docker.io "tracebloc/$image" "$IMAGE_TAG")
    if [ -z "$latest" ]; then
        detail "WARN: could not resolve latest digest; skipping this image"
        continue
    fi
    recorded=$(annotation "$key")
    detail "latest=$latest"
    detail "recorded=${recorded:-<unset>}"
    if [ -z "$recorded" ]; then
        detail "first observation; recording without restart"
    elif [ "$recorded" = "$latest" ]; then
        detail "digest unchanged since last refresh; no-op"
        continue
    else
        detail "digest changed ($recorded -> $latest); restart needed"
        restart=yes
    fi
    set -- "$@" "$key=$latest"
done
if [ $restart = yes ]; then
    note "rolling restart of deployment/$DEPLOYMENT_NAME"
    release rollout restart "deployment/$DEPLOYMENT_NAME"
    settle
    note "rollout complete"
fi
if [ $# -gt 0 ]; then
    note "updating deployment annotations: $*"
    annotate "$@"
fi
if [ -z "${INGESTOR_TAG-}" ]; then
    note "tick complete"
    exit 0
fi

# Pass 2: the ingestor, whose digest is an environment variable of api.
ingestor=ghcr.io/tracebloc/ingestor:$INGESTOR_TAG
record=tracebloc.io/last-refreshed-ingestor-digest
counter=tracebloc.io/ingestor-refresh-consecutive-failures
last_error=tracebloc.io/ingestor-refresh-last-error
note "checking $ingestor (env=INGESTOR_IMAGE_DIGEST on container=api)"
if [ "$INGESTOR_PINNED" = 1 ]; then
    detail "ingestor.autoRefresh: false in values; skipping"
    note "tick complete"
    exit 0
fi
latest=$(resolve ghcr.io tracebloc/ingestor "$INGESTOR_TAG")
if [ -z "$latest" ] && [ -z "${INGESTOR_RESOLVE_FAIL_THRESHOLD+G2}" ]; then
    detail "WARN: could not resolve latest digest; skipping this image"
    note "tick complete"
    exit 0
fi
if [ -z "$latest" ]; then
    threshold=${INGESTOR_RESOLVE_FAIL_THRESHOLD:-3}
    failures=$(annotation $counter)
    case $failures in '' | *[!0-9]*) failures=0 ;; esac
    if [ "$failures" -ge "$threshold" ]; then
        note "ERROR: still cannot resolve $ingestor (>= $threshold consecutive failures)"
        exit 1
    fi
    failures=$((failures + 1))
    annotate "$counter=$failures"
    if [ $failures -lt "$threshold" ]; then
        detail "WARN: could not resolve latest ingestor digest (failure $failures/$threshold; the current digest stays)"
        note "tick complete"
        exit 0
    fi
    annotate "$last_error=could not resolve $ingestor for $failures consecutive ticks"
    note "ERROR: could not resolve $ingestor for $failures consecutive ticks (threshold $threshold)"
    note "ERROR: check that pods reach ghcr.io, and that the tag $INGESTOR_TAG exists"
    exit 1
fi
if [ "${INGESTOR_RESOLVE_FAIL_THRESHOLD+G2}" ] && [ -n "$(annotation $counter)" ]; then
    detail "ingestor digest resolved; clearing prior failure streak"
    annotate "$counter-" "$last_error-" || true
fi

recorded=$(annotation $record)
current=$(read_deployment '.spec.template.spec.containers[] | select(.name == "api").env[]?
    | select(.name == "INGESTOR_IMAGE_DIGEST").value // empty')
detail "latest=$latest"
detail "recorded=${recorded:-<unset>}"
detail "current=${current:-<empty>}"
if [ -z "$recorded" ] && [ -n "$current" ]; then
    detail "first observation; adopting spec env"
    settle
    annotate "$record=$current"
elif [ "$recorded" != "$latest" ]; then
    if [ -z "$recorded" ]; then
        detail "first observation; spec env empty, setting it"
    else
        detail "digest changed ($recorded -> $latest); set env + wait for rollout"
    fi
    set_ingestor "$latest"
    settle
    annotate "$record=$latest"
    note "ingestor refresh complete"
elif [ "$recorded" != "$current" ]; then
    detail "spec env drifted (recorded=$recorded but current=${current:-<empty>})"
    set_ingestor "$recorded"
    settle
    note "ingestor env re-applied"
else
    detail "verifying deployment health"
    settle
    detail "fully in sync; no-op"
fi
note "tick complete"
