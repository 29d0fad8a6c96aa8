"""A start that waits, followed as a browser does, and what the cluster has of somebody's."""

import json
import shlex
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tests.people import SignedIn
from tests.platform import LocalPlatform
from tests.waiting import until

GPU = {"size": "gpu"}


class FollowedStart:
    """A start that is under way, followed in the background."""

    def __init__(self, person: SignedIn, server: str = "") -> None:
        self.person, self.server = person, server
        self.told: list[dict[str, Any]] = []
        until(lambda: person.servers().get(server, {}).get("pending") == "spawn")
        self.end: Future[None] = ThreadPoolExecutor(1).submit(self._follow)

    def _follow(self) -> None:
        path = self.person._server_path(self.server) + "/progress"
        with self.person.api.stream("GET", path, timeout=240) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    self.told.append(json.loads(line.removeprefix("data:")))

    def hears(self, words: str) -> None:
        until(
            lambda: any(words in each["message"] for each in self.told), instead=lambda: self.told
        )

    def last(self) -> dict[str, Any]:
        self.end.result(timeout=240)
        return self.told[-1]


class WaitingStart(FollowedStart):
    """One that is asked for beforehand."""

    def __init__(self, person: SignedIn, server: str = "") -> None:
        ThreadPoolExecutor(1).submit(person.request_start, GPU, server)
        super().__init__(person, server)


def in_session(platform: LocalPlatform, person: SignedIn, command: str) -> str:
    """Run a command in somebody's one session; gives what it printed."""
    (pod,) = pods_of(platform, person)
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    return platform.kubectl("exec", "-n", namespace, name, "--", *shlex.split(command))


def pods_of(platform: LocalPlatform, person: SignedIn) -> list[dict[str, Any]]:
    """The person's session pods, of whatever team, that have not ended.

    One that has may be there a moment longer than its session.
    """
    everywhere = ("-A", "-l", "gpucommons.io/size", "-o", "json")
    return [
        pod
        for pod in json.loads(platform.kubectl("get", "pods", *everywhere))["items"]
        if pod["metadata"]["annotations"].get("gpucommons.io/user") == person.username
        and pod["status"]["phase"] not in ("Succeeded", "Failed")
    ]


def workloads_of(platform: LocalPlatform, person: SignedIn) -> list[str]:
    """The names of what Kueue has of the person's sessions."""
    listed = platform.kubectl("get", "workloads", "-A", "-o", "name").split()
    return [each for each in listed if person.username.split("@")[0] in each]
