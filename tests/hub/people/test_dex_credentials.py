"""Dex gets other keys and another secret: docs/runbooks/operations/rotate-credentials.md."""

import re
import subprocess
from collections.abc import Callable

import httpx
import pytest
from gpucommons_local.machine.programs import program
from gpucommons_people.teams.team import Team

from tests.unit.docs.shell_commands import DOCS, commands

from .cluster import ClusterWithRights, KubernetesDex

_PAGE = DOCS / "runbooks" / "operations" / "rotate-credentials.md"
_ADA, _BEN = "ada-of-the-keys@example.org", "ben-of-the-secret@example.org"


def _keys(dex: KubernetesDex) -> list[str]:
    """The public keys that are good now, the one that signs first."""
    return [each["kid"] for each in httpx.get(f"{dex.issuer}/keys").json()["keys"]]


def _run(api: ClusterWithRights, verb: str) -> None:
    """Run the page's command, with a kubectl that knows the cluster."""
    start = f"kubectl -n dex {verb} signingkeies"
    (line,) = [each.text for each in commands(_PAGE) if each.text.startswith(start)]
    kubectl = f"{program('kubectl')} --kubeconfig {api.kubeconfig}"
    subprocess.run(["bash", "-euc", line.replace("kubectl", kubectl, 1)], check=True)


@pytest.fixture
def sign_in(dex, do, configuration) -> Callable[[str], str]:
    """Add somebody, and sign them in; returns the refresh token."""
    do(lambda people: people.apply_teams([Team(name="vision")]))

    def sign_in(name: str) -> str:
        do(lambda people: people.add_user(name, ("vision",)))
        handout = (configuration.handouts / f"{name}.md").read_text()
        (password,) = re.findall(r"\| Password \| `(.*)`", handout)
        return str(dex.sign_in(name, password).json()["refresh_token"])

    return sign_in


def test_dex_signs_with_another_key_and_nobody_is_signed_out(api, dex, sign_in):
    refresh_token = sign_in(_ADA)
    for verb, stays in (("patch", True), ("delete", False)):
        (before, *_) = _keys(dex)
        _run(api, verb)
        dex.stop()  # else it looks every half minute
        dex.start()
        after = _keys(dex)
        assert after[0] != before
        assert (before in after) is stays
        renewed = dex.renew(refresh_token)
        assert renewed.is_success
        refresh_token = renewed.json()["refresh_token"]


def test_who_is_signed_in_stays_so_when_the_clients_secret_is_another(dex, sign_in):
    refresh_token, former = sign_in(_BEN), dex.client_secret
    dex.restart_with("another-secret")
    try:
        renewed = dex.renew(refresh_token)
        assert renewed.is_success
        dex.client_secret = former
        refused = dex.renew(renewed.json()["refresh_token"])
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    finally:
        dex.restart_with(former)
