"""What a page tells a real Jupyter server of its own saves, and the copies that it asks for."""

from gpucommons_contract import Endpoint, read_activity

OWN_SAVE = f"/{Endpoint.SESSION_OWN_SAVE}"
COPY = f"/{Endpoint.SESSION_UNSAVED_COPY}"


def save(session, path: str, text: str) -> None:
    model = {"type": "file", "format": "text", "content": text}
    session.client.put(f"/api/contents/{path}", json=model).raise_for_status()


def text_of(session, path: str) -> str:
    return session.client.get(f"/api/contents/{path}").raise_for_status().json()["content"]


def edited(session) -> float | None:
    answer = session.client.get(f"/{Endpoint.SESSION_ACTIVITY}").raise_for_status()
    return read_activity(answer.content).editing


def test_a_page_that_saves_by_itself_is_no_person(plain_session):
    save(plain_session, "typed.txt", "one")
    before = edited(plain_session)
    plain_session.client.post(OWN_SAVE, json={"path": "typed.txt"}).raise_for_status()
    save(plain_session, "typed.txt", "two")
    after = edited(plain_session)
    assert before is not None
    assert after > before


def test_a_copy_takes_nobodys_place_and_the_same_page_s_its_own(plain_session):
    def copy(text: str, before: dict[str, str] | None) -> dict[str, str]:
        model = {"path": "notes.txt", "type": "file", "format": "text", "content": text}
        said = model | {"before": before}
        return plain_session.client.post(COPY, json=said).raise_for_status().json()

    first = copy("Monday's", None)
    other = copy("another page's", None)
    again = copy("Tuesday's", first)
    assert first["path"] == again["path"] == "notes-unsaved.txt"
    assert text_of(plain_session, "notes-unsaved.txt") == "Tuesday's"
    assert text_of(plain_session, other["path"]) == "another page's"


def test_what_is_missing_is_said(plain_session):
    answer = plain_session.client.post(COPY, json={"path": "notes.txt"})
    assert answer.status_code == 400
    assert "Send" in answer.text
    assert plain_session.client.post(OWN_SAVE, content=b"no JSON").status_code == 400
    outputs = plain_session.client.post(f"/{Endpoint.SESSION_OUTPUTS}", json={"kernel": "k"})
    assert outputs.status_code == 400
    assert "cells" in outputs.text


def test_a_stranger_may_do_neither(plain_session):
    headers = {"Authorization": "token wrong"}
    for path in (OWN_SAVE, COPY):
        answer = plain_session.client.post(path, json={"path": "a.txt"}, headers=headers)
        assert answer.status_code == 403
