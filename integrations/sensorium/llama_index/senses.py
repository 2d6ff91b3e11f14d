"""Embedding what LlamaIndex has no methods for: sound, video, depth, heat and motion."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, TypeAlias, TypedDict

from llama_index.core.base.embeddings.base import Embedding
from typing_extensions import Unpack

from sensorium.errors import SourceTypeError
from sensorium.percepts import IMU, Audio, Depth, Percept, Thermal, Video
from sensorium.percepts.palettes import Palette
from sensorium.percepts.source import Given

Content: TypeAlias = "Given | Percept"


class AudioUnits(TypedDict, total=False):
    """What samples of sound need: `rate` in Hz. Files need nothing."""

    rate: int


class VideoUnits(TypedDict, total=False):
    """What arrays of frames need: `fps`. Files need nothing."""

    fps: float


class DepthUnits(TypedDict, total=False):
    """What depth maps need: see `sensorium.percepts.Depth`."""

    unit: str | float
    fx: float | str
    baseline: float


class ThermalUnits(TypedDict, total=False):
    """What thermal pictures need: see `sensorium.percepts.Thermal`."""

    unit: str
    span: Sequence[float]
    palette: Palette


class MotionUnits(TypedDict, total=False):
    """What motions need: see `sensorium.percepts.IMU`."""

    rate: float
    timestamps: Given
    accel: str
    gyro: str


class SenseEmbeddings:
    """Methods for five more senses: one signal, or a list of them; at once, or in a thread.

    A signal is a path, bytes, a binary file object, a `data:` URI, an array, or a percept of that
    sense. Long ones are pooled to one vector of unit length. What cannot be read raises a
    `PerceptError`, and what cannot be embedded a `BatchError` that says which and why.
    """

    @abstractmethod
    def get_percept_embeddings(self, percepts: Sequence[Percept]) -> list[Embedding]:
        """Embed percepts of any senses; row i belongs to percept i."""

    def get_audio_embeddings(
        self, audios: Sequence[Content], **units: Unpack[AudioUnits]
    ) -> list[Embedding]:
        """Embed sounds."""
        return self.get_percept_embeddings(percepts_of(Audio, audios, units))

    def get_video_embeddings(
        self, videos: Sequence[Content], **units: Unpack[VideoUnits]
    ) -> list[Embedding]:
        """Embed what videos show, without their sound."""
        return self.get_percept_embeddings(percepts_of(Video, videos, units))

    def get_depth_embeddings(
        self, depths: Sequence[Content], **units: Unpack[DepthUnits]
    ) -> list[Embedding]:
        """Embed depth maps of the same units."""
        return self.get_percept_embeddings(percepts_of(Depth, depths, units))

    def get_thermal_embeddings(
        self, thermals: Sequence[Content], **units: Unpack[ThermalUnits]
    ) -> list[Embedding]:
        """Embed thermal pictures of the same units."""
        return self.get_percept_embeddings(percepts_of(Thermal, thermals, units))

    def get_imu_embeddings(
        self, motions: Sequence[Content], **units: Unpack[MotionUnits]
    ) -> list[Embedding]:
        """Embed motions of the same units."""
        return self.get_percept_embeddings(percepts_of(IMU, motions, units))

    def get_audio_embedding(self, audio: Content, **units: Unpack[AudioUnits]) -> Embedding:
        """Embed a sound."""
        return self.get_audio_embeddings([audio], **units)[0]

    def get_video_embedding(self, video: Content, **units: Unpack[VideoUnits]) -> Embedding:
        """Embed what a video shows, without its sound."""
        return self.get_video_embeddings([video], **units)[0]

    def get_depth_embedding(self, depth: Content, **units: Unpack[DepthUnits]) -> Embedding:
        """Embed a depth map."""
        return self.get_depth_embeddings([depth], **units)[0]

    def get_thermal_embedding(self, thermal: Content, **units: Unpack[ThermalUnits]) -> Embedding:
        """Embed a thermal picture."""
        return self.get_thermal_embeddings([thermal], **units)[0]

    def get_imu_embedding(self, motion: Content, **units: Unpack[MotionUnits]) -> Embedding:
        """Embed a motion."""
        return self.get_imu_embeddings([motion], **units)[0]

    async def aget_percept_embeddings(self, percepts: Sequence[Percept]) -> list[Embedding]:
        """Embed percepts of any senses in a thread."""
        return await asyncio.to_thread(self.get_percept_embeddings, percepts)

    async def aget_audio_embeddings(
        self, audios: Sequence[Content], **units: Unpack[AudioUnits]
    ) -> list[Embedding]:
        """Embed sounds in a thread."""
        return await asyncio.to_thread(self.get_audio_embeddings, audios, **units)

    async def aget_video_embeddings(
        self, videos: Sequence[Content], **units: Unpack[VideoUnits]
    ) -> list[Embedding]:
        """Embed what videos show in a thread."""
        return await asyncio.to_thread(self.get_video_embeddings, videos, **units)

    async def aget_depth_embeddings(
        self, depths: Sequence[Content], **units: Unpack[DepthUnits]
    ) -> list[Embedding]:
        """Embed depth maps in a thread."""
        return await asyncio.to_thread(self.get_depth_embeddings, depths, **units)

    async def aget_thermal_embeddings(
        self, thermals: Sequence[Content], **units: Unpack[ThermalUnits]
    ) -> list[Embedding]:
        """Embed thermal pictures in a thread."""
        return await asyncio.to_thread(self.get_thermal_embeddings, thermals, **units)

    async def aget_imu_embeddings(
        self, motions: Sequence[Content], **units: Unpack[MotionUnits]
    ) -> list[Embedding]:
        """Embed motions in a thread."""
        return await asyncio.to_thread(self.get_imu_embeddings, motions, **units)

    async def aget_audio_embedding(self, audio: Content, **units: Unpack[AudioUnits]) -> Embedding:
        """Embed a sound in a thread."""
        return await asyncio.to_thread(self.get_audio_embedding, audio, **units)

    async def aget_video_embedding(self, video: Content, **units: Unpack[VideoUnits]) -> Embedding:
        """Embed what a video shows in a thread."""
        return await asyncio.to_thread(self.get_video_embedding, video, **units)

    async def aget_depth_embedding(self, depth: Content, **units: Unpack[DepthUnits]) -> Embedding:
        """Embed a depth map in a thread."""
        return await asyncio.to_thread(self.get_depth_embedding, depth, **units)

    async def aget_thermal_embedding(
        self, thermal: Content, **units: Unpack[ThermalUnits]
    ) -> Embedding:
        """Embed a thermal picture in a thread."""
        return await asyncio.to_thread(self.get_thermal_embedding, thermal, **units)

    async def aget_imu_embedding(self, motion: Content, **units: Unpack[MotionUnits]) -> Embedding:
        """Embed a motion in a thread."""
        return await asyncio.to_thread(self.get_imu_embedding, motion, **units)


def percepts_of(
    kind: type[Percept], contents: Sequence[Content], units: Mapping[str, Any]
) -> list[Percept]:
    """Make a percept of each signal of one sense; what is one already stays.

    Args:
        kind: Its class.
        contents: As `SenseEmbeddings` takes them. Of a `BytesIO` all is read, wherever it stands.
        units: Keywords of the class.
    Raises:
        SourceTypeError: A single signal instead of a list.
        PerceptError: As the class raises.
    """
    if isinstance(contents, (str, bytes, BytesIO, Percept)):
        raise SourceTypeError(
            f"a single {type(contents).__name__}", "a list of signals", "write [...] around it"
        )
    make: Any = kind
    return [one if isinstance(one, kind) else make(_whole(one), **units) for one in contents]


def _whole(content: Content) -> object:
    return content.getvalue() if isinstance(content, BytesIO) else content
