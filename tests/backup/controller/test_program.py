"""The command itself: it follows the cluster, is ended and killed, and goes on from there."""

from collections.abc import Iterator

import pytest

from tests.waiting import until

from .played_cluster import ADA, AN_HOUR_AGO, POD, REPORT
from .programs import BackupProgram


@pytest.fixture
def program(cluster, settings, tmp_path) -> Iterator[BackupProgram]:
    program = BackupProgram(tmp_path, cluster, settings)
    program.start()
    yield program
    program.stop()


def test_a_snapshot_is_taken_and_reported_although_the_program_is_killed_between(cluster, program):
    # Not by a session of this second: after that there would be one more.
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO)
    until(lambda: POD in cluster.snapshot_pods())
    program.kill()
    cluster.finish(POD, REPORT)
    program.start()
    until(lambda: cluster.notes(ADA).get("snapshot-id") == "ab" * 32)
    until(lambda: not cluster.snapshot_pods() and not cluster.secrets())
    until(lambda: 'gpucommons_backup_pods_total{outcome="good"} 1.0' in program.metrics())


def test_a_start_ends_a_snapshot_by_itself(cluster, program):
    cluster.add_claim(ADA)
    cluster.start_session(ADA)
    until(lambda: "mounted-at" in cluster.notes(ADA))
    cluster.end_session(ADA)
    until(lambda: POD in cluster.snapshot_pods())
    cluster.place(POD, "one")
    cluster.start_session(ADA, node=None)
    until(lambda: "deletionTimestamp" in cluster.snapshot_pods()[POD]["metadata"])


def test_settings_that_cannot_be_used_end_it_with_file_and_key(cluster, settings, tmp_path):
    settings.write_text(f"{settings.read_text()}stoer: x\n")
    program = BackupProgram(tmp_path, cluster, settings)
    with pytest.raises(AssertionError):
        program.start()
    assert "stoer" in program.text()
    assert "Traceback" not in program.text()
