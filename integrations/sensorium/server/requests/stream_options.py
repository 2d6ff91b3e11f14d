"""The options of a live stream as a query says them, and its messages as arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    ValidationError,
    model_validator,
)
from starlette.datastructures import QueryParams
from typing_extensions import Self

from sensorium.agents.arguments import NewTags, NewText, SourceName
from sensorium.agents.time_arguments import Time
from sensorium.agents.wording import refusal, refused
from sensorium.errors import PerceptShapeError, RequestError
from sensorium.percepts import IMU, Image
from sensorium.percepts.limits import Limits
from sensorium.server.requests.stream_bounds import Waiting, check_picture

MOST_SIDE = 8192  # pixels of a frame
MOST_CHANNELS = 8
MOST_ROWS = 100_000  # of one message of JSON
AXES = 6  # numbers of a sample of motion
ONE_FLOAT = np.dtype("<f4")
FRAMES = frozenset({"depth", "thermal"})  # whose binary messages are numbers of a known size
OF_MESSAGES = {"modality", "height", "width", "channels"}  # what says how messages are read
Number = Annotated[float, Field(allow_inf_nan=False)]


def _as_number(value: object) -> object:
    """Return the number that a text is; other values as they are."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


Unit = Annotated[Number | str, BeforeValidator(_as_number)]


class StreamQuery(BaseModel):
    """What a stream is opened with; see docs/streams.md for the options of each modality."""

    model_config = ConfigDict(extra="forbid")

    modality: str
    rate: Number | None = None
    accel: Unit | None = None
    gyro: Unit | None = None
    unit: Unit | None = None
    fx: Unit | None = None
    baseline: Number | None = None
    span: Annotated[list[Number] | None, Field(min_length=2, max_length=2)] = None
    palette: str | None = None
    scale: Number | None = None
    offset: Number | None = None
    bits: int | str | None = None
    invalid: list[Number] | None = None
    trust: bool = False
    window: Number | None = None
    stride: Number | None = None
    every: Number | None = None
    min_change: Number | None = None
    gap: Number | None = None
    lateness: Number | None = None
    queue: int | None = None
    name: str | None = None
    tags: NewTags = None
    source: SourceName = ""
    text: NewText = ""
    metadata: Annotated[Json[Any], Field(description="An object, as JSON.")] | None = None
    annotate: bool = False
    height: Annotated[int | None, Field(ge=1, le=MOST_SIDE)] = None
    width: Annotated[int | None, Field(ge=1, le=MOST_SIDE)] = None
    channels: Annotated[int, Field(ge=1, le=MOST_CHANNELS)] = 1

    @property
    def options(self) -> dict[str, Any]:
        """The options as `Memory.stream` takes them: those that were given."""
        given = self.model_dump(exclude=OF_MESSAGES, exclude_defaults=True)
        given["queue"] = self.waiting.places
        return {name: value for name, value in given.items() if value not in (None, "")}

    @property
    def waiting(self) -> Waiting:
        """How much of it may wait."""
        return Waiting(
            self.modality,
            self.queue,
            AXES if self.modality == IMU.modality else self.channels,
            *(self.rate, self.window, self.stride, self.lateness, self.gap),
        )

    def array(self, data: bytes, limits: Limits) -> NDArray[Any]:
        """Read a binary message: numbers of 32 bits, little-endian; of a camera a picture's file.

        Args:
            data: The message.
            limits: What a picture may decode to.
        Raises:
            PerceptError: It is not of the stream's shape, or no picture.
        """
        if self.modality == Image.modality:
            return np.asarray(Image(data, limits=limits).picture())
        shape = self._shape()
        size = ONE_FLOAT.itemsize * math.prod(shape)
        if not data or len(data) % size:
            raise PerceptShapeError(
                f"a message of {len(data)} bytes",
                f"a multiple of {size}: float32, little-endian, of shape {('n', *shape)}",
                "send whole rows",
            )
        found: NDArray[Any] = np.frombuffer(data, ONE_FLOAT).reshape(-1, *shape)
        return found.T if self.modality == "audio" else found

    def numbers(self, samples: list[Any]) -> NDArray[Any]:
        """Read the samples of a message in JSON; null is what was not measured.

        Raises:
            PerceptShapeError: They are no rows of numbers of one length.
            PerceptValueError: They are a picture, and not whole numbers from 0 to 255.
        """
        try:
            found: NDArray[Any] = np.array(samples, np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise PerceptShapeError(
                f"samples that are no rows of numbers ({error})",
                "rows of one length, of numbers and null",
                "send [[...], [...]]",
            ) from error
        return check_picture(found) if self.modality == Image.modality else found

    def _shape(self) -> tuple[int, ...]:
        """Return the shape of one sample or frame."""
        if self.modality in FRAMES:
            if self.height is None or self.width is None:
                raise RequestError(
                    f"frames of {self.modality} as numbers, of unknown size",
                    "height and width",
                    "give both where the stream is opened",
                )
            return self.height, self.width
        return (AXES,) if self.modality == IMU.modality else (self.channels,)


class StreamMessage(BaseModel):
    """A message in JSON: samples, or the end."""

    model_config = ConfigDict(extra="forbid")

    samples: Annotated[list[Any] | None, Field(min_length=1, max_length=MOST_ROWS)] = None
    at: Time | None = None
    timestamps: Annotated[list[float] | None, Field(max_length=MOST_ROWS)] = None
    end: bool = False

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.samples is None) == (not self.end):
            raise refusal("samples, or end", 'send {"samples": [[...]]}, and {"end": true} last')
        return self


def read_query(given: QueryParams) -> StreamQuery:
    """Read the query of a stream.

    Raises:
        RequestError: A parameter is wrong, unknown, or not given.
    """
    several = {"tags", "span", "invalid"}
    fields: Mapping[str, Any] = {
        name: given.getlist(name) if name in several else given[name] for name in given
    }
    try:
        return StreamQuery.model_validate(fields)
    except ValidationError as error:
        raise invalid_stream(error) from error


def read_message(text: str) -> StreamMessage:
    """Read a message in JSON.

    Raises:
        RequestError: It is no such message.
    """
    try:
        return StreamMessage.model_validate_json(text)
    except ValidationError as error:
        raise invalid_stream(error) from error


def invalid_stream(error: ValidationError) -> RequestError:
    """Return the refusal of a query or a message."""
    came, needed, remedy = ([*refused(error).split("; ", 2), "", ""])[:3]
    return RequestError(came, needed.removeprefix("needed "), remedy)
