"""How a model hands over pictures, sounds and other signals."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import Self

from sensorium.mcp.times import Time, refusal

MOST_MEDIA = 100  # of one call
AXES = 6  # numbers of a sample of motion


class Units(BaseModel):
    """What the numbers of a depth map, a thermal picture or a motion mean."""

    model_config = ConfigDict(extra="forbid")

    unit: Annotated[float | str | None, Field(union_mode="left_to_right")] = Field(
        default=None,
        description="Of depth: m, mm, disparity, relative, or metres per count as a number. "
        "Of thermal: celsius, kelvin, counts, white-hot or black-hot.",
    )
    fx: Annotated[float | str | None, Field(union_mode="left_to_right")] = Field(
        default=None,
        description="Of depth: the camera's focal length in pixels, or assume-60deg to guess it.",
    )
    baseline: float | None = Field(
        default=None, description="Of depth: metres between the two eyes."
    )
    span: list[float] | None = Field(
        default=None, description="Of thermal: the temperatures that black and white stand for."
    )
    palette: str | None = Field(
        default=None, description="Of a coloured thermal picture: ironbow, spectra, ..."
    )
    accel: str | None = Field(default=None, description="Of motion: the unit m/s^2 or g.")
    gyro: str | None = Field(default=None, description="Of motion: the unit rad/s or deg/s.")
    rate: float | None = Field(
        default=None,
        description="Of motion: samples per second, where neither file nor times say it.",
    )

    @property
    def given(self) -> dict[str, Any]:
        """Those that were given."""
        return self.model_dump(exclude_none=True)


Sample = Annotated[list[float], Field(min_length=AXES, max_length=AXES)]


class Signal(BaseModel):
    """A picture, sound, video, depth map, thermal picture or motion: a file, or samples."""

    model_config = ConfigDict(extra="forbid")

    data: str | None = Field(
        default=None, description="The whole file as base64, or as a data: URI."
    )
    mime_type: str | None = Field(
        default=None, description="Of data, such as image/jpeg or audio/wav."
    )
    path: str | None = Field(
        default=None, description="Instead of data: a file in a folder that this server may read."
    )
    samples: list[Sample] | None = Field(
        default=None,
        description="Instead of data, for motion: a row of six numbers each, acceleration x y z "
        "and rotation rate x y z.",
    )
    times: list[float] | None = Field(
        default=None,
        description="Of samples: seconds, increasing, one for each; or give units.rate.",
    )
    modality: str | None = Field(
        default=None,
        description="image, audio, video, depth, thermal, imu or text. Depth, thermal and imu must "
        "be said, with their units; the others are recognised.",
    )
    units: Units = Field(
        default_factory=Units,
        description='Depth: {"unit": "mm", "fx": 525}; thermal: {"unit": "celsius"}; '
        'imu: {"accel": "m/s^2", "gyro": "rad/s", "rate": 50}.',
    )
    at: Time | None = Field(default=None, description="When it was taken, ISO 8601 with its zone.")
    uri: str | None = Field(
        default=None, description="Where it came from; kept as it is, never fetched."
    )

    @model_validator(mode="before")
    @classmethod
    def _of_known_names(cls, given: Any) -> Any:
        if isinstance(given, str):
            raise refusal(
                "an object",
                'write {"path": "photo.jpg"}, or {"data": "..."} with the file as base64',
            )
        strange = sorted(given.keys() - cls.model_fields.keys()) if isinstance(given, dict) else []
        if strange:
            raise refusal(
                f"only the names {', '.join(cls.model_fields)}",
                f"leave {', '.join(strange)} out; base64 belongs in data",
            )
        return given

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [self.data, self.path, self.samples]
        if sum(source is not None for source in given) != 1:
            raise refusal(
                "exactly one of data, path and samples", "give the file in one way, and only one"
            )
        if self.times is not None and len(self.times) != len(self.samples or ()):
            raise refusal(
                "one time for each sample, and none for a file", "correct them, or leave them out"
            )
        return self


Media = Annotated[
    list[Signal],
    Field(max_length=MOST_MEDIA, description="Files or samples; an empty list for none."),
]
