"""What the bytes of sound in a recording are: told by another topic, by the caller, or by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sensorium.errors import PerceptFormatError, UnitError, show
from sensorium.sources.bags.bag_file import BagFile
from sensorium.sources.bags.topics import Topic

INFO_TYPE = "audio_common_msgs/AudioInfo"
OPTIONS = ("rate", "channels", "sample_format", "coding", "audio_info")
MP3, WAVE = "mp3", "wave"
CODINGS = {"mp3": MP3, "wave": WAVE, "wav": WAVE, "pcm": WAVE, "raw": WAVE}
SAMPLES = {  # as GStreamer, whose names the messages have, calls them
    "S8": "i1",
    "U8": "u1",
    "S16LE": "<i2",
    "S16BE": ">i2",
    "S32LE": "<i4",
    "S32BE": ">i4",
    "F32LE": "<f4",
    "F32BE": ">f4",
}
NAMED = {"float32": "F32LE", "int32": "S32LE", "int16": "S16LE", "int8": "S8", "uint8": "U8"}
MOST_CHANNELS = 8
ID3 = b"ID3"
REMEDY = (
    'say "rate": 16000, "channels": 1, and "sample_format": "S16LE" (its default), or '
    '"coding": "mp3", or name the topic that says it: "audio_info": "/..."'
)


@dataclass(frozen=True)
class Format:
    """What the bytes are.

    Attributes:
        coding: `"mp3"` or `"wave"`, which is numbers as they are.
        sample: Type of the numbers as `SAMPLES` names it.
        rate: Samples per second.
        channels: Numbers of a sample.
        told_by: What told it.
    """

    coding: str
    sample: str = "S16LE"
    rate: int = 0
    channels: int = 1
    told_by: str = ""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the numbers."""
        return np.dtype(SAMPLES[self.sample])

    @property
    def words(self) -> str:
        """The format in words, for a reading."""
        if self.coding == MP3:
            return f"mp3 ({self.told_by})"
        return f"{self.sample}, {self.rate} Hz, {self.channels} channels ({self.told_by})"


class Formats:
    """Says what the bytes of a topic are."""

    def __init__(self, topic: Topic, recording: BagFile) -> None:
        """Look for the topic that says it.

        Raises:
            PerceptFormatError: An option is not known, or `audio_info` names no such topic.
            UnitError: An option is not what it should be.
        """
        topic.check_options(OPTIONS)
        self._topic = topic
        self._given = _checked(topic)
        self._info: Any = None
        self._begins_as_mp3 = False  # the first message, as later ones may begin within a frame
        self._named = _info_topic(topic, recording)
        if self._named is not None:
            self._info = next(
                (recording.decode(each) for each in recording.messages_of(self._named)), None
            )

    def of(self, content: bytes, sample: str, message: Any) -> Format:
        """Return the format of a message.

        Args:
            content: Its bytes.
            sample: Type of its numbers, where the message tells; else nothing.
            message: The message, which may say more itself.
        Raises:
            UnitError: Nothing tells it.
        """
        own = getattr(getattr(message, "audio", None), "info", None)
        info, told_by = (own, "the message") if own is not None else (self._info, self._named)
        said: dict[str, Any] = {}
        if info is not None:
            said = {
                "rate": int(getattr(info, "sample_rate", 0) or getattr(info, "rate", 0)),
                "channels": int(info.channels),
                "coding": str(getattr(info, "coding_format", "")).lower() or WAVE,
                "sample_format": getattr(info, "sample_format", "") or "S16LE",
            }
        said |= {"sample_format": NAMED[sample]} if sample else {}
        said |= self._given
        told = str(told_by) if info is not None else "options"
        coding = said.get("coding")
        self._begins_as_mp3 = self._begins_as_mp3 or (info is None and is_mp3(content))
        if coding is None and self._begins_as_mp3 and "rate" not in said:
            coding, told = MP3, "its first bytes"
        if coding is not None and CODINGS.get(coding) == MP3:
            return Format(MP3, told_by=told)
        return self._pcm(said, coding, told)

    def _pcm(self, said: dict[str, Any], coding: str | None, told: str) -> Format:
        rate, channels = said.get("rate", 0), said.get("channels", 1)
        sample = said.get("sample_format", "S16LE")
        wrong = {
            f"coding {coding!r}": coding is not None and coding not in CODINGS,
            f"sample_format {sample!r}": sample not in SAMPLES,
            f"{channels} channels": not 1 <= channels <= MOST_CHANNELS,
            "no rate": not rate,
        }
        for what, is_wrong in wrong.items():
            if is_wrong:
                raise UnitError(
                    f"sound of {self._topic.name} with {what}",
                    f"mp3, or samples of {', '.join(SAMPLES)} with their rate",
                    REMEDY,
                )
        return Format(WAVE, sample, rate, channels, told)


def is_mp3(content: bytes) -> bool:
    """Return whether bytes begin as those of an MP3: a tag, or a frame of layer III."""
    if content.startswith(ID3):
        return True
    if len(content) < 4 or content[0] != 0xFF or content[1] & 0xE6 != 0xE2:
        return False
    return content[2] >> 4 not in (0, 15) and content[2] >> 2 & 3 != 3  # a bit rate, a sample rate


def _checked(topic: Topic) -> dict[str, Any]:
    """Return what the caller says of the sound.

    Raises:
        UnitError: An option is not what it should be.
    """
    given = {name: topic.options[name] for name in OPTIONS[:4] if name in topic.options}
    for name in ("rate", "channels"):
        number = given.get(name, 1)
        if (
            isinstance(number, bool)
            or not isinstance(number, (int, float))
            or number != int(number)
        ):
            raise UnitError(f"{name}={show(number)} for {topic.name}", "a whole number", REMEDY)
        if name in given:
            given[name] = int(number)
    for name, known in (("sample_format", list(SAMPLES)), ("coding", list(CODINGS))):
        if name in given and given[name] not in known:
            raise UnitError(
                f"{name}={show(given[name])} for {topic.name}", f"one of {', '.join(known)}", REMEDY
            )
    return given


def _info_topic(topic: Topic, recording: BagFile) -> str | None:
    """Return the topic that says what the bytes are: the one named, or the one beside it."""
    known = [name for name, kind in recording.topics.items() if kind == INFO_TYPE]
    named = topic.options.get("audio_info")
    if named is not None:
        if named not in known:
            raise PerceptFormatError(
                f"audio_info={show(named)} for {topic.name}",
                f"a topic of the type {INFO_TYPE}: {', '.join(known) or 'there is none'}",
                'correct the name, or say "rate" and "channels" instead',
            )
        return str(named)
    place = topic.name.rpartition("/")[0]
    near = [name for name in known if name == topic.name + "_info"]
    near = near or [name for name in known if name.rpartition("/")[0] == place]
    return near[0] if len(near) == 1 else None
