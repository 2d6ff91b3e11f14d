"""What a container of sound or film holds, whatever its name says."""

from __future__ import annotations

from sensorium.errors import SensoriumError
from sensorium.percepts.codecs.ffmpeg import moving_pictures, open_media
from sensorium.percepts.limits import Limits
from sensorium.percepts.source import Encoded


def held_modality(source: Encoded, limits: Limits) -> str | None:
    """Return "video" for a file with moving pictures, "audio" for one with sound alone.

    Only the header is read. `None` is a file with neither, or one that FFmpeg cannot open: whoever
    reads it says what is wrong.
    """
    try:
        with open_media(source, "media", limits) as container:
            if moving_pictures(container):
                return "video"
            return "audio" if container.streams.audio else None
    except SensoriumError:
        return None
