"""No secret is in a line, in whatever way it came there; what is none stays."""

import json
import logging
import time

import pytest
from gpucommons_upkeep.logs import REDACTED, redacted
from gpucommons_upkeep.logs.lines import JSONLines, TextLines

SECRET = "a8f5f167f44f4964e6c998dee827110c"
PART = "8dee827110c"
JWT = f"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.{SECRET}"
PLANTED = {
    "token in an address": f"302 GET /hub/api/user?token={SECRET} (ada@10.0.0.1) 3.2ms",
    "token of a link": f"GET /user/ada/lab/tree/a.ipynb?reset&token={SECRET}#x",
    "code and state of OAuth": f"GET /hub/oauth_callback?code={SECRET}&state={SECRET} 302",
    "escaped state": f"/hub/oauth_login?next=%2Fhub&state=eyJ1dWlkIjog{SECRET}%3D%3D",
    "address to go to": f"/hub/login?next=%2Fhub%2Fhome%3Ftoken%3D{SECRET}%26code%3D{SECRET}",
    "address within one": f"/hub/login?next=%2Fa%3Fnext%3D%252Fb%253Fx%253D1%2526key%253D{SECRET}",
    "XSRF's token": f"POST /hub/spawn?_xsrf=2%7C{SECRET}%7C1764579600",
    "body of a form": f"code={SECRET}&grant_type=authorization_code&client_secret={SECRET}",
    "header token": f"Authorization: token {SECRET}",
    "header Bearer": f"authorization: Bearer {SECRET}\nHost: hub",
    "header Basic": f"Authorization: Basic Z3B1Y29tbW9uczo{SECRET}==",
    "cookies": f'Cookie: jupyterhub-session-id={SECRET}; _xsrf="2|1:0|{SECRET}"',
    "cookie that is set": f"Set-Cookie: jupyterhub-hub-login={SECRET}; HttpOnly",
    "headers in JSON": json.dumps({"Authorization": f"token {SECRET}", "Cookie": f"a={SECRET}"}),
    "headers in Python": str({"Authorization": f"token {SECRET}", "Cookie": f'a="{SECRET}"'}),
    "headers as pairs": str([("Authorization", f"token {SECRET}"), ("X-XSRFToken", SECRET)]),
    "headers of Tornado": f"HTTPHeaders({{'Authorization': 'token {SECRET}'}})",
    "JSON within JSON": json.dumps(json.dumps({"access_token": SECRET, "id": 1})),
    "JSON": json.dumps({"refresh_token": SECRET, "client_secret": SECRET, "a_key": 1}),
    "quote in JSON": json.dumps({"password": f'"{SECRET}', "user": "ada"}),
    "Python": str({"password": SECRET, "api_token": SECRET.encode()}),
    "quote in Python": str({"bindPassword": f"it's {SECRET}", "user": "ada"}),
    "id token": f"the claims of {JWT} are wrong",
    "password of a database": f"cannot connect to postgresql://hub:{SECRET}@db:5432/hub",
    "environment": f"JUPYTERHUB_API_TOKEN={SECRET} PGPASSWORD='{SECRET}'",
    "command line": f"restic --password={SECRET} snapshots",
    "sentence": f"the hub refused token {SECRET}, 403",
    "old address of JupyterHub": f"GET /hub/api/authorizations/token/{SECRET} 200",
    "key of TLS": f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
    "recovery key": f"AGE-SECRET-KEY-1{SECRET.upper()}",
}


def _record(message, *values, **more):
    exc_info = more.pop("exc_info", None)
    record = logging.LogRecord("hub", logging.INFO, "", 1, message, values, exc_info)
    vars(record).update(more)
    return record


@pytest.mark.parametrize("text", PLANTED.values(), ids=PLANTED)
@pytest.mark.parametrize("lines", [JSONLines(), TextLines()], ids=["json", "text"])
def test_a_planted_secret_is_in_no_line(text, lines):
    for record in (_record(text), _record("it failed: %s", text), _record("%r", text, more=[text])):
        line = lines.format(record)
        assert PART not in line.lower()
        assert REDACTED in line
        assert f"{REDACTED}]" not in line


@pytest.mark.parametrize("text", PLANTED.values(), ids=PLANTED)
@pytest.mark.parametrize("lines", [JSONLines(), TextLines()], ids=["json", "text"])
def test_nor_is_one_of_an_exception(text, lines):
    try:
        try:
            raise OSError(text)
        except OSError as error:
            raise RuntimeError("it failed") from error
    except RuntimeError as error:
        line = lines.format(_record("no", exc_info=(type(error), error, error.__traceback__)))
    assert PART not in line.lower()
    assert "RuntimeError: it failed" in line


def test_a_field_that_is_named_as_a_secret_is_none_in_a_line():
    line = JSONLines().format(
        _record("x", details={"api_token": SECRET, "headers": [{"Cookie": SECRET}]})
    )
    assert json.loads(line)["details"] == {"api_token": REDACTED, "headers": [{"Cookie": REDACTED}]}


ORDINARY = (
    "200 GET /hub/home?language=de&next=%2Fhub%2Fspawn (ada@10.0.0.1) 3.20ms",
    "Token authentication of the registry failed: 401",
    "302 GET /hub/home?x=1 -> /hub/login?next=%2Fhub%2Fhome%3Fx%3D1 (@10.0.0.1) 3.20ms",
    "the program ended with exit code=137, state=Failed",
    "Sessions of ada, who was removed, stop at 2026-12-01 10:00",
    "the cookie of the browser is too old; basic rules apply to 4 GPUs",
    "team-vision/jupyter-ada--train is kept: nobody can say if it runs",
    "catalogue not loaded: catalogue.yaml:12: sizes.small.gpu: no such key",
    "https://hub.example.org:8443/hub/ and postgresql://db:5432/hub",
    "{'user': 'ada', 'session': 'ada/train', 'key': 'gpucommons.io/team'}",
)


@pytest.mark.parametrize("text", ORDINARY)
def test_what_is_no_secret_stays(text):
    assert redacted(text) == text


@pytest.mark.parametrize("text", PLANTED.values(), ids=PLANTED)
def test_what_was_cleaned_stays_as_it_is(text):
    assert redacted(redacted(text)) == redacted(text)


@pytest.mark.parametrize(
    ("begin", "part"),
    [
        *(("", part) for part in ("a.b-", "token", "token'x", "://", "?code=", "Cookie: ")),
        *(("GET /hub/?", part) for part in ("key", "state.")),
        *(("GET /hub/%3F", part) for part in ("key", "state.")),
        *(("GET /hub/", part) for part in ("eyJ-", "-eyJaaaaaaaa", "%26key", "?key")),
    ],
)
def test_a_long_line_takes_no_longer_than_its_length_asks_for(begin, part):
    """Seconds of the processor. It takes a tenth; what grows with the square takes minutes.

    The hub logs each address that it is asked for, of whomever, and answers nobody meanwhile.
    """
    began = time.process_time()
    redacted(begin + part * (200_000 // len(part)))
    assert time.process_time() - began < 10


def test_what_only_begins_as_a_token_stays_and_hides_none():
    text = f"eyJ-eyJ-not eyJhbGciOi eyJ-eyJhbGciOiJ. {JWT} x-{JWT}"
    assert redacted(text) == f"eyJ-eyJ-not eyJhbGciOi eyJ-eyJhbGciOiJ. {REDACTED} x-{REDACTED}"
