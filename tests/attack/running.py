"""Attacks side by side, each in a process of its own with a limit of time."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.attack.findings import Findings
from tests.attack.task import Attack
from tests.attack.work import FOUND

IN_MEMORY, LEAST_ROOM = Path("/dev/shm"), 4 * 2**30  # a file system in RAM, and its free bytes
ONE_THREAD = {"OMP_NUM_THREADS": "1", "SENSORIUM_THREADS": "1"}  # for each of its processes
START = 6.0  # seconds that a process takes to import what it attacks
GRACE = 60.0  # seconds over its share in which an attack ends its last round
STEP = 0.2  # seconds between looks


@dataclass(frozen=True)
class Result:
    """What came of one attack."""

    attack: Attack
    findings: Findings
    seconds: float


@dataclass(frozen=True)
class Plan:
    """What is asked for.

    Attributes:
        attacks: Which attacks.
        minutes: Time for all of them together.
        seed: Seed of their dice.
        at_once: How many run side by side.
        first: Number of the first round.
        rounds: Most rounds of each; `None` for as many as there is time for.
    """

    attacks: Sequence[Attack]
    minutes: float
    seed: int
    at_once: int = 2
    first: int = 0
    rounds: int | None = None


@dataclass
class _Running:
    attack: Attack
    folder: Path
    process: subprocess.Popen[bytes]
    seconds: float
    began: float = field(default_factory=time.monotonic)

    @property
    def limit(self) -> float:
        """Seconds after which it counts as hung."""
        return self.seconds * 1.5 + GRACE

    @property
    def left(self) -> float:
        """Seconds that it has before it."""
        return max(0.0, START + self.seconds - (time.monotonic() - self.began))

    def findings(self) -> Findings:
        return Findings.read(self.folder / FOUND)


def run_all(
    plan: Plan, *, progress: Callable[[str], None], finished: Callable[[Result], None]
) -> list[Result]:
    """Run all attacks of a plan, the longest first; return their results in the plan's order.

    Args:
        plan: What to run.
        progress: Called with a line that says what is running.
        finished: Called with each result as it comes.
    """
    waiting = sorted(plan.attacks, key=lambda attack: attack.share)
    running: list[_Running] = []
    results: list[Result] = []
    began = time.monotonic()
    try:
        while waiting or running:
            while waiting and len(running) < plan.at_once:
                left = plan.minutes * 60 - (time.monotonic() - began)
                whole = left * min(plan.at_once, len(plan.attacks))
                seconds = _share(waiting, whole - sum(one.left for one in running))
                running.append(_start(waiting.pop(), plan, seconds))
            time.sleep(STEP)
            progress(_line(running, len(waiting), time.monotonic() - began))
            for one in [one for one in running if _is_over(one)]:
                running.remove(one)
                results.append(_end(one))
                finished(results[-1])
    finally:
        for one in running:
            _stop(one)
    order = list(plan.attacks)
    return sorted(results, key=lambda result: order.index(result.attack))


def _share(waiting: Sequence[Attack], left: float) -> float:
    """Seconds of the next attack: its share of what all who wait have together."""
    whole = sum(attack.share for attack in waiting)
    return max(1.0, left * waiting[-1].share / whole - START)


def _start(attack: Attack, plan: Plan, seconds: float) -> _Running:
    roomy = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free >= LEAST_ROOM
    parent = IN_MEMORY if roomy and os.access(IN_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="sensorium-attack-", dir=parent))
    arguments = [attack.label, str(folder), str(seconds), str(plan.seed), str(plan.first)]
    with (folder / "errors.txt").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.attack.work", *arguments, str(plan.rounds or "")],
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, **ONE_THREAD, "TMPDIR": str(folder)},
            start_new_session=True,
        )
    return _Running(attack, folder, process, seconds)


def _is_over(one: _Running) -> bool:
    return one.process.poll() is not None or time.monotonic() - one.began > one.limit


def _end(one: _Running) -> Result:
    findings = one.findings()
    seconds = time.monotonic() - one.began
    case = max(findings.done.values(), default=0)
    if one.process.poll() is None:
        findings.report("hung", case, f"the attack had not ended after {one.limit:.0f} s")
    elif one.process.returncode and "broken" not in findings.kinds:
        said = (one.folder / "errors.txt").read_text(errors="replace").strip().splitlines()
        detail = f"the attack ended with {one.process.returncode}: {' '.join(said[-3:])}"
        findings.report("broken", case, detail)
    _stop(one)
    return Result(one.attack, findings, seconds)


def _stop(one: _Running) -> None:
    """End what is left of an attack, and remove its folder."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(one.process.pid, signal.SIGKILL)
    one.process.wait()
    for mount in _mounts_below(one.folder):
        subprocess.run(["umount", "-l", mount], check=False, capture_output=True)
    shutil.rmtree(one.folder, ignore_errors=True)


def _mounts_below(folder: Path) -> list[str]:
    try:
        lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return [name for name in (line.split()[1] for line in lines) if name.startswith(str(folder))]


def _line(running: Sequence[_Running], waiting: int, seconds: float) -> str:
    now = "; ".join(f"{one.attack.label}: {one.findings()}" for one in running)
    return f"{seconds:.0f} s, {waiting} waiting; {now}"
