"""What a writer acknowledged before it was killed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sensorium.memory import Memory
from tests.attack.tiny import state

Say = Callable[..., None]


class Ledger:
    """The state of each record as a writer told it.

    Attributes:
        known: State by id; `None` for one that was forgotten.
        unsure: Ids whose change was begun and not acknowledged: they may be as before or after.
        streams: How many windows of each stream there are at least and at most, by its tag.
        phase: What the writer said last that it was at.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.known: dict[str, dict[str, Any] | None] = {}
        self.unsure: set[str] = set()
        self.streams: dict[str, tuple[int, int]] = {}
        self.phase = ""
        self.told: dict[str, Any] = {}

    def note(self, words: dict[str, Any]) -> None:
        """Take in one line."""
        self.unsure |= set(words.get("unsure", ()))
        now = words.get("now", {})
        self.known |= now
        self.unsure -= set(now)
        self.phase = words.get("phase", self.phase)
        self.streams |= words.get("stream", {})
        self.told |= words.get("told", {})

    def settle(self) -> None:
        """Forget what was unsure: next time, what there is then is the truth."""
        for name in self.unsure:
            self.known.pop(name, None)
        self.unsure.clear()


def change(
    memory: Memory, say: Say, names: list[str], act: Callable[[], object], *, gone: bool = False
) -> None:
    """Say what may change; do it; say what there is now.

    Args:
        memory: The memory.
        say: Says a line.
        names: Ids of the records that change.
        act: Changes them.
        gone: Whether they are gone then.
    """
    say(unsure=names)
    act()
    now = {name: state(memory, name) for name in names}
    for name, there in now.items():
        assert (there is None) == gone, f"{name} {'came back' if gone else 'is gone'} at once"
    say(now=now)
