"""Mail about budgets, at a real mail server: once for each part that is used."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from unittest.mock import Mock

import pytest
from gpucommons_accounting.database.people.identities import SeenTeam
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.mailing import mailing
from gpucommons_accounting.mailing.mailing import BudgetMailing
from gpucommons_accounting.mailing.settings import BudgetMail
from gpucommons_accounting.reckoning.budgets.budget import Budget, Rule, Subject
from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_accounting.records.identity import PersonId
from gpucommons_accounting.web.budgets.balance_sheet import BalanceSheet
from gpucommons_accounting.web.site import Site
from gpucommons_contract import GPU_HOURS, AtLimit, SubjectKind
from gpucommons_contract.words import ENGLISH, LANGUAGES, offer, set_language
from gpucommons_upkeep.errors import StoreUnavailableError
from gpucommons_upkeep.mail import DeliveryError

from tests.unit.accounting.sessions import BERLIN, at, facts
from tests.waiting import until_async

from ..culler.receivers import PASSWORD, USER, MailReceiver

SINCE = "2026-01-01T00:00:00+00:00"
ADA, LEAD = PersonId("ada", SINCE), PersonId("lead@example.org", SINCE)
EACH = Subject(SubjectKind.PERSON, "")
VISION = Subject(SubjectKind.TEAM, "vision")


class Clock:
    def __init__(self) -> None:
        self.now = at("2026-11-20T12:00+01:00")

    def __call__(self):
        return self.now


@pytest.fixture
async def mails(tmp_path):
    receiver = MailReceiver(tmp_path / "mail.pem")
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'accounting.sqlite'}", calendar=Calendar(BERLIN))
    store.open()
    store.people_and_teams.meet([ADA])
    vision = SeenTeam("u1", "vision", "Vision", at("2026-01-01"), {LEAD.name: LEAD.since})
    store.people_and_teams.see_teams([vision], at("2026-01-01"))
    yield store
    store.close()


@pytest.fixture
def sending(mails, store, clock, tmp_path):
    (tmp_path / "password").write_text(f"{PASSWORD}\n")

    def sending(**settings) -> BudgetMailing:
        usual = {
            "mail_host": "localhost",
            "mail_port": mails.port,
            "mail_user": USER,
            "mail_password_file": str(tmp_path / "password"),
            "mail_ca_file": str(mails.certificate),
            "mail_from": "gpus@example.org",
            "mail_domain": "example.org",
            "hub_url": "https://hub.example.org",
        }
        made = BudgetMail(**usual | settings)
        sheet = BalanceSheet(store, Site(Calendar(BERLIN), "EUR", 2), Decimal(4), clock)
        mailer = made.mailer()
        assert mailer
        return BudgetMailing(store, sheet, made, mailer, clock)

    return sending


def limit(store, subject=EACH, hours=10, at_limit=AtLimit.WARN):
    amount, begin = Decimal(hours), at("2026-01-01")
    budget = Budget(subject, GPU_HOURS, Rule.LIMITED, begin, amount, at_limit=at_limit)
    store.budgets.set_budget(budget, "boss", begin)


def used(store, clock, hours, uid="a"):
    begin = clock.now - timedelta(hours=hours)
    store.add(facts(begin, clock.now, uid, person="ada", person_since=SINCE), clock.now)


async def test_80_and_100_percent_are_told_once_each_in_a_period(store, clock, mails, sending):
    limit(store, at_limit=AtLimit.DENY)
    telling = sending()
    used(store, clock, 7)
    await telling.step()
    assert mails.mails == []
    used(store, clock, 1.5, "b")
    await telling.step()
    await sending().step()  # as after a restart
    (mail,) = mails.mails
    assert (mail["To"], mail["Subject"]) == ("ada@example.org", "80% of your budget are used")
    text = mail.get_content()
    assert "You have 1.5 of 10 GPU-hours left until 1 December, 00:00 CET." in text
    assert "Once nothing is left, nothing more starts with a GPU." in text
    assert "Sessions without a GPU can always be started." in text
    assert "https://hub.example.org/services/gpu/" in text.split()
    used(store, clock, 2, "c")
    await telling.step()
    await telling.step()
    assert [each["Subject"] for each in mails.mails[1:]] == ["Your budget is used up"]
    text = mails.mails[1].get_content()
    assert "You have 0 of 10 GPU-hours left until 1 December, 00:00 CET." in text
    assert "nothing more starts with a GPU." in text
    clock.now = at("2026-12-20T12:00+01:00")
    used(store, clock, 9, "d")
    await telling.step()
    assert [each["Subject"] for each in mails.mails[2:]] == ["80% of your budget are used"]


async def test_who_reaches_both_at_once_is_told_the_higher_alone(store, clock, mails, sending):
    limit(store)
    used(store, clock, 11)
    for _ in range(2):
        await sending().step()
    (mail,) = mails.mails
    assert mail["Subject"] == "Your budget is used up"
    assert "What runs goes on, and more may start." in mail.get_content()


async def test_of_a_team_s_budget_its_leads_are_told(store, clock, mails, sending):
    limit(store, VISION)
    used(store, clock, 8)
    await sending().step()
    (mail,) = mails.mails
    said = "80% of the budget of the team Vision are used"
    assert (mail["To"], mail["Subject"]) == ("lead@example.org", said)
    assert "https://hub.example.org/services/gpu/team/vision" in mail.get_content().split()


async def test_a_team_s_name_adds_no_header(store, clock, mails, sending):
    evil = SeenTeam("u1", "vision", "V\r\nBcc: all@x.org", at("2026-01-01"), {LEAD.name: SINCE})
    store.people_and_teams.see_teams([evil], clock.now)
    limit(store, VISION)
    used(store, clock, 8)
    await sending().step()
    (mail,) = mails.mails
    assert (mail["Bcc"], mails.envelopes[0][1]) == (None, [LEAD.name])


async def test_a_lead_whose_account_cannot_be_is_told_nothing(store, clock, mails, sending):
    """It would not fit into the record of mails, and so hold up all others."""
    team = SeenTeam("u1", "vision", "Vision", at("2026-01-01"), {LEAD.name: 13 * "since"})
    store.people_and_teams.see_teams([team], clock.now)
    limit(store, VISION)
    used(store, clock, 8)
    await sending().step()
    assert mails.mails == []


async def test_who_has_the_name_of_a_lead_or_of_a_person_who_left_is_told_nothing(
    store, clock, mails, sending
):
    limit(store, VISION)
    limit(store)
    used(store, clock, 8)
    store.people_and_teams.meet([ADA, PersonId(LEAD.name, "2026-10-01T00:00:00+00:00")])
    store.people_and_teams.left(ADA, clock.now)
    await sending().step()
    assert mails.mails == []


async def test_what_is_put_off_is_tried_again_and_told_once(store, clock, mails, sending, caplog):
    limit(store)
    used(store, clock, 8)
    mails.replies = ["451 Later"]
    telling = sending()
    await telling.step()
    await telling.step()
    assert mails.mails == []
    assert "again in 0:01:00: the mail server answered 451" in caplog.text
    clock.now += timedelta(minutes=1)
    for _ in range(2):
        await telling.step()
    assert len(mails.mails) == 1


async def test_what_cannot_be_noted_is_not_told_again(store, clock, mails, sending, monkeypatch):
    def full(*_) -> None:
        raise StoreUnavailableError("the disk is full")

    limit(store)
    used(store, clock, 8)
    telling = sending()
    with monkeypatch.context() as patch:
        patch.setattr(store.budget_mails, "note", full)
        for _ in range(2):
            with pytest.raises(StoreUnavailableError):
                await telling.step()
    await telling.step()
    await sending().step()
    assert len(mails.mails) == 1


async def test_a_server_that_does_not_let_us_hand_in_mail_loses_none(
    store, clock, mails, sending, caplog
):
    limit(store)
    used(store, clock, 8)
    mails.replies = ["554 5.7.1 Relay access denied"]
    telling = sending()
    await telling.step()
    assert "the mail server answered 554; check BudgetMail.mail_security" in caplog.text
    clock.now += timedelta(minutes=1)
    await telling.step()
    assert len(mails.mails) == 1


async def test_what_a_server_refuses_for_good_is_lost_and_logged(
    store, clock, mails, sending, caplog
):
    limit(store)
    used(store, clock, 8)
    mails.replies = ["550 No such mailbox"]
    telling = sending()
    for _ in range(2):
        await telling.step()
        clock.now += timedelta(hours=1)
    assert "to ada@example.org is lost: the mail server answered 550" in caplog.text
    assert mails.mails == []


async def test_a_server_that_is_away_is_left_alone_after_three_tries(
    store, clock, mails, sending, caplog
):
    limit(store)
    store.people_and_teams.meet([PersonId(name, SINCE) for name in "abcdef"])
    for name in "abcdef":
        begin = clock.now - timedelta(hours=9)
        store.add(facts(begin, clock.now, name, person=name, person_since=SINCE), clock.now)
    await mails.stop()
    telling = sending()
    with pytest.raises(DeliveryError, match="no mail can be sent"):
        await telling.step()
    assert caplog.text.count("failed, again in") == 3
    await mails.start()
    await sending().step()  # another certificate than before, which the new one trusts
    assert len(mails.mails) == 6


async def test_somebody_without_an_address_is_logged_once(store, clock, mails, sending, caplog):
    limit(store)
    used(store, clock, 8)
    telling = sending(mail_domain="")
    for _ in range(2):
        await telling.step()
    assert caplog.text.count("'ada' has no mail address") == 1


async def test_the_one_that_records_sends_in_the_site_s_language(
    store, clock, mails, sending, monkeypatch
):
    limit(store)
    used(store, clock, 8)
    monkeypatch.setattr(mailing, "_PAUSE_SECONDS", 0.01)
    asked = []

    def may() -> bool:
        asked.append(True)
        return len(asked) > 3

    offer(tuple(LANGUAGES), "de")
    try:
        work = asyncio.create_task(sending().run(may))
        await until_async(store.budget_mails.told)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    finally:
        offer((ENGLISH,), ENGLISH)
        set_language(ENGLISH)
    assert len(asked) > 3
    (mail,) = mails.mails
    assert mail["Subject"] == "80 % Ihres Budgets sind verbraucht"
    assert "1. Dezember, 00:00 CET" in mail.get_content()


async def test_whose_turn_it_became_in_a_pause_waits_for_another_one(
    store, clock, mails, sending, monkeypatch
):
    limit(store)
    used(store, clock, 8)
    pauses = []

    async def pause(_seconds: float) -> None:
        pauses.append(True)
        await asyncio.sleep(0)

    def may() -> bool:
        """It is ours after the first pause, and no more after the second, and so on."""
        return len(pauses) % 2 == 1

    monkeypatch.setattr(mailing, "asyncio", Mock(wraps=asyncio, sleep=pause))
    work = asyncio.create_task(sending().run(may))
    await until_async(lambda: len(pauses) > 4)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert mails.mails == []


def test_without_a_mail_server_there_is_no_mail():
    assert BudgetMail().mailer() is None


def test_settings_that_cannot_work_name_their_section():
    settings = BudgetMail(mail_host="mail.example.org", mail_from="nobody")
    with pytest.raises(ValueError, match="BudgetMail: 'nobody' is not a mail address"):
        settings.mailer()
    with pytest.raises(ValueError, match=r"BudgetMail\.mail_from must be set"):
        BudgetMail(mail_host="mail.example.org").mailer()
