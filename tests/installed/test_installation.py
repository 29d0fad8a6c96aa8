"""Hub, Dex, proxy, idle culler and checks in pods, behind enforced NetworkPolicies."""

import json

from tests.waiting import until

from .installation import URL, Installation
from .objects import NAMESPACE

_SESSION = "component=singleuser-server"
_PROBE = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor

def opens(target):
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), 5).close()
    except OSError:
        return False
    return True

targets = sys.argv[1:]
with ThreadPoolExecutor(16) as pool:
    print(*(target for target, open in zip(targets, pool.map(opens, targets)) if open))
"""


def _pod(installation: Installation, namespace: str, label: str) -> dict:
    found = installation.kubectl("-n", namespace, "get", "pods", "-l", label, "-o", "json")
    return json.loads(found)["items"][0]


def _reached(installation, namespace: str, label: str, *targets: str) -> set[str]:
    pod = _pod(installation, namespace, label)["metadata"]["name"]
    command = ("-n", namespace, "exec", "-i", pod, "--", "python3", "-", *targets)
    return set(installation.kubectl(*command, stdin=_PROBE).split())


def test_a_person_signs_in_and_works_on_a_gpu_as_the_doctor_tries_it(installation):
    password = installation.folder.with_name("password")
    password.write_text(installation.password("ben@example.org"))
    installation.gpucommons(
        *("doctor", "--after", "--hub", URL, "--user", "ben@example.org", "--size", "gpu"),
        *("--catalogue", str(installation.folder / "catalogue.yaml")),
        *("--password-file", str(password)),
    )


def test_a_session_reaches_the_hub_and_nothing_else_of_the_cluster(installation, sessions):
    addresses = {
        name: _pod(installation, namespace, label)["status"]["podIP"]
        for name, namespace, label in (
            ("hub", NAMESPACE, "component=hub"),
            ("proxy", NAMESPACE, "component=proxy"),
            ("culler", NAMESPACE, "app.kubernetes.io/name=idle-culler"),
            ("dex", "dex", "app.kubernetes.io/name=dex"),
            ("other", "team-audio", _SESSION),
        )
    }
    node = _pod(installation, "team-vision", _SESSION)["status"]["hostIP"]
    hub = {"hub.gpucommons.svc:8081", f"{addresses['hub']}:8081"}
    closed = {
        f"{addresses['proxy']}:8000",
        f"{addresses['proxy']}:8001",
        f"{addresses['culler']}:10101",
        f"{addresses['dex']}:5556",
        f"{addresses['other']}:8888",
        f"{node}:10250",
        f"{node}:5432",
        "kubernetes.default.svc:443",
        "gpucommons-database-rw.gpucommons.svc:5432",
        "169.254.169.254:80",
    }
    assert _reached(installation, "team-vision", _SESSION, *hub, *closed) == hub


def test_the_idle_culler_reaches_hub_sessions_and_database(installation, sessions):
    session = _pod(installation, "team-vision", _SESSION)["status"]["podIP"]
    dex = _pod(installation, "dex", "app.kubernetes.io/name=dex")["status"]["podIP"]
    asked = {"hub:8081", f"{session}:8888", "gpucommons-database-rw:5432"}
    closed = {f"{dex}:5558", "proxy-api:8001"}
    label = "app.kubernetes.io/name=idle-culler"
    assert _reached(installation, NAMESPACE, label, *asked, *closed) == asked


def test_the_hourly_checks_find_no_fault(installation, sessions):
    installation.kubectl("-n", NAMESPACE, "create", "job", "doctor-now", "--from=cronjob/doctor")

    def ended() -> dict | None:
        """Return the Job once it is over: it has other conditions before."""
        told = installation.kubectl("-n", NAMESPACE, "get", "job/doctor-now", "-o", "json")
        job = json.loads(told)
        conditions = {each["type"] for each in job["status"].get("conditions", ())}
        return job if conditions & {"Complete", "Failed"} else None

    job = until(ended, seconds=300, pause=1)
    log = installation.kubectl("-n", NAMESPACE, "logs", "job/doctor-now")
    assert job["status"].get("succeeded") == 1, log
