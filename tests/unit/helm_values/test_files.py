"""The files of helm-values/: which there are, what is in them, what an environment changes."""

import re

import pytest
from gpucommons_contract import amount
from gpucommons_contract.formats.yaml_files import read_documents

from .charts import (
    ENVIRONMENTS,
    EXAMPLE,
    FOLDER,
    LOGS,
    Keys,
    all_releases,
    leaves,
    merge,
    read,
    values,
    written_out,
)

CHARTS = sorted(all_releases())
_DIFFER = (
    # what an environment may change, by the end of the keys
    ("resources", "requests", "cpu"),
    ("resources", "requests", "memory"),
    ("resources", "limits", "cpu"),
    ("resources", "limits", "memory"),
    ("replicas",),
    ("replicaCount",),
    ("podDisruptionBudget", "enabled"),
    ("podDisruptionBudget", "minAvailable"),
    ("storage", "capacity"),
    ("annotations", "cert-manager.io/cluster-issuer"),
)
_DEV_AUTHORITY = {
    # the hub of dev trusts an authority that no machine knows
    ("hub", "config", "DexOAuthenticator", "http_request_kwargs", "ca_certs"),
    ("hub", "extraVolumes"),
    ("hub", "extraVolumeMounts"),
}


def _set(chart: str, environment: str) -> dict[Keys, object]:
    return dict(leaves(read(FOLDER / chart / f"{environment}.yaml")))


def test_each_chart_has_a_file_for_all_environments_and_one_for_each():
    folders = {
        each.name: {file.name for file in each.iterdir()}
        for each in FOLDER.iterdir()
        if each.is_dir() and each not in (EXAMPLE, LOGS)
    }
    files = {f"{each}.yaml" for each in ("base", *ENVIRONMENTS)}
    assert folders == dict.fromkeys(CHARTS, files)


def test_the_helmfile_knows_the_same_environments():
    environments = read_documents(FOLDER / "helmfile.yaml.gotmpl")[0].value["environments"]
    assert tuple(environments) == ENVIRONMENTS


@pytest.mark.parametrize("chart", CHARTS)
def test_the_helmfile_lays_the_environment_over_the_base_and_the_installation_over_both(chart):
    release = all_releases()[chart]
    expected = [f"{chart}/base.yaml", f"{chart}/{{{{ .Environment.Name }}}}.yaml"]
    if (EXAMPLE / f"{chart}.yaml").exists():
        expected.append(f"{{{{ .StateValues.installation }}}}/{chart}.yaml")
    assert list(release.files) == expected


@pytest.mark.parametrize("chart", CHARTS)
def test_each_chart_is_pinned_to_one_version(chart):
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", all_releases()[chart].version)


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_of_a_folder_is_of_the_same_version(chart):
    release = all_releases()[chart]
    packed = f"{{{{ with .StateValues.charts }}}}{{{{ . }}}}/{chart}-{release.version}.tgz"
    assert release.chart.startswith(f"{packed}{{{{ else }}}}")
    assert release.chart.endswith(f"/{chart}{{{{ end }}}}")


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_changes_size_storage_and_issuer_alone(chart, environment):
    allowed = _DEV_AUTHORITY if (chart, environment) == ("jupyterhub", "dev") else set()
    other = [
        keys
        for keys in _set(chart, environment)
        if keys not in allowed and not any(keys[-len(end) :] == end for end in _DIFFER)
    ]
    assert not other


@pytest.mark.parametrize("chart", CHARTS)
def test_environments_say_the_same_keys_so_that_they_can_be_compared(chart):
    dev, staging, prod = (set(_set(chart, each)) for each in ENVIRONMENTS)
    assert dev - _DEV_AUTHORITY == staging == prod


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_budget_is_set_exactly_where_there_is_a_second_pod(chart, environment):
    found = _set(chart, environment)
    for keys, enabled in found.items():
        if keys[-2:] == ("podDisruptionBudget", "enabled"):
            counts = (found.get((*keys[:-2], each)) for each in ("replicas", "replicaCount"))
            (count,) = (each for each in counts if each is not None)
            assert enabled is (count > 1), keys


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_container_asks_for_no_more_than_it_may_have(chart, environment):
    found = _set(chart, environment)
    for keys, value in found.items():
        if keys[-3:-1] == ("resources", "requests"):
            limit = found.get((*keys[:-2], "limits", keys[-1]))
            assert limit is None or amount(str(value)) <= amount(str(limit)), keys


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_secret_iswritten_out(chart, environment):
    assert not list(written_out(values(chart, environment)))


def test_a_secret_that_is_written_out_is_found():
    plain = {"hub": {"services": {"idle": {"apiToken": "abc"}}}}
    assert list(written_out(merge(values("jupyterhub", "prod"), plain)))
    connector = {"config": {"connectors": [{"config": {"clientSecret": "abc"}}]}}
    assert list(written_out(connector))
    connector = {"config": {"connectors": [{"config": {"clientSecret": "$CLIENT_SECRET"}}]}}
    assert not list(written_out(connector))
