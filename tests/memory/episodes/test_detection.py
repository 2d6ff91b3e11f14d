"""Where the detection cuts: planted borders of time, place and content, and none where none is."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.memory.episodes.detection import RUNS, Detector, Observation

D = 64


def scene(random: np.random.Generator, count: int, share: float = 0.5) -> list[np.ndarray]:
    """Unit vectors around a direction, of which `share` of the squared length differs."""
    middle, noise = random.normal(size=D), random.normal(size=(count, D))
    middle /= np.linalg.norm(middle)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    rows = np.sqrt(1 - share) * middle + np.sqrt(share) * noise
    return list((rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32))


def starts(observations: list[Observation]) -> list[int]:
    detector = Detector()
    for observation in observations:
        detector.add(observation)
    return detector.starts()


def test_other_content_begins_an_episode() -> None:
    """Borders stand where what is seen changes, though time goes on evenly."""
    random = np.random.default_rng(1)
    rows = [row for _ in range(4) for row in scene(random, 25)]
    seen = [Observation(10.0 * i, {"image": row}) for i, row in enumerate(rows)]
    assert starts(seen) == [0, 25, 50, 75]


def test_senses_that_take_turns_are_one_episode() -> None:
    """Vectors of two modalities are each compared with their own."""
    random = np.random.default_rng(2)
    pairs = zip(scene(random, 30), scene(random, 30), strict=True)
    rows = [row for one, other in pairs for row in ({"image": one}, {"audio": other})]
    assert starts([Observation(5.0 * i, row) for i, row in enumerate(rows)]) == [0]


@pytest.mark.parametrize(("every", "gap"), [(1.0, 3600.0), (60.0, 36_000.0), (3600.0, 864_000.0)])
def test_a_long_gap_begins_an_episode(every: float, gap: float) -> None:
    """What is long is so beside the intervals before: the same scene goes on after it."""
    rows = scene(np.random.default_rng(3), 40)
    seen = [Observation(every * i + gap * (i >= 20), {"image": r}) for i, r in enumerate(rows)]
    assert starts(seen) == [0, 20]


@pytest.mark.parametrize("every", [0.1, 30.0, 7200.0])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_nothing_changes_nothing_begins(every: float, share: float) -> None:
    """An even stream is one episode, whether its pictures are all alike or all different."""
    rows = scene(np.random.default_rng(4), 300, share)
    assert starts([Observation(every * i, {"image": r}) for i, r in enumerate(rows)]) == [0]


def test_another_place_begins_an_episode() -> None:
    """A walk about the room is none, another part of town is one."""
    random = np.random.default_rng(5)
    steps = random.normal(0, 8, (60, 2))
    steps[30:] += (900.0, 300.0)
    seen = [
        Observation(5.0 * i, position=("earth", (float(x), float(y), 0.0)))
        for i, (x, y) in enumerate(steps)
    ]
    assert starts(seen) == [0, 30]


def test_places_of_two_frames_are_not_compared() -> None:
    """Metres of another map say nothing."""
    seen = [Observation(5.0 * i, position=(f"map {i // 20}", (1e4 * i, 0, 0))) for i in (1, 21, 41)]
    assert starts(seen) == [0]


def test_what_is_kept_is_bounded() -> None:
    """The runs that are followed stay as many, however many records came."""
    random = np.random.default_rng(6)
    detector = Detector()
    for i in range(500):
        detector.add(Observation(float(i), {"image": random.normal(size=D).astype(np.float32)}))
    assert detector._rows["image"]._sum.shape == (RUNS, D)
    assert detector._scores.max() == 0


def test_nothing_has_no_episodes() -> None:
    """Before the first observation there is no start."""
    assert starts([]) == []
