"""Temperatures in the JPEG files of FLIR cameras, which carry the raw numbers of the sensor.

APP1 segments that begin with "FLIR" hold, in order, the pieces of one block in FLIR's format FFF: a
header, a directory of records, and the records, of which two matter here: the raw thermal image
and the camera's constants. Positions and meanings are those that the documentation of ExifTool
lists for its FLIR tags (exiftool.org/TagNames/FLIR.html); the formula from raw numbers to
temperatures is the one that FLIR's manuals give under "measurement formula", with the transmission
of the air that Minkina and Dudzik (Infrared Thermography, 2009) write out for these constants. The
air is taken over the whole distance, and a window stands at the camera: so FLIR's own software
reckons. The documentation of the R package Thermimage halves the distance around a window instead,
which is up to 0.1 degree off at 5 m.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sensorium.errors import MediaDecodeError, Phrase
from sensorium.percepts.maps.doubts import roughness
from sensorium.percepts.source import Array

ZERO = 273.15  # kelvin at 0 degrees Celsius
START, APP1, SCAN, END = 0xD8, 0xE1, 0xDA, 0xD9  # JPEG markers
BARE = frozenset({0x01, *range(0xD0, 0xD8)})  # JPEG markers without a length
SEGMENT = b"FLIR\0\x01"  # then the index of the piece, and of the last piece
MAGIC = (b"FFF\0", b"AFF\0")
ENTRY = 32  # bytes of an entry of the directory
VERSIONS = range(100, 200)  # of the format; read in the wrong order of bytes it is none of these
RAW_IMAGE, CAMERA = 1, 0x20  # types of records
RAW_START = 32  # bytes before the raw image in its record
ORDER = 2  # what a record begins with, in its own order of bytes
PNG = b"\x89PNG"
TIFF = (b"II*\0", b"MM\0*")
MOST_RECORDS = 4096
FIELDS = {  # of the camera's record: where each number lies, all 32-bit floats but planck_o
    "emissivity": 0x20,
    "distance": 0x24,  # metres
    "reflected": 0x28,  # kelvin
    "air": 0x2C,  # kelvin
    "window": 0x30,  # kelvin
    "window_transmission": 0x34,
    "humidity": 0x3C,  # 0 to 1; some cameras write percent
    "planck_r1": 0x58,
    "planck_b": 0x5C,
    "planck_f": 0x60,
    "alpha1": 0x70,
    "alpha2": 0x74,
    "beta1": 0x78,
    "beta2": 0x7C,
    "x": 0x80,
    "planck_r2": 0x30C,
}
PLANCK_O = 0x308  # a 32-bit whole number
# Water in the air in g/m^3 at 100 % humidity: exp of a polynomial of degrees Celsius
WATER = (1.5587, 6.939e-2, -2.7816e-4, 6.8455e-7)


class Record(NamedTuple):
    """A record of the block, with its order of bytes."""

    data: bytes
    order: str  # "<" or ">"


@dataclass(frozen=True)
class Calibration:
    """What turns raw numbers of a camera into temperatures: constants, and what it looked through.

    Attributes are those of `FIELDS`, and `planck_o`. Transmissions and emissivity are 0 to 1.
    """

    emissivity: float
    distance: float
    reflected: float
    air: float
    window: float
    window_transmission: float
    humidity: float
    planck_r1: float
    planck_b: float
    planck_f: float
    planck_o: float
    planck_r2: float
    alpha1: float
    alpha2: float
    beta1: float
    beta2: float
    x: float

    def transmission(self) -> float:
        """Return the share of heat that passes the air from the object to the camera."""
        celsius = self.air - ZERO
        humidity = self.humidity / 100 if self.humidity > 2 else self.humidity
        water = humidity * np.exp(sum(c * celsius**power for power, c in enumerate(WATER)))
        way, damp = np.sqrt(self.distance), np.sqrt(water)
        first = self.x * np.exp(-way * (self.alpha1 + self.beta1 * damp))
        second = (1 - self.x) * np.exp(-way * (self.alpha2 + self.beta2 * damp))
        return float(first + second)

    def raw(self, kelvin: float) -> float:
        """Return the raw number of a black body."""
        if kelvin <= 0:
            return 0.0
        radiance = self.planck_r2 * (np.exp(self.planck_b / kelvin) - self.planck_f)
        return float(self.planck_r1 / radiance) - self.planck_o

    def celsius(self, raw: Array) -> NDArray[np.float64]:
        """Return the temperature of the object at each raw number, NaN where it has none.

        What the camera saw is the object's own heat, weakened by air and window, and what is
        reflected by the object and given off by air and window, which is taken away.
        """
        air = self.transmission()
        window = self.window_transmission if 0 < self.window_transmission <= 1 else 1.0
        own = self.emissivity * air * window
        other = (
            (1 - self.emissivity) * air * window * self.raw(self.reflected)
            + (1 - air) * window * self.raw(self.air)
            + (1 - window) * self.raw(self.window)
        )
        seen = (raw.astype(np.float64) - other) / own + self.planck_o
        with np.errstate(divide="ignore", invalid="ignore"):
            kelvin = self.planck_b / np.log(
                self.planck_r1 / (self.planck_r2 * seen) + self.planck_f
            )
        return np.where(seen > 0, kelvin - ZERO, np.nan)


@dataclass(frozen=True)
class FlirPicture:
    """The raw thermal image of a JPEG file, and what turns it into temperatures.

    Attributes:
        shape: (H, W) of the raw image, which is often smaller than the picture.
        calibration: Constants of the camera.
        image: The encoded raw image: bare numbers, or a PNG or TIFF file.
        order: Order of bytes of bare numbers.
    """

    shape: tuple[int, int]
    calibration: Calibration
    image: bytes
    order: str

    def raw(self) -> NDArray[np.uint16]:
        """Return the raw numbers, (H, W).

        Raises:
            ValueError: The raw image is cut off, or of another kind.
        """
        height, width = self.shape
        if self.image.startswith((PNG, *TIFF)):
            with PIL.Image.open(io.BytesIO(self.image), formats=("PNG", "TIFF")) as picture:
                if picture.size != (width, height) or not picture.mode.startswith("I"):
                    raise ValueError(f"a raw image of mode {picture.mode} and size {picture.size}")
                stored = np.asarray(picture).astype(np.uint16)
            # Most cameras write the numbers of a PNG with the low byte first, against the standard.
            swapped = stored.byteswap()
            return swapped if roughness(swapped) <= roughness(stored) else stored
        needed = 2 * height * width
        if len(self.image) < needed:
            raise ValueError(f"a raw image of {len(self.image)} bytes, where {needed} are needed")
        numbers = np.frombuffer(self.image[:needed], f"{self.order}u2")
        return numbers.reshape(self.shape).astype(np.uint16)


def read_flir(content: bytes, name: str) -> FlirPicture | None:
    """Find the raw thermal image in a JPEG file.

    Args:
        content: The whole file.
        name: Name of the file, for messages.
    Returns:
        The picture, `None` if the file has no such segments.
    Raises:
        MediaDecodeError: It has, and they are cut off or lack the image or the constants.
    """
    block = _block(content)
    if not block:
        return None
    try:
        records = _records(block)
        image, camera = records[RAW_IMAGE], records[CAMERA]
        width, height = struct.unpack_from(f"{image.order}HH", image.data, 2)
        if not width or not height:
            raise ValueError(f"a raw image of {width} x {height} pixels")
        return FlirPicture(
            (height, width), _calibration(camera), image.data[RAW_START:], image.order
        )
    except (LookupError, ValueError, struct.error) as error:
        raise MediaDecodeError(
            f"{name}, whose FLIR segments cannot be read ({type(error).__name__}: {error})",
            "the file as the camera wrote it, with its raw image and constants",
            Phrase(
                "take it from the camera again, or pass {0} for the picture alone",
                {"unit": "white-hot"},
            ),
        ) from error


def _block(content: bytes) -> bytes:
    """Put the pieces of the FLIR segments of a JPEG file together."""
    pieces: dict[int, bytes] = {}
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker in (SCAN, END):
            break
        if marker in BARE or marker == 0xFF:
            place += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", content, place + 2)
        segment = content[place + 4 : place + 2 + length]
        if marker == APP1 and segment.startswith(SEGMENT) and len(segment) > len(SEGMENT) + 2:
            pieces[segment[len(SEGMENT)]] = segment[len(SEGMENT) + 2 :]
        place += 2 + length
    return b"".join(pieces[index] for index in sorted(pieces))


def _records(block: bytes) -> dict[int, Record]:
    """Return the first record of each type."""
    if not block.startswith(MAGIC):
        raise ValueError("no FFF header")
    order = ">" if struct.unpack_from(">I", block, 20)[0] in VERSIONS else "<"
    directory, count = struct.unpack_from(f"{order}II", block, 24)
    records: dict[int, Record] = {}
    for index in range(min(count, MOST_RECORDS)):
        entry = directory + ENTRY * index
        (kind,) = struct.unpack_from(f"{order}H", block, entry)
        start, length = struct.unpack_from(f"{order}II", block, entry + 12)
        if kind in (RAW_IMAGE, CAMERA) and kind not in records:
            data = block[start : start + length]
            own = "<" if struct.unpack_from("<H", data)[0] == ORDER else ">"
            records[kind] = Record(data, own)
    return records


def _calibration(camera: Record) -> Calibration:
    values = {
        field: struct.unpack_from(f"{camera.order}f", camera.data, place)[0]
        for field, place in FIELDS.items()
    }
    values["planck_o"] = float(struct.unpack_from(f"{camera.order}i", camera.data, PLANCK_O)[0])
    calibration = Calibration(**values)
    numbers = np.array(list(values.values()))
    if not np.isfinite(numbers).all() or min(calibration.planck_r1, calibration.planck_r2) <= 0:
        raise ValueError("no Planck constants")
    if not 0 < calibration.emissivity <= 1 or calibration.distance < 0:
        raise ValueError(f"emissivity {calibration.emissivity}, distance {calibration.distance}")
    return calibration
