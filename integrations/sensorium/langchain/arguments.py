"""What an agent says to `remember` and `recall`, described for the model that says it."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

LIMIT, MOST = 5, 50  # memories of one recall


class Signal(BaseModel):
    """A picture, a sound or another signal; give exactly one of base64, url and path."""

    model_config = ConfigDict(extra="forbid")

    base64: str | None = Field(None, description="The whole file, in base64.")
    url: str | None = Field(None, description="The whole file as a data: URL. Nothing is fetched.")
    path: str | None = Field(None, description="A file in a folder this tool may read.")
    mime_type: str | None = Field(None, description='Of the file, e.g. "image/png".')
    modality: str | None = Field(
        None,
        description="image, audio, video, depth, thermal or imu; the last three must be said.",
    )
    units: dict[str, Any] | None = Field(
        None,
        description='What the numbers mean: depth {"unit": "mm", "fx": 525}, thermal '
        '{"unit": "celsius"}, imu {"accel": "g", "gyro": "deg/s", "rate": 50}.',
    )


class Remember(BaseModel):
    """What to remember."""

    model_config = ConfigDict(extra="forbid")

    text: str | None = Field(None, description="Words to remember, or that go with the signals.")
    media: list[Signal] | None = Field(
        None, description="Pictures, sounds, ... of the same moment."
    )
    at: AwareDatetime | None = Field(
        None, description="When it was, ISO 8601 with a time zone; by default now."
    )
    tags: list[str] | None = Field(None, description="Short names to filter by later.")
    metadata: dict[str, Any] | None = Field(None, description="Facts to filter by later.")


class Recall(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid")

    query: str | None = Field(None, description="Words that describe what is sought.")
    media: list[Signal] | None = Field(None, description="What it resembles; added to the words.")
    limit: int = Field(LIMIT, ge=1, le=MOST, description="How many memories at most.")
    modalities: list[str] | None = Field(
        None, description="Only these senses: text, image, video, audio, depth, thermal, imu."
    )
    tags: list[str] | None = Field(None, description="Only memories with all of these tags.")
    since: AwareDatetime | None = Field(None, description="Only from this time on.")
    until: AwareDatetime | None = Field(None, description="Only before this time.")
    min_confidence: float | None = Field(
        None, ge=0, le=1, description="Leave out what may be coincidence; 0.5 is a good value."
    )
