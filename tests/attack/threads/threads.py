"""Threads that write, forget, change the encoder and close at once; processes on one folder."""

from __future__ import annotations

import asyncio
import random
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

from sensorium.errors import SensoriumError, StoreClosedError, StoreLockedError
from sensorium.memory import AsyncMemory, Memory, Moment
from sensorium.percepts import Image
from tests.attack.children import Ending, run_apart, where
from tests.attack.task import Task
from tests.attack.tiny import OWNER, file_states, opened, png, state, tiny, walk

THREADS = 8
PATIENCE = 60.0  # seconds
Wrong = list[tuple[str, str]]


def attack(task: Task) -> None:
    """Put each question in turn, in a process of its own."""
    for number in task.turns("questions"):
        ask = QUESTIONS[number % len(QUESTIONS)]
        home, dice = task.home / f"{number}", task.dice(number)
        home.mkdir()
        ending = run_apart(lambda: ask(home, dice), patience=PATIENCE)  # noqa: B023 - at once
        _report(task, number, ask.__name__, ending)


def _report(task: Task, number: int, name: str, ending: Ending) -> None:
    if ending.kind or ending.error:
        task.findings.report(ending.kind or "refused", number, f"{name}: {ending.told}")
    for kind, detail in ending.value or ():
        task.findings.report(kind, number, f"{name}: {detail}")


def writing(home: Path, _: random.Random) -> Wrong:
    """Threads remember, update, recall and forget: each finds what it acknowledged."""
    wrong: Wrong = []
    with opened(home / "memory") as memory:

        def work(thread: int) -> None:
            for number in range(12):
                name = f"{thread}-{number}"
                try:
                    memory.remember(Image(png(name)), text=name, id=name)
                    memory.update(name, tags=["t"])
                    memory.recall("x", limit=3)
                    if number % 3 == 0:
                        memory.forget(name)
                    elif state(memory, name) is None:
                        wrong.append(("lost", name))
                except Exception as error:  # whatever it is, it is looked for
                    wrong.append(("foreign", where(error)))

        _together([partial(work, n) for n in range(THREADS)])
        if memory.count() != THREADS * 8:
            wrong.append(("lost", f"{memory.count()} of {THREADS * 8}"))
    return wrong


def closing(home: Path, dice: random.Random) -> Wrong:
    """Threads write while the encoder is changed and the memory closed: nothing is lost."""
    wrong: Wrong = []
    kept: list[str] = []
    memory = opened(home / "memory")

    def work(thread: int) -> None:
        for number in range(10_000):
            name = f"{thread}-{number}"
            try:
                memory.remember(Image(png(name)), text="x", id=name)
            except StoreClosedError:
                return
            except Exception as error:  # whatever it is, it is looked for
                wrong.append(("foreign", where(error)))
                return
            kept.append(name)

    def end() -> None:
        time.sleep(dice.random() * 0.5)
        memory.reembed(tiny("other"))
        time.sleep(dice.random() * 0.2)
        memory.close()

    _together([*[partial(work, n) for n in range(4)], end])
    with opened(home / "memory", model="other") as again:
        return wrong + _missing(again, kept)


def _missing(memory: Memory, kept: list[str]) -> Wrong:
    there = {record.id: record for record in walk(memory)}
    lost: Wrong = [("lost", name) for name in kept if name not in there]
    for record in there.values():
        lost += [
            ("half", f"{record.id}: {said}") for said in file_states(memory, record) if " " in said
        ]
    return lost


def _together(acts: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def cancelling(home: Path, dice: random.Random) -> Wrong:
    """Tasks that are cancelled: what the others acknowledged is there."""

    async def main() -> Wrong:
        async with AsyncMemory.open(home / "memory", owner=OWNER, encoder=tiny()) as memory:
            calls = [memory.remember(Image(png(f"{n}")), id=f"{n}") for n in range(60)]
            tasks = [asyncio.ensure_future(call) for call in calls]
            await asyncio.sleep(dice.random() * 0.1)
            for task in tasks[::2]:
                task.cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
            kept = [f"{n}" for n, one in enumerate(done) if not isinstance(one, BaseException)]
            found = {record.id for record in await memory.get_many(kept)}
            return [("lost", name) for name in kept if name not in found]

    return asyncio.run(main())


class _Interrupted(BaseException):
    """What Ctrl-C raises, at any moment."""


def interrupting(home: Path, dice: random.Random) -> Wrong:
    """Ctrl-C at any moment of a write: no half record, no lock that stays."""

    def interrupt(*_: object) -> None:
        raise _Interrupted

    signal.signal(signal.SIGALRM, interrupt)
    known: dict[str, Any] = {}
    with opened(home / "memory") as memory:
        for number in range(60):
            names, act, kept = _step(memory, number)
            try:
                try:
                    signal.setitimer(signal.ITIMER_REAL, dice.random() * 0.02 + 1e-5)
                    act()
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                known[kept] = state(memory, kept)
            except _Interrupted:
                for name in names:
                    known.pop(name, None)
            except SensoriumError:
                continue
        wrong: Wrong = [("lost", name) for name, one in known.items() if state(memory, name) != one]
        wrong += _missing(memory, [])
        done: list[str] = []
        thread = threading.Thread(target=lambda: done.append(memory.remember(text="after").id))
        thread.start()
        thread.join(20)
        return wrong if done else [*wrong, ("hung", "a lock stayed after an interruption")]


def _step(memory: Memory, number: int) -> tuple[list[str], Callable[[], object], str]:
    """What may change, the change, and which record it acknowledges."""
    name = f"n{number - number % 4}"
    batch = [f"{name}/{part}" for part in range(4)]
    moments = [Moment((Image(png(one)),), id=one) for one in batch]
    picture = Image(png(name))
    return (
        ([name], lambda: memory.remember(picture, text=name, id=name), name),
        (batch, lambda: memory.remember_many(moments, batch_size=2), batch[0]),
        ([name], lambda: memory.update(name, text=f"new {name}", tags=["x"]), name),
        ([name], lambda: memory.forget(name), name),
    )[number % 4]


def opening_twice(home: Path, _: random.Random) -> Wrong:
    """All see what the first remembered; one that keeps the folder to itself refuses the others."""
    folder = home / "memory"
    wrong: Wrong = []
    for share, expected in ((True, 1), (False, "locked")):
        with opened(folder, share=share) as memory:
            memory.remember(text="one", id="one")
            apart = run_apart(lambda: _count(folder))
            for who, found in (("a second process", apart.value), ("this one", _count(folder))):
                if found != expected:
                    wrong.append(("wrong", f"{who}, share={share}: {found} {apart.told}"))
        after = run_apart(lambda: _count(folder))
        if after.value != 1:
            wrong.append(("refused", f"after the close: {after.value} {after.told}"))
    return wrong


def _count(folder: Path) -> int | str:
    try:
        with opened(folder) as memory:
            return memory.count()
    except StoreLockedError:
        return "locked"


def racing(home: Path, _: random.Random) -> Wrong:
    """Processes that begin the same folder at once: what was acknowledged to any is there."""
    ends: list[Ending] = []
    _together([lambda: ends.append(run_apart(lambda: _begin(home / "memory"))) for _ in range(4)])
    wrong: Wrong = [(e.kind or "refused", e.told) for e in ends if e.kind or e.error]
    kept = sum(isinstance(end.value, int) for end in ends)
    with opened(home / "memory") as memory:
        if memory.count() != kept:
            wrong.append(("lost", f"{memory.count()} of {kept} acknowledged"))
    return wrong


def _begin(folder: Path) -> int | str:
    try:
        with opened(folder) as memory:
            memory.remember(text=f"{time.monotonic_ns()}")
            return 1
    except StoreLockedError:
        return "locked"


def jumping(home: Path, dice: random.Random) -> Wrong:
    """The wall clock jumps ahead and back: later memories have the time of the clock again."""
    from sensorium.memory.writing import writer

    shift = timedelta(0)

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + shift

    writer.datetime = Shifted  # type: ignore[attr-defined]
    with opened(home / "memory") as memory:
        memory.remember(text="before")
        for days in (-365, dice.choice([1, 30, 3650])):
            shift = timedelta(days=days)
            memory.remember(text=f"{days} days")
        shift = timedelta(0)
        last = memory.get(memory.remember(text="after").id)
    wrong = last.at - datetime.now(timezone.utc)
    late = abs(wrong.total_seconds()) > 60
    return [("wrong time", f"{wrong} after the clock was put right")] if late else []


QUESTIONS: tuple[Callable[[Path, random.Random], Wrong], ...] = (
    *(writing, closing, opening_twice, cancelling, jumping, interrupting, racing),
)
