"""Cases done one after the other in child processes: a crash or a hang costs one case."""

from __future__ import annotations

import mmap
import os
import resource
import signal
import struct
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sensorium.errors import SensoriumError
from tests.attack.children import Child, where
from tests.attack.task import Task

HANG = 20.0  # seconds of a process's own time, of a busy machine's clock four times as long
SLOW = 10.0  # seconds of its own time, from which on a case is reported
GROWTH = 2**30  # bytes by which one case may let the process grow
BATCH = 2000  # cases of one process
TOLD = 25  # cases between two lines


@dataclass(frozen=True)
class Case:
    """One case: what it is, and what to do."""

    name: str
    act: Callable[[], object]


Maker = Callable[[int], Case]


def attack(task: Task, start: Callable[[Path], Maker], *, what: str = "cases") -> None:
    """Do cases until the time is over.

    Args:
        task: What the attack was told.
        start: Called in each child with a folder of its own; returns what makes a case of a number.
        what: What a case is called in the counts.
    """
    number, until = task.first, time.monotonic() + task.seconds
    last = number + (task.rounds or 10**12)
    while number < last and time.monotonic() < until:
        number = _one_child(task, start, (number, min(last, number + BATCH)), until, what)


def _one_child(
    task: Task, start: Callable[[Path], Maker], numbers: tuple[int, int], until: float, what: str
) -> int:
    """Let one child do cases; return the number of the next one."""
    first, last = numbers
    shared = mmap.mmap(-1, 8)
    shared[:] = struct.pack("<q", first)
    folder = task.home / f"from-{first}"
    folder.mkdir()
    child = Child(lambda say: _work(say, start(folder), shared, (first, last), until))
    case, since, used, hung = first, time.monotonic(), 0.0, False
    while True:
        lines = child.lines(0.5)
        if lines is None:
            child.wait()
            break
        for words in lines:
            _note(task, words, what)
        current: int = struct.unpack("<q", shared[:])[0]
        if current != case:
            case, since, used = current, time.monotonic(), _own_seconds(child.pid)
        hung = _own_seconds(child.pid) - used > HANG or time.monotonic() - since > 4 * HANG
        if hung:
            child.kill()
            break
    case = int(struct.unpack("<q", shared[:])[0])
    if case >= last or (time.monotonic() >= until and not hung):
        return min(case, last)
    kind = "hung" if hung else "crashed"
    if hung or os.WIFSIGNALED(child.status):
        sign = signal.Signals(os.WTERMSIG(child.status)).name if not hung else ""
        task.findings.report(kind, case, f"{sign} {what[:-1]} {case}")
    task.findings.count(what)
    return case + 1


def _note(task: Task, words: dict[str, object], what: str) -> None:
    if "error" in words:
        task.findings.report("broken", 0, str(words["error"]))
    if "kind" in words:
        task.findings.report(str(words["kind"]), int(str(words["case"])), str(words["detail"]))
    done = words.get("done", {})
    assert isinstance(done, dict)
    for name, count in done.items():
        task.findings.count(name, count)
        task.findings.count(what, count)
    task.findings.save()


def _work(
    say: Callable[..., None], make: Maker, shared: mmap.mmap, numbers: tuple[int, int], until: float
) -> None:
    """Do cases and tell what is wrong with them."""
    warnings.simplefilter("ignore")
    done: Counter[str] = Counter()
    for number in range(*numbers):
        shared[:] = struct.pack("<q", number)
        before, began = _peak(), time.process_time()
        name = kind = detail = ""
        try:
            case = make(number)  # what is wild may be refused while the case is made
            name = case.name
            case.act()
            done["fine"] += 1
        except SensoriumError as error:
            str(error)
            done["refused"] += 1
        except BaseException as error:  # these are what is looked for
            kind, detail = "foreign", where(error)
            done["foreign exceptions"] += 1
        spent = time.process_time() - began
        if not kind and spent > SLOW:
            kind, detail = "slow", f"{spent:.0f} s"
        if not kind and _peak() - before > GROWTH:
            kind, detail = "large", f"{(_peak() - before) >> 20} MiB more"
        if kind:
            say(kind=kind, case=number, detail=f"{detail}; {name}")
        if number % TOLD == 0:
            say(done=done)
            done.clear()
        if time.monotonic() > until:
            break
    say(done=done)
    shared[:] = struct.pack("<q", number + 1)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _own_seconds(pid: int) -> float:
    """Seconds that a process has computed."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    fields = text.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
