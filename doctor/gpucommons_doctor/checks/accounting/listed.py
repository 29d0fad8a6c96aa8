"""Whether the hub lists accounting as its service, so that people and the hub itself reach it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from gpucommons_contract import ACCOUNTING_SERVICE
from gpucommons_people.clients.cluster import Cluster

from gpucommons_doctor.check import Check
from gpucommons_doctor.checks.accounting.service import (
    DEPLOYMENT,
    HUB_NAMESPACE,
    PAGE,
    is_installed,
    not_installed,
)
from gpucommons_doctor.finding import Finding, good, warning
from gpucommons_doctor.hub_values import HubValues

_ADMINISTERS = "admin-ui"


class AccountingListed(Check):
    """Compares the Deployments with the values. Whether they run is for `programs` to say."""

    name: ClassVar[str] = "accounting"
    question: ClassVar[str] = "Does the hub lead people to accounting, and know it as its service?"

    def __init__(self, values: HubValues | None) -> None:
        """values: of the hub, None if no file was given."""
        self._values = values

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look whether it is installed, and what the values say of it."""
        installed = await is_installed(cluster)
        if self._values is None:
            if not installed:
                return [not_installed()]
            advice = "Name the hub's values with --values."
            return [warning("Whether the hub lists accounting was not checked.", advice)]
        return judge_listed(self._values, installed=installed)


def judge_listed(values: HubValues, *, installed: bool) -> list[Finding]:
    """Judge the hub's service by its values, which say nothing of what Python adds."""
    service = _service(values)
    address = str(service.get("url") or "")
    if not address:
        if not installed:
            return [not_installed()]
        return [
            warning(
                "Accounting is installed, and the values list no service "
                f"{ACCOUNTING_SERVICE} with a url: nobody reaches its pages, and the hub tells it "
                "nothing.",
                f"List it as {PAGE} has it, unless hub.extraConfig does.",
            )
        ]
    findings = []
    if not installed:
        findings.append(
            warning(
                f"The hub leads to accounting at {address}, and no Deployment of it is in "
                f"{HUB_NAMESPACE}.",
                "Apply cluster/accounting, or take the service out of the values, unless "
                f"{DEPLOYMENT} runs elsewhere.",
            )
        )
    if _ADMINISTERS not in (service.get("oauth_client_allowed_scopes") or ()):
        findings.append(
            warning(
                f"The service {ACCOUNTING_SERVICE} may not know who administers: on its pages, "
                "administrators see no more than their own usage.",
                f"Set oauth_client_allowed_scopes: [{_ADMINISTERS}] for it: {PAGE}.",
            )
        )
    return findings or [good(f"The hub leads to accounting at {address}.")]


def _service(values: HubValues) -> Mapping[str, Any]:
    listed = values.traits.get("JupyterHub", {}).get("services") or []
    return next((each for each in listed if each.get("name") == ACCOUNTING_SERVICE), {})
