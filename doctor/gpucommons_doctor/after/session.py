"""The session that is started for the look, under a name of its own."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
from gpucommons_contract.progress import WAITING

from gpucommons_doctor.after.hub import Hub, RefusedError
from gpucommons_doctor.after.step import StepFailedError, Tell

SERVER = "gpucommons-doctor"
"""A named server, so that the session which the person may have is another one."""
_TURNED_DOWN = {httpx.codes.FORBIDDEN, httpx.codes.CONFLICT}
"""What the hub answers to a start that rules, quotas or budgets do not allow."""
_PAUSE_S = 1.0


class Session:
    """Started, found and stopped through the hub's API, as a page of the hub does it."""

    def __init__(self, hub: Hub, options: Mapping[str, str]) -> None:
        """options: as in a link to the picker, such as team, environment and size."""
        self._hub, self._options = hub, options
        self._url = ""
        self.to_end = False
        """Whether something was begun here that is not known to be gone."""
        self.waits = False
        """Whether the start waits for its turn, such as in the queue for GPUs."""
        self.turned_down = False
        """Whether the hub does not allow the start: by a rule, a quota or a budget."""

    @property
    def url(self) -> str:
        """Its address, with a slash at the end, once it runs."""
        return self._url

    async def start(self, tell: Tell) -> None:
        """Start it, and follow the hub's progress until it is ready. Raises StepFailedError."""
        if await self._server() is not None:
            raise StepFailedError(
                f"{self._hub.person} already has a session {SERVER}, from another check or from "
                "one that was interrupted. It was left as it is.",
                f"Stop it at {self._hub.address}/hub/home, or wait for its end, and try again.",
            )
        self.to_end = True
        try:
            await self._hub.call("POST", self._at_hub, self._options)
        except RefusedError as error:
            self.turned_down = error.status in _TURNED_DOWN
            if error.status < httpx.codes.INTERNAL_SERVER_ERROR:
                self.to_end = await self._is_left_over()
            raise StepFailedError(
                f"The hub does not start a session: {error.message}",
                "Choose with --environment, --size and --team what it allows. It must allow "
                "named servers, as GPU Commons sets it: hub.allowNamedServers under z2jh.",
            ) from error
        await self._follow(tell)

    async def stop(self) -> None:
        """Stop it, and wait until the hub no longer lists it. Its name stays."""
        await self._end(remove=False)

    async def remove(self) -> None:
        """Stop it if it runs, wait until the hub no longer lists it, and take its name away."""
        await self._end(remove=True)
        self.to_end = False

    async def call(self, method: str, path: str, json: object = None) -> Any:  # noqa: ANN401 -- JSON
        """Ask its server for something; returns what it says. Raises RefusedError."""
        return await self._hub.call(method, f"{self._url}{path}", json)

    @property
    def _at_hub(self) -> str:
        return self._hub.of_person(f"servers/{SERVER}")

    async def _server(self, *, also_stopped: bool = False) -> dict[str, Any] | None:
        """What the hub says of it, None if it lists none."""
        query = "?include_stopped_servers=1" if also_stopped else ""
        person = await self._hub.call("GET", f"{self._hub.of_person()}{query}")
        found: dict[str, Any] | None = person["servers"].get(SERVER)
        return found

    async def _is_left_over(self) -> bool:
        """Whether a refused start left its name. A session that runs is somebody else's doing."""
        server = await self._server(also_stopped=True)
        return server is not None and bool(server["stopped"])

    async def _follow(self, tell: Tell) -> None:
        """Wait until it is ready. What is in front of the hub may end the stream early."""
        while True:
            async for event in self._hub.events(f"{self._at_hub}/progress"):
                self.waits = bool(event.get(WAITING))
                if event.get("failed"):
                    raise StepFailedError(
                        f"The start failed. {event.get('message', '')}".rstrip(),
                        "Look at the hub's log and at the events of the team's namespace: "
                        "kubectl get events -n NAMESPACE.",
                    )
                tell(str(event.get("message", "")))
            server = await self._server()
            if server is None:
                raise StepFailedError("The session is gone.", "Look at the hub's log.")
            if server["ready"]:
                self._url = self._hub.at(server.get("full_url") or server["url"])
                return
            await asyncio.sleep(_PAUSE_S)

    async def _end(self, *, remove: bool) -> None:
        await self._delete(remove=remove)
        while (server := await self._server()) is not None:
            await asyncio.sleep(_PAUSE_S)
            if not server["pending"]:
                await self._delete(remove=remove)

    async def _delete(self, *, remove: bool) -> None:
        try:
            await self._hub.call("DELETE", self._at_hub, {"remove": remove})
        except RefusedError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise
