#!/usr/bin/env bash
# Makes the Secrets of this installation, with values that nobody has seen. It holds none itself.
# Run again, it makes what is not there yet, and changes nothing else.
set -euo pipefail

# Prints what a key of a Secret holds, or something new if it is not there. Where the
# cluster does not answer, nothing is known, and nothing is made.
kept_or_new() {
    local kept
    kept=$(kubectl --namespace "$1" get secret "$2" --ignore-not-found \
        --output "go-template={{with index .data \"$3\"}}{{. | base64decode}}{{end}}") ||
        return 1
    if [[ -n $kept ]]; then
        printf %s "$kept"
    else
        openssl rand -hex 32
    fi
}

crypt_keeper_keys=$(kept_or_new gpucommons gpucommons-hub hub.config.CryptKeeper.keys)
cookie_secret=$(kept_or_new gpucommons gpucommons-hub hub.config.JupyterHub.cookie_secret)
people_token=$(kept_or_new gpucommons gpucommons-hub hub.services.gpucommons-people.apiToken)
idle_token=$(kept_or_new gpucommons gpucommons-hub hub.services.idle.apiToken)
dex_client_secret=$(kept_or_new gpucommons gpucommons-dex-client client-secret)
hub_database_password=$(kept_or_new gpucommons gpucommons-database-hub password)
idle_database_password=$(kept_or_new gpucommons gpucommons-database-idle password)

# Leaves the arguments of kubectl create in $files. Values go through pipes, because everybody on a
# machine can see the arguments of programs.
through_pipes() {
    local pair pipe
    files=()
    for pair in "$@"; do
        exec {pipe}< <(printf %s "${pair#*=}")
        files+=("--from-file=${pair%%=*}=/dev/fd/$pipe")
    done
}

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
        --output 'go-template={{range $key, $value := .data}}{{$key}} {{end}}')
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

secret gpucommons gpucommons-hub Opaque \
    hub.config.CryptKeeper.keys="${crypt_keeper_keys}" \
    hub.config.JupyterHub.cookie_secret="${cookie_secret}" \
    hub.services.gpucommons-people.apiToken="${people_token}" \
    hub.services.idle.apiToken="${idle_token}"
secret gpucommons gpucommons-dex-client Opaque \
    client-secret="${dex_client_secret}"
secret dex gpucommons-dex-client Opaque \
    client-secret="${dex_client_secret}"
secret gpucommons gpucommons-database-hub kubernetes.io/basic-auth \
    username="hub" \
    password="${hub_database_password}"
secret gpucommons gpucommons-database-idle kubernetes.io/basic-auth \
    username="idle" \
    password="${idle_database_password}"
secret gpucommons idle-culler Opaque \
    api-token="${idle_token}" \
    db-url="postgresql+psycopg2://idle:${idle_database_password}@gpucommons-database-rw:5432/idle?sslmode=require"
