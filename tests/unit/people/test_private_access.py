"""Devices that are let in: with the account, with a key of their own, again, and no more."""

import asyncio
import json
from configparser import ConfigParser
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_people.accounts.accounts import Leftover, add_user, reset_password
from gpucommons_people.accounts.newcomer import newcomer
from gpucommons_people.accounts.person import show_user
from gpucommons_people.accounts.removal import Removal, remove_user
from gpucommons_people.clients.api_answers import ForbiddenError
from gpucommons_people.clients.kinds import CONFIG_MAPS
from gpucommons_people.errors import InputError, NotThereError, PeopleError
from gpucommons_people.private_access import ways
from gpucommons_people.private_access.keys import given_key, new_keys
from gpucommons_people.private_access.peers import list_peers

from .memory import World, interrupted_everywhere

ADA, BEN = "ada@example.org", "ben@example.org"
PEERS = "gpucommons-peers"
TUNNEL = new_keys()
_KEY = "HcHDYrZLFUhTV89YkYSLxHlMj3948BgYN4ptVfEJAVU="
_ACCESS = {
    "endpoint": "vpn.example.org:51820",
    "public_key": TUNNEL.public,
    "addresses": "10.88.0.0/28",
    "entrance": "10.20.0.10",
}


def with_private_access(world: World, **access: str) -> World:
    key = (CONFIG_MAPS, "gpucommons-private-access", "private-access")
    world.cluster.objects[key] = {
        "metadata": {"name": "private-access"},
        "data": {**_ACCESS, **access},
    }
    configuration = world.configuration.model_copy(update={"private_access": True})
    world.it = replace(world.it, configuration=configuration)
    return world


@pytest.fixture
def world(world):
    return with_private_access(world)


async def _add(world, user=ADA, keys=None, **options):
    person = newcomer(user, ["vision"], ["vision", "robots"], keys=keys)
    return await add_user(world.it, person, Leftover.REFUSE, **options)


def _file_on(text: str) -> ConfigParser:
    read = ConfigParser()
    read.read_string(text.partition("```ini\n")[2].partition("```")[0])
    return read


def _handout(world, user=ADA) -> str:
    return world.it.handouts.file(user).read_text()


def _end(world, address: str, before: timedelta) -> None:
    name = f"peer-{address.replace('.', '-')}"
    ended = (datetime.now(UTC) - before).isoformat()
    world.cluster.objects[CONFIG_MAPS, PEERS, name]["data"]["ended"] = ended


async def test_a_new_account_s_handout_has_the_file_of_a_device_that_is_let_in(world):
    change = await _add(world)
    assert change.steps[-1] == "Let one device in through WireGuard; its file is in the handout."
    (peer,) = await list_peers(world.it)
    assert (peer.user, peer.device, str(peer.address), peer.by) == (
        *(ADA, "first", "10.88.0.2", "tester"),
    )
    file = _file_on(_handout(world))
    assert file["Interface"]["Address"] == "10.88.0.2/32"
    assert dict(file["Peer"]) == {
        "publickey": TUNNEL.public,
        "endpoint": "vpn.example.org:51820",
        "allowedips": "10.20.0.10/32",
        "persistentkeepalive": "25",
    }
    for each in ("Windows and macOS", "Linux", "Phone"):
        assert f"**{each}" in _handout(world)


async def test_the_private_key_is_on_the_handout_alone_and_fits_the_public_one(world):
    from base64 import b64decode, b64encode

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    await _add(world)
    private = _file_on(_handout(world))["Interface"]["PrivateKey"]
    public = X25519PrivateKey.from_private_bytes(b64decode(private)).public_key()
    (peer,) = await list_peers(world.it)
    assert b64encode(public.public_bytes_raw()).decode() == peer.public_key
    assert private not in json.dumps([*map(str, world.cluster.objects.values())])
    assert private not in world.log.read_text()


async def test_a_person_s_own_public_key_is_let_in_and_no_private_one_is_made(world):
    own = new_keys()
    await _add(world, keys=given_key(own.public))
    (peer,) = await list_peers(world.it)
    assert peer.public_key == own.public
    assert _file_on(_handout(world))["Interface"]["PrivateKey"] == "(your private key)"


@pytest.mark.parametrize("key", ["", "abc", _KEY[:-1], f"{_KEY}\n[Peer]", f"\u00e4{_KEY[1:]}"])
def test_what_is_no_public_key_is_told(key):
    with pytest.raises(InputError, match="is not a public key of WireGuard"):
        given_key(key)


async def test_a_key_that_another_device_has_is_refused(world):
    key = given_key(new_keys().public)
    await _add(world, keys=key)
    with pytest.raises(InputError, match=f"The device first of {ADA} has this key"):
        await _add(world, BEN, keys=key)
    assert await world.it.dex.get(BEN) is None


async def test_without_private_access_nobody_is_let_in_and_a_key_is_refused(make_world):
    world = make_world()
    await _add(world)
    assert world.left(CONFIG_MAPS) == []
    assert "WireGuard" not in _handout(world)
    with pytest.raises(InputError, match="needs private_access"):
        await _add(world, BEN, keys=given_key(new_keys().public))
    with pytest.raises(InputError, match="set private_access"):
        await ways.list_devices(world.it)


async def test_a_template_that_does_not_ask_for_it_has_it_at_its_end(world, tmp_path):
    template = tmp_path / "handout.md"
    template.write_text("Dear {name}: {password}\n")
    given = world.it.configuration.model_copy(update={"handout_template": template})
    world.it = replace(world.it, configuration=given)
    await _add(world)
    assert _handout(world).startswith("Dear ada: ")
    assert _file_on(_handout(world))["Interface"]["Address"] == "10.88.0.2/32"


async def test_a_later_handout_says_to_use_the_file_that_there_is(world):
    await _add(world)
    await reset_password(world.it, ADA)
    assert "PrivateKey" not in _handout(world)
    assert "with the file that you have" in _handout(world)
    assert len(await list_peers(world.it)) == 1


async def test_whatever_is_interrupted_one_device_is_let_in_with_the_key_on_the_handout(make_world):
    async def check(world):
        (peer,) = await list_peers(world.it, ADA)
        assert _file_on(_handout(world))["Interface"]["Address"] == f"{peer.address}/32"

    steps = await interrupted_everywhere(lambda: with_private_access(make_world()), _add, check)
    assert steps == 4  # peer, handout, account, handout's name


async def test_of_two_who_add_the_same_person_the_one_who_loses_lets_nobody_in(world):
    results = await asyncio.gather(_add(world), _add(world), return_exceptions=True)
    assert sum(isinstance(each, PeopleError) for each in results) == 1
    (peer,) = await list_peers(world.it)
    assert _file_on(_handout(world))["Interface"]["Address"] == f"{peer.address}/32"


async def test_who_is_removed_is_out_and_leaves_neither_name_nor_handout(world):
    await _add(world)
    await ways.add_device(world.it, ADA, "phone", None)
    await _add(world, BEN)
    world.hub.users = {ADA: ()}
    change = await remove_user(world.it, ADA, Removal())
    step = "Let in through WireGuard no more: the devices first (10.88.0.2), phone (10.88.0.3)."
    assert step in change.steps
    assert [each.user for each in await list_peers(world.it)] == [BEN]
    assert ADA not in json.dumps([*map(str, world.cluster.objects.values())])
    assert not world.it.handouts.device_file(ADA, "phone").exists()


async def test_who_signs_in_from_elsewhere_is_removed_with_their_devices(world):
    await ways.add_device(world.it, ADA, "first", None)
    change = await remove_user(world.it, ADA, Removal())
    assert change.steps == ("Let in through WireGuard no more: the device first (10.88.0.2).",)
    with pytest.raises(NotThereError):
        await remove_user(world.it, ADA, Removal())


async def test_devices_that_may_not_be_read_keep_no_account_alive_and_are_told(world, monkeypatch):
    await _add(world)
    listing = world.cluster.list

    async def forbidden(kind, namespace=None, label=None):
        if namespace == PEERS:
            raise ForbiddenError("The cluster does not allow this: list configmaps.", 403)
        return await listing(kind, namespace, label)

    monkeypatch.setattr(world.cluster, "list", forbidden)
    change = await remove_user(world.it, ADA, Removal())
    assert await world.it.dex.get(ADA) is None
    assert f"Devices of {ADA} may still be let in through WireGuard" in change.left[0]


async def test_a_second_device_has_a_file_and_an_address_of_its_own(world):
    await _add(world)
    change = await ways.add_device(world.it, ADA, "phone", None)
    text = world.it.handouts.device_file(ADA, "phone").read_text()
    assert _file_on(text)["Interface"]["Address"] == "10.88.0.3/32"
    assert change.data["handout"].endswith("handouts/devices/ada@example.org/phone.md")
    state = await show_user(world.it, ADA)
    assert [each.device for each in state.devices] == ["first", "phone"]


async def test_a_new_key_ends_the_one_before_and_does_not_get_its_address(world):
    await _add(world)
    unchanged = await ways.add_device(world.it, ADA, "first", None)
    assert not unchanged.changed
    assert "--new-key" in unchanged.left[0]
    change = await ways.add_device(world.it, ADA, "first", None, new_key=True)
    assert change.steps[-1] == "Let in no more: the device first (10.88.0.2)."
    (peer,) = await list_peers(world.it)
    assert str(peer.address) == "10.88.0.3"


async def test_another_key_for_a_device_needs_to_be_asked_for(world):
    await _add(world)
    other = given_key(new_keys().public)
    with pytest.raises(PeopleError, match="with another key"):
        await ways.add_device(world.it, ADA, "first", other)
    await ways.add_device(world.it, ADA, "first", other, new_key=True)
    (peer,) = await list_peers(world.it)
    assert peer.public_key == other.public


async def test_a_dry_run_lets_nobody_in_or_out(world):
    await _add(world, dry_run=True)
    await ways.add_device(world.it, ADA, "first", None, dry_run=True)
    assert world.left(CONFIG_MAPS) == ["private-access"]
    await _add(world)
    await ways.remove_devices(world.it, ADA, None, dry_run=True)
    assert len(await list_peers(world.it)) == 1


async def test_the_address_of_a_device_that_ended_rests_for_a_month(world):
    await _add(world)
    await ways.remove_devices(world.it, ADA, None)
    await ways.add_device(world.it, BEN, "first", None)
    _end(world, "10.88.0.2", timedelta(days=29))
    await ways.add_device(world.it, BEN, "second", None)
    _end(world, "10.88.0.2", timedelta(days=31))
    await ways.add_device(world.it, BEN, "third", None)
    assert [str(each.address) for each in await list_peers(world.it)] == [
        *("10.88.0.2", "10.88.0.3", "10.88.0.4"),
    ]


async def test_of_two_who_want_an_address_that_has_rested_one_gets_it(world):
    await _add(world)
    await ways.remove_devices(world.it, ADA, None)
    _end(world, "10.88.0.2", timedelta(days=31))
    await asyncio.gather(*(ways.add_device(world.it, each, "first", None) for each in (ADA, BEN)))
    addresses = [str(each.address) for each in await list_peers(world.it)]
    assert addresses == ["10.88.0.2", "10.88.0.3"]


async def test_where_no_address_is_free_that_is_told(world):
    for number in range(13):
        await ways.add_device(world.it, ADA, f"device-{number}", None)
    with pytest.raises(PeopleError, match="is free for ben"):
        await ways.add_device(world.it, BEN, "first", None)


@pytest.mark.parametrize("device", ["", "My Phone", "../ben", "-a", "a" * 31])
async def test_a_device_s_name_is_one_of_a_file(world, device):
    with pytest.raises(InputError, match="is not a name for a device"):
        await ways.add_device(world.it, ADA, device, None)


async def test_a_cluster_without_the_part_is_told(world):
    del world.cluster.objects[CONFIG_MAPS, "gpucommons-private-access", "private-access"]
    with pytest.raises(NotThereError, match="Apply cluster/private-access"):
        await _add(world)
    assert await world.it.dex.get(ADA) is None


async def test_a_mistake_in_its_settings_is_told(make_world):
    world = with_private_access(make_world(), entrance="10.88.0.4")
    with pytest.raises(PeopleError, match="is one of the devices' own"):
        await _add(world)


async def test_an_object_of_another_address_is_nobody_s_device_and_ends_no_other(world):
    await ways.add_device(world.it, ADA, "first", None)
    (peer,) = await list_peers(world.it)
    key = (CONFIG_MAPS, PEERS, "peer-10-88-0-9")
    labels = {"gpucommons.io/peer": "let-in"}
    data = {**peer.to_data(), "user": BEN}
    world.cluster.objects[key] = {"metadata": {"name": key[2], "labels": labels}, "data": data}
    with pytest.raises(NotThereError):
        await ways.remove_devices(world.it, BEN, None)
    assert await list_peers(world.it) == (peer,)


async def test_who_has_no_device_is_told(world):
    with pytest.raises(NotThereError, match="has no device phone that is let in"):
        await ways.remove_devices(world.it, ADA, "phone")
