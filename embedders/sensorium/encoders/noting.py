"""What is said of a question beside its answers: they may mean nothing, though none is wrong.

Whoever shows answers gathers the notes in a block; elsewhere they are warnings. The block is in a
context variable, so that it is found through whatever lies between, and in threads of asyncio.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sensorium.errors import QuestionWarning

_gathered: ContextVar[list[str] | None] = ContextVar("gathered", default=None)


def note(words: str) -> None:
    """Tell whoever asked something beside the answers: in the block around, or as a warning."""
    gathered = _gathered.get()
    if gathered is None:
        warnings.warn(words, QuestionWarning, stacklevel=2)
    elif words not in gathered:
        gathered.append(words)


@contextmanager
def noted() -> Iterator[list[str]]:
    """Gather the notes of this block, each once, in place of warnings."""
    notes: list[str] = []
    token = _gathered.set(notes)
    try:
        yield notes
    finally:
        _gathered.reset(token)
