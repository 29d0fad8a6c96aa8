"""What is known of a cluster while lists, changes and our own answers cross."""

import asyncio

import pytest
from gpucommons_backup.controller.watching.known import Objects


def _pod(name="snapshot-a", uid="1", namespace="team-vision", **more):
    return {"metadata": {"name": name, "uid": uid, "namespace": namespace}, **more}


@pytest.fixture
def objects():
    return Objects(asyncio.Event())


def _names(manifests):
    return [(each["metadata"]["name"], each["metadata"]["uid"]) for each in manifests]


def test_what_a_list_lacks_is_gone_as_it_was_in_the_end(objects):
    objects.replace([_pod(), _pod("snapshot-b", "2")])
    objects.update("MODIFIED", _pod(status="late"))
    objects.replace([_pod("snapshot-b", "2")])
    (gone,) = objects.take_gone()
    assert gone["status"] == "late"
    assert objects.take_gone() == []
    assert _names(objects.all()) == [("snapshot-b", "2")]


def test_a_change_says_so_and_a_deletion_leaves_the_last_state(objects):
    objects.update("ADDED", _pod())
    objects.update("DELETED", _pod(status="last"))
    (gone,) = objects.take_gone()
    assert gone["status"] == "last"
    assert objects.all() == []


def test_another_of_the_same_name_takes_the_place_of_the_first(objects):
    objects.update("ADDED", _pod(uid="1"))
    objects.update("ADDED", _pod(uid="2"))
    assert _names(objects.take_gone()) == [("snapshot-a", "1")]
    assert _names(objects.all()) == [("snapshot-a", "2")]


def test_a_late_word_of_the_end_of_the_one_before_does_not_end_the_new_one(objects):
    objects.put(_pod(uid="2"))
    objects.update("DELETED", _pod(uid="1"))
    assert _names(objects.all()) == [("snapshot-a", "2")]


def test_what_we_just_made_is_not_gone_because_a_list_was_asked_for_before(objects):
    objects.replace([])
    objects.put(_pod())
    objects.replace([])
    assert _names(objects.all()) == [("snapshot-a", "1")]
    assert objects.take_gone() == []
    objects.replace([])
    assert _names(objects.take_gone()) == [("snapshot-a", "1")]


def test_what_was_reported_once_is_gone_with_the_next_list(objects):
    objects.put(_pod())
    objects.update("ADDED", _pod())
    objects.replace([])
    assert _names(objects.take_gone()) == [("snapshot-a", "1")]


def test_where_nobody_asks_for_what_has_gone_nothing_of_it_is_kept():
    objects = Objects(asyncio.Event(), keeps_gone=False)
    objects.update("ADDED", _pod(uid="1"))
    objects.update("ADDED", _pod(uid="2"))
    objects.update("DELETED", _pod(uid="2"))
    objects.update("ADDED", _pod(uid="3"))
    objects.replace([])
    assert (objects.take_gone(), objects.all()) == ([], [])


def test_other_namespaces_than_those_of_teams_are_not_looked_at(objects):
    objects.update("ADDED", _pod(namespace="gpucommons"))
    objects.replace([_pod(namespace="default")])
    assert objects.all() == []
    assert objects.loaded
