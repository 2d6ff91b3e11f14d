"""Channels of opposite phase are heard; of others, the mean is what it always was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.support.sounds import RATE, encoded, noise, tone, wav

from sensorium.percepts import Audio
from sensorium.percepts.codecs.mixing import APART, step_of

HEARD = noise(3, seed=1)  # what is to be heard, whatever the channels do to it
OTHER = noise(3, seed=2)


def level(samples: Any) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def likeness(one: Any, other: Any) -> float:
    """Cosine of two signals, whatever their sign."""
    count = min(len(one), len(other))
    norms = np.linalg.norm(one[:count]) * np.linalg.norm(other[:count])
    return abs(float(one[:count] @ other[:count])) / float(norms)


@pytest.mark.parametrize(
    "channels",
    [
        (HEARD, -HEARD),
        (-HEARD, HEARD),
        (HEARD, -0.8 * HEARD),
        (HEARD, -HEARD, 0 * HEARD, 0 * HEARD, 0 * HEARD, 0 * HEARD),
        (0 * HEARD, HEARD, -HEARD),
        (HEARD, OTHER, -HEARD, -OTHER),
        (HEARD + 0.1, -HEARD + 0.1),  # what is left of them is only a constant
    ],
    ids=["opposite", "exchanged", "quieter", "5.1", "three", "two pairs", "with an offset"],
)
def test_channels_that_cancel_are_heard(channels: tuple[Any, ...]) -> None:
    """Their mean is all but silence; what is read is about as loud as channels that agree."""
    read = Audio(wav(*channels)).mono(RATE)
    parts = [each - each.mean() for each in channels]
    assert level(read - read.mean()) > 0.8 * sum(map(level, parts)) / len(parts) ** (
        1.5 if len(parts) == 4 else 1  # two that are unrelated add less than two that agree
    )
    if len(channels) != 4:
        assert likeness(read - read.mean(), HEARD) > 0.99


def test_a_coder_that_keeps_middle_and_side_is_heard_too() -> None:
    """In an mp3 the middle of such a sound is not exactly zero."""
    stereo = np.stack([tone(440, 3), -tone(440, 3)])
    read = Audio(encoded("mp3", "libmp3lame", stereo)).mono(RATE)
    assert level(read) == pytest.approx(level(stereo[0]), rel=0.1)


@pytest.mark.parametrize(
    "channels",
    [
        (HEARD, HEARD),
        (HEARD, OTHER),
        (HEARD, 0 * HEARD),
        (HEARD + OTHER, HEARD - OTHER),
        (HEARD, -0.5 * HEARD),
        (0 * HEARD, 0 * HEARD),
        tuple(noise(3, seed=each) for each in range(8)),
        tuple(HEARD * (each == 3) for each in range(8)),
    ],
)
def test_other_channels_are_their_mean_bit_for_bit(channels: tuple[Any, ...]) -> None:
    """Equal, unrelated, one alone, wide, half opposite, silent: nothing of these cancels."""
    array = np.rint(np.stack(channels) * 32767).astype(np.int16)
    mean = (array / np.float64(32768)).astype(np.float32).mean(axis=0)
    np.testing.assert_array_equal(Audio(array, rate=RATE).mono(RATE), mean)
    if len(channels) < 8:  # of which a file's samples lie in another order, which sums differently
        np.testing.assert_array_equal(Audio(wav(*channels)).mono(RATE), mean)


def turning() -> Any:
    """Channels that agree, are opposite for a while, and agree again: `(2, T)`."""
    sign = np.ones(len(HEARD) * 4)
    sign[5 * RATE : 8 * RATE] = -1
    both = np.tile(HEARD, 4)
    return np.stack([both, sign * both]).astype(np.float32)


def test_a_stretch_of_opposite_phase_is_heard_where_it_is() -> None:
    """What is a second away from it stays as it is; there is no jump at its ends."""
    stereo = turning()
    mean = stereo.mean(axis=0)
    read = Audio(stereo, rate=RATE).mono(RATE)
    np.testing.assert_array_equal(read[: 4 * RATE], mean[: 4 * RATE])
    np.testing.assert_array_equal(read[9 * RATE :], mean[9 * RATE :])
    assert level(read[int(5.5 * RATE) : int(7.5 * RATE)]) == pytest.approx(level(HEARD), rel=0.05)
    low = Audio(np.stack([tone(50, 9), tone(50, 9) * np.repeat([1, -1, 1], 3 * RATE)]), rate=RATE)
    steps = np.abs(np.diff(low.mono(RATE)))
    assert steps.max() < 1.1 * np.abs(np.diff(tone(50, 9))).max()


@pytest.mark.parametrize("seconds", [0.01, 0.3, 1.0, 7.0])
def test_blocks_are_the_whole_however_it_is_cut(seconds: float) -> None:
    """Joined they are the same bits, and so is what begins late."""
    sound = Audio(turning(), rate=RATE)
    whole = sound.mono(RATE)
    joined = np.concatenate(list(sound.blocks(RATE, seconds=seconds)))
    np.testing.assert_array_equal(joined, whole)
    for since in (0.2, 4.9, 5.7, 8.3, 11.9):
        late = np.concatenate(list(sound.blocks(RATE, seconds=seconds, since=since)))
        np.testing.assert_array_equal(late, whole[round(since * RATE) :])


def test_a_file_from_late_on_is_mixed_as_the_whole() -> None:
    """Also where the file is skipped through."""
    sound = Audio(wav(*turning()))
    late = np.concatenate(list(sound.blocks(RATE, seconds=1, since=7.8)))
    np.testing.assert_array_equal(late, sound.mono(RATE)[round(7.8 * RATE) :])


def test_the_shortest_sounds() -> None:
    """Two constants are no sound; half a step of one is enough."""
    pulse = np.array([[0.5, 0.5], [-0.5, -0.5]])
    assert Audio(pulse, rate=RATE).mono(RATE).tolist() == [0, 0]
    short = HEARD[: step_of(RATE) // 2].astype(np.float32)
    np.testing.assert_allclose(Audio(np.stack([short, -short]), rate=RATE).mono(RATE), short)


def test_the_border_is_where_13_decibels_are_lost() -> None:
    """A channel that is 0.61 times the other's negative stays, as its mean is loud enough."""
    part = 0.61
    assert (1 - part) ** 2 / (1 + part**2) > APART
    mean = Audio(np.stack([HEARD, -part * HEARD]), rate=RATE).mono(RATE)
    np.testing.assert_allclose(mean, (1 - part) / 2 * HEARD, atol=1e-6)
