"""What the server answers, typed, so that the OpenAPI is complete."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from sensorium.memory.certainty import Certainty


class Answer(BaseModel):
    """What every answer is: nothing in it is unknown to the description of the interface."""

    model_config = ConfigDict(extra="forbid")


class Problem(Answer):
    """An error, as `application/problem+json`.

    Attributes:
        type: Always `"about:blank"`: the code says which error it is.
        title: The status in words.
        status: The status of the answer.
        detail: What came, and what was needed.
        came: Description of what was sent.
        needed: Description of what would be accepted.
        remedy: Instruction that corrects the mistake.
        code: Name of the class of the error.
    """

    type: Literal["about:blank"] = "about:blank"
    title: str
    status: int
    detail: str
    came: str
    needed: str
    remedy: str
    code: str


class Health(Answer):
    """Whether the server runs."""

    status: Literal["ok"] = "ok"


class SessionState(Answer):
    """Who is signed in, and what the memory can do.

    Attributes:
        owner: Owner whose memories are reached.
        rights: Some of read, write, forget and admin, sorted.
        encoder: Name and version of the memory's encoder.
        modalities: Modalities that can be remembered, sorted.
        version: Version of Sensorium.
    """

    owner: str
    rights: list[str]
    encoder: str
    modalities: list[str]
    version: str


class Place(Answer):
    """Where something was, in degrees and metres of WGS 84."""

    latitude: float
    longitude: float
    altitude: float | None = None


class Medium(Answer):
    """One percept of a record; see `sensorium.memory.Medium`."""

    modality: str
    digest: str
    file: str | None
    mime: str | None
    bytes: int
    units: dict[str, Any]
    duration: float | None
    uri: str | None
    at: str | None
    row: int
    rows: int
    spans: list[list[float]]
    of: str | None


class Finding(Answer):
    """Words that were found in a percept; see `sensorium.memory.Finding`."""

    text: str
    origin: str
    by: str
    of: str
    span: tuple[float, float] | None
    box: list[float] | None
    confidence: float
    row: int
    rows: int


class Record(Answer):
    """A memory; see `sensorium.memory.Record`."""

    id: str
    owner: str
    at: datetime
    until: datetime
    created_at: datetime
    expires_at: datetime | None
    text: str
    tags: list[str]
    source: str | None
    metadata: dict[str, Any]
    modalities: list[str]
    media: list[Medium]
    place: Place | None
    findings: list[Finding]


class Hit(Answer):
    """A memory that was recalled, and why; see `sensorium.memory.Hit`.

    Attributes:
        medium: Digest of the percept that matched, if the record lists it.
    """

    record: Record
    score: float
    confidence: float | None
    certainty: Certainty | None
    calibrated: bool
    modality: str
    span: tuple[float, float] | None
    file: str | None
    similarity: float | None
    age: float
    finding: Finding | None
    medium: str | None
