{# What both scripts begin with: where each value comes from. #}
{% if asks_for_secrets %}
# Reads a value that you have from the variable of that name, or asks for it.
given() {
    if [[ -z ${!1:-} ]]; then
        [[ -t 0 ]] || { echo "Set the variable $1: $2" >&2; exit 1; }
        read -rsp "$1, $2: " "$1" && echo >&2
    fi
    [[ -n ${!1:-} ]] || { echo "$1 is empty: $2" >&2; exit 1; }
}

{% endif %}
{% if dex_files %}
# The same, of a file.
given_file() {
    given "$1_file" "path of a file: $2"
    local file="$1_file"
    [[ -s ${!file} && -r ${!file} ]] || { echo "${!file} cannot be read, or is empty" >&2; exit 1; }
    printf -v "$1" %s "$(<"${!file}")"
}

{% endif %}
{% for each in secret_values %}
{% if each.is_file %}
given_file {{ each.name }} {{ each.about }}
{% elif not each.made %}
given {{ each.name }} {{ each.about }}
{% elif kept_values %}
{{ each.name }}=$(kept_or_new {{ each.kept[0] }} {{ each.kept[1] }} {{ each.kept[2] }})
{% else %}
{{ each.name }}=$(openssl rand -hex 32)
{% endif %}
{% endfor %}
{% for each in hashed %}
{{ each ~ "_sha1" }}=$(printf %s {{ ("${" ~ each ~ "}") | in_double_quotes }} | openssl dgst -sha1 -binary | openssl base64)
{% endfor %}
{% if answers.backups == "s3" %}
for key in "$s3_add_key_id" "$s3_add_key" "$s3_tidy_key_id" "$s3_tidy_key"; do
    # They go into a file of YAML.
    [[ $key =~ ^[A-Za-z0-9/+=._~-]+$ ]] || {
        echo "A key to S3 has other characters than letters, digits, / + = . _ ~ and -" >&2
        exit 1
    }
done
{% endif %}
{% if answers.database == "given" %}
for password in{% for each in databases %} "${{ each }}_database_password"{% endfor %}; do
{% if answers.has_accounting %}
    # Idle culler and accounting have theirs within an address.
{% else %}
    # The idle culler has its password within an address.
{% endif %}
    [[ $password =~ ^[A-Za-z0-9._~-]+$ ]] || {
        echo "A password of the database has other characters than letters, digits, . _ ~ and -" >&2
        exit 1
    }
done
{% endif %}

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
