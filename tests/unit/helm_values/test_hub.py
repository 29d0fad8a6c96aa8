"""The hub of the chart z2jh is set up as our parts expect it."""

import re
from pathlib import Path

from gpucommons_authenticator import DexOAuthenticator
from gpucommons_config.chart import ChartValues
from gpucommons_config.contradictions import HubSettings, contradictions
from gpucommons_config.pages.brand import Brand
from gpucommons_contract import IDLE_SERVICE, PEOPLE_SERVICE
from gpucommons_spawner import GPUSpawner
from gpucommons_spawner.settings import HOME, WORKSPACE_VOLUME
from jupyterhub.app import JupyterHub
from traitlets import HasTraits, import_item

from tests.unit.config.chart_config import CATALOGUE, config_of, untouched_values

from .charts import FOLDER, leaves, merge, read, releases, values
from .objects import CLUSTER, Object, objects, one


def test_hub_and_culler_are_the_same_image(hub, culler):
    base = read(FOLDER / "jupyterhub" / "base.yaml")["hub"]["image"]
    assert f"{base['name']}:{base['tag']}" == culler["spec"]["containers"][0]["image"]
    assert hub["image"]["tag"] == base["tag"]


def test_the_pre_puller_fetches_what_the_default_catalogue_starts_with(catalogue):
    image = read(FOLDER / "jupyterhub" / "base.yaml")["singleuser"]["image"]
    versions = catalogue.environments[catalogue.defaults.environment].versions
    assert f"{image['name']}:{image['tag']}" in {each.image for each in versions.values()}


def test_our_configuration_is_loaded_by_one_line_after_all_others(hub):
    line = "from gpucommons_config import configure; configure(c)"
    assert hub["extraConfig"] == {"zz-gpucommons": line}


def test_the_hub_finds_nothing_in_the_values_that_contradicts_it(environment):
    given = merge(untouched_values(), values("jupyterhub", environment))
    given["hub"]["config"]["GPUSpawner"]["catalogue_file"] = str(CATALOGUE)
    c = config_of(given)
    for line in given["hub"]["extraConfig"].values():
        exec(line, {"c": c})
    found = contradictions(HubSettings(JupyterHub(config=c), ChartValues(given)))
    assert not [each.sentence for each in found]


def test_authenticator_and_spawner_are_ours(hub):
    set_ = hub["config"]["JupyterHub"]
    assert import_item(set_["authenticator_class"]) is DexOAuthenticator
    assert import_item(set_["spawner_class"]) is GPUSpawner


def test_what_the_hub_is_set_to_are_settings_with_values_that_they_take(hub):
    classes = {each.__name__: each for each in (Brand, JupyterHub, DexOAuthenticator, GPUSpawner)}
    assert set(hub["config"]) <= set(classes)
    for name, settings in hub["config"].items():
        traits = classes[name].class_traits(config=True)
        assert set(settings) <= set(traits), name
        for trait, value in settings.items():
            traits[trait].validate(HasTraits(), value)


def test_the_catalogue_is_mounted_where_the_hub_reads_it(hub, culler):
    file = Path(hub["config"]["GPUSpawner"]["catalogue_file"])
    mount = _named(hub["extraVolumeMounts"], "mountPath", str(file.parent))
    volume = _named(hub["extraVolumes"], "name", mount["name"])
    assert (
        volume["configMap"] == _named(culler["spec"]["volumes"], "name", "catalogue")["configMap"]
    )
    assert "subPath" not in mount


def _named(items: list[Object], key: str, value: str) -> Object:
    (found,) = (each for each in items if each[key] == value)
    return found


def test_each_mount_of_the_hub_has_a_volume(hub):
    assert [e["name"] for e in hub["extraVolumeMounts"]] == [e["name"] for e in hub["extraVolumes"]]


def test_the_hub_of_dev_trusts_the_authority_that_its_ingress_has_a_certificate_of():
    dev = values("jupyterhub", "dev")
    file = dev["hub"]["config"]["DexOAuthenticator"]["http_request_kwargs"]["ca_certs"]
    mount = _named(dev["hub"]["extraVolumeMounts"], "mountPath", str(Path(file).parent))
    secret = _named(dev["hub"]["extraVolumes"], "name", mount["name"])["secret"]
    assert secret["secretName"] == dev["ingress"]["tls"][0]["secretName"]
    assert [each["path"] for each in secret["items"]] == [Path(file).name]


def test_hub_and_proxy_rather_not_run_on_nodes_of_sessions(environment):
    affinity = values("jupyterhub", environment)["scheduling"]["corePods"]["nodeAffinity"]
    assert affinity == {"matchNodePurpose": "prefer"}


# Defaults of the chart that would undo what we do


def test_defaults_of_the_chart_that_undo_what_we_do_are_changed(environment):
    given = dict(leaves(values("jupyterhub", environment)))
    expected = {
        "cull.enabled": False,
        "hub.concurrentSpawnLimit": 0,
        "hub.consecutiveFailureLimit": 0,
        "hub.allowNamedServers": True,
        "hub.db.type": "postgres",
        "hub.db.upgrade": True,
        "hub.pdb.enabled": False,
        "hub.serviceAccount.create": False,
        "rbac.create": False,
        "scheduling.userScheduler.enabled": False,
        "scheduling.podPriority.enabled": False,
        "singleuser.cloudMetadata.blockWithIptables": False,
        "singleuser.networkPolicy.enabled": False,
        "prePuller.hook.enabled": False,
    }
    assert {key: given.get(tuple(key.split("."))) for key in expected} == expected


def test_the_workspace_is_the_volume_that_the_spawner_knows(environment):
    storage = values("jupyterhub", environment)["singleuser"]["storage"]
    assert storage["type"] == "dynamic"
    assert storage["homeMountPath"] == HOME
    assert storage["dynamic"]["volumeNameTemplate"] == WORKSPACE_VOLUME
    assert "pvcNameTemplate" not in storage["dynamic"]


# Accounts, namespaces, services


def test_the_hub_runs_under_the_account_that_has_rights(hub):
    accounts = objects(CLUSTER / "base" / "service-accounts.yaml")
    known = {(each["metadata"]["namespace"], each["metadata"]["name"]) for each in accounts}
    assert (releases()["jupyterhub"].namespace, hub["serviceAccount"]["name"]) in known


def test_hub_and_dex_are_where_our_objects_expect_them():
    for release, file in (("jupyterhub", "namespace.yaml"), ("dex", "dex-namespace.yaml")):
        name = one(CLUSTER / "base" / file, "Namespace")["metadata"]["name"]
        assert releases()[release].namespace == name


def test_sessions_know_the_hub_by_a_name_that_holds_in_every_namespace(hub, culler):
    url = hub["config"]["JupyterHub"]["hub_connect_url"]
    namespace = releases()["jupyterhub"].namespace
    variables = {e["name"]: e.get("value") for e in culler["spec"]["containers"][0]["env"]}
    asked = re.match(r"http://(\w+):(\d+)/", variables["JUPYTERHUB_API_URL"])
    assert url == f"http://{asked[1]}.{namespace}.svc:{asked[2]}"


def test_the_hubs_services_are_ours_at_their_addresses(hub):
    service = one(CLUSTER / "idle-culler" / "service.yaml", "Service")
    name, (port,) = service["metadata"]["name"], service["spec"]["ports"]
    assert set(hub["services"]) == {IDLE_SERVICE, PEOPLE_SERVICE}
    assert hub["services"][IDLE_SERVICE]["url"] == f"http://{name}:{port['port']}"
