"""Forgetting: `/v1/forget`, the memories that meet conditions; first what that would be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from sensorium.agents.ages import time_before
from sensorium.agents.arguments import Everything, Ids, MediaOnly, OlderThan
from sensorium.agents.forgetting import check_scope
from sensorium.agents.grants import ADMIN
from sensorium.agents.widening import named
from sensorium.errors import ForbiddenError
from sensorium.memory import Filters, Memory
from sensorium.qdrant import Condition, Every
from sensorium.qdrant.filters import matching
from sensorium.server.answers import models
from sensorium.server.entry.access import Caller, Forgetter
from sensorium.server.requests.filtering import FilterFields
from sensorium.server.state import ServerState, state_of

SHOWN = 20  # records shown of those that would be forgotten
MOST_IDS = 10_000  # of one call
LARGEST_BODY = (
    8 * 1024 * 1024
)  # bytes of a request: as many ids, of the greatest length that is usual
MOST_TOLD = 200  # ids that are told to who listens; of more, that something was forgotten
KEPT = "the words, the vectors and what is known of it; its media are gone"

router = APIRouter(tags=["memories"], max_body_size=LARGEST_BODY)


class Forgetting(BaseModel):
    """What to forget: what meets every condition, ids included."""

    model_config = ConfigDict(extra="forbid")

    ids: Ids = Field(default=None, max_length=MOST_IDS)
    filters: FilterFields | None = None
    older_than: OlderThan = None
    everything: Everything = False
    media_only: MediaOnly = False
    purge: bool = False
    dry_run: bool = False


@router.post("/v1/forget")
def forget_memories(
    caller: Forgetter, wish: Forgetting, request: Request
) -> models.Forgotten | models.WouldForget:
    """Forget memories for good; with `dry_run`, say what that would be."""
    check_purge(caller, purge=wish.purge)
    conditions = _filters(wish)
    check_scope(caller.memory, wish.ids, conditions, everything=wish.everything)
    if wish.dry_run:
        return _looked_up(caller.memory, wish.ids, conditions)
    return forget(
        caller.memory,
        state_of(request),
        wish.ids or (),
        media_only=wish.media_only,
        purge=wish.purge,
        everything=wish.everything,
        conditions=conditions,
    )


def forget(
    memory: Memory,
    state: ServerState,
    ids: Sequence[str],
    *,
    media_only: bool,
    purge: bool,
    everything: bool = False,
    conditions: Filters | None = None,
) -> models.Forgotten:
    """Forget records, and tell who listens.

    Args:
        memory: The memory.
        state: Knows who listens.
        ids: Ids of records.
        media_only: Remove their media alone.
        purge: Erase from the disk, too; `check_purge` was called.
        everything: All records.
        conditions: Filters that hold, too.
    """
    options: dict[str, Any] = {
        "everything": everything,
        "media_only": media_only,
        **(conditions or {}),
    }
    receipt = memory.forget(*ids, purge=True, **options) if purge else None
    removed = len(receipt.ids) if receipt else memory.forget(*ids, **options)
    if removed:
        known = list(ids) if 0 < len(ids) <= MOST_TOLD and not conditions else [None]
        state.happenings.tell(memory.owner, "updated" if media_only else "forgotten", known)
    return models.Forgotten(
        removed=removed,
        kept=KEPT if media_only else "",
        done=list(receipt.done) if receipt else [],
        not_promised=list(receipt.not_promised) if receipt else [],
    )


def check_purge(caller: Caller, *, purge: bool) -> None:
    """Check that who purges may: it rewrites what all owners share, and nobody can write meanwhile.

    Raises:
        ForbiddenError: The token lacks the right `"admin"`.
    """
    if purge and ADMIN not in caller.rights:
        raise ForbiddenError(
            "a purge by a token without the right admin",
            "one that has it",
            "forget without purge, or make one: sensorium token add --rights forget,admin",
        )


def _filters(wish: Forgetting) -> Filters:
    found = (wish.filters or FilterFields()).filters()
    if wish.older_than is not None:
        oldest: datetime = time_before(wish.older_than)
        found["until"] = min(oldest, found.get("until") or oldest)
    return found


def _looked_up(memory: Memory, ids: Sequence[str] | None, found: Filters) -> models.WouldForget:
    """Return what would be forgotten, without doing it."""
    if ids is not None:
        where = found.get("where")
        conditions: list[Condition] = [named(memory.owner, ids)]
        conditions += matching(where) if isinstance(where, dict) else []
        found = {**found, "where": Every(tuple(conditions))}
    found = {**found, "owners": [memory.owner]}  # what others share stays
    records = [
        models.Record.model_validate(r.to_dict()) for r in memory.timeline(limit=SHOWN, **found)
    ]
    return models.WouldForget(would_remove=memory.count(**found), records=records)
