"""Messages, against a real mail server and a real HTTP receiver: they arrive, or it is told."""

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from gpucommons_culler.messages import limits, webhook
from gpucommons_culler.messages.message import Message, Topic
from gpucommons_culler.messages.messages import Messages
from gpucommons_upkeep import mail

from tests.waiting import until_async

from .receivers import PASSWORD, USER, ChatReceiver, MailReceiver

NOW = datetime(2026, 11, 27, 14, tzinfo=UTC)
ADMIN = "gpu-team@example.org"


def _message(number=0, topic=Topic.WARNED, **more):
    fields = {"reason": f"It is idle ({number}).", "session": "ada", "until": NOW, **more}
    return Message(topic, NOW, **fields)


@pytest.fixture
async def mails(tmp_path):
    receiver = MailReceiver(tmp_path / "mail.pem")
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture
async def chat():
    receiver = ChatReceiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture
async def messages(mails, chat, tmp_path, monkeypatch):
    """Messages with their settings, begun; ended after the test."""
    monkeypatch.setattr(
        limits.DeliveryLimits, "wait", lambda _limits, failures, asked: asked or 0.05
    )
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    (tmp_path / "webhook").write_text(f"{chat.url}\n")
    made = []

    def messages(**settings):
        usual = {
            "mail_host": "localhost",
            "mail_port": mails.port,
            "mail_user": USER,
            "mail_password_file": str(tmp_path / "password"),
            "mail_ca_file": str(mails.certificate),
            "mail_from": "gpus@example.org",
            "mail_domain": "example.org",
            "administrators": [ADMIN],
            "webhook_file": str(tmp_path / "webhook"),
            "gather_seconds": 0,
            "seconds_between": 0,
            "log": logging.getLogger("gpucommons.test"),
        }
        made.append(Messages(**usual | settings))
        made[-1].begin()
        return made[-1]

    yield messages
    for each in made:
        await each.close(0)


def _logged(caplog):
    """What our side has logged, the libraries that it uses included."""
    return "\n".join(each.getMessage() for each in caplog.records if each.name != "mail.log")


async def test_a_person_is_told_by_mail_and_the_administrators_by_mail_and_chat(
    messages, mails, chat
):
    telling = messages()
    telling.notify_person("ada@example.org", _message(change="Keep it.", url="https://hub/x"))
    telling.notify_administrators(_message(topic=Topic.FAILED, reason="It cannot be stopped."))
    await until_async(lambda: len(mails.mails) == 2 and chat.posts)
    to_ada = next(each for each in mails.mails if each["To"] == "ada@example.org")
    assert to_ada["Subject"] == "Your session ada is idle, and ends at 2026-11-27 14:00 UTC"
    assert to_ada["From"] == "gpus@example.org"
    assert to_ada["Auto-Submitted"] == "auto-generated"
    text = to_ada.get_content()
    for words in ("It is idle (0).", "Keep it.", "https://hub/x"):
        assert words in text
    said = [{"text": "A step with ada failed at 2026-11-27 14:00 UTC. It cannot be stopped."}]
    assert chat.posts == said


async def test_a_burst_goes_as_one(messages, mails, chat):
    telling = messages(gather_seconds=0.2)
    for number in range(25):
        telling.notify_administrators(_message(number, session=f"user{number}"))
    await until_async(lambda: mails.mails and chat.posts)
    await telling.close()
    assert (len(mails.mails), len(chat.posts)) == (1, 1)
    assert mails.mails[0]["Subject"] == "GPU Commons: 25 messages about sessions"
    text = mails.mails[0].get_content()
    assert "and 5 earlier ones" in text
    assert (
        "user24: warned, 2026-11-27 14:00 UTC, ends at 2026-11-27 14:00 UTC. It is idle (24)."
        in text
    )


async def test_what_comes_too_soon_after_another_waits_and_goes_together(messages, chat):
    telling = messages(seconds_between=0.5, administrators=[])
    telling.notify_administrators(_message(1))
    await until_async(lambda: chat.posts)
    for number in (2, 3):
        telling.notify_administrators(_message(number))
    await until_async(lambda: len(chat.posts) == 2)
    assert chat.times[1] - chat.times[0] >= 0.5
    assert chat.posts[1]["text"].startswith("2 messages about sessions")


async def test_no_more_than_so_many_go_in_a_minute(messages, mails, caplog):
    telling = messages(per_minute=2, webhook_file="")
    for name in ("ada", "ben", "cleo"):
        telling.notify_person(name, _message())
    await until_async(lambda: len(mails.mails) == 2)
    await asyncio.sleep(0.2)
    assert len(mails.mails) == 2
    await telling.close()  # at the end nobody waits for the next minute
    assert {each["To"] for each in mails.mails} == {
        f"{n}@example.org" for n in ("ada", "ben", "cleo")
    }


@pytest.mark.parametrize(
    ("answer", "least"),
    [
        ({"status": 500}, 0),
        ({"status": 503}, 0),
        ({"status": 429, "headers": {"Retry-After": "1"}}, 1),
        (None, 0),
    ],
    ids=["500", "503", "429", "no answer"],
)
async def test_what_a_chat_does_not_take_is_tried_again(messages, chat, monkeypatch, answer, least):
    if answer is None:
        monkeypatch.setattr(webhook, "_PATIENCE_S", 0.5)
    chat.answers = [answer, answer] if not least else [answer]
    telling = messages(administrators=[])
    telling.notify_administrators(_message(1))
    await until_async(lambda: chat.times)
    telling.notify_administrators(_message(2))  # joins the one that waits
    await until_async(lambda: chat.posts)
    assert chat.posts[0]["text"].startswith("2 messages about sessions")
    assert chat.times[1] - chat.times[0] >= least


async def test_a_receiver_that_hangs_holds_up_nobody_else(messages, mails, chat, monkeypatch):
    monkeypatch.setattr(webhook, "_PATIENCE_S", 0.5)
    chat.answers = [None] * 100
    telling = messages()
    for number in range(50):
        telling.notify_administrators(_message(number))
        telling.notify_person("ada", _message(number))
    await until_async(lambda: sum("example.org" in each["To"] for each in mails.mails) >= 2)
    begin = time.monotonic()
    await telling.close(0.3)
    assert time.monotonic() - begin < 20  # a third of what the receiver takes for one answer


async def test_a_webhook_that_is_gone_is_not_tried_again_and_no_secret_is_logged(
    messages, chat, caplog
):
    caplog.set_level(logging.DEBUG)
    chat.answers = [{"status": 404}]
    telling = messages(administrators=[])
    telling.notify_administrators(_message())
    await until_async(lambda: "are lost" in caplog.text)
    assert "1 chat messages to chat are lost: the receiver answered 404" in caplog.text
    await chat.stop()
    telling.notify_administrators(_message())
    await until_async(lambda: "no answer: ClientConnectorError" in caplog.text)
    assert "secret-of-the-webhook" not in _logged(caplog)


async def test_a_webhook_s_redirect_is_not_followed(messages, chat, caplog):
    chat.answers = [{"status": 307, "headers": {"Location": chat.url}}]
    telling = messages(administrators=[])
    telling.notify_administrators(_message())
    await until_async(lambda: "the receiver answered 307" in caplog.text)
    assert chat.posts == []


@pytest.mark.parametrize("reply", ["451 Later", "421 Too busy"])
async def test_a_mail_that_is_put_off_is_sent_again(messages, mails, reply):
    mails.replies = [reply] * 3
    messages(webhook_file="").notify_person("ada", _message())
    await until_async(lambda: mails.mails)
    assert mails.replies == []


async def test_a_mail_that_is_refused_is_lost_and_logged(messages, mails, caplog):
    mails.replies = ["554 No spam"]
    telling = messages(webhook_file="")
    telling.notify_person("ada", _message())
    await until_async(lambda: "1 mail messages to ada@example.org are lost" in caplog.text)
    telling.notify_person("ada", _message())
    await until_async(lambda: mails.mails)


@pytest.mark.parametrize(
    ("settings", "name"),
    [({}, "example.org"), ({"mail_hello": "hub.example.org"}, "hub.example.org")],
)
async def test_a_mail_server_is_greeted_by_a_full_name(messages, mails, settings, name):
    mails.only_full_names = True
    messages(webhook_file="", **settings).notify_person("ada", _message())
    await until_async(lambda: mails.mails)
    assert set(mails.greetings) == {name}


async def test_a_name_that_a_mail_server_refuses_is_told_and_the_mail_waits(
    messages, mails, caplog, monkeypatch
):
    mails.only_full_names = True
    monkeypatch.setattr(mail.MailServer, "greeting", "gpucommons")
    messages(webhook_file="").notify_person("ada", _message())
    await until_async(lambda: "set Messages.mail_hello to a full host name" in caplog.text)
    assert "are lost" not in caplog.text
    mails.only_full_names = False
    await until_async(lambda: mails.mails)


@pytest.mark.parametrize("code", [502, 503, 530, 538])
async def test_a_mistake_in_how_the_server_is_called_loses_no_mail(messages, mails, caplog, code):
    mails.replies = [f"{code} Not like this"]
    messages(webhook_file="").notify_person("ada", _message())
    await until_async(lambda: mails.mails)
    assert f"the mail server answered {code}; check Messages.mail_security" in caplog.text


async def test_a_mistake_of_ours_holds_messages_up_and_does_not_end_them(
    messages, mails, monkeypatch, caplog
):
    telling = messages(webhook_file="")
    (heart,) = telling.hearts
    with monkeypatch.context() as patch:
        patch.setattr(limits.RateLimit, "take", lambda *_: 1 / 0)
        telling.notify_person("ada", _message())
        await until_async(lambda: heart.failures)
        assert "mail messages are held up" in caplog.text
    await until_async(lambda: mails.mails)
    assert heart.trouble() is None


async def test_a_mail_server_that_was_away_gets_what_waits_as_one(messages, mails, caplog):
    port = mails.port
    await mails.stop()
    telling = messages(webhook_file="")
    for number in range(3):
        telling.notify_person("ada", _message(number))
    await until_async(lambda: "no mail can be sent" in caplog.text)
    mails.port = port
    await mails.start()
    # Another certificate than before: the old one is not trusted.
    await until_async(lambda: mails.mails)
    assert mails.mails[0]["Subject"] == "GPU Commons: 3 messages about sessions"


async def test_a_wrong_password_is_told_without_it_and_may_be_put_right(
    messages, mails, caplog, tmp_path
):
    caplog.set_level(logging.DEBUG)
    (tmp_path / "password").write_text("not-the-right-one")
    telling = messages(webhook_file="")
    (tmp_path / "password").write_text("not-the-right-one")
    telling.notify_person("ada", _message())
    await until_async(lambda: "the mail server refuses user and password" in caplog.text)
    (tmp_path / "password").write_text(PASSWORD)
    await until_async(lambda: mails.mails)
    for secret in ("not-the-right-one", PASSWORD, "It is idle"):
        assert secret not in _logged(caplog)


async def test_a_mail_server_that_is_not_trusted_gets_no_password(messages, mails, caplog):
    telling = messages(webhook_file="", mail_ca_file="")
    telling.notify_person("ada", _message())
    await until_async(lambda: "no mail can be sent" in caplog.text)
    assert mails.mails == []


async def test_what_is_tried_for_too_long_is_lost_and_logged(messages, chat, caplog):
    chat.answers = [{"status": 500}] * 1000
    telling = messages(administrators=[], give_up_hours=3 / 3600)
    telling.notify_administrators(_message())
    await until_async(lambda: "are lost" in caplog.text)
    assert 2 < len(chat.times) < 100


async def test_what_finds_no_room_is_counted_in_the_digest_or_logged(messages, mails, caplog):
    telling = messages(gather_seconds=60, webhook_file="", most_kept=150)
    for number in range(120):
        telling.notify_person("ada", _message(number))
    for number in range(60):
        telling.notify_person("ben", _message(number))
    assert caplog.text.count("no room for the mail message warned") == 10
    await telling.close()
    counts = {each["To"]: each["Subject"] for each in mails.mails}
    assert counts == {
        "ada@example.org": "GPU Commons: 120 messages about sessions",
        "ben@example.org": "GPU Commons: 50 messages about sessions",
    }


async def test_a_stop_delivers_what_waits_and_tells_what_it_cannot(messages, mails, chat, caplog):
    chat.answers = [{"status": 500}]
    telling = messages(gather_seconds=60)
    telling.notify_administrators(_message())
    await telling.close()
    assert len(mails.mails) == 1
    assert "1 chat messages to chat are lost: the receiver answered 500" in caplog.text
    telling.notify_administrators(_message())
    assert "no room for the mail message" in caplog.text


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("ada@example.org", "ada@example.org"),
        ("ada.b+c", "ada.b+c@example.org"),
        ("ada\nBcc: all@example.org", None),
        ("ada@example.org\r\nBcc: all@example.org", None),
        ("ada@example.org,ben@example.org", None),
        ("ada <ben@example.org>", None),
        ("a b", None),
        ("élodie", None),
        ("@", None),
        ("a" * 300, None),
    ],
)
def test_an_address_is_one_address_or_none(name, address):
    assert mail.address_of(name, "example.org") == address
    if "@" not in name:
        assert mail.address_of(name) is None


async def test_no_name_adds_a_header_a_line_or_a_call_of_everybody(messages, mails, chat):
    evil = "ada\r\nBcc: all@example.org\r\n\r\n<!channel> & <https://evil|x>\u2028y"
    telling = messages()
    telling.notify_administrators(_message(session=evil, reason=evil))
    await until_async(lambda: mails.mails and chat.posts)
    assert mails.envelopes == [("gpus@example.org", [ADMIN])]
    assert mails.mails[0]["Bcc"] is None
    assert not any(line.startswith("Bcc") for line in mails.mails[0].get_content().splitlines())
    (post,) = chat.posts
    assert "<" not in post["text"]
    assert "&lt;!channel&gt; &amp;" in post["text"]


async def test_somebody_without_an_address_is_logged(messages, mails, caplog):
    messages(mail_domain="", webhook_file="").notify_person("ada", _message())
    assert "'ada' has no mail address; not notified: warned" in caplog.text


async def test_without_settings_nothing_is_delivered_and_nothing_fails():
    telling = Messages()
    telling.begin()
    telling.notify_person("ada", _message())
    telling.notify_administrators(_message())
    await telling.close()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"mail_from": ""}, "mail_from must be set"),
        ({"mail_from": "x\ny@example.org"}, "is not a mail address"),
        ({"administrators": ["nobody"]}, "'nobody' is not a mail address"),
        ({"mail_password_file": ""}, "mail_password_file must be set"),
        ({"mail_password_file": "/none"}, "there is no file /none"),
        ({"mail_security": "none"}, "would expose mail_user's password"),
        ({"mail_hello": "gpucommons"}, "is not a full host name"),
        ({"webhook_file": "/none"}, "webhook_file: there is no file /none"),
        ({"templates": "/none"}, "there is no folder /none"),
    ],
)
async def test_settings_that_cannot_work_stop_the_start(messages, settings, says):
    with pytest.raises(ValueError, match=says):
        messages(**settings)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Subject: {{ session", "warned.mail.txt, line 1"),
        ("Subject: x\n\n{{ sesion }}", "'sesion' is undefined"),
        ("no subject", "must begin with 'Subject: '"),
        ("Subject: {{ session.__class__.__mro__ }}", "unsafe"),
    ],
)
async def test_a_template_with_a_mistake_stops_the_start(messages, tmp_path, text, says):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "warned.mail.txt").write_text(text)
    with pytest.raises(ValueError, match=says):
        messages(templates=str(folder))


async def test_an_installation_s_template_stands_in_the_place_of_ours(messages, mails, tmp_path):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "warned.mail.txt").write_text("Subject: Achtung {{ session }}\n\n{{ reason }}")
    messages(templates=str(folder), webhook_file="").notify_person("ada", _message())
    await until_async(lambda: mails.mails)
    assert mails.mails[0]["Subject"] == "Achtung ada"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120), ("", None), ("soon", None), ("-5", None), ("1e9", None), ("٣", None)],
)
def test_how_long_a_receiver_wants_to_be_left_alone(text, seconds):
    assert webhook._seconds(text) == seconds


def test_a_receiver_may_name_a_date():
    later = datetime.now(UTC) + timedelta(minutes=2)
    assert 100 < webhook._seconds(format_datetime(later)) < 121
    assert webhook._seconds(format_datetime(later - timedelta(days=1))) == 0


def test_waits_grow_are_spread_and_have_an_end():
    usual = limits.DeliveryLimits(first_wait=10, longest_wait=600)
    for failures, least, most in ((1, 10, 14), (2, 20, 27), (7, 600, 800), (5000, 600, 800)):
        found = {usual.wait(failures, None) for _ in range(50)}
        assert least <= min(found)
        assert max(found) <= most
        assert len(found) > 1
    assert 300 <= usual.wait(1, 300) <= 400
    assert usual.wait(1, 1e9) <= 800
