#!/usr/bin/env bash
# Makes the Secrets of this installation, with values that nobody has seen. It holds none itself.
# Run again, it makes what is not there yet, and changes nothing else.
set -euo pipefail

# Prints what a key of a Secret holds, or something new if there is no such Secret. Where the
# cluster does not answer, nothing is known, and nothing is made.
kept_or_new() {
    local kept
    kept=$(kubectl --namespace "$1" get secret "$2" --ignore-not-found \
        --output "go-template={% raw %}{{index .data \"$3\" | base64decode}}{% endraw %}") ||
        return 1
    if [[ -n $kept ]]; then
        printf %s "$kept"
    else
        openssl rand -hex 32
    fi
}

{% set kept_values = true %}
{% include "secrets/values.sh" %}

# Makes one, of: namespace, name, type, and KEY=VALUE for each key.
secret() {
    local namespace=$1 name=$2 type=$3 there files
    shift 3
    there=$(kubectl --namespace "$namespace" get secret "$name" --ignore-not-found --output name)
    if [[ -n $there ]]; then
        echo "Secret $namespace/$name is there already"
        return
    fi
    through_pipes "$@"
    kubectl --namespace "$namespace" create secret generic "$name" --type="$type" "${files[@]}"
}

{% for each in secrets %}
secret {{ each.namespace }} {{ each.name }} {{ each.type }}{% for key, text in each.data.items() %} \
    {{ key }}={{ text | in_double_quotes }}{% endfor %}

{% endfor %}
