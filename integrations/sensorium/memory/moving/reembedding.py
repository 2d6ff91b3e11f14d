"""Exchanging the encoder of a memory: all vectors are made anew from the signals that were kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from sensorium.encoders.source import EncoderSource
from sensorium.errors import RecordError, StoreError
from sensorium.memory.media.signals import open_medium
from sensorium.memory.moving.reencoding import Reencoding
from sensorium.memory.receipts import Reembedded
from sensorium.memory.records import Progress
from sensorium.memory.sharing.collection import copy_shares, count_shares
from sensorium.memory.shelf import Shelf
from sensorium.qdrant import Backend, CollectionSchema, Filter
from sensorium.qdrant.shared import HolderEndedError

TURNS = 5  # processes that may hold the folder and end, one after the other, before it is given up


def reembed(
    shelf: Shelf,
    source: EncoderSource,
    *,
    invalidate: Callable[[], None],
    drop: bool,
    progress: Progress | None = None,
) -> Reembedded:
    """Build a collection of another encoder's vectors and put it in the place of a shelf's.

    Args:
        shelf: The memory; recalls go on meanwhile, what would write waits.
        source: The encoder of the new vectors, or its name.
        invalidate: Drops the sample of vectors that the memory is calibrated by.
        drop: Leave out records that cannot be made anew; otherwise nothing is changed.
        progress: Called after every page with how many records are done, and of how many.
    Raises:
        OperationCancelledError: The caller gave it up.
        RecordError: Some records cannot be made anew.
        StoreLockedError: Another process re-embeds the same memory.
        StoreError: Other owners' memories are in the collection, or a store as a whole failed.
    """
    shelf.check_writable()
    with shelf.held():  # what was remembered or forgotten meanwhile would come to nothing
        for _ in range(TURNS - 1):
            with suppress(HolderEndedError):  # another process; nothing was changed, so once more
                return _exchanged(shelf, source, invalidate, drop=drop, progress=progress)
        return _exchanged(shelf, source, invalidate, drop=drop, progress=progress)


def _exchanged(
    shelf: Shelf,
    source: EncoderSource,
    invalidate: Callable[[], None],
    *,
    drop: bool,
    progress: Progress | None,
) -> Reembedded:
    """Make all vectors anew, and put them in the place of the old ones."""
    old, encoder = shelf.backend, source.encoder
    check_alone(old, shelf.owner)
    new = old.sibling(CollectionSchema.for_space(encoder.space, modalities=encoder.modalities))
    try:
        copy = Reencoding(
            old, new, encoder, owner=shelf.owner, open_medium=partial(open_medium, shelf.media)
        )
        copy.catch_up(progress)
        check_complete(copy.result, drop=drop)
        if old.seal(new):  # other processes may have written; none does from here on
            copy.catch_up()
            check_alone(old, shelf.owner)
            check_complete(copy.result, drop=drop)
        copy_shares(old, new)
    except BaseException:
        new.discard()
        raise
    # Before: a crash must not leave a sample of the old vectors beside the new ones.
    # After: a recall may have drawn one until the switch.
    invalidate()
    shelf.exchange(old.switch(new), source)
    invalidate()
    return copy.result


def check_alone(backend: Backend, owner: str) -> None:
    """Check that a collection holds the memories of one owner alone: all of it changes at once.

    Raises:
        StoreError: It holds another owner's, too.
    """
    records = backend.count(Filter(owner, parts=True))
    if backend.stats()["points"] != records + count_shares(backend):
        raise StoreError(
            f"a collection in which not all points are of {owner!r}",
            "a collection of one owner: all of it changes its encoder at once",
            "export each owner's memory, and import it into a memory of the new encoder",
        )


def check_complete(result: Reembedded, *, drop: bool) -> None:
    """Check that no record is lost because it could not be made anew.

    Raises:
        RecordError: There are some, and they may not be dropped.
    """
    if result.failures and not drop:
        first = result.failures[0].error
        raise RecordError(
            f"{len(result.failures)} records that cannot be made anew; the first: {first}",
            "all signals of all records",
            "forget those records, or pass drop=True to leave them out; nothing was changed",
        )
