"""What is told when the cluster cannot be used. That it can is tested in tests/hub/people."""

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from gpucommons_people.clients import patience
from gpucommons_people.clients.api_answers import ClusterError
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import NAMESPACES, PASSWORDS
from gpucommons_people.clients.patience import Patience
from gpucommons_people.errors import InputError, UnreachableError


def _kubeconfig(folder, server):
    file = folder / "kubeconfig"
    parts = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "secret-token"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }
    start = {"apiVersion": "v1", "kind": "Config", "current-context": "x"}
    file.write_text(yaml.safe_dump(start | parts))
    return file


@pytest.fixture
async def answers(tmp_path, monkeypatch):
    """A cluster that gives these answers, one after the other: status and JSON, or text."""
    monkeypatch.setattr(patience, "_FIRST_PAUSE_S", 0.01)
    given: list[tuple[int, object]] = []

    async def answer(request):
        status, body = given.pop(0)
        if isinstance(body, str):
            return web.Response(status=status, text=body)
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    server = TestServer(app)
    await server.start_server()
    kubeconfig = _kubeconfig(tmp_path, str(server.make_url("/")).rstrip("/"))
    async with Cluster.open(kubeconfig, Patience(30.0)) as cluster:
        yield cluster, given
    await server.close()


def _status(code):
    return code, {"kind": "Status", "message": "no"}


PASSWORD = {
    "kind": "Password",
    "metadata": {"name": "a", "namespace": "dex", "resourceVersion": "1"},
    "hash": "abc",
}


@pytest.mark.parametrize("busy", [(429, "x"), (500, "etcd"), (503, ""), (504, ""), (200, "<p>")])
async def test_what_cannot_answer_now_is_asked_again(answers, busy):
    cluster, given = answers
    given += [busy, busy, (200, {"metadata": {"name": "x"}})]
    assert (await cluster.get(NAMESPACES, "x"))["metadata"] == {"name": "x"}


async def test_there_is_none_only_where_kubernetes_says_so(answers):
    cluster, given = answers
    given.append(_status(404))
    assert await cluster.get(NAMESPACES, "x") is None
    given += [(404, "404 page not found"), (404, "<html>nginx</html>"), _status(404)]
    assert await cluster.get(NAMESPACES, "x") is None
    assert given == []


async def test_an_object_that_was_made_though_the_answer_was_lost_is_made(answers):
    cluster, given = answers
    there = {**PASSWORD, "metadata": {**PASSWORD["metadata"], "resourceVersion": "7", "uid": "u"}}
    given += [(504, ""), _status(409), (200, there)]
    assert (await cluster.create(PASSWORD))["metadata"]["uid"] == "u"
    given += [(504, ""), _status(409), (200, there)]
    assert (await cluster.apply(PASSWORD))["metadata"]["resourceVersion"] == "7"


_PATCH = {"metadata": {"resourceVersion": "1"}, "hash": "abc", "gone": None}


async def test_a_change_that_was_made_though_the_answer_was_lost_is_made(answers):
    cluster, given = answers
    there = {**PASSWORD, "metadata": {**PASSWORD["metadata"], "resourceVersion": "7"}}
    given += [(504, ""), _status(409), (200, there)]
    made = await cluster.merge(PASSWORDS, "a", "dex", _PATCH)
    assert made["metadata"]["resourceVersion"] == "7"
    for other in ({"hash": "other"}, {"gone": "still there"}):
        given += [_status(409), (200, {**there, **other})]
        with pytest.raises(ClusterError):
            await cluster.merge(PASSWORDS, "a", "dex", _PATCH)


async def test_what_somebody_else_made_or_changed_stays_a_conflict(answers):
    cluster, given = answers
    for write in (cluster.create, cluster.apply):
        given += [_status(409), (200, {**PASSWORD, "hash": "other"})]
        with pytest.raises(ClusterError) as told:
            await write(PASSWORD)
        assert told.value.status == 409


async def test_a_list_that_expires_between_its_pages_is_read_from_the_start(answers):
    cluster, given = answers
    first = (200, {"items": [{"n": 1}], "metadata": {"continue": "more"}})
    given += [first, _status(410), first, (200, {"items": [{"n": 2}], "metadata": {}})]
    assert await cluster.list(NAMESPACES) == [{"n": 1}, {"n": 2}]
    given.append((200, {"items": None, "metadata": {}}))
    assert await cluster.list(NAMESPACES) == []


@pytest.mark.parametrize("page", [{}, {"metadata": {}}, {"items": "x", "metadata": {}}])
async def test_what_is_no_list_is_not_taken_for_an_empty_one(answers, page):
    cluster, given = answers
    given.append((200, page))
    with pytest.raises(UnreachableError, match="something other than a list"):
        await cluster.list(NAMESPACES)


async def test_a_cluster_that_is_not_there_is_told_with_its_address(tmp_path):
    async with Cluster.open(_kubeconfig(tmp_path, "http://127.0.0.1:1")) as cluster:
        with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:1 cannot be") as told:
            await cluster.list(NAMESPACES)
    assert "secret-token" not in str(told.value)


@pytest.mark.parametrize("content", [None, "", "[", "{}", "kind: Config"])
async def test_a_kubeconfig_that_cannot_be_used_is_told(tmp_path, content):
    file = tmp_path / "kubeconfig"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InputError, match="no usable kubeconfig"):
        async with Cluster.open(file):
            pass


def test_objects_are_where_the_api_server_keeps_them():
    assert NAMESPACES.path() == "/api/v1/namespaces"
    assert NAMESPACES.path(name="team-a") == "/api/v1/namespaces/team-a"
    assert PASSWORDS.path("dex", "abc") == "/apis/dex.coreos.com/v1/namespaces/dex/passwords/abc"
