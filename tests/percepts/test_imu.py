"""Motion: channels and units, its clock, gaps, and what no sensor measures."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.motions import COLUMNS, UNITS, G, csv_file, motion

from sensorium import errors
from sensorium.percepts.imu import IMU
from sensorium.percepts.percept import percept_from_dict


def bursts(size: int, *, pause: float, period: float = 1e-4) -> Any:
    """200 stamps: `size` of them `period` seconds apart, again and again every `pause` seconds."""
    start = pause * np.arange(200 // size)[:, None]
    return (start + period * np.arange(size)).ravel()


def test_channels_and_units() -> None:
    """g and deg/s become m/s^2 and rad/s, channel by channel."""
    given = np.tile([0.5, 0.0, 1.0, 180.0, 90.0, -360.0], (4, 1))
    imu = IMU(given, rate=50, accel="g", gyro="deg/s")
    wanted = [G / 2, 0, G, np.pi, np.pi / 2, -2 * np.pi]
    np.testing.assert_allclose(imu.samples, np.tile(wanted, (4, 1)), rtol=1e-6)
    assert imu.samples.dtype == np.float32
    assert dict(imu.units) == {**UNITS, "rate": 50.0}
    assert imu == IMU(imu.samples, rate=50, **UNITS)


@pytest.mark.parametrize(
    "make", [np.float32, ">f8", np.asfortranarray, lambda x: x.repeat(2, 0)[::2]]
)
def test_one_recording_has_one_digest(make: Any) -> None:
    """Dtype, byte order and memory layout do not count; the caller's array is left alone."""
    samples = motion().astype(np.float32)
    given = make(samples) if callable(make) else samples.astype(make)
    given.flags.writeable = False
    assert IMU(given, rate=50, **UNITS).digest == IMU(samples, rate=50, **UNITS).digest


def test_what_is_read_is_read_only() -> None:
    """Neither samples nor times can be written to."""
    imu = IMU(motion(), rate=50, **UNITS)
    with pytest.raises(ValueError, match="read-only"):
        imu.samples[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        imu.times[0] = 1


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_is_equal_and_as_read_only(way: Any) -> None:
    """Whether copied or pickled."""
    imu = IMU(motion(), timestamps=np.arange(200) / 50, **UNITS)
    again = way(imu)
    assert again == imu
    np.testing.assert_array_equal(again.samples, imu.samples)
    for array in (again.samples, again.times):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize("clock", ["rate", "timestamps", "datetime64", "encoded"])
def test_the_dictionary_makes_an_equal_percept(clock: str, tmp_path: Path) -> None:
    """to_dict survives JSON, with the times."""
    samples, times = motion(), 1.7e9 + np.arange(200) / 64 + 0.3 * (np.arange(200) > 99)
    if clock == "encoded":
        path = tmp_path / "walk.npz"
        np.savez(path, data=samples, t=times)
        imu = IMU(path.read_bytes(), accel="m/s^2", gyro="deg/s")
    elif clock == "rate":
        imu = IMU(samples, rate=64, **UNITS)
    else:
        stamps = times if clock == "timestamps" else (times * 1e9).astype("datetime64[ns]")
        imu = IMU(samples, timestamps=stamps, accel="m/s^2", gyro="deg/s")
    again = IMU.from_dict(json.loads(json.dumps(imu.to_dict())))
    assert again == imu
    np.testing.assert_array_equal(again.times, imu.times)
    assert again.gaps == imu.gaps


def test_times_count_in_the_digest() -> None:
    """The same samples at other times are another recording."""
    times = np.arange(200) / 64  # exact in binary
    one = IMU(motion(), timestamps=times, **UNITS)
    assert one != IMU(motion(), timestamps=times * 1.01, **UNITS)
    assert one == IMU(motion(), timestamps=times + 5, **UNITS)


def test_a_file_keeps_the_clock_it_was_given(tmp_path: Path) -> None:
    """Timestamps beside a file count in the digest and survive the dictionary."""
    path = csv_file(tmp_path / "a.csv", list(COLUMNS), list(motion().T))
    units: dict[str, Any] = {"accel": "m/s^2", "gyro": "deg/s"}
    imu = IMU(path, timestamps=np.arange(200) / 50, **units)
    assert imu != IMU(path, timestamps=np.arange(200) / 25, **units)
    again = IMU.from_dict(imu.to_dict())
    assert again == imu
    assert (again.rate, imu.rate) == (50.0, 50.0)
    np.testing.assert_array_equal(again.samples, imu.samples)


def test_rate_times_and_duration() -> None:
    """Times start at 0, each sample lasts one period."""
    imu = IMU(motion(100), rate=50, **UNITS)
    assert (imu.rate, imu.gaps) == (50.0, ())
    assert imu.duration == pytest.approx(2.0)
    np.testing.assert_allclose(imu.times, np.arange(100) / 50)


@pytest.mark.parametrize("digits", [3, 6])
def test_the_rate_survives_rounded_timestamps_and_lost_samples(digits: int) -> None:
    """Milliseconds do not turn 52.3 Hz into 52.6, nor does losing samples slow the sensor down."""
    kept = np.arange(2000) % 50 != 7
    stamps = np.round(np.arange(2000) / 52.3, digits)[kept]
    assert IMU(motion(kept.sum()), timestamps=stamps, **UNITS).rate == pytest.approx(52.3, rel=1e-4)


@pytest.mark.parametrize("hz", [4, 5, 104, 128, 350, 400, 700, 950])
@pytest.mark.parametrize("to_whole", [np.floor, np.round])
def test_whole_milliseconds_keep_the_rate(hz: float, to_whole: Any) -> None:
    """Neighbours 1 and 2 ms apart are 700 Hz, not 1 kHz with lost samples."""
    stamps = 1.7e9 + to_whole(np.arange(2000) * 1000 / hz) / 1000
    imu = IMU(motion(2000), timestamps=stamps, **UNITS)
    assert imu.rate == pytest.approx(hz, rel=1e-3)
    assert imu.gaps == ()


@pytest.mark.parametrize("phase", np.arange(0, 20, 3.3))
@pytest.mark.parametrize("hz", [52, 100 / 3, 128, 700])
def test_whole_milliseconds_do_not_smear_fast_motion(hz: float, phase: float) -> None:
    """Their rounding is no jitter: the samples stay as they are."""
    stamps = np.round(phase + np.arange(200) * 1000 / hz) / 1000
    imu = IMU(motion(), timestamps=stamps, **UNITS)
    (only,) = imu.segments(imu.rate)
    np.testing.assert_array_equal(only.samples, imu.samples)


def test_long_pauses_are_no_bursts() -> None:
    """Ten seconds, an hour, ten seconds."""
    stamps = np.arange(200) / 10 + 3600 * (np.arange(200) >= 100)
    imu = IMU(motion(), timestamps=stamps, **UNITS)
    assert (imu.rate, len(imu.gaps)) == (10.0, 1)
    short = IMU(motion(), timestamps=bursts(5, period=0.01, pause=0.32), **UNITS)
    assert (short.rate, len(short.gaps)) == (100.0, 39)


@pytest.mark.parametrize("origin", [0.0, 1.7e9])
@pytest.mark.parametrize(
    ("hz", "step", "gaps"),
    [(100, 0.1, 0), (100, 0.1001, 1), (5, 0.299, 0), (5, 0.301, 1), (10, 0.149, 0), (10, 0.151, 1)],
)
def test_where_a_gap_begins(origin: float, hz: int, step: float, gaps: int) -> None:
    """Beyond 100 ms, or 1.5 periods; the rounding of seconds since 1970 does not count."""
    times = origin + np.arange(200) / hz + (step - 1 / hz) * (np.arange(200) >= 100)
    assert len(IMU(motion(), timestamps=times, **UNITS).gaps) == gaps


def test_the_guess_about_gravity_needs_rest() -> None:
    """A norm about 1 whose mean is far from 0 is gravity in g; another is motion."""
    away = np.where(np.arange(200) % 2, 1.0, -1.0)[:, None] * [1, 0, 0, 0, 0, 0]
    up = np.tile([1.0, 0, 0, 0, 0, 0], (200, 1))
    IMU(0.5 * up + 0.9 * away, rate=50, **UNITS)
    for samples in (up * 1.31, up * 0.79):
        IMU(samples, rate=50, **UNITS)
    for samples in (up + 0.06 * away, up * 1.29, up * 0.81):
        with pytest.raises(errors.UnitError, match='pass accel="g"; if they are right'):
            IMU(samples, rate=50, **UNITS)


def test_gravity_is_only_guessed_once() -> None:
    """0.102 g is 1 m/s^2, which the dictionary may hold."""
    imu = IMU(np.tile([0, 0, 0.102, 0, 0, 0], (50, 1)), rate=50, accel="g", gyro="rad/s")
    assert percept_from_dict(imu.to_dict()) == imu


def test_a_unit_that_is_not_a_word_is_refused() -> None:
    """A list from a dictionary of another program is named, as a wrong word is."""
    units: Any = {"accel": ["g"], "gyro": "rad/s"}
    with pytest.raises(errors.UnitError, match=r"accel=\['g'\].*m/s\^2, g"):
        IMU(motion(), rate=50, **units)


def test_five_g_is_the_most() -> None:
    """4.9 g can be; 5.1 g is m/s^2."""
    still = np.tile([0, 0, 1.0, 0, 0, 0], (50, 1))
    IMU(still * 4.9, rate=50, accel="g", gyro="rad/s")
    with pytest.raises(errors.UnitError, match='looks like "m/s'):
        IMU(still * 5.1, rate=50, accel="g", gyro="rad/s")


@pytest.mark.parametrize(
    ("accel", "gyro", "most", "unit"),
    [
        (0.0, 1.0, 40.0, "rad/s"),
        (0.0, 1.0, 2291.8, "deg/s"),  # 40 rad/s
        (1.0, 0.0, 49.03, "rad/s"),
    ],
)
def test_motion_no_sensor_measures_is_refused(
    accel: float, gyro: float, most: float, unit: str
) -> None:
    """40 rad/s and 5 g are the most that a recording's median may be, in any unit."""
    turning = np.tile([accel, 0, 0, gyro, 0, 0], (50, 1)) * most
    IMU(turning * 0.99, rate=50, accel="m/s^2", gyro=unit)
    with pytest.raises(errors.UnitError, match=r"at most 49 m/s\^2 and 40 rad/s"):
        IMU(turning * 1.01, rate=50, accel="m/s^2", gyro=unit)


def test_gaps_split_and_are_reported() -> None:
    """A pause of half a second is a gap, of 80 ms is not; nothing is invented inside."""
    times = np.arange(300) / 100
    times[100:] += 0.5
    times[200:] += 0.08
    tone = np.sin(2 * np.pi * 3 * times)[:, None].repeat(6, axis=1)
    imu = IMU(tone, timestamps=times, **UNITS)
    (gap,) = imu.gaps
    assert [gap.start, gap.end] == pytest.approx([0.99, 1.5])
    first, second = imu.segments(50)
    assert first.start == 0.0
    assert second.start == pytest.approx(1.5)
    assert (len(first.samples), len(second.samples)) == (50, 104)
    moments = first.start + np.arange(50) / 50
    np.testing.assert_allclose(first.samples[8:-8, 4], np.sin(6 * np.pi * moments)[8:-8], atol=0.01)


def test_a_gap_is_longer_at_low_rates() -> None:
    """At 5 Hz samples are 200 ms apart, which is no gap; 400 ms is."""
    times = np.arange(20) / 5
    assert IMU(motion(20), timestamps=times, **UNITS).gaps == ()
    times[10:] += 0.2
    assert len(IMU(motion(20), timestamps=times, **UNITS).gaps) == 1


def test_jitter_is_evened_out() -> None:
    """A slow tone sampled at jittered times comes out at the even ones."""
    times = np.arange(1000) / 100 + np.random.default_rng(0).uniform(-0.003, 0.003, 1000)
    tone = np.sin(2 * np.pi * 2 * (times - times[0]))[:, None].repeat(6, axis=1)
    (only,) = IMU(tone, timestamps=times, **UNITS).segments(200)
    moments = np.arange(len(only.samples)) / 200
    np.testing.assert_allclose(
        only.samples[100:-100, 0], np.sin(4 * np.pi * moments)[100:-100], atol=0.02
    )


@pytest.mark.parametrize(
    ("error", "message", "change"),
    [
        (errors.UnitError, "without the unit of accel", {"accel": None}),
        (errors.UnitError, "accel='G/s'.*m/s\\^2, g", {"accel": "G/s"}),
        (errors.UnitError, "rad/s, deg/s", {"gyro": None}),
        (errors.UnitError, "neither a rate nor timestamps", {"rate": None}),
        (errors.UnitError, "rate=50 and timestamps", {"timestamps": np.arange(200) / 50}),
        (errors.UnitError, 'looks like "m/s\\^2"', {"accel": "g"}),
        (errors.UnitError, 'looks like "g"', {"source": np.tile([0, 0, 1.01, 0, 0, 0], (9, 1))}),
        (errors.PerceptShapeError, r"samples\.T", {"source": motion().T}),
        (errors.PerceptShapeError, "gyroscope is missing", {"source": motion()[:, :3]}),
        (errors.PerceptShapeError, "shape", {"source": motion()[0]}),
        (errors.PerceptShapeError, "dtype bool", {"source": motion() > 0}),
        (errors.PerceptTooShortError, "1 sample", {"source": motion(1)}),
        (errors.EmptyPerceptError, "empty imu", {"source": motion()[:0]}),
        (errors.PerceptValueError, "rate of 0", {"rate": 0}),
        (errors.PerceptValueError, "rate of nan", {"rate": float("nan")}),
        (errors.PerceptValueError, "rate of '50'", {"rate": "50"}),
        (errors.PerceptValueError, "rate of True", {"rate": True}),
        (errors.PerceptValueError, "rate of 3.9.*from 4 Hz", {"rate": 3.9}),
        (errors.PerceptValueError, "rate of 1000001.*to 1e\\+06 Hz", {"rate": 1_000_001}),
        (errors.SourceTypeError, "dict", {"source": {}}),
    ],
)
def test_what_is_refused(error: type[Exception], message: str, change: dict[str, Any]) -> None:
    """A mistake in the arguments is named."""
    arguments = {"source": motion(), "rate": 50, **UNITS, **change}
    with pytest.raises(error, match=message):
        IMU(**arguments)


@pytest.mark.parametrize(
    ("error", "message", "stamps"),
    [
        (
            errors.TimeError,
            r"timestamp 7 \(",
            np.where(np.arange(200) == 7, 0, np.arange(200) / 50),
        ),
        (errors.TimeError, "timestamp 1 ", np.zeros(200)),
        (errors.TimeError, "timestamp 9 ", np.where(np.arange(200) == 9, np.nan, np.arange(200))),
        (errors.TimeError, "timestamp 199 ", np.append(np.arange(199) / 50, np.inf)),
        (errors.UnitError, 'time_unit="ms"', np.arange(200) * 20),
        (errors.UnitError, 'time_unit="ms"', np.arange(200)),  # 1 kHz
        (errors.UnitError, 'time_unit="ms"', np.floor(np.arange(200) * 1000 / 700)),
        (errors.UnitError, 'pass time_unit="ms"$', np.arange(200) / 3.9),
        (errors.UnitError, "5e-07 s apart", np.arange(200) * 5e-7),
        (errors.TimeError, "in bursts: 10000 Hz", bursts(10, pause=0.2)),
        (errors.TimeError, "in bursts: 10000 Hz", bursts(10, pause=0.05)),
        (
            errors.TimeError,
            "in bursts: 100 Hz at most times, 31",
            bursts(4, period=0.01, pause=0.32),
        ),
        (errors.PerceptShapeError, r"shape \(200,\)", np.arange(199) / 50),
        (errors.PerceptShapeError, "timestamps of shape", ["noon"] * 200),
    ],
)
def test_bad_timestamps(error: type[Exception], message: str, stamps: Any) -> None:
    """The first late, duplicate or missing one is named; they are never sorted."""
    with pytest.raises(error, match=message):
        IMU(motion(), timestamps=stamps, **UNITS)


def test_the_first_bad_row_is_named() -> None:
    """NaN is refused where it is, infinity as well."""
    samples = motion()
    samples[17, 4] = np.nan
    samples[30, 0] = np.inf
    with pytest.raises(errors.NonFiniteError, match="row 17"):
        IMU(samples, rate=50, **UNITS)


def test_motion_needs_neither_torch_nor_av() -> None:
    """A machine that only feels never loads them."""
    code = (
        "import sys, sensorium.percepts.imu as m, numpy as np;"
        "m.IMU(np.ones((9, 6)), rate=50, accel='m/s^2', gyro='rad/s').segments(200);"
        "assert not {'torch', 'torchaudio', 'av'} & set(sys.modules), 'loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("accel", "gyro"), [([0, 0, 16384], [0, 0, 0]), ([0, 0, 9.8], [90, 90, 90])]
)
def test_motion_no_body_makes_is_refused(accel: list[float], gyro: list[float]) -> None:
    """Raw counts, and degrees taken for radians, are told by their size."""
    with pytest.raises(errors.UnitError, match=r"accel=.9\.80665/16384.|gyro=.deg/s."):
        IMU([[*accel, *gyro]] * 100, rate=100, accel="m/s^2", gyro="rad/s")
