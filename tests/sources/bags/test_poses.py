"""Where the robot was: interpolated, composed along chains of frames, or honestly unknown."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.bags import (
    HUMBLE,
    KINDS,
    SECOND,
    START,
    Written,
    header,
    image,
    imu_messages,
    odometry,
    pose_of,
    transform,
    transforms,
    write_bag,
)
from tests.support.motions import motion

from sensorium import sources
from sensorium.errors import PerceptFormatError, PerceptValueError

HALF = math.sqrt(0.5)
LEFT = (0.0, 0.0, HALF, HALF)
STRAIGHT = (0.0, 0.0, 0.0, 1.0)
TENTH = SECOND // 10


def photo(time: int, *, late: int = 0) -> Written:
    """A grey picture that was taken at a time and written later."""
    values = np.full((4, 4), time // TENTH % 251, np.uint8)
    return Written("/camera", time + late, image(values, "mono8", stamp=time))


def poses(folder: Path, *messages: Written, kind: str = "mcap", **options: Any) -> list[Any]:
    """The readings of the percepts."""
    path = write_bag(folder, sorted(messages, key=lambda each: each.log_time), kind)
    return [each.reading for each in sources.bag(path, **options)]


@pytest.mark.parametrize("kind", KINDS)
def test_odometry_is_interpolated_at_the_time_of_the_percept(kind: str, tmp_path: Path) -> None:
    """Also if the next pose is written after the picture."""
    [found] = poses(
        tmp_path,
        Written("/odom", START, odometry((1, 2, 0), STRAIGHT, stamp=START)),
        photo(START + TENTH // 4),
        Written("/odom", START + TENTH, odometry((3, 2, 0), LEFT, stamp=START + TENTH)),
        kind=kind,
        pose="/odom",
    )
    pose = found["pose"]
    assert pose["position"] == [1.5, 2.0, 0.0]
    assert pose["yaw"] == pytest.approx(math.pi / 8)
    assert pose["orientation"] == pytest.approx(
        [0, 0, math.sin(math.pi / 16), math.cos(math.pi / 16)]
    )
    assert {name: pose[name] for name in ("frame", "child", "topic", "age")} == {
        "frame": "odom",
        "child": "base_link",
        "topic": "/odom",
        "age": 0.025,
    }


def test_no_pose_where_it_is_too_old(tmp_path: Path) -> None:
    """The last one holds for `pose_within`; after it there is none, and the reading says why."""
    messages = [
        Written("/odom", START, odometry((1, 2, 0), STRAIGHT, stamp=START)),
        photo(START + 3 * TENTH),
        photo(START + 8 * TENTH),
    ]
    near, far = poses(tmp_path, *messages, pose="/odom")
    assert (near["pose"]["position"], near["pose"]["age"]) == ([1, 2, 0], 0.3)
    assert far["pose"] is None
    assert far["pose_missing"] == "no pose of base_link in odom within 0.5 s"
    (tmp_path / "again").mkdir()
    both = poses(tmp_path / "again", *messages, pose="/odom", pose_within=1.0)
    assert [each["pose"]["age"] for each in both] == [0.3, 0.8]


@pytest.mark.parametrize("kind", ["sqlite3", "mcap"])
def test_chains_of_transforms_are_composed(kind: str, tmp_path: Path) -> None:
    """map -> odom -> base_link -> camera, of which the last never moves and is said once."""
    static = transforms(transform("base_link", "camera", (0.5, 0, 1), STRAIGHT))
    moving = [
        Written(
            "/tf",
            time,
            transforms(
                transform("map", "odom", (10, 0, 0), LEFT, stamp=time),
                transform("odom", "base_link", (index, 0, 0), STRAIGHT, stamp=time),
            ),
        )
        for index, time in enumerate((START, START + TENTH))
    ]
    messages = [Written("/tf_static", START, static), *moving, photo(START + TENTH // 2)]
    [found] = poses(tmp_path, *messages, kind=kind, pose="/tf:map->camera")
    # half a metre on, turned left: 0.5 m of the way and 0.5 m of the mast, both along y
    assert found["pose"]["position"] == pytest.approx([10, 1.0, 1])
    assert found["pose"]["yaw"] == pytest.approx(math.pi / 2)
    assert (found["pose"]["frame"], found["pose"]["child"]) == ("map", "camera")
    path = tmp_path / "run"
    [back] = [each.reading["pose"] for each in sources.bag(path, pose="/tf:camera->map")]
    # seen from the camera: 1 m ahead of the origin of odom, which lies 10 m to its right
    assert back["position"] == pytest.approx([-1.0, 10, -1])
    assert back["yaw"] == pytest.approx(-math.pi / 2)
    late = START + TENTH // 4  # what never moves was written before
    [since] = sources.bag(path, pose="/tf:base_link->camera", since=late)
    assert since.reading["pose"]["position"] == [0.5, 0, 1]


def test_two_branches_meet_above(tmp_path: Path) -> None:
    """Frames of which neither is above the other are linked by the one above both."""
    static = transforms(
        transform("base", "left", (0, 1, 0), STRAIGHT),
        transform("base", "right", (0, -1, 0), STRAIGHT),
    )
    tree = transforms(transform("odom", "base", (5, 5, 5), LEFT))
    messages = [Written("/tf_static", START, static), Written("/tf", START, tree), photo(START)]
    [found] = poses(tmp_path, *messages, pose="/tf:right->left")
    assert found["pose"]["position"] == [0, 2, 0]
    assert found["pose"]["age"] == 0


def test_a_frame_that_never_comes_is_an_error_at_the_end(tmp_path: Path) -> None:
    """A mistyped name does not pass in silence; the error lists those there are."""
    messages = [
        Written("/tf", START, transforms(transform("map", "base_link", (0, 0, 0), STRAIGHT))),
        photo(START),
    ]
    path = write_bag(tmp_path, messages)
    percepts = sources.bag(path, pose="/tf:map->bse_link")
    assert next(percepts).reading["pose"] is None
    with pytest.raises(PerceptFormatError, match=r"bse_link.*among base_link, map"):
        next(percepts)


def test_frames_have_to_be_said_of_transforms(tmp_path: Path) -> None:
    """The remedy names frames that are there, and works."""
    messages = [
        Written("/tf", START, transforms(transform("/map", "/base_link", (1, 0, 0), STRAIGHT))),
        photo(START),
    ]
    path = write_bag(tmp_path, messages)
    with pytest.raises(PerceptFormatError, match='pose="/tf:map->base_link"'):
        list(sources.bag(path, pose="/tf"))
    [found] = sources.bag(path, pose="/tf:map->base_link")
    assert found.reading["pose"]["position"] == [1, 0, 0]


@pytest.mark.parametrize("name", ["PoseStamped", "PoseWithCovarianceStamped", "TransformStamped"])
def test_other_messages_with_a_pose(name: str, tmp_path: Path) -> None:
    """Each in its own frame."""
    types, pose = HUMBLE.types, pose_of((1, 2, 3), LEFT)
    cls = types[f"geometry_msgs/msg/{name}"]
    if name == "TransformStamped":
        message = transform("world", "drone", (1, 2, 3), LEFT)
    elif name == "PoseStamped":
        message = cls(header(START, "world"), pose)
    else:
        with_covariance = types["geometry_msgs/msg/PoseWithCovariance"](pose, np.zeros(36))
        message = cls(header(START, "world"), with_covariance)
    [found] = poses(tmp_path, Written("/where", START, message), photo(START), pose="/where")
    assert found["pose"]["position"] == [1, 2, 3]
    assert found["pose"]["yaw"] == pytest.approx(math.pi / 2)
    assert found["pose"]["frame"] == "world"
    assert found["pose"]["child"] == ("drone" if name == "TransformStamped" else None)


def test_a_rotation_that_nobody_set(tmp_path: Path) -> None:
    """GPS has a position alone: there is no heading, rather than one of 0."""
    cls = HUMBLE.types["geometry_msgs/msg/PoseStamped"]
    messages = [
        Written("/gps", time, cls(header(time, ""), pose_of((x, 0, 0), (0, 0, 0, 0))))
        for x, time in ((0, START), (2, START + TENTH))
    ]
    [found] = poses(tmp_path, *messages, photo(START + TENTH // 2), pose="/gps")
    assert found["pose"]["position"] == [1, 0, 0]
    assert (found["pose"]["orientation"], found["pose"]["yaw"]) == (None, None)


def test_motion_has_the_pose_of_its_start(tmp_path: Path) -> None:
    """Poses are kept as long as a stretch may be."""
    moved = [
        Written("/odom", time, odometry((index / 10, 0, 0), STRAIGHT, stamp=time))
        for index in range(60)
        for time in [START + index * TENTH]
    ]
    [found] = poses(
        tmp_path,
        *imu_messages(motion(300), start=START + 2 * TENTH + TENTH // 2),
        *moved,
        pose="/odom",
    )
    assert found["pose"]["position"] == [0.25, 0, 0]


def test_wrong_poses_are_refused(tmp_path: Path) -> None:
    """By the topics and frames there are."""
    path = write_bag(
        tmp_path, [photo(START), Written("/odom", START, odometry((0, 0, 0), STRAIGHT))]
    )
    for wrong in (3, "", "/tf:map", "/tf:->a"):
        with pytest.raises(PerceptFormatError, match="pose="):
            list(sources.bag(path, pose=wrong))  # type: ignore[arg-type]  # what is refused
    with pytest.raises(PerceptFormatError, match=r"/odom \(nav_msgs/Odometry\)"):
        list(sources.bag(path, pose="/camera"))
    with pytest.raises(PerceptValueError, match="pose_within=-1"):
        sources.bag(path, pose="/odom", pose_within=-1)
