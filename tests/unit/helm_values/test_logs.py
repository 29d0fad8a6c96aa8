"""The values of what ships logs: one way from files of containers to the stores of each kind."""

import re

import pytest
from gpucommons_contract.formats.names import team_namespace
from reference_pages.project import ROOT

from .charts import ENVIRONMENTS, LOGS, helm_commands, leaves, merge, read, releases, values
from .objects import CLUSTER, objects
from .schema import mistakes

RELEASES = releases(LOGS)
_PAGE = ROOT / "docs" / "how-to" / "find-it-in-the-logs.md"
_TYPOS = {
    "fluent-bit": {"config": {"input": ""}},
    "fluent-bit-events": {"rbac": {"eventAccess": True}},
    "fluentd": {"persistence": {"sizes": "1Gi"}},
}
_KINDS = ("audit", "events", "lines")


def _values(chart: str, environment: str = "prod"):
    return values(f"logs/{chart}", environment)


def _sections(text: str, kind: str) -> list[dict[str, str]]:
    """Read sections of Fluent Bit's configuration."""
    found = []
    for each in re.split(r"^\[", text, flags=re.MULTILINE)[1:]:
        name, _, body = each.partition("]")
        if name == kind:
            lines = [line.split(None, 1) for line in body.splitlines() if line.strip()]
            found.append({words[0]: words[1] for words in lines if not words[0].startswith("#")})
    return found


@pytest.mark.parametrize("chart", RELEASES)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_chart_takes_every_value(chart, environment):
    assert not list(mistakes(RELEASES[chart], _values(chart, environment)))


@pytest.mark.parametrize("chart", RELEASES)
def test_a_misspelt_value_is_found(chart):
    assert list(mistakes(RELEASES[chart], merge(_values(chart), _TYPOS[chart])))


@pytest.mark.parametrize("chart", RELEASES)
def test_a_chart_is_pinned_and_an_environment_changes_sizes_alone(chart):
    release = RELEASES[chart]
    assert release.files[:2] == (f"{chart}/base.yaml", f"{chart}/{{{{ .Environment.Name }}}}.yaml")
    assert f"/{release.chart_name}-{release.version}.tgz" in release.chart
    files = [LOGS / chart / f"{each}.yaml" for each in ENVIRONMENTS]
    dev, staging, prod = ({key for key, _ in leaves(read(each))} for each in files)
    assert dev == staging == prod
    assert {key[0] for key in prod} <= {"resources", "persistence"}


def test_the_page_installs_each_chart_as_the_helmfile_does():
    expected = {}
    for name, release in RELEASES.items():
        files = [f"helm-values/logs/{name}/{each}.yaml" for each in ("base", "prod")]
        expected[name] = (release.version, release.namespace, files)
    assert helm_commands(_PAGE.read_text()) == expected


# Fluent Bit


def test_lines_of_each_of_our_namespaces_are_read():
    """A file is named POD_NAMESPACE_CONTAINER-ID.log. Its own namespace is not among them."""
    inputs = _sections(_values("fluent-bit")["config"]["inputs"], "INPUT")
    of = {each["Tag"]: each["Path"] for each in inputs}
    made = {
        each["metadata"]["name"]
        for file in CLUSTER.rglob("*namespace*.yaml")
        for each in objects(file)
        if each["kind"] == "Namespace"
    }
    with_pods = made - {f"gpucommons-{each}" for each in ("quota", "notices", "peers", "entrance")}
    assert set(re.findall(r"\*_([\w-]+)_\*", of["ours.*"])) == with_pods
    (prefix,) = re.findall(r"\*_([\w-]+)\*_\*", of["sessions.*"])
    assert prefix == team_namespace("")
    assert RELEASES["fluent-bit"].namespace not in with_pods


def test_each_input_is_told_of_its_pods_and_goes_through_its_rule():
    given = _values("fluent-bit")
    tags = {each["Tag"] for each in _sections(given["config"]["inputs"], "INPUT")}
    filters = _sections(given["config"]["filters"], "FILTER")
    for name in ("kubernetes", "lua"):
        assert {each["Match"] for each in filters if each["Name"] == name} == tags
    for each in filters:
        if each["Name"] == "kubernetes":
            assert each["Kube_Tag_Prefix"] == f"{each['Match'][:-1]}var.log.containers."
            assert (each["Merge_Log_Key"], each["Keep_Log"]) == ("line", "On")
            assert each["K8S-Logging.Parser"] == each["K8S-Logging.Exclude"] == "Off"
        if each["Name"] == "lua":
            script = given["luaScripts"][each["Script"].removeprefix("/fluent-bit/scripts/")]
            assert f"\nfunction {each['Call']}(" in script


def test_a_session_that_is_started_again_is_not_taken_for_the_one_before():
    """Their pods have one name, by which Fluent Bit else keeps for good what it was told of one."""
    filters = _sections(_values("fluent-bit")["config"]["filters"], "FILTER")
    (told,) = (
        each for each in filters if (each["Name"], each["Match"]) == ("kubernetes", "sessions.*")
    )
    assert told.get("Cache_Use_Docker_Id") == "On"


@pytest.mark.parametrize("chart", ["fluent-bit", "fluent-bit-events"])
def test_helm_reads_no_rule_as_a_template(chart):
    given = _values(chart)
    for text in (*given["luaScripts"].values(), *given["config"].values()):
        assert "{{" not in text


def test_only_what_sessions_did_not_write_can_be_on_record():
    filters = _sections(_values("fluent-bit")["config"]["filters"], "FILTER")
    (rule,) = (each for each in filters if each["Name"] == "rewrite_tag")
    assert (rule["Match"], rule["Rule"]) == ("ours.*", "$kind ^audit$ audit.$TAG false")


def test_events_are_read_once_for_the_cluster_by_an_account_that_may():
    given = _values("fluent-bit-events")
    assert (given["kind"], given["replicaCount"]) == ("Deployment", 1)
    assert given["rbac"]["eventsAccess"] is True
    (events,) = _sections(given["config"]["inputs"], "INPUT")
    (shaped,) = _sections(given["config"]["filters"], "FILTER")
    assert (events["Name"], events["Tag"]) == ("kubernetes_events", shaped["Match"])


# To Fluentd, and from there to the stores


@pytest.mark.parametrize("chart", ["fluent-bit", "fluent-bit-events"])
def test_fluentd_is_where_it_is_sent_to_and_knows_the_key(chart):
    (output,) = _sections(_values(chart)["config"]["outputs"], "OUTPUT")
    fluentd = _values("fluentd")
    (port,) = fluentd["service"]["ports"]
    source = fluentd["fileConfigs"]["01_sources.conf"]
    assert (output["Name"], output["Match"], output["Retry_Limit"]) == ("forward", "*", "no_limits")
    assert output["Host"] == RELEASES["fluentd"].name
    assert output["Port"] == str(port["containerPort"])
    assert f"port {port['containerPort']}\n" in source
    assert output["Shared_Key"] == "${FORWARD_KEY}"
    assert "shared_key \"#{ENV['FORWARD_KEY']}\"" in source
    keys = [_key(_values(each)) for each in (chart, "fluentd")]
    assert keys[0] == keys[1]


def _key(given):
    (found,) = (each for each in given["env"] if each["name"] == "FORWARD_KEY")
    return found["valueFrom"]["secretKeyRef"]


def test_each_kind_goes_to_its_own_store_and_none_is_left_over():
    given = _values("fluentd")
    text = given["fileConfigs"]["04_outputs.conf"]
    matched = re.findall(r"<match (\S+)>.*?ENV\['(\w+)'\].*?</match>", text, re.DOTALL)
    assert matched == [
        ("audit.**", "STORE_OF_AUDIT"),
        ("events", "STORE_OF_EVENTS"),
        ("**", "STORE_OF_LINES"),
    ]
    known = {each["name"] for each in given["env"]}
    assert {variable for _, variable in matched} <= known
    buffers = re.findall(r"^ +path (\S+)$", text, re.MULTILINE)
    assert buffers == [f"/var/log/fluent/buffers/{kind}" for kind in _KINDS]


def test_what_the_stores_are_told_to_take_for_time_and_message_are_fields_of_a_line():
    text = _values("fluentd")["fileConfigs"]["04_outputs.conf"]
    assert len(re.findall(r"/insert/jsonline\?_time_field=time&_msg_field=message&", text)) == 3
    assert len(re.findall(r"_stream_fields=kind,program,from\.namespace\"", text)) == 3
    assert text.count("<match") == text.count("</match>") == 3


def test_what_is_on_record_is_never_dropped_for_want_of_room():
    text = _values("fluentd")["fileConfigs"]["04_outputs.conf"]
    audit, events, lines = re.findall(r"<match .*?</match>", text, re.DOTALL)
    assert "overflow_action block" in audit
    for each in (audit, events, lines):
        assert "retry_forever true" in each
