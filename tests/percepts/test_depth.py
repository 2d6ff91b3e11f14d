"""Laws of `Depth`: metres, millimetres and counts of one scene agree; nearer is larger."""

from __future__ import annotations

import io
import json
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sensorium.errors import (
    DepthEncodingError,
    EmptyPerceptError,
    MediaDecodeError,
    PerceptShapeError,
    PerceptValueError,
    SourceTypeError,
    TooManyPixelsError,
    UnitError,
)
from sensorium.percepts.depth import KINECT_BASELINE, Depth
from sensorium.percepts.holes import fill_holes
from sensorium.percepts.limits import Limits

# The machine may be busy: slow is not wrong.
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

FX = 525.0  # pixels: a Kinect's
NAN, INF = math.nan, math.inf
MILLIMETRES = np.array([[500, 1000, 1500], [2000, 0, 8000]], np.uint16)  # one hole


def encoded(array: np.ndarray, kind: str = "PNG") -> bytes:
    if kind == "PPM":
        size = f"{array.shape[1]} {array.shape[0]}"
        return f"P5\n{size}\n65535\n".encode() + array.astype(">u2").tobytes()
    stream = io.BytesIO()
    PIL.Image.fromarray(array).save(stream, kind)
    return stream.getvalue()


def metres_of(values: list[list[float]], **units: Any) -> np.ndarray:
    return Depth(np.array(values), **{"unit": "m", "fx": FX, **units}).metres()


def test_units_of_one_scene_agree() -> None:
    """Metres, millimetres and counts, as arrays, tensors, files and PIL images, are one scene."""
    metres = MILLIMETRES / 1000.0
    wanted = np.where(MILLIMETRES == 0, NAN, metres).astype(np.float32)
    counts = (MILLIMETRES * 5).astype(np.uint16)
    arrays = [
        Depth(metres, unit="m", fx=FX),
        Depth(metres.astype(np.float32), unit="m", fx=FX),
        Depth(wanted.astype(">f8"), unit="m", fx=FX),
        Depth(MILLIMETRES, unit="mm", fx=FX),
        Depth(MILLIMETRES.astype(np.int64)[None], unit="mm", fx=FX),
        Depth(np.asfortranarray(MILLIMETRES)[..., None], unit="mm", fx=FX),
        Depth(torch.from_numpy(MILLIMETRES.astype(np.int32)), unit="mm", fx=FX),
        Depth(PIL.Image.fromarray(MILLIMETRES), unit="mm", fx=FX),
    ]
    assert len({depth.digest for depth in arrays}) == 1
    files = [
        Depth(encoded(MILLIMETRES, "PNG"), unit="mm", fx=FX),
        Depth(encoded(MILLIMETRES, "TIFF"), unit="mm", fx=FX),
        Depth(encoded(MILLIMETRES, "PPM"), unit="mm", fx=FX),
        Depth(encoded(counts), unit=1 / 5000, fx=FX),
        Depth(encoded(metres.astype(np.float32), "TIFF"), unit="m", fx=FX),
    ]
    for depth in arrays + files:
        assert depth.shape == (2, 3)
        assert depth.metric
        np.testing.assert_allclose(depth.metres(), wanted, rtol=1e-6)
        np.testing.assert_allclose(depth.disparity(), 0.075 * FX / wanted, rtol=1e-6)
        assert depth.disparity().dtype == depth.metres().dtype == np.float32


def test_nearer_is_larger_in_disparity() -> None:
    """Disparity orders pixels from far to near, for every way to give depth."""
    far_to_near = np.array([[8.0, 4.0, 2.0, 1.0]])
    for depth in (
        Depth(far_to_near, unit="m", fx=FX),
        Depth(1 / far_to_near, unit="relative"),
        Depth(40 / far_to_near, unit="disparity"),
    ):
        assert (np.diff(depth.disparity()) > 0).all()


def test_planted_disparity() -> None:
    """0.095 m and 640 px see a point at 2 m with 30.4 px, and back."""
    depth = Depth(np.array([[2.0, INF]]), unit="m", fx=640, baseline=0.095)
    np.testing.assert_allclose(depth.disparity(), [[30.4, 0.0]], rtol=1e-6)
    again = Depth(depth.disparity(), unit="disparity", fx=640, baseline=0.095)
    np.testing.assert_allclose(again.metres(), [[2.0, NAN]], rtol=1e-6)


def test_holes_are_zero_and_nan() -> None:
    """0 and NaN are holes, infinity is far; in disparity maps infinity is a hole."""
    np.testing.assert_array_equal(metres_of([[0, NAN, INF, 2]]), [[NAN, NAN, INF, 2]])
    disparity = Depth(np.array([[0, NAN, INF, 2]]), unit="disparity").disparity()
    np.testing.assert_array_equal(disparity, [[NAN, NAN, NAN, 2]])


def test_zero_is_the_far_end_of_a_relative_map() -> None:
    """Sky at 0 stays far, overshoot below 0 joins it, the median of the rest is 25 px."""
    depth = Depth(np.array([[0, -0.1, 2, 4, 6, NAN]]), unit="relative")
    np.testing.assert_allclose(depth.disparity(), [[0, 0, 12.5, 25, 37.5, NAN]])
    assert not depth.metric
    with pytest.raises(UnitError, match="relative depth asked for metres"):
        depth.metres()


@relaxed
@given(scale=st.floats(1e-3, 1e3))
def test_relative_depth_has_no_scale(scale: float) -> None:
    """A relative map times any number has the same disparity."""
    values = np.array([[1.0, 2.0, 5.0]])
    one, other = (Depth(values * by, unit="relative").disparity() for by in (1, scale))
    np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize("unit", ["m", "mm", 0.001])
def test_focal_length_is_never_guessed(unit: str | float) -> None:
    """Without fx metric depth is refused, naming both ways out."""
    with pytest.raises(UnitError, match=r'fx=525.*fx="assume-60deg"'):
        Depth(np.full((4, 4), 100.0), unit=unit)


@pytest.mark.parametrize(
    ("right", "wrong", "hint"),
    [
        ({"baseline": 5.0}, {"baseline": 5.1}, "pass baseline=0.075"),
        ({"fx": 64 / 11.9}, {"fx": 64 / 12.1}, "fx=5.28926 for a map 64 pixels wide"),
        ({"depth": 199.0}, {"depth": 201.0}, "look like millimetres"),
        ({"depth": 21.0, "unit": "mm"}, {"depth": 19.0, "unit": "mm"}, "look like metres"),
    ],
)
def test_the_bounds_of_a_scene_and_a_camera(
    right: dict[str, Any], wrong: dict[str, Any], hint: str
) -> None:
    """5 m between two eyes, 161 degrees of view, and medians of 20 mm and 200 m are the most."""

    def made(*, depth: float = 2.0, **units: Any) -> Depth:
        return Depth(np.full((4, 64), depth), **{"unit": "m", "fx": FX, **units})

    assert made(**right).shape == (4, 64)
    with pytest.raises(UnitError, match=hint):
        made(**wrong)


def test_an_assumed_view_is_60_degrees_wide() -> None:
    """The edges of the map are 30 degrees off its axis, for arrays and files."""
    for source in (np.full((2, 640), 1000, np.uint16), encoded(np.full((2, 640), 1000, np.uint16))):
        depth = Depth(source, unit="mm", fx="assume-60deg")
        assert depth.fx is not None
        assert math.degrees(math.atan(320 / depth.fx)) == pytest.approx(30)
        assert depth.units["fx"] == "assume-60deg"


def test_disparity_without_fx_has_no_metres() -> None:
    """Disparity is usable as it is, metres need fx."""
    depth = Depth(np.array([[10.0]]), unit="disparity")
    assert depth.disparity() == 10
    with pytest.raises(UnitError, match="without fx asked for metres"):
        depth.metres()


@pytest.mark.parametrize(
    ("units", "hint"),
    [
        ({}, r'without a unit.*"mm".*"disparity".*"relative"'),
        ({"unit": "cm"}, "unit 'cm'"),
        ({"unit": 0}, "unit 0"),
        ({"unit": -0.001}, "unit -0.001"),
        ({"unit": NAN}, "unit nan"),
        ({"unit": True}, "unit True"),
        ({"unit": 10**400}, "unit 10000"),
        ({"unit": ["m"]}, "unit .'m'."),
        ({"unit": "m", "fx": 0}, "fx=0"),
        ({"unit": "m", "fx": NAN}, "fx=nan"),
        ({"unit": "m", "fx": "wide"}, "fx='wide'"),
        ({"unit": "m", "fx": FX, "baseline": 75}, "pass baseline=0.075"),
        ({"unit": "m", "fx": FX, "baseline": 0}, "baseline=0"),
        ({"unit": "disparity", "baseline": NAN}, "baseline=nan"),
    ],
)
def test_bad_units_are_refused(units: dict[str, Any], hint: str) -> None:
    """A missing or impossible unit, focal length or baseline is named."""
    with pytest.raises(UnitError, match=hint):
        Depth(np.ones((2, 2)), **units)


def test_the_wrong_unit_shows_in_the_median() -> None:
    """Millimetres as metres and metres as millimetres are noticed, in arrays and files."""
    with pytest.raises(UnitError, match="look like millimetres"):
        Depth(MILLIMETRES, unit="m", fx=FX)
    with pytest.raises(UnitError, match="look like metres"):
        Depth(MILLIMETRES / 1000, unit="mm", fx=FX)
    depth = Depth(encoded(MILLIMETRES), unit="m", fx=FX)
    with pytest.raises(UnitError, match="look like millimetres"):
        depth.disparity()


def test_negative_depth_is_counted() -> None:
    """Negative metric depth and disparity are refused with their number and minimum."""
    values = np.array([[1.0, -2.0, -0.5]])
    with pytest.raises(PerceptValueError, match="2 negative values, the least -2"):
        Depth(values, unit="m", fx=FX)
    with pytest.raises(PerceptValueError, match="2 negative values"):
        Depth(values, unit="disparity")
    with pytest.raises(PerceptValueError, match="1 negative values, the least -inf"):
        Depth(np.array([[1.0, -INF]]), unit="m", fx=FX)
    with pytest.raises(PerceptValueError, match="pass scale=-1"):
        Depth(-np.abs(values), unit="relative")


@pytest.mark.parametrize("unit", ["m", "mm", "disparity", "relative"])
def test_nothing_but_holes_is_empty(unit: str) -> None:
    """A map without a measured pixel is refused, in arrays and files."""
    with pytest.raises(EmptyPerceptError, match="all holes"):
        Depth(np.full((2, 2), NAN), unit=unit, fx=FX)
    if unit != "relative":
        with pytest.raises(EmptyPerceptError, match="4 pixels that are all holes"):
            Depth(encoded(np.zeros((2, 2), np.uint16)), unit=unit, fx=FX).disparity()


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA", "LA", "1"])
def test_8_bit_and_coloured_pictures_are_refused(mode: str) -> None:
    """Display pictures of depth are refused from their header, with the reason."""
    picture = PIL.Image.new(mode, (4, 4))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    for source in (picture, stream.getvalue()):
        with pytest.raises(DepthEncodingError, match=rf"mode {mode}.*original 16-bit.*inverts"):
            Depth(source, unit="mm", fx=FX)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, bool])
def test_8_bit_arrays_are_refused(dtype: type) -> None:
    """256 levels are not depth."""
    with pytest.raises(DepthEncodingError, match="dtype"):
        Depth(np.ones((4, 4), dtype), unit="mm", fx=FX)


@pytest.mark.parametrize("shape", [(4,), (3, 4, 4), (4, 4, 3), (2, 1, 4, 4)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    """One channel only."""
    with pytest.raises(PerceptShapeError, match=r"\(H, W\), \(1, H, W\) or \(H, W, 1\)"):
        Depth(np.ones(shape), unit="m", fx=FX)


def test_round_trip_through_json(tmp_path: Path) -> None:
    """A percept read back from its dictionary is equal and has the same disparity."""
    path = tmp_path / "depth.png"
    path.write_bytes(encoded(MILLIMETRES))
    metres = MILLIMETRES / 1000
    percepts = [
        Depth(path, unit="mm", fx=FX),
        Depth(path.read_bytes(), unit=0.001, fx="assume-60deg"),
        Depth(MILLIMETRES, unit="mm", fx=FX, baseline=0.095),
        Depth(PIL.Image.fromarray(MILLIMETRES), unit="mm", fx=FX),
        Depth(np.array([[INF, 1e300, 1e-300, 0, 3]]), unit="m", fx=FX),
        Depth(metres, unit="relative"),
        Depth(metres, unit="disparity"),
        Depth(metres, unit="disparity", fx=FX, baseline=0.12),
    ]
    for depth in percepts:
        back = Depth.from_dict(json.loads(json.dumps(depth.to_dict())))
        assert back == depth
        assert (back.fx, back.baseline) == (depth.fx, depth.baseline)
        np.testing.assert_array_equal(back.disparity(), depth.disparity())


def test_units_are_part_of_the_digest() -> None:
    """The same counts with another scale, focal length or baseline are another percept."""
    data = encoded(MILLIMETRES)
    percepts = [
        Depth(data, unit="mm", fx=FX),
        Depth(data, unit=1 / 5000, fx=FX),
        Depth(data, unit="mm", fx=FX + 1),
        Depth(data, unit="mm", fx=FX, baseline=0.095),
        Depth(data, unit="disparity"),
        Depth(data, unit="relative"),
    ]
    assert len(set(percepts)) == len(percepts)


def test_the_callers_map_and_the_percepts_are_apart() -> None:
    """Writing to the array or to a result does not change the percept; read-only is accepted."""
    array = np.array([[1.0, 2.0]], np.float32)
    depth = Depth(array, unit="m", fx=FX)
    array[:] = 9
    depth.metres()[:] = 9
    np.testing.assert_array_equal(depth.metres(), [[1, 2]])
    raw = Depth(np.array([[1.0, 2.0]]), unit="disparity")
    raw.disparity()[:] = 9
    np.testing.assert_array_equal(raw.disparity(), [[1, 2]])
    array.flags.writeable = False
    Depth(array, unit="m", fx=FX)
    assert (array == 9).all()


def test_exif_orientation_is_not_applied() -> None:
    """A depth map lies as its bytes lie: its focal length is along its width."""
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    PIL.Image.fromarray(MILLIMETRES).save(stream, "PNG", exif=exif)
    depth = Depth(stream.getvalue(), unit="mm", fx=FX)
    assert depth.shape == depth.metres().shape == MILLIMETRES.shape


def test_a_stretched_pgm_is_refused() -> None:
    """Pillow would multiply the millimetres of a PGM with maxval 10000 by 6.5; we do not let it."""
    values = MILLIMETRES.astype(">u2")
    whole = b"P5\n3 2\n65535\n" + values.tobytes()
    np.testing.assert_allclose(Depth(whole, unit="mm", fx=FX).metres()[1, 2], 8, rtol=1e-6)
    with pytest.raises(MediaDecodeError, match="maxval"):
        Depth(b"P5\n3 2\n10000\n" + values.tobytes(), unit="mm", fx=FX)


def test_bombs_and_truncated_maps() -> None:
    """The pixel limit counts before decoding; a map that breaks off is a media error."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 16, 0, 0, 0, 0)
    chunk = (
        struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    pixels = struct.pack(">I", 4) + b"IDAT" + bytes(8)
    with pytest.raises(TooManyPixelsError, match="60000 x 60000"):
        Depth(b"\x89PNG\r\n\x1a\n" + chunk + pixels, unit="mm", fx=FX)
    with pytest.raises(TooManyPixelsError, match="at most 5"):
        Depth(MILLIMETRES, unit="mm", fx=FX, limits=Limits(max_pixels=5))
    noise = np.random.default_rng(0).integers(500, 9000, (50, 50)).astype(np.uint16)
    data = encoded(noise)
    depth = Depth(data[: len(data) // 2], unit="mm", fx=FX)
    with pytest.raises(MediaDecodeError, match="all of it has arrived"):
        depth.metres()
    with pytest.raises(MediaDecodeError, match="looks like text"):
        Depth(b"1.0 2.0 3.0\n", unit="m", fx=FX)


def test_absurd_numbers_give_no_warnings() -> None:
    """Overflow is infinitely far or as near as can be, and quiet."""
    far = Depth(np.array([[1e300, 1e-9]]), unit=1e300, fx=FX)
    np.testing.assert_array_equal(far.disparity(), [[0, 0]])
    near = Depth(np.array([[1e-40, 1.0]]), unit="m", fx=1e308, baseline=5)
    assert np.isfinite(near.disparity()).all()


def test_the_default_baseline_is_a_kinects() -> None:
    """What was not said is 0.075 m, and is written down."""
    assert Depth(np.ones((2, 2)), unit="m", fx=FX).units["baseline"] == KINECT_BASELINE == 0.075


maps = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 17), st.integers(1, 17)),
    elements=st.one_of(st.just(NAN), st.floats(0.125, 100, width=32)),
)


@relaxed
@given(maps)
def test_filling_keeps_valid_pixels_and_their_range(values: np.ndarray) -> None:
    """Filled maps have no holes, their valid pixels are exact, the filled lie between them."""
    before = values.copy()
    if np.isnan(values).all():
        with pytest.raises(EmptyPerceptError, match="all holes"):
            fill_holes(values)
        return
    filled = fill_holes(values)
    valid = ~np.isnan(before)
    np.testing.assert_array_equal(values, before)
    np.testing.assert_array_equal(filled[valid], before[valid])
    assert np.nanmin(before) <= filled.min() <= filled.max() <= np.nanmax(before)
    assert filled.dtype == np.float32


@relaxed
@given(maps, st.floats(0.125, 100, width=32))
def test_a_constant_map_stays_constant(values: np.ndarray, constant: float) -> None:
    """Holes in a plain wall are wall."""
    values = np.where(np.isnan(values), values, np.float32(constant))
    values[0, 0] = constant
    assert (fill_holes(values) == np.float32(constant)).all()


def test_filling_follows_a_slope() -> None:
    """Holes in a ramp are filled close to the ramp: from their surroundings, not from the mean."""
    ramp = np.tile(np.linspace(1, 9, 65, dtype=np.float32), (65, 1))
    holed = ramp.copy()
    holed[np.random.default_rng(0).random(ramp.shape) < 0.3] = NAN
    holed[20:30, 20:30] = NAN
    assert np.abs(fill_holes(holed) - ramp).max() < 1.0
    assert np.abs(fill_holes(holed) - ramp).mean() < 0.05


@pytest.mark.parametrize("fx", [1.93, 0.525, np.eye(3)])
def test_a_focal_length_that_no_lens_has_is_refused(fx: object) -> None:
    """Millimetres of the lens, metres, or a camera matrix are not pixels."""
    with pytest.raises(UnitError, match="focal length in pixels"):
        Depth(np.full((480, 640), 2.0), unit="m", fx=fx)  # type: ignore[arg-type]


def test_a_guessed_focal_length_stays_a_guess() -> None:
    """The percept, its units and its dictionary say that fx was assumed."""
    guessed = Depth(np.full((48, 64), 2.0), unit="m", fx="assume-60deg")
    assert guessed.fx_assumed
    assert guessed.units["fx"] == "assume-60deg"
    assert Depth.from_dict(guessed.to_dict()) == guessed
    assert not Depth(np.full((48, 64), 2.0), unit="m", fx=guessed.fx).fx_assumed


def test_masked_arrays_are_refused() -> None:
    """A mask would be lost silently, and fill values read as depth."""
    masked = np.ma.masked_array(np.full((4, 4), 2.0), np.eye(4, dtype=bool))
    with pytest.raises(SourceTypeError, match="mask"):
        Depth(masked, unit="m", fx=4.0)


def test_truth_values_without_a_unit_ask_for_it() -> None:
    """They are no depth; nothing is divided by their median, which is 0."""
    with pytest.raises(UnitError, match="unit"):
        Depth(np.zeros((2, 3), bool), unit=None, fx=500.0)
