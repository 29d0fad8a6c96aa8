"""The folder of a team: sessions have it where its claim can be mounted, and start in any case."""

import asyncio
from types import SimpleNamespace

import pytest
from gpucommons_contract import Annotation
from gpucommons_spawner.kubernetes.pod_api import NotKnownError
from gpucommons_spawner.pod.team_folder import trouble_with_team_folder
from gpucommons_spawner.session_parts.missing_folder import MissingFolder
from kubernetes_asyncio.client import ApiException

from .conftest import VISION, namespace_of
from .test_manifests import _golden, _pod, _settled

ASKED = {"volume.kubernetes.io/storage-provisioner": "gpucommons.io/folder"}


def _claim(phase="Bound", modes=("ReadWriteMany",), notes=None, of_class="shared", going=None):
    return SimpleNamespace(
        metadata=SimpleNamespace(annotations=notes, deletion_timestamp=going),
        spec=SimpleNamespace(access_modes=list(modes), storage_class_name=of_class),
        status=SimpleNamespace(phase=phase),
    )


class _Claims:
    """An API server that answers with one claim, or refuses."""

    def __init__(self, found):
        self._found = found
        self.noted = {}

    async def read_namespaced_persistent_volume_claim(self, name, namespace, **_more):
        assert (name, namespace) == ("team", "team-vision")
        if isinstance(self._found, Exception):
            raise self._found
        return self._found

    async def patch_namespaced_persistent_volume_claim(self, name, _namespace, body, **_more):
        self.noted[name] = body["metadata"]["annotations"]


@pytest.fixture
def spawner(make_spawner, teams):
    """Of somebody whose team has a folder."""
    namespace = namespace_of(VISION)
    namespace["metadata"]["annotations"]["gpucommons.io/team-folder"] = "200Gi"
    teams.replace([namespace])
    return make_spawner({"size": "cpu"})


async def test_a_session_has_the_team_folder_and_backups_are_told(spawner):
    spawner.api = _Claims(_claim())
    pod = _settled(await _pod(spawner))
    assert pod == _golden("team-folder", pod)
    assert set(spawner.api.noted["team"]) == {Annotation.MOUNTED_AT}
    assert not spawner.missing_folder.is_missing


async def test_where_the_folder_is_in_sessions_is_the_operator_s_choice(spawner):
    spawner.api, spawner.team_folder_path = _Claims(_claim()), "/team"
    (session,) = (await _pod(spawner))["spec"]["containers"]
    (mount,) = [each for each in session["volumeMounts"] if each["name"] == "team-folder"]
    assert mount == {"name": "team-folder", "mountPath": "/team"}


async def test_a_session_in_a_team_without_folder_asks_for_none(make_spawner):
    spawner = make_spawner({"size": "cpu"})
    spawner.api = None
    assert "team-folder" not in str(await _pod(spawner))


@pytest.mark.parametrize(
    "found", [ApiException(status=404), ApiException(status=500, reason="?"), TimeoutError()]
)
async def test_a_session_starts_without_a_folder_that_cannot_be_had_and_says_so(spawner, found):
    shown = []

    async def show(_spawner, notice):
        shown.append(notice)

    spawner.api, spawner.show_notice = _Claims(found), show
    assert "team-folder" not in str(await _pod(spawner))
    assert spawner.api.noted == {}
    assert spawner.missing_folder.is_missing
    part = MissingFolder(
        SimpleNamespace(ready=True, show_notice=show, log=spawner.log, _log_name="ada")
    )
    part.is_missing = True
    part.ready()
    await asyncio.wait_for(part._telling, 30)
    assert "folder of your team is not in this session" in shown[0].text
    part.cleared()
    part._telling = None
    part.ready()
    assert part._telling is None


@pytest.mark.parametrize(
    ("claim", "trouble"),
    [
        (_claim(), ""),
        (_claim("Pending"), ""),
        (_claim("Pending", notes=ASKED), "the storage driver was asked for its volume"),
        (_claim("Pending", of_class=None), "it has no storage class and no volume"),
        (_claim("Lost"), "its volume is Lost"),
        (_claim(going="2026-11-30T03:00:00Z"), "it is being deleted"),
        (_claim(modes=["ReadWriteOnce"]), "it is not ReadWriteMany"),
    ],
)
async def test_a_claim_is_mounted_unless_the_pod_would_wait_for_its_volume(claim, trouble):
    found = await trouble_with_team_folder(_Claims(claim), "team-vision")
    assert found.startswith(trouble)
    assert bool(found) is bool(trouble)


async def test_an_answer_that_is_no_claim_says_nothing_of_the_folder():
    with pytest.raises(NotKnownError):
        await trouble_with_team_folder(_Claims(SimpleNamespace()), "team-vision")
