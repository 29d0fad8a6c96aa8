"""An answer is kept as it was meant, or refused with what is allowed."""

from pathlib import Path

import pytest
import yaml
from gpucommons_contract.formats.yaml_files import parse_documents
from gpucommons_installer import InstallerError
from gpucommons_installer.answers_file import read_answers, write_answers
from gpucommons_installer.rendering import render
from gpucommons_installer.scalars import as_yaml
from gpucommons_installer.settling import as_given, settle
from hypothesis import example, given
from hypothesis import strategies as st

from .conftest import COMBINATIONS
from .samples import LEAST, PROVIDERS, S3, answers

_VISIBLE = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), max_size=60)


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("hub", "hub.example.org.", "ends with a dot; leave that out"),
        ("hub", "https://hub.example.org", "is an address; write the host name alone"),
        ("hub", "hub.example.org:8443", "has a port"),
        ("hub", "hub_1.example.org", "is not a host name"),
        ("hub", "-hub.example.org", "is not a host name"),
        ("hub", "hub", "is not a host name"),
        ("hub", "hüb.example.org", "is not a host name"),
        ("hub", "hub..example.org", "is not a host name"),
        ("hub", f"{'a' * 64}.example.org", "63 characters at most"),
        ("hub", ".".join(["a" * 50] * 6), "is not a host name"),
        ("hub", "10.0.0.1", "is an IP address"),
        ("hub", 'a"b: c', "is not a host name"),
        ("dex", "hub.example.org", "another name, or a path: hub.example.org/dex"),
        ("dex", "HUB.example.org", "another name, or a path: hub.example.org/dex"),
        ("dex", "hub.example.org/hub/dex", "/hub on hub.example.org is the hub's"),
        ("dex", "hub.example.org/dex/", "has an invalid path"),
        ("dex", "hub.example.org/a//b", "has an invalid path"),
        ("dex", "hub.example.org/", "has an invalid path"),
        ("lab_name", "x" * 41, "pages have room for 40"),
        ("lab_name", "Lab $HOME", "contains $"),
        ("accent", "#f37524", "Choose a darker colour"),
        ("accent", "blue", "six hexadecimal digits"),
        ("ingress_class", "Public", "cannot name an object"),
        ("storage_class", "fast ssd", "cannot name an object"),
        ("environment", "production", "is not one of dev, staging, prod"),
        ("registry", "registry.example.org", "does not name a place in a registry"),
        ("registry", "registry.example.org/GPU", "does not name a place in a registry"),
        ("registry", "registry.example.org/gpu:1", "does not name a place in a registry"),
        ("registry", "https://registry.example.org/gpu", "begins with a scheme"),
        ("registry", "registry.example.org:0/gpu", "has an invalid port"),
        ("workspace", "50GB", "did you mean 50Gi?"),
        ("workspace", "50", "did you mean 50Gi?"),
        ("workspace", "2Ei", "is more than there can be"),
        ("workspace", "500K", "Kubernetes writes k or Ki"),
        ("database_storage", "-1Gi", "is not an amount"),
        ("whole_gpus", "four", "is not a number"),
        ("whole_gpus", "-1", "is not a number"),
        ("whole_gpus", "٤", "is not a number"),
        ("whole_gpus", "0", "there are no GPUs then"),
        ("gpu_model", "NVIDIA H200", "which has no spaces"),
        ("api_port", "https", "write a number from 1 to 65535"),
        ("api_port", "65536", "is not a port"),
        ("team", "Vision", "cannot be a team"),
        ("team", "admins", "the group admins administers the hub"),
        ("team_name", "a" * 101, "101 characters; write 100 at most"),
        ("team_name", "a\u202eb", "which is invisible"),
        ("first_person", "ada", "is not an e-mail address"),
        ("first_person", "ada@example", "is not a host name"),
        ("present", "calico", "is not one of cert-manager"),
        ("environments", "none", "sessions need one"),
        ("environments", "julia", "is not one of scipy"),
        ("storage_access", "ReadOnlyMany", "is not one of"),
        ("clone", "a\nb", "which is invisible"),
        ("clone", "/srv/gpucommons", "kustomize takes relative paths only"),
        ("hub", "  ", "it is empty"),
        ("secrets", "plain", "is not one of commands, external-secrets, sealed-secrets"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_allowed(key, text, says):
    with pytest.raises(InstallerError) as refused:
        settle({**LEAST, key: text})
    flag = "--mig-slices" if says.startswith("there are no GPUs") else f"--{key.replace('_', '-')}"
    assert any(each.startswith(flag) and says in each for each in refused.value.problems)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"certificates": "letsencrypt", "environment": "dev"}, "dev has certificates of"),
        ({"certificates": "issuer"}, "--issuer: it is missing"),
        ({"database": "given"}, "--database-address: it is missing"),
        ({"database": "given", "database_address": "db.example.org:x"}, "has an invalid port"),
        ({"secrets": "external-secrets"}, "--secret-store: it is missing"),
        ({"shared_gpus": "1", "shares": "1"}, "write 2 to 48"),
        ({"mig_slices": "7"}, "--mig-profile: it is missing"),
        ({"mig_slices": "7", "mig_profile": "8g.80gb"}, "is not a profile"),
        ({"accounting": "maybe"}, "is not one of on, off"),
        ({"accounting": "on", "time_zone": "Mars/Base"}, "'Mars/Base' is no time zone; write the"),
        ({"accounting": "on", "time_zone": "../zone"}, "is no time zone"),
        ({"time_zone": "UTC"}, "--accounting is on"),
        ({"backups": "rest-server"}, "--backup-storage-class: it is missing"),
        ({"backups": "s3", "s3_bucket": "b.c"}, "--s3-endpoint: it is missing"),
        ({**S3, "s3_endpoint": "http://s3.example.org"}, "is not an address; write https://"),
        ({**S3, "s3_endpoint": "https://s3.example.org/b"}, "has a path"),
        ({**S3, "s3_bucket": "Snap"}, "cannot be a bucket"),
        ({**S3, "s3_region": "eu'"}, "is not a region"),
        ({**S3, "recovery_key": "AGE-SECRET-KEY-1QQ"}, "this is the private half"),
        ({**S3, "recovery_key": "age1b"}, "is no public key of age"),
        ({"s3_bucket": "b.c"}, "--s3-bucket: it is for where --backups is s3"),
        ({"shares": "4"}, "--shares: it is for where --shared-gpus is more than 0"),
        ({"ldap_host": "a.b"}, "--ldap-host: it is for where --identity-provider is ldap"),
        ({"identity_provider": "ldap"}, "--ldap-bind-dn: it is missing"),
        ({"identity_provider": "oidc", "oidc_issuer": "http://a.b"}, "write https://HOST/PATH"),
        (
            {"identity_provider": "oidc", "oidc_issuer": "https://a:b@c.d"},
            "write https://HOST/PATH",
        ),
        ({"identity_provider": "oidc", "oidc_issuer": "https://[1"}, "write https://HOST/PATH"),
        (
            {"identity_provider": "github", "github_organization": "a--b"},
            "cannot be a GitHub organ",
        ),
    ],
)
def test_answers_that_do_not_fit_one_another_are_refused(given, says):
    with pytest.raises(InstallerError) as refused:
        settle({**LEAST, **given})
    assert any(says in each for each in refused.value.problems)


def test_a_name_with_a_dollar_sign_is_refused_because_dex_would_put_a_variable_there():
    ldap = {**PROVIDERS["ldap"], "ldap_people": "ou=$HOME,dc=example,dc=org"}
    with pytest.raises(InstallerError, match="which Dex uses for variables"):
        answers(identity_provider="ldap", **ldap)


def test_everything_that_is_missing_is_named_at_once():
    with pytest.raises(InstallerError) as refused:
        settle({})
    flags = [each.partition(":")[0] for each in refused.value.problems]
    expected = ["hub", "dex", *sorted(LEAST.keys() - {"hub"})]
    assert sorted(flags) == sorted(f"--{each.replace('_', '-')}" for each in expected)


def test_dex_is_beside_the_hub_unless_somebody_says_otherwise():
    assert answers(hub="gpu.cs.example.org").dex == "dex.cs.example.org"
    assert answers(hub="example.org").dex == "dex.example.org"


def test_environments_keep_their_order_because_the_first_is_the_usual_one():
    assert answers(environments="pytorch, scipy pytorch").environments == ("pytorch", "scipy")


def test_a_path_of_dex_on_the_hubs_name_is_taken():
    settled = answers(dex="hub.example.org/dex")
    assert (settled.dex_host, settled.dex_path) == ("hub.example.org", "/dex")
    assert settled.dex_url == "https://hub.example.org/dex"


@pytest.mark.parametrize("given", COMBINATIONS)
def test_answers_are_the_same_after_they_were_written_and_read(given, tmp_path):
    settled = answers(**given)
    file = tmp_path / "answers.yaml"
    file.write_text(write_answers(settled))
    assert read_answers(file) == as_given(settled)
    assert settle(read_answers(file)) == settled


@example("yes")
@example("Null")
@example("1:20")
@example("1e3")
@example("2026-11-29")
@example("0o17")
@example("~")
@example("a: b")
@example("a #b")
@example("- a")
@example("50Gi")
@example("https://a.b/c,d")
@given(_VISIBLE)
def test_any_text_is_read_back_as_it_was_by_both_rules_of_yaml(text):
    for written in (f"k: {as_yaml(text)}", f"k: {as_yaml([text, text])}", as_yaml({"k": text})):
        (document,) = parse_documents(written, Path("any"))
        expected = [text, text] if written.startswith("k: [") else text
        assert document.value == {"k": expected}
        assert yaml.safe_load(written) == {"k": expected}


@given(_VISIBLE, _VISIBLE)
def test_odd_names_are_refused_or_reach_dex_and_the_hub_as_they_are(name, people):
    try:
        settled = answers(
            identity_provider="ldap",
            **{**PROVIDERS["ldap"], "ldap_people": people, "admins": name},
            provider_name=name,
            team_name=name,
        )
    except InstallerError:
        return
    rendered = {str(file): text for file, text in render(settled).items()}
    (dex,) = parse_documents(rendered["dex.yaml"], Path("dex.yaml"))
    (connector,) = dex.value["config"]["connectors"]
    assert connector["name"] == name.strip()
    assert connector["config"]["userSearch"]["baseDN"] == people.strip()
    (hub,) = parse_documents(rendered["jupyterhub.yaml"], Path("jupyterhub.yaml"))
    rules = hub.value["hub"]["config"]["DexOAuthenticator"]["group_rules"]
    assert {"connector": "ldap", "exact": name.strip(), "team": "admins"} in rules
    (teams,) = parse_documents(rendered["teams.yaml"], Path("teams.yaml"))
    assert teams.value[0]["display_name"] == name.strip()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hub: [a, [b]]", "answers.yaml:1:1: hub must be one value, or a list of words"),
        ("hub: true", "must be one value"),
        ("hubb: a", "answers.yaml:1:1: hubb is not a question; there are environment, hub"),
        ("hub: no", "can be read in two ways"),
        ("hub: a\nhub: b", "found duplicate key"),
        ("- hub", "must hold answers such as"),
    ],
)
def test_a_file_of_answers_with_mistakes_is_refused_with_their_places(tmp_path, text, says):
    file = tmp_path / "answers.yaml"
    file.write_text(text)
    with pytest.raises(InstallerError) as refused:
        read_answers(file)
    assert says in str(refused.value)
