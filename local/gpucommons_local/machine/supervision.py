"""Programs under supervisord: started in order, restarted when they die, stopped by id.

supervisord (https://supervisord.org) keeps each program's process id, its log
file and its restarts; this module writes its configuration and talks to it.
"""

import configparser
import json
import shlex
import subprocess
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.cache import fingerprint
from gpucommons_local.machine.instance import Instance
from gpucommons_local.machine.node import enter_command
from gpucommons_local.machine.toolchain import BIN


@dataclass(frozen=True, slots=True)
class Program:
    """One supervised program.

    probe is a command that ends with 0 once the program serves; it runs inside
    the node, as the program does unless ``inside`` is false.
    """

    name: str
    command: Sequence[str]
    probe: Sequence[str] = ("true",)
    environment: Mapping[str, str] = field(default_factory=dict)
    inside: bool = True
    files: Mapping[Path, str] = field(default_factory=dict)
    """Configuration that the program reads at start, as text by path."""
    sources: Sequence[Path] = ()
    """Further files and folders that it reads. A change of either is a restart."""
    start_limit: float = 60.0
    """Seconds that the probe may fail after a start."""
    once: bool = False
    """Whether it has an end, after which it is not started again."""


LONGEST_SOCKET_PATH = 107 - len(".4194304")
"""Bytes that Linux allows, less what supervisord adds meanwhile: a dot and its process id."""


def socket_of(instance: Instance) -> Path:
    """Return where supervisord of an instance listens."""
    return instance.run / "supervisor.sock"


class Supervisor:
    """supervisord of one instance."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._config = instance.run / "supervisord.conf"
        self._socket = socket_of(instance)
        self._pid_file = instance.run / "supervisord.pid"
        self._record = instance.run / "programs.json"

    def _ask(self, what: str, *arguments: object) -> Any:  # noqa: ANN401 - xmlrpc is untyped
        """Call supervisord; OSError or xmlrpc.client.Error where it does not do so."""
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        try:
            server = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
            return getattr(server.supervisor, what)(*arguments)
        finally:
            transport.close()

    def running(self) -> bool:
        """Whether supervisord answers."""
        try:
            return bool(self._ask("getState")["statename"] == "RUNNING")
        except (OSError, xmlrpc.client.Error):
            return False

    def configure(self, programs: Sequence[Program]) -> None:
        """Put a set of programs in force; those that changed are stopped, to be started anew."""
        self._write_files(programs)
        self._write(programs)
        kept = ("name", "probe", "inside", "start_limit")
        record = [{name: getattr(each, name) for name in kept} for each in programs]
        self._record.write_text(json.dumps(record))
        if not self.running():
            for leftover in (self._socket, self._instance.node_pid_file):
                leftover.unlink(missing_ok=True)
            subprocess.run([str(BIN / "supervisord"), "-c", str(self._config)], check=True)
            self._await_running()
            return
        [[added, changed, removed]] = self._ask("reloadConfig")
        for name in (*changed, *removed):
            self._ask("stopProcessGroup", name)
            self._ask("removeProcessGroup", name)
        for name in (*added, *changed):
            self._ask("addProcessGroup", name)

    def recorded(self) -> list[Program]:
        """Return the programs in force, as far as looking at and restarting them needs.

        They can be looked at without what they were built of. None of a platform that was last
        configured before this was written down.
        """
        try:
            listed = json.loads(self._record.read_text())
        except FileNotFoundError:
            return []
        return [Program(command=(), **each) for each in listed]

    def start(self, program: Program) -> bool:
        """Start a program and wait until its probe succeeds; False if it already ran.

        Raises PlatformError with the end of its log if it does not come up in time.
        """
        state = self._ask("getProcessInfo", program.name)["statename"]
        started = state not in {"RUNNING", "STARTING"}
        if started:
            self._ask("startProcess", program.name, False)
        deadline = time.monotonic() + program.start_limit
        while not self.probe(program):
            if time.monotonic() > deadline:
                raise PlatformError(
                    f"{program.name} did not come up in {program.start_limit:.0f} s. "
                    f"Its log, {self.log(program.name)}, ends with:\n{self.log_tail(program.name)}"
                )
            time.sleep(0.1)
        return started

    def stop(self, name: str) -> None:
        """Stop one program and wait for its end."""
        if self._ask("getProcessInfo", name)["statename"] not in {"STOPPED", "EXITED", "FATAL"}:
            self._ask("stopProcess", name)

    def probe(self, program: Program) -> bool:
        """Whether a program serves now."""
        command = [*self._prefix(program), *program.probe]
        try:
            result = subprocess.run(command, capture_output=True, check=False, timeout=10)
        except subprocess.TimeoutExpired:
            return False
        return result.returncode == 0

    def states(self) -> dict[str, tuple[str, int]]:
        """State name and process id of every program, by name."""
        if not self.running():
            return {}
        return {
            each["name"]: (each["statename"], each["pid"])
            for each in self._ask("getAllProcessInfo")
        }

    def exit_status(self, name: str) -> int:
        """Return what a program ended with that ended; 0 for any other."""
        try:
            return int(self._ask("getProcessInfo", name)["exitstatus"])
        except (OSError, xmlrpc.client.Error):
            return 0

    def log(self, name: str) -> Path:
        """File that a program's output goes to."""
        return self._instance.logs / f"{name}.log"

    def log_tail(self, name: str, lines: int = 12) -> str:
        """The last lines of a program's log."""
        try:
            text = self.log(name).read_text(errors="replace")
        except FileNotFoundError:
            return "(no output)"
        return "\n".join(text.splitlines()[-lines:])

    def shut_down(self, limit: float = 60.0) -> None:
        """Stop all programs, the node last, and supervisord itself."""
        if not self.running():
            return
        pid = int(self._pid_file.read_text())
        self._ask("shutdown")
        deadline = time.monotonic() + limit
        while Path(f"/proc/{pid}").exists():
            if time.monotonic() > deadline:
                raise PlatformError(f"supervisord (process {pid}) did not end in {limit:.0f} s.")
            time.sleep(0.1)

    def _await_running(self, limit: float = 60.0) -> None:
        deadline = time.monotonic() + limit
        while not self.running():
            if time.monotonic() > deadline:
                raise PlatformError(
                    f"supervisord did not start; see {self._instance.logs / 'supervisord.log'}."
                )
            time.sleep(0.05)

    @staticmethod
    def _write_files(programs: Sequence[Program]) -> None:
        for program in programs:
            for path, text in program.files.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch(mode=0o600)  # some hold secrets
                path.write_text(text)

    def _prefix(self, program: Program) -> list[str]:
        return [enter_command(self._instance)] if program.inside else []

    def _write(self, programs: Sequence[Program]) -> None:
        config = configparser.RawConfigParser()
        config.optionxform = str  # type: ignore[assignment,method-assign]
        config["unix_http_server"] = {"file": str(self._socket), "chmod": "0600"}
        config["rpcinterface:supervisor"] = {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        }
        config["supervisorctl"] = {"serverurl": f"unix://{self._socket}"}
        config["supervisord"] = {
            "pidfile": str(self._pid_file),
            "logfile": str(self._instance.logs / "supervisord.log"),
            "childlogdir": str(self._instance.logs),
            "directory": "/",
            "minfds": "4096",
        }
        for priority, program in enumerate(programs):
            self._add_section(config, program, priority)
        with self._config.open("w") as file:
            config.write(file)
        self._config.chmod(0o600)  # environments hold secrets

    def _add_section(
        self, config: configparser.RawConfigParser, program: Program, priority: int
    ) -> None:
        section = {
            "command": shlex.join([*self._prefix(program), *program.command]),
            "autostart": "false",
            "autorestart": "false" if program.once else "true",
            "startsecs": "0",
            "startretries": "1000",
            "priority": str(priority),
            "stopasgroup": "true",
            "killasgroup": "true",
            "stopwaitsecs": "15",
            "redirect_stderr": "true",
            "stdout_logfile": str(self.log(program.name)),
            "stdout_logfile_maxbytes": "20MB",
            "stdout_logfile_backups": "1",
        }
        revision = {"GPUCOMMONS_REVISION": fingerprint(program.sources, *program.files.values())}
        section["environment"] = ",".join(
            f'{name}="{value}"' for name, value in {**program.environment, **revision}.items()
        )
        config[f"program:{program.name}"] = {
            key: value.replace("%", "%%") if key in {"command", "environment"} else value
            for key, value in section.items()
        }
