"""A new hub in the place of an old one, as docs/how-to/upgrade.md says, under sessions."""

import httpx
import pytest

from tests.cluster.waiting_start import FollowedStart, WaitingStart
from tests.people import SignedIn
from tests.waiting import until

from .conftest import GPU
from .database import JUPYTERHUB_5, NodePostgreSQL
from .installation import Installation
from .objects import NAMESPACE

_KEPT = (
    "SELECT 'user', id, name, admin, cookie_id FROM users",
    "SELECT 'session', id, user_id, name, server_id, started, user_options FROM spawners",
    # A hub that starts deletes tokens that expired, such as its own for one call to a session.
    "SELECT 'token', id, user_id, service_id, hashed, scopes FROM api_tokens"
    " WHERE expires_at IS NULL",
)
"""What an upgrade leaves as it is."""


@pytest.fixture
def holder(installation, sessions):
    """Somebody who holds the GPU that `sessions` leaves."""
    with installation.network():
        person = installation.sign_in("ben@example.org")
        assert person.start(GPU)["ready"]
    yield person
    with installation.network():
        person.stop_all()
        person.close()


def _roll_out(installation: Installation, name: str) -> None:
    deployment = ("-n", NAMESPACE, f"deployment/{name}")
    installation.kubectl("rollout", "status", *deployment, "--timeout=300s")


def _scale(installation: Installation, name: str, pods: int) -> None:
    deployment = ("-n", NAMESPACE, f"deployment/{name}")
    installation.kubectl("scale", *deployment, f"--replicas={pods}")


def _pods(installation: Installation) -> set[str]:
    """The uids of all sessions' pods."""
    uids = ("-o", "jsonpath={.items[*].metadata.uid}")
    everywhere = ("-A", "-l", "component=singleuser-server")
    return set(installation.kubectl("get", "pods", *everywhere, *uids).split())


def _rows(database: NodePostgreSQL) -> set[tuple[object, ...]]:
    with database.connect("hub") as connection:
        return {row for query in _KEPT for row in connection.execute(query)}


def _tables_version(database: NodePostgreSQL) -> str:
    with database.connect("hub") as connection:
        ((version,),) = connection.execute("SELECT version_num FROM alembic_version")
    return version


def _session(person: SignedIn, server: str = "") -> dict[str, object]:
    """What the hub says of a session; nothing while the proxy says that there is no hub."""
    try:
        return person.servers().get(server, {})
    except httpx.HTTPStatusError:
        return {}


def _opens(person: SignedIn, server: str = "") -> bool:
    """Whether Lab comes up in the browser, without signing in again."""
    page = person.browser.get(person.servers()[server]["url"] + "lab")
    return page.status_code == 200 and page.url.path.endswith("/lab")


def test_a_hub_that_finds_tables_of_jupyterhub_5_changes_them_and_keeps_what_is_in_them(
    installation, database, sessions
):
    version, pods, rows = _tables_version(database), _pods(installation), _rows(database)
    _scale(installation, "idle-culler", 0)
    _scale(installation, "hub", 0)
    gone = ("--for=delete", "pod", "-l", "component=hub", "--timeout=60s")
    installation.kubectl("-n", NAMESPACE, "wait", *gone)
    database.make_jupyterhub_5()
    assert _tables_version(database) == JUPYTERHUB_5

    _scale(installation, "hub", 1)
    _roll_out(installation, "hub")
    installation.apply_folder(installation.folder)
    _roll_out(installation, "idle-culler")
    assert _tables_version(database) == version
    assert {kind for kind, *_ in rows} == {"user", "session", "token"}
    assert _rows(database) >= rows
    assert _pods(installation) == pods
    with installation.network():
        for person in sessions:
            until(lambda person=person: _session(person).get("ready"))
            assert _opens(person)


def test_who_waits_for_a_gpu_keeps_the_place_over_a_new_hub_and_starts_when_one_is_free(
    installation, sessions, holder
):
    waiter = sessions[1]
    with installation.network():
        WaitingStart(waiter, "training").hears("first in the queue")
    pods = _pods(installation)
    installation.kubectl("-n", NAMESPACE, "rollout", "restart", "deployment/hub")
    _roll_out(installation, "hub")
    with installation.network():
        until(lambda: _session(waiter, "training"))
        start = FollowedStart(waiter, "training")
        start.hears("first in the queue")
        assert _pods(installation) == pods
        holder.stop_all()
        assert start.last()["ready"]
        assert _opens(waiter, "training")
        waiter.stop("training")
