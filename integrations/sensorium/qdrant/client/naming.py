"""The name of a memory and the collection behind it.

A collection has a name of its own, `NAME-xxxxxxxx`, and `NAME` is an alias of it, so that one
request replaces it. Earlier releases gave the collection the bare name, which has to be deleted
before the alias can take its place. What another encoder is to replace names its successor in its
metadata, and the successor names it: whoever opens the memory finds both, and completes or undoes
what a process began and did not end.
"""

from __future__ import annotations

import logging
import re
import secrets

from qdrant_client import models

from sensorium.errors import StoreFormatError, StoreLockedError
from sensorium.qdrant.client.connection import Connection
from sensorium.qdrant.client.state import (
    PREDECESSOR,
    SUCCESSOR,
    CollectionState,
    place_of,
    read_state,
    write_metadata,
)

logger = logging.getLogger(__name__)

# Of two processes that begin the same memory at once, one must fail: both make this collection
FIRST = "00000001"
SUFFIX = re.compile(r"-[0-9a-f]{8}")


def first_name(name: str) -> str:
    """Return the name of a new memory's collection."""
    return f"{name}-{FIRST}"


def another_name(name: str) -> str:
    """Return a name for a collection that is to replace a memory's."""
    return f"{name}-{secrets.token_hex(4)}"


def behind(connection: Connection, name: str) -> str:
    """Return the name of the collection behind an alias; of what is no alias, the name itself."""
    aliases = connection.call(connection.client.get_aliases).aliases
    return {alias.alias_name: alias.collection_name for alias in aliases}.get(name, name)


def give_name(connection: Connection, name: str, collection: str) -> None:
    """Make a name the alias of a collection, in one step where it was another collection's."""
    alias = models.CreateAlias(collection_name=collection, alias_name=name)
    change = models.CreateAliasOperation(create_alias=alias)
    connection.call(connection.client.update_collection_aliases, [change])


def find_collection(connection: Connection, name: str) -> CollectionState | None:
    """Find the collection that a name stands for; `None` if there is none yet.

    A replacement that was cut short is completed, or what is left of it removed.

    Raises:
        StoreLockedError: There is only a collection that another process is filling.
        StoreFormatError: Sensorium did not make the collection, or it cannot be told which of
            several the name stands for.
        SchemaVersionError: The collection was made with another version of the layout.
        StoreUnavailableError: The server cannot be reached, or refused.
    """
    state = _named(connection, name)
    if state is None:
        state = _unnamed(connection, name)
        if state is None:
            return None
        give_name(connection, name, state.collection)
        logger.warning(
            "sensorium: %s was found as %r, and has its name again",
            place_of(connection, name),
            state.collection,
        )
    if state.successor is not None:
        state = _settle(connection, name, state)
    if state.predecessor is not None:
        _remove_predecessor(connection, name, state)
    return state


def look_up_collection(connection: Connection, name: str) -> CollectionState | None:
    """Find the collection that a name stands for as it is; nothing is written.

    The result and what is raised are those of `find_collection`.
    """
    return _named(connection, name) or _unnamed(connection, name)


def replace_collection(
    connection: Connection, name: str, old: CollectionState, new: CollectionState
) -> None:
    """Give a name to the complete successor of the collection that had it; remove the latter.

    May be called again, by any process, after it was cut short.
    """
    if old.collection == name:
        # No alias can have the name of a collection. Deleting does not follow aliases, so nothing
        # is lost if another process has made it one meanwhile.
        connection.call(connection.client.delete_collection, name)
    give_name(connection, name, new.collection)
    _remove_predecessor(connection, name, new)


def abandon(connection: Connection, old: CollectionState | None, new: str) -> None:
    """Remove a successor that is not complete, and let the collection go on without it.

    In this order: the process that fills it cannot put it in place any more once it is gone.
    """
    connection.call(connection.client.delete_collection, new)
    if old is not None:
        write_metadata(connection, old.collection, **{SUCCESSOR: None})


def family(connection: Connection, name: str) -> list[CollectionState]:
    """Read the states of all collections whose names are made of a memory's."""
    listed = connection.call(connection.client.get_collections).collections
    names = [c.name for c in listed if c.name.startswith(name)]
    ours = sorted(found for found in names if SUFFIX.fullmatch(found[len(name) :]))
    states: list[CollectionState] = []
    for found in ours:
        try:
            state = read_state(connection, found)
        except StoreFormatError:  # another program's
            continue
        if state is not None and state.name in (None, name):
            states.append(state)
    return states


def _settle(connection: Connection, name: str, old: CollectionState) -> CollectionState:
    """End a replacement whose process has died: forwards if the successor is complete."""
    assert old.successor is not None
    new = read_state(connection, old.successor.collection)
    claim = (new and new.builder) or old.successor.claim
    if claim is not None and claim.is_alive:
        return old
    if new is not None and new.complete:
        logger.warning(
            "sensorium: %s was re-embedded by %s, which was cut short before the end: completed",
            place_of(connection, name),
            claim,
        )
        replace_collection(connection, name, old, new)
        return new
    logger.warning(
        "sensorium: %s is as it was before %s, which re-embedded it, was cut short; removed %r",
        place_of(connection, name),
        claim,
        old.successor.collection,
    )
    abandon(connection, old, old.successor.collection)
    return read_state(connection, old.collection) or old


def _remove_predecessor(connection: Connection, name: str, state: CollectionState) -> None:
    """Remove the collection that a collection has replaced."""
    if state.predecessor not in (None, name):
        connection.call(connection.client.delete_collection, state.predecessor)
    write_metadata(connection, state.collection, **{PREDECESSOR: None})


def _named(connection: Connection, name: str) -> CollectionState | None:
    """Read the state of the collection that has a name; `None` if nothing has it."""
    collection = behind(connection, name)
    while True:
        state = read_state(connection, collection)
        if state is not None:
            return state
        before, collection = collection, behind(connection, name)
        if collection == before:  # else it was replaced between the two requests
            return None


def _unnamed(connection: Connection, name: str) -> CollectionState | None:
    """Choose the one collection that was made for a name that nothing has; `None` without any.

    Raises:
        StoreLockedError: There is only a collection that another process is filling.
        StoreFormatError: It cannot be told which of several the name stands for.
    """
    states = family(connection, name)
    found = [state for state in states if _holds_all(state)]
    if not states:
        return None
    if len(found) == 1:
        return found[0]
    for state in states:
        if state.builder is not None and state.builder.is_alive:
            raise StoreLockedError(
                f"{place_of(connection, name)}, which {state.builder} makes",
                "a collection that is complete",
                "wait until it is, and open it again",
            )
    names = ", ".join(repr(state.collection) for state in states)
    raise StoreFormatError(
        f"{place_of(connection, name)}, which is gone, while there are {names}",
        "one complete collection that the name stands for",
        f"make {name!r} an alias of the right one, or delete those that are not wanted",
    )


def _holds_all(state: CollectionState) -> bool:
    """Return whether a collection can be a memory's: complete, and not replaced by another.

    Earlier releases wrote no name into the successor; they deleted the collection when the
    successor was complete, so with the collection gone it is, unless it is empty.
    """
    if state.name is None:
        return bool(state.info.points_count)
    return state.complete and not state.sealed
