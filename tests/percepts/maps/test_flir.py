"""Laws of FLIR's JPEG files: raw numbers become the temperatures they were made of."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.support.flir_files import CELSIUS, FAR, NEAR, WINDOW, camera, file_of, image, jpeg, seen

from sensorium.errors import (
    MediaDecodeError,
    PaletteError,
    PerceptError,
    TooManyPixelsError,
    UnitError,
)
from sensorium.percepts import Thermal
from sensorium.percepts.files import file_from_percept, percept_from_file
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.flir import read_flir

GOLDENS = Path(__file__).parents[2] / "goldens" / "flir"


def shown(thermal: Thermal) -> np.ndarray:
    view = thermal.view()
    return view.intensity * (view.high - view.low) + view.low


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["bare", "png", "swapped png", "tiff"])
@pytest.mark.parametrize("scene", [NEAR, FAR, WINDOW])
def test_raw_numbers_become_the_planted_temperatures(
    scene: dict[str, float], kind: str, order: str
) -> None:
    """Near and through air and a window, in both orders of bytes, to a tenth of a degree."""
    content = file_of(scene, kind, order)
    thermal = Thermal(content, unit="celsius", span=(0, 80))
    assert thermal.shape == CELSIUS.shape
    np.testing.assert_allclose(shown(thermal), CELSIUS, atol=0.1)
    counts = Thermal(content, unit="counts", span=(0, 65_535))
    np.testing.assert_allclose(shown(counts), seen(scene), atol=0.01)


def test_the_file_of_a_camera_is_read_as_another_reader_reads_it() -> None:
    """A FLIR i7's picture, without the air between, whose formula that reader has otherwise."""
    golden = json.loads((GOLDENS / "four_ducks.json").read_text())
    content = (GOLDENS / "four_ducks.jpg").read_bytes()
    picture = read_flir(content, "four_ducks.jpg")
    assert picture is not None
    calibration = replace(picture.calibration, distance=0.0)
    celsius = calibration.celsius(picture.raw())
    assert list(celsius.shape) == golden["shape"]
    found = [celsius[row, column] for row, column in golden["pixels"]]
    np.testing.assert_allclose(found, golden["celsius"], atol=1e-3)
    assert celsius.mean() == pytest.approx(golden["mean"], abs=1e-3)
    low, high = Thermal(content, unit="celsius").range()
    assert 5 < low < 8
    assert 13 < high < 18


def test_a_unit_of_temperature_is_only_how_the_span_is_written() -> None:
    """Celsius, kelvin and fahrenheit show the same heat."""
    content = file_of(FAR)
    spans = {"celsius": (0, 50), "kelvin": (273.15, 323.15), "fahrenheit": (32, 122)}
    views = [Thermal(content, unit=unit, span=span).view() for unit, span in spans.items()]
    for view in views:
        np.testing.assert_allclose(view.intensity, views[0].intensity, atol=1e-6)
        assert (view.low, view.high) == pytest.approx((0, 50))


def test_a_file_stays_what_it_is(tmp_path: Path) -> None:
    """JSON, a memory's copy and the picture for display read the same file."""
    path = tmp_path / "FLIR0001.jpg"
    path.write_bytes(file_of(FAR, "swapped png"))
    thermal = Thermal(path, unit="celsius")
    again = Thermal.from_dict(json.loads(json.dumps(thermal.to_dict())))
    assert again == thermal
    kept = file_from_percept(thermal)
    assert (kept.extension, kept.units) == ("jpg", {"unit": "celsius"})
    read = percept_from_file(kept.source.read(), modality="thermal", units=kept.units)
    assert isinstance(read, Thermal)
    np.testing.assert_array_equal(read.intensity(), thermal.intensity())
    assert Thermal(path, unit="white-hot", palette="ironbow").shape == (60, 92)
    with pytest.raises(PaletteError):
        Thermal(path, unit="white-hot").intensity()


def test_what_is_broken_is_said() -> None:
    """Missing records and cut images are errors with a remedy; other JPEGs have no temperatures."""
    whole = {32: camera(NEAR, "<"), 1: image(seen(NEAR), "bare", "<")}
    for records in ({1: whole[1]}, {32: whole[32]}, {1: whole[1], 32: whole[32][:500]}):
        with pytest.raises(MediaDecodeError, match=r"FLIR segments.*white-hot"):
            Thermal(jpeg(records, "<"), unit="celsius")
    cut = jpeg({32: whole[32], 1: whole[1][:1000]}, "<")
    with pytest.raises(MediaDecodeError, match="raw thermal image"):
        Thermal(cut, unit="celsius").view()
    stream = io.BytesIO()
    PIL.Image.new("L", (9, 9)).save(stream, "JPEG")
    with pytest.raises(UnitError, match="FLIR camera"):
        Thermal(stream.getvalue(), unit="celsius")
    with pytest.raises(UnitError, match="states its own constants"):
        Thermal(file_of(NEAR), unit="celsius", scale=0.1)
    with pytest.raises(TooManyPixelsError):
        Thermal(file_of(NEAR), unit="celsius", limits=Limits(max_pixels=99))


@pytest.mark.parametrize("seed", range(40))
def test_damage_never_escapes_as_another_error(seed: int) -> None:
    """Random bytes in the segments give temperatures or an error of ours."""
    random = np.random.default_rng(seed)
    content = bytearray(
        file_of(FAR, random.choice(["bare", "swapped png"]), random.choice(["<", ">"]))
    )
    for place in random.integers(2, 1400, 12):
        content[place] = random.integers(256)
    with contextlib.suppress(PerceptError):
        Thermal(bytes(content), unit="celsius").view()
