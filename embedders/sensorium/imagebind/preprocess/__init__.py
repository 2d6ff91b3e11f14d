"""From a percept to what a tower takes, one module a sense; `windows` dispatches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args, get_type_hints

from torch import Tensor

from sensorium.encoders.batching import Window
from sensorium.errors import EncodingError, UnsupportedModalityError
from sensorium.imagebind.preprocess.audio import audio_windows, paper_windows
from sensorium.imagebind.preprocess.depth import depth_tensor
from sensorium.imagebind.preprocess.image import image_tensor
from sensorium.imagebind.preprocess.imu import RATES, imu_windows
from sensorium.imagebind.preprocess.text import text_windows
from sensorium.imagebind.preprocess.thermal import thermal_tensor
from sensorium.imagebind.preprocess.video import video_windows
from sensorium.imagebind.tokenizer import tokenize
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Span, Text, Thermal, Video

__all__ = ["Profile", "windows"]

REVISION = 1  # of everything in this package; a change that moves vectors raises it


@dataclass(frozen=True)
class Profile:
    """The choices where evidence conflicts, or parity with the reference differs from the best.

    Part of the embedding space's identity: vectors of two profiles are not mixed.

    Attributes:
        text: `"windows"` reads all of a long text; `"cut"` its first 75 tokens, as the reference.
        audio: `"cover"` hears all of a sound; `"paper3"` three windows, as the reference.
        video_crops: 1 (centre) or 3 (start, centre and end of the long side), as the reference.
        imu: `"imu-10s-200hz"`, or `"imu-5s-400hz"` as the paper's text has it.
    """

    text: Literal["windows", "cut"] = "windows"
    audio: Literal["cover", "paper3"] = "cover"
    video_crops: Literal[1, 3] = 1
    imu: Literal["imu-10s-200hz", "imu-5s-400hz"] = "imu-10s-200hz"

    def __post_init__(self) -> None:
        """Refuse a choice that does not exist.

        Raises:
            EncodingError: A field has none of its values.
        """
        for field, choices in get_type_hints(type(self)).items():
            value = getattr(self, field)
            if isinstance(value, bool) or value not in get_args(choices):
                raise EncodingError(
                    f"the profile {field}={value!r}",
                    f"one of {', '.join(map(repr, get_args(choices)))}",
                    "choose one, or leave it out",
                )

    @property
    def name(self) -> str:
        """Name every choice, for the space's identity."""
        return f"r{REVISION}/{self.text}/{self.audio}/crops{self.video_crops}/{self.imu}"


def windows(percept: Percept, profile: Profile) -> Iterator[Window]:
    """Preprocess one percept, lazily: a long one is decoded as its windows are asked for.

    Inputs are token ids `(77,)`, or float32 of the modality's window shape, for video with the
    crops before it.

    Raises:
        PerceptError: The percept is unreadable, or too short.
        UnsupportedModalityError: It is none of the seven.
    """
    if isinstance(percept, Image):
        yield Window(None, image_tensor(percept.picture()))
    elif isinstance(percept, Depth):
        yield Window(None, depth_tensor(percept))
    elif isinstance(percept, Thermal):
        yield Window(None, thermal_tensor(percept))
    else:
        for span, inputs in _spanned_windows(percept, profile):
            yield Window(span, inputs)


def _spanned_windows(percept: Percept, profile: Profile) -> Iterator[tuple[Span, Tensor]]:
    if isinstance(percept, Text) and profile.text == "cut":
        return iter([(Span(0, len(percept.text)), tokenize([percept.text])[0])])
    if isinstance(percept, Text):
        return text_windows(percept.text)
    if isinstance(percept, Video):
        return video_windows(percept, crops=profile.video_crops)
    if isinstance(percept, Audio):
        return (audio_windows if profile.audio == "cover" else paper_windows)(percept)
    if isinstance(percept, IMU):
        return imu_windows(percept, rate=RATES[profile.imu])
    raise UnsupportedModalityError(
        f"a percept of modality {percept.modality!r}",
        "one of ImageBind's seven",
        "choose an encoder that knows it",
    )
