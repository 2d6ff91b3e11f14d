"""Recall: `/v1/recall`, a question of words, files and memories; and `/v1/similar`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response
from typing_extensions import Self

from sensorium.agents.arguments import Keywords, MinConfidence, Modalities, check_question
from sensorium.agents.asking import Answered, ask
from sensorium.agents.limits import HITS, MOST_MEDIA
from sensorium.agents.time_arguments import Age, age_schema
from sensorium.agents.wording import refusal
from sensorium.errors import RequestError
from sensorium.memory import Hit, Memory
from sensorium.memory.chronology.sequences import STEPS
from sensorium.percepts import Percept
from sensorium.server.answers import models
from sensorium.server.answers.progress import Step, answered
from sensorium.server.entry.access import Reader
from sensorium.server.requests.file_fields import FileFields
from sensorium.server.requests.filtering import FilterFields
from sensorium.server.routes.bodies import ASK, Body, SentSignal, body_of, described
from sensorium.server.routes.directions import directions

MOST = 1000  # hits of one call: programs ask for more than a model is shown

router = APIRouter(tags=["recall"])


class QuestionPart(BaseModel):
    """One part of a question: words, a memory, a signal, or a file of the form."""

    model_config = ConfigDict(extra="forbid")

    words: str | None = None
    id: str | None = Field(default=None, description="Id of a memory to resemble.")
    signal: SentSignal | None = None
    file: int | None = Field(default=None, ge=0, description="A part `media`, counted from 0.")
    units: FileFields | None = Field(default=None, description="Of the file: modality, units.")
    weight: float = Field(
        default=1.0, ge=-100, le=100, allow_inf_nan=False, description="Below 0: unlike it."
    )

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        given = [self.words, self.id, self.signal, self.file]
        if sum(each is not None for each in given) != 1:
            raise refusal("one of words, id, signal and file", "make a part of each")
        if self.units is not None and self.file is None:
            raise refusal("units beside a file", "give those of a signal within it")
        return self


class Question(FilterFields):
    """What is looked for: parts are added up."""

    parts: list[QuestionPart] = Field(default_factory=list, max_length=MOST_MEDIA)
    keywords: Keywords = ""
    limit: Annotated[int, Field(ge=1, le=MOST, description="Largest number of memories.")] = HITS
    min_confidence: MinConfidence = None
    modalities: Modalities = None
    half_life: Annotated[Age | None, age_schema("Age at which a memory counts half: 30d.")] = None
    diversity: float | None = Field(
        default=None, ge=0, le=1, description="From 0, by score alone, to 1, unlike each other."
    )
    ranking: Literal["centred", "z", "raw", "rrf", "dbsf"] = "centred"
    sequence: list[QuestionPart] | None = Field(
        default=None,
        min_length=2,
        max_length=STEPS,
        description="Instead of parts: what happened in this order. Words, signals and files.",
    )
    within: str | None = Field(
        default=None, description="Longest time from one step to the next; 1 min by default."
    )
    group: Literal["episode"] | None = Field(
        default=None, description="Of each episode only the best, which tells of its episode."
    )
    read_times: bool = Field(
        default=True, description="Read times such as yesterday in the words as conditions."
    )


@router.post("/v1/recall", response_model=models.Recalled, openapi_extra=described(Question, ASK))
async def recall(
    caller: Reader,
    body: Annotated[Body[Question], Depends(body_of(Question, ASK))],
    request: Request,
) -> Response:
    """Find memories by words, files and other memories, and by sums of them."""
    about = body.about
    check_question(about.sequence or about.parts, like="", keywords=about.keywords)
    if about.sequence is not None and about.parts:
        raise RequestError("parts and a sequence", "one of the two", "leave the other out")
    if about.sequence is None and about.within is not None:
        raise RequestError(
            "within without a sequence",
            "the sequence between whose steps so much time may lie",
            'add "sequence": [{"words": "a knock"}, {"words": "a dog barking"}], or leave it out',
        )
    check_plain(about.sequence or (), "sequence")
    body.check_text(about.keywords, "keywords")
    return await answered(request, partial(_recalled, caller.memory, body), models.Recalled)


@router.get("/v1/similar/{id:path}")
def get_similar(
    id: str, caller: Reader, limit: Annotated[int, Query(ge=1, le=MOST)] = HITS
) -> models.Recalled:
    """Find memories that resemble one."""
    begun = time.perf_counter()
    found = ask(caller.memory, [], {}, like=id, limit=limit)
    return models.Recalled.model_validate(_answer(found, begun))


def _recalled(memory: Memory, body: Body[Question], step: Step) -> dict[str, Any]:
    begun = time.perf_counter()
    about = body.about
    options: dict[str, Any] = {
        "keywords": about.keywords or None,
        "limit": about.limit,
        "min_confidence": about.min_confidence,
        "modalities": about.modalities,
        "half_life": about.half_life,
        "diversity": about.diversity,
        "ranking": about.ranking,
        "group": about.group,
    }
    if about.sequence is not None:
        asked = [read_part(body, each, f"sequence[{i}]") for i, each in enumerate(about.sequence)]
        options |= {"sequence": asked, "within": about.within, "read_times": about.read_times}
        return _answer(ask(memory, [], about.filters(), **options), begun)
    if (name := _alone(about.parts)) is not None:
        return _answer(ask(memory, [], about.filters(), like=name, **options), begun)
    question, weights = _question(memory, body, step)
    step(len(about.parts), len(about.parts) + 1, "searching")
    options |= {"weights": weights or None, "read_times": about.read_times}
    return _answer(ask(memory, question, about.filters(), **options), begun)


def _alone(parts: Sequence[QuestionPart]) -> str | None:
    """Return the id of a memory that is all that is asked for."""
    return parts[0].id if len(parts) == 1 and parts[0].weight > 0 else None


def _question(
    memory: Memory, body: Body[Question], step: Step
) -> tuple[list[str | Percept | NDArray[Any]], list[float]]:
    """Return the parts of a question as `Memory.recall` takes them, and their weights."""
    found: list[str | Percept | NDArray[Any]] = []
    weights: list[float] = []
    for index, part in enumerate(body.about.parts):
        name = f"parts[{index}]"
        step(index, len(body.about.parts) + 1, f"reading {name}")
        if part.id is not None:
            rows = directions(memory, part.id)
            found += rows.values()
            weights += [part.weight / len(rows)] * len(rows)
            continue
        weights.append(part.weight)
        found.append(read_part(body, part, name))
    return found, weights


def check_plain(parts: Sequence[QuestionPart], name: str) -> None:
    """Check that parts are words, signals and files, without a weight.

    Raises:
        RequestError: One of them is not.
    """
    for index, part in enumerate(parts):
        if part.id is not None or part.weight != 1:
            raise RequestError(
                f"{name}[{index}] with an id or a weight",
                "words, a signal or a file",
                "ask /v1/recall with parts for what resembles a memory",
            )


def read_part(body: Body[Any], part: QuestionPart, name: str) -> str | Percept:
    """Return the words, the signal or the file that a part of a question is.

    Args:
        body: What came.
        part: The part, which is no memory.
        name: Its name in messages.
    Raises:
        ToolArgumentError: It cannot be taken.
    """
    if part.words is not None:
        body.check_text(part.words, f"{name}.words")
        return part.words
    if part.signal is not None:
        return body.signal(part.signal, f"{name}.signal")
    return body.file(part.file or 0, part.units, f"{name}.file")


def hit_answer(hit: Hit) -> dict[str, Any]:
    """Describe a hit, JSON-ready: the digest of the percept that matched, and what followed."""
    medium = hit.medium.digest if hit.medium else None
    return {**hit.to_dict(), "medium": medium, "then": list(map(hit_answer, hit.then))}


def _answer(found: Answered, begun: float) -> dict[str, Any]:
    return {
        "hits": list(map(hit_answer, found.hits)),
        "notes": found.understood(),
        "summary": "".join(found.unrelated),
        "took_ms": round(1000 * (time.perf_counter() - begun), 1),
    }
