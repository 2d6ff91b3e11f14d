"""Times: `/v1/when`, `/v1/episodes` and `/v1/places`: when something was, what held, and where."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfoNotFoundError

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import Response

from sensorium.agents.arguments import MinConfidence, Modalities, Since, Until
from sensorium.agents.chronicle import (
    Anchor,
    Asked,
    Chronicle,
    GroupedBy,
    Looked,
    Within,
    area_data,
    look_up,
)
from sensorium.agents.limits import MOST_MEDIA, RECORDS
from sensorium.agents.wording import refusal
from sensorium.memory import Memory
from sensorium.memory.chronology.zones import zone_named
from sensorium.percepts import Percept
from sensorium.server.answers import models
from sensorium.server.answers.progress import Step, answered
from sensorium.server.entry.access import Reader, Writer
from sensorium.server.requests.filtering import FilterFields
from sensorium.server.routes.bodies import ASK, Body, body_of, described
from sensorium.server.routes.recalling import QuestionPart, check_plain, hit_answer, read_part
from sensorium.server.routes.remembering import Located, place_of
from sensorium.server.state import state_of

MOST, MOST_EPISODES, MOST_MOMENTS = 10_000, 1_000, 20  # of one answer; of an episode

router = APIRouter(tags=["times"])


def _check_zone(name: str) -> str:
    try:
        zone_named(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise refusal("the name of a zone", "write Europe/Berlin, +02:00 or UTC") from error
    return name


class WhenQuestion(FilterFields):
    """What is asked about times; beside a moment that parts name, the filters are of the parts."""

    what: Looked
    parts: list[QuestionPart] = Field(
        default_factory=list, max_length=MOST_MEDIA, description="Words, signals and files."
    )
    moment: Anchor = ""
    within: Within = ""
    by: GroupedBy = None
    zone: Annotated[str, AfterValidator(_check_zone)] = Field(
        default="UTC", description="Of hours, days, weeks and months: Europe/Berlin, +02:00."
    )
    modalities: Modalities = None
    min_confidence: MinConfidence = None
    limit: Annotated[int, Field(ge=1, le=MOST, description="Largest number of memories.")] = RECORDS
    among: Annotated[
        int | None, Field(ge=1, le=MOST, description="conflicts: texts compared, the newest.")
    ] = None
    read_times: bool = Field(
        default=True, description="Read times such as yesterday in the words as conditions."
    )


class NewPlace(BaseModel):
    """A place, and the name by which `near` may ask for it."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="Such as home.")
    place: Located
    radius: str | float = Field(default=100.0, description='Metres, or a text such as "1 km".')


@router.post("/v1/when", response_model=models.Told, openapi_extra=described(WhenQuestion, ASK))
async def tell_when(
    caller: Reader,
    body: Annotated[Body[WhenQuestion], Depends(body_of(WhenQuestion, ASK))],
    request: Request,
) -> Response:
    """Tell when something was, how often, what was around it, what held before, and where."""
    check_plain(body.about.parts, "parts")
    return await answered(request, partial(_told, caller.memory, body), models.Told)


@router.get("/v1/episodes")
def list_episodes(
    caller: Reader,
    *,
    since: Annotated[Since, Query()] = None,
    until: Annotated[Until, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_EPISODES)] = RECORDS,
    order: Annotated[Literal["desc", "asc"], Query()] = "desc",
    moments: Annotated[int, Query(ge=0, le=MOST_MOMENTS)] = 3,
) -> models.Episodes:
    """List episodes, the newest first, each with its most telling memories."""
    found = caller.memory.episodes(
        since=since, until=until, limit=limit, newest_first=order == "desc", moments=moments
    )
    return models.Episodes.model_validate({"episodes": [each.to_dict() for each in found]})


@router.get("/v1/places")
def list_places(caller: Reader) -> models.NamedPlaces:
    """List the places that have a name."""
    places = {name: area_data(area) for name, area in caller.memory.places().items()}
    return models.NamedPlaces.model_validate({"places": places})


@router.post("/v1/places", status_code=201)
def name_place(caller: Writer, new: NewPlace, request: Request) -> models.RememberedMemory:
    """Give a place a name; a name given again is moved."""
    kept = caller.memory.name_place(new.name, place_of(new.place), new.radius)  # type: ignore[arg-type]  # a place
    if kept.status != "known":
        state_of(request).happenings.tell(caller.owner, "remembered", [kept.id])
    return models.RememberedMemory(id=kept.id, status=kept.status)


def _told(memory: Memory, body: Body[WhenQuestion], step: Step) -> dict[str, Any]:
    about = body.about
    query: list[str | Percept] = []
    for index, part in enumerate(about.parts):
        step(index, len(about.parts) + 1, f"reading parts[{index}]")
        query.append(read_part(body, part, f"parts[{index}]"))
    step(len(query), len(query) + 1, "searching")
    asked = Asked(
        about.what,
        query,
        about.moment,
        about.within,
        about.by,
        zone=zone_named(about.zone),
        modalities=about.modalities,
        min_confidence=about.min_confidence,
        limit=about.limit,
        given=about.filters(),
        among=about.among,
        read_times=about.read_times,
    )
    return _answer(look_up(memory, asked))


def _answer(found: Chronicle) -> dict[str, Any]:
    return {
        "what": found.what,
        "hit": found.hit and hit_answer(found.hit),
        "rows": list(map(hit_answer, found.rows)),
        "records": [record.to_dict() for record in found.records],
        "occurrences": found.occurrences and found.occurrences.to_dict(),
        "conflicts": [conflict.to_dict() for conflict in found.conflicts],
        "places": {name: area_data(area) for name, area in found.places.items()},
        "arrived": list(map(hit_answer, found.arrived)),
        "cursor": found.cursor,
        "times": str(found.times) if found.times else None,
        "notes": list(found.notes),
    }
