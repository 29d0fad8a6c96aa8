"""The steps, in the order in which a person meets them."""

import json
from typing import ClassVar
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from gpucommons_contract.formats.wording import counted, joined
from gpucommons_spawner.catalogue import Size
from gpucommons_spawner.catalogue.gpu_modes.nvidia import Exclusive

from gpucommons_doctor.after.choice import Choice
from gpucommons_doctor.after.hub import Hub, RefusedError
from gpucommons_doctor.after.kernel import run_cell
from gpucommons_doctor.after.page import Page
from gpucommons_doctor.after.session import SERVER, Session
from gpucommons_doctor.after.sign_in import Login
from gpucommons_doctor.after.step import Step, StepFailedError, Tell

_VERSION = "import platform; print(platform.python_version())"
NVML_CELL = """
import ctypes, json
nvml = ctypes.CDLL("libnvidia-ml.so.1")
nvml.nvmlErrorString.restype = ctypes.c_char_p
def ask(function, *arguments):
    code = getattr(nvml, function)(*arguments)
    if code:
        raise RuntimeError(f"{function}: {nvml.nvmlErrorString(code).decode()}")
ask("nvmlInit_v2")
count, gpu, name = ctypes.c_uint(), ctypes.c_void_p(), ctypes.create_string_buffer(96)
ask("nvmlDeviceGetCount_v2", ctypes.byref(count))
names = []
for index in range(count.value):
    ask("nvmlDeviceGetHandleByIndex_v2", index, ctypes.byref(gpu))
    ask("nvmlDeviceGetName", gpu, name, len(name))
    names.append(name.value.decode())
print(json.dumps(names))
"""
"""Asks the driver's own library, which any Python can. MIG slices are seen as their GPU.
Source: https://docs.nvidia.com/deploy/nvml-api
"""

NETWORK_CELL = """
import os, socket
host, port = (os.environ.get(f"KUBERNETES_SERVICE_{each}") for each in ("HOST", "PORT"))
try:
    if host:
        socket.create_connection((host, int(port)), 5).close()
    print("open" if host else "no pod")
except OSError:
    print("closed")
"""
"""Whether the API server is reached, whose address every container of a pod is told."""


class SignIn(Step):
    """Signs in, with a password or with a token."""

    name: ClassVar[str] = "sign-in"
    question: ClassVar[str] = "Can a person sign in?"

    def __init__(self, hub: Hub, login: Login) -> None:
        self._hub, self._login = hub, login

    async def run(self, tell: Tell) -> str:  # noqa: ARG002 -- takes seconds
        """Sign in."""
        return await self._login.sign_in(self._hub)


class Start(Step):
    """Starts a session of a name of its own."""

    name: ClassVar[str] = "start"
    question: ClassVar[str] = "Does a session start?"

    def __init__(self, session: Session, choice: Choice) -> None:
        self._session, self._choice = session, choice

    async def run(self, tell: Tell) -> str:
        """Start it, and wait until the hub says that it is ready."""
        await self._session.start(tell)
        return f"The session {SERVER} runs: {self._choice}."


class ServerAnswers(Step):
    """Opens the session's first page, by the way that browsers take."""

    name: ClassVar[str] = "server"
    question: ClassVar[str] = "Does its server answer?"

    def __init__(self, hub: Hub, session: Session) -> None:
        self._hub, self._session = hub, session

    async def run(self, tell: Tell) -> str:  # noqa: ARG002 -- takes seconds
        """Open the page, and follow where it leads."""
        answer = await self._hub.browser.get(self._session.url)
        page = Page(answer)
        where = unquote(urlsplit(page.url).path)
        if answer.is_success and unquote(page.url).startswith(unquote(self._session.url)):
            return f"{where} answers."
        said = f": {page.heading}" if page.heading else ""
        raise StepFailedError(
            f"The session's page ended at {where} with {answer.status_code}{said}.",
            "The hub reaches the session, so look at what is between browsers and sessions: the "
            "proxy, the Ingress, NetworkPolicies.",
        )


class KernelRuns(Step):
    """Runs a cell."""

    name: ClassVar[str] = "kernel"
    question: ClassVar[str] = "Does a kernel run a cell?"

    def __init__(self, hub: Hub, session: Session) -> None:
        self._hub, self._session = hub, session

    async def run(self, tell: Tell) -> str:  # noqa: ARG002 -- takes seconds
        """Ask the kernel for its version."""
        version = await run_cell(self._hub, self._session, _VERSION)
        return f"A cell ran, in Python {version}."


class GPUSeen(Step):
    """Asks the driver's library for GPUs, from within a cell."""

    name: ClassVar[str] = "gpu"
    question: ClassVar[str] = "Does the kernel see the GPU?"

    def __init__(self, hub: Hub, session: Session, name: str, size: Size) -> None:
        """name: the size's in the catalogue."""
        self._hub, self._session, self._name, self._size = hub, session, name, size

    async def run(self, tell: Tell) -> str:  # noqa: ARG002 -- takes seconds
        """Ask, unless the size has none."""
        if self._size.gpu is None:
            return f"The size {self._name} has no GPU, so none was looked for."
        try:
            printed = await run_cell(self._hub, self._session, NVML_CELL)
        except StepFailedError as error:
            raise StepFailedError(f"No GPU is seen. {error.seen}", _LOOK_AT_NODES) from error
        return judge_gpus(self._name, self._size, json.loads(printed))


def judge_gpus(name: str, size: Size, seen: list[str]) -> str:
    """Say in a sentence which GPUs are seen. Raises StepFailedError if those are not the size's."""
    words = f"{counted(len(seen), 'GPU')}: {joined(seen)}" if seen else "no GPU"
    wanted = size.gpu.count if isinstance(size.gpu, Exclusive) else None
    if not seen or (wanted is not None and len(seen) != wanted):
        raise StepFailedError(
            f"The kernel sees {words}. The size {name} has {wanted or 'one'}.", _LOOK_AT_NODES
        )
    return f"The kernel sees {words}."


_LOOK_AT_NODES = (
    "Look whether NVIDIA's runtime is the node's default one, or the size's runtime_class: "
    "`gpucommons doctor --only gpus --only runtime-classes`."
)


class FileKept(Step):
    """Writes a file, stops the session, starts it again, and reads the file."""

    name: ClassVar[str] = "files"
    question: ClassVar[str] = "Are files kept over a stop and a second start?"

    def __init__(self, session: Session) -> None:
        self._session = session

    async def run(self, tell: Tell) -> str:
        """Leave nothing behind in the person's workspace, unless something goes wrong."""
        file = f"gpucommons-doctor-{uuid4().hex[:12]}.txt"
        written = f"{file} was written by gpucommons doctor, and may be deleted.\n"
        model = {"type": "file", "format": "text", "content": written}
        await self._session.call("PUT", f"api/contents/{file}", model)
        tell(f"{file} is written; the session stops")
        try:
            await self._session.stop()
            await self._session.start(tell)
        except StepFailedError as error:
            seen = f"With {file} in the workspace, which stays there: {error.seen}"
            raise StepFailedError(seen, error.advice) from error
        try:
            read = (await self._session.call("GET", f"api/contents/{file}?format=text"))["content"]
        except RefusedError as error:
            raise StepFailedError(
                f"{file} is not there after the second start: {error.message}",
                "Look whether sessions have a volume (singleuser.storage under z2jh), and whether "
                "both starts had the same claim: kubectl get pvc -n NAMESPACE.",
            ) from error
        if read != written:
            raise StepFailedError(
                f"{file} is there after the second start, and holds something else.",
                "Look at the storage: it accepted the file and did not keep it.",
            )
        await self._session.call("DELETE", f"api/contents/{file}")
        return "A file was there again after a stop and a second start."


class NetworkClosed(Step):
    """Tries to reach what the policies of teams close to sessions, from within a cell."""

    name: ClassVar[str] = "network"
    question: ClassVar[str] = "Are NetworkPolicies enforced?"

    def __init__(self, hub: Hub, session: Session) -> None:
        self._hub, self._session = hub, session

    async def run(self, tell: Tell) -> str:  # noqa: ARG002 -- takes seconds
        """Try the API server. What the hub is for, the steps before have shown."""
        reached = (await run_cell(self._hub, self._session, NETWORK_CELL)).strip()
        if reached == "open":
            raise StepFailedError(
                "The session reaches the API server, and so any pod reaches any other.",
                "Look whether the cluster's network enforces NetworkPolicies, which not all do, "
                "and whether the team has its own: kubectl get networkpolicies -n NAMESPACE.",
            )
        if reached == "no pod":
            return "The session is in no pod, so its network was not checked."
        return "The session does not reach the API server: NetworkPolicies are enforced."


class Stop(Step):
    """Stops the session, and takes its name away."""

    name: ClassVar[str] = "stop"
    question: ClassVar[str] = "Is the session gone after it was stopped?"

    def __init__(self, hub: Hub, session: Session) -> None:
        self._hub, self._session = hub, session

    @property
    def is_needed(self) -> bool:
        """Whether something was begun that is not gone yet."""
        return self._session.to_end

    async def run(self, tell: Tell) -> str:  # noqa: ARG002 -- a stop says nothing of its progress
        """Stop it, and wait until its pod is gone as far as the hub knows."""
        try:
            await self._session.remove()
        except RefusedError as error:
            raise StepFailedError(
                f"The session {SERVER} could not be stopped: {error.message}",
                f"It may still run. Stop it at {self._hub.address}/hub/home.",
            ) from error
        return f"The hub no longer lists the session {SERVER}."
