"""The scripts make each Secret once, with values that nobody sees, and change nothing later."""

import base64
import hashlib
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from gpucommons_backup.settings_file import read_login
from gpucommons_installer.rendering import render
from gpucommons_installer.secrets import needed_secrets, needed_values

from .samples import ACCOUNTING, PROVIDERS, S3, STORE, answers

FILES_TOKEN = "hub.services.files.apiToken"
pytestmark = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("openssl")), reason="needs bash and openssl"
)

_KUBECTL = """#!/bin/sh
# Plays kubectl on a cluster that is a folder: get and create of Secrets, as the scripts ask.
# A Secret is a folder, NAMESPACE.NAME, with a file for each key.
set -eu
echo "$*" >>"$CLUSTER/calls"
if [ -e "$CLUSTER/away" ]; then
    echo "Unable to connect to the server" >&2
    exit 1
fi
if [ "$3" = get ]; then
    [ "$6" = --ignore-not-found ]
    secret=$CLUSTER/secrets/$2.$5
    [ -d "$secret" ] || exit 0
    case $8 in
        *range*) for each in "$secret"/*; do printf '%s ' "${each##*/}"; done ;;
        *)
            key=${8#*index .data \\"}
            key=${key%%\\"*}
            [ ! -e "$secret/$key" ] || cat "$secret/$key"
            ;;
    esac
    exit
fi
if [ "$3 $4 $6 $7" = "patch secret --patch-file /dev/stdin" ]; then
    exec python3 -c 'import base64, json, pathlib, sys
for key, value in json.load(sys.stdin)["data"].items():
    pathlib.Path(sys.argv[1], key).write_bytes(base64.b64decode(value))' "$CLUSTER/secrets/$2.$5"
fi
[ "$3 $4 $5 ${7%=*}" = "create secret generic --type" ]
secret=$CLUSTER/secrets/$2.$6
case "$*" in
    *--dry-run=client*) secret=$(mktemp -d) ;;
    *) mkdir "$secret" ;; # fails if it is there
esac
for each; do
    case $each in
        --from-file=*) each=${each#*=}; cat "${each#*=}" >"$secret/${each%%=*}" ;;
    esac
done
case "$*" in *--dry-run=client*) grep -r "" "$secret"; rm -r "$secret" ;; esac
"""


class _Installation:
    """A folder with a script, and a cluster that is played."""

    def __init__(self, folder: Path, cluster: Path, script: Path) -> None:
        self.folder, self.cluster, self.script = folder, cluster, script

    def run(self, **variables: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.cluster / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", self.script],
            env={"PATH": path, "CLUSTER": str(self.cluster), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def secrets(self) -> dict[tuple[str, str], dict[str, str]]:
        """Data of each Secret that was made, by namespace and name."""
        found = {}
        for secret in (self.cluster / "secrets").iterdir():
            namespace, _, name = secret.name.partition(".")
            found[namespace, name] = {key.name: key.read_text() for key in secret.iterdir()}
        return found


@pytest.fixture
def make(tmp_path):
    """Write the script of these answers, and play a cluster."""

    def make(**given: str) -> _Installation:
        rendered = {str(file): text for file, text in render(answers(**given)).items()}
        (script,) = (file for file in rendered if file.endswith(".sh"))
        place = tmp_path / "installation" / script
        place.parent.mkdir(parents=True)
        place.write_text(rendered[script])
        cluster = tmp_path / "cluster"
        (cluster / "secrets").mkdir(parents=True)
        (cluster / "bin").mkdir()
        _program(cluster / "bin" / "kubectl", _KUBECTL)
        _program(cluster / "bin" / "kubeseal", "#!/bin/sh\necho '# sealed'; exec cat\n")
        return _Installation(place.parent, cluster, place)

    return make


def _program(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def test_every_secret_is_made_with_values_that_fit_one_another(make):
    there = make()
    done = there.run()
    assert (done.returncode, done.stderr) == (0, "")
    found = there.secrets()
    expected = {(each.namespace, each.name): set(each.data) for each in needed_secrets(answers())}
    assert {key: set(data) for key, data in found.items()} == expected
    hub, culler = found["gpucommons", "gpucommons-hub"], found["gpucommons", "idle-culler"]
    assert hub["hub.services.idle.apiToken"] == culler["api-token"]
    assert found["gpucommons", "gpucommons-dex-client"] == found["dex", "gpucommons-dex-client"]
    password = found["gpucommons", "gpucommons-database-idle"]["password"]
    assert culler["db-url"].startswith(f"postgresql+psycopg2://idle:{password}@")
    random = [hub[key] for key in hub] + [password]
    assert len(set(random)) == len(random)
    assert all(len(each) == 64 for each in random)


def test_accounting_has_its_token_and_a_database_that_is_not_the_hub_s(make):
    there = make(**ACCOUNTING)
    assert there.run().returncode == 0
    found = there.secrets()
    hub, accounting = found["gpucommons", "gpucommons-hub"], found["gpucommons", "accounting"]
    assert hub["hub.services.gpu.apiToken"] == accounting["api-token"]
    account = found["gpucommons", "gpucommons-database-accounting"]
    begin = f"postgresql+psycopg2://accounting:{account['password']}@"
    assert account["username"] == "accounting"
    assert accounting["db-url"].startswith(begin)
    assert accounting["db-url"].endswith("/accounting?sslmode=require")


def test_no_value_is_among_the_arguments_of_a_program_or_in_the_output(make):
    there = make()
    done = there.run()
    seen = (there.cluster / "calls").read_text() + done.stdout + done.stderr
    values = [text for data in there.secrets().values() for text in data.values()]
    assert not [each for each in values if len(each) > 10 and each in seen]


def test_run_again_it_changes_nothing_and_makes_what_is_lacking_with_the_same_values(make):
    there = make()
    there.run()
    before = there.secrets()
    for lost in ("gpucommons.idle-culler", "dex.gpucommons-dex-client"):
        shutil.rmtree(there.cluster / "secrets" / lost)
    done = there.run()
    assert done.returncode == 0
    assert "Secret gpucommons/gpucommons-hub is there already" in done.stdout
    assert there.secrets() == before


def test_a_secret_that_is_there_gets_the_keys_that_a_new_answer_needs(make):
    there = make(**STORE)
    there.run()
    before = there.secrets()
    (there.cluster / "secrets" / "gpucommons.gpucommons-hub" / FILES_TOKEN).unlink()
    shutil.rmtree(there.cluster / "secrets" / "gpucommons.earlier-files")
    done = there.run()
    assert (done.returncode, done.stderr) == (0, "")
    after = there.secrets()
    token = after["gpucommons", "earlier-files"]["api-token"]
    hub = ("gpucommons", "gpucommons-hub")
    assert after[hub] == before[hub] | {FILES_TOKEN: token}
    seen = (there.cluster / "calls").read_text() + done.stdout
    assert token not in seen
    assert base64.b64encode(token.encode()).decode() not in seen


def test_the_store_and_those_who_use_it_have_the_same_logins(make, tmp_path):
    there = make(**STORE)
    done = there.run()
    assert (done.returncode, done.stderr) == (0, "")
    found = {name: data for (_, name), data in there.secrets().items()}
    for file, key, user in (
        ("credentials.yaml", "htpasswd", "snapshots"),
        ("tidy.yaml", "tidy-htpasswd", "tidy"),
    ):
        (tmp_path / file).write_text(found["backup-store-login"][file])
        login = read_login(tmp_path / file)
        assert login["RESTIC_REST_USERNAME"] == user
        digest = hashlib.sha1(login["RESTIC_REST_PASSWORD"].encode()).digest()
        assert found["backup-store"][key] == f"{user}:{{SHA}}{base64.b64encode(digest).decode()}"
    files = found["earlier-files"]
    assert files["credentials.yaml"] == found["backup-store-login"]["credentials.yaml"]
    assert files["api-token"] == found["gpucommons-hub"][FILES_TOKEN]


def test_keys_to_s3_are_asked_for_and_are_logins(make, tmp_path):
    there = make(**S3, s3_region="eu-central-1")
    keys = {"s3_add_key_id": "AKIA1", "s3_add_key": "ab+/=", "s3_tidy_key_id": "AKIA2"}
    assert "Set the variable s3_tidy_key" in there.run(**keys).stderr
    refused = there.run(**keys, s3_tidy_key="it's")
    assert refused.returncode == 1
    assert "other characters than letters" in refused.stderr
    assert not there.secrets()
    assert there.run(**keys, s3_tidy_key="c/d").returncode == 0
    (tmp_path / "tidy.yaml").write_text(
        there.secrets()["gpucommons", "backup-store-login"]["tidy.yaml"]
    )
    assert read_login(tmp_path / "tidy.yaml") == {
        "AWS_ACCESS_KEY_ID": "AKIA2",
        "AWS_SECRET_ACCESS_KEY": "c/d",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }


def test_a_cluster_that_does_not_answer_gets_no_new_values(make):
    there = make()
    (there.cluster / "away").touch()
    done = there.run()
    assert done.returncode != 0
    calls = (there.cluster / "calls").read_text().splitlines()
    assert [each.split()[2] for each in calls] == ["get"]


@pytest.mark.parametrize("kind", ["ldap", "github", "google", "oidc", "saml"])
def test_values_of_the_provider_are_asked_for_and_arrive_as_they_are(make, tmp_path, kind):
    there = make(identity_provider=kind, **PROVIDERS[kind])
    done = there.run()
    assert done.returncode == 1
    assert "Set the variable " in done.stderr
    assert not there.secrets()
    odd = 'a"b$c `d` \\ é'
    settled = answers(identity_provider=kind, **PROVIDERS[kind])
    given = {}
    for each in needed_values(settled):
        if each.is_file:
            (tmp_path / each.name).write_text(f"{odd}\nof a file")
            given[f"{each.name}_file"] = str(tmp_path / each.name)
        elif not each.made:
            given[each.name] = odd
    done = there.run(**given)
    assert (done.returncode, done.stderr) == (0, "")
    made = there.secrets()["dex", "gpucommons-dex-connector"]
    assert set(made.values()) <= {odd, f"{odd}\nof a file"}
    assert set(made) == {key.removesuffix("_file").replace("_", "-") for key in given}


def test_a_file_that_is_not_there_is_told_and_no_secret_is_made(make, tmp_path):
    there = make(identity_provider="saml", **PROVIDERS["saml"])
    done = there.run(saml_certificate_file=str(tmp_path / "none.pem"))
    assert done.returncode == 1
    assert "none.pem cannot be read, or is empty" in done.stderr
    assert not there.secrets()


def test_a_password_that_would_break_an_address_is_refused(make):
    there = make(database="given", database_address="db.example.org")
    done = there.run(hub_database_password="good", idle_database_password="p@ss/word")
    assert done.returncode == 1
    assert "other characters than letters, digits" in done.stderr
    assert not there.secrets()
    done = there.run(hub_database_password="good", idle_database_password="Pass-word.1")
    assert done.returncode == 0
    url = there.secrets()["gpucommons", "idle-culler"]["db-url"]
    assert url == "postgresql+psycopg2://idle:Pass-word.1@db.example.org:5432/idle?sslmode=require"


def test_sealed_secrets_are_files_of_all_secrets_and_never_made_twice(make):
    there = make(secrets="sealed-secrets")
    done = there.run()
    assert (done.returncode, done.stderr) == (0, "")
    files = {each.name for each in there.folder.glob("*.sealed.yaml")}
    needed = needed_secrets(answers(secrets="sealed-secrets"))
    assert files == {f"{each.namespace}-{each.name}.sealed.yaml" for each in needed}
    assert {each.name for each in there.folder.iterdir()} == {*files, "seal.sh"}
    before = {each: (there.folder / each).read_text() for each in files}
    done = there.run()
    assert done.returncode == 1
    assert "There are sealed Secrets already" in done.stderr
    assert before == {each: (there.folder / each).read_text() for each in files}


def test_external_secrets_take_every_value_from_the_store_that_the_readme_lists():
    settled = answers(
        secrets="external-secrets",
        secret_store="vault",
        identity_provider="saml",
        **PROVIDERS["saml"],
        **STORE,
    )
    rendered = {str(file): text for file, text in render(settled).items()}
    objects = list(yaml.safe_load_all(rendered["secrets/external-secrets.yaml"]))
    needed = {(each.namespace, each.name): each for each in needed_secrets(settled)}
    listed = set()
    for each in objects:
        secret = needed.pop((each["metadata"]["namespace"], each["metadata"]["name"]))
        template = each["spec"]["target"]["template"]
        assert (template["type"], set(template["data"])) == (secret.type, set(secret.data))
        known = {entry["secretKey"] for entry in each["spec"]["data"]}
        assert known == set(secret.values)
        listed |= {entry["remoteRef"]["property"] for entry in each["spec"]["data"]}
        assert each["spec"]["secretStoreRef"]["name"] == "vault"
    assert not needed
    assert listed == {each.name for each in needed_values(settled)}
    assert all(f"| `{name}` |" in rendered["README.md"] for name in listed)
    store = next(each for each in objects if each["metadata"]["name"] == "backup-store")
    assert store["spec"]["target"]["template"]["data"] == {
        "htpasswd": '{{ htpasswd "snapshots" .backup_add_password }}',
        "tidy-htpasswd": '{{ htpasswd "tidy" .backup_tidy_password }}',
    }
    culler = next(each for each in objects if each["metadata"]["name"] == "idle-culler")
    assert (
        "idle:{{ .idle_database_password }}@"
        in culler["spec"]["target"]["template"]["data"]["db-url"]
    )


@pytest.mark.skipif(not shutil.which("kubectl"), reason="needs kubectl, which makes these")
def test_the_real_kubectl_takes_values_through_pipes(make):
    there = make(secrets="sealed-secrets")
    (there.cluster / "bin" / "kubectl").unlink()
    done = there.run()
    assert (done.returncode, done.stderr) == (0, "")
    file = there.folder / "gpucommons-gpucommons-database-hub.sealed.yaml"
    secret = yaml.safe_load(file.read_text())
    assert secret["type"] == "kubernetes.io/basic-auth"
    plain = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert plain["username"] == "hub"
    assert len(plain["password"]) == 64
