"""Rigid motions: composed, undone and interpolated as geometry says."""

from __future__ import annotations

import math

import pytest

from sensorium.sources.bags.transforms import Transform, between, rotate, unit, yaw

HALF = math.sqrt(0.5)
LEFT = (0.0, 0.0, HALF, HALF)  # a quarter turn about z, from x to y
FORWARD = (HALF, 0.0, 0.0, HALF)  # a quarter turn about x, from y to z


def about_z(degrees: float) -> tuple[float, float, float, float]:
    half = math.radians(degrees) / 2
    return (0.0, 0.0, math.sin(half), math.cos(half))


def test_a_quarter_turn_takes_x_to_y() -> None:
    """And about x, y to z."""
    assert rotate(LEFT, (1, 0, 0)) == pytest.approx((0, 1, 0))
    assert rotate(FORWARD, (0, 1, 0)) == pytest.approx((0, 0, 1))


def test_the_inner_transform_is_turned_by_the_outer() -> None:
    """A robot 2 m up the corridor, turned left, sees 1 m ahead of it what lies 1 m to the left."""
    robot = Transform((2, 0, 0), LEFT)
    seen = robot.after(Transform((1, 0, 0), FORWARD))
    assert seen.position == pytest.approx((2, 1, 0))
    # first about x, then about z: y goes to z, which stays
    assert rotate(seen.rotation, (0, 1, 0)) == pytest.approx((0, 0, 1))
    assert rotate(seen.rotation, (1, 0, 0)) == pytest.approx((0, 1, 0))


def test_the_inverse_undoes() -> None:
    """On both sides."""
    moved = Transform((1, -2, 3), FORWARD)
    for both in (moved.after(moved.inverse()), moved.inverse().after(moved)):
        assert both.position == pytest.approx((0, 0, 0))
        assert both.rotation == pytest.approx((0, 0, 0, 1))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_rotations_go_the_shorter_way_at_an_even_speed(share: float) -> None:
    """From 170 to -170 degrees through 180, whichever sign the quaternions have."""
    first, second = about_z(170), about_z(-170)
    x, y, z, w = second
    for other in (second, (-x, -y, -z, -w)):
        found = between(Transform((0, 0, 0), first), Transform((4, 0, 0), other), share)
        turned = math.degrees(yaw(found.rotation)) % 360
        assert turned == pytest.approx(170 + 20 * share)
        assert found.position == pytest.approx((4 * share, 0, 0))


def test_wide_turns_are_even_too() -> None:
    """A third of 120 degrees is 40: mixing the quaternions alone would give 38.9."""
    found = between(Transform((0, 0, 0), about_z(0)), Transform((0, 0, 0), about_z(120)), 1 / 3)
    assert math.degrees(yaw(found.rotation)) == pytest.approx(40)


def test_a_quaternion_that_was_never_set() -> None:
    """It is no rotation, and others are made of length 1."""
    assert unit((0, 0, 0, 0)) is None
    assert unit((0, 0, 2, 2)) == pytest.approx(LEFT)
