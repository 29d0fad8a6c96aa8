"""What the pages need of the culler at work."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from gpucommons_culler.decision import Decision, Facts
from gpucommons_culler.rule import IdleRule
from gpucommons_culler.session import Session, SessionKey


class View(Protocol):
    """One session as it was judged last."""

    @property
    def session(self) -> Session:
        """Which it is."""

    @property
    def rule(self) -> IdleRule:
        """What holds for it."""

    @property
    def facts(self) -> Facts:
        """What is known of it."""

    @property
    def decision(self) -> Decision:
        """What follows."""

    @property
    def keep_left(self) -> timedelta:
        """For how long it may still be kept."""

    @property
    def silence(self) -> str | None:
        """Why it did not say what it does, if it was asked and did not."""


class Judge(Protocol):
    """What judges sessions, and keeps them."""

    @property
    def views(self) -> Sequence[View]:
        """All sessions as they were judged last."""

    async def explain(self, key: SessionKey) -> View | None:
        """Ask one session and judge it anew; None if it is not known."""

    async def keep(self, key: SessionKey, by: str, length: timedelta) -> datetime:
        """Keep a session; answers until when (UTC). Raises KeepRefusedError."""
