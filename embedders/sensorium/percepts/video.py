"""Moving pictures: a file of any kind FFmpeg reads, or frames with their rate."""

from __future__ import annotations

import copy
import math
import numbers
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import PIL.Image
from typing_extensions import Self

from sensorium.errors import (
    EmptyPerceptError,
    MediaDecodeError,
    PerceptShapeError,
    PerceptValueError,
    TimeError,
    TooManyPixelsError,
    UnitError,
    show,
)
from sensorium.percepts.audio import Audio
from sensorium.percepts.capture.capture import Capture
from sensorium.percepts.capture.tags import capture_tags, recording_capture
from sensorium.percepts.codecs.animations import is_animated, read_periods, timed_pictures
from sensorium.percepts.codecs.ffmpeg import (
    has_hole,
    length_of,
    moving_pictures,
    open_media,
    skip_to,
)
from sensorium.percepts.codecs.lengths import check_length
from sensorium.percepts.codecs.pictures import check_memory
from sensorium.percepts.codecs.soundtrack import choose_track
from sensorium.percepts.forms import Preview, PreviewLimits
from sensorium.percepts.limits import Limits
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept, Span
from sensorium.percepts.previews import encode_photograph
from sensorium.percepts.source import Array, Encoded, Given, Samples, take

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

LATE = 5.0  # seconds; a first frame asked for later than this is skipped to
TICK = 1e-3  # seconds: Matroska rounds the start of a frame to this
FRAME_PIXEL = 40  # bytes of memory a pixel takes: a decoder may hold 16 frames, as measured
LARGE_FRAME = 20_000_000  # pixels; from there on frames are not decoded in parallel
SHOWN_BITS = 8  # of a channel of grey that people look at
FALLBACK_FPS = 25.0  # frames per second of a file that gives neither a rate nor times, as FFmpeg's
QUARTER_TURNS = {  # counterclockwise, in degrees
    90: PIL.Image.Transpose.ROTATE_90,
    180: PIL.Image.Transpose.ROTATE_180,
    270: PIL.Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True)
class _Header:
    fps: float  # average
    duration: float | None  # seconds
    tracks: int = 0  # of sound
    track: int | None = None  # the one that is heard; `None` without sound
    tags: Mapping[str, str] = field(default_factory=dict)  # that say when and where it was taken
    is_animation: bool = False  # whose frames Pillow reads


class Video(Percept):
    """A video: a file (mp4, mkv, webm, avi, an animated picture), or RGB frames with their rate."""

    modality: ClassVar[str] = "video"
    suffixes: ClassVar[tuple[str, ...]] = (
        *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts"),
        *(".3gp", ".3g2", ".wmv", ".asf", ".flv", ".f4v", ".ogv", ".vob", ".mpe", ".qt", ".divx"),
    )
    mime_family: ClassVar[str] = "video"
    source: Encoded | Samples
    _header: _Header
    _subtitles: tuple[Path, ...] = ()  # files beside it
    _size: tuple[int, int] | None
    _scanned: float | None

    def __init__(
        self,
        source: Given,
        *,
        fps: float | None = None,
        track: int | None = None,
        at: datetime | None = None,
        uri: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Take a video.

        Args:
            source: An encoded file (path, bytes, file object, data: URI), or frames of shape
                `(T, H, W, 3)`, uint8, RGB.
            fps: Frames per second; for arrays only, and then always.
            track: Which sound track of a file `sound()` returns, counted from 0; by default the one
                that players play. It does not count in `digest`, nor in `to_dict`.
            at: When the video starts.
            uri: Where it came from.
            limits: Largest sizes that are accepted; `max_pixels` and `max_memory` are for each
                frame.
        Raises:
            UnitError: Frames without `fps` or with a track, or a file with `fps`.
            PerceptShapeError: Frames of another shape or dtype.
            PerceptValueError: `fps` is not positive and finite, or there is no such track.
            TooManyPixelsError: A frame is larger than `limits` allow.
            SourceTooLargeError: It is longer than `limits.max_seconds`.
            MediaDecodeError: The file is unreadable, or has no moving picture.
            TimeError: `at` is not an aware datetime.
            PerceptError: `sensorium.percepts.source.take` refuses the source.
        """
        taken = take(source, modality=self.modality, limits=limits)
        if isinstance(taken, Encoded):
            if fps is not None:
                raise UnitError(
                    f"fps={show(fps)} for the encoded video {taken.name}",
                    "no fps: the file carries its own",
                    "leave fps out",
                )
            read = _read_animation if is_animated(taken, limits) else _read_header
            header = read(taken, limits, track)
        else:
            fps = _check_fps(fps, taken)
            _check_no_track(track, taken.name)
            _check_frames(taken.array, limits)
            header = _Header(fps, len(taken.array) / fps)
        self._describe(taken, at=at, uri=uri, limits=limits)
        self._set(_header=header, _size=None, _scanned=None)

    @property
    def units(self) -> Mapping[str, Any]:
        """The frame rate of arrays; an encoded file needs no units."""
        return {} if isinstance(self.source, Encoded) else {"fps": self.fps}

    @property
    def fps(self) -> float:
        """Frames per second, on average."""
        return self._header.fps

    @property
    def has_sound(self) -> bool:
        """Whether the video has a track of sound."""
        return self._header.tracks > 0

    @property
    def tracks(self) -> int:
        """Number of its sound tracks."""
        return self._header.tracks

    @property
    def track(self) -> int | None:
        """Which of them `sound()` returns, counted from 0; `None` without sound."""
        return self._header.track

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels of an upright frame; the first frame of a file is decoded."""
        if self._size is None:
            self._set(_size=next(self.frames([0.0])).size)
        assert self._size is not None
        return self._size

    @property
    def duration(self) -> float:
        """Seconds; if the header does not state them, the file is read through.

        Raises:
            MediaDecodeError: The file is damaged or truncated.
            SourceTooLargeError: It is longer than `limits.max_seconds`.
        """
        if self._header.duration is not None:
            return self._header.duration
        if self._scanned is None:
            assert isinstance(self.source, Encoded)
            self._set(_scanned=_scan_length(self.source, self.limits))
        assert self._scanned is not None
        return self._scanned

    def frames(self, times: Iterable[float]) -> Iterator[PIL.Image.Image]:
        """Yield the frame on show at each of `times`, decoding the file once, in order.

        Args:
            times: Seconds from the first frame, none before its predecessor; those before the
                start or after the end get the first or the last frame. Consumed one at a time.
        Returns:
            One upright RGB picture for each time (transparency is shown on white).
        Raises:
            TimeError: A time is earlier than the one before, or not finite.
            MediaDecodeError: The file is damaged or truncated; raised while iterating.
            SourceTooLargeError: It is longer than `limits.max_seconds`; raised while iterating.
            EmptyPerceptError: The file has no frames; raised while iterating.
            SourceChangedError: The file changed after the percept was made.
        """
        wanted = _in_order(times)
        if isinstance(self.source, Encoded):
            if self._header.is_animation:
                return _on_show(timed_pictures(self.source, self.limits), wanted)
            return _pictures_at(self.source, wanted, self.limits, self._note_damage)
        return self._pictures(self.source.array, wanted)

    def _note_damage(self, count: int, first: float) -> None:
        frames = "1 frame" if count == 1 else f"{count} frames"
        self._note(damaged=f"{frames}, from {first:.1f} s on")

    def _pictures(self, array: Array, wanted: Iterator[float]) -> Iterator[PIL.Image.Image]:
        for time in wanted:
            index = math.floor((time + TICK) * self.fps)
            yield PIL.Image.fromarray(array[min(max(index, 0), len(array) - 1)])

    def sound(self, *, track: int | None = None) -> Audio:
        """Return a sound track of the same file, with the same `at` and `uri`.

        It begins with the first picture, in silence if the track starts later.

        Args:
            track: Which track, counted from 0; by default the one that the video was made with.
        Raises:
            MediaDecodeError: The video has no sound track; `has_sound` tells beforehand.
            PerceptValueError: It has no such track.
        """
        if not isinstance(self.source, Encoded):
            raise MediaDecodeError(
                f"{self.source.name}, which has no sound track",
                "a video file with sound",
                "make an Audio of the sound itself",
            )
        chosen = self._header.track if track is None else track
        return Audio(self.source, track=chosen, at=self.at, uri=self.uri, limits=self.limits)

    @property
    def subtitles(self) -> tuple[Path, ...]:
        """Paths of the files with its subtitles."""
        return self._subtitles

    def with_subtitles(self, *paths: Path) -> Self:
        """Return the same video with subtitles, files that lie beside it.

        They count neither in `digest` nor in `to_dict`; a memory keeps their words with the video.
        `sensorium.sources.walk` finds them.

        Args:
            paths: Paths of SRT or WebVTT files.
        """
        same = copy.copy(self)
        same._set(_subtitles=tuple(path.absolute() for path in paths))
        return same

    def read_capture(self) -> Capture:
        """Return when and where it was recorded, by the tags of its file."""
        return recording_capture(self._header.tags)

    def make_preview(self, span: Span | None, limits: PreviewLimits) -> Preview | None:
        """Return the frame in the middle of the stretch, or the first one."""
        moment = (span.start + span.end) / 2 if span else 0.0
        return encode_photograph(next(self.frames([moment])), limits)


def _check_no_track(track: int | None, name: str) -> None:
    if track is not None:
        raise UnitError(
            f"track={show(track)} for {name}, which has no sound track",
            "a video file with sound",
            "leave track out",
        )


def _check_fps(fps: float | None, frames: Samples) -> float:
    if fps is None:
        raise UnitError(
            f"{frames.name} without fps",
            "its frames per second",
            "write Video(frames, fps=30)",
        )
    if isinstance(fps, bool) or not isinstance(fps, numbers.Real) or not 0 < fps < math.inf:
        raise PerceptValueError(f"fps={show(fps)}", "a positive number", "pass frames per second")
    return float(fps)


def _check_frames(frames: Array, limits: Limits) -> None:
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype.name != "uint8":
        transposed = frames.ndim == 4 and frames.shape[1] == 3
        raise PerceptShapeError(
            f"frames of shape {frames.shape} and dtype {frames.dtype}",
            "RGB frames of shape (T, H, W, 3) and dtype uint8",
            "pass frames.transpose(0, 2, 3, 1)" if transposed else "convert them to 8-bit RGB",
        )
    _check_pixels(frames.shape[2], frames.shape[1], "an array", limits)


def _check_pixels(width: int, height: int, name: str, limits: Limits) -> None:
    if width * height > limits.max_pixels:
        raise TooManyPixelsError(
            f"{name} with frames of {width} x {height} pixels",
            f"at most {limits.max_pixels} pixels",
            "scale it down, or raise the limit with limits=Limits(max_pixels=...)",
        )


def _check_depth(track: VideoStream, source: Encoded) -> None:
    """Check that the frames are pictures: one channel of more than 8 bits is of a sensor."""
    form = track.format
    if form is not None and len(form.components) == 1 and form.components[0].bits > SHOWN_BITS:
        raise UnitError(
            f"{source.name}, a video of one channel of {form.components[0].bits} bits",
            "frames that are pictures; these may be depth or heat",
            "make a Depth or a Thermal of each frame, with its unit",
        )


def _in_order(times: Iterable[float]) -> Iterator[float]:
    previous = -math.inf
    for time in times:
        if not (previous <= time and math.isfinite(time)):
            raise TimeError(
                f"the time {time!r} after {previous!r}",
                "finite times, none before its predecessor",
                "sort them, and ask for the frames in that order",
            )
        previous = time
        yield time


def _track(container: InputContainer, source: Encoded, limits: Limits) -> VideoStream:
    """Return the first moving picture, ready to be decoded."""
    tracks = moving_pictures(container)
    if not tracks:
        raise MediaDecodeError(
            f"{source.name} ({container.format.long_name}), which has no moving picture",
            "a video file",
            "make an Image or an Audio of it instead",
        )
    track = tracks[0]
    if track.codec_context is None:
        raise MediaDecodeError(
            f"{source.name}, whose picture cannot be decoded",
            "a video whose coding FFmpeg knows",
            "convert it to mp4 (H.264)",
        )
    if not track.width * track.height:  # what FFmpeg says of sizes beyond its own limit
        raise TooManyPixelsError(
            f"{source.name} with frames of unknown or too large a size",
            f"at most {limits.max_pixels} pixels",
            "scale it down, or raise the limit with limits=Limits(max_pixels=...)",
        )
    _check_depth(track, source)
    _check_pixels(track.width, track.height, source.name, limits)
    check_memory((track.width, track.height), FRAME_PIXEL, source.name, limits)
    # Threads that work on a frame each also hold one each
    track.thread_type = "SLICE" if track.width * track.height > LARGE_FRAME else "AUTO"
    return track


def _fps(track: VideoStream) -> float:
    return float(track.average_rate or track.guessed_rate or FALLBACK_FPS)


def _read_header(source: Encoded, limits: Limits, sound: int | None) -> _Header:
    with open_media(source, Video.modality, limits) as container:
        track = _track(container, source, limits)
        duration = length_of(container, track)
        limits.check_seconds(duration, source.name)
        sounds = container.streams.audio
        if not sounds:
            _check_no_track(sound, source.name)
        heard = choose_track(sounds, source, sound) if sounds else None
        tags = capture_tags(container, track)
        return _Header(_fps(track), duration, len(sounds), heard, tags)


def _read_animation(source: Encoded, limits: Limits, sound: int | None) -> _Header:
    _check_no_track(sound, source.name)
    periods = read_periods(source, limits)
    length = math.fsum(periods)
    limits.check_seconds(length, source.name)
    return _Header(len(periods) / length, length, is_animation=True)


def _on_show(
    pictures: Iterator[tuple[float, PIL.Image.Image]], wanted: Iterator[float]
) -> Iterator[PIL.Image.Image]:
    """Yield the picture on show at each time; pictures come with the times they start at."""
    _, shown = next(pictures)
    upcoming = next(pictures, None)
    for time in wanted:
        while upcoming is not None and upcoming[0] <= time + TICK:
            shown, upcoming = upcoming[1], next(pictures, None)
        yield shown


def _scan_length(source: Encoded, limits: Limits) -> float:
    """Return the seconds from the first frame to the end of the last, without decoding."""
    with open_media(source, Video.modality, limits) as container:
        track = _track(container, source, limits)
        starts = [
            None if packet.pts is None else float(packet.pts * (packet.time_base or 0))
            for packet in container.demux(track)
            if packet.size  # the one that ends the stream is empty
        ]
        timed = [start for start in starts if start is not None]
        period = 1 / _fps(track)
    between = max(timed) - min(timed) if timed else (len(starts) - 1) * period
    limits.check_seconds(between + period, source.name)
    return between + period


def _pictures_at(
    source: Encoded,
    wanted: Iterator[float],
    limits: Limits,
    on_damage: Callable[[int, float], object],
) -> Iterator[PIL.Image.Image]:
    """Yield the picture on show at each time; no other frame is converted."""
    first = next(wanted, None)
    with open_media(source, Video.modality, limits) as container:
        track = _track(container, source, limits)
        late = first is not None and first > LATE and not _is_counted(container)
        late = late and skip_to(container, track, first or 0.0)
        following = _timed_frames(container, track, source, limits, on_damage, skipped=late)
        shown = next(following, None)
        if late and (shown is None or shown[0] > (first or 0) + TICK):  # too far: from the start
            container.seek(0)
            following = _timed_frames(container, track, source, limits, on_damage)
            shown = next(following, None)
        if shown is None:
            raise EmptyPerceptError(
                f"{source.name}, which has no frames", "at least one", "leave this percept out"
            )
        upcoming = next(following, None)
        for time in chain([] if first is None else [first], wanted):
            while upcoming is not None and upcoming[0] <= time + TICK:
                shown, upcoming = upcoming, next(following, None)
            yield _upright(shown[1])


def _is_counted(container: InputContainer) -> bool:
    """Return whether the frames of a file have no times, only a rate."""
    return container.format.name == "avi"


def _timed_frames(
    container: InputContainer,
    track: VideoStream,
    source: Encoded,
    limits: Limits,
    on_damage: Callable[[int, float], object],
    *,
    skipped: bool = False,
) -> Iterator[tuple[float, VideoFrame]]:
    """Yield every frame with its start in seconds from the first; some may have been `skipped`.

    Where FFmpeg had to make up a part of a frame, or its packet has a hole, `on_damage` is called
    with the number of such frames so far, and the time of the last that is whole.
    """
    torn = made_up = 0
    whole = 0.0
    period = 1 / _fps(track)
    counted = _is_counted(container)
    origin = float((track.start_time or 0) * (track.time_base or 0)) if skipped else None
    start = end = 0.0
    for index, (frame, holes) in enumerate(_decoded(container, track)):
        _check_pixels(frame.width, frame.height, source.name, limits)  # may change on the way
        check_memory((frame.width, frame.height), FRAME_PIXEL, source.name, limits)
        if counted or frame.time is None:
            start = index * period if counted else end
        else:
            origin = frame.time if origin is None else origin
            start = max(start, frame.time - origin)
        length = float((frame.duration or 0) * (frame.time_base or 0))
        end = start + max(period, length)
        limits.check_seconds(start, source.name)
        torn, made_up = holes, made_up + frame.is_corrupt
        if torn or made_up:
            on_damage(max(torn, made_up), whole)
        else:
            whole = start
        yield start, frame
    if end or not skipped:  # nothing comes after the place that was skipped to
        check_length(length_of(container, track), end, source)


def _decoded(container: InputContainer, track: VideoStream) -> Iterator[tuple[VideoFrame, int]]:
    """Yield every frame, with the number of packets with a hole so far.

    FFmpeg's decoders, whose threads work ahead, do not always mark the frames of such packets.
    """
    holes = 0
    for packet in container.demux(track):
        holes += has_hole(packet, track.codec_context.name)
        for frame in packet.decode():
            yield frame, holes


def _converted(frame: VideoFrame, form: str) -> Array:
    """Return the pixels of a frame in another form, `(H, W, C)`, uint8.

    By one thread: PyAV 19 keeps the converter of each thread, and a child that another thread
    forked hangs as it ends the threads that a converter had in its parent.
    """
    pixels: Array = frame.reformat(format=form, threads=1).to_ndarray()
    return pixels


def _upright(frame: VideoFrame) -> PIL.Image.Image:
    """Return RGB as the camera was held; the file stores how far to turn counterclockwise."""
    if any(component.is_alpha for component in frame.format.components):
        layers = PIL.Image.fromarray(_converted(frame, "rgba"))
        white = PIL.Image.new("RGBA", layers.size, "white")
        picture = PIL.Image.alpha_composite(white, layers).convert("RGB")
    else:
        picture = PIL.Image.fromarray(_converted(frame, "rgb24"))
    turn = QUARTER_TURNS.get(round(frame.rotation / 90) * 90 % 360)
    return picture if turn is None else picture.transpose(turn)
