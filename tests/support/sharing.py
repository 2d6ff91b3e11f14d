"""A store that several processes share: memories of their own on it, and processes that write."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sensorium.memory import Memory
from sensorium.memory.media.store import MediaStore
from sensorium.memory.place import MEDIA
from tests.support.planted import PlantedEncoder

PATIENCE = 120  # seconds that a process may take


def another(memory: Memory) -> Memory:
    """A memory of the same owner in the same folder, as another process would have it.

    It shares the backend alone: what it knows of files and of the calibration is its own.
    """
    place = memory._shelf.place
    assert place.state is not None
    media = MediaStore(place.state / MEDIA, owner=memory.owner, home=place.state)
    own = replace(place, media=media, lent=True)
    assert isinstance(memory.encoder, PlantedEncoder)
    return Memory(own, memory.encoder, owner=memory.owner, keep_media=True)


def in_processes(work: Callable[..., Any], each: list[tuple[Any, ...]]) -> list[Any]:
    """What a function returns in processes of its own that begin together, by its arguments."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Manager().Barrier(len(each))
    with context.Pool(len(each)) as pool:
        calls = [pool.apply_async(_together, (barrier, work, given)) for given in each]
        return [call.get(PATIENCE) for call in calls]


def _together(barrier: Any, work: Callable[..., Any], given: tuple[Any, ...]) -> Any:
    barrier.wait(PATIENCE)
    return work(*given)
