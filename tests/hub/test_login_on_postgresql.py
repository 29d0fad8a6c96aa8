"""What signing in writes, with the hub on PostgreSQL and the driver that its image has."""

from collections.abc import Iterator

import pytest

from .login_hub import Hub
from .postgresql import PostgreSQL
from .test_login import (  # noqa: F401 -- the same tests, with the fixtures below
    test_a_person_in_an_allowed_group_signs_in_and_goes_where_they_wanted,
    test_a_person_in_no_allowed_group_reads_whom_to_ask,
    test_an_administrator_is_one_by_group,
    test_signing_out_says_so_and_the_browser_is_signed_out,
)
from .test_ways_in import test_a_login_goes_on_after_a_restart_of_the_hub  # noqa: F401


@pytest.fixture(scope="module")
def stopped_hub(hub_folder) -> Iterator[Hub]:
    with PostgreSQL().running() as database:
        yield Hub(hub_folder, database=database.create("hub", "psycopg2"))
