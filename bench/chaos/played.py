"""What the chaos benchmark plays: sessions of all kinds, the nodes' kubelets, and a Prometheus.

A person's name begins with the kind of their session, so that everybody who judges knows what is
true, whatever the platform believes.
"""

import ipaddress
import json
import random
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.faults.measured import Use


class Kind(StrEnum):
    """What a session really does."""

    IDLE = "idle"
    """Nothing: it is to be ended."""
    CELL = "cell"
    """A cell waits for something: only the session itself knows."""
    PROCESSOR = "processor"
    GPU = "gpu"
    WAVES = "waves"
    """Its GPU works every other minute."""
    KEPT = "kept"
    """Nothing, and its person answers each warning with Keep."""
    STRANGE = "strange"
    """A cell runs, and of four questions about it three are answered with nonsense."""


_WAVE_S = 60
_GPU_PERCENT, _GPU_BYTES = 90, 2**33
_CORES = {Kind.PROCESSOR: 0.9}
_IDLE_CORES = 0.01
_IDLE_BYTES_PER_S = 2000
_BEGAN = time.time() - 86400


@dataclass(frozen=True, slots=True)
class Pod:
    """A session's pod, as the API server has it."""

    namespace: str
    name: str
    uid: str
    user: str
    node: str
    leaving: bool
    """Somebody has deleted it."""
    ready: bool

    @property
    def kind(self) -> Kind:
        return kind_of(self.user)


Pods = Callable[[], Mapping[str, Pod]]
"""Answers the pods that there are, by uid."""


def kind_of(person: str) -> Kind:
    """What the session of a person does."""
    return Kind(person.partition("-")[0])


def works_gpu(kind: Kind) -> bool:
    return kind is Kind.GPU or (kind is Kind.WAVES and time.time() % (2 * _WAVE_S) < _WAVE_S)


class PlayedSessions:
    """Answers for all sessions at one port, as Lab with our extension does."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(f"{seed} sessions")
        self._began: dict[str, float] = {}
        self._notices: dict[str, dict[str, dict[str, object]]] = {}

    def began(self, person: str) -> None:
        """Note that a session of this person has just begun: it shows nothing yet."""
        self._began[person] = time.time()
        self._notices.pop(person, None)

    def application(self) -> web.Application:
        application = web.Application()
        api = "/user/{person}/gpucommons/api"
        application.router.add_get(f"{api}/activity", self._activity)
        application.router.add_route("*", f"{api}/notice", self._notice)
        application.router.add_route("*", "/{path:.*}", self._page)
        return application

    async def _page(self, _request: web.Request) -> web.Response:
        return web.json_response({})

    async def _activity(self, request: web.Request) -> web.Response:
        person = _person(request)
        kind = kind_of(person)
        if kind is Kind.STRANGE and self._chance.random() < 0.75:
            return self._nonsense()
        age = time.time() - self._began.setdefault(person, time.time())
        busy = kind in {Kind.CELL, Kind.STRANGE}
        kernel = {"id": "k", "name": "train.ipynb", "busy": busy, "last": age}
        said = {"started": age, "kernels": [kernel], "terminals": [], "editing": None}
        return web.json_response({**said, "gpu": None, "gpu_problem": None})

    def _nonsense(self) -> web.Response:
        said = [
            web.Response(status=500),
            web.Response(status=404, text="no such page"),
            web.Response(text="<html>", content_type="text/html"),
            web.Response(text='{"started": NaN}', content_type="application/json"),
            web.json_response({"started": -5, "kernels": "none"}),
            web.json_response([]),
        ]
        return self._chance.choice(said)

    async def _notice(self, request: web.Request) -> web.Response:
        person = _person(request)
        shown = self._notices.setdefault(person, {})
        if request.method == "POST":
            notice = {"choices": [], "answer": None, **json.loads(await request.read())}
            if kind_of(person) is Kind.KEPT:
                keeping = [each["id"] for each in notice["choices"] if "keep" in each["id"]]
                notice["answer"] = keeping[0] if keeping else None
            shown[notice["id"]] = notice
        elif request.method == "DELETE":
            shown.pop(request.query.get("id", ""), None)
        return web.json_response(list(shown.values()))


def use(pod: Pod) -> Use:
    """What a pod has used, as a kubelet counts and Prometheus is told."""
    passed = time.time() - _BEGAN
    gpu = _GPU_PERCENT if works_gpu(pod.kind) else 0
    seconds = _CORES.get(pod.kind, _IDLE_CORES) * passed
    return Use(pod.namespace, pod.name, seconds, _IDLE_BYTES_PER_S * passed, gpu, _GPU_BYTES)


def _person(request: web.Request) -> str:
    return unquote(request.match_info["person"])


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate of the machine's loopback; answers it, and the file to check it with."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubelets")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    file, key_file = folder / "kubelets.crt", folder / "kubelets.key"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, key_file)
    return context, file
