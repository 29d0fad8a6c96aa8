"""How long it takes to import a course: a file of people, into a Dex that keeps them in a cluster.

Dex, API server, etcd and hub are real; the command is the one that an administrator gives.
"""

import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import yaml

from bench.figure import Figure
from tests.hub.login_hub import SERVICE_TOKEN, Hub
from tests.hub.people.cluster import PEOPLE, ClusterWithRights, KubernetesDex
from tests.platform import GPUCOMMONS

_PEOPLE = 1000
_TEAM = "students"


def measure() -> list[Figure]:
    """Import a thousand people who are all new, then check that one of them can sign in."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        api = ClusterWithRights(folder)
        api.start()
        dex, hub = KubernetesDex(folder, api), Hub(folder)
        try:
            dex.start()
            hub.configure(dex.issuer)
            hub.start()
            seconds, cpu = _import(folder, api, hub)
            _check(folder, dex)
        finally:
            for each in (hub, dex, api):
                each.stop()
    return [
        Figure("import-people", f"Import of {_PEOPLE} people", seconds, "s", target=300),
        Figure("import-cpu", f"CPU of the import of {_PEOPLE} people", cpu, "s"),
    ]


def _import(folder: Path, api: ClusterWithRights, hub: Hub) -> tuple[float, float]:
    """Give the command; returns wall seconds and CPU seconds, of the command itself."""
    (folder / "token").write_text(SERVICE_TOKEN)
    settings = {
        "address": hub.url,
        "hub": {"api_url": f"{hub.url}/hub/api", "token_file": "token"},
        "kubeconfig": str(api.kubeconfig_of(PEOPLE)),
        "audit_log": "audit.jsonl",
        "handouts": "handouts",
    }
    (folder / "people.yaml").write_text(yaml.safe_dump(settings))
    users = (_user(number) for number in range(_PEOPLE))
    lines = (f"{user},{user.partition('@')[0].title()},{_TEAM}" for user in users)
    (folder / "people.csv").write_text("\n".join(["email,name,teams", *lines]))
    _gpucommons(folder, "team", "add", _TEAM)
    cpu, begin = _cpu_of_children(), time.perf_counter()
    done = _gpucommons(folder, "user", "import", str(folder / "people.csv"))
    seconds, cpu = time.perf_counter() - begin, _cpu_of_children() - cpu
    (change,) = json.loads(done)["changes"]
    if len(change["data"]["made"]) != _PEOPLE:
        raise RuntimeError(f"The import made {len(change['data']['made'])} accounts")
    return seconds, cpu


def _check(folder: Path, dex: KubernetesDex) -> None:
    user = _user(_PEOPLE // 2)
    text = (folder / "handouts" / f"{user}.md").read_text()
    password = next(line for line in text.splitlines() if "Password" in line).split("`")[1]
    dex.sign_in(user, password).raise_for_status()


def _user(number: int) -> str:
    return f"student{number:04}@example.org"


def _gpucommons(folder: Path, *words: str) -> str:
    command = [GPUCOMMONS, *words, "--config", str(folder / "people.yaml"), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def _cpu_of_children() -> float:
    """Return CPU seconds of the children that have ended: servers that still run do not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
