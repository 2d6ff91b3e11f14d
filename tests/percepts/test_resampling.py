"""Resampling of sensor samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorium.percepts.resampling import (
    CROSSINGS,
    ROLLOFF,
    grid_length,
    interpolate,
    resample,
    uniform,
)

RATES = (20, 50, 52.3, 100, 200, 1000)  # Hz


def tone(frequency: float, rate: int, seconds: float = 20.0) -> Any:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)[:, None]


def amplitude(wave: Any, frequency: float, rate: int) -> float:
    """Least-squares amplitude of one frequency, over the middle of the recording."""
    middle = slice(len(wave) // 5, -len(wave) // 5)
    phase = 2 * np.pi * frequency * np.arange(len(wave))[middle] / rate
    basis = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    return float(np.hypot(*np.linalg.lstsq(basis, wave[middle], rcond=None)[0]))


@pytest.mark.parametrize("rate_out", [50, 200])
@pytest.mark.parametrize("rate_in", RATES)
def test_a_tone_keeps_its_frequency_and_amplitude(rate_in: int, rate_out: int) -> None:
    """5 Hz stays 5 Hz within 1 %, whatever the two rates."""
    wave = resample(tone(5, rate_in), rate_in=rate_in, rate_out=rate_out)[:, 0]
    times = np.arange(len(wave)) / rate_out
    middle = slice(len(wave) // 5, -len(wave) // 5)
    assert amplitude(wave, 5, rate_out) == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(wave[middle], np.sin(10 * np.pi * times)[middle], atol=0.01)


@pytest.mark.parametrize("frequency", [26, 30, 50, 80, 99])
def test_what_the_new_rate_cannot_hold_is_not_folded_into_it(frequency: float) -> None:
    """Above the new Nyquist frequency a tone is 40 dB down."""
    wave = resample(tone(frequency, 200), rate_in=200, rate_out=50)[200:-200]
    assert np.abs(wave).max() < 0.01


@pytest.mark.slow
@settings(deadline=None)  # the speed of the machine is not the law
@given(
    rate_in=st.floats(1, 1000), rate_out=st.floats(1, 1000), count=st.integers(1, 200),
    level=st.floats(-1e4, 1e4, width=32),
)  # fmt: skip
def test_a_constant_stays_exactly_constant(
    rate_in: float, rate_out: float, count: int, level: float
) -> None:
    """Gravity is not bent, at the edges either, and the length follows the law."""
    samples = np.full((count, 2), level, np.float32)
    resampled = resample(samples, rate_in=rate_in, rate_out=rate_out)
    last = (count - 1) / rate_in
    assert resampled.dtype == np.float32
    assert (resampled == np.float32(level)).all()
    assert (len(resampled) - 1) / rate_out <= last + 1e-5 / rate_out
    assert len(resampled) / rate_out > last - 1e-5 / rate_out


def test_the_first_output_is_a_mean_of_the_samples_that_exist() -> None:
    """Nothing is assumed before the start: its half of the windowed sinc is scaled up to one."""
    samples = np.random.default_rng(0).normal(size=(400, 1))
    crossings = np.arange(400) * ROLLOFF * 50 / 200  # zero crossings from the first sample
    window = np.where(crossings < CROSSINGS, np.cos(np.pi / 2 * crossings / CROSSINGS) ** 2, 0)
    weights = np.sinc(crossings) * window
    wanted = (weights * samples[:, 0]).sum() / weights.sum()
    assert resample(samples, rate_in=200, rate_out=50)[0, 0] == pytest.approx(wanted, rel=1e-5)


def test_channels_keep_their_order_and_the_input_its_values() -> None:
    """Every channel is resampled as it would be alone; nothing is written to the input."""
    samples = np.random.default_rng(0).normal(size=(300, 6))
    before = samples.copy()
    samples.flags.writeable = False
    together = resample(samples, rate_in=52.3, rate_out=200)
    alone = [resample(column[:, None], rate_in=52.3, rate_out=200)[:, 0] for column in samples.T]
    np.testing.assert_allclose(together, np.stack(alone, axis=1), atol=1e-6)
    np.testing.assert_array_equal(samples, before)


def test_equal_rates_change_nothing() -> None:
    """The result is an equal copy."""
    samples = np.random.default_rng(0).normal(size=(30, 6)).astype(np.float32)
    resampled = resample(samples, rate_in=50, rate_out=50)
    np.testing.assert_array_equal(resampled, samples)
    assert not np.shares_memory(resampled, samples)


def test_blocks_do_not_show() -> None:
    """A recording of many blocks is resampled as each part of it is alone."""
    samples = np.random.default_rng(0).normal(size=(200_000, 1))
    whole = resample(samples, rate_in=200, rate_out=50)
    part = resample(samples[100_000:101_000], rate_in=200, rate_out=50)
    np.testing.assert_allclose(whole[25_050:25_200], part[50:200], atol=1e-6)


def test_an_extreme_ratio_needs_no_more_memory_than_the_samples() -> None:
    """The filter never reaches further than the recording."""
    samples = np.ones((1000, 6))
    assert len(resample(samples, rate_in=1e12, rate_out=1)) == 1


def test_jittered_times_come_onto_the_grid() -> None:
    """Linear interpolation recovers a ramp exactly; even times are left alone."""
    rng = np.random.default_rng(0)
    times = np.arange(500) / 100 + rng.uniform(-0.003, 0.003, 500)
    ramp = np.stack([times - times[0], 1 - 2 * (times - times[0])], axis=1)
    even = uniform(ramp, times, 100)
    grid = np.arange(grid_length(times[-1] - times[0], 100)) / 100
    np.testing.assert_allclose(even[:, 0], grid, atol=1e-6)
    np.testing.assert_allclose(even[:, 1], 1 - 2 * grid, atol=1e-6)
    noise = rng.normal(size=(500, 2)).astype(np.float32)
    np.testing.assert_array_equal(uniform(noise, 7 + np.arange(500) / 100 + 1e-5, 100), noise)


def test_the_grid_holds_both_ends() -> None:
    """Half a second at 10 Hz is six samples, rounding of the times or not."""
    assert grid_length(0.5, 10) == grid_length(0.1 + 0.4 - 1e-12, 10) == 6
    assert grid_length(0.0, 200) == 1


def test_where_the_grid_ends() -> None:
    """A millionth of a period is rounding: half of it too little is, five of it are not."""
    assert grid_length(0.5 - 5e-8, 10) == 6
    assert grid_length(0.5 - 5e-7, 10) == 5


def test_one_percent_off_the_grid_is_even() -> None:
    """Timestamps 0.9 % of a period late leave the samples alone; 1.1 % moves them."""
    samples = np.random.default_rng(0).normal(size=(50, 1)).astype(np.float32)
    late = (np.arange(50) % 2) / 200
    near = uniform(samples, np.arange(50) / 200 + 0.009 * late, 200)
    far = uniform(samples, np.arange(50) / 200 + 0.011 * late, 200)
    np.testing.assert_array_equal(near, samples)
    assert not np.array_equal(far[:49], samples[:49])


@pytest.mark.parametrize(("off", "even"), [(1, True), (2, False)])
def test_whole_milliseconds_may_be_one_off(off: int, even: bool) -> None:
    """The rounding of two stamps explains 1 ms, not 2 ms; finer stamps explain themselves."""
    samples = np.random.default_rng(0).normal(size=(50, 1)).astype(np.float32)
    times = np.arange(50) / 50 + off * 1e-3 * (np.arange(50) % 2)
    assert np.array_equal(uniform(samples, times, 50)[:49], samples[:49]) == even
    times[7] += 2e-5
    assert not np.array_equal(uniform(samples, times, 50)[:49], samples[:49])


def test_positions_between_samples_are_told_apart() -> None:
    """At a ratio of no period, each output is its own windowed sinc, to a millionth."""
    samples = np.random.default_rng(0).normal(size=(2000, 1))
    resampled = resample(samples, rate_in=200, rate_out=100 * np.sqrt(3))
    for index in range(100, 1700, 31):
        crossings = (np.arange(2000) - index * 2 / np.sqrt(3)) * ROLLOFF * np.sqrt(3) / 2
        window = np.where(
            np.abs(crossings) < CROSSINGS, np.cos(np.pi / 2 * crossings / CROSSINGS), 0
        )
        weights = np.sinc(crossings) * window**2
        wanted = (weights * samples[:, 0]).sum() / weights.sum()
        assert resampled[index, 0] == pytest.approx(wanted, abs=1e-6)


def test_a_sample_beside_a_gap_is_told() -> None:
    """A time that is just that of the last sample before a gap, or of the first after, has one."""
    times = np.array([0, 1, 2, 20, 21, 22])
    values = np.arange(6.0)[:, None] * 10
    at = np.array([2, 3, 19, 20, 20.5])
    found = interpolate(values, times, at, gap=4)[:, 0]
    np.testing.assert_array_equal(found, [20, np.nan, np.nan, 30, 35])
