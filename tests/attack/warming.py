"""Imports before the forks: a forked writer begins at once, and no store was opened before."""

from __future__ import annotations

import contextlib
import gc
import importlib
import sys
from pathlib import Path

from sensorium.memory import Moment
from sensorium.percepts import Image
from tests.attack.children import run_apart
from tests.attack.tiny import opened, png, row, state


def warm_up(home: Path) -> None:
    """Import all that the life of a memory imports; that life itself is another process's."""
    loaded = run_apart(lambda: _live(home / "warm")).value or []
    for name in loaded:
        if name not in sys.modules:
            with contextlib.suppress(Exception):  # some modules exist only in their package
                importlib.import_module(name)
    gc.freeze()  # the forked processes leave these objects' pages alone


def _live(folder: Path) -> list[str]:
    with opened(folder) as memory:
        memory.remember(Image(png("a")), text="a", id="a")
        memory.remember_many([Moment(text="b", id="b")])
        memory.update("a", tags=["t"])
        memory.recall(row("a"), limit=3)
        state(memory, "a")
        memory.forget("b")
        memory.export(folder.parent / "export")
        memory.import_(folder.parent / "export")
        memory.sweep()
    return list(sys.modules)
