"""Dex gets other signing keys, as docs/runbooks/operations/rotate-credentials.md says."""

import re
import subprocess

import httpx
from gpucommons_local.machine.programs import program
from gpucommons_people.teams.team import Team

from tests.unit.docs.shell_commands import DOCS, commands

from .cluster import ClusterWithRights, KubernetesDex

_PAGE = DOCS / "runbooks" / "operations" / "rotate-credentials.md"
_ADA = "ada-of-the-keys@example.org"


def _keys(dex: KubernetesDex) -> list[str]:
    """The public keys that are good now, the one that signs first."""
    return [each["kid"] for each in httpx.get(f"{dex.issuer}/keys").json()["keys"]]


def _run(api: ClusterWithRights, verb: str) -> None:
    """Run the page's command, with a kubectl that knows the cluster."""
    start = f"kubectl -n dex {verb} signingkeies"
    (line,) = [each.text for each in commands(_PAGE) if each.text.startswith(start)]
    kubectl = f"{program('kubectl')} --kubeconfig {api.kubeconfig}"
    subprocess.run(["bash", "-euc", line.replace("kubectl", kubectl, 1)], check=True)


def test_dex_signs_with_another_key_and_nobody_is_signed_out(api, dex, do, configuration):
    do(lambda people: people.apply_teams([Team(name="vision")]))
    do(lambda people: people.add_user(_ADA, ("vision",)))
    handout = (configuration.handouts / f"{_ADA}.md").read_text()
    (password,) = re.findall(r"\| Password \| `(.*)`", handout)
    refresh_token = dex.sign_in(_ADA, password).json()["refresh_token"]
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
