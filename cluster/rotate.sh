#!/usr/bin/env bash
# Replaces one credential of an installation in its Secrets: docs/runbooks/operations/rotate-credentials.md.
# It prints no value, and restarts nothing: what it prints last is what to do next.
#
#   rotate.sh crypt-keys [--finish]
#   rotate.sh cookie-secret [--finish | --leaked]
#   rotate.sh token SERVICE
#   rotate.sh proxy-token
#   rotate.sh dex-client
#   rotate.sh database NAME
set -euo pipefail

hub=gpucommons-hub
crypt_keys=hub.config.CryptKeeper.keys
cookie_secret=hub.config.JupyterHub.cookie_secret
previous=previous-cookie-secret
proxy_token=hub.config.ConfigurableHTTPProxy.auth_token

fail() {
    echo "$*" >&2
    exit 1
}

# Prints what a key of a Secret holds; nothing for a key that it lacks. Of: namespace, Secret, key.
held() {
    kubectl --namespace "$1" get secret "$2" \
        --output "go-template={{with index .data \"$3\"}}{{. | base64decode}}{{end}}"
}

# Changes keys of a Secret, of: namespace, Secret, and KEY=VALUE for each; an empty value takes the
# key away. Values go through a pipe, because everybody on a machine can see arguments of programs.
change() {
    local namespace=$1 name=$2 pair comma=
    shift 2
    {
        printf '{"data": {'
        for pair in "$@"; do
            printf '%s"%s": ' "$comma" "${pair%%=*}"
            if [[ -n ${pair#*=} ]]; then
                printf '"%s"' "$(printf %s "${pair#*=}" | base64 | tr -d '\n')"
            else
                printf null
            fi
            comma=", "
        done
        printf '}}'
    } | kubectl --namespace "$namespace" patch secret "$name" --patch-file /dev/stdin
}

# Prints a new value.
new() {
    openssl rand -hex 32
}

# Restarts are for whoever runs this to choose the moment of. Of: Deployments.
restart_next() {
    echo "Next: kubectl -n gpucommons rollout restart$(printf ' deployment/%s' "$@")"
}

crypt_keys() {
    local held_keys
    held_keys=$(held gpucommons $hub $crypt_keys)
    [[ -n $held_keys ]] || fail "The Secret gpucommons/$hub has no $crypt_keys"
    case $1 in
        "") change gpucommons $hub "$crypt_keys=$(new);$held_keys" ;;
        --finish) change gpucommons $hub "$crypt_keys=${held_keys%%;*}" ;;
        *) fail "crypt-keys takes --finish, or nothing" ;;
    esac
    restart_next hub
}

cookie_secret() {
    local present before
    present=$(held gpucommons $hub $cookie_secret)
    before=$(held gpucommons $hub $previous)
    [[ -n $present ]] || fail "The Secret gpucommons/$hub has no $cookie_secret"
    case $1 in
        "")
            [[ -z $before ]] || fail "The secret before the present one is still accepted, and" \
                "there is room for one: run this with --finish first"
            change gpucommons $hub "$previous=$present" "$cookie_secret=$(new)"
            ;;
        --leaked) change gpucommons $hub "$previous=" "$cookie_secret=$(new)" ;;
        --finish) change gpucommons $hub "$previous=" ;;
        *) fail "cookie-secret takes --finish, --leaked, or nothing" ;;
    esac
    restart_next hub
}

token() {
    local service=$1 key secret= deployments=(hub) value
    key=hub.services.$service.apiToken
    [[ -n $service && -n $(held gpucommons $hub "$key") ]] ||
        fail "The Secret gpucommons/$hub has no token of a service '$service'"
    case $service in
        idle) secret=idle-culler ;;
        gpu) secret=accounting ;;
        files) secret=earlier-files ;;
    esac
    value=$(new)
    if [[ -n $secret ]]; then
        change gpucommons $secret "api-token=$value"
        deployments+=("$secret")
    fi
    change gpucommons $hub "$key=$value"
    [[ -n $secret ]] || echo "Whoever uses this token needs the new one: it is in gpucommons/$hub"
    restart_next "${deployments[@]}"
}

# The chart keeps this one in a Secret of its own, also beside hub.existingSecret.
proxy_token() {
    [[ -n $(held gpucommons hub $proxy_token) ]] ||
        fail "The Secret gpucommons/hub has no $proxy_token: does z2jh's chart run here?"
    change gpucommons hub "$proxy_token=$(new)"
    restart_next proxy hub
}

dex_client() {
    local value
    value=$(new)
    change dex gpucommons-dex-client "client-secret=$value"
    change gpucommons gpucommons-dex-client "client-secret=$value"
    echo "Next: kubectl -n dex rollout restart deployment/dex"
    restart_next hub
}

database() {
    local name=$1 value url secret= deployments=()
    [[ -n $name && -n $(held gpucommons "gpucommons-database-$name" password) ]] ||
        fail "There is no Secret gpucommons/gpucommons-database-$name with a password"
    case $name in
        hub) deployments=(hub) ;;
        idle) secret=idle-culler deployments=(idle-culler) ;;
        accounting) secret=accounting deployments=(accounting) ;;
        *) fail "No program of ours uses a database '$name'" ;;
    esac
    value=$(new)
    if [[ -n $secret ]]; then
        url=$(held gpucommons $secret db-url)
        [[ $url =~ ^([a-z0-9+]+://[^:@/]+:)[^@]*(@.*)$ ]] ||
            fail "The db-url of the Secret gpucommons/$secret has no password to replace"
        change gpucommons $secret "db-url=${BASH_REMATCH[1]}$value${BASH_REMATCH[2]}"
    fi
    # CloudNativePG looks at a change of a Secret only if that has this label.
    kubectl --namespace gpucommons label --overwrite secret "gpucommons-database-$name" \
        cnpg.io/reload=true
    change gpucommons "gpucommons-database-$name" "password=$value"
    restart_next "${deployments[@]}"
}

case ${1:-} in
    crypt-keys | cookie-secret | token | proxy-token | dex-client | database)
        "${1//-/_}" "${2:-}"
        ;;
    *) fail "$(sed -n 's/^#   //p' "$0")" ;;
esac
