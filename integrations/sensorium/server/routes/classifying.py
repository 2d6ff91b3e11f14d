"""Sorting: `/v1/classify`, which of some labels fits a memory or a file."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from sensorium.encoders import ZeroShotClassifier
from sensorium.errors import RequestError
from sensorium.memory import Memory
from sensorium.server.answers import models
from sensorium.server.answers.progress import Step, answered
from sensorium.server.entry.access import Reader
from sensorium.server.requests.file_fields import FileFields
from sensorium.server.routes.bodies import ASK, Body, SentSignal, body_of, described
from sensorium.server.routes.directions import directions

MOST_LABELS, LONGEST_LABEL = 200, 300  # how many, and characters of one
Label = Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL)]

router = APIRouter(tags=["recall"])


class Sorting(BaseModel):
    """What is to be sorted: a memory, a signal, or the file of the form."""

    model_config = ConfigDict(extra="forbid")

    labels: Annotated[list[Label], Field(min_length=1, max_length=MOST_LABELS)]
    id: str | None = Field(default=None, description="Id of a memory.")
    signal: SentSignal | None = None
    units: FileFields | None = Field(default=None, description="Of the file: modality, units.")


@router.post(
    "/v1/classify", response_model=models.Classified, openapi_extra=described(Sorting, ASK)
)
async def classify(
    caller: Reader,
    body: Annotated[Body[Sorting], Depends(body_of(Sorting, ASK))],
    request: Request,
) -> Response:
    """Say which label fits best, for each modality; nothing is learnt, and nothing kept."""
    about = body.about
    given = [about.id is not None, about.signal is not None, *body.received.files]
    if sum(map(bool, given)) != 1:
        raise RequestError(
            f"{sum(map(bool, given))} things to sort",
            "one: a file, a signal, or the id of a memory",
            "send one at a time",
        )
    work = partial(_classified, caller.memory, body)
    return await answered(request, work, models.Classified)


def _classified(memory: Memory, body: Body[Sorting], _: Step) -> dict[str, Any]:
    classifier = ZeroShotClassifier(memory.encoder, body.about.labels)
    by_modality = {
        modality: _ranked(classifier, vector)
        for modality, vector in sorted(_vectors(memory, body).items())
    }
    totals = dict.fromkeys(classifier.labels, 0.0)
    for found in by_modality.values():
        for each in found:
            totals[each["label"]] += each["probability"] / len(by_modality)
    best = sorted(totals.items(), key=lambda item: -item[1])
    labels = [{"label": label, "probability": probability} for label, probability in best]
    return {"labels": labels, "by_modality": by_modality}


def _vectors(memory: Memory, body: Body[Sorting]) -> dict[str, NDArray[np.float32]]:
    """Return a unit vector `(D,)` of each modality of what is to be sorted."""
    about = body.about
    if about.id is not None:
        return directions(memory, about.id)
    if about.signal is not None:
        percept = body.signal(about.signal, "signal")
    else:
        percept = body.file(0, about.units, "media[0]")
    return {percept.modality: memory.encoder.embed([percept])[0]}


def _ranked(classifier: ZeroShotClassifier, vector: NDArray[np.float32]) -> list[dict[str, Any]]:
    [found] = classifier.rank(vector[None], top=len(classifier.labels))
    return [{"label": each.label, "probability": each.probability} for each in found]
