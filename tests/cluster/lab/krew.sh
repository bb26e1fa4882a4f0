#!/bin/sh
# Builds krew, which installs plugins, and the check that krew's index runs on manifests, into a folder.
set -eu
out=$1
version=v0.4.4
GOBIN=$out CGO_ENABLED=0 GOFLAGS=-trimpath go install -ldflags "-s -w" \
    "sigs.k8s.io/krew/cmd/krew@$version" "sigs.k8s.io/krew/cmd/validate-krew-manifest@$version"
mv "$out/krew" "$out/kubectl-krew"
