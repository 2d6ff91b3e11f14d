"""FLIR's JPEG files of planted temperatures."""

from __future__ import annotations

import io
import math
import struct
from typing import Any

import numpy as np
import PIL.Image

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
    """Raw numbers behind the air and a window at the camera."""
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
    way = math.sqrt(given["distance"])
    air = x * math.exp(-way * (a1 + b1 * math.sqrt(water)))
    air += (1 - x) * math.exp(-way * (a2 + b2 * math.sqrt(water)))
    light = given["emissivity"] * raw_of(CELSIUS + 273.15)
    light += (1 - given["emissivity"]) * raw_of(given["reflected"])
    light = air * light + (1 - air) * raw_of(given["air"])
    through = given["window_transmission"]
    light = through * light + (1 - through) * raw_of(given["window"])
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
