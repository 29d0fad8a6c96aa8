"""Tokens for sessions: made together, kept until they end, made anew when they are doubted."""

import asyncio
from datetime import UTC, datetime

import pytest
from gpucommons_culler.core.errors import HubError, HubUnavailableError, NotAllowedError
from gpucommons_culler.core.session import SessionKey
from gpucommons_upkeep.session_tokens import AT_ONCE, SessionTokens

DAY = 86400.0


class Hub:
    """Makes tokens, or fails as often as it is told."""

    def __init__(self):
        self.asked: list[list[tuple[str, str]]] = []
        self.failures = 0
        self.now = 0.0
        self.tokens = SessionTokens(self.make, HubError, clock=lambda: self.now)

    async def make(self, servers):
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise HubUnavailableError("away")
        self.asked.append(list(servers))
        return [f"{user}-{len(self.asked)}" for user, _ in servers], DAY


@pytest.fixture
def hub():
    return Hub()


def _key(number):
    return SessionKey(f"u{number}", "", datetime(2026, 11, 27, tzinfo=UTC))


async def test_many_at_once_are_made_in_as_few_requests_as_may_be(hub):
    keys = [_key(number) for number in range(2 * AT_ONCE + 1)]
    found = await asyncio.gather(*(hub.tokens.of(key) for key in keys * 2))
    assert [len(each) for each in hub.asked] == [AT_ONCE, AT_ONCE, 1]
    assert [text.partition("-")[0] for text in found] == [key.user for key in keys * 2]


async def test_a_token_is_kept_until_shortly_before_its_end(hub):
    first = await hub.tokens.of(_key(1))
    hub.now = DAY - 601
    assert await hub.tokens.of(_key(1)) == first
    hub.now = DAY - 599
    assert await hub.tokens.of(_key(1)) != first


async def test_a_token_that_is_refused_is_made_anew_but_not_each_time(hub):
    first = await hub.tokens.of(_key(1))
    hub.tokens.doubt(_key(1))
    assert await hub.tokens.of(_key(1)) == first
    hub.now = 601
    hub.tokens.doubt(_key(1))
    assert await hub.tokens.of(_key(1)) != first


async def test_the_token_of_another_run_is_another(hub):
    again = SessionKey("u1", "", datetime(2026, 11, 28, tzinfo=UTC))
    assert await hub.tokens.of(_key(1)) != await hub.tokens.of(again)


async def test_what_is_gone_is_forgotten(hub):
    first = await hub.tokens.of(_key(1))
    await hub.tokens.of(_key(2))
    hub.tokens.keep_only({_key(2)})
    assert await hub.tokens.of(_key(1)) != first
    assert len(hub.asked) == 3


async def test_a_failure_is_that_of_all_who_wait_and_the_hub_is_asked_once(hub):
    hub.failures = 1
    keys = [_key(number) for number in range(4 * AT_ONCE)]
    found = await asyncio.gather(*map(hub.tokens.of, keys), return_exceptions=True)
    assert {type(each) for each in found} == {HubUnavailableError}
    assert (hub.failures, hub.asked) == (0, []), "one question failed, and no other was asked"


async def test_who_comes_right_after_a_failure_does_not_wait_and_after_the_pause_is_served(hub):
    hub.failures = 1
    with pytest.raises(HubUnavailableError, match="away"):
        await hub.tokens.of(_key(1))
    with pytest.raises(HubUnavailableError, match="away"):
        await hub.tokens.of(_key(2))
    assert hub.asked == []
    hub.now = 15.0
    assert await hub.tokens.of(_key(2)) == "u2-1"
    assert await hub.tokens.of(_key(1)) == "u1-2"


async def test_a_right_that_is_missing_is_named_to_all():
    async def refuse(_servers):
        raise NotAllowedError("access:servers")

    tokens = SessionTokens(refuse, HubError, clock=lambda: 0.0)
    for number in (1, 2):
        with pytest.raises(NotAllowedError, match="access:servers") as raised:
            await tokens.of(_key(number))
        assert raised.value.scope == "access:servers"


async def test_who_stops_waiting_takes_nothing_from_the_others(hub):
    first, second = (asyncio.create_task(hub.tokens.of(_key(number))) for number in (1, 2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "u2-1"
    assert await hub.tokens.of(_key(1))
