"""Device plugin and queue give out what the catalogue's sizes ask for."""

from pathlib import Path
from typing import Any

import yaml
from gpucommons_contract.formats.yaml_files import parse_documents
from gpucommons_local.addons import kueue
from gpucommons_local.hub.hub import TEAM_QUEUE
from gpucommons_spawner.catalogue.gpu_modes.nvidia import MIG, MPS, Exclusive

from .charts import values
from .objects import TEAM_BASE, one


def test_the_device_plugin_makes_the_shares_that_sizes_ask_for(environment, catalogue):
    configs = _plugin_configs(environment)
    shares = {each.gpu.shares for each in catalogue.sizes.values() if isinstance(each.gpu, MPS)}
    mps = configs["shares"]["sharing"]["mps"]
    assert {each["replicas"] for each in mps["resources"]} == shares
    renamed = {f"{each['name']}.shared" for each in mps["resources"]}
    assert mps["renameByDefault"] is True
    assert renamed == set(MPS(mode="mps", shares=4).fields().limits)


def test_whole_gpus_and_mig_slices_have_the_names_that_sizes_ask_for(environment):
    configs = _plugin_configs(environment)
    assert values("nvidia-device-plugin", environment)["config"]["default"] == "whole"
    assert configs["whole"] == {"version": "v1"}
    assert set(Exclusive(mode="exclusive", count=1).fields().limits) == {"nvidia.com/gpu"}
    assert configs["mig"]["flags"] == {"migStrategy": "mixed"}
    assert set(MIG(mode="mig", profile="1g.10gb").fields().limits) == {"nvidia.com/mig-1g.10gb"}


def _plugin_configs(environment: str) -> dict[str, Any]:
    texts = values("nvidia-device-plugin", environment)["config"]["map"]
    return {name: _yaml(text) for name, text in texts.items()}


def _yaml(text: str) -> Any:
    (document,) = parse_documents(text, Path("value"))
    return document.value


def test_the_local_platform_queues_as_a_cluster_does(environment):
    text = values("kueue", environment)["managerConfig"]["controllerManagerConfigYaml"]
    ours, local = _yaml(text), yaml.safe_load(kueue._configuration(text))
    claimed = local["resources"].pop("deviceClassMappings")
    assert claimed  # the tests' own
    leader = local.pop("leaderElection")
    assert leader.pop("leaderElect") is False  # one controller, see there
    assert {"leaderElection": {"leaderElect": True, **leader}, **local} == ours


def test_the_hub_queues_where_teams_have_a_queue(hub):
    queue = one(TEAM_BASE / "local-queue.yaml", "LocalQueue")
    assert hub["config"]["GPUSpawner"]["queue"] == queue["metadata"]["name"] == TEAM_QUEUE
