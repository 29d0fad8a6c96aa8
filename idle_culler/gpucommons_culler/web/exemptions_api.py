"""Exemptions in the API, for administrators."""

from http import HTTPStatus

from gpucommons_culler.web.asked import exemption
from gpucommons_culler.web.handler import APIHandler
from gpucommons_culler.web.shown import exemption_json


class ExemptionsAPI(APIHandler):
    """GET api/exemptions, POST with ``{"scope", "name", "until", "reason"}``."""

    async def get(self) -> None:
        """List those that stand."""
        standing = await self.desk.exemptions(self.person)
        self.answer({"exemptions": [exemption_json(each) for each in standing]})

    async def post(self) -> None:
        """Add one."""
        kept = await self.desk.exempt(self.person, exemption(self.body(), self.desk.now()))
        self.set_status(HTTPStatus.CREATED)
        self.answer(exemption_json(kept))


class ExemptionAPI(APIHandler):
    """DELETE api/exemptions/NUMBER."""

    async def delete(self, number: str) -> None:
        """End one."""
        await self.desk.end_exemption(self.person, int(number))
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()
