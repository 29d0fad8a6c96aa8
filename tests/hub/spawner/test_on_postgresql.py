"""What the spawner's hub keeps, on PostgreSQL and with the driver that the hub's image has."""

from collections.abc import Iterator

import pytest

from tests.unit.docs.shell_commands import DOCS, commands

from ..postgresql import PostgreSQL
from .spawn_hub import PATIENT, SpawnHub
from .test_nothing_leaks import (  # noqa: F401 -- the same tests, with the fixtures below
    session,
    test_a_hub_that_is_killed_during_a_start_that_never_comes,
    test_a_pod_that_is_deleted_behind_the_hubs_back,
    test_a_pod_that_is_deleted_while_the_hub_is_away,
    waiting_node,
)
from .test_sessions import (  # noqa: F401
    test_a_session_is_listed_with_what_was_resolved_and_is_charged,
    test_what_a_session_is_charged_stays_when_the_catalogue_changes_and_the_hub_restarts,
)
from .test_spawn import (  # noqa: F401
    test_a_cancelled_start_gives_quota_and_pod_back,
    test_a_killed_hub_finds_sessions_and_quota_again,
    test_a_slow_start_stores_the_choice_too,
    test_a_third_session_is_refused_with_what_is_held,
    test_the_choice_is_stored_in_full_and_shown_as_profile,
)
from .test_teams import (  # noqa: F401
    test_a_hub_that_is_killed_during_a_start_finds_the_session_in_its_namespace,
    test_somebody_who_changed_teams_is_refused_and_finds_the_way_on_the_page,
    test_two_sessions_in_two_teams_are_stopped_one_by_one,
)

_RESTORE = DOCS / "runbooks" / "operations" / "restore-the-hubs-database.md"


@pytest.fixture(scope="module")
def database() -> Iterator[PostgreSQL]:
    with PostgreSQL().running() as database:
        yield database


@pytest.fixture(scope="module")
def started_hub(tmp_path_factory, api, node, mounted_catalogue, database) -> Iterator[SpawnHub]:
    hub = SpawnHub(
        tmp_path_factory.mktemp("hub"),
        mounted_catalogue.path,
        api.kubeconfig,
        node.session_port,
        database=database.create_owned("hub", "psycopg2"),
        more=PATIENT,
    )
    hub.start()
    yield hub
    hub.stop()


def test_sessions_go_on_when_an_older_copy_of_the_database_is_brought_back(hub, database, tmp_path):
    assert hub.start_server("ada", {"size": "cpu"}).status_code == 201
    keep, *bring_back = [
        each.text for each in commands(_RESTORE) if "service/gpucommons-database-rw" in each.text
    ]
    database.run_in_pod(keep.replace("hub-before.dump", "hub.dump"), tmp_path)
    later = hub.api("POST", "users/ada/tokens").json()["token"]
    hub.join("ben-who-came-later", "vision")
    hub.stop()

    database.run_in_pod(keep, tmp_path)
    for line in bring_back:
        database.run_in_pod(line, tmp_path)
    hub.start()
    hub.until(lambda: hub.servers("ada").get("", {}).get("ready"))
    assert (tmp_path / "hub-before.dump").stat().st_size
    headers = {"Authorization": f"token {later}"}
    assert hub.api("GET", "user", headers=headers).status_code == 403
    assert hub.api("GET", "users/ben-who-came-later").status_code == 404
    hub.stop_server("ada")
    assert hub.start_server("ada", {"size": "cpu"}).status_code == 201
