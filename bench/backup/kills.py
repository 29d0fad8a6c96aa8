"""Kills what takes snapshots, at moments by chance: 20 times, and then all must be well by itself.

Killed are the pod's program with restic, rest-server, and the controller, which is broken off at
one of its requests while another one begins. BACKUP_SEED says which and when (1).
"""

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gpucommons_backup import BackupError, Repository, Survey, compare
from gpucommons_backup.controller.watching.cluster import API
from gpucommons_backup.notes import WORKSPACE
from gpucommons_contract import Annotation
from gpucommons_local.machine.programs import program

from bench.figure import Figure
from bench.kwok_cluster import folder_in_memory
from tests.backup.controller.conftest import SteppedController
from tests.backup.controller.played_cluster import ADA, BACKUP, IMAGE, POD, PlayedCluster, moment
from tests.backup.controller.programs import RestServer, last_words, start_pod, variables_of

_KILLS = 20
_VICTIMS = ("program", "store", "controller")
_TIDY_EACH = 4
"""Each so manieth kill is while old snapshots are forgotten."""
_NEW_BYTES = 8 * 2**20
_LONGEST_S = 2.0
"""How long after its begin a program or its store is killed, at most."""
_LONGEST_STEP_S = 0.2
_OLD = timedelta(days=400)
_NOW, _NEXT_TRY, _TWO_WEEKS = timedelta(), timedelta(hours=7), timedelta(days=15)
"""How far the controller's clock is ahead while it looks for what is due."""
_SETTINGS = """\
store: rest:{adds}/
credentials: snapshots.yaml
tidy_store: rest:{tidies}/
tidy_credentials: tidy.yaml
image: {image}
schedule: {{quiet_seconds: 0}}
retention: {{within_days: 1, hourly: 0, daily: 0, weekly: 0, monthly: 1}}
"""


def measure() -> Iterator[Figure]:
    """Kill, and count what was not well again with the next run."""
    seed = int(os.environ.get("BACKUP_SEED", "1"))
    with folder_in_memory() as folder:
        cluster = PlayedCluster(folder)
        cluster.start()
        stores = [RestServer(folder, "snapshots", "--append-only"), RestServer(folder, "tidy")]
        try:
            for each in stores:
                each.start()
            settings = folder / "backup.yaml"
            urls = {"adds": stores[0].url, "tidies": stores[1].url}
            settings.write_text(_SETTINGS.format(image=IMAGE, **urls))
            yield from asyncio.run(_Kills(cluster, stores, folder, seed).all(settings))
        finally:
            for server in (*stores, cluster):
                server.stop()


class _Kills:
    def __init__(
        self, cluster: PlayedCluster, stores: list[RestServer], folder: Path, seed: int
    ) -> None:
        self._cluster, self._stores, self._folder = cluster, stores, folder
        self._chance = random.Random(seed)
        self._home = folder / "home"
        self._variables: dict[str, str] = {}
        self._broken_off = 0

    async def all(self, settings: Path) -> list[Figure]:
        self._home.mkdir()
        self._cluster.add_claim(ADA)
        os.environ["KUBECONFIG"] = str(self._cluster.kubeconfig_of(BACKUP))
        async with API.open() as api:
            self._backup = SteppedController(api, settings)
            bad: list[str] = []
            for number in range(_KILLS):
                victim = _VICTIMS[number % len(_VICTIMS)]
                tidies = number % _TIDY_EACH == _TIDY_EACH - 1
                trouble = await self._kill(victim, number, tidies=tidies)
                what = "tidying" if tidies else "a snapshot"
                print(f"{number}: {victim} killed in {what}: {trouble or 'well'}", flush=True)
                bad += [trouble] if trouble else []
                if number % _TIDY_EACH == 0:
                    self._add_old_one()
            return [*self._found(bad), *await self._at_the_end()]

    def _found(self, bad: list[str]) -> Iterator[Figure]:
        title = f"Of {_KILLS} kills, those after which the next run was not well"
        yield Figure("backup-kills", title, len(bad), "", target=0, samples=self._broken_off)

    async def _kill(self, victim: str, number: int, *, tidies: bool) -> str:
        """Return what is not well after a kill and the next run; "" if all is."""
        begun = datetime.now(UTC)
        if not tidies:
            (self._home / "large").write_bytes(os.urandom(_NEW_BYTES))
            (self._home / f"{number}").touch()
            await self._have_it_used()
        await self._step(victim, ahead=_TWO_WEEKS if tidies else _NOW)
        self._end(await self._run(victim))
        await self._step(victim)
        if not self._is_well(begun, tidies=tidies):  # the next run, which is not disturbed
            await self._step("", ahead=_TWO_WEEKS if tidies else _NEXT_TRY)
            if POD not in self._cluster.snapshot_pods():
                return "it was not tried again"
            self._end(await self._run(""))
            await self._step("")
        return "" if self._is_well(begun, tidies=tidies) else str(self._cluster.notes(ADA))

    async def _have_it_used(self) -> None:
        self._cluster.annotate(ADA, Annotation.MOUNTED_AT, moment(datetime.now(UTC)))
        await asyncio.sleep(1.1)  # a snapshot of the same second would not count

    async def _step(self, victim: str, *, ahead: timedelta = _NOW) -> None:
        self._backup.ahead = ahead
        if victim == "controller":
            with suppress(TimeoutError):
                async with asyncio.timeout(self._chance.uniform(0, _LONGEST_STEP_S)):
                    await self._backup.step()
            self._backup.restart()
            self._broken_off += 1
            if POD in self._cluster.snapshot_pods():  # to which a clock that is ahead means days
                self._backup.ahead = _NOW
        await self._backup.step()
        self._backup.ahead = _NOW

    async def _run(self, victim: str) -> tuple[int, str]:
        """Run the pod's program, and return its exit code and its last words."""
        self._variables = variables_of(self._cluster)
        process = start_pod(self._cluster, self._home, self._folder)
        try:
            await asyncio.sleep(self._chance.uniform(0, _LONGEST_S) if victim else 0)
            if victim == "program" and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                self._broken_off += 1
            if victim == "store":
                for each in self._stores:
                    each.kill()
                for each in self._stores:
                    each.start()
                self._broken_off += process.poll() is None
            await asyncio.to_thread(process.communicate)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return process.returncode, last_words(self._folder)

    def _end(self, came: tuple[int, str]) -> None:
        """Report as the kubelet does."""
        code, words = came
        if code == 0:
            self._cluster.finish(POD, words)
        else:
            said = {"exitCode": code if code > 0 else 128 - code, "message": words}
            self._cluster.end_pod(POD, said)

    def _is_well(self, begun: datetime, *, tidies: bool) -> bool:
        notes = self._cluster.notes(ADA)
        done = notes.get("snapshot-tidied" if tidies else "snapshot-last-good", "")
        error = "snapshot-tidy-error" if tidies else "snapshot-error"
        return error not in notes and done >= moment(begun)

    async def _at_the_end(self) -> list[Figure]:
        """Have it tidied once more, look whether that was done, and read everything through."""
        (self._home / "last").touch()
        await self._have_it_used()
        for ahead in (_NOW, _TWO_WEEKS):
            await self._step("", ahead=ahead)
            self._end(await self._run(""))
            await self._step("")
        repository = self._repository(self._stores[1])
        kept = repository.snapshots(WORKSPACE)
        old = sum(each.time < datetime.now(UTC) - _OLD / 2 for each in kept)
        damage = 0
        try:
            repository.check("100%")
        except BackupError as error:
            print(error, flush=True)
            damage = 1
        back = self._folder / "back"
        repository.restore(kept[-1], back)
        differ = len(list(compare(Survey(self._home).lines(), Survey(back).lines())))
        return [
            Figure("backup-kills-damage", "Repository damaged after the kills", damage, "", 0),
            Figure("backup-kills-differ", "Entries not as they were, put back", differ, "", 0),
            Figure("backup-kills-old", "Snapshots still there that retention forgets", old, "", 0),
        ]

    def _add_old_one(self) -> None:
        """Have something for retention to forget, with a file that is in no other snapshot."""
        (self._home / "large").write_bytes(os.urandom(_NEW_BYTES))
        repository = self._repository(self._stores[0])
        repository.snapshot(self._home, host=WORKSPACE, time=datetime.now(UTC) - _OLD, waits=False)

    def _repository(self, store: RestServer) -> Repository:
        name = self._variables["RESTIC_REPOSITORY"].removeprefix(f"rest:{self._stores[0].url}/")
        name = name.removeprefix(f"rest:{self._stores[1].url}/")
        return Repository(
            self._variables
            | {
                "RESTIC_REPOSITORY": f"rest:{store.url}/{name}",
                "RESTIC_REST_USERNAME": store.user,
                "RESTIC_REST_PASSWORD": store.password,
                "RESTIC_CACHE_DIR": str(self._folder / "cache"),
            },
            str(program("restic")),
        )
