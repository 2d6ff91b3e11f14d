"""Laws of `Thermal`: warmer is brighter, whatever the unit, the polarity or the palette."""

from __future__ import annotations

import io
import json
import math
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
    EmptyPerceptError,
    MediaDecodeError,
    NonFiniteError,
    PaletteError,
    PerceptShapeError,
    PerceptValueError,
    TooManyPixelsError,
    UnitError,
)
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.palettes import palette_table
from sensorium.percepts.percept import percept_from_dict
from sensorium.percepts.thermal import Thermal

# The machine may be busy: slow is not wrong.
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

CELSIUS = np.linspace(10, 40, 12_001, dtype=np.float64).reshape(-1, 1)  # a ramp, 0.0025 K a step
RAMP = np.tile(np.arange(256, dtype=np.uint8), (4, 1))


def encoded(array: np.ndarray | PIL.Image.Image, kind: str = "PNG", **options: object) -> bytes:
    if kind == "PPM" and isinstance(array, np.ndarray):
        size = f"{array.shape[1]} {array.shape[0]}"
        return f"P5\n{size}\n65535\n".encode() + array.astype(">u2").tobytes()
    stream = io.BytesIO()
    picture = array if isinstance(array, PIL.Image.Image) else PIL.Image.fromarray(array)
    picture.save(stream, kind, **options)
    return stream.getvalue()


def test_percentiles_of_the_frame_become_zero_and_one() -> None:
    """Of a ramp from 10 to 40 degrees, 10.3 is black and 39.7 is white, and the range says so."""
    view = Thermal(CELSIUS, unit="celsius").view()
    assert (view.low, view.high) == pytest.approx((10.3, 39.7), abs=1e-5)
    wanted = np.clip((CELSIUS - 10.3) / 29.4, 0, 1)
    np.testing.assert_allclose(view.intensity, wanted, atol=1e-6)
    assert view.intensity.dtype == np.float32


def test_one_hot_pixel_does_not_darken_the_scene() -> None:
    """A soldering iron in one pixel changes no other pixel by more than a thousandth."""
    hot = CELSIUS.copy()
    hot[5000] = 900
    before, after = (Thermal(each, unit="celsius").intensity() for each in (CELSIUS, hot))
    assert after[5000] == 1
    others = np.arange(len(hot)) != 5000
    np.testing.assert_allclose(after[others], before[others], atol=1e-3)


def test_a_given_span_is_kept() -> None:
    """20..30 degrees become 0..1, colder and warmer are clipped."""
    thermal = Thermal(np.array([[10, 20, 22.5, 30, 99]]), unit="celsius", span=(20, 30))
    np.testing.assert_allclose(thermal.intensity(), [[0, 0, 0.25, 1, 1]])
    assert thermal.range() == (20, 30)


def test_even_frames_and_small_targets() -> None:
    """A frame of one value is 0.5; a target in less than 1 % of an even frame still shows."""
    even = np.full((100, 100), 20.0)
    view = Thermal(even, unit="celsius").view()
    assert (view.intensity == 0.5).all()
    assert (view.low, view.high) == (20, 20)
    even[3, 4] = 36
    view = Thermal(even, unit="celsius").view()
    assert view.intensity[3, 4] == 1
    assert view.intensity.sum() == 1
    assert (view.low, view.high) == (20, 36)


def test_celsius_and_kelvin_of_one_scene_agree() -> None:
    """Arrays of one scene are one percept, also with a span; files show the same."""
    celsius = np.array([[-40.0, 0.5], [36.75, 100.0]])
    kelvin = celsius + 273.15
    for spans in ((None, None), ((0, 50), (273.15, 323.15)), ((26.85, 36.85), (300, 310))):
        one = Thermal(celsius, unit="celsius", span=spans[0])
        other = Thermal(kelvin, unit="kelvin", span=spans[1])
        assert one == other
        np.testing.assert_array_equal(one.intensity(), other.intensity())
    narrow = [each.astype(np.float32) for each in (celsius, kelvin)]
    warm = Thermal(encoded(narrow[0], "TIFF"), unit="celsius").view()
    file = Thermal(encoded(narrow[1], "TIFF"), unit="kelvin").view()
    np.testing.assert_allclose(file.intensity, warm.intensity, atol=1e-5)
    assert file.low == pytest.approx(warm.low, abs=1e-4)
    assert file.high == pytest.approx(warm.high, abs=1e-4)
    spanned = Thermal(encoded(narrow[1], "TIFF"), unit="kelvin", span=(273.15, 323.15))
    assert spanned.range() == pytest.approx((0, 50))
    assert spanned.intensity()[1, 0] == pytest.approx(36.75 / 50, abs=1e-5)


def test_counts_of_any_container_agree() -> None:
    """Raw counts as array, tensor, PNG, TIFF and PIL image show the same."""
    counts = np.random.default_rng(0).integers(2**13, 2**14, (20, 30)).astype(np.uint16)
    arrays = [
        Thermal(counts, unit="counts"),
        Thermal(counts.astype(">u2")[None], unit="counts"),
        Thermal(np.asfortranarray(counts)[..., None], unit="counts"),
        Thermal(counts.astype(np.float64), unit="counts"),
        Thermal(torch.from_numpy(counts.astype(np.int32)), unit="counts"),
        Thermal(PIL.Image.fromarray(counts), unit="counts"),
    ]
    assert len({thermal.digest for thermal in arrays}) == 1
    files = [Thermal(encoded(counts, kind), unit="counts") for kind in ("PNG", "TIFF", "PPM")]
    for thermal in arrays + files:
        assert thermal.shape == (20, 30)
        np.testing.assert_array_equal(thermal.intensity(), arrays[0].intensity())
        assert thermal.range() == arrays[0].range()


@pytest.mark.slow
@relaxed
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6))))
def test_white_hot_and_black_hot_add_up_to_one(levels: np.ndarray) -> None:
    """The two polarities of one picture are complements, in 8 bit, 16 bit, float and files."""
    deep = levels.astype(np.uint16) * 257
    files = [encoded(levels), encoded(deep), encoded(deep, "PPM")]
    pictures: list[Any] = [levels, deep, levels / 255, *files]
    for picture in pictures:
        white, black = (Thermal(picture, unit=f"{hot}-hot") for hot in ("white", "black"))
        np.testing.assert_allclose(white.intensity(), levels / 255, atol=1e-7)
        np.testing.assert_allclose(white.intensity() + black.intensity(), 1, atol=1e-6)
        assert white.range() == (0, 1)


def test_display_pictures_of_one_scene_have_one_digest() -> None:
    """Bytes, floats, three equal channels and the inverted picture are the same percept."""
    grey = np.repeat(RAMP[..., None], 3, axis=2)
    same = [
        Thermal(RAMP, unit="white-hot"),
        Thermal(grey, unit="white-hot"),
        Thermal((RAMP / 255).astype(np.float32), unit="white-hot"),
        Thermal(PIL.Image.fromarray(RAMP), unit="white-hot"),
        Thermal(PIL.Image.fromarray(RAMP).convert("P"), unit="white-hot"),
        Thermal(PIL.Image.fromarray(grey), unit="white-hot"),
    ]
    assert len({thermal.digest for thermal in same}) == 1


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA", "LA"])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_grey_files_of_any_mode_are_grey(mode: str, kind: str) -> None:
    """A grey display picture is read as its greys, JPEG's rounding of colours included."""
    if kind == "JPEG" and mode not in ("L", "RGB"):
        mode = "RGB"
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(PIL.Image.fromarray(RAMP).convert(mode), kind, **options)
    np.testing.assert_allclose(
        Thermal(data, unit="white-hot").intensity(), RAMP / 255, atol=3 / 255
    )


def test_nearly_equal_channels_are_grey() -> None:
    """Channels 3 levels apart are JPEG's grey, 4 apart in over 1 % of the pixels are colour."""
    picture = np.full((10, 100, 3), 100, np.uint8)
    picture[..., 0] = 103
    np.testing.assert_allclose(Thermal(picture, unit="white-hot").intensity(), 101 / 255, rtol=1e-6)
    picture[0, :10, 0] = 200  # 1 %: a logo's worth
    Thermal(picture, unit="white-hot")
    picture[0, 10, 0] = 104
    with pytest.raises(PaletteError, match="11 coloured pixels"):
        Thermal(picture, unit="white-hot")


def test_a_transparent_palette_of_greys_is_fine() -> None:
    """A mode P picture with transparency is read without its transparency."""
    data = encoded(PIL.Image.fromarray(RAMP).convert("P"), transparency=b"\0\x80")
    np.testing.assert_allclose(Thermal(data, unit="white-hot").intensity(), RAMP / 255, atol=1e-6)


def test_coloured_pictures_need_their_palette() -> None:
    """Unequal channels without a palette are refused, naming the choices."""
    coloured = palette_table("ironbow")[RAMP]
    with pytest.raises(PaletteError, match=r"three unequal channels.*ironbow"):
        Thermal(coloured, unit="white-hot")
    thermal = Thermal(encoded(coloured), unit="white-hot")
    with pytest.raises(PaletteError, match="three unequal channels"):
        thermal.intensity()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ({}, "without a unit.*celsius.*counts.*white-hot"),
        ({"unit": "rankine"}, "'rankine'"),
        ({"unit": "celsius", "span": (30, 20)}, "low < high"),
        ({"unit": "celsius", "span": (20, 20)}, "low < high"),
        ({"unit": "celsius", "span": (20, math.nan)}, "low < high"),
        ({"unit": "celsius", "span": (20,)}, "low < high"),
        ({"unit": "celsius", "span": "warm"}, "low < high"),
        ({"unit": "celsius", "span": (0, 10**400)}, "low < high"),
        ({"unit": "white-hot", "span": (0, 1)}, "leave it out"),
        ({"unit": "celsius", "palette": "jet"}, "order of temperatures"),
        ({"unit": "white-hot", "palette": "jet"}, "one channel"),
    ],
)
def test_bad_units_are_refused(arguments: dict[str, Any], hint: str) -> None:
    """A missing, unknown or contradictory unit, span or palette is named."""
    with pytest.raises(UnitError, match=hint):
        Thermal(np.full((4, 4), 0.5), **arguments)


def test_the_wrong_temperature_scale_is_noticed() -> None:
    """Kelvin given as celsius and celsius given as kelvin look like what they are."""
    with pytest.raises(UnitError, match="looks like kelvin"):
        Thermal(CELSIUS + 273.15, unit="celsius")
    with pytest.raises(UnitError, match="looks like celsius"):
        Thermal(CELSIUS, unit="kelvin")
    file = Thermal(encoded((CELSIUS + 273.15).astype(np.float32), "TIFF"), unit="celsius")
    with pytest.raises(UnitError, match="looks like kelvin"):
        file.intensity()


def test_a_furnace_can_be_told_in_kelvin() -> None:
    """A scene of 250 degrees Celsius is taken as kelvin, and survives its dictionary."""
    furnace = Thermal(np.full((4, 4), 523.15), unit="kelvin")
    assert furnace.unit == "celsius"
    assert percept_from_dict(furnace.to_dict()) == furnace


def test_impossible_temperatures_are_refused() -> None:
    """Below absolute zero, beyond 3000 degrees, NaN and infinity are no temperatures."""
    for unit, value in (("celsius", -274), ("kelvin", -1), ("celsius", 3001), ("kelvin", 4000)):
        frame = np.full((5, 5), 20.0 if unit == "celsius" else 293.0)
        frame[0, 0] = value
        with pytest.raises(PerceptValueError, match="degrees Celsius"):
            Thermal(frame, unit=unit)
    for bad in (math.nan, math.inf):
        with pytest.raises(NonFiniteError, match="1 values"):
            Thermal(np.array([[20, bad]]), unit="celsius")
    with pytest.raises(PerceptValueError, match="divide by 255"):
        Thermal(np.array([[0.0, 200.0]]), unit="white-hot")
    with pytest.raises(PerceptValueError, match="int64"):
        Thermal([[0, 200]], unit="white-hot")


@pytest.mark.parametrize(
    ("mode", "unit"),
    [("L", "counts"), ("L", "celsius"), ("RGB", "counts"), ("RGB", "kelvin"), ("L", "fahrenheit")],
)
def test_files_that_cannot_hold_the_unit_are_refused(mode: str, unit: str) -> None:
    """8-bit and coloured counts and temperatures are refused from the header."""
    picture = PIL.Image.new(mode, (4, 4))
    for source in (picture, encoded(picture)):
        with pytest.raises(UnitError, match=f"mode {mode}.*unit='{unit}'"):
            Thermal(source, unit=unit)
    with pytest.raises(UnitError, match="gain control"):
        Thermal(RAMP, unit="counts")


@pytest.mark.parametrize("shape", [(4,), (4, 4, 2), (4, 4, 4), (2, 4, 4, 3)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    """One picture, one channel, or three for display units; channels last."""
    with pytest.raises(PerceptShapeError, match="one picture at a time"):
        Thermal(np.zeros(shape), unit="white-hot")
    with pytest.raises(PerceptShapeError, match=r"transpose\(1, 2, 0\)"):
        Thermal(np.zeros((3, 4, 4)), unit="white-hot")
    with pytest.raises(PerceptShapeError, match=r"\(H, W\)"):
        Thermal(np.zeros((4, 4, 3)), unit="celsius")
    with pytest.raises(PerceptShapeError, match="bool"):
        Thermal(np.zeros((4, 4), bool), unit="white-hot")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_a_display_picture_is_applied(orientation: int) -> None:
    """Phone cameras write EXIF: the upright picture comes out, and its shape before decoding."""
    scene = np.random.default_rng(0).integers(0, 256, (5, 8), dtype=np.uint8)
    stored = {
        1: scene,
        2: scene[:, ::-1],
        3: scene[::-1, ::-1],
        4: scene[::-1],
        5: scene.T,
        6: scene.T[::-1],
        7: scene.T[::-1, ::-1],
        8: scene.T[:, ::-1],
    }[orientation]
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    thermal = Thermal(encoded(np.ascontiguousarray(stored), exif=exif), unit="white-hot")
    assert thermal.shape == (5, 8)
    np.testing.assert_allclose(thermal.intensity(), scene / 255, atol=1e-7)


def test_round_trip_through_json(tmp_path: Path) -> None:
    """A percept read back from its dictionary is equal and shows the same."""
    coloured = palette_table("hot")[RAMP]
    path = tmp_path / "hot.png"
    path.write_bytes(encoded(coloured))
    kelvin = (CELSIUS + 273.15).astype(np.float32)
    counts = RAMP.astype(np.uint16) * 60
    percepts = [
        Thermal(path, unit="white-hot", palette="hot"),
        Thermal(path.read_bytes(), unit="black-hot", palette=palette_table("hot")),
        Thermal(coloured, unit="black-hot", palette=palette_table("hot")),
        Thermal(PIL.Image.fromarray(coloured), unit="white-hot", palette="hot"),
        Thermal(CELSIUS, unit="celsius"),
        Thermal(kelvin, unit="kelvin", span=(290, 300.1)),
        Thermal(encoded(kelvin, "TIFF"), unit="kelvin", span=(290, 300.1)),
        Thermal(counts, unit="counts", span=list(np.array([60, 6000]))),
        Thermal(np.array([[-1e300, 1e300]]), unit="counts"),
        Thermal(encoded(counts), unit="black-hot"),
        Thermal(RAMP, unit="black-hot"),
    ]
    for thermal in percepts:
        back = Thermal.from_dict(json.loads(json.dumps(thermal.to_dict())))
        assert back == thermal
        assert back.shape == thermal.shape
        np.testing.assert_array_equal(back.intensity(), thermal.intensity())
        assert back.range() == thermal.range()
    assert len(set(percepts)) == len(percepts)


def test_the_callers_frame_and_the_percepts_are_apart() -> None:
    """Writing to the array or to a result does not change the percept; read-only is accepted."""
    frame = RAMP.copy()
    thermal = Thermal(frame, unit="white-hot")
    frame[:] = 0
    thermal.intensity()[:] = 0
    np.testing.assert_allclose(thermal.intensity(), RAMP / 255, atol=1e-7)
    counts = np.array([[1.0, 2.0]], np.float32)
    counts.flags.writeable = False
    raw = Thermal(counts, unit="counts")
    raw.intensity()
    np.testing.assert_array_equal(counts, [[1, 2]])


def test_limits_truncation_and_strangers() -> None:
    """The pixel limit, broken files, other files and nothing each have their error."""
    with pytest.raises(TooManyPixelsError, match="at most 9"):
        Thermal(encoded(RAMP), unit="white-hot", limits=Limits(max_pixels=9))
    with pytest.raises(TooManyPixelsError, match="at most 9"):
        Thermal(RAMP, unit="white-hot", limits=Limits(max_pixels=9))
    noise = np.random.default_rng(0).integers(0, 65_536, (50, 50)).astype(np.uint16)
    data = encoded(noise)
    with pytest.raises(MediaDecodeError, match="all of it has arrived"):
        Thermal(data[: len(data) // 2], unit="counts")
    data = encoded(noise.astype(np.float32), "TIFF")
    thermal = Thermal(data[: len(data) // 2], unit="counts")
    with pytest.raises(MediaDecodeError, match="all of it has arrived"):
        thermal.intensity()
    with pytest.raises(MediaDecodeError, match="looks like text"):
        Thermal(b"20.0;20.1\n", unit="celsius")
    with pytest.raises(EmptyPerceptError, match="leave this percept out"):
        Thermal(np.zeros((0, 3)), unit="counts")
    with pytest.raises(MediaDecodeError, match="maxval"):
        Thermal(b"P5\n2 1\n16383\n" + bytes(4), unit="counts")


def test_a_span_in_celsius_for_kelvin_is_refused() -> None:
    """Otherwise every frame would be clipped to one white picture."""
    with pytest.raises(UnitError, match="looks like celsius"):
        Thermal(np.full((4, 4), 300.0), unit="kelvin", span=(10, 40))
