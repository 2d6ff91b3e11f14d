"""Sound: a file of any kind FFmpeg reads, or samples with their rate."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import (
    NonFiniteError,
    PerceptShapeError,
    PerceptValueError,
    UnitError,
    show,
)
from sensorium.percepts.capture.capture import Capture
from sensorium.percepts.capture.tags import recording_capture
from sensorium.percepts.codecs.mixing import first_step, mix_down
from sensorium.percepts.codecs.sinc import reblock, resample
from sensorium.percepts.codecs.soundtrack import (
    HIGHEST_RATE,
    LOWEST_RATE,
    Header,
    decode_track,
    read_header,
)
from sensorium.percepts.codecs.wav import PCM_BYTES, PCM_HEADER, encode_float_wav, encode_pcm_wav
from sensorium.percepts.forms import PerceptFile, Preview, PreviewLimits
from sensorium.percepts.limits import Limits
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept, Span
from sensorium.percepts.source import Array, Encoded, Given, Samples, take

Wave: TypeAlias = NDArray[np.float32]

MAX_CHANNELS = 8  # an array with more channels is taken for a transposed one
FULL_SCALE = {
    "uint8": 2**7,
    "int16": 2**15,
    "int32": 2**31,
}  # integer samples / this are in [-1, 1]
LOUDEST = 8.0  # full scale is 1; float samples beyond this are at integer scale
GROWTH = 4  # a sound of unknown length gets a quarter more room whenever it runs out
CHUNK = 2**18  # samples converted at a time: about 5 s at 48 kHz

QUIET = 1e-2  # share of full scale, -40 dB: of less, `reading` says how little it is

PREVIEW_RATE = 16_000  # Hz
SHORTEST_PREVIEW = 0.1  # seconds of sound; less is not shown


class Audio(Percept):
    """A sound: a file (wav, flac, ogg, mp3, m4a, the track of a video), or samples with a rate."""

    modality: ClassVar[str] = "audio"
    suffixes: ClassVar[tuple[str, ...]] = (
        *(".wav", ".mp3", ".ogg", ".oga", ".opus", ".flac"),
        *(".m4a", ".aac", ".aif", ".aiff", ".wma", ".m4b", ".m4r", ".mka", ".weba", ".caf", ".au"),
        *(
            ".snd",
            ".w64",
            ".rf64",
            ".amr",
            ".awb",
            ".3ga",
            ".ac3",
            ".aifc",
            ".mp2",
            ".mpga",
            ".spx",
        ),
        *(".ape", ".wave"),
    )
    mime_family: ClassVar[str] = "audio"
    source: Encoded | Samples
    _header: Header

    def __init__(
        self,
        source: Given,
        *,
        rate: int | None = None,
        track: int | None = None,
        at: datetime | None = None,
        uri: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Take a sound.

        Args:
            source: An encoded file (path, bytes, file object, data: URI), or samples of shape
                `(T,)` or `(C, T)` with at most 8 channels: uint8, int16 or int32 at full scale, or
                floats in [-1, 1].
            rate: Samples per second in Hz; for samples only, and then always.
            track: Which sound track of a file, counted from 0; by default the one that the file
                marks as its default, else the first that can be decoded.
            at: When the sound starts.
            uri: Where it came from.
            limits: Largest sizes that are accepted.
        Raises:
            UnitError: Samples came without a rate or with a track, or a file with a rate.
            PerceptShapeError: Samples of another shape or dtype.
            PerceptValueError: Samples beyond full scale, a rate that is not a whole number of Hz
                from 100 to a million, or a track that the file does not have.
            NonFiniteError: NaN or infinity among the samples.
            TimeError: `at` is not an aware datetime.
            PerceptError: `sensorium.percepts.source.take` refuses the source.
            SourceTooLargeError: A file that is longer than `limits.max_seconds`.
            MediaDecodeError: An unreadable file, or one without a sound track.
        """
        taken = take(source, modality=self.modality, limits=limits)
        if isinstance(taken, Encoded):
            if rate is not None:
                raise UnitError(
                    f"rate={show(rate)} for the encoded sound {taken.name}",
                    "no rate: the file carries its own",
                    "leave rate out",
                )
            header = read_header(taken, limits, track=track)
        else:
            if rate is None or track is not None:
                raise UnitError(
                    f"{taken.name} " + ("without a rate" if rate is None else f"with {track=}"),
                    "its samples per second, and no track",
                    "write Audio(samples, rate=16_000)",
                )
            taken, rate = Samples(_canonical(taken.array)), _check_rate(rate)
            channels, count = taken.array.shape
            header = Header(rate, channels, count / rate)
        self._describe(taken, at=at, uri=uri, limits=limits)
        self._set(_header=header)
        if header.note:
            self._note(length=header.note)

    @property
    def units(self) -> Mapping[str, Any]:
        """The rate of samples; the track of a file, if it is not the one taken by default."""
        if not isinstance(self.source, Encoded):
            return {"rate": self.rate}
        return {} if self._header.is_default else {"track": self.track}

    @property
    def rate(self) -> int:
        """Samples per second and channel, in Hz, before any resampling."""
        return self._header.rate

    @property
    def channels(self) -> int:
        """Number of channels; they become one when the sound is read."""
        return self._header.channels

    @property
    def tracks(self) -> int:
        """Number of sound tracks in the file, of which this is one; 1 for samples."""
        return self._header.tracks

    @property
    def track(self) -> int:
        """Which of them this is, counted from 0."""
        return self._header.track

    @property
    def duration(self) -> float | None:
        """Seconds, for a file by its header; `None` if the header states no length (mp3, ogg)."""
        return self._header.duration

    def blocks(self, rate: int, *, seconds: float = 60.0, since: float = 0.0) -> Iterator[Wave]:
        """Yield the sound back to back, in bounded memory, however long it is.

        Args:
            rate: Samples per second of what is yielded, in Hz.
            seconds: Length of each block; the last may be shorter.
            since: Seconds at which to begin. From 5 s on, what comes before is not decoded, and
                the place is as exact as the file's own times.
        Returns:
            Blocks of shape `(n,)`, float32, the mean of the channels, of which those that would
            cancel others are turned over; joined, they equal `mono(rate)` from `since` on.
        Raises:
            PerceptValueError: `rate`, `seconds` or `since` is out of range; while iterating,
                samples beyond full scale, NaN or infinite.
            MediaDecodeError: The file is truncated or damaged; raised while iterating.
            SourceTooLargeError: It is longer than `limits.max_seconds`; raised while iterating.
            EmptyPerceptError: The file has no samples; raised while iterating.
            SourceChangedError: The file changed after the percept was made; raised while iterating.
        """
        size = seconds * _check_rate(rate)
        if not 1 <= size < math.inf:
            raise PerceptValueError(
                f"blocks of {show(seconds)} s at {rate} Hz",
                "at least one sample each",
                "raise seconds",
            )
        if not 0 <= since < math.inf:
            raise PerceptValueError(f"since={show(since)}", "seconds from 0 on", "correct it")
        return reblock(resample(self._mono_pieces(since), self.rate, rate), round(size))

    def mono(self, rate: int) -> Wave:
        """Return the whole sound at `rate` Hz as one channel, as in `blocks`: `(T,)`, float32.

        Long recordings need less memory with `blocks`, which raises the same errors.

        Raises:
            SourceTooLargeError: The samples take more than `limits.max_memory`.
        """
        whole, count = np.empty(0, np.float32), 0
        for piece in resample(self._mono_pieces(), self.rate, _check_rate(rate)):
            count += piece.size
            self.limits.check_samples(
                count, whole.itemsize, f"a sound at {rate} Hz", "read it in pieces with blocks()"
            )
            if count > whole.size:  # in place: joining pieces would hold the sound twice
                whole.resize(count + whole.size // GROWTH, refcheck=False)
            whole[count - piece.size : count] = piece
        whole.resize(count, refcheck=False)
        return whole

    def read_capture(self) -> Capture:
        """Return when and where it was recorded, by the tags of its file."""
        return recording_capture(self._header.tags)

    def make_file(self) -> PerceptFile | None:
        """Return the samples as a WAV of 32-bit floats."""
        content = encode_float_wav(self.to_array(), self.rate)
        return PerceptFile(Encoded(data=content), "wav", "audio/wav", {}) if content else None

    def make_preview(self, span: Span | None, limits: PreviewLimits) -> Preview | None:
        """Return the stretch as a 16-bit WAV, as much from its start on as fits."""
        most = (limits.max_bytes - PCM_HEADER) // PCM_BYTES / PREVIEW_RATE  # seconds
        start = max(0.0, span.start) if span else 0.0
        length = min(most, max(SHORTEST_PREVIEW, span.end - start) if span else math.inf)
        if length < SHORTEST_PREVIEW:
            return None
        stretch = self._stretch(start, length)
        if stretch.size == 0:
            return None
        sound = Audio(stretch, rate=self.rate).mono(PREVIEW_RATE)[: int(most * PREVIEW_RATE)]
        return Preview("audio/wav", encode_pcm_wav(sound, PREVIEW_RATE))

    def _stretch(self, start: float, length: float) -> Wave:
        """Return `(n,)` samples at the file's own rate; nothing after the stretch is decoded."""
        count = max(1, round(length * self.rate))
        pieces = [np.empty(0, np.float32)]
        for block in self.blocks(self.rate, seconds=1.0, since=start):
            pieces.append(block[:count])
            count -= block.size
            if count <= 0:
                break
        return np.concatenate(pieces)

    def _mono_pieces(self, since: float = 0.0) -> Iterator[Wave]:
        """Yield `(n,)` pieces of any length at the file's own rate, from `since` seconds on."""
        wanted = round(since * self.rate)
        first = first_step(wanted, self.rate) if self.channels > 1 else wanted
        pieces = mix_down(self._pieces(first), self.channels, self.rate)
        yield from _without_first(self._noting_level(pieces, since), wanted - first)

    def _pieces(self, first: int) -> Iterator[Wave]:
        """Yield `(C, n)` samples in [-1, 1] at the file's own rate, from the sample `first` on."""
        if isinstance(self.source, Encoded):
            pauses: list[float] = []
            decoded = decode_track(
                self.source, self.limits, first=first, track=self.track, on_pause=pauses.append
            )
            for samples in decoded:
                if pauses:
                    self._note(pauses=f"{len(pauses)}, {sum(pauses):.1f} s in all, kept as silence")
                yield _check_wave(_scale(samples))
        else:
            array = self.source.array
            for start in range(first, array.shape[1], CHUNK):
                yield array[:, start : start + CHUNK]

    def _noting_level(self, pieces: Iterator[Wave], since: float) -> Iterator[Wave]:
        """Pass on pieces, and say in `reading` if the whole of them was hardly to be heard.

        The level is half of what lies between the highest and the lowest sample of a piece, so that
        a constant offset does not count.
        """
        loudest = 0.0
        for piece in pieces:
            if piece.size:
                loudest = max(loudest, float(piece.max() - piece.min()) / 2)
            yield piece
        if since == 0 and loudest < QUIET:
            level = f"{20 * math.log10(loudest):.0f} dBFS" if loudest else "silence"
            self._note(quiet=level)


def _without_first(pieces: Iterator[Wave], count: int) -> Iterator[Wave]:
    for piece in pieces:
        if count < piece.size:
            yield piece[count:]
        count = max(0, count - piece.size)


def _check_rate(rate: float) -> int:
    number = isinstance(rate, numbers.Real) and not isinstance(rate, bool)
    if not (number and LOWEST_RATE <= rate <= HIGHEST_RATE and int(rate) == rate):
        raise PerceptValueError(
            f"a rate of {show(rate)}",
            f"a whole number of Hz from {LOWEST_RATE} to {HIGHEST_RATE:_}",
            "pass samples per second",
        )
    return int(rate)


def _canonical(array: Array) -> Wave:
    """Convert the samples of an array to `(C, T)` float32 in [-1, 1]."""
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2:
        raise PerceptShapeError(
            f"sound of shape {array.shape}", "(T,) or (channels, T)", "pass one sound at a time"
        )
    channels, count = array.shape
    if count < channels and count <= MAX_CHANNELS:
        raise PerceptShapeError(
            f"sound of shape {array.shape}, which looks transposed",
            "(channels, T)",
            "pass samples.T",
        )
    if channels > MAX_CHANNELS:
        raise PerceptShapeError(
            f"sound of {channels} channels",
            f"at most {MAX_CHANNELS}",
            "choose the channels to keep, or average them",
        )
    return _check_wave(_scale(array))


def _scale(array: Array) -> Wave:
    """Return float32; integers are divided by their full scale, which loses nothing at 16 bits."""
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what becomes infinite is refused next
            return array.astype(np.float32)
    name = array.dtype.name
    if name not in FULL_SCALE:
        raise PerceptShapeError(
            f"sound of dtype {name}",
            f"floats, or one of {', '.join(FULL_SCALE)}",
            "convert the samples to float32 in [-1, 1]",
        )
    if name == "int32" and 0 < np.abs(array.astype(np.int64)).max() < FULL_SCALE["int16"]:
        raise PerceptValueError(
            "int32 samples that all fit 16 bits, hence nearly silent at full scale",
            "32-bit samples",
            "pass samples.astype(np.int16) if they are 16-bit",
        )
    centred = array - np.float64(128) if name == "uint8" else array  # 8-bit silence is 128
    return (centred / np.float64(FULL_SCALE[name])).astype(np.float32)


def _check_wave(wave: Wave) -> Wave:
    """Check that samples `(C, n)` are finite and not at integer scale, and return them."""
    loudest = float(np.abs(wave).max(initial=0.0))  # NaN and infinity survive the maximum
    if not math.isfinite(loudest):
        channel, index = np.argwhere(~np.isfinite(wave))[0]
        raise NonFiniteError(
            f"sound with {wave[channel, index]} at sample {index} of channel {channel}",
            "finite samples",
            "repair the recording or cut that stretch out",
        )
    if loudest > LOUDEST:
        raise PerceptValueError(
            f"float samples up to {loudest:g}, which look like integer scale",
            "floats in [-1, 1]",
            "divide by the full scale (32768 for 16 bits), or pass the integers themselves",
        )
    return wave
