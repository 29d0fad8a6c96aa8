"""Alerts reach people by chat and by mail, together, without what follows from them."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from email.message import EmailMessage

import pytest
from gpucommons_config.slo.alertmanager import DEFAULT_FILE

from tests.unit.monitoring.fired import Fired, every_alert, fired
from tests.unit.monitoring.rule_files import alerts
from tests.waiting import until_async

from .alertmanager import Alertmanager, amtool, now
from .culler.receivers import ChatReceiver, MailReceiver

_ON_CALL, _WORKING_DAY = "on-call@example.org", "gpu-team@example.org"


class Told:
    """What chat and mail have of alerts."""

    def __init__(self, chat: ChatReceiver, mails: MailReceiver):
        self._chat, self._mails = chat, mails

    def chat(self) -> list[dict]:
        """Return what a chat shows of each message."""
        return [attachment for post in self._chat.posts for attachment in post["attachments"]]

    def mails(self) -> list[tuple[str, str, str]]:
        """Return subject, text and receiver of each mail."""
        return [
            (mail["Subject"], _text(mail), to)
            for mail, (_, (to,)) in zip(self._mails.mails, self._mails.envelopes, strict=True)
        ]

    def titles(self) -> tuple[list[str], list[str]]:
        """Return the titles in the chat and those of the mails, each in order."""
        return sorted(each["title"] for each in self.chat()), sorted(
            each[0] for each in self.mails()
        )

    def both(self, *titles: str) -> Callable[[], bool]:
        """Return whether both ways have these among what they have."""
        return lambda: all(set(titles) <= set(found) for found in self.titles())


def _text(mail: EmailMessage) -> str:
    """Return what a mail says; it says so in plain text alone."""
    (part,) = mail.iter_parts()
    assert part.get_content_type() == "text/plain"
    return part.get_content().replace("\r\n", "\n").strip()


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _title(alert: Fired, *, over: bool = False) -> str:
    head = "RESOLVED" if over else alert.labels["severity"].upper()
    cluster = f" {alert.labels['cluster']}:" if "cluster" in alert.labels else ""
    return f"[{head}]{cluster} {alert.annotations['summary']}"


def _in_cluster(alert: Fired, cluster: str) -> Fired:
    return alert._replace(labels={**alert.labels, "cluster": cluster})


def _full(claim: int) -> Fired:
    labels = {"namespace": "team-vision", "persistentvolumeclaim": f"home-{claim:02}"}
    return fired("GPUCommonsHomeFull", {**labels, "how_much": f"Free: {claim % 5}%."})


@pytest.fixture
async def mails(tmp_path) -> AsyncIterator[MailReceiver]:
    receiver = MailReceiver(tmp_path / "mail.pem")
    receiver.only_full_names = True
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture
async def chat() -> AsyncIterator[ChatReceiver]:
    receiver = ChatReceiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture
async def alertmanager(tmp_path, mails, chat) -> AsyncIterator[Alertmanager]:
    program = Alertmanager(tmp_path, mails, chat)
    program.start()
    yield program
    program.stop()


@pytest.fixture
def told(chat, mails) -> Told:
    return Told(chat, mails)


def test_alertmanager_takes_the_file_as_it_is_delivered():
    assert "1 templates" in amtool("check-config", DEFAULT_FILE)


async def test_each_alert_is_told_in_both_ways_and_so_is_its_end(alertmanager, told):
    """Each in a cluster of its own, so that none holds another back."""
    every = [_in_cluster(each, f"site-{place}") for place, each in enumerate(every_alert())]
    assert {each.name for each in every} == set(alerts())
    since = now()
    alertmanager.send(every, since)
    await until_async(told.both(*map(_title, every)))
    chats, mails = {each["title"]: each for each in told.chat()}, told.mails()
    assert len(chats) == len(mails) == len(every)
    by_subject = {subject: (text, to) for subject, text, to in mails}
    for each in every:
        text, to = by_subject[_title(each)]
        assert text.startswith(f"{each.annotations['description']}\nSince {_moment(since)}.")
        assert each.annotations.get("how_much", "") in text
        assert text.endswith(f"\n\n{each.name}: {each.annotations['runbook_url']}")
        critical = each.labels["severity"] == "critical"
        assert to == (_ON_CALL if critical else _WORKING_DAY)
        shown = chats[_title(each)]
        assert shown["text"] == text
        assert shown["fallback"] == shown["title"]
        assert shown["title_link"] == each.annotations["runbook_url"]
        assert shown["color"] == ("danger" if critical else "warning")

    over = now()
    alertmanager.send(every, since, over)
    ends = [_title(each, over=True) for each in every]
    await until_async(told.both(*ends))
    for each in told.chat():
        if each["title"] in ends:
            assert each["color"] == "good"
            assert f"Over at {_moment(over)}, after it began at {_moment(since)}." in each["text"]
            assert "/docs/runbooks/GPUCommons" in each["text"]


async def test_one_message_tells_of_all_that_an_alert_is_about(alertmanager, told):
    since = now()
    late = fired("GPUCommonsBackupLate", {"team": "vision"})
    full = _title(_full(0))
    alertmanager.send([*map(_full, range(25)), late], since)
    await until_async(lambda: all("These are 20 of 25." in text for text in _last(told, full)))
    await until_async(told.both(_title(late)))
    # One, or two if Alertmanager was kept waiting and told of the first by itself.
    assert all(found.count(full) <= 2 for found in told.titles())
    text, mailed = _last(told, full)
    assert text == mailed
    assert "The claim home-03 in team-vision." in text
    assert f"Since {_moment(since)}. Free: 3%. " in text
    assert "namespace=team-vision persistentvolumeclaim=home-03\n" in text
    assert text.count("The claim ") == 20


def _last(told: Told, title: str) -> tuple[str, str]:
    """Return the last message of a title in the chat, and the last mail; empty without one."""
    chats = [each["text"] for each in told.chat() if each["title"] == title]
    mails = [text for subject, text, _ in told.mails() if subject == title]
    return ["", *chats][-1], ["", *mails][-1]


_HELD_BACK = [
    (
        ("GPUCommonsHubAway", "critical"),
        [
            ("GPUCommonsSignInFails", "critical"),
            ("GPUCommonsPickerSlow", "critical"),
            ("GPUCommonsStartsFail", "critical"),
            ("GPUCommonsStartsSlow", "critical"),
            ("GPUCommonsCullerAway", "warning"),
        ],
        [("GPUCommonsBackupAway", "warning"), ("GPUCommonsSessionsLost", "critical")],
    ),
    (
        ("GPUCommonsDexAway", "critical"),
        [("GPUCommonsSignInFails", "critical")],
        [("GPUCommonsPickerSlow", "critical")],
    ),
    (
        ("GPUCommonsAccountingBehind", "critical"),
        [("GPUCommonsAccountingBehind", "warning"), ("GPUCommonsAccountingNotTold", "warning")],
        [("GPUCommonsStartsSlow", "warning")],
    ),
    (
        ("GPUCommonsAccountingBehind", "warning"),
        [],
        [("GPUCommonsAccountingNotTold", "warning")],
    ),
]
"""A cause, what it holds back, and what comes all the same."""


@pytest.mark.parametrize(("cause", "held", "others"), _HELD_BACK)
async def test_a_cause_holds_back_what_follows_from_it_until_it_is_over(
    alertmanager, told, cause, held, others
):
    every = {(each.name, each.labels["severity"]): each for each in every_alert()}
    since = now()
    alertmanager.send([every[cause]], since)
    await until_async(told.both(_title(every[cause])))
    elsewhere = [_in_cluster(every[each], "elsewhere") for each in held]
    other = [every[each] for each in others] + elsewhere
    alertmanager.send([*(every[each] for each in held), *other], now())
    await until_async(told.both(*map(_title, other)))
    assert alertmanager.held_back() == set(held)
    come = sorted({_title(every[cause]), *map(_title, other)})
    assert tuple(map(set, told.titles())) == (set(come), set(come))

    alertmanager.send([every[cause]], since, now())
    await until_async(told.both(_title(every[cause], over=True), *(_title(every[e]) for e in held)))


async def test_messages_of_the_object_for_the_operator_are_the_same(tmp_path, chat, mails, told):
    since = now()
    alert = fired("GPUCommonsVolumeFull", {"namespace": "gpucommons", "persistentvolumeclaim": "a"})
    for each in (False, True):
        folder = tmp_path / str(each)
        folder.mkdir()
        program = Alertmanager(folder, mails, chat, as_object=each)
        program.start()
        try:
            program.send([alert], since)
            await until_async(lambda: len(mails.mails) == len(chat.posts) == 1 + each)  # noqa: B023
        finally:
            program.stop()
    (file, made), (mail, other) = told.chat(), told.mails()
    assert "{{" not in file["text"]
    assert (made, other) == (file, mail)
