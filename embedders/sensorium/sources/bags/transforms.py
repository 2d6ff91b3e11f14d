"""Rigid motions of space: a position and a rotation, composed and interpolated."""

from __future__ import annotations

import math
from typing import NamedTuple

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]  # x y z w, of unit length

UNSET: Quaternion = (0.0, 0.0, 0.0, 0.0)  # of a pose whose rotation nobody set
NEARLY_ONE = 0.9995  # cosine of half an angle between rotations that slerp would divide by


class Transform(NamedTuple):
    """The pose of a frame in another one: what it does to points of the first."""

    position: Vector  # metres
    rotation: Quaternion  # x y z w, of length 1

    def after(self, inner: Transform) -> Transform:
        """Return this transform applied to what another one gives: `self * inner`."""
        turned = rotate(self.rotation, inner.position)
        x, y, z = (mine + theirs for mine, theirs in zip(self.position, turned, strict=True))
        return Transform((x, y, z), product(self.rotation, inner.rotation))

    def inverse(self) -> Transform:
        """Return the transform that undoes this one."""
        x, y, z, w = self.rotation
        back = (-x, -y, -z, w)
        px, py, pz = rotate(back, self.position)
        return Transform((-px, -py, -pz), back)


STILL = Transform((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))  # moves nothing


def product(first: Quaternion, second: Quaternion) -> Quaternion:
    """Return Hamilton's product: the second rotation, then the first."""
    ax, ay, az, aw = first
    bx, by, bz, bw = second
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def rotate(rotation: Quaternion, vector: Vector) -> Vector:
    """Return a vector that is turned by a rotation."""
    x, y, z, w = rotation
    vx, vy, vz = vector
    tx, ty, tz = (2 * (y * vz - z * vy), 2 * (z * vx - x * vz), 2 * (x * vy - y * vx))
    return (
        vx + w * tx + y * tz - z * ty,
        vy + w * ty + z * tx - x * tz,
        vz + w * tz + x * ty - y * tx,
    )


def unit(rotation: Quaternion) -> Quaternion | None:
    """Return a quaternion of length 1; `None` where it has no length, as one that was never set."""
    length = math.sqrt(sum(part * part for part in rotation))
    if not 0 < length < math.inf:
        return None
    x, y, z, w = (part / length for part in rotation)
    return x, y, z, w


def between(first: Transform, second: Transform, share: float) -> Transform:
    """Return the pose on the way between two, at a share of it from 0 to 1.

    The position goes straight, the rotation the shorter way round at an even speed (slerp).

    Args:
        first: The pose at 0.
        second: The pose at 1.
        share: From 0 to 1.
    """
    x, y, z = (a + (b - a) * share for a, b in zip(first.position, second.position, strict=True))
    return Transform((x, y, z), slerp(first.rotation, second.rotation, share))


def slerp(first: Quaternion, second: Quaternion, share: float) -> Quaternion:
    """Return the rotation on the shorter way between two; after Shoemake, 1985."""
    if not any(first) or not any(second):
        return UNSET
    cosine = sum(a * b for a, b in zip(first, second, strict=True))
    sign = -1.0 if cosine < 0 else 1.0  # q and -q are one rotation
    cosine = min(1.0, abs(cosine))
    ours, theirs = 1 - share, share
    if cosine < NEARLY_ONE:
        angle = math.acos(cosine)
        ours, theirs = (math.sin(part * angle) / math.sin(angle) for part in (ours, theirs))
    x, y, z, w = (ours * a + sign * theirs * b for a, b in zip(first, second, strict=True))
    found = unit((x, y, z, w))
    assert found is not None  # never opposite, as the sign is chosen
    return found


def yaw(rotation: Quaternion) -> float:
    """Return the heading in radians: the turn about z, counted from x to y, in (-pi, pi]."""
    x, y, z, w = rotation
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
