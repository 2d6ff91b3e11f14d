"""A process that holds a folder and one that shares it, while somebody means harm to them."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sensorium.memory import Memory
from sensorium.percepts import Image
from sensorium.qdrant.shared.address import socket_path
from tests.attack.children import Child, run_apart, where
from tests.attack.kills.checking import Wrong
from tests.attack.kills.ledger import Say
from tests.attack.peers.crowd import LIMIT
from tests.attack.tiny import opened, png

FILES = 200  # that a process may have open: systems allow 256 to a million
GROWTH = 200 * 2**20  # bytes by which the holder may grow
PATIENCE = 60.0  # seconds for all that is done to them
PAUSE = 0.01  # seconds between two calls
Act = Callable[[Path], Wrong]


def under(act: Act, folder: Path) -> Wrong:
    """Do something to a folder that this process holds and another shares; say what came of it."""
    _limit_files()
    wrong: Wrong = []
    threading.excepthook = lambda told: wrong.append(
        ("foreign", where(told.exc_value or OSError()))
    )
    peer = Child(lambda say: _share(folder, say))
    with opened(folder) as memory:
        memory.remember(text="first", id="first")
        with _going_on(memory, wrong) as kept:
            heard = _heard(peer, LIMIT)
            grown = _anonymous()
            ending = run_apart(lambda: act(folder), patience=PATIENCE)
            wrong += [(kind, detail) for kind, detail in ending.value or ()]
            if ending.kind or ending.error:
                wrong.append((ending.kind or "refused", f"who means harm: {ending.told}"))
            if (grown := kept.most - grown) > GROWTH:
                wrong.append(("grown", f"the holder by {grown / 2**20:.0f} MiB"))
            after = _heard(peer, LIMIT)
        os.kill(peer.pid, signal.SIGTERM)
        told = heard + after + peer.wait()
        wrong += _complaints(told)
        names = [words["kept"] for words in told if "kept" in words] + kept.names
        there = {record.id for record in memory.get_many(names)}
        wrong += [("lost", name) for name in names if name not in there]
    if not any("kept" in words for words in after):
        wrong.append(("hung", "the process that shares the folder did not go on"))
    return wrong


class Kept:
    """What the holder remembered meanwhile, and how large it was at most."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.names: list[str] = []
        self.most = 0


@contextmanager
def _going_on(memory: Memory, wrong: Wrong) -> Iterator[Kept]:
    """Use the memory in another thread until the end of the block."""
    kept, ending = Kept(), threading.Event()

    def go_on() -> None:
        while not ending.wait(PAUSE):
            name, began = f"own{len(kept.names)}", time.monotonic()
            try:
                memory.remember(Image(png(name)), text=name, id=name)
                memory.recall("first", limit=3)
            except Exception as error:  # whatever it is, it is looked for
                wrong.append(("failed", f"the holder: {where(error)}"))
                return
            kept.names.append(name)
            kept.most = max(kept.most, _anonymous())
            if time.monotonic() - began > LIMIT:
                wrong.append(("hung", f"the holder for {time.monotonic() - began:.1f} s"))

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield kept
    finally:
        ending.set()
        thread.join(PATIENCE)


def _share(folder: Path, say: Say) -> None:
    """Remember through the holder until SIGTERM."""
    ending: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ending.append(number))
    while not socket_path(folder).exists():
        time.sleep(PAUSE)
    with opened(folder) as memory:
        number = 0
        while not ending:
            name, began = f"peer{number}", time.monotonic()
            memory.remember(text=name, id=name)
            say(kept=name, took=time.monotonic() - began)
            number += 1
            time.sleep(PAUSE)


def _heard(peer: Child, seconds: float) -> list[dict[str, object]]:
    """What it said until now, and one more line."""
    said: list[dict[str, object]] = []
    ends = time.monotonic() + seconds
    while (lines := peer.lines(0 if said else ends - time.monotonic())) or not said:
        said += lines or ()
        if lines is None or time.monotonic() > ends:
            break
    return said


def _complaints(told: list[dict[str, object]]) -> Wrong:
    wrong: Wrong = [
        ("failed", f"who shares it: {words['error']}") for words in told if "error" in words
    ]
    slow = [took for words in told if isinstance(took := words.get("took"), float) and took > LIMIT]
    return wrong + [("hung", f"who shares it for {took:.1f} s") for took in slow]


def _limit_files() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))


def _anonymous() -> int:
    """Bytes of this process that are in no file."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) * 1024
    return 0
