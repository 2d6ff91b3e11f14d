"""What a test's own thread synchronises to disk, and nothing that others do meanwhile."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from threading import get_ident

import pytest


def note_syncs(monkeypatch: pytest.MonkeyPatch, note: Callable[[int], None]) -> None:
    """Call `note` with each descriptor that this thread synchronises from now on, before it is.

    Memories of other tests may be closed meanwhile, by a thread of theirs or when they are
    collected: what they synchronise is not noted.
    """
    fsync, here = os.fsync, get_ident()
    gc.collect()

    def noted(descriptor: int) -> None:
        if get_ident() == here:
            note(descriptor)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
