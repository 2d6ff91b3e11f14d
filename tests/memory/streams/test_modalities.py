"""The modalities of sampled streams: samples in canonical units."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.motions import planted
from tests.support.streaming import START, Kept

from sensorium.errors import UnitError
from sensorium.memory.streams import open_stream
from sensorium.memory.streams.modalities import SampledMotion, SampledSound


@pytest.mark.parametrize(
    ("dtype", "values"),
    [("uint8", [128, 192, 0]), ("int16", [0, 16_384, -32_768]), ("float32", [0.0, 0.5, -1.0])],
)
def test_sound_of_any_depth_has_one_scale(dtype: str, values: list[float]) -> None:
    """Silence is 0, half of full scale 0.5, and the lowest sample -1, whatever the type."""
    sound = SampledSound(rate=16_000).admit(np.array(values, dtype))
    assert sound[:, 0].tolist() == [0.0, 0.5, -1.0]


G = 9.80665


@pytest.mark.parametrize("size", [1, 7, 300])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda s: s[:, [3, 4, 5, 0, 1, 2]], "push accelerometer x y z, then gyroscope"),
        (lambda s: s / [G, G, G, 1, 1, 1], 'open the stream with another unit: pass accel="g"'),
        (lambda s: s * np.r_[[64 / G] * 3, [1] * 3], 'pass accel="9.80665/64"$'),
        (lambda s: np.r_["1", s[:, :3], np.full((len(s), 3), 50.0)], 'gyro="deg/s"'),
        (lambda s: np.c_[s[:, :3], np.tile([0.6, 0, 0.8], (len(s), 1))], "push accelerometer"),
        (lambda s: np.where(np.arange(len(s))[:, None] % 50 == 40, -999.0, s), "push NaN"),
    ],
    ids=["gyro first", "g as m/s^2", "counts", "degrees", "gravity as gyro", "-999"],
)
def test_a_stream_refuses_what_a_file_refuses(spoil: Any, message: str, size: int) -> None:
    """However few samples a push has: they are judged together, in the words of a stream."""
    samples = spoil(planted(300))
    stream = SampledMotion(accel="m/s^2", gyro="rad/s")
    parts = [samples[start : start + size] for start in range(0, len(samples), size)]
    with pytest.raises(UnitError, match=message):
        deque(map(stream.admit, parts), maxlen=0)


def test_motion_as_it_is_passes_and_later_marks_become_holes() -> None:
    """A reading of -999 long after the beginning is left out and counted, not remembered."""
    samples = planted(600)
    samples[500] = -999.0
    with open_stream("imu", sink=Kept(), accel="m/s^2", gyro="rad/s", rate=100) as stream:
        for start in range(0, 600, 50):
            stream.push(samples[start : start + 50], at=START if start == 0 else None)
    assert stream.report.nan == 1


def scene() -> NDArray[np.uint16]:
    """A slope of depth in millimetres, smooth as rooms are."""
    rows, columns = np.mgrid[0:60, 0:80]
    values: NDArray[np.uint16] = (900 + 25 * rows + 11 * columns).astype(np.uint16)
    return values


@pytest.mark.parametrize(
    ("modality", "options", "spoil", "message"),
    [
        ("depth", {"unit": "mm"}, lambda s: np.where(s > 2500, 65535, s), "invalid=65535"),
        ("depth", {"unit": "mm"}, lambda s: s.byteswap(), 'bits="swapped"'),
        ("depth", {"unit": "mm"}, lambda s: s * 8, 'bits="sun-rgbd"'),
        ("depth", {"unit": "m"}, lambda s: s, "unit="),
        ("thermal", {"unit": "kelvin"}, lambda s: s // 30 + 2900, "scale="),
        ("thermal", {"unit": "celsius"}, lambda s: s / 100 + 273, "kelvin"),
    ],
    ids=["65535", "swapped", "rotated", "mm as m", "tenths of kelvin", "kelvin as celsius"],
)
def test_a_stream_of_maps_refuses_what_a_file_refuses(
    modality: str, options: dict[str, Any], spoil: Any, message: str
) -> None:
    """At the first frame; the remedy names an option of the stream."""
    frame = np.asarray(spoil(scene()))
    frame = frame.astype(np.uint16) if frame.dtype.kind in "iu" else frame
    fx: dict[str, Any] = {"fx": 60.0} if modality == "depth" else {}
    with (
        open_stream(modality, sink=Kept(), **options, **fx) as stream,
        pytest.raises(UnitError, match=message),
    ):
        stream.push(frame, at=START)
