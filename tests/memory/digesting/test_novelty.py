"""How telling frames are: planted rows, of which one is unlike the others."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sensorium.encoders import normalise
from sensorium.memory.digesting.novelty import SHARE, chosen, novelty, tell

D = 32
SCALE = {"image": 1.0, "audio": 1.0}


def rows(count: int, towards: int, *, noise: float = 0.1, seed: int = 0) -> NDArray[np.float32]:
    """Rows around an axis."""
    draw = np.random.default_rng(seed).normal(size=(count, D)) * noise / np.sqrt(D)
    draw[:, towards] += 1
    return np.asarray(normalise(draw.astype(np.float32)), np.float32)


def test_an_event_of_four_frames_does_not_hide_itself() -> None:
    """Frames that are unlike the fourth of their neighbours are novel, though three are alike."""
    block = rows(60, 0)
    block[20:24] = rows(4, 1)
    novel = novelty(block, block[:0])
    assert set(np.argsort(-novel)[:4].tolist()) == {20, 21, 22, 23}
    assert novel[20] == pytest.approx(1.0, abs=0.1)
    assert novel[40] == pytest.approx(0.0, abs=0.1)


def test_what_lasts_is_no_event() -> None:
    """A scene of ten frames is not novel in its middle, nor is the first frame after a change."""
    block = np.concatenate([rows(20, 0), rows(20, 1)])
    assert novelty(block, block[:0]).max() < 0.2


def test_a_frame_without_neighbours_is_novel() -> None:
    """Of a single frame nothing is known, so it counts as unlike all others."""
    one = rows(1, 0)
    assert novelty(one, one[:0]).tolist() == [1.0]


def test_the_rows_before_are_neighbours() -> None:
    """The first frames of a day are compared with the last of the day before."""
    day = rows(3, 0)
    assert novelty(day, rows(5, 0, seed=1)).max() < 0.1
    assert novelty(day, rows(5, 1, seed=1)).min() > 0.9


def test_frames_of_one_event_are_chosen_once() -> None:
    """The second frame of an event gains little; another event goes before it."""
    block = rows(30, 0)
    block[10:13], block[20] = rows(3, 1), rows(1, 2)[0]
    novel = novelty(block, block[:0])
    gains = chosen(block, novel, np.zeros(30, bool), 1.0)
    best = np.argsort(-gains)[:2].tolist()
    assert 20 in best
    assert len({10, 11, 12} & set(best)) == 1


def test_what_is_kept_already_counts() -> None:
    """Beside a frame that an earlier digest has kept, its equals gain nothing."""
    block = rows(20, 0)
    block[10:12] = rows(2, 1)
    earlier = np.zeros(20, bool)
    earlier[10] = True
    gains = chosen(block, novelty(block, block[:0]), earlier, 1.0)
    assert gains[10] == 0
    assert gains[11] < 0.1


def test_each_episode_has_a_typical_frame_of_each_sense() -> None:
    """The frame nearest to the mean of its episode and sense is telling; one in twenty is novel."""
    pictures, sounds = rows(40, 0), rows(40, 1, seed=1)
    mixed = [{"image": pictures[i // 2]} if i % 2 else {"audio": sounds[i // 2]} for i in range(80)]
    told = tell(mixed, [i // 40 for i in range(80)], [False] * 80, SCALE, {})
    novel = 2 * 40 // SHARE
    assert 4 <= told.telling.sum() <= 4 + novel
    for first in (0, 40):
        its = told.telling[first : first + 40]
        assert its[0::2].any()
        assert its[1::2].any()


def test_an_episode_that_was_digested_gets_no_other_typical_frame() -> None:
    """Where a frame was kept before, no second one stands for the same episode."""
    block = rows(20, 0)
    kept = [i == 7 for i in range(20)]
    told = tell([{"image": row} for row in block], [0] * 20, kept, SCALE, {})
    assert told.telling.sum() == 1  # the novel one of nineteen


def test_senses_are_ranked_apart() -> None:
    """A sense whose rows are all alike has its telling frames beside one whose rows are not."""
    calm, wild = rows(40, 0, noise=0.01), rows(40, 1, noise=3.0, seed=2)
    calm[15] = rows(1, 0, noise=0.3, seed=5)[0]
    mixed = [{"image": calm[i // 2]} if i % 2 else {"audio": wild[i // 2]} for i in range(80)]
    told = tell(mixed, [0] * 80, [False] * 80, SCALE, {})
    assert told.telling[31]
    assert told.salience[31] >= np.log2(SHARE) - 0.25
