"""A memory on a server that fails: what was acknowledged is there, once and whole."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from sensorium.errors import SensoriumError
from sensorium.memory import Memory, Moment
from sensorium.percepts import Image
from sensorium.qdrant.client import backend as client_backend
from sensorium.qdrant.client import connecting, connection
from tests.attack.children import where
from tests.attack.servers.faulty import FAULTS, Server, serving
from tests.attack.task import Task
from tests.attack.tiny import flags_of, opened, png, row, state, walk

CHANCE = 0.15  # that a fault strikes a request
TIMEOUT = 1  # seconds for a request
LIFE = 20  # steps with one memory


def be_impatient() -> None:
    """Let the client wait less, so that there is time for more faults."""
    logging.disable()
    connection.FIRST_WAIT, connection.LONGEST_WAIT = 0.002, 0.05
    made = connecting.connect

    def connect(*arguments: Any, **named: Any) -> Any:
        return made(*arguments, **{**named, "timeout": TIMEOUT})

    vars(client_backend)["connect"] = connect


def at_random(task: Task) -> None:
    """Write under faults at random, and look at the end of each life."""
    be_impatient()
    for number in task.turns("lives"):
        server = Server()
        with serving(server):
            life = Life(task, number, server)
            life.live()
            life.look()
        task.findings.count("faults", server.struck.total())


class Life:
    """A memory on a faulty server, and what it acknowledged."""

    def __init__(self, task: Task, number: int, server: Server) -> None:
        """Open the memory while nothing is wrong yet."""
        self.task, self.number, self.server = task, number, server
        self.dice = task.dice(number)
        self.media = task.home / f"media{number}"
        self.memory = opened(server.url, media=self.media)
        self.known: dict[str, str | None] = {}  # "there", "tagged", or `None` for forgotten
        self.unsure: set[str] = set()

    def live(self) -> None:
        """Write under faults."""
        chance = self.dice.choice([0.05, CHANCE, 0.4])
        self.server.fault = lambda _: (
            self.dice.choice(FAULTS) if self.dice.random() < chance else None
        )
        for step in range(LIFE):
            name = f"n{step}"
            self._try([name], "there", partial(self._remember, name))
            self._try_batch(name)
            if step % 3 == 1:
                old = f"n{step - 1}"
                self._try([old], "tagged", partial(self._tag, old))
            if step % 3 == 2:
                old = f"n{step - 2}"
                self._try([old], None, partial(self.memory.forget, old))
            self._try([], None, lambda: self.memory.recall(row("x"), limit=3))
        self.server.fault = lambda _: None

    def _remember(self, name: str) -> object:
        return self.memory.remember(Image(png(name)), text=name, id=name)

    def _tag(self, name: str) -> object:
        return self.memory.update(name, tags=["t"], metadata={"done": True})

    def _try(self, names: list[str], becomes: str | None, act: Callable[[], object]) -> bool:
        try:
            act()
        except SensoriumError:
            self.unsure.update(names)
            return False
        except Exception as error:  # these are what is looked for
            self.task.findings.report("foreign", self.number, where(error))
            self.unsure.update(names)
            return False
        for name in names:
            if name not in self.unsure:
                self.known[name] = becomes
        return True

    def _try_batch(self, name: str) -> None:
        names = [f"{name}/{part}" for part in range(4)]
        moments = [Moment((Image(png(one)),), id=one) for one in names]
        failed: list[int] = []

        def act() -> None:
            report = self.memory.remember_many(moments, batch_size=2)
            failed.extend(failure.index for failure in report.failures)

        if self._try([], None, act):
            self.known |= {one: "there" for i, one in enumerate(names) if i not in failed}
        self.unsure |= {names[index] for index in failed}

    def look(self) -> None:
        """Compare what there is with what was acknowledged."""
        sure = {name: one for name, one in self.known.items() if name not in self.unsure}
        self.task.findings.count("acknowledged writes", len(sure))
        for name, expected in sure.items():
            there = state(self.memory, name)
            if expected is None:
                fits = there is None
            else:
                fits = there is not None and (expected == "there" or there["tags"] == ["t"])
            if not fits:
                kind = "lost" if there is None else "undone"
                detail = f"{name}: {there}, acknowledged was {expected}"
                self.task.findings.report(kind, self.number, detail)
        for problem in whole(self.memory):
            self.task.findings.report("half", self.number, problem)
        ids = [record.id for record in walk(self.memory)]
        if len(set(ids)) != len(ids) or len(ids) != self.memory.count():
            self.task.findings.report(
                "doubled", self.number, f"{len(ids)} records, {len(set(ids))}"
            )
        self.memory.close()


def whole(memory: Memory) -> list[str]:
    """Say which records are not whole."""
    wrong = []
    for record in walk(memory):
        there = state(memory, record.id)
        assert there is not None
        wrong += [f"{record.id}: its file {one}" for one in there["files"] if " " in one]
        if there["flags"] != flags_of(there["metadata"]):
            wrong.append(f"{record.id}: flags {there['flags']}, metadata {there['metadata']}")
    return wrong


def always(task: Task) -> None:
    """One fault at every request: each call ends with an error of Sensorium's own."""
    be_impatient()
    for number in task.turns("faults"):
        _call_under(FAULTS[number % len(FAULTS)], task, number)


def _call_under(fault: str, task: Task, number: int) -> None:
    with serving(Server()) as server:
        memory = opened(server.url, media=task.home / f"always{number}")
        memory.remember(text="before", id="before")
        server.fault = lambda _: fault
        calls: dict[str, Callable[[], object]] = {
            "remember": lambda: memory.remember(Image(png("x")), id="x"),
            "count": memory.count,
            "recall": lambda: memory.recall(row("x")),
            "timeline": memory.timeline,
            "update": lambda: memory.update("before", tags=["t"]),
            "forget": lambda: memory.forget("before"),
            "open": lambda: opened(server.url, keep_media=False),
        }
        for name, act in calls.items():
            _always(task, number, f"{name} with {fault}", act)
        server.fault = lambda _: None


def _always(task: Task, number: int, name: str, act: Callable[[], object]) -> None:
    task.findings.count("calls")
    try:
        act()
    except SensoriumError:
        return
    except Exception as error:  # these are what is looked for
        task.findings.report("foreign", number, f"{name}: {where(error)}")
        return
    task.findings.report("no error", number, f"{name}: returned as if all were well")
