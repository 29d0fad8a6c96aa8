"""Whatever is answered, the files are valid, fit one another, and hold no secret."""

import json
import re
import shutil
import subprocess
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from gpucommons_accounting.service.accounting import Accounting
from gpucommons_authenticator import DexOAuthenticator
from gpucommons_authenticator.identity.connectors import parse_connectors
from gpucommons_authenticator.identity.group_rules import mapped_groups, parse_rules
from gpucommons_backup.controller.settings import Settings
from gpucommons_backup.service.settings import ServiceSettings
from gpucommons_backup.settings_file import read_model
from gpucommons_config.pages.brand import Brand
from gpucommons_installer.facts import VERSION
from gpucommons_installer.rendering import render
from gpucommons_people.files.configuration import read_configuration
from gpucommons_people.teams.team import read_teams
from gpucommons_spawner import GPUSpawner
from gpucommons_spawner.catalogue.environment import utc_today
from gpucommons_spawner.catalogue.file import CheckedCatalogue, checked_catalogue
from reference_pages.project import ROOT
from traitlets import HasTraits
from traitlets.config import Config

from tests.unit.cluster_objects.kustomize import (
    identity,
    made,
    named,
    of_kind,
    part,
    pod_template,
)
from tests.unit.helm_values.charts import (
    EXAMPLE,
    FOLDER,
    documents,
    helm_commands,
    named_secrets,
    read,
    releases,
    values,
    written_out,
)
from tests.unit.helm_values.schema import mistakes
from tests.unit.kubectl import kustomized

from .samples import ACCOUNTING, PROVIDERS, S3, STORE, answers, write_all

_CHARTS = ("jupyterhub", "dex", "nvidia-device-plugin")
_OF_CERT_MANAGER = {"hub-tls", "dex-tls"}


def _yaml(folder: Path) -> list[Path]:
    return sorted(each for each in folder.rglob("*.yaml"))


# What is written stays as it is, and no test changes what it reads of it.
_values = cache(values)


def _document(file: Path) -> Any:
    (found,) = documents(file)
    return found.value


@cache
def _catalogue(folder: Path) -> CheckedCatalogue:
    return checked_catalogue(folder / "catalogue.yaml", utc_today())


def test_the_example_is_what_is_written_for_example_org():
    settled = answers(team_name="Computer Vision", shared_gpus="4")
    rendered = {str(file): text for file, text in render(settled).items()}
    kept = {
        str(file.relative_to(EXAMPLE)): file.read_text()
        for file in EXAMPLE.rglob("*")
        if file.is_file() and file.name != "answers.yaml"
    }
    assert kept == rendered


def test_every_file_is_yaml_that_our_reader_takes(installation):
    _, folder = installation
    for file in _yaml(folder):
        assert documents(file), file


def test_the_catalogue_has_no_mistakes_and_its_images_are_those_that_are_built(installation):
    settled, folder = installation
    found = _catalogue(folder)
    assert not found.warnings
    for name, environment in found.catalogue.environments.items():
        (version,) = environment.versions.values()
        assert version.image == f"{settled.registry}/{name}:{VERSION}"
        assert f"-t {version.image}" in (folder / "README.md").read_text()


def test_the_queue_has_every_resource_that_a_size_asks_for_and_no_other(installation):
    settled, folder = installation
    if settled.queue == "none":
        pytest.skip("has no queue")
    catalogue = _catalogue(folder).catalogue
    asked = {
        resource
        for size in catalogue.sizes.values()
        if size.gpu
        for resource in size.gpu.fields().limits
    }
    (group,) = _document(folder / "queue" / "queue.yaml")["spec"]["resourceGroups"]
    (flavor,) = group["flavors"]
    assert asked == set(group["coveredResources"]) == {e["name"] for e in flavor["resources"]}


def test_the_hub_is_set_to_the_queue_that_is_made_and_otherwise_to_none(installation):
    settled, folder = installation
    hub = _values("jupyterhub", settled.environment, folder)["hub"]
    made = (folder / "queue").exists()
    assert made is (settled.queue == "kueue")
    assert hub["config"]["GPUSpawner"]["queue"] == ("sessions" if made else "")
    assert ("kubectl apply --server-side -k queue" in (folder / "README.md").read_text()) is made


def test_the_device_plugin_cuts_gpus_as_sizes_ask(installation):
    settled, folder = installation
    catalogue = _catalogue(folder).catalogue
    given = _values("nvidia-device-plugin", settled.environment, folder)
    replicas = int(re.search(r"replicas: (\d+)", given["config"]["map"]["shares"])[1])
    shares = {size.gpu.shares for size in catalogue.sizes.values() if hasattr(size.gpu, "shares")}
    assert shares <= {replicas}
    operator = folder / "gpu-operator" / "configs.yaml"
    if operator.exists():
        assert _document(operator)["data"] == given["config"]["map"]


def test_the_gpu_operator_is_told_what_its_device_plugin_needs_to_know(installation):
    settled, folder = installation
    readme = (folder / "README.md").read_text()
    told = [json.loads(each) for each in re.findall(r"--patch '(.*)'", readme)]
    expected = []
    if "gpu-operator" in settled.present:
        configs = _document(folder / "gpu-operator" / "configs.yaml")
        named = {"name": configs["metadata"]["name"], "default": "whole"}
        assert named["default"] in configs["data"]
        expected.append({"spec": {"devicePlugin": {"config": named}}})
        if settled.mig_slices:  # counts before migStrategy of the configurations
            expected.append({"spec": {"mig": {"strategy": "mixed"}}})
    assert told == expected


def test_hub_and_dex_agree_about_each_other(installation):
    settled, folder = installation
    dex = _values("dex", settled.environment, folder)
    hub = _values("jupyterhub", settled.environment, folder)
    settings = hub["hub"]["config"]["DexOAuthenticator"]
    (client,) = dex["config"]["staticClients"]
    assert dex["config"]["issuer"] == settings["issuer"] == settled.dex_url
    assert client["redirectURIs"] == [settings["oauth_callback_url"]]
    assert client["secretEnv"] in {each["name"] for each in dex["envVars"]}
    assert {hub["ingress"]["hosts"][0], dex["ingress"]["hosts"][0]["host"]} == {
        settled.hub,
        settled.dex_host,
    }
    offered = {each.id for each in parse_connectors(settings.get("connectors", ()))}
    there = {each["id"] for each in dex["config"].get("connectors", ())}
    assert offered == (there | {"local"} if there else set())
    rules = parse_rules(settings["group_rules"])
    assert {each.connector for each in rules} == there | {"local"}


def test_hub_culler_and_dex_have_one_name_and_colour(installation):
    settled, folder = installation
    said = {"name": settled.lab_name, "accent": settled.accent}
    hub = _values("jupyterhub", settled.environment, folder)["hub"]["config"]
    assert hub["Brand"] == _document(folder / "idle-culler.yaml")["Brand"] == said
    Brand(config=Config({"Brand": said}))
    dex = _values("dex", settled.environment, folder)["config"]
    assert dex["frontend"] == {
        "issuer": settled.lab_name,
        "logoURL": f"{settled.hub_url}/hub/logo",
        "extra": {"accent": settled.accent},
    }
    assert dex["staticClients"][0]["name"] == settled.lab_name


def test_what_the_hub_is_set_to_are_settings_with_values_that_they_take(installation):
    settled, folder = installation
    config = _values("jupyterhub", settled.environment, folder)["hub"]["config"]
    for each in (DexOAuthenticator, GPUSpawner):
        traits = each.class_traits(config=True)
        for trait, value in config[each.__name__].items():
            traits[trait].validate(HasTraits(), value)


def test_secrets_are_named_and_never_written_out(installation):
    settled, folder = installation
    for chart in _CHARTS:
        assert not list(written_out(_values(chart, settled.environment, folder)))
    for file in _yaml(folder):
        assert not any(list(written_out(each.value)) for each in documents(file)), file


def test_variables_of_connectors_come_from_secrets(installation):
    settled, folder = installation
    dex = _values("dex", settled.environment, folder)
    used = set(re.findall(r"\$([A-Z_]+)", str(dex["config"])))
    assert used == {each["name"] for each in dex["envVars"]} - {"HUB_CLIENT_SECRET"}


def test_every_secret_that_values_name_is_made(installation):
    settled, folder = installation
    made = set()
    for file in (folder / "secrets").iterdir():
        made |= set(re.findall(r"^secret \S+ (\S+)", file.read_text(), re.MULTILINE))
        made |= set(re.findall(r"metadata: \{name: ([^,]+),", file.read_text()))
    for chart in ("jupyterhub", "dex"):
        given = named_secrets(_values(chart, settled.environment, folder))
        assert given - _OF_CERT_MANAGER <= made


def test_ingresses_have_an_issuer_that_is_made_or_given(installation):
    settled, folder = installation
    file = folder / "certificates" / "issuer.yaml"
    made = {each.value["metadata"]["name"] for each in documents(file)} if file.exists() else set()
    for chart in ("jupyterhub", "dex"):
        ingress = _values(chart, settled.environment, folder)["ingress"]
        issuer = ingress["annotations"]["cert-manager.io/cluster-issuer"]
        assert issuer in (made or {settled.issuer})


def test_a_hub_trusts_an_authority_that_no_browser_knows(installation):
    settled, folder = installation
    hub = _values("jupyterhub", settled.environment, folder)["hub"]
    private = settled.certificates == "authority" or settled.issuer_is == "private"
    mounts = {each["name"]: each["mountPath"] for each in hub["extraVolumeMounts"]}
    assert set(mounts) == {each["name"] for each in hub["extraVolumes"]}
    assert "catalogue" in mounts
    assert ("authority" in mounts) is private
    trusted = hub["config"]["DexOAuthenticator"].get("http_request_kwargs")
    assert (trusted == {"ca_certs": "/etc/gpucommons/authority/ca.crt"}) is private


def test_environments_do_not_trust_more_than_they_need():
    base = read(FOLDER / "jupyterhub" / "base.yaml")["hub"]
    assert [each["name"] for each in base["extraVolumes"]] == ["catalogue", "temporary"]


@pytest.mark.parametrize("chart", _CHARTS)
def test_the_chart_takes_every_value(installation, chart):
    settled, folder = installation
    given = _values(chart, settled.environment, folder)
    assert not list(mistakes(releases()[chart], given))


def test_the_readme_installs_what_the_cluster_lacks_as_the_helmfile_does(installation):
    settled, folder = installation
    found = helm_commands((folder / "README.md").read_text())
    for name, (version, namespace, files) in found.items():
        release = releases()[name]
        assert (version, namespace) == (release.version, release.namespace)
        own = [f"{name}.yaml"] if (folder / f"{name}.yaml").exists() else []
        layers = ("base", settled.environment)
        assert files == [f"$clone/helm-values/{name}/{each}.yaml" for each in layers] + own
    lacking = set(releases()) - set(found)
    expected = set(settled.present) - {"gpu-operator"}
    if "gpu-operator" in settled.present:
        expected |= {"nvidia-device-plugin", "node-feature-discovery"}
    expected |= {"cloudnative-pg"} if settled.database == "given" else set()
    expected |= {"kueue"} if settled.queue == "none" else set()
    assert lacking == expected
    selected = re.findall(r"name!=([\w-]+)", (folder / "README.md").read_text())
    assert set(selected) == lacking


def test_the_readme_names_each_folder_and_file(installation):
    _, folder = installation
    text = (folder / "README.md").read_text()
    for each in folder.iterdir():
        if each.name not in {"README.md", ".gitignore", ".written.json"}:
            assert f"| `{each.name}{'/' if each.is_dir() else ''}` |" in text
    assert "\n\n\n" not in text


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash, which reads these")
def test_bash_can_read_every_command(installation):
    _, folder = installation
    blocks = re.findall(
        r"^```sh\n(.*?)^```", (folder / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    scripts = [each.read_text() for each in folder.glob("secrets/*.sh")]
    done = subprocess.run(
        ["bash", "-n"],
        input="\n".join([*blocks, *scripts]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_teams_and_settings_of_the_commands_are_taken(installation):
    settled, folder = installation
    (team,) = read_teams(folder / "teams.yaml")
    assert (team.name, team.title) == (settled.team, settled.team_name)
    assert not {"gpus", "gpu_shares"} & team.limits().keys()
    assert not team.resources  # sessions that wait would count, and be refused
    configuration = read_configuration(folder / "people.yaml")
    assert configuration.address == settled.hub_url
    ignored = (folder / ".gitignore").read_text().split()
    for file in (configuration.kubeconfig, configuration.hub.token_file, configuration.audit_log):
        assert file.parent == folder
        assert file.name in ignored


def test_kustomizations_name_files_that_are_there(installation):
    _, folder = installation
    for file in folder.rglob("kustomization.yaml"):
        made = _document(file)
        patches = [each["path"] for each in made.get("patches", ()) if "path" in each]
        listed = [*made["resources"], *patches]
        for generator in made.get("configMapGenerator", ()):
            listed += [each.partition("=")[2] or each for each in generator["files"]]
        for each in listed:
            place = (file.parent / each).resolve()
            clone = folder.parent.resolve()
            assert place.exists() or (ROOT / place.relative_to(clone)).is_dir(), (file, each)


def test_the_checks_know_the_authority_that_the_hub_is_told_of(installation):
    settled, folder = installation
    hub = _values("jupyterhub", settled.environment, folder)["hub"]
    told = hub["config"]["DexOAuthenticator"].get("http_request_kwargs", {}).get("ca_certs")
    volumes = [each for each in hub["extraVolumes"] if each["name"] == "authority"]
    mounts = [each for each in hub["extraVolumeMounts"] if each["name"] == "authority"]
    made = _document(folder / "doctor" / "kustomization.yaml")
    patches = [
        yaml.safe_load(each["patch"])
        for each in made.get("patches", ())
        if each["target"]["kind"] == "CronJob"
    ]
    added = [
        change["value"] for patch in patches for change in patch if "backup" not in str(change)
    ]
    assert added == ([f"--ca={told}", *mounts, *volumes] if told else [])


def test_the_checks_read_the_settings_of_the_snapshots_where_there_are_some(tmp_path):
    shutil.copytree(ROOT / "cluster", tmp_path / "cluster")
    folder = tmp_path / "installation"
    write_all(folder, answers(**STORE))
    job = named(made(folder / "doctor"), "CronJob", "doctor")
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (place,) = [each["mountPath"] for each in container["volumeMounts"] if each["name"] == "backup"]
    assert f"--backup={place}/backup.yaml" in container["args"]
    (volume,) = [each for each in pod["volumes"] if each["name"] == "backup"]
    told = named(made(folder / "backup"), "ConfigMap", volume["configMap"]["name"])
    assert "backup.yaml" in told["data"]


@pytest.mark.parametrize("database", ["made", "given"])
def test_kustomize_renders_each_folder(tmp_path, database):
    given = {}
    if database == "given":
        given = {"database_address": "db.example.org", "certificates": "authority"}
    settled = answers(
        database=database, parts="gpu-processes", present="gpu-operator", shared_gpus="2", **given
    )
    shutil.copytree(ROOT / "cluster", tmp_path / "cluster")
    folder = tmp_path / "installation"
    write_all(folder, settled)
    for file in folder.rglob("kustomization.yaml"):
        (tmp_path / f"{file.parent.name}.yaml").write_text(kustomized(file.parent))
    culler = (tmp_path / "installation.yaml").read_text()
    assert f"image: {settled.registry}/hub:{VERSION}" in culler
    doctor = (tmp_path / "doctor.yaml").read_text()
    assert f"image: {settled.registry}/hub:{VERSION}" in doctor
    assert ("- --ca=" in doctor) is (database == "given")
    assert "namespace: kube-node-lease" in doctor
    agent = (tmp_path / "gpu-processes.yaml").read_text()
    assert f"image: {settled.registry}/node-agent:{VERSION}" in agent
    assert _queue_of(tmp_path / "queue.yaml") == {
        "nvidia.com/gpu": "4",
        "nvidia.com/gpu.shared": "8",
    }
    if database == "made":
        objects = [each.value for each in documents(tmp_path / "database.yaml")]
        (cluster,) = (each for each in objects if each["kind"] == "Cluster")
        assert cluster["spec"]["storage"] == {"size": "10Gi", "storageClass": "standard"}
        assert cluster["metadata"]["namespace"] == "gpucommons"
        assert cluster["spec"]["instances"] == 2


@pytest.mark.parametrize("given", [STORE, S3])
def test_kustomize_renders_what_takes_snapshots_and_its_settings_are_good(tmp_path, given):
    shutil.copytree(ROOT / "cluster", tmp_path / "cluster")
    folder = tmp_path / "installation"
    settled = answers(**given)
    write_all(folder, settled)
    image = f"{settled.registry}/backup:{VERSION}"
    objects = made(folder / "backup")
    told = named(objects, "ConfigMap", "backup")
    assert told["metadata"]["namespace"] == "gpucommons"
    assert told["data"]["image"] == image
    (tmp_path / "backup.yaml").write_text(told["data"]["backup.yaml"])
    settings = read_model(tmp_path / "backup.yaml", Settings, ())
    assert settings.image == image
    assert settings.tidy_credentials == Path("/etc/gpucommons/store/tidy.yaml")
    files = made(folder / "earlier-files")
    (tmp_path / "files.yaml").write_text(
        named(files, "ConfigMap", "earlier-files")["data"]["files.yaml"]
    )
    of_files = read_model(tmp_path / "files.yaml", ServiceSettings, ())
    assert of_files.store == settings.store
    assert settings.wishes.token_file == of_files.wishes_token
    for name in ("backup", "earlier-files"):
        used = set(re.findall(r"image: (\S+/\S+)", kustomized(folder / name)))
        assert used == {image, f"{settled.registry}/hub:{VERSION}"}
    config = _values("jupyterhub", settled.environment, folder)["hub"]
    port = named(files, "Service", "earlier-files")["spec"]["ports"][0]["port"]
    assert config["config"]["GPUSpawner"]["files_url"].startswith(
        f"http://earlier-files.gpucommons.svc:{port}/"
    )
    assert "files" in config["services"]
    if given is STORE:
        assert settings.store == "rest:http://backup-store.gpucommons.svc:8000/"
        store = named(made(folder / "backup-store"), "PersistentVolumeClaim", "backup-store")
        assert store["spec"]["storageClassName"] == "cold"
        assert store["spec"]["resources"] == {"requests": {"storage": "2Ti"}}
    else:
        assert settings.store == "s3:https://s3.example.org/lab.snapshots/"
        assert settings.recovery.recipient == S3["recovery_key"]
        assert settings.address("vision/x", tidies=True) == f"{settings.store}vision/x/"


def test_accounting_is_a_service_of_the_hub_with_settings_and_a_database_of_its_own(tmp_path):
    shutil.copytree(ROOT / "cluster", tmp_path / "cluster")
    folder = tmp_path / "installation"
    settled = answers(**ACCOUNTING)
    write_all(folder, settled)
    objects = made(folder)
    told = named(objects, "ConfigMap", "accounting")["data"]["values.yaml"]
    settings = Config(yaml.safe_load(told))
    assert Accounting(settings, {}).time_zone == "Europe/Berlin"
    assert Brand(config=settings).name == settled.lab_name
    (container,) = pod_template(named(objects, "Deployment", "accounting"))["spec"]["containers"]
    catalogue = Path(settings.Accounting.catalogue_file)
    assert str(catalogue.parent) in {each["mountPath"] for each in container["volumeMounts"]}
    assert container["image"] == f"{settled.registry}/hub:{VERSION}"
    service = _values("jupyterhub", settled.environment, folder)["hub"]["services"]["gpu"]
    (port,) = named(objects, "Service", "accounting")["spec"]["ports"]
    assert service["url"] == f"http://accounting:{port['port']}"
    database = made(folder / "database")
    kept = named(database, "Database", "gpucommons-accounting")
    assert (kept["spec"]["name"], kept["spec"]["owner"]) == ("accounting", "accounting")
    roles = named(database, "Cluster", "gpucommons-database")["spec"]["managed"]["roles"]
    assert {each["name"]: each["passwordSecret"]["name"] for each in roles} == {
        each: f"gpucommons-database-{each}" for each in ("idle", "accounting")
    }


def test_without_accounting_nothing_of_it_is_there():
    rendered = {str(file): text for file, text in render(answers()).items()}
    del rendered["README.md"]
    assert not [file for file, text in rendered.items() if "accounting" in file + text]


@pytest.mark.parametrize("port", [443, 6443, 16443])
def test_every_policy_that_expects_the_api_server_expects_it_where_it_is(tmp_path, port):
    shutil.copytree(ROOT / "cluster", tmp_path / "cluster")
    folder = tmp_path / "installation"
    more = {"parts": "gpu-processes", "certificates": "authority", **STORE, **ACCOUNTING}
    settled = answers(api_port=str(port), **more)
    write_all(folder, settled)
    places = {each.parent for each in folder.rglob("kustomization.yaml")}
    if port != 16443:
        assert '-k "$clone/cluster/network-policies"' in (folder / "README.md").read_text()
        places.add(tmp_path / "cluster" / "network-policies")
    expecting = {}
    for place in sorted(places):
        for policy in of_kind(made(place), "NetworkPolicy"):
            rules = [each for each in policy["spec"].get("egress") or () if "to" not in each]
            ports = {each["port"] for rule in rules for each in rule["ports"]}
            if 6443 in ports:
                expecting[policy["metadata"]["name"]] = port in ports
    names = ("accounting", "backup", "doctor", "gpu-processes", "gpucommons-database")
    assert expecting == dict.fromkeys([*names, "hub-beyond-addresses", "idle-culler"], True)


@pytest.mark.parametrize("address", ["db.example.org", "db.example.org:6432"])
def test_services_with_a_database_are_let_out_to_it_where_it_is(tmp_path, address):
    shutil.copytree(ROOT / "cluster", tmp_path / "cluster")
    folder = tmp_path / "installation"
    write_all(folder, answers(database="given", database_address=address, **ACCOUNTING))
    policies = {each["metadata"]["name"]: each for each in of_kind(made(folder), "NetworkPolicy")}
    assert set(policies) == {"idle-culler", "accounting"}
    for each in policies.values():
        rules = [rule for rule in each["spec"]["egress"] if "to" not in rule]
        ports = [port["port"] for rule in rules for port in rule["ports"]]
        assert ports.count(6432) == ("6432" in address)
        assert 5432 in ports
    url = (folder / "secrets" / "make.sh").read_text()
    assert f"@{address}{'' if ':' in address else ':5432'}/accounting?" in url


def _queue_of(rendered: Path) -> dict[str, str]:
    """What the queue has of each resource; it is that of cluster/queue in all else."""
    objects = [deepcopy(each.value) for each in documents(rendered)]
    ours = part("queue")
    assert {identity(each) for each in objects} == {identity(each) for each in ours}
    (group,) = _without_numbers(objects)
    (unpatched,) = _without_numbers(ours)
    assert objects == ours
    (flavor,) = group["flavors"]
    assert flavor["name"] == unpatched["flavors"][0]["name"]
    assert group["coveredResources"] == [each["name"] for each in flavor["resources"]]
    return {each["name"]: each["nominalQuota"] for each in flavor["resources"]}


def _without_numbers(objects: list[Any]) -> list[Any]:
    """Take the numbers of the queue's GPUs out, and return them."""
    groups: list[Any] = named(objects, "ClusterQueue", "gpucommons")["spec"].pop("resourceGroups")
    return groups


_QUEUE_BEFORE = """
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: gpus}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: gpucommons}
spec:
  namespaceSelector:
    matchExpressions: [{key: gpucommons.io/team, operator: Exists}]
  preemption: {withinClusterQueue: LowerPriority}
  resourceGroups:
    - coveredResources: [nvidia.com/gpu]
      flavors:
        - name: gpus
          resources:
            - {name: nvidia.com/gpu, nominalQuota: "7"}
"""
"""queue/queue.yaml of older folders, which had all of the queue, with a number changed by hand."""


def test_numbers_of_an_older_folder_that_were_changed_by_hand_count_after_an_update(tmp_path):
    shutil.copytree(ROOT / "cluster", tmp_path / "cluster")
    folder = tmp_path / "installation"
    write_all(folder, answers())
    (folder / "queue" / "queue.yaml").write_text(_QUEUE_BEFORE)
    (tmp_path / "queue.yaml").write_text(kustomized(folder / "queue"))
    assert _queue_of(tmp_path / "queue.yaml") == {"nvidia.com/gpu": "7"}


def test_the_database_that_is_given_is_the_hubs_and_the_cullers():
    rendered = {str(k): v for k, v in render(_given_database()).items()}
    address = "db.example.org:6432"
    assert f"postgresql+psycopg2://hub@{address}/hub?sslmode=require" in rendered["jupyterhub.yaml"]
    assert f"@{address}/idle?sslmode=require" in rendered["secrets/make.sh"]
    assert "database/kustomization.yaml" not in rendered


def _given_database():
    return answers(database="given", database_address="db.example.org:6432")


def test_versions_of_images_are_those_of_the_base():
    hub = read(FOLDER / "jupyterhub" / "base.yaml")["hub"]["image"]
    assert hub["tag"] == VERSION


@pytest.mark.parametrize(
    ("kind", "group", "team"),
    [
        ("ldap", "gpu-vision", "vision"),
        ("ldap", "vision", None),
        ("ldap", "it-staff", "admins"),
        ("github", "lab-x:vision", "vision"),
        ("github", "other:vision", None),
        ("github", "lab-x:owners", "admins"),
        ("google", "gpu.vision@example.org", "vision"),
        ("google", "gpuxvision@example.org", None),
        ("google", "gpu.vision@example.orgx", None),
        ("google", "gpu.vision@example-org", None),
        ("oidc", "vision", "vision"),
    ],
)
def test_groups_of_the_provider_become_teams(tmp_path, kind, group, team):
    settled = answers(identity_provider=kind, **PROVIDERS[kind])
    file = tmp_path / "jupyterhub.yaml"
    file.write_text(
        next(text for name, text in render(settled).items() if str(name) == "jupyterhub.yaml")
    )
    rules = parse_rules(read(file)["hub"]["config"]["DexOAuthenticator"]["group_rules"])
    made = mapped_groups(rules, [group], kind, reserved=["admins"])
    assert (team in made) if team else not made
