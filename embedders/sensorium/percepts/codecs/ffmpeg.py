"""Opening sound and video with FFmpeg safely, and reading their length from headers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sensorium.errors import MediaDecodeError, SensoriumError
from sensorium.percepts.codecs.mp3 import check_mp3
from sensorium.percepts.codecs.riff import check_riff
from sensorium.percepts.limits import Limits
from sensorium.percepts.source import Encoded

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

# FFmpeg also reads playlists and scripts that name other files and addresses, so only formats
# that are self-contained are let through. Pictures are opened so that the refusal can say what
# they are.
PICTURES = frozenset(
    f"{kind}_pipe" for kind in ("bmp", "gif", "j2k", "jpeg", "jpegxl", "png", "tiff", "webp")
)
CONTAINERS = (
    "aac,ac3,aiff,amr,ape,apng,asf,au,avi,caf,flac,flv,gif,matroska,mov,mp3,mpeg,mpegts,ogg,w64,wav"
)
DENSE = frozenset({"av1", "h264", "hevc", "mpeg4", "vp8", "vp9"})  # codecs that need no padding
HOLE = bytes(256)  # zeros that no packet of these holds
UNSTATED = frozenset({"aac", "ac3", "amr", "mp3", "ogg"})  # FFmpeg guesses how long these are
MAX_INT = 2**31 - 1  # the largest number of pixels that FFmpeg takes
PREROLL = 1.0  # seconds before a stretch from which on decoders give the right samples


@contextmanager
def open_media(source: Encoded, modality: str, limits: Limits) -> Iterator[InputContainer]:
    """Open sound or video for decoding; every error of FFmpeg inside the block is translated.

    Args:
        source: The file.
        modality: Names the percept in messages.
        limits: `max_pixels` also bounds what FFmpeg decodes to find out what a file holds.
    Raises:
        MediaDecodeError: The file is unreadable, truncated, or of a format that is not let through.
    """
    import av

    # PyAV before 19 refuses metadata that is not UTF-8, such as old song titles, unless told how
    # to decode it; from 19 on it takes no such argument and decodes it in this way by itself.
    lenient: dict[str, Any] = {}
    if hasattr(av.container.InputContainer, "metadata_errors"):
        lenient["metadata_errors"] = "surrogateescape"
    options = {
        "format_whitelist": ",".join([CONTAINERS, *PICTURES]),
        "protocol_whitelist": "none",
        "max_pixels": str(min(limits.max_pixels, MAX_INT)),
    }
    if check_riff(source) is not None:
        options["ignore_length"] = "1"
    check_mp3(source)
    with source.open() as stream:
        nameless = SimpleNamespace(read=stream.read, seek=stream.seek, tell=stream.tell)
        # FFmpeg also guesses the format from the name, which may be wrong, so it gets none.
        try:
            with av.open(nameless, "r", options=options, **lenient) as container:
                yield container
        except (SensoriumError, MemoryError):
            raise
        except Exception as error:  # damaged files make PyAV raise more than FFmpeg's errors
            raise MediaDecodeError(
                f"{source.name}, unreadable as {modality} ({getattr(error, 'strerror', error)})",
                "a complete file of a format such as wav, flac, ogg, mp3, mp4, mkv or webm",
                "check that it plays, convert it, or pass the decoded samples",
            ) from error


def moving_pictures(container: InputContainer) -> list[VideoStream]:
    """Return the tracks with moving pictures; the cover of a song is left out."""
    from av.stream import Disposition

    if container.format.name in PICTURES:
        return []
    return [
        track
        for track in container.streams.video
        if not track.disposition & Disposition.attached_pic
    ]


def length_of(container: InputContainer, stream: Stream) -> float | None:
    """Return the seconds that a header says `stream` lasts; `None` if the file does not say."""
    if container.format.name in UNSTATED:
        return None
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    start = float((stream.start_time or 0) * (stream.time_base or 0))
    tagged = stream.metadata.get("DURATION", "")  # Matroska: "00:00:05.023000000", when it ends
    try:
        hours, minutes, seconds = tagged.split(":")
        length = 3600 * int(hours) + 60 * int(minutes) + float(seconds) - start
    except ValueError:  # no such tag; the container's length is that of its longest track
        return None
    return length if math.isfinite(length) else None


def skip_to(container: InputContainer, stream: Stream, seconds: float) -> bool:
    """Seek to shortly before a time of the track; return whether the seek worked.

    Nothing is skipped in a file without an index, or in a track without a known start.
    """
    import av

    if stream.start_time is None or not stream.time_base:
        return False
    try:
        container.seek(
            stream.start_time + max(0, round((seconds - PREROLL) / stream.time_base)), stream=stream
        )
    except av.FFmpegError:
        return False
    return True


def has_hole(packet: Packet[Any], codec: str) -> bool:
    """Return whether a part of a packet did not arrive: its container says so, or it is zeros."""
    return packet.is_corrupt or (codec in DENSE and HOLE in bytes(packet))
