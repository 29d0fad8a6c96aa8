"""Whom the tunnel lets in, by what the API server lists."""

import copy

import pytest
from gpucommons_people.private_access.keys import new_keys
from gpucommons_private_access.peers import configuration, peers_of

ADA, BEN = new_keys().public, new_keys().public


def _object(address: str, key: str, **data: str) -> dict:
    said = {"address": address, "user": "ada", "device": "first", "public_key": key}
    said |= {"by": "ops", "at": "2026-12-01T09:00:00+00:00", **data}
    return {"metadata": {"name": f"peer-{address.replace('.', '-')}"}, "data": said}


def _list(*items: dict) -> dict:
    metadata = {"resourceVersion": "7"}
    return {"kind": "ConfigMapList", "metadata": metadata, "items": list(items)}


def test_who_is_listed_is_let_in_at_their_address_alone():
    peers = peers_of(_list(_object("10.88.0.3", BEN), _object("10.88.0.2", ADA)))
    assert configuration("secret", 51820, peers) == (
        "[Interface]\nPrivateKey = secret\nListenPort = 51820\n\n"
        f"[Peer]\nPublicKey = {ADA}\nAllowedIPs = 10.88.0.2/32\n\n"
        f"[Peer]\nPublicKey = {BEN}\nAllowedIPs = 10.88.0.3/32\n"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"public_key": "abc"},
        {"public_key": f"{BEN}\nAllowedIPs = 0.0.0.0/0"},
        {"address": "10.88.0.9"},  # of another object
        {"address": "0.0.0.0/0"},
        {"at": "yesterday"},
        {"public_key": ADA},  # which is let in already
    ],
)
def test_an_object_with_a_mistake_lets_nobody_in_and_keeps_nobody_out(wrong, caplog):
    bad = _object("10.88.0.3", BEN)
    bad["data"].update(wrong)
    (peer,) = peers_of(_list(_object("10.88.0.2", ADA), bad))
    assert peer.public_key == ADA
    assert "peer-10-88-0-3 lets nobody in" in caplog.text


def test_an_empty_list_lets_nobody_in():
    assert peers_of(_list()) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda body: body.update(kind="Status"), "not a list"),
        (lambda body: body.pop("metadata"), "not a list"),
        (lambda body: body["metadata"].pop("resourceVersion"), "incomplete"),
        (lambda body: body["metadata"].update({"continue": "more"}), "incomplete"),
    ],
)
def test_what_is_not_a_whole_list_is_not_taken_for_one(change, says):
    body = copy.deepcopy(_list(_object("10.88.0.2", ADA)))
    change(body)
    with pytest.raises(ValueError, match=says):
        peers_of(body)
    with pytest.raises(ValueError, match="not a list"):
        peers_of(None)
