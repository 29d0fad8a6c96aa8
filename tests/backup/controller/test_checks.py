"""From a request to verify, or for a last snapshot, to the answer, on a real API server."""

import pytest
from gpucommons_backup.checking import Checked
from gpucommons_backup.errors import DAMAGED
from gpucommons_contract import Annotation, snapshot_state
from gpucommons_contract.workspaces.checks import (
    CheckRequest,
    CheckResult,
    CheckState,
    read_check_result,
)

from .played_cluster import ADA, AN_HOUR_AGO, LOGIN, POD, REPORT, SETTINGS, TEAM


@pytest.fixture
async def kept(cluster, backup):
    """A workspace with a snapshot, which nobody had since."""
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO)
    await backup.step()
    cluster.finish(POD, REPORT)
    await backup.step()


def _ask(cluster, kind="verify", **more) -> None:
    asked = CheckRequest("1", kind, **more).to_json()
    cluster.annotate(ADA, Annotation.SNAPSHOT_CHECK_REQUEST, asked)


def _found(cluster, what="result") -> CheckResult:
    return read_check_result(cluster.notes(ADA)[f"snapshot-check-{what}"])


def _command(cluster) -> list[str]:
    return cluster.snapshot_pods()[POD]["spec"]["containers"][0]["command"][3:]


@pytest.mark.usefixtures("kept")
async def test_what_the_store_has_is_verified_by_a_pod_without_the_workspace(cluster, backup):
    _ask(cluster, part="5%", by="root")
    await backup.step()
    pod = cluster.snapshot_pods()[POD]
    assert _command(cluster) == ["verify", "--part=5%", f"--expected={'ab' * 32}"]
    assert [each["name"] for each in pod["spec"]["volumes"]] == ["scratch"]
    cluster.place(POD, "one")
    cluster.say(POD, {"phase": "Running"})
    cluster.start_session(ADA, node="two")  # in whose way it is not
    await backup.step()
    assert "deletionTimestamp" not in cluster.snapshot_pods()[POD]["metadata"]
    assert _found(cluster, "state").state == CheckState.RUNNING
    cluster.finish(POD, Checked("ab" * 32).to_json())
    await backup.step()
    found = _found(cluster)
    assert (found.id, found.state, found.part) == ("1", CheckState.GOOD, "5%")
    assert found.at > AN_HOUR_AGO
    assert not {"snapshot-check-request", "snapshot-check-state"} & set(cluster.notes(ADA))
    assert cluster.snapshot_pods() == {}


@pytest.mark.usefixtures("kept")
async def test_damage_is_told_from_what_could_not_be_found_out(cluster, backup):
    for code, state in ((DAMAGED, CheckState.DAMAGED), (1, CheckState.FAILED)):
        _ask(cluster)
        await backup.step()
        cluster.finish(POD, "It is not so.", code=code)
        await backup.step()
        assert (_found(cluster).state, _found(cluster).says) == (state, "It is not so.")
        assert "snapshot-error" not in cluster.notes(ADA)
    assert backup.metric("pods_total", outcome="damaged") == 1


@pytest.mark.usefixtures("kept")
async def test_verifying_begins_anew_where_its_pod_is_deleted(cluster, backup):
    _ask(cluster)
    await backup.step()
    cluster.delete(f"/api/v1/namespaces/{TEAM}/pods/{POD}")
    backup.restart()
    await backup.step()
    assert _command(cluster)[0] == "verify"


async def test_without_a_snapshot_there_is_nothing_to_be_verified(cluster, backup):
    cluster.add_claim(ADA)
    _ask(cluster)
    await backup.step()
    assert _found(cluster).state == CheckState.FAILED
    assert _found(cluster).says.startswith("There is no snapshot of this workspace yet.")
    cluster.annotate(ADA, Annotation.SNAPSHOT_CHECK_REQUEST, "please")
    await backup.step()
    assert "snapshot-check-request" not in cluster.notes(ADA)
    assert cluster.snapshot_pods() == {}


@pytest.mark.usefixtures("kept")
async def test_a_last_snapshot_waits_for_the_end_of_a_session_and_is_noted_once_verified(
    cluster, backup
):
    cluster.start_session(ADA)
    _ask(cluster, "final")
    await backup.step()
    assert cluster.snapshot_pods() == {}
    assert "once that has ended" in _found(cluster, "state").says
    cluster.end_session(ADA)
    await backup.step()
    assert _command(cluster)[-3:] == ["--occasion", "final", "--verified"]
    begun = cluster.snapshot_pods()[POD]["metadata"]["creationTimestamp"]
    cluster.finish(POD, REPORT)
    await backup.step()
    notes = cluster.notes(ADA)
    assert (notes["snapshot-final"], notes["snapshot-last-good"]) == (begun, begun)
    assert _found(cluster).state == CheckState.GOOD


@pytest.mark.usefixtures("kept")
async def test_a_last_snapshot_that_is_not_whole_counts_as_none(cluster, backup):
    incomplete = REPORT.to_json().replace('"unread_count": 0', '"unread_count": 2')
    for said, code, state in (
        ("It is not so.", DAMAGED, CheckState.DAMAGED),
        (incomplete, 0, CheckState.FAILED),
    ):
        _ask(cluster, "final")
        await backup.step()
        cluster.finish(POD, said, code)
        await backup.step()
        assert _found(cluster).state == state
        assert "snapshot-final" not in cluster.notes(ADA)


@pytest.mark.usefixtures("kept")
async def test_with_a_last_snapshot_it_is_noted_that_it_is_to_be_copied(cluster, backup, settings):
    (settings.parent / "elsewhere.yaml").write_text(LOGIN)
    second = "copy: {store: rest:http://elsewhere.example.org/, credentials: elsewhere.yaml}\n"
    settings.write_text(SETTINGS + second)
    _ask(cluster, "final")
    await backup.step()
    cluster.finish(POD, REPORT)
    await backup.step()
    notes = cluster.notes(ADA)
    assert "snapshot-copied" not in notes
    state = snapshot_state({f"gpucommons.io/{key}": value for key, value in notes.items()})
    assert (state.final is not None, state.has_last) == (True, False)
    settings.write_text(SETTINGS)
    await backup.step()
    assert "snapshot-copy-wanted" not in cluster.notes(ADA)
