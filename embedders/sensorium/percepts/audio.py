"""Sound: a file of any kind FFmpeg reads, or samples with their rate."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Mapping
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
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
RESAMPLED = 2**17  # samples, before or after, that are resampled at a time
CROSSINGS = 6  # zero crossings of the sinc on each side
ROLLOFF = 0.99  # cutoff of the filter, as a fraction of the lower Nyquist frequency
KERNEL_SIZE = 2**24  # weights of the resampling kernel: 64 MiB

PREVIEW_RATE = 16_000  # Hz
SHORTEST_PREVIEW = 0.1  # seconds of sound; less is not shown


class Audio(Percept):
    """A sound: a file (wav, flac, ogg, mp3, m4a, the track of a video), or samples with a rate."""

    modality: ClassVar[str] = "audio"
    suffixes: ClassVar[tuple[str, ...]] = (
        *(".wav", ".mp3", ".ogg", ".oga", ".opus", ".flac"),
        *(".m4a", ".aac", ".aif", ".aiff", ".wma"),
    )
    mime_family: ClassVar[str] = "audio"
    source: Encoded | Samples
    _header: Header

    def __init__(
        self,
        source: Given,
        *,
        rate: int | None = None,
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
            at: When the sound starts.
            uri: Where it came from.
            limits: Largest sizes that are accepted.
        Raises:
            UnitError: Samples came without a rate, or a file with one.
            PerceptShapeError: Samples of another shape or dtype.
            PerceptValueError: Samples beyond full scale, or a rate that is not a whole number of Hz
                from 100 to a million.
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
            header = read_header(taken, limits)
        else:
            if rate is None:
                raise UnitError(
                    f"{taken.name} without a rate",
                    "its samples per second",
                    "write Audio(samples, rate=16_000)",
                )
            taken, rate = Samples(_canonical(taken.array)), _check_rate(rate)
            channels, count = taken.array.shape
            header = Header(rate, channels, count / rate)
        self._describe(taken, at=at, uri=uri, limits=limits)
        self._set(_header=header)

    @property
    def units(self) -> Mapping[str, Any]:
        """The rate of samples; an encoded file needs no units."""
        return {} if isinstance(self.source, Encoded) else {"rate": self.rate}

    @property
    def rate(self) -> int:
        """Samples per second and channel, in Hz, before any resampling."""
        return self._header.rate

    @property
    def channels(self) -> int:
        """Number of channels; they are averaged when the sound is read."""
        return self._header.channels

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
            Blocks of shape `(n,)`, float32, the mean of the channels; joined, they equal
            `mono(rate)` from `since` on.
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
        return _reblock(_resample(self._mono_pieces(since), self.rate, rate), round(size))

    def mono(self, rate: int) -> Wave:
        """Return the whole sound at `rate` Hz, the mean of its channels: `(T,)`, float32.

        Long recordings need less memory with `blocks`, which raises the same errors.

        Raises:
            SourceTooLargeError: The samples take more than `limits.max_memory`.
        """
        whole, count = np.empty(0, np.float32), 0
        for piece in _resample(self._mono_pieces(), self.rate, _check_rate(rate)):
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
        if isinstance(self.source, Encoded):
            for samples in decode_track(self.source, self.limits, since=since):
                yield _check_wave(_scale(samples)).mean(axis=0)
        else:
            array = self.source.array
            for start in range(round(since * self.rate), array.shape[1], CHUNK):
                yield array[:, start : start + CHUNK].mean(axis=0)


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


def _reblock(pieces: Iterator[Wave], size: int) -> Iterator[Wave]:
    """Join pieces of any length and cut them to `size`; the last may be shorter."""
    held: list[Wave] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += piece.size
        if count >= size:
            joined = np.concatenate(held)
            whole = count - count % size
            yield from joined[:whole].reshape(-1, size)
            # A view of the rest would keep the whole joined array in memory.
            held, count = [joined[whole:].copy()], count - whole
    if count:
        yield np.concatenate(held)


def _ratio(rate_in: int, rate_out: int) -> Fraction:
    """Return `rate_in / rate_out`, exact for every usual pair of rates.

    The kernel holds about numerator times denominator weights; two large rates without a common
    divisor are brought to the nearest ratio that keeps it below `KERNEL_SIZE`.
    """
    exact = Fraction(rate_in, rate_out)
    return exact.limit_denominator(max(1, math.isqrt(int(KERNEL_SIZE / exact))))


def _resample(pieces: Iterator[Wave], rate_in: int, rate_out: int) -> Iterator[Wave]:
    """Resample a stream as if the whole of it were resampled at once.

    Every `old` samples become `new` samples. The stream is cut at multiples of `old`, and each
    piece is resampled with as many neighbours on both sides as the filter reaches; silence stands
    before the start and after the end.
    """
    ratio = _ratio(rate_in, rate_out)
    old, new = ratio.numerator, ratio.denominator
    if old == new:
        yield from pieces
        return
    reach = math.ceil(CROSSINGS * old / (min(old, new) * ROLLOFF))  # samples on each side
    context = math.ceil(reach / old) * old
    held = np.zeros(context, np.float32)
    taken = given = 0
    for piece in _reblock(pieces, max(1, RESAMPLED * old // max(old, new))):
        held = np.concatenate([held, piece])
        taken += piece.size
        ready = (held.size - 2 * context) // old * old
        if ready > 0:
            yield _convert(held[: ready + 2 * context], old, new, context)
            held = held[ready:]
            given += ready * new // old
    left = math.ceil(taken * new / old) - given
    silence = math.ceil((held.size - context) / old) * old + 2 * context - held.size
    yield _convert(np.pad(held, (0, silence)), old, new, context)[:left]


def _convert(wave: Wave, old: int, new: int, context: int) -> Wave:
    """Resample `(n,)`, n a multiple of `old`; drop the output of `context` samples at each end."""
    kernel = _kernel(old, new)  # (K, new)
    reach = (len(kernel) - old) // 2
    padded = np.pad(wave, reach)
    # (n / old, K): what each `new` samples are made of
    stretches = np.lib.stride_tricks.sliding_window_view(padded, len(kernel))[::old]
    margin = context // old * new
    # NumPy before 2 multiplies a matrix of overlapping rows eight times slower than its copy
    converted: Wave = (np.ascontiguousarray(stretches) @ kernel).ravel()
    return converted[margin : wave.size // old * new - margin]


@lru_cache(maxsize=4)  # of up to 64 MiB each
def _kernel(old: int, new: int) -> Wave:
    """Return the weights `(old + 2 * reach, new)` of a sinc under a squared cosine.

    Column j makes the sample at time `j / new` of every `old` samples, whose first is at 0 and
    which are preceded by `reach` others. Smith, "Digital Audio Resampling" (CCRMA, 2002).
    """
    cutoff = min(old, new) * ROLLOFF  # twice the cutoff frequency, in units of 1 / (old samples)
    reach = math.ceil(CROSSINGS * old / cutoff)
    # In float32: the features of encoders were trained, and are compared, with weights rounded so
    before, after = (np.arange(*span, dtype=np.float32) for span in ((-reach, old + reach), (new,)))
    times = (before / np.float32(old))[:, None] - after / np.float32(new)
    crossings = (times * np.float32(cutoff)).clip(-CROSSINGS, CROSSINGS)
    window = np.cos(crossings * np.float32(np.pi / CROSSINGS / 2)) ** 2
    kernel: Wave = np.sinc(crossings) * window * np.float32(cutoff / old)
    return kernel
