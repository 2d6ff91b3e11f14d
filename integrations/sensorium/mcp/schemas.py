"""The data that the tools return, beside text, pictures and sounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mcp_types import CallToolResult, TextContent
from typing_extensions import NotRequired, TypedDict


class MediumData(TypedDict):
    """A kept picture, sound, ... of a memory."""

    uri: str  # a resource: the file itself
    modality: str
    mime_type: str | None
    bytes: int
    seconds: float | None
    origin: str | None


class RecordData(TypedDict):
    """A memory; times are ISO 8601."""

    id: str
    uri: str  # a resource: the whole record
    at: str
    until: str
    expires_at: str | None
    text: str
    modalities: list[str]
    tags: list[str]
    source: str | None
    origin: str | None  # who says so: person, sensor, file, tool, model or web
    metadata: dict[str, Any]
    media: list[MediumData]
    shared_by: NotRequired[str]


class HitData(RecordData):
    """A memory that was recalled, and why."""

    matched: str  # a modality, or "keywords"
    span: list[float] | None  # seconds; characters of text
    confidence: float | None
    certainty: str | None  # sure, uncertain or probably unrelated
    score: float
    found: str | None  # words read in a picture or heard in a sound, if they matched


class Kept(TypedDict):
    """A memory that is kept."""

    id: str
    status: Literal["new", "replaced", "known"]


class Failed(TypedDict):
    """A signal that could not be remembered."""

    media: int  # its index in the argument, from 0
    error: str


class RememberedData(TypedDict):
    """The result of `remember`."""

    records: list[Kept]
    failed: list[Failed]


class RecallData(TypedDict):
    """The result of `recall`, best first."""

    hits: list[HitData]
    times: str | None  # words of a time in the question, and the bounds they became
    notes: list[str]  # what makes the hits doubtful, such as the language of the question


class TimelineData(TypedDict):
    """The result of `timeline`: a page, and where the next begins."""

    records: list[RecordData]
    cursor: str | None


class EpisodeData(TypedDict):
    """An episode, and the telling ones of its memories."""

    start: str
    end: str
    records: int
    modalities: dict[str, int]
    moments: list[RecordData]


class EpisodesData(TypedDict):
    """The result of `episodes`."""

    episodes: list[EpisodeData]


class CountData(TypedDict):
    """The result of `count`."""

    count: int
    by: dict[str, int] | None


class ForgottenData(TypedDict):
    """The result of `forget`."""

    forgotten: int


def answer(lines: Sequence[str], data: Mapping[str, Any]) -> CallToolResult:
    """Answer in text and as data."""
    return CallToolResult(
        content=[TextContent(type="text", text="\n".join(lines))], structured_content=dict(data)
    )
