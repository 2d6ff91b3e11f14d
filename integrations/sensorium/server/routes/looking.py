"""Looking: `/v1/look`, what each file would be; nothing is kept."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from sensorium.agents.wording import told
from sensorium.errors import EmptyPerceptError, RequestError, SensoriumError, UnitError
from sensorium.percepts import Percept
from sensorium.server.answers import models
from sensorium.server.answers.progress import Step, answered
from sensorium.server.entry.access import Reader
from sensorium.server.routes.bodies import ASK, Body, Units, body_of, described

MOST_PARTS = 200  # percepts of a document that are counted
MAPS = ("depth", "thermal", "image")  # what a picture of 16 bits may be

router = APIRouter(tags=["memories"])


class Looking(BaseModel):
    """What is known of the files already."""

    model_config = ConfigDict(extra="forbid")

    units: Units = None


@router.post("/v1/look", response_model=models.Looked, openapi_extra=described(Looking, ASK))
async def look(
    caller: Reader,
    body: Annotated[Body[Looking], Depends(body_of(Looking, ASK))],
    request: Request,
) -> Response:
    """Say what each file would be, and which units it needs."""
    if not body.received.files:
        raise RequestError("a look without files", "files as parts `media`", "send some")
    return await answered(request, partial(_looked, body), models.Looked)


def _looked(body: Body[Looking], step: Step) -> dict[str, Any]:
    seen = []
    for place in body.places:
        step(place, len(body.places), f"looking at {body.name(place)}")
        seen.append({"name": body.received.files[place].name, **_seen(body, place)})
    return {"files": seen}


def _seen(body: Body[Looking], place: int) -> dict[str, Any]:
    said = body.modality(place)
    try:
        found = list(islice(body.percepts(place), MOST_PARTS))
        if not found:
            raise EmptyPerceptError(
                "a document without contents", "words or pictures", "leave it out"
            )
        seen = {"modality": found[0].modality, **_described(found[0])}
        if body.is_document(place):
            seen["reading"]["memories"] = len(found) if len(found) < MOST_PARTS else "many"
        return seen
    except SensoriumError as error:
        return {
            "modality": said,
            "units_needed": _needed(error, said),
            "error": told(error),
        }


def _described(percept: Percept) -> dict[str, Any]:
    at = percept.at or percept.captured
    seconds = percept.duration
    return {
        "reading": {**dict(percept.units), **dict(percept.reading)},
        "at": at.isoformat() if at else None,
        "seconds": round(seconds, 3) if seconds is not None else None,
        "units_needed": {},
    }


def _needed(error: SensoriumError, said: str | None) -> dict[str, list[Any]]:
    """Return the units that are missing, and values of each that the file suggests."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, UnitError):
        cause = cause.__cause__
    if cause is None:
        return {}
    if said is None and not cause.ways:
        return {"modality": list(MAPS)}
    needed: dict[str, list[Any]] = {}
    for way in cause.ways:
        for name, value in way.items():
            if value is not None and value not in needed.setdefault(name, []):
                needed[name].append(value)
    return {name: values for name, values in needed.items() if values}
