"""Memories: `/v1/memories`, to list, read, add, change and remove them."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from sensorium.agents.arguments import (
    At,
    OtherFacts,
    OtherTags,
    OtherText,
    SourceName,
    Ttl,
    check_changes,
)
from sensorium.agents.limits import RECORDS
from sensorium.memory.records import Origin as SaidBy
from sensorium.server.answers import models
from sensorium.server.answers.progress import Step, answered
from sensorium.server.entry.access import Forgetter, Reader, Writer
from sensorium.server.requests.filtering import Filtered
from sensorium.server.routes.bodies import Body, Sent, Units, body_of, described
from sensorium.server.routes.forgetting import check_purge, forget
from sensorium.server.routes.remembering import (
    Expiring,
    KeepMedia,
    NewMemory,
    WithSound,
    expiry_of,
    place_of,
    read_all,
    remember,
)
from sensorium.server.state import state_of

MOST = 1000  # memories of a page
ABOUT = "about"  # part of a form that is JSON
MORE_CHANGES = ("at", "expires_at", "place", "origin")  # beside what the tools of agents change

router = APIRouter(prefix="/v1/memories", tags=["memories"])

Key = Annotated[
    str | None, Header(description="The same key and body give the first answer again.")
]


class Changes(BaseModel):
    """What to change of a memory; what is left out stays. Media join those it has."""

    model_config = ConfigDict(extra="forbid")

    text: OtherText = ""
    at: At = None
    tags: OtherTags = None
    source: SourceName = ""
    metadata: OtherFacts = None
    ttl: Ttl = None
    expires_at: Expiring = None
    place: Annotated[
        models.Place | models.Pose | None,
        Field(description="Where it was, on Earth or in a frame; null removes it."),
    ] = None
    origin: Annotated[SaidBy | None, Field(description="Who says so.")] = None
    history: Annotated[bool, Field(description="Keep the memory as it was, too.")] = False
    keep_media: KeepMedia = None
    sound: WithSound = None
    media: Sent = None
    units: Units = None


@router.get("")
def list_memories(
    caller: Reader,
    conditions: Filtered,
    cursor: Annotated[str, Query(max_length=4096)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = RECORDS,
    order: Annotated[Literal["desc", "asc"], Query()] = "desc",
) -> models.MemoriesPage:
    """List memories in order of time, the newest first, a page at a time."""
    page = caller.memory.timeline(
        limit=limit, newest_first=order == "desc", cursor=cursor or None, **conditions
    )
    records = [models.Record.model_validate(record.to_dict()) for record in page]
    return models.MemoriesPage(records=records, cursor=page.cursor)


@router.post(
    "",
    status_code=201,
    response_model=models.RememberedMemories,
    openapi_extra=described(NewMemory, ABOUT),
)
async def add_memories(
    caller: Writer,
    body: Annotated[Body[NewMemory], Depends(body_of(NewMemory, ABOUT))],
    request: Request,
    together: Annotated[bool, Query(description="All media are one memory.")] = True,
    idempotency_key: Key = None,
) -> Response:
    """Remember text, files and samples. With `Accept: text/event-stream`, progress comes first."""
    state = state_of(request)

    def work(step: Step) -> dict[str, Any]:
        kept, failed = remember(caller.memory, body, step, together=together)
        fresh = [each.id for each in kept if each.status != "known"]
        state.happenings.tell(caller.owner, "remembered", fresh)
        records = [{"id": each.id, "status": each.status} for each in kept]
        return {"records": records, "failed": failed}

    once = partial(state.calls.once, caller.owner, idempotency_key, f"{together} {body.digest}")
    return await answered(request, work, models.RememberedMemories, once=once, status=201)


@router.get("/{id:path}", response_model=models.Record)
def get_memory(id: str, caller: Reader) -> dict[str, Any]:
    """Read a memory. An id is any text, percent-encoded; nothing follows it in the path."""
    return caller.memory.get(id).to_dict()


@router.patch("/{id:path}", response_model=models.Record, openapi_extra=described(Changes, ABOUT))
async def change_memory(
    id: str,
    caller: Writer,
    body: Annotated[Body[Changes], Depends(body_of(Changes, ABOUT))],
    request: Request,
) -> Response:
    """Change a memory, or add media to it; what is left out stays."""
    state = state_of(request)

    def work(step: Step) -> dict[str, Any]:
        about = body.about
        record = caller.memory.get(id)  # looked up before any signal is read for it
        changes: dict[str, Any] = {
            "text": about.text if about.text.strip() else None,
            "tags": about.tags,
            "source": about.source or None,
            "metadata": about.metadata,
            "expires_at": expiry_of(about.ttl, about.expires_at),
            "at": about.at,
            "place": () if _is_null(about, "place") else place_of(about.place),
            "origin": about.origin,
        }
        check_changes(body.places, more=MORE_CHANGES, **changes)
        body.check_text(about.text, "text")
        changed = caller.memory.update(
            record.id,
            *read_all(body, step),
            keep_media=about.keep_media,
            sound=about.sound,
            history=about.history,
            **changes,
        )
        state.happenings.tell(caller.owner, "updated", [changed.id])
        return changed.to_dict()

    return await answered(request, work, models.Record)


def _is_null(about: Changes, name: str) -> bool:
    """Return whether a field was given, and is null: of a place, that it is to be removed."""
    return name in about.model_fields_set and getattr(about, name) is None


@router.delete("/{id:path}")
def delete_memory(
    id: str,
    caller: Forgetter,
    request: Request,
    media_only: Annotated[bool, Query(description="Keep its words and vectors.")] = False,
    purge: Annotated[bool, Query(description="Erase it from the disk, too; takes long.")] = False,
) -> models.Forgotten:
    """Forget a memory for good, or its media alone."""
    check_purge(caller, purge=purge)
    record = caller.memory.get(id)
    return forget(caller.memory, state_of(request), [record.id], media_only=media_only, purge=purge)
