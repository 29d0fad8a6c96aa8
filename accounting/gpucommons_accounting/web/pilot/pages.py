"""The pilot's checklist for administrators: the page, and its API."""

from collections.abc import Mapping

from gpucommons_web.api import JSONHandler
from jupyterhub.services.auth import HubOAuth

from gpucommons_accounting.reckoning.pilot.opinions import FEWEST, Opinion
from gpucommons_accounting.reckoning.pilot.pilot import Measured
from gpucommons_accounting.records.feedback import Topic
from gpucommons_accounting.web.capacity.demand import quantile_json
from gpucommons_accounting.web.pages import PageHandler
from gpucommons_accounting.web.pilot.feedback_pages import TITLES
from gpucommons_accounting.web.pilot.pilot import Checked, Pilot
from gpucommons_accounting.web.query_fields import quarter

NOT_MEASURED = {
    Topic.SIGN_IN: "how long signing in takes",
    Topic.GPU_SESSIONS: "how fast a session responds once it runs",
    Topic.FILES: "restores, and how long they take",
    Topic.ENVIRONMENTS: "how long a change takes",
}
"""What nobody tells accounting."""


class PilotPage(PageHandler):
    """What was measured in a quarter beside what people answered."""

    async def get(self) -> None:
        """Draw it."""
        self.demand_administrator()
        named = quarter(self.query(), self.pilot.quarter())
        self.draw(
            "pilot.html",
            found=await self.pilot.checked(self.person, named),
            topics=TITLES,
            not_measured=NOT_MEASURED,
            fewest=FEWEST,
            goes_on=named == self.pilot.quarter(),
            earlier=self.link(quarter=str(named.before)),
            later=self.link(quarter=str(named.after))
            if named.first < self.pilot.quarter().first
            else None,
        )


class PilotAPI(JSONHandler):
    """GET api/pilot?quarter=."""

    def initialize(self, hub_auth: HubOAuth, pilot: Pilot) -> None:
        """Take what the application gives."""
        self.hub_auth = hub_auth
        self._pilot = pilot

    async def get(self) -> None:
        """Say of each topic what was measured, and what people answered."""
        named = quarter(self.query(), self._pilot.quarter())
        self.answer(pilot_json(await self._pilot.checked(self.person, named)))


def pilot_json(found: Checked) -> dict[str, object]:
    """Return a quarter of the checklist. What is not measured is named, and has no figure."""
    measured = _measured_json(found.measured)
    return {
        "quarter": str(found.quarter),
        "people": found.opinions.people,
        "shown_from": FEWEST,
        "topics": [
            {
                "topic": str(topic),
                "title": str(TITLES[topic]),
                "measured": measured.get(topic),
                "not_measured": NOT_MEASURED[topic],
                "answers": _opinion_json(opinion),
            }
            for topic, opinion in found.opinions.topics.items()
        ],
        "texts": list(found.opinions.texts),
    }


def _measured_json(measured: Measured) -> Mapping[Topic, Mapping[str, object]]:
    first, starts, changes = measured.first_sessions, measured.gpu_starts, measured.changes
    return {
        Topic.SIGN_IN: {
            "newcomers": first.people,
            "had_a_session": first.had,
            "p50": quantile_json(first.half),
            "p95": quantile_json(first.nearly_all),
        },
        Topic.GPU_SESSIONS: {
            "asked": starts.asked,
            "ready": starts.ready,
            "failed": starts.failed,
            "refused": starts.refused,
            "given_up": starts.given_up,
            "p50": quantile_json(starts.half),
            "p95": quantile_json(starts.nearly_all),
        },
        Topic.ENVIRONMENTS: {
            "people": changes.people,
            "changed_environment": changes.environment,
            "changed_size": changes.size,
        },
    }


def _opinion_json(opinion: Opinion) -> dict[str, object]:
    spread = opinion.spread
    return {
        "rated": opinion.rated,
        "not_used": opinion.not_used,
        "median": opinion.median,
        "distribution": spread and {str(rating): count for rating, count in spread.items()},
    }
