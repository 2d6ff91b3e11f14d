"""Handles: objects that stand for what belongs to one process, and reach others as a recipe.

Open files, locks, threads and loaded weights stay where they are. What is pickled is the call that
makes such an object anew in the process that unpickles it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from typing_extensions import Self


class Handle:
    """An object of which a copy is the object itself: both would stand for the same thing."""

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class Remade(Handle):
    """A handle that is pickled as the call of its class that made it."""

    _call: partial[Any]

    def __new__(cls, *arguments: Any, **named: Any) -> Self:
        made = super().__new__(cls)
        made._call = partial(cls, *arguments, **named)
        return made

    def __reduce__(self) -> tuple[partial[Any], tuple[()]]:
        return self._call, ()
