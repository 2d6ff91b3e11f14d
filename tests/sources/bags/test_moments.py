"""Moments: a picture, the depth nearest in time, and the motion around it are one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.bags import (
    SECOND,
    START,
    Written,
    image,
    imu_messages,
    odometry,
    write_bag,
)
from tests.support.motions import motion

from sensorium import sources
from sensorium.errors import PerceptFormatError, PerceptValueError
from sensorium.percepts import IMU, Depth, Image

COLOUR, DEPTH, MOTION = "/camera/color", "/camera/depth", "/imu/data"
MILLI = SECOND // 1000
TOPICS: dict[str, Any] = {COLOUR: {}, DEPTH: {"fx": 10.0}, MOTION: {}}


def picture(milliseconds: int, *, late: int = 0) -> Written:
    """Colours that tell their time, written some ms after they were seen."""
    stamp = START + milliseconds * MILLI
    values = np.full((4, 4, 3), milliseconds // 100 % 251, np.uint8)
    return Written(COLOUR, stamp + late * MILLI, image(values, "rgb8", stamp=stamp))


def depth(milliseconds: int, *, late: int = 0) -> Written:
    """Depth in millimetres that tells its time."""
    stamp = START + milliseconds * MILLI
    values = np.full((4, 4), 1000 + milliseconds, np.uint16)
    return Written(DEPTH, stamp + late * MILLI, image(values, "16UC1", stamp=stamp))


def written(folder: Path, *messages: Written, kind: str = "mcap") -> Path:
    return write_bag(folder, sorted(messages, key=lambda each: each.log_time), kind)


def depths(moment: sources.Snapshot) -> list[float]:
    """Milliseconds at which the depth maps of a moment were seen."""
    maps = [each for each in moment.percepts if isinstance(each, Depth)]
    return [round(float(each.metres()[0, 0]) * 1000 - 1000) for each in maps]


@pytest.mark.parametrize("kind", ["ros1", "mcap"])
def test_what_belongs_together_is_one_moment(kind: str, tmp_path: Path) -> None:
    """The picture, the nearest depth map before or after it, and motion on both sides."""
    samples = motion(600)
    path = written(
        tmp_path,
        *imu_messages(samples, late=0),
        *(picture(time, late=5) for time in (2000, 4000)),
        *(depth(time) for time in (1950, 1990, 2020, 3970, 4035)),
        kind=kind,
    )
    first, second = sources.moments(path, topics=TOPICS, stretch=1.0)
    assert [type(each) for each in first.percepts] == [Image, Depth, IMU]
    assert (depths(first), depths(second)) == ([1990], [3970])
    walk = first.percepts[2]
    assert isinstance(walk, IMU)
    np.testing.assert_array_equal(walk.samples, samples[150:251].astype(np.float32))
    assert first.at == first.percepts[0].at
    assert first.reading == {
        "around": COLOUR,
        "topics": [COLOUR, DEPTH, MOTION],
        "offsets": {DEPTH: -0.01, MOTION: -0.5},
        "at": "header.stamp",
        "log_time": START + 2005 * MILLI,
        "number": 1,
    }


def test_depth_that_is_written_late_is_found(tmp_path: Path) -> None:
    """A map of the same time that is written 0.4 s after the picture belongs to it."""
    path = written(
        tmp_path,
        *(picture(time) for time in range(0, 2000, 500)),
        *(depth(time, late=400) for time in range(0, 2000, 500)),
    )
    moments = list(sources.moments(path, topics=[COLOUR, DEPTH], on_failure=print))
    assert [each.reading.get("missing") for each in moments] == [
        {DEPTH: "its message cannot be a percept"}
    ] * 4  # without fx
    found = sources.moments(path, topics={COLOUR: {}, DEPTH: {"fx": 10}})
    assert [depths(each) for each in found] == [[0], [500], [1000], [1500]]


def test_a_missing_partner_leaves_the_moment_without_it(tmp_path: Path) -> None:
    """And its reading says so."""
    path = written(
        tmp_path,
        *imu_messages(motion(100), start=START + 9 * SECOND),
        picture(0),
        depth(60),
        picture(9500),
        depth(9460),
    )
    early, late = sources.moments(path, topics=TOPICS)
    assert [type(each) for each in early.percepts] == [Image]
    assert early.reading["missing"] == {
        DEPTH: "nothing within 0.05 s of it",
        MOTION: "nothing within 1.28 s of it",
    }
    assert [type(each) for each in late.percepts] == [Image, Depth, IMU]
    wider = next(sources.moments(path, topics=TOPICS, within=0.06))
    assert depths(wider) == [60]


def test_the_moments_are_those_of_the_topic_that_is_named(tmp_path: Path) -> None:
    """By default the one topic with colours; of several, one has to be named."""
    path = written(tmp_path, picture(0), depth(0), depth(30))
    two = {COLOUR: {}, DEPTH: {"fx": 10.0}}
    assert len(list(sources.moments(path, topics=two))) == 1
    around = list(sources.moments(path, topics=two, around=DEPTH))
    assert [each.reading["offsets"] for each in around] == [{COLOUR: 0.0}, {COLOUR: -0.03}]
    with pytest.raises(PerceptFormatError, match=f"around='/up'.*{COLOUR}, {DEPTH}"):
        list(sources.moments(path, around="/up"))
    with pytest.raises(PerceptValueError, match="within=0"):
        sources.moments(path, within=0)


def test_two_cameras_ask_which_is_meant(tmp_path: Path) -> None:
    """The remedy works."""
    left, right = picture(0), picture(0)._replace(topic="/right/color")
    path = written(tmp_path, left, right)
    with pytest.raises(PerceptFormatError, match=f'2 topics.*around="{COLOUR}"'):
        list(sources.moments(path))
    [found] = sources.moments(path, around=COLOUR)
    assert len(found.percepts) == 2


def test_moments_go_on_where_they_stopped(tmp_path: Path) -> None:
    """`skip` gives the rest."""
    path = written(tmp_path, *(picture(time) for time in range(0, 3000, 300)))
    every = list(sources.moments(path))
    assert [each.reading["number"] for each in every] == list(range(1, 11))
    assert list(sources.moments(path, skip=4)) == every[4:]


def test_a_moment_has_the_pose_of_its_picture(tmp_path: Path) -> None:
    """It is what a memory keeps of the reading."""
    where = [
        Written("/odom", time, odometry((x, 0, 0), (0, 0, 0, 1), stamp=time))
        for x, time in ((0, START), (1, START + 100 * MILLI))
    ]
    path = written(tmp_path, *where, picture(50))
    [found] = sources.moments(path, pose="/odom")
    assert found.metadata["pose"]["position"] == [0.5, 0, 0]
    [without] = sources.moments(path)
    assert without.metadata == {}


@pytest.mark.slow
def test_memory_is_bounded(tmp_path: Path) -> None:
    """Of a long recording a few seconds are held, not all of it."""
    from sensorium.sources.bags.nearby import MotionNearby

    held: list[int] = []
    take = MotionNearby.take

    def watched(self: MotionNearby, message: Any) -> None:
        take(self, message)
        held.append(len(self._log_times))

    path = written(tmp_path, *imu_messages(motion(20_000)), *map(picture, range(0, 200_000, 10000)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MotionNearby, "take", watched)
        assert len(list(sources.moments(path, stretch=1.0))) == 20
    assert max(held) < 2000
