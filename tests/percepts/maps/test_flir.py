"""Laws of FLIR's JPEG files: raw numbers become the temperatures they were made of."""

from __future__ import annotations

import contextlib
import io
import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

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

ROWS, COLUMNS = np.mgrid[0:30, 0:46]
CELSIUS = 12 + 0.5 * ROWS + 0.3 * COLUMNS  # of a body that the camera looks at
CELSIUS[8:12, 20:30] = 61
NEAR = {"emissivity": 1.0, "distance": 0.0, "humidity": 0.5}
FAR = {"emissivity": 0.9, "distance": 25.0, "humidity": 0.4, "reflected": 283.15, "air": 301.15}
WINDOW = {**FAR, "window_transmission": 0.8, "window": 298.15, "humidity": 40.0}  # percent
PLANCK = {"r1": 14_906.2, "b": 1396.5, "f": 1.0, "o": -6421, "r2": 0.0108}
AIR = (0.006569, 0.01262, -0.002276, -0.00667, 1.9)  # alpha 1 and 2, beta 1 and 2, x


def raw_of(kelvin: Any) -> Any:
    return (
        PLANCK["r1"] / (PLANCK["r2"] * (np.exp(PLANCK["b"] / kelvin) - PLANCK["f"])) - PLANCK["o"]
    )


def seen(scene: dict[str, float]) -> np.ndarray:
    """Raw numbers behind half the air, a window, and the other half."""
    given = {
        "reflected": 293.15,
        "air": 293.15,
        "window": 293.15,
        "window_transmission": 1.0,
        **scene,
    }
    share = given["humidity"] / (100 if given["humidity"] > 2 else 1)
    warm = given["air"] - 273.15
    water = share * math.exp(1.5587 + 0.06939 * warm - 0.00027816 * warm**2 + 6.8455e-7 * warm**3)
    a1, a2, b1, b2, x = AIR
    way = math.sqrt(given["distance"] / 2)
    air = x * math.exp(-way * (a1 + b1 * math.sqrt(water)))
    air += (1 - x) * math.exp(-way * (a2 + b2 * math.sqrt(water)))
    light = given["emissivity"] * raw_of(CELSIUS + 273.15)
    light += (1 - given["emissivity"]) * raw_of(given["reflected"])
    light = air * light + (1 - air) * raw_of(given["air"])
    through = given["window_transmission"]
    light = through * light + (1 - through) * raw_of(given["window"])
    light = air * light + (1 - air) * raw_of(given["air"])
    return np.asarray(np.rint(light), np.uint16)


def camera(scene: dict[str, float], order: str) -> bytes:
    """The camera's record."""
    given = {
        "reflected": 293.15,
        "air": 293.15,
        "window": 293.15,
        "window_transmission": 1.0,
        **scene,
    }
    record = bytearray(1000)
    struct.pack_into(f"{order}H", record, 0, 2)
    names = ("emissivity", "distance", "reflected", "air", "window", "window_transmission")
    struct.pack_into(f"{order}6f", record, 32, *(given[name] for name in names))
    struct.pack_into(f"{order}f", record, 60, given["humidity"])
    struct.pack_into(f"{order}3f", record, 88, PLANCK["r1"], PLANCK["b"], PLANCK["f"])
    struct.pack_into(f"{order}5f", record, 112, *AIR)
    struct.pack_into(f"{order}if", record, 776, PLANCK["o"], PLANCK["r2"])
    return bytes(record)


def image(raw: np.ndarray, kind: str, order: str) -> bytes:
    """The raw image's record: bare numbers, or a PNG with its bytes swapped or not."""
    head = struct.pack(f"{order}3H", 2, raw.shape[1], raw.shape[0]).ljust(32, b"\0")
    if kind == "bare":
        return head + raw.astype(f"{order}u2").tobytes()
    stream = io.BytesIO()
    stored = raw.byteswap() if kind == "swapped png" else raw
    PIL.Image.fromarray(stored).save(stream, "TIFF" if kind == "tiff" else "PNG")
    return head + stream.getvalue()


def jpeg(records: dict[int, bytes], order: str, *, piece: int = 700) -> bytes:
    """A grey picture of twice the size with the block in segments of `piece` bytes."""
    directory, data = b"", b""
    start = 64 + 32 * len(records)
    for kind, record in records.items():
        entry = struct.pack(f"{order}HHIIII", kind, 0, 100, 0, start + len(data), len(record))
        directory, data = directory + entry.ljust(32, b"\0"), data + record
    head = (
        b"FFF\0" + b"CAMCTRL".ljust(16, b"\0") + struct.pack(f"{order}III", 100, 64, len(records))
    )
    block = head.ljust(64, b"\0") + directory + data
    pieces = [block[place : place + piece] for place in range(0, len(block), piece)]
    segments = [
        b"FLIR\0\x01" + bytes([index, len(pieces) - 1]) + content
        for index, content in enumerate(pieces)
    ]
    stream = io.BytesIO()
    PIL.Image.new("RGB", (92, 60), (90, 30, 200)).save(stream, "JPEG")
    whole = stream.getvalue()
    app1 = b"".join(b"\xff\xe1" + struct.pack(">H", len(s) + 2) + s for s in segments)
    return whole[:2] + app1 + whole[2:]


def file_of(scene: dict[str, float], kind: str = "bare", order: str = "<") -> bytes:
    raw = seen(scene)
    records = {32: camera(scene, order), 1: image(raw, kind, order), 14: b"palette"}
    return jpeg(records, order, piece=60_000 if kind == "png" else 700)


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
