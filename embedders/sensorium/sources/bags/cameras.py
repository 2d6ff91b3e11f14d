"""The focal length of a camera in a recording: sensor_msgs/CameraInfo, found by its namespace."""

from __future__ import annotations

from typing import Any, NamedTuple

from sensorium.errors import PerceptFormatError, UnitError
from sensorium.sources.bags.bag_file import BagFile
from sensorium.sources.bags.topics import original_of

CAMERA_TYPE = "sensor_msgs/CameraInfo"
SAME_ASPECT = 0.01  # of a ratio by which width and height of an image may be scaled differently


class Focal(NamedTuple):
    """A focal length, and where it is from."""

    fx: float  # pixels of the image
    told_by: str


class Camera:
    """The calibration of a camera, as its first message says it."""

    def __init__(self, topic: str, info: Any) -> None:
        """Take a message of a topic; ROS 1 writes some of its names in capitals."""
        self.topic, self._info = topic, info
        small = hasattr(info, "k")
        self._k = float((info.k if small else info.K)[0])
        self._p = float((info.p if small else info.P)[0])

    def focal(self, size: tuple[int, int], *, rectified: bool) -> Focal:
        """Return the focal length for images of a size.

        Args:
            size: Width and height of the images, in pixels.
            rectified: Whether they are rectified; then the projection's focal length holds.
        Raises:
            UnitError: The camera is not calibrated, or sees another picture.
        """
        name, fx = ("P", self._p) if rectified and self._p > 0 else ("K", self._k)
        if not fx > 0:
            raise _unknown(f"depth whose camera ({self.topic}) is not calibrated")
        told_by = f"{name}[0] of {self.topic}"
        seen = self._seen()
        if size == seen or 0 in seen:
            return Focal(fx / self._binning(), told_by)
        scale = size[0] / seen[0]
        if abs(scale / (size[1] / seen[1]) - 1) > SAME_ASPECT:
            raise _unknown(
                f"a depth map of {size[0]} x {size[1]} pixels, whose camera ({self.topic}) has "
                f"{seen[0]} x {seen[1]}"
            )
        return Focal(fx / self._binning() * scale, f"{told_by}, scaled by {scale:g}")

    def _binning(self) -> int:
        return max(1, int(self._info.binning_x))

    def _seen(self) -> tuple[int, int]:
        """Return the size of the images: the region of interest, if one is set, after binning."""
        info, roi = self._info, self._info.roi
        width, height = roi.width or info.width, roi.height or info.height
        return int(width) // self._binning(), int(height) // max(1, int(info.binning_y))


def camera_of(recording: BagFile, topic: str, named: str | None = None) -> Camera | None:
    """Return the camera whose images a topic has, if the recording tells it.

    It is the nearest one in whose namespace the topic lies: `/front/depth/camera_info` for
    `/front/depth/image_rect_raw`, and, as RealSense writes them, `/Depth_0/info/camera_info` for
    `/Depth_0/image/data`.

    Args:
        recording: The recording.
        topic: Name of the topic with the images.
        named: Name of the topic with the camera, where the caller says it.
    Raises:
        PerceptFormatError: What the caller says is no topic of that type.
    """
    known = [name for name, kind in recording.topics.items() if kind == CAMERA_TYPE]
    if named is not None and named not in known:
        raise PerceptFormatError(
            f"camera_info={named!r} for {topic}",
            f"a topic of the type {CAMERA_TYPE}: {', '.join(known) or 'there is none'}",
            "correct the name, or pass fx= instead",
        )
    fitting = [name for name in known if _is_near(_namespace(name), original_of(topic))]
    found = named or max(fitting, key=lambda name: len(_namespace(name)), default=None)
    if found is None:
        return None
    first = next(recording.messages([found]), None)
    return None if first is None else Camera(found, recording.decode(first))


def require_focal(topic: str) -> UnitError:
    """Return the error of metric depth whose focal length nothing says."""
    return _unknown(f"depth in {topic}, without a {CAMERA_TYPE} in its namespace")


def _is_near(namespace: str, topic: str) -> bool:
    """Return whether a topic lies in a namespace; of the outermost one, only at its top."""
    return topic.startswith(namespace) and (namespace != "/" or topic.count("/") == 1)


def _namespace(name: str) -> str:
    parent = name.rpartition("/")[0]
    return parent.removesuffix("/info") + "/"


def _unknown(came: str) -> UnitError:
    return UnitError(
        came,
        "the camera's focal length in pixels",
        'pass fx=525, with the number of its calibration, or fx="assume-60deg", or '
        'camera_info="/...", the topic that has it',
    )
