"""Laws of doubts: files of a known wrong kind are refused, and their remedies read them right."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sensorium.errors import PerceptValueError, UnitError
from sensorium.percepts import Depth
from sensorium.percepts.maps.doubts import doubted_bits, lone_maximum

FX = 60.0
SIDES = (40, 56)
ROWS, COLUMNS = np.mgrid[0 : SIDES[0], 0 : SIDES[1]]


def scene(seed: int) -> np.ndarray:
    """Millimetres of a floor, a wall and a box, with the noise of a sensor and holes."""
    random = np.random.default_rng(seed)
    floor = 900 + 4000 / (1 + ROWS)
    wall = 1500 + random.uniform(500, 3000) + 3 * COLUMNS
    depth = np.minimum(floor + 600, wall)
    depth[10:25, 15:30] = random.uniform(700, 1400)
    depth = depth + random.normal(0, 0.003 * depth)
    depth[random.random(SIDES) < 0.05] = 0
    return np.asarray(depth.round(), np.uint16)


def rotated(depth: np.ndarray) -> np.ndarray:
    return (depth << np.uint16(3)) | (depth >> np.uint16(13))


def with_confidence(depth: np.ndarray, seed: int) -> np.ndarray:
    bits = np.random.default_rng(seed).choice([0, 2, 6, 7], SIDES, p=[0.1, 0.1, 0.2, 0.6])
    return np.where(depth > 0, depth | (bits.astype(np.uint16) << np.uint16(13)), 0)


def one_confidence(depth: np.ndarray, seed: int) -> np.ndarray:
    return np.where(depth > 0, depth | np.uint16(0xE000), 0).astype(np.uint16)


FAULTS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "swapped": lambda depth, seed: depth.byteswap(),
    "rotated": lambda depth, seed: rotated(depth),
    "confidence": with_confidence,
    "one confidence": one_confidence,
    "65535": lambda depth, seed: np.where(depth == 0, 65_535, depth).astype(np.uint16),
}
KEYWORDS = re.compile(r"pass (\w+)=(\"[\w-]+\"|\d+)")


def remedy_of(error: UnitError) -> dict[str, Any]:
    """Follow the first remedy as it is written."""
    found = KEYWORDS.search(error.remedy)
    assert found, error.remedy
    value = found[2]
    return {found[1]: value.strip('"') if value.startswith('"') else int(value)}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_kind_is_refused_and_its_remedy_reads_it(fault: str, seed: int) -> None:
    """Doing what the error says gives the planted depth; insisting gives the numbers."""
    depth = scene(seed)
    stored = FAULTS[fault](depth, seed)
    with pytest.raises(UnitError) as refused:
        Depth(stored, unit="mm", fx=FX)
    read = Depth(stored, unit="mm", fx=FX, **remedy_of(refused.value))
    wanted = np.where(depth == 0, np.nan, depth / 1000)
    np.testing.assert_allclose(read.metres(), wanted, rtol=1e-6)
    assert "trust=True" in refused.value.remedy
    trusted = Depth(stored, unit="mm", fx=FX, trust=True)
    np.testing.assert_allclose(np.nan_to_num(trusted.metres()), stored / 1000, rtol=1e-6)
    assert trusted.units["trust"] is True
    assert Depth.from_dict(trusted.to_dict()) == trusted


@pytest.mark.parametrize("seed", range(20))
def test_a_right_map_raises_no_doubt(seed: int) -> None:
    """Scenes, near and far, noisy, quantised and full of holes, are accepted."""
    depth = scene(seed)
    random = np.random.default_rng(seed)
    far = (depth.astype(float) * random.uniform(1, 12)).clip(0, 65_000).astype(np.uint16)
    coarse = (depth // 40 * 40).astype(np.uint16)
    noise = random.integers(500, 9000, SIDES).astype(np.uint16)
    for stored in (depth, far, coarse, noise, depth.astype(np.int32)):
        assert doubted_bits(stored, millimetres=True) is None
        assert lone_maximum(stored) is None
        Depth(stored, unit="mm", fx=FX)


@pytest.mark.parametrize("hole", [np.nan, np.inf])
def test_a_map_without_a_value_has_no_mark(hole: float) -> None:
    """Nothing stands out of a map in which nothing was measured."""
    assert lone_maximum(np.full((30, 40), hole, np.float32)) is None


def test_metres_past_eight_keep_their_low_bits() -> None:
    """SUN RGB-D's rotation is undone for all 16 bits."""
    depth = np.array([[1, 8191, 8192, 9999, 65_535]], np.uint16)
    read = Depth(rotated(depth), unit="mm", fx=FX, bits="sun-rgbd")
    np.testing.assert_allclose(read.metres(), depth / 1000, rtol=1e-6)


def test_holes_of_other_numbers() -> None:
    """Each number of invalid= is a hole before it is scaled; text lists them, too."""
    stored = np.array([[-1, 500, 1000, 9999, 0]], np.int32)
    for invalid in ([-1, 9999], "-1,9999", (-1.0, 9999.0)):
        read = Depth(stored, unit="mm", fx=FX, invalid=invalid)
        np.testing.assert_allclose(read.metres(), [[np.nan, 0.5, 1, np.nan, np.nan]])
    with pytest.raises(PerceptValueError, match="invalid=-1"):
        Depth(stored, unit="mm", fx=FX)
    half = np.where(scene(1) == 0, np.inf, scene(1) / 1000).astype(np.float16)
    half[np.isinf(half)] = np.finfo(np.float16).max
    with pytest.raises(UnitError, match="invalid=65504"):
        Depth(half, unit="m", fx=FX)
    assert np.isnan(Depth(half, unit="m", fx=FX, invalid=65_504).metres()).any()


def test_disparity_of_cityscapes_and_kitti() -> None:
    """Stored disparities are (p - offset) / 256, 0 is a hole; more than the width is impossible."""
    pixels = np.linspace(4, 90, 600 * 4).reshape(4, 600)
    kitti = np.rint(pixels * 256).astype(np.uint16)
    kitti[0, 0] = 0
    with pytest.raises(UnitError, match='scale="1/256"'):
        Depth(kitti, unit="disparity")
    for scale in (1 / 256, "1/256"):
        read = Depth(kitti, unit="disparity", scale=scale).disparity()
        assert np.isnan(read[0, 0])
        np.testing.assert_allclose(read[0, 1:], pixels[0, 1:], atol=0.003)
    cityscapes = np.where(kitti > 0, kitti + 1, 0).astype(np.uint16)
    read = Depth(cityscapes, unit="disparity", scale="1/256", offset="-1/256").disparity()
    assert np.isnan(read[0, 0])
    np.testing.assert_allclose(read[1:], pixels[1:], atol=0.003)


def test_fractions_may_have_decimals() -> None:
    """As 1/6553.5 of a metre, of which 65535 counts are ten."""
    counts = np.rint(np.linspace(1, 4, 400).reshape(20, 20) * 6553.5).astype(np.uint16)
    depth = Depth(counts, unit="1/6553.5", fx=30)
    np.testing.assert_allclose(depth.metres(), counts / 6553.5, rtol=1e-6)


def test_one_far_measurement_is_no_mark() -> None:
    """A single point, or a sky a few times farther than the rest, is a depth."""
    depth = np.tile(np.linspace(1, 9, 40), (30, 1))
    far = depth.copy()
    far[3, 3] = 5000.0
    np.testing.assert_allclose(Depth(far, unit="m", fx=30).metres(), far, rtol=1e-6)
    far[:4] = 800.0
    np.testing.assert_allclose(Depth(far, unit="m", fx=30).metres(), far, rtol=1e-6)


def test_a_linear_scale_gives_metres() -> None:
    """unit times (stored * scale + offset), for whole numbers and floats."""
    read = Depth(np.array([[0, 100, 300]], np.uint16), unit="m", fx=FX, scale=0.01, offset=0.5)
    np.testing.assert_allclose(read.metres(), [[np.nan, 1.5, 3.5]])
    assert set(read.units) == {"unit", "fx", "baseline"}


@pytest.mark.parametrize(
    ("units", "hint"),
    [
        ({"bits": 0}, "bits=13"),
        ({"bits": 33}, "bits=13"),
        ({"bits": "turned"}, "bits=13"),
        ({"bits": 1.5}, "bits=13"),
        ({"scale": 0}, r"scale=0.*scale=0\.01"),
        ({"scale": "1/0"}, "scale='1/0'"),
        ({"scale": np.nan}, "scale=nan"),
        ({"offset": "a"}, "offset='a'"),
        ({"invalid": []}, "invalid=65535"),
        ({"invalid": "none"}, "invalid=65535"),
        ({"bits": "swapped"}, "whole numbers of 16 bits"),
        ({"bits": 13}, "whole numbers of 16 bits"),
    ],
)
def test_malformed_counts_are_named(units: dict[str, Any], hint: str) -> None:
    """Each argument says how it is written; floats have no bits."""
    with pytest.raises(UnitError, match=hint):
        Depth(np.full((2, 2), 1.5), unit="m", fx=FX, **units)


def test_bits_of_wide_numbers() -> None:
    """The low bits of 32-bit numbers count as those of 16."""
    stored = np.array([[1000 + (5 << 16), 2000]], np.int64)
    read = Depth(stored, unit="mm", fx=FX, bits=16)
    np.testing.assert_allclose(read.metres(), [[1, 2]])


def test_trust_accepts_another_unit() -> None:
    """A median beyond 200 m is asked about, and stored if it is insisted on."""
    far = np.full((3, 3), 5000.0)
    with pytest.raises(UnitError, match="trust=True"):
        Depth(far, unit="m", fx=FX)
    depth = Depth(far, unit="m", fx=FX, trust=True)
    assert (Depth.from_dict(depth.to_dict()).metres() == 5000).all()
