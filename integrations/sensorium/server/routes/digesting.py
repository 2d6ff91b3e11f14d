"""Keeping little: `/v1/digest`, the telling moments of old streams; first what would go."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, WithJsonSchema

from sensorium.agents.ages import AGE
from sensorium.agents.grants import ADMIN
from sensorium.agents.time_arguments import Age
from sensorium.errors import ForbiddenError
from sensorium.server.answers import models
from sensorium.server.entry.access import Forgetter
from sensorium.server.requests.filtering import FilterFields
from sensorium.server.state import state_of

MOST_TAGS = 1_000  # of one call
OLDER = {"type": "string", "pattern": f"^{AGE.pattern}$", "description": "Age, such as 90d."}

router = APIRouter(tags=["memories"])


class Digesting(BaseModel):
    """Which old frames may go, and how many stay; only looked up unless `dry_run` is false."""

    model_config = ConfigDict(extra="forbid")

    older_than: Annotated[Age, WithJsonSchema(OLDER)] = timedelta(days=90)
    keep: Annotated[
        Literal["episodes"] | StrictInt | StrictFloat,
        Field(description="A number of frames, a share of them, or what tells of each episode."),
    ] = "episodes"
    most_bytes: Annotated[
        StrictInt | str | None,
        Field(description='Of all memories, such as "2 GB"; needs the right admin.'),
    ] = None
    protect: Annotated[
        list[str], Field(max_length=MOST_TAGS, description="Tags of memories that stay.")
    ] = []
    filters: FilterFields | None = None
    dry_run: bool = True


@router.post("/v1/digest")
def digest_memories(caller: Forgetter, wish: Digesting, request: Request) -> models.Digest:
    """Let the telling moments of old streams stay, and drop other frames; look first, by default.

    Raises:
        ForbiddenError: A bound, for which the files of all owners are written anew, without the
            right `"admin"`.
    """
    if wish.most_bytes is not None and ADMIN not in caller.rights:
        raise ForbiddenError(
            "a digest with most_bytes by a token without the right admin",
            "one that has it",
            "leave most_bytes out, or make one: sensorium token add --rights forget,admin",
        )
    receipt = caller.memory.digest(
        older_than=wish.older_than,
        keep=wish.keep,
        most_bytes=wish.most_bytes,
        protect=wish.protect,
        dry_run=wish.dry_run,
        **(wish.filters or FilterFields()).filters(),
    )
    if receipt.dropped and not wish.dry_run:
        state_of(request).happenings.tell(caller.memory.owner, "forgotten", [None])
    return models.Digest.model_validate(receipt.to_dict())
