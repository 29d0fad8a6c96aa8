"""Notices that stand on a real API server, with no more than the rights in cluster/base."""

import pytest
from gpucommons_people.clients.patience import AT_ONCE
from gpucommons_people.errors import MissingRightError, UnreachableError
from gpucommons_people.files.configuration import HubConfiguration

from tests.hub.operations import operations
from tests.hub.processes import free_port

from .cluster import HUB


@pytest.fixture
def configuration(configuration, tmp_path):
    """An installation whose hub is away."""
    token = tmp_path / "token"
    token.write_text("secret")
    url = f"http://127.0.0.1:{free_port()}/hub/api"
    hub = HubConfiguration(api_url=url, token_file=token)
    return configuration.model_copy(update={"hub": hub})


@pytest.fixture
def do(configuration):
    return operations(configuration, "tester", AT_ONCE)


def _send(text="Maintenance.", **said):
    return lambda people: people.send_notice(text, notice_id="Platform news", **said)


def test_a_notice_is_made_replaced_listed_and_taken_back_also_while_the_hub_is_away(do):
    with pytest.raises(UnreachableError, match="New sessions show the notice"):
        do(_send(users=["ada@example.org"]))
    (found,) = do(lambda people: people.list_notices())
    assert (found.users, found.by) == (("ada@example.org",), "tester")
    with pytest.raises(UnreachableError):
        do(_send("It is over."))
    (found,) = do(lambda people: people.list_notices())
    assert (found.notice.text, found.users) == ("It is over.", ())
    with pytest.raises(UnreachableError, match="no longer show the notice"):
        do(lambda people: people.withdraw_notice("Platform news"))
    assert do(lambda people: people.list_notices()) == ()


def test_the_hub_s_own_account_cannot_make_a_notice_stand(api, configuration):
    as_hub = configuration.model_copy(update={"kubeconfig": api.kubeconfig_of(HUB)})

    with pytest.raises(MissingRightError, match="configmaps"):
        operations(as_hub)(_send())
