"""What the hub does when its secret of cookies, or a service's token, was replaced."""

import logging
from types import SimpleNamespace

import pytest
from gpucommons_config.credentials.cookies import PREVIOUS, accept_previous_cookies
from gpucommons_config.credentials.service_tokens import _forget
from jupyterhub import orm
from tornado.web import create_signed_value, decode_signed_value
from traitlets.config import Config

FIRST, SECOND, THIRD = (bytes([number]) * 32 for number in (1, 2, 3))


def _settings(present: bytes | str, previous: str = "") -> dict:
    """Tornado's, as JupyterHub makes them of a configuration: its own stand before what is set."""
    c = Config()
    c.JupyterHub.cookie_secret = present
    c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}
    accept_previous_cookies(c, {PREVIOUS: previous})
    return {"cookie_secret": present, **c.JupyterHub.tornado_settings}


def _cookie(settings: dict) -> bytes:
    number = settings.get("key_version")
    return create_signed_value(settings["cookie_secret"], "who", "ada", key_version=number)


def _accepts(settings: dict, cookie: bytes) -> bool:
    return decode_signed_value(settings["cookie_secret"], "who", cookie) == b"ada"


def test_cookies_outlive_one_change_of_the_secret_and_not_two():
    cookies, former = [], ""
    for secret in (FIRST, SECOND, THIRD):
        both = _settings(secret, former)
        assert _accepts(both, _cookie(both))
        assert [_accepts(both, each) for each in cookies[-2:]] == [True] * len(cookies[-2:])
        assert not any(_accepts(both, each) for each in cookies[:-2])
        alone = _settings(secret)
        assert _accepts(alone, _cookie(both))
        assert not any(_accepts(alone, each) for each in cookies)
        cookies += [_cookie(both), _cookie(alone)]
        former = secret.hex()


@pytest.mark.parametrize("previous", ["", "  ", FIRST.hex()])
def test_a_hub_without_another_secret_is_left_as_it_is(previous):
    assert _settings(FIRST, previous)["cookie_secret"] == FIRST
    assert "key_version" not in _settings(FIRST, previous)


def test_a_secret_of_digits_is_the_same_as_its_bytes():
    assert _settings(SECOND.hex(), FIRST.hex()) == _settings(SECOND, FIRST.hex())


@pytest.mark.parametrize(
    ("present", "previous", "says"),
    [
        (b"", FIRST.hex(), "set JupyterHub.cookie_secret"),
        (SECOND, "not digits", f"{PREVIOUS} must be hexadecimal digits"),
        ("not digits", FIRST.hex(), "JupyterHub.cookie_secret must be hexadecimal digits"),
    ],
)
def test_what_cannot_be_a_secret_stops_the_hub_and_is_not_shown(present, previous, says):
    with pytest.raises(SystemExit) as stopped:
        _settings(present, previous)
    assert says in str(stopped.value)
    assert "not digits" not in str(stopped.value)


def test_a_token_that_was_replaced_is_deleted_and_no_other():
    db = orm.new_session_factory("sqlite:///:memory:")()
    services = {name: orm.Service(name=name) for name in ("idle", "gpu")}
    person = orm.User(name="ada")
    db.add_all([orm.OAuthClient(identifier="jupyterhub"), *services.values(), person])
    db.commit()
    noted = {"note": "from config", "generated": False}
    services["idle"].new_api_token("the-first-of-idle", **noted)
    services["idle"].new_api_token("the-second-of-idle", **noted)
    services["idle"].new_api_token("one-for-a-minute", note="POST for one session")
    services["gpu"].new_api_token("the-one-of-accounting", **noted)
    person.new_api_token("that-of-a-person", **noted)
    in_use = {"the-second-of-idle": "idle", "the-one-of-accounting": "gpu"}
    hub = SimpleNamespace(db=db, service_tokens=in_use, log=logging.getLogger("hub"))
    _forget({"owner": hub})
    good = {*in_use, "one-for-a-minute", "that-of-a-person"}
    for token in (*good, "the-first-of-idle"):
        assert (orm.APIToken.find(db, token) is not None) is (token in good)
