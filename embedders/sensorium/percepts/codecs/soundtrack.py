"""The sound track of a file: its header, and its samples on the clock of the film."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EmptyPerceptError, MediaDecodeError, PerceptValueError, show
from sensorium.percepts.capture.tags import capture_tags
from sensorium.percepts.codecs.ffmpeg import (
    length_of,
    moving_pictures,
    open_media,
    skip_to,
)
from sensorium.percepts.codecs.lengths import check_length
from sensorium.percepts.codecs.mp3 import stated_seconds
from sensorium.percepts.codecs.riff import check_riff
from sensorium.percepts.limits import Limits
from sensorium.percepts.source import Array, Encoded

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

MODALITY = "audio"  # for messages
LOWEST_RATE = 100  # Hz; slower samples are not sound, and cost too much to resample
HIGHEST_RATE = 1_000_000  # Hz
JITTER = 0.05  # seconds; the times of a file are this uneven without a pause in the sound
LATE = 5.0  # seconds; what begins later is skipped to
LONGEST_PAUSE = 600.0  # seconds without samples; beyond, the times are broken
PIECE = 2**18  # samples of silence at a time


@dataclass(frozen=True)
class Header:
    """What a header says of a sound before it is decoded."""

    rate: int  # Hz
    channels: int
    duration: float | None  # seconds
    tags: Mapping[str, str] = field(default_factory=dict)  # that say when and where it was recorded
    track: int = 0  # which sound track of the file it is, counted from 0...
    tracks: int = 1  # ... of how many
    is_default: bool = True  # whether it is taken if none is asked for
    note: str | None = None  # what is wrong with the length that the file states


def _track(container: InputContainer, source: Encoded, number: int | None) -> AudioStream:
    """Return a sound track, the default one if no number is given, ready to be decoded."""
    tracks = container.streams.audio
    if not tracks:
        raise MediaDecodeError(
            f"{source.name} ({container.format.long_name}), which has no sound track",
            "a file with sound",
            "check the file, or leave this percept out",
        )
    track = tracks[choose_track(tracks, source, number)]
    if not _is_decodable(track):
        raise MediaDecodeError(
            f"{source.name}, whose sound track cannot be decoded",
            "a sound track whose coding FFmpeg knows",
            "convert it to wav or flac",
        )
    if not LOWEST_RATE <= track.rate <= HIGHEST_RATE:
        raise MediaDecodeError(
            f"{source.name}, whose header says {track.rate} Hz",
            f"sound at {LOWEST_RATE} to {HIGHEST_RATE:_} Hz",
            "correct its header, or pass the decoded samples with their rate",
        )
    return track


def choose_track(tracks: Sequence[AudioStream], source: Encoded, number: int | None) -> int:
    """Return the number of the sound track that is asked for, or of the one that players play.

    Raises:
        PerceptValueError: The file has no such track.
    """
    return _default(tracks) if number is None else _check_number(number, tracks, source)


def _is_decodable(track: AudioStream) -> bool:
    return track.codec_context is not None and bool(track.rate and track.channels)


def _default(tracks: Sequence[AudioStream]) -> int:
    """Return the number of the track that players play: the one marked so, else the first."""
    from av.stream import Disposition

    known = [number for number, track in enumerate(tracks) if _is_decodable(track)]
    marked = [each for each in known if tracks[each].disposition & Disposition.default]
    return next(iter(marked or known), 0)


def _check_number(number: int, tracks: Sequence[AudioStream], source: Encoded) -> int:
    whole = isinstance(number, numbers.Integral) and not isinstance(number, bool)
    if not (whole and 0 <= number < len(tracks)):
        raise PerceptValueError(
            f"track={show(number)} of {source.name}, which has {len(tracks)}",
            f"a whole number from 0 to {len(tracks) - 1}",
            "correct it, or leave track out for the default one",
        )
    return int(number)


def read_header(source: Encoded, limits: Limits, *, track: int | None = None) -> Header:
    """Return what the header of a file says of a sound track.

    Args:
        source: The file.
        limits: Limits of the percept.
        track: Which track, counted from 0; by default the one that players play.
    Raises:
        MediaDecodeError: An unreadable file, or one without a sound track.
        PerceptValueError: The file has no such track.
        SourceTooLargeError: It is longer than `limits.max_seconds`.
    """
    corrected = check_riff(source)
    with open_media(source, MODALITY, limits) as container:
        found = _track(container, source, track)
        stated = corrected.seconds if corrected else length_of(container, found)
        duration = None if stated is None else max(0.0, _lead(container, found) + stated)
        limits.check_seconds(duration, source.name)
        tracks = container.streams.audio
        number = tracks.index(found)
        return Header(
            found.rate,
            found.channels,
            duration,
            capture_tags(container, found),
            number,
            len(tracks),
            number == _default(tracks),
            corrected.note if corrected else None,
        )


def _lead(container: InputContainer, track: AudioStream) -> float:
    """Return the seconds from a film's first picture to its first sound; 0 for sound alone."""
    pictures = moving_pictures(container)
    if not pictures or pictures[0].start_time is None or track.start_time is None:
        return 0.0
    first_sound = track.start_time * (track.time_base or 0)
    return float(first_sound - pictures[0].start_time * (pictures[0].time_base or 0))


def decode_track(
    source: Encoded,
    limits: Limits,
    *,
    first: int = 0,
    track: int | None = None,
    on_pause: Callable[[float], object] = lambda seconds: None,
) -> Iterator[Array]:
    """Yield `(C, n)` pieces of a sound track as they are stored, at its own rate.

    Pauses become silence, of one channel; sound from before a film's first picture is left out.

    Args:
        source: The file.
        limits: Limits of the percept.
        first: Sample at which to begin. What comes before is skipped if the file allows it, and
            decoded and dropped otherwise.
        track: Which track, counted from 0; by default the one that players play.
        on_pause: Called with the seconds of each pause between two sounds.
    Raises:
        MediaDecodeError: The file is truncated or damaged, pauses too long, or changes its rate.
        EmptyPerceptError: The file has no samples.
        SourceTooLargeError: It is longer than `limits.max_seconds`.
        SourceChangedError: The file changed after the percept was made.
    """
    with open_media(source, MODALITY, limits) as container:
        found = _track(container, source, track)
        for position, wave in _placed_pieces(
            container, found, source, first / found.rate, on_pause
        ):
            limits.check_seconds(position / found.rate, source.name)
            if wave.shape[1] > first - position:
                yield wave[:, max(0, first - position) :]


def _placed_pieces(
    container: InputContainer,
    track: AudioStream,
    source: Encoded,
    since: float,
    on_pause: Callable[[float], object],
) -> Iterator[tuple[int, Array]]:
    """Yield pieces, each with its place: the samples since the film's first picture or sound."""
    rate, channels, lead = track.rate, track.channels, _lead(container, track)
    count: int | None = 0
    origin: float | None = None  # when that first picture or sound is, by the file's clock
    if since > LATE and skip_to(container, track, since - lead):
        origin = float((track.start_time or 0) * (track.time_base or 0)) - lead
        count = None  # until the first frame says it
    for frame in container.decode(track):
        wave = _samples(frame, rate, channels, source)
        if frame.time is not None:
            origin = frame.time - lead if origin is None else origin
            count = round((frame.time - origin) * rate) if count is None else count
            pause = frame.time - origin - count / rate  # seconds
            if pause > JITTER:
                if count:
                    on_pause(pause)
                for piece in _silence(pause, count / rate, rate, source):
                    yield count, piece
                    count += piece.shape[1]
            elif count == 0:
                wave = wave[:, max(0, round(-pause * rate)) :]
        count = count or 0
        yield count, wave
        count += wave.shape[1]
    if count is not None:  # None: nothing comes after the place that was skipped to
        is_mp3 = container.format.name == "mp3"
        stated = stated_seconds(source) if is_mp3 else length_of(container, track)
        check_length(stated, count / rate - lead, source)
    if count == 0:
        raise EmptyPerceptError(
            f"{source.name}, whose sound track is empty",
            "at least one sample",
            "leave this percept out",
        )


def _samples(frame: AudioFrame, rate: int, channels: int, source: Encoded) -> Array:
    """Return `(C, n)` samples as they are stored; check that they are what the header says."""
    samples: Array = frame.to_ndarray()  # (C, n), or (1, n * C) when not planar
    if not frame.format.is_planar:
        samples = samples.reshape(frame.samples, -1).T
    if (frame.sample_rate, len(samples)) != (rate, channels):
        raise MediaDecodeError(
            f"{source.name}, which changes from {channels} channels at {rate} Hz to "
            f"{len(samples)} at {frame.sample_rate} Hz",
            "one rate and channel layout",
            "split or convert the file",
        )
    return samples


def _silence(seconds: float, since: float, rate: int, source: Encoded) -> Iterator[Array]:
    """Yield `(1, n)` zeros for a pause, in bounded pieces."""
    if seconds > LONGEST_PAUSE:
        raise MediaDecodeError(
            f"{source.name}, without sound for {seconds:.1f} s from {since:.1f} s on",
            f"pauses of at most {LONGEST_PAUSE:.0f} s",
            "split it there, or convert it to wav or flac",
        )
    count = round(seconds * rate)
    for start in range(0, count, PIECE):
        yield np.zeros((1, min(PIECE, count - start)), np.float32)
