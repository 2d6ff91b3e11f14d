"""Shares: `/v1/shares`, who else may read the caller's memories, and whose the caller may read."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from sensorium.memory.sharing.shares import MOST_TAGS
from sensorium.qdrant.filters import LONGEST_OWNER
from sensorium.server.answers import models
from sensorium.server.entry.access import Reader, Sharer

router = APIRouter(tags=["shares"])

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_OWNER)]
OtherName = Annotated[str | None, Query(min_length=1, max_length=LONGEST_OWNER)]


class NewShare(BaseModel):
    """What another owner is to read."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    with_: Name = Field(alias="with", description="Name of the other owner.")
    tags: list[str] | None = Field(
        default=None, max_length=MOST_TAGS, description="Tags that a memory must have, all of them."
    )
    everything: bool = Field(default=False, description="Instead of tags: share all memories.")
    rights: Literal["read"] = "read"


@router.get("/v1/shares")
def list_shares(caller: Reader) -> models.Shares:
    """List what the caller shares, then what others share with the caller."""
    found = [share.to_dict() for share in caller.memory.shares()]
    return models.Shares.model_validate({"shares": found})


@router.post("/v1/shares", status_code=201)
def add_share(caller: Sharer, new: NewShare) -> models.Share:
    """Let another owner read memories, those that are yet to come, too."""
    share = caller.memory.share(with_=new.with_, tags=new.tags, everything=new.everything)
    return models.Share.model_validate(share.to_dict())


@router.delete("/v1/shares")
def end_shares(
    caller: Sharer,
    with_: Annotated[OtherName, Query(alias="with", description="With whom.")] = None,
    from_: Annotated[
        OtherName, Query(alias="from", description="Instead: leave what this owner shares.")
    ] = None,
    tag: Annotated[
        list[str] | None,
        Query(max_length=MOST_TAGS, description="Only the share of just these tags; repeat."),
    ] = None,
    everything: Annotated[bool, Query(description="End all that the caller shares.")] = False,
) -> models.EndedShares:
    """End shares: whoever asks from now on reads by them no more."""
    ended = caller.memory.unshare(with_=with_, from_=from_, tags=tag, everything=everything)
    return models.EndedShares(ended=ended)
