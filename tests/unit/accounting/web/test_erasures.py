"""An administrator has people forgotten who left; nobody else does, and nobody who is here is."""

import asyncio

import pytest
from gpucommons_accounting.recording.forgetting import Forgetting
from gpucommons_accounting.records.identity import PersonId
from gpucommons_config.command import main

from ..sessions import facts
from .conftest import NOW, SINCE

_WHY = "Asked for by letter."


@pytest.fixture(autouse=True)
def used(berlin_store) -> None:
    for uid, person in (("a", "ada"), ("c", "cleo")):
        begin, end = "2026-11-20T08:00", "2026-11-20T10:00"
        own = {"person": person, "person_since": SINCE}
        berlin_store.add(facts(begin, end, uid, **own), NOW)
    berlin_store.people_and_teams.meet_people_of_sessions(None)


async def _nobody(_name: str) -> str | None:
    return None


async def test_who_left_is_forgotten_on_request_and_that_is_on_record(berlin_store, root):
    wanted = {"person": "cleo", "reason": _WHY}
    would = await root.post("api/erasures", json={**wanted, "dry_run": "yes"})
    assert (would.status_code, would.json()) == (200, {"names": {"sessions": 1}})
    assert berlin_store.pseudonyms.pending() == []
    answer = await root.post("api/erasures", json=wanted)
    assert (answer.status_code, answer.json()) == (202, {"names": {"sessions": 1}})
    await Forgetting(berlin_store, _nobody, None, lambda: NOW).step()
    named = (await root.get("api/usage?month=2026-11&by=person")).json()["lines"]
    assert "cleo" not in {each["name"] for each in named}
    (record,) = (await root.get("api/erasures")).json()["erasures"]
    assert record == {"at": NOW.isoformat(), "by": "root", "reason": _WHY}


async def test_who_never_started_a_session_and_is_listed_is_forgotten_too(berlin_store, root):
    berlin_store.people_and_teams.meet([PersonId("nobody", SINCE)])
    answer = await root.post("api/erasures", json={"person": "nobody", "reason": _WHY})
    assert (answer.status_code, answer.json()) == (202, {"names": {}})
    assert berlin_store.pseudonyms.pending() == [PersonId("nobody", SINCE)]


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({"person": "ada", "reason": _WHY}, 409, "gpucommons user remove ada"),
        ({"person": "nobody", "reason": _WHY}, 404, "Nothing is on record"),
        ({"person": "cleo"}, 400, "reason is missing"),
        ({"person": "cleo", "reason": "Cleo asked for it."}, 400, "must not name them"),
        ({"person": "Former-23456789AB", "reason": _WHY}, 400, "is a pseudonym"),
        ({"reason": _WHY}, 400, "person is missing"),
        ({"person": "cleo", "reason": _WHY, "dry_run": "no"}, 400, "dry_run must be yes"),
    ],
)
async def test_what_cannot_be_is_refused(berlin_store, root, sent, status, said):
    answer = await root.post("api/erasures", json=sent)
    assert (answer.status_code, said in answer.json()["message"]) == (status, True)
    assert berlin_store.pseudonyms.pending() == []
    assert (await root.get("api/erasures")).json() == {"erasures": []}


async def test_it_is_for_administrators_alone(ada):
    wanted = {"person": "cleo", "reason": _WHY}
    assert (await ada.post("api/erasures", json=wanted)).status_code == 403
    assert (await ada.get("api/erasures")).status_code == 403


async def test_the_commands_do_it_and_say_who_did(address, berlin_store, tmp_path, capsys):
    (tmp_path / "token").write_text("root\n")
    file = tmp_path / "people.yaml"
    hub = f"hub: {{api_url: {address}/hub/api, token_file: token}}"
    file.write_text(f"address: {address}\n{hub}\n")

    async def run(*words: str) -> tuple[int, str]:
        code = await asyncio.to_thread(main, ["usage", *words, "--config", str(file)])
        said = capsys.readouterr()
        return code, said.out + said.err

    assert await run("forgotten") == (0, "Nobody was forgotten on request.\n")
    forget = ("forget", "Cleo", "--reason", _WHY)
    assert await run(*forget, "--dry-run") == (0, "Would replace cleo in sessions (1).\n")
    assert berlin_store.pseudonyms.pending() == []
    code, said = await run(*forget)
    assert (code, said.splitlines()[0]) == (0, "cleo is being replaced in sessions (1).")
    assert berlin_store.pseudonyms.pending() == [PersonId("cleo", SINCE)]
    assert await run("forgotten") == (0, f"2026-11-30 12:00 UTC  by root: {_WHY}\n")
    code, said = await run("forget", "ada", "--reason", _WHY)
    assert (code, "gpucommons user remove ada" in said) == (1, True)
