"""Pods of the tests' own, in a namespace that goes with them."""

import json
from collections.abc import Callable, Iterator

import pytest
import yaml

from tests.people import SignedIn
from tests.platform import LocalPlatform
from tests.waiting import until

from .waiting_start import GPU, workloads_of

_NAMESPACE = "cluster-tests"

RunPod = Callable[..., str]


@pytest.fixture
def fresh(platform: LocalPlatform, sign_in) -> Callable[..., Iterator[SignedIn]]:
    """Sign somebody in who has GPUs in these servers only; nothing is left of them afterwards."""

    def fresh(role: str, servers: tuple[str, ...] = ()) -> Iterator[SignedIn]:
        person = sign_in(role)
        person.stop_all()
        for server in servers:
            assert person.start(GPU, server)["ready"]
        yield person
        person.stop_all()
        until(lambda: not workloads_of(platform, person))

    return fresh


@pytest.fixture
def researcher(sign_in) -> Iterator[SignedIn]:
    """Somebody without sessions; theirs end with the test."""
    person = sign_in("researcher")
    person.stop_all()
    yield person
    person.stop_all()


@pytest.fixture
def student(sign_in) -> Iterator[SignedIn]:
    person = sign_in("student")
    person.stop_all()
    yield person
    person.stop_all()


@pytest.fixture
def holder(fresh) -> Iterator[SignedIn]:
    """Somebody who holds both whole GPUs, in two sessions."""
    yield from fresh("researcher", ("", "second"))


@pytest.fixture
def waiter(fresh) -> Iterator[SignedIn]:
    """Somebody who holds nothing yet."""
    yield from fresh("admin")


@pytest.fixture(scope="session")
def namespace(platform: LocalPlatform) -> Iterator[str]:
    """A namespace of the tests' own; one that a cut-off run left is gone first."""
    platform.kubectl("delete", "namespace", _NAMESPACE, "--ignore-not-found")
    platform.kubectl("create", "namespace", _NAMESPACE)
    yield _NAMESPACE
    platform.kubectl("delete", "namespace", _NAMESPACE)


@pytest.fixture(scope="session")
def image(platform: LocalPlatform) -> str:
    """The session image that the hub's catalogue names."""
    catalogue = yaml.safe_load((platform.state / "hub" / "catalogue.yaml").read_text())
    return catalogue["environments"]["scipy"]["versions"]["2026.11"]["image"]


@pytest.fixture(scope="session")
def run_pod(platform: LocalPlatform, namespace: str, image: str) -> RunPod:
    """Run Python in a pod to its end; gives what it printed."""

    def run(
        name: str,
        program: str,
        limits: dict[str, str] | None = None,
        environment: dict[str, str] | None = None,
    ) -> str:
        container = {
            "name": name,
            "image": image,
            "command": ["python3", "-c", program],
            "resources": {"limits": limits or {}},
            "env": [{"name": k, "value": v} for k, v in (environment or {}).items()],
        }
        platform.kubectl(
            *("run", name, "-n", namespace, f"--image={image}", "--restart=Never"),
            f"--overrides={json.dumps({'spec': {'containers': [container]}})}",
        )
        ended = "--for=jsonpath={.status.phase}=Succeeded"
        platform.kubectl("wait", f"pod/{name}", "-n", namespace, ended, "--timeout=300s")
        output = platform.kubectl("logs", name, "-n", namespace)
        platform.kubectl("delete", "pod", name, "-n", namespace, "--wait=false")
        return output

    return run
