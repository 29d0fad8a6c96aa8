"""What Prometheus has kept of objectives: all samples of a period, as they were recorded.

They are read day by day, so that no answer is large: of a month of ten objectives some 20 MB.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import json
import math
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from gpucommons_doctor.trust import refused_certificate

from gpucommons_config.slo.attainment import LONGEST_STEP_S
from gpucommons_config.slo.objective import Objective
from gpucommons_config.slo.rules import BAD_STATE, BAD_TOTAL, VALID_TOTAL

_TIMEOUT_S = 60.0
_AT_ONCE = timedelta(days=1)
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
_RECORDED = "|".join((VALID_TOTAL, BAD_TOTAL, BAD_STATE))
_MOST_SHOWN = 200
"""Characters of what a server answered."""


class HistoryError(Exception):
    """Prometheus does not tell. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Samples of one objective by their moments, in seconds of Unix time."""

    bad: dict[float, float] = field(default_factory=dict)
    valid: dict[float, float] = field(default_factory=dict)
    state: dict[float, float] = field(default_factory=dict)


class History:
    """Asks one Prometheus, or what speaks as it does. Everything raises HistoryError."""

    def __init__(
        self,
        url: str,
        *,
        trusted: ssl.SSLContext,
        token: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """token: for ``Authorization: Bearer``. labels: further ones of the series to read."""
        self._url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(headers=headers, verify=trusted, timeout=_TIMEOUT_S)
        self._labels = labels or {}

    def close(self) -> None:
        """Give its connections back."""
        self._client.close()

    def recorded(
        self, objectives: Iterable[Objective], begin: datetime, end: datetime
    ) -> Mapping[str, Recorded]:
        """Return what was recorded of each objective, by name, until ``end``.

        It begins a little earlier, because a counter tells what happened since it was last seen.
        """
        found = {each.name: Recorded() for each in objectives}
        whose: dict[tuple[str, str], Mapping[str, str]] = {}
        wanted = {"slo": ("=~", "|".join(found)), "__name__": ("=~", _RECORDED)}
        wanted |= {name: ("=", value) for name, value in self._labels.items()}
        matchers = ", ".join(
            f"{name}{operator}{json.dumps(value, ensure_ascii=False)}"
            for name, (operator, value) in wanted.items()
        )
        for at, length in _chunks(begin - timedelta(seconds=LONGEST_STEP_S), end):
            query = f"{{{matchers}}}[{length}s]"
            said = self._ask("query", {"query": query, "time": f"{at.timestamp():.3f}"})
            try:
                for series in said["result"]:
                    labels: dict[str, str] = dict(series["metric"])
                    key = labels.pop("__name__"), labels.pop("slo")
                    _only_one(key, whose.setdefault(key, labels), labels)
                    _samples_of(found[key[1]], key[0]).update(_read(series["values"]))
            except _UNREADABLE as error:
                raise self._strange(f"its samples cannot be read: {error!r}") from error
        return found

    def loaded(self) -> frozenset[str] | None:
        """Return the objectives whose rules Prometheus has; None if it does not say."""
        try:
            groups = self._ask("rules", {"type": "record"})["groups"]
            rules = [rule for group in groups for rule in group["rules"]]
            return frozenset(
                rule["labels"]["slo"] for rule in rules if rule["name"] in _RECORDED.split("|")
            )
        except (HistoryError, *_UNREADABLE):
            return None

    def retention(self) -> str | None:
        """Return for how long it keeps samples, in its own words; None if it does not say."""
        try:
            return str(self._ask("status/runtimeinfo", {})["storageRetention"])
        except (HistoryError, *_UNREADABLE):
            return None

    def _ask(self, path: str, fields: Mapping[str, str]) -> Any:  # noqa: ANN401 -- JSON
        try:
            answer = self._client.get(f"{self._url}/api/v1/{path}", params=fields)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._away(error) from error
        if answer.status_code in {401, 403}:
            raise HistoryError(
                f"Prometheus at {self._url} refuses to be asked ({answer.status_code}): name the "
                "file of a token that may query it with --token-file."
            )
        if answer.is_redirect:
            where = answer.headers.get("location", "")[:_MOST_SHOWN]
            raise self._strange(f"it leads to {where}")
        try:
            said = answer.json()
            if said["status"] == "success":
                return said["data"]
            why = str(said["error"])[:_MOST_SHOWN]
        except _UNREADABLE:
            what = f"{answer.status_code} {answer.reason_phrase}"
            if answer.is_server_error:
                raise HistoryError(
                    f"Prometheus at {self._url} answers {what}: it may be starting, or be away "
                    "behind a proxy. Run the same command again later."
                ) from None
            raise self._strange(f"/api/v1/{path} is {what}, and not of its API") from None
        raise HistoryError(f"Prometheus at {self._url} cannot answer: {why}.")

    def _away(self, error: Exception) -> HistoryError:
        if refused := refused_certificate(error):
            why = f"its certificate is not trusted ({refused.verify_message})"
            return HistoryError(
                f"Prometheus at {self._url} cannot be asked: {why}. If your own authority signed "
                "it, name its file with --ca."
            )
        return HistoryError(
            f"Prometheus at {self._url} does not answer: {str(error) or type(error).__name__}. "
            "Check the address, and that it can be reached from here."
        )

    def _strange(self, why: str) -> HistoryError:
        return HistoryError(
            f"{self._url} is not the address of a Prometheus: {why}. Give that of its own pages, "
            "such as http://prometheus-operated.monitoring.svc:9090."
        )


def _chunks(begin: datetime, end: datetime) -> Iterator[tuple[datetime, int]]:
    """Yield until when to read, and for how many seconds before."""
    while begin < end:
        until = min(begin + _AT_ONCE, end)
        yield until, math.ceil((until - begin).total_seconds())
        begin = until


def _only_one(key: tuple[str, str], known: Mapping[str, str], labels: Mapping[str, str]) -> None:
    """Raise HistoryError for a second series of an objective."""
    if known != labels:
        differ = sorted(dict(known.items() ^ labels.items()))
        raise HistoryError(
            f"There are several series {key[0]} of {key[1]}, which differ in {', '.join(differ)}. "
            "Choose those of one installation, and of one Prometheus, with --label NAME=VALUE."
        )


def _samples_of(recorded: Recorded, metric: str) -> dict[float, float]:
    return {BAD_TOTAL: recorded.bad, VALID_TOTAL: recorded.valid, BAD_STATE: recorded.state}[metric]


def _read(values: Sequence[tuple[float, str]]) -> Iterator[tuple[float, float]]:
    for at, text in values:
        value = float(text)
        if math.isfinite(value):
            yield float(at), value
