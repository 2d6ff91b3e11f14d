"""Jobs on a server that is gone after any one of their requests: as before, or as after."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensorium.errors import SensoriumError, SpaceMismatchError
from sensorium.memory import Memory
from sensorium.percepts import Image
from tests.attack.children import where
from tests.attack.servers.faults import be_impatient
from tests.attack.servers.faulty import CutAfter, Server, serving
from tests.attack.task import Task
from tests.attack.tiny import opened, png, state, tiny, walk

RECORDS = 3
Records = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """What is cut.

    Attributes:
        name: Its name.
        act: Does it.
        become: How the records are afterwards, from how they were before.
    """

    name: str
    act: Callable[[Memory], object]
    become: Callable[[Records], Records]


def _updated(before: Records) -> Records:
    fields = {"tags": [], "metadata": {"n": 1}, "flags": [], "source": "new"}
    return {**before, "r0": {**before["r0"], **fields}}


def _remembered(before: Records) -> Records:
    return {**before, "r1": {**before["r1"], "tags": ["again"]}}


def _forgotten(before: Records) -> Records:
    return {name: one for name, one in before.items() if name != "r2"}


LAST = ("reset within", "reset before", "reset after")
AGAIN: dict[str, Any] = {"id": "r1", "tags": ["again"], "metadata": {"done": True}}
JOBS = (
    Job("reembed", lambda memory: memory.reembed(tiny("other")), dict),
    Job(
        "update",
        lambda memory: memory.update("r0", tags=[], metadata={"n": 1}, source="new"),
        _updated,
    ),
    Job(
        "remember",
        lambda memory: memory.remember(Image(png("r1")), text="r1", **AGAIN),
        _remembered,
    ),
    Job("forget", lambda memory: memory.forget("r2"), _forgotten),
)


def attack(task: Task) -> None:
    """Cut each job after every one of its requests, before and after that one is applied."""
    be_impatient()
    kinds = itertools.cycle((job, last) for last in LAST for job in (*JOBS, None))
    requests: dict[tuple[str, str], int] = {}
    for number in task.turns("cuts"):
        job, last = next(kinds)
        name = job.name if job else "promote"
        fault = CutAfter(requests.get((name, last), 0), last)
        requests[name, last] = fault.left + 1
        server, media = Server(), task.home / f"cut{number}"
        with serving(server):
            cut = _Cut(task, number, server, media, fault)
            over = cut.cut(job) if job else cut.cut_promotion()
        if over:
            requests[name, last] = 0


class _Cut:
    """One server that is gone after so many requests."""

    def __init__(
        self, task: Task, number: int, server: Server, media: Path, fault: CutAfter
    ) -> None:
        self.task, self.number, self.server, self.media = task, number, server, media
        self.fault, self.after = fault, fault.left

    def cut(self, job: Job) -> bool:
        """Cut a job; return whether it was over before the cut came."""
        memory = opened(self.server.url, media=self.media)
        _fill(memory)
        before = _records(memory)
        done = self._done(job.name, lambda: job.act(memory))
        allowed = [job.become(before)] if done else [before, job.become(before)]
        self._compare(f"{job.name}, the same object", allowed, lambda: _records(memory))
        self._compare(f"{job.name}, reopened", allowed, self._reopened)
        return not self.fault.over

    def cut_promotion(self) -> bool:
        """Cut a copy to the server; repeated, it is whole."""
        with opened(self.media / "source") as source:
            _fill(source)
            before = _records(source)
            media = self.media / "target"

            def act() -> object:
                return source.promote(self.server.url, media=media)

            self._done("promote", act)
            self._compare("promote, the source", [before], lambda: _records(source))
            self._done("promote again", act)
            self._compare("promote again", [before], lambda: self._reopened(media))
        return not self.fault.over

    def _done(self, name: str, act: Callable[[], object]) -> bool:
        """Do something until the server is gone; return whether it said that it was done."""
        self.server.fault = self.fault if name != "promote again" else lambda _: None
        try:
            act()
        except SensoriumError:
            return False
        except Exception as error:  # these are what is looked for
            self._report("foreign", f"{name}: {where(error)}")
            return False
        finally:
            self.server.fault = lambda _: None
        return True

    def _reopened(self, media: Path | None = None) -> Records:
        place: dict[str, Any] = {"media": media or self.media}
        try:
            memory = opened(self.server.url, **place)
        except SpaceMismatchError:
            memory = opened(self.server.url, model="other", **place)
        with memory:
            return _records(memory)

    def _compare(self, name: str, allowed: list[Records], read: Callable[[], Records]) -> None:
        try:
            there = read()
        except SpaceMismatchError as error:
            if name != "reembed, the same object":  # which was about to learn of its success
                self._report("unopenable", f"{name}: {error}")
            return
        except SensoriumError as error:
            self._report("unopenable", f"{name}: {type(error).__name__}: {error}")
            return
        if there in allowed:
            return
        gone = sorted(set(allowed[-1]) - set(there))
        changed = {
            key: one
            for key, one in there.items()
            if all(key not in a or a[key] != one for a in allowed)
        }
        if gone:
            self._report("lost", f"{name}: {len(gone)} of {len(allowed[-1])} are gone")
        else:
            self._report("half", f"{name}: {changed}")

    def _report(self, kind: str, detail: str) -> None:
        self.task.findings.report(kind, self.number, f"cut after request {self.after}: {detail}")


def _fill(memory: Memory) -> None:
    for number in range(RECORDS):
        name = f"r{number}"
        fields: dict[str, Any] = {"tags": ["old"], "metadata": {"done": True}}
        memory.remember(Image(png(name)), text=name, id=name, **fields)


def _records(memory: Memory) -> Records:
    """All records; without vectors, which another encoder makes anew."""
    found = {record.id: state(memory, record.id) for record in walk(memory)}
    return {name: {**(one or {}), "rows": None} for name, one in found.items()}
