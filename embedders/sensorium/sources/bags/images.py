"""Messages of sensor_msgs/Image and CompressedImage as pictures, depth maps and heat."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import (
    EmptyPerceptError,
    MediaDecodeError,
    PerceptError,
    PerceptFormatError,
    UnitError,
    show,
)
from sensorium.percepts.codecs.pictures import decode, is_deep_picture, probe
from sensorium.percepts.depth import Depth
from sensorium.percepts.image import Image
from sensorium.percepts.maps.raw_maps import RawMap
from sensorium.percepts.percept import Percept, make_percept
from sensorium.percepts.source import Array, Encoded, take
from sensorium.percepts.thermal import Thermal
from sensorium.sources.bags.bag_file import BagFile, Message
from sensorium.sources.bags.cameras import camera_of, require_focal
from sensorium.sources.bags.message_bytes import IMAGE_LAYOUT, RawImage, image_in, time_of
from sensorium.sources.bags.pixels import BAYER, MAPS, pixels
from sensorium.sources.bags.topics import Topic
from sensorium.sources.drafts import Draft, seconds_apart
from sensorium.sources.stamps import NANOSECONDS, moment, stamp_of

IMAGE_TYPE = "sensor_msgs/Image"
COMPRESSED_TYPE = "sensor_msgs/CompressedImage"
MODALITIES: Mapping[str, type[Percept]] = {"image": Image, "depth": Depth, "thermal": Thermal}
OWN_OPTIONS = ("modality", "encoding", "every", "camera_info")
UNITS = {"16UC1": "mm", "mono16": "mm", "32FC1": "m"}  # of depth, by REP 118 of ROS
# A topic with one of these words has something else than depth in its 16 bits
OTHERS = frozenset({"ir", "infra", "infrared", "thermal", "heat", "lwir", "amplitude", "intensity"})
OTHERS |= {"confidence", "disparity", "raw16"}
PNG = b"\x89PNG\r\n\x1a\n"
COARSE = 60  # rows from one that is looked at first to the next
CONFIG = struct.Struct("<iff")  # before the PNG of compressedDepth: format, and two parameters


class Content(NamedTuple):
    """What a message shows, not yet given a meaning."""

    pixels: Array | Encoded  # colours (uint8), numbers (H, W), or an encoded picture
    encoding: str  # of `sensorium.sources.bags.pixels`; nothing for a compressed picture of 8 bits
    how: str  # in words, for the reading


Form: TypeAlias = "tuple[tuple[int, ...], str, str]"  # shape, type and encoding


class Like(NamedTuple):
    """A depth map that others of the topic are like."""

    form: Form
    percept: Percept
    taken: Mapping[str, Any]  # for the reading


class Pictures:
    """Makes one percept of each message of a topic, or of one every so many seconds."""

    def __init__(self, topic: Topic, recording: BagFile) -> None:
        """Look for the camera of the topic.

        Raises:
            PerceptFormatError: An option of the topic is not known.
        """
        units = {name for cls in MODALITIES.values() for name in cls.needs}
        topic.check_options({*OWN_OPTIONS, *units})
        self._topic, self._recording = topic, recording
        self._every = _seconds(topic)
        self._next = 0
        self._like: Like | None = None
        modality = topic.options.get("modality")
        if modality not in (None, *MODALITIES):
            raise PerceptFormatError(
                f"modality={show(modality)} for {topic.name}",
                f"one of {', '.join(MODALITIES)}",
                "correct it, or leave it out",
            )
        named = topic.options.get("camera_info")
        self._camera = camera_of(recording, topic.name, named)

    def take(self, message: Message) -> Draft | None:
        """Return the percept of a message, unless the last one is too near."""
        if message.log_time < self._next:
            return None
        self._next = message.log_time + self._every
        time = time_of(message, self._recording)
        return Draft(self._topic.name, message.log_time, lambda: self._make(message), time)

    def finish(self) -> None:
        """Return nothing: each message is complete by itself."""

    def shows(self) -> str | None:
        """Return the modality of the first message; `None` if there is none, or nothing says it."""
        for message in self._recording.messages_of(self._topic.name):
            with suppress(PerceptError):
                _, content = self._content(message)
                return str(self._modality(content))
            break
        return None

    def _content(self, message: Message) -> tuple[int, Content]:
        """Return the stamp of a message, and what it shows."""
        shown = image_of(message, self._recording)
        stamp = shown.stamp if isinstance(shown, RawImage) else stamp_of(shown)
        read = _compressed if self._topic.type == COMPRESSED_TYPE else _uncompressed
        return stamp, read(shown, self._topic)

    def _modality(self, content: Content) -> Any:
        return self._topic.options.get("modality") or modality_of(self._topic, content)

    def _make(self, message: Message) -> Percept:
        stamp, content = self._content(message)
        at, told_by = moment(stamp, message.log_time)
        uri = self._topic.uri_at(message.log_time)
        form = _form(content)
        if self._like is not None and form is not None and form == self._like.form:
            _check_measured(content)
            source = RawMap(np.asarray(content.pixels))
            percept, taken = (
                self._like.percept.with_source(source, at=at, uri=uri),
                self._like.taken,
            )
        else:
            percept, taken = self._new(content, at=at, uri=uri)
            if form is not None and isinstance(percept.source, RawMap):
                # A camera's maps are alike: what the first one is, all are
                self._like = Like(form, percept, taken)
        return percept.with_reading(self._topic.describe(message.log_time, told_by, **taken))

    def _new(
        self, content: Content, *, at: datetime | None, uri: str
    ) -> tuple[Percept, Mapping[str, Any]]:
        """Make a percept, and say what was taken for what."""
        modality = self._modality(content)
        units, said = self._units(modality, content)
        source, limits = _source(content, modality), self._topic.limits
        percept = make_percept(modality, source, units, at=at, uri=uri, limits=limits)
        return percept, {"modality": modality, "pixels": content.how, **said}

    def _units(self, modality: str, content: Content) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the units of a percept, and what its reading says of them."""
        options = self._topic.options
        units = {name: options[name] for name in MODALITIES[modality].needs if name in options}
        said = dict(units)
        if modality != "depth":
            return units, said
        units.setdefault("unit", UNITS.get(content.encoding))
        said["unit"] = units["unit"] if "unit" in options else f"{units['unit']} (REP 118)"
        if "fx" not in units and self._camera is not None:
            rectified = "rect" in self._topic.name.rpartition("/")[2]
            size = _size(content.pixels, self._topic)
            units["fx"], said["fx"] = self._camera.focal(size, rectified=rectified)
            said["fx"] = f"{units['fx']:g} ({said['fx']})"
        if "fx" not in units and units["unit"] not in ("disparity", "relative"):
            raise require_focal(self._topic.name)
        return units, said


def image_of(message: Message, recording: BagFile) -> Any:
    """Return a message with the fields of its type; the pixels are not copied if they need not be.

    Raises:
        MediaDecodeError: It is not of its type.
    """
    found = None
    if recording.fields(message.kind) == IMAGE_LAYOUT:
        found = image_in(message.content, ros2=recording.is_ros2)
    return found or recording.decode(message)


def modality_of(topic: Topic, content: Content) -> str:
    """Return what the images of a topic are, where nobody says it.

    Raises:
        UnitError: They have more than 8 bits, and may be depth, heat or a picture.
    """
    if content.encoding not in MAPS:
        return "image"
    words = set(re.split(r"[^a-z]+", topic.name.lower()))
    standard = content.encoding != "mono16"  # of depth, by REP 118
    if (standard or "depth" in words) and not words & OTHERS:
        return "depth"
    raise UnitError(
        f"images of {content.encoding}, which may be depth, heat or a picture",
        "what their numbers mean",
        'say "modality": "depth", "modality": "thermal" with its "unit", or "modality": "image"',
    )


def _uncompressed(image: Any, topic: Topic) -> Content:
    encoding = topic.options.get("encoding") or image.encoding
    how = f"{encoding}, half the size" if encoding in BAYER else str(encoding)
    return Content(pixels(image, encoding, topic.limits), encoding, how)


def _compressed(message: Any, topic: Topic) -> Content:
    """Read what `image_transport` writes: a format such as "16UC1; compressedDepth png"."""
    said = message.format.partition(";")[0].strip()
    content = message.data.tobytes()
    if "compressedDepth" in message.format or topic.name.endswith("/compressedDepth"):
        return _compressed_depth(content, topic.options.get("encoding") or said, topic)
    file = take(content, modality="image", limits=topic.limits)
    assert isinstance(file, Encoded)
    encoding = topic.options.get("encoding") or said
    if encoding not in MAPS:
        encoding = "mono16" if is_deep_picture(file) else ""
    return Content(file, encoding, message.format)


def _compressed_depth(content: bytes, encoding: str, topic: Topic) -> Content:
    """Read a PNG of 16 bits behind its header; floats are kept as their inverse, quantised."""
    if not content[CONFIG.size :].startswith(PNG):
        raise MediaDecodeError(
            "a compressedDepth image that is not a PNG",
            "a PNG behind 12 bytes, as image_transport writes it by default",
            "leave the topic out, or read the uncompressed one",
        )
    _, scale, offset = CONFIG.unpack_from(content)
    file = take(content[CONFIG.size :], modality="depth", limits=topic.limits)
    assert isinstance(file, Encoded)
    if encoding != "32FC1":
        return Content(file, encoding if encoding in MAPS else "16UC1", "compressedDepth png")
    picture = decode(file, modality="depth", limits=topic.limits, upright=False, exact=True)
    metres = _from_inverse(np.asarray(picture), scale, offset)
    return Content(metres, "32FC1", "compressedDepth png, inverse depth")


def _from_inverse(counts: Array, scale: float, offset: float) -> NDArray[np.float32]:
    """Return `scale / (counts - offset)` metres, NaN where nothing was measured."""
    with np.errstate(divide="ignore"):
        metres = scale / (counts.astype(np.float64) - offset)
    metres[counts == 0] = np.nan
    return metres.astype(np.float32)


def _source(content: Content, modality: str) -> Array | Encoded:
    """Return what the class takes: a file with the numbers as they are, or the array.

    Raises:
        EmptyPerceptError: A depth map without a measured pixel.
    """
    shown = content.pixels
    if modality == "depth":
        _check_measured(content)
    if isinstance(shown, Encoded) or content.encoding not in MAPS or modality == "thermal":
        return shown
    return RawMap(shown)


def _form(content: Content) -> Form | None:
    """Return what two maps have in common if one is like the other; `None` for what is no map."""
    shown = content.pixels
    if isinstance(shown, Encoded) or content.encoding not in MAPS:
        return None
    return shown.shape, shown.dtype.str, content.how


def _check_measured(content: Content) -> None:
    """Check that a pixel of a depth map is measured; in one of a few rows there nearly always is.

    Raises:
        EmptyPerceptError: None is.
    """
    values = content.pixels
    if isinstance(values, Encoded) or (values[::COARSE] > 0).any() or (values > 0).any():
        return
    raise EmptyPerceptError("a depth map of nothing but holes", "a measured pixel", "leave it out")


def _size(shown: Array | Encoded, topic: Topic) -> tuple[int, int]:
    """Return width and height."""
    if isinstance(shown, Encoded):
        header = probe(shown, modality="depth", limits=topic.limits, upright=False, exact=True)
        return header.width, header.height
    return shown.shape[1], shown.shape[0]


def _seconds(topic: Topic) -> int:
    """Return the nanoseconds between two percepts at least."""
    every = seconds_apart(topic.options.get("every", 0), topic.name)
    return round(every * NANOSECONDS)
