"""What a check is, and what becomes of one that is refused an answer."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import ClassVar

from gpucommons_people.clients.api_answers import ForbiddenError
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.errors import PeopleError

from gpucommons_doctor.finding import Finding, unknown


class Check(ABC):
    """One question about a cluster.

    Its settings, such as the catalogue, are given when it is made; ``run`` reads and judges.
    """

    name: ClassVar[str]
    """For ``--only`` and ``--skip``: words with hyphens."""
    question: ClassVar[str]
    """What it answers, in one sentence."""

    @abstractmethod
    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at the cluster; at least one finding.

        Raises PeopleError where the cluster does not answer; the runner then says so.
        """


async def or_unknown(looking: Awaitable[list[Finding]]) -> list[Finding]:
    """Return what a look found. Where the cluster refuses or does not answer, it is not known.

    For a part of a check whose other parts can still be judged, and for whole checks.
    """
    try:
        return await looking
    except ForbiddenError as error:
        advice = "Use a kubeconfig of an account that may look at this."
        return [unknown(f"The cluster does not show this: {error.reason}", advice)]
    except PeopleError as error:
        return [unknown(str(error), "Look again once the cluster answers.")]
