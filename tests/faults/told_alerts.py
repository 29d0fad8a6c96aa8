"""What Alertmanager has told by chat: which alerts, how bad, and whether they are over."""

from pathlib import PurePosixPath
from typing import NamedTuple

from gpucommons_config.slo.objective import read_objectives

from tests.hub.culler.receivers import ChatReceiver

_OVER = "RESOLVED"


class Told(NamedTuple):
    """One message, of an alert."""

    alert: str
    head: str
    """CRITICAL, WARNING or RESOLVED."""

    @property
    def is_over(self) -> bool:
        return self.head == _OVER


_OF_MONTHS = {Told(each.alert, "WARNING") for each in read_objectives()}


class ToldAlerts:
    """Messages since a moment that a test chooses."""

    def __init__(self, chat: ChatReceiver) -> None:
        self._chat, self._since = chat, 0

    def forget(self) -> None:
        """Begin anew: what came until now is of an earlier test."""
        self._since = len(self._chat.posts)

    def all(self) -> list[Told]:
        """Return them. Not the warnings of objectives, which go on for hours: these are about the
        month, and whoever is on call was told by the critical alert of the same name.
        """
        return [each for each in self._messages() if each not in _OF_MONTHS]

    def _messages(self) -> list[Told]:
        return [
            Told(PurePosixPath(each["title_link"]).stem, each["title"][1:].partition("]")[0])
            for post in self._chat.posts[self._since :]
            for each in post["attachments"]
        ]

    def begun(self) -> set[str]:
        return {each.alert for each in self.all() if not each.is_over}

    def over(self) -> set[str]:
        return {each.alert for each in self.all() if each.is_over}
