#!/usr/bin/env bash
# Makes the Secrets of this installation, with values that nobody has seen. It holds none itself.
# Run again, it makes what is not there yet, and changes nothing else.
set -euo pipefail

# Prints what a key of a Secret holds, or something new if it is not there. Where the
# cluster does not answer, nothing is known, and nothing is made.
kept_or_new() {
    local kept
    kept=$(kubectl --namespace "$1" get secret "$2" --ignore-not-found \
        --output "go-template={% raw %}{{with index .data \"$3\"}}{{. | base64decode}}{{end}}{% endraw %}") ||
        return 1
    if [[ -n $kept ]]; then
        printf %s "$kept"
    else
        openssl rand -hex 32
    fi
}

{% set kept_values = true %}
{% include "secrets/values.sh" %}

# Prints a change of a Secret that adds each KEY=VALUE.
addition() {
    local pair comma=
    printf '{"data": {'
    for pair in "$@"; do
        printf '%s"%s": "%s"' "$comma" "${pair%%=*}" \
            "$(printf %s "${pair#*=}" | base64 | tr -d '\n')"
        comma=", "
    done
    printf '}}'
}

# Makes one, of: namespace, name, type, and KEY=VALUE for each key. One that is there gets the keys
# that it lacks, as after an answer was changed.
secret() {
    local namespace=$1 name=$2 type=$3 there pair files lacking=()
    shift 3
    there=$(kubectl --namespace "$namespace" get secret "$name" --ignore-not-found \
        --output 'go-template={% raw %}{{range $key, $value := .data}}{{$key}} {{end}}{% endraw %}')
    if [[ -z $there ]]; then
        through_pipes "$@"
        kubectl --namespace "$namespace" create secret generic "$name" --type="$type" "${files[@]}"
        return
    fi
    for pair in "$@"; do
        [[ " $there" == *" ${pair%%=*} "* ]] || lacking+=("$pair")
    done
    if [[ -z ${lacking[*]-} ]]; then
        echo "Secret $namespace/$name is there already"
    else
        addition "${lacking[@]}" |
            kubectl --namespace "$namespace" patch secret "$name" --patch-file /dev/stdin
    fi
}

{% for each in secrets %}
secret {{ each.namespace }} {{ each.name }} {{ each.type }}{% for key, text in each.data.items() %} \
    {{ key }}={{ text | in_double_quotes }}{% endfor %}

{% endfor %}
