"""From a percept to the inputs of a tower; `windows` calls the module of its modality."""

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

REVISION = 1  # version of this package; every change that moves vectors raises it


@dataclass(frozen=True)
class Profile:
    """Choices of the preprocessing, where evidence conflicts or the reference is not the best.

    The profile is part of the space's identity: vectors of two profiles are never mixed.

    Attributes:
        text: `"windows"` reads all of a long text; `"cut"`, as the reference, its first 75 tokens.
        audio: `"cover"` hears all of a sound; `"paper3"`, as the reference, three windows of it.
        video_crops: 1 for the centre; 3, as the reference, for start, centre and end of the long
            side.
        imu: `"imu-10s-200hz"`; `"imu-5s-400hz"` is what the text of the paper says.
    """

    text: Literal["windows", "cut"] = "windows"
    audio: Literal["cover", "paper3"] = "cover"
    video_crops: Literal[1, 3] = 1
    imu: Literal["imu-10s-200hz", "imu-5s-400hz"] = "imu-10s-200hz"

    def __post_init__(self) -> None:
        """Check every choice.

        Raises:
            EncodingError: A field has a value that is not one of its choices.
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
        """Name of the profile in the space's identity, with every choice in it."""
        return f"r{REVISION}/{self.text}/{self.audio}/crops{self.video_crops}/{self.imu}"


def windows(percept: Percept, profile: Profile) -> Iterator[Window]:
    """Preprocess one percept, lazily: a long one is decoded as its windows are asked for.

    Yields:
        Windows whose inputs are token ids `(77,)`, or float32 of the modality's window shape; for
        video, that shape follows the crops.
    Raises:
        PerceptError: The percept is unreadable, or too short.
        UnsupportedModalityError: The percept has another modality than ImageBind's seven.
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
        "one of ImageBind's seven modalities",
        "choose an encoder that knows it",
    )
