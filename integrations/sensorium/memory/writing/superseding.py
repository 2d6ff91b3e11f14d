"""Superseding while records are written: circles are refused, and the former records are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sensorium.errors import SensoriumError
from sensorium.memory.holding.links import BY, SUPERSEDES, UNTIL, check_supersedes, settle
from sensorium.memory.layout.lookup import find_record
from sensorium.memory.layout.points import Draft
from sensorium.memory.records import Remembered
from sensorium.qdrant import Backend, Filter, Ids
from sensorium.qdrant.points import Payload


def kept_links(stored: Payload | None) -> Payload:
    """Return what stays when a record is replaced: what supersedes it does so still."""
    return {key: stored[key] for key in (BY, UNTIL) if stored and stored.get(key)}


def refused_circles(
    backend: Backend, owner: str, drafts: Mapping[int, Draft]
) -> dict[int, SensoriumError]:
    """Return the error of each draft that cannot supersede what it names, by its number.

    A draft may supersede one that comes before it.
    """
    refused: dict[int, SensoriumError] = {}
    if not any(draft.former for draft in drafts.values()):
        return refused
    coming: dict[str, Sequence[str]] = {}
    for index, draft in drafts.items():
        try:
            if draft.former:
                check_supersedes(backend, owner, draft.id, draft.former, coming=coming)
            coming[draft.id] = draft.former
        except SensoriumError as error:
            refused[index] = error
    return refused


def tell_former(
    backend: Backend,
    owner: str,
    drafts: Mapping[int, Draft],
    results: Mapping[int, Any],
    replaced: Sequence[str],
) -> None:
    """Let former records know what was written; the owner's lock is held.

    Args:
        backend: The collection.
        owner: Owner of the records.
        drafts: What was to be written, by any numbers.
        results: What became of it, by the same numbers.
        replaced: Ids of records that a record superseded which was replaced.
    """
    for index, draft in drafts.items():
        result = results.get(index)
        if not draft.former or not isinstance(result, Remembered):
            continue
        if result.status == "known":  # what it says now is added to what it said
            point = find_record(backend, owner, draft.id)
            said = [*dict.fromkeys([*(point.payload.get(SUPERSEDES) or ()), *draft.former])]
            backend.set_payload(Filter(owner, Ids((point.id,))), {SUPERSEDES: said})
        settle(backend, owner, draft.former, by=[draft.id])
    settle(backend, owner, replaced)
