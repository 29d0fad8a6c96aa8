#!/usr/bin/env bash
# Makes the Secrets of this installation, with values that nobody has seen, as SealedSecrets beside
# this file, for git: only the cluster can open them. It holds no value itself.
set -euo pipefail
cd "$(dirname "$0")"

if compgen -G "*.sealed.yaml" >/dev/null; then
    echo "There are sealed Secrets already. Some hold the same values: to make them anew, delete" >&2
    echo "all of them first. Sign-ins that the hub stores cannot be read with a new key." >&2
    exit 1
fi
sealed=$(mktemp -d ./sealing.XXXXXX)
trap 'rm -rf "$sealed"' EXIT

{% set kept_values = false %}
{% include "secrets/values.sh" %}

# Seals one, of: namespace, name, type, and KEY=VALUE for each key.
secret() {
    local namespace=$1 name=$2 type=$3 files
    shift 3
    through_pipes "$@"
    kubectl --namespace "$namespace" create secret generic "$name" --type="$type" "${files[@]}" \
        --dry-run=client --output yaml |
        kubeseal --format yaml >"$sealed/$namespace-$name.sealed.yaml"
    echo "Sealed $namespace/$name"
}

{% for each in secrets %}
secret {{ each.namespace }} {{ each.name }} {{ each.type }}{% for key, text in each.data.items() %} \
    {{ key }}={{ text | in_double_quotes }}{% endfor %}

{% endfor %}
mv "$sealed"/*.sealed.yaml .
