"""The people of the chaos benchmark: they sign in, start, stop, are removed, and look at pages."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx

from bench.chaos.installation import Installation
from bench.chaos.persons import Person, State
from bench.chaos.played import Pod
from bench.chaos.programs import CHAOS_TOKEN
from tests.hub.browser import Browser

_PAUSE_S = 1.0
_TRIES = 5
_START_LIMIT_S = 600
_LOOKERS = 20
"""People who look at the hub's pages all the time."""


class Crowd:
    """All of them. What they do is chosen by a seed, as far as time lets it."""

    def __init__(
        self,
        place: Installation,
        names: dict[str, list[str]],
        seed: int,
        sessions: int,
        tell: Callable[[str], None],
    ) -> None:
        """sessions: how many are to run. tell: takes what was seen that must not be."""
        self.persons = {name: Person(name, teams[0]) for name, teams in names.items()}
        self.put_out: list[str] = []
        """Who was asked to sign in again without a reason."""
        self.signed_in_again = 0
        """How often a start wanted a new login."""
        self.failed = False
        """Whether they have ceased before their time: then nothing is measured."""
        self.failed_starts = 0
        self.starts = 0
        self._place = place
        self._chance = random.Random(f"{seed} people")
        self._sessions = sessions
        self._tell = tell
        self._over = threading.Event()
        self._quiet = threading.Event()
        self._pool = ThreadPoolExecutor(24, thread_name_prefix="people")
        self._api = httpx.Client(
            base_url=f"{place.hub_url}/hub/api",
            headers={"Authorization": f"token {CHAOS_TOKEN}"},
            timeout=40,
            limits=httpx.Limits(max_connections=40),
        )
        self._browsers: dict[str, Browser] = {}
        self._threads: list[threading.Thread] = []

    def sign_in(self) -> None:
        """Let everybody come once, so that the hub knows them and Dex vouches for them."""
        with ThreadPoolExecutor(6) as pool:
            browsers = dict(zip(self.persons, pool.map(self._sign_in, self.persons), strict=True))
        kept = self._chance.sample(sorted(browsers), min(_LOOKERS, len(browsers)))
        for name, browser in browsers.items():
            if name in kept:
                self._browsers[name] = browser
            else:
                browser.close()

    def _sign_in(self, name: str) -> Browser:
        """Sign in, again where the machine is too busy. Raises RuntimeError."""
        for _ in range(_TRIES):
            browser = Browser(self._place.url)
            with suppress(httpx.HTTPError, AssertionError, KeyError):
                page = browser.sign_in(name)
                if page.status_code == 200:
                    return browser
            browser.close()
            time.sleep(_PAUSE_S)
        raise RuntimeError(f"{name} could not sign in")

    def begin(self) -> None:
        """Let them come and go, until ``quiet``."""
        for work in (self._come_and_go, self._look_around):
            thread = threading.Thread(target=self._on_and_on, args=(work,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _on_and_on(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._tell(f"the benchmark itself failed: {error!r}")
            self.failed = True
            raise

    def quiet(self) -> None:
        """Start, stop and remove nothing any more."""
        self._quiet.set()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._pool.shutdown(cancel_futures=True)
        self._api.close()

    def count(self, *states: State) -> int:
        return sum(person.state in states for person in self.persons.values())

    def fill(self, seconds: float) -> None:
        """Start sessions until as many run as are to, before anything goes wrong."""
        deadline = time.monotonic() + seconds
        while self.count(State.LIVE) < 0.97 * self._sessions:
            if time.monotonic() > deadline:
                raise RuntimeError(f"only {self.count(State.LIVE)} sessions started")
            for person in self._those(State.OFF)[: self._lacking()]:
                self._begin(person, State.STARTING, self._start)
            time.sleep(_PAUSE_S)

    def _lacking(self) -> int:
        return max(0, self._sessions - self.count(State.LIVE, State.STARTING))

    def _those(self, *states: State) -> list[Person]:
        found = [each for each in self.persons.values() if each.state in states]
        self._chance.shuffle(found)
        return found

    def _begin(self, person: Person, state: State, work: Callable[[Person], None]) -> None:
        person.state = state
        self._pool.submit(self._safely, work, person)

    def _safely(self, work: Callable[[Person], None], person: Person) -> None:
        try:
            work(person)
        except Exception as error:
            self._tell(f"the benchmark itself failed for {person.name}: {error!r}")

    def _come_and_go(self) -> None:
        while not self._quiet.wait(self._chance.uniform(0.5, 2.5)):
            chosen = self._chance.random()
            if chosen < 0.01 and (live := self._those(State.LIVE)):
                self._begin(live[0], State.REMOVED, self._remove)
            elif chosen < 0.2 and (live := self._those(State.LIVE)):
                self._begin(live[0], State.ENDING, self._stop)
            elif self._lacking() and (off := self._those(State.OFF)):
                self._begin(off[0], State.STARTING, self._start)

    def _start(self, person: Person) -> None:
        """Press Start, again where the hub says that it cannot now; wait until it is ready."""
        deadline = time.monotonic() + _START_LIMIT_S
        self.starts += 1
        asked, ready_at = False, 0.0
        while time.monotonic() < deadline and not self._over.is_set():
            server = self._server(person)
            if server is None:  # the hub does not answer
                time.sleep(_PAUSE_S)
            elif server.get("ready"):
                ready_at = ready_at or time.time()
                if self._place.view.at > ready_at and (pod := self._pod_of(person)):
                    person.uid, person.since = pod.uid, time.time()
                    person.state = State.LIVE
                    return
                time.sleep(_PAUSE_S)
            elif server.get("pending"):
                time.sleep(_PAUSE_S)
            elif asked:
                self.failed_starts += 1
                break
            else:
                asked = self._ask_for_start(person)
        person.state = State.ENDING
        self._stop(person)

    def _ask_for_start(self, person: Person) -> bool:
        """Whether the hub has begun."""
        options = {"team": person.team, "environment": "scipy", "size": "gpu"}
        self._place.sessions.began(person.name)
        try:
            answer = self._api.post(f"/users/{person.name}/server", json=options)
        except httpx.TransportError:
            time.sleep(_PAUSE_S)
            return False
        if answer.status_code in {201, 202}:
            return True
        if answer.status_code == 403:
            self._sign_in_again(person)
        time.sleep(_PAUSE_S + float(answer.headers.get("Retry-After", 2)) / 2)
        return False

    def _sign_in_again(self, person: Person) -> None:
        """Do as somebody does who reads that their login has run out."""
        self.signed_in_again += 1
        with suppress(RuntimeError):
            self._sign_in(person.name).close()

    def _stop(self, person: Person) -> None:
        """Ask for the end until the hub says that there is no session."""
        while not self._over.is_set():
            server = self._server(person)
            if server == {}:
                person.state = State.OFF
                return
            if server:
                self._delete(f"/users/{person.name}/server")
            time.sleep(_PAUSE_S)

    def _remove(self, person: Person) -> None:
        while not self._over.is_set():
            status = self._delete(f"/users/{person.name}")
            if status in {204, 404}:
                return
            time.sleep(_PAUSE_S)

    def _delete(self, path: str) -> int | None:
        try:
            return self._api.delete(path).status_code
        except httpx.TransportError:
            return None

    def _server(self, person: Person) -> dict[str, object] | None:
        """What the hub says of somebody's session: {} of none; None: it does not answer."""
        try:
            answer = self._api.get(f"/users/{person.name}")
        except httpx.TransportError:
            return None
        if answer.status_code != 200:
            return None
        found: dict[str, object] = answer.json()["servers"].get("", {})
        return found

    def _pod_of(self, person: Person) -> Pod | None:
        found = [
            pod
            for pod in self._place.view.pods.values()
            if pod.user == person.name and not pod.leaving
        ]
        return found[0] if len(found) == 1 else None

    def _look_around(self) -> None:
        """Open the hub's page as one who is signed in, and tell if it asks to sign in again."""
        while not self._over.wait(1.0):
            name = self._chance.choice(sorted(self._browsers))
            if self.persons[name].state is State.REMOVED:
                continue
            try:
                page = self._browsers[name].get("/hub/home")
            except httpx.HTTPError:
                continue
            if (
                page.status_code in {302, 401, 403}
                and self.persons[name].state is not State.REMOVED
            ):
                target = page.headers.get("location", "")
                self.put_out.append(name)
                self._tell(f"PUT OUT {name}: {page.status_code} {target}")
                del self._browsers[name]
                if not self._browsers:
                    return
