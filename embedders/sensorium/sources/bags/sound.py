"""Messages of audio_common_msgs as sound: stretches of bounded length, each one percept."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import EmptyPerceptError, MediaDecodeError
from sensorium.percepts.audio import FULL_SCALE, Audio
from sensorium.percepts.source import Array
from sensorium.sources.bags.bag_file import BagFile, Message
from sensorium.sources.bags.sound_format import MP3, Format, Formats
from sensorium.sources.bags.topics import Topic
from sensorium.sources.drafts import Draft
from sensorium.sources.stamps import NANOSECONDS, moment, stamp_of

AUDIO_TYPES = (
    "audio_common_msgs/AudioData",
    "audio_common_msgs/AudioDataStamped",
    "audio_common_msgs/AudioStamped",
)
# Between two messages, beside the length of the first, what ends a stretch: the log's times jitter
PAUSE, PAUSE_OF_STAMPS = NANOSECONDS, NANOSECONDS // 5
MOST = 2**30  # bytes of a stretch, whatever its clock says
RIFF, DATA = b"RIFF", b"data"


class Piece(NamedTuple):
    """The sound of one message."""

    log_time: int  # nanoseconds
    stamp: int  # nanoseconds, 0 where none was set
    content: bytes
    format: Format

    @property
    def time(self) -> int:
        """Its time by the stamp, or by the log, in nanoseconds."""
        return self.stamp or self.log_time

    @property
    def length(self) -> int:
        """Nanoseconds of sound; 0 where the bytes do not tell."""
        if self.format.coding == MP3:
            return 0
        rate = self.format.rate * self.format.channels * self.format.dtype.itemsize
        return len(self.content) * NANOSECONDS // rate

    @property
    def end(self) -> int:
        """Time of its end, in nanoseconds."""
        return self.time + self.length


class SoundStretches:
    """Collects the messages of a topic until a pause, or until the stretch is long enough."""

    def __init__(self, topic: Topic, recording: BagFile) -> None:
        """Look for the topic that says what the bytes are.

        Raises:
            PerceptFormatError: An option of the topic is not known, or names no such topic.
            UnitError: An option is not what it should be.
        """
        self._topic, self._recording = topic, recording
        self._formats = Formats(topic, recording)
        self._pieces: list[Piece] = []
        self._bytes = 0

    def take(self, message: Message) -> Draft | None:
        """Take the next message; return the stretch before it, if it does not belong to that."""
        piece = self._piece(message)
        done = self.finish() if self._is_over(piece) else None
        self._pieces.append(piece)
        self._bytes += len(piece.content)
        return done

    def finish(self) -> Draft | None:
        """Return the stretch so far, if there is one, and begin the next."""
        pieces, self._pieces, self._bytes = self._pieces, [], 0
        return draft_of(pieces, self._topic) if pieces else None

    def _is_over(self, piece: Piece) -> bool:
        if not self._pieces:
            return False
        first, last = self._pieces[0], self._pieces[-1]
        apart = piece.time - last.time - last.length
        pause = PAUSE_OF_STAMPS if piece.stamp and last.length else PAUSE
        length = (piece.log_time - first.log_time) / NANOSECONDS
        return (
            not -PAUSE <= apart <= pause
            or length >= self._topic.stretch
            or self._bytes + len(piece.content) > MOST
            or piece.format != last.format
        )

    def _piece(self, message: Message) -> Piece:
        decoded = self._recording.decode(message)
        content, told = _content(decoded)
        return Piece(
            message.log_time, stamp_of(decoded), content, self._formats.of(content, told, decoded)
        )


def draft_of(pieces: list[Piece], topic: Topic) -> Draft:
    """Return the percept that can be made of messages in a row."""
    first = pieces[0]
    return Draft(topic.name, first.log_time, lambda: _make(pieces, topic), first.time)


def _make(pieces: list[Piece], topic: Topic) -> Audio:
    """Make one percept.

    Raises:
        EmptyPerceptError: There is no sound in the messages.
        MediaDecodeError: It is no MP3, or a sample is missing a part.
    """
    first, content = pieces[0], b"".join(piece.content for piece in pieces)
    at, told_by = moment(first.stamp, first.log_time)
    uri = topic.uri_at(first.log_time)
    if first.format.coding == MP3:
        sound = Audio(content, at=at, uri=uri, limits=topic.limits)
    else:
        samples = _samples(content, first.format)
        sound = Audio(samples, rate=first.format.rate, at=at, uri=uri, limits=topic.limits)
    taken = {"sound": first.format.words, "messages": len(pieces)}
    return sound.with_reading(topic.describe(first.log_time, told_by, **taken))


def _content(message: Any) -> tuple[bytes, str]:
    """Return the bytes of a message, and the type of their numbers if the message says it."""
    audio = getattr(message, "audio", message)
    data = getattr(audio, "audio_data", audio)
    if hasattr(data, "data"):
        return np.asarray(data.data, np.uint8).tobytes(), ""
    for name in ("float32", "int32", "int16", "int8", "uint8"):
        values = np.asarray(getattr(data, f"{name}_data", ()))
        if values.size:
            return values.astype(np.dtype(name).newbyteorder("<")).tobytes(), name
    return b"", ""


def _samples(content: bytes, form: Format) -> Array:
    """Return samples `(C, T)` of interleaved ones.

    Raises:
        EmptyPerceptError: There are none.
        MediaDecodeError: The bytes are no whole number of samples.
    """
    if content.startswith(RIFF):  # some drivers begin with the header of a file
        content = content[content.find(DATA) + 8 :]
    frame = form.channels * form.dtype.itemsize
    if not content:
        raise EmptyPerceptError("messages without sound", "at least one sample", "leave it out")
    if len(content) % frame:
        raise MediaDecodeError(
            f"{len(content)} bytes of sound ({form.words})",
            f"a whole number of samples, {frame} bytes for all channels",
            'correct the options of the topic: "channels", "sample_format"',
        )
    samples = np.frombuffer(content, form.dtype).reshape(-1, form.channels).T
    if form.dtype == np.int8:
        return samples.astype(np.int16) * np.int16(FULL_SCALE["int16"] // FULL_SCALE["uint8"])
    native: NDArray[Any] = samples.astype(form.dtype.newbyteorder("="))
    return native
