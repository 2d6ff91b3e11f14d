"""Thermal pictures: temperatures or sensor counts, or a camera's display picture."""

from __future__ import annotations

import copy
import difflib
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

import numpy as np
import PIL.Image
from numpy.typing import DTypeLike, NDArray

from sensorium.errors import Phrase, SensoriumError, UnitError, listed, show
from sensorium.percepts.capture.capture import NOTHING, Capture
from sensorium.percepts.capture.pictures import picture_capture
from sensorium.percepts.codecs.pictures import (
    SUFFIXES,
    check_memory,
    check_size,
    encode_tiff,
    load_upright,
    translate_errors,
)
from sensorium.percepts.forms import PerceptFile, Preview, PreviewLimits
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.counts import Counts, Number
from sensorium.percepts.maps.flir import FlirPicture, read_flir
from sensorium.percepts.maps.layout import Layout, pick_frame
from sensorium.percepts.maps.opening import FORMATS, MapFile
from sensorium.percepts.maps.opening import SUFFIXES as MAP_SUFFIXES
from sensorium.percepts.maps.palettes import Palette, canonical_palette
from sensorium.percepts.maps.text_files import check_said
from sensorium.percepts.maps.thermal_values import (
    DISPLAY_UNITS,
    LIKELY_CELSIUS,
    RADIOMETRIC_UNITS,
    TEMPERATURES,
    Colours,
    canonical_values,
    check_mode,
    likely_units,
    picture_values,
    to_celsius,
)
from sensorium.percepts.maps.units import BITS, READING
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept, Span
from sensorium.percepts.previews import encode_drawing
from sensorium.percepts.source import Array, Encoded, Given, Samples, take
from sensorium.percepts.unit import Unit

JPEG = b"\xff\xd8"
PIXEL = 64  # bytes of memory that a pixel takes until its colours are looked up and it is a value
COLD_PERCENTILE, HOT_PERCENTILE = 1.0, 99.0  # of a frame's values, shown as 0 and 1
NEEDED = (
    "celsius, kelvin, fahrenheit, or counts (raw 14- or 16-bit), perhaps with a scale and an "
    "offset; or white-hot or black-hot for a display picture (with its palette if it is coloured)"
)
SPELLED = {  # units, as others write them
    **{unit: unit for unit in sorted(RADIOMETRIC_UNITS | DISPLAY_UNITS)},
    **dict.fromkeys(("c", "degc", "°c", "centigrade", "degrees"), "celsius"),
    **dict.fromkeys(("k", "degk"), "kelvin"),
    **dict.fromkeys(("f", "degf", "°f"), "fahrenheit"),
    **dict.fromkeys(("raw", "adu"), "counts"),
}
CONSTANT_INTENSITY = 0.5  # of every pixel of a frame that has one temperature
SPAN_DECIMALS = 6  # kept when a span in kelvin becomes Celsius: 300 K is 26.85, not 26.8500...023


class ThermalView(NamedTuple):
    """A thermal picture as shown, and the range of values it shows."""

    intensity: NDArray[np.float32]  # (H, W) in [0, 1], white-hot
    low: float  # what 0 stands for: degrees Celsius, or counts
    high: float  # what 1 stands for


class Thermal(Percept):
    """A thermal picture: radiometric (temperatures, counts) or for display (white-, black-hot).

    Attributes:
        shape: (H, W). EXIF orientation of files and PIL images is applied, as phone cameras write
            it.
        unit: Meaning of the values: arrays in kelvin or fahrenheit have become "celsius", and
            black-hot or coloured ones "white-hot"; files keep their unit.
        span: (low, high) in `unit`, shown as 0 and 1; `None` leaves it to each frame.
    """

    modality: ClassVar[str] = "thermal"
    still: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, Unit]] = {
        "unit": Unit(
            "celsius, kelvin, fahrenheit, counts, white-hot or black-hot", "celsius", required=True
        ),
        "span": Unit("the two temperatures that black and white stand for", (20, 40)),
        "invalid": Unit("stored numbers that mark pixels without a value, or nan", -999),
        "palette": Unit("colours of a coloured picture: ironbow, spectra, ...", "ironbow"),
        **BITS,
        **READING,
    }
    suffixes: ClassVar[tuple[str, ...]] = (*SUFFIXES, *MAP_SUFFIXES)
    guessable: ClassVar[bool] = False  # nothing in a file tells it from a picture
    mime_family: ClassVar[str] = "image"
    source: Encoded | Samples
    shape: tuple[int, int]
    unit: str
    span: tuple[float, float] | None
    trust: bool
    _palette: str | list[list[int]] | None
    _counts: Counts
    _layout: Layout

    def __init__(
        self,
        source: Given,
        *,
        unit: str | None = None,
        span: Sequence[float] | None = None,
        palette: Palette | None = None,
        scale: Number | None = None,
        offset: Number | None = None,
        invalid: Number | Sequence[Number] | None = None,
        bits: int | str | None = None,
        shape: Sequence[float] | str | None = None,
        dtype: DTypeLike | None = None,
        dataset: str | None = None,
        frame: int | str | None = None,
        trust: bool = False,
        at: datetime | None = None,
        uri: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Take a thermal picture; arrays are checked now, files when decoded (their header now).

        Of a radiometric file of whole numbers the values are checked now as well: read in another
        way, they are as plausible.

        Args:
            source: A path, bytes, binary file object, data: URI or PIL image; or an array or
                tensor of shape (H, W), (1, H, W) or (H, W, 1), and (H, W, 3) for display units.
                Files are pictures, the JPEG of a FLIR camera with its raw image, .npy, .npz, HDF5,
                MATLAB 7.3, OpenEXR, a matrix in text, or numbers without a header.
            unit: "celsius", "kelvin" or "fahrenheit"; "counts" (raw 14- or 16-bit); or
                "white-hot" or "black-hot" for display pictures: 8-bit, 16-bit or float in [0, 1].
                Three channels must be equal (nearly, for JPEG) unless the palette is named.
                Temperatures of a FLIR JPEG are computed from its constants.
            span: (low, high) in that unit, shown as 0 and 1, for radiometric units. Without it a
                frame shows its 1st to 99th percentile.
            palette: Colours of a display picture: a name in
                `sensorium.percepts.maps.palettes.PALETTES`, or (N, 3) uint8 RGB from cold to hot
                (from hot to cold with "black-hot").
            scale: A value in `unit` is `stored * scale + offset`: 0.01 for hundredths of kelvin.
            offset: See `scale`.
            invalid: Stored numbers that mark pixels without a value, `"nan"` among them; these are
                filled from their surroundings.
            bits: How many low bits of a stored number count, or "swapped" for bytes in the wrong
                order.
            shape: (H, W) of a file without a header.
            dtype: Its numbers as NumPy calls them, little-endian unless it says otherwise.
            dataset: Name of the array in an HDF5 or .npz file, or of an OpenEXR channel.
            frame: Index of the picture in a stack (N, H, W), or page of a TIFF, from 0.
            trust: Accept values that look like another unit.
            at: When it was seen.
            uri: Where it came from; not fetched.
            limits: Checked before decoding.
        Raises:
            UnitError: The unit is missing, unknown, or contradicts the data, `span` or `palette`.
            PaletteError: Unequal channels without a palette, or another palette than named.
            PerceptShapeError: The array has another shape or dtype, or the file holds several.
            PerceptValueError: Impossible temperatures; `NonFiniteError` for NaN or infinity.
            MediaDecodeError: The file holds no map, or its header is damaged.
            MissingExtraError: The library that reads such files is not installed.
            TooManyPixelsError: More pixels than `limits` allow.
            TimeError: `at` is not an aware datetime.
            PerceptError: `sensorium.percepts.source.take` refuses the source.
        """
        if unit is None:
            raise self._no_unit(source, (shape, dtype, dataset, frame), limits)
        unit = _check_unit(unit)
        interval = _check_span(span, unit)
        colours = _check_palette(palette, unit)
        counts = _check_counts(
            Counts.of(bits=bits, scale=scale, offset=offset, invalid=invalid), unit
        )
        layout = Layout.of(shape=shape, dtype=dtype, dataset=dataset, frame=frame)
        recreated = isinstance(source, Samples)  # canonical values, whose unit is not in doubt
        if isinstance(source, PIL.Image.Image):
            check_mode(source.mode, unit, "a PIL image")
            source = picture_values(load_upright(source, modality=self.modality, limits=limits))
        taken = take(source, modality=self.modality, limits=limits)
        self._set(limits=limits, unit=unit, trust=bool(trust), _counts=counts, _layout=layout)
        if isinstance(taken, Encoded):
            size = self._probe(taken)
        else:
            values = canonical_values(
                pick_frame(taken.array, layout, taken.name),
                unit,
                palette=colours,
                limits=limits,
                guess=not (recreated or trust),
                counts=counts,
            )
            taken, size, colours = Samples(values), (values.shape[0], values.shape[1]), None
            unit, interval = _canonical_unit(unit, interval)
            self._set(unit=unit, _counts=Counts(), _layout=Layout())
        self._describe(taken, at=at, uri=uri, limits=limits)
        self._set(shape=size, span=interval, _palette=colours)

    @property
    def units(self) -> Mapping[str, Any]:
        """`unit`, `span` if one was given, the palette of a coloured file, how a file is read."""
        units: dict[str, Any] = {"unit": self.unit}
        if self.span is not None:
            units["span"] = list(self.span)
        if self._palette is not None:
            units["palette"] = copy.deepcopy(self._palette)
        units |= self._counts.units | self._layout.units
        return units | {"trust": True} if self.trust else units

    def _no_unit(self, source: Given, place: tuple[Any, ...], limits: Limits) -> UnitError:
        """Return the refusal of a picture without a unit, with those that its numbers suggest."""
        ways: list[dict[str, Any]] = [{"unit": "celsius"}]
        try:
            names = dict(zip(("shape", "dtype", "dataset", "frame"), place, strict=True))
            layout = Layout.of(**names)
            taken = take(source, modality=self.modality, limits=limits)
            if isinstance(taken, Samples):
                ways = likely_units(taken.array)
            elif not _is_flir(taken):
                file = MapFile(taken, layout, self.modality, limits, PIXEL)
                ways = likely_units(np.asarray(file.read()))
        except SensoriumError:  # whatever else is wrong is said when the unit is known
            pass
        return UnitError(
            "a thermal picture without a unit",
            NEEDED,
            Phrase(f"pass {listed(ways)}, as its numbers suggest", *ways),
        )

    def view(self) -> ThermalView:
        """Return the picture as shown, with its range: both `intensity` and `range`.

        A display picture shows 0 to 1. A radiometric one is mapped like a camera's gain control:
        `span`, else the 1st to 99th percentile of the frame, becomes 0 to 1, and what is outside is
        clipped. Where those two percentiles are equal (a small target on an even background), the
        least and greatest value take their place; a frame of one value is 0.5 everywhere, and its
        low and high are equal.

        Raises:
            MediaDecodeError: The file is damaged or truncated.
            UnitError: The unit contradicts the decoded file.
            PaletteError: The decoded file has unequal channels, or another palette than named.
            PerceptValueError: The decoded file has impossible temperatures, NaN or infinity.
        """
        values = self.values()
        if self.unit in DISPLAY_UNITS:
            return ThermalView(values, 0.0, 1.0)
        low, high = (
            _range(values)
            if self.span is None
            else (to_celsius(self.span[0], self.unit), to_celsius(self.span[1], self.unit))
        )
        shown = _stretch(values, low, high)
        return ThermalView(shown, low, high)

    def intensity(self) -> NDArray[np.float32]:
        """Return the picture as shown: (H, W) float32 in [0, 1], white-hot.

        The errors are those of `view`.
        """
        return self.view().intensity

    def range(self) -> tuple[float, float]:
        """Return (low, high), shown as 0 and 1: degrees Celsius, or counts.

        The errors are those of `view`.
        """
        view = self.view()
        return view.low, view.high

    def read_capture(self) -> Capture:
        """Return when and where it was taken, by EXIF, XMP, or the texts of a PNG."""
        if not isinstance(self.source, Encoded):
            return NOTHING
        return picture_capture(self.source, self.named_capture())

    def make_file(self) -> PerceptFile | None:
        """Return the picture as a TIFF of 32-bit floats, if that can be read back.

        The reader of files takes a furnace in celsius for a room in kelvin.
        """
        content = encode_tiff(self.to_array())
        if content is None:
            return None
        file = PerceptFile(Encoded(data=content), "tiff", "image/tiff", dict(self.units))
        try:
            Thermal(file.source, **file.units, limits=self.limits).view()
        except UnitError:
            return None
        return file

    def file_format(self, kind: str) -> tuple[str, str] | None:
        """Return extension and mime type of arrays in files and of matrices in text."""
        return FORMATS.get(kind)

    def make_preview(self, span: Span | None, limits: PreviewLimits) -> Preview | None:
        """Return the picture as shown, white-hot."""
        grey = np.rint(self.intensity() * 255).astype(np.uint8)
        return encode_drawing(PIL.Image.fromarray(grey), limits)

    def values(self) -> NDArray[np.float32]:
        """Return what the pixels say, (H, W) float32, unclipped.

        Degrees Celsius for every unit of temperature, counts for `"counts"`, and white-hot from 0
        to 1 for display units. The errors are those of `view`.
        """
        if isinstance(self.source, Samples):
            return self.source.array.copy()
        return self._read(self.source, self._palette)

    def _read(self, source: Encoded, palette: Colours | None) -> NDArray[np.float32]:
        """Decode a file to canonical values."""
        flir = self._flir(source)
        if flir is not None and self.unit in TEMPERATURES:
            celsius = flir.calibration.celsius(self._raw(flir, source))
            return canonical_values(
                celsius, "celsius", palette=None, limits=self.limits, guess=False
            )
        if flir is not None:
            array: Array = self._raw(flir, source)
        else:
            found = self._file(source).read()
            if isinstance(found, PIL.Image.Image):
                check_mode(found.mode, self.unit, source.name)
                found = picture_values(found)
            array = found
            if not self.trust and not self._counts.is_linear:
                check_said(source, self.unit)
        return canonical_values(
            array,
            self.unit,
            palette=palette,
            limits=self.limits,
            guess=not self.trust,
            counts=self._counts,
        )

    def _probe(self, source: Encoded) -> tuple[int, int]:
        """Return (H, W) of a file from its header."""
        flir = self._flir(source)
        if flir is not None:
            height, width = flir.shape
            check_size((width, height), self.modality, self.limits)
            check_memory((width, height), PIXEL, self.modality, self.limits)
            if self._counts.is_linear and self.unit in TEMPERATURES:
                raise UnitError(
                    f"a scale or an offset for {source.name}, which states its own constants",
                    "none for the temperatures of a FLIR camera",
                    Phrase(
                        "leave them out: {0}; or pass {1}",
                        {"scale": None, "offset": None},
                        {"unit": "counts"},
                    ),
                )
            return height, width
        header = self._file(source).header()
        check_mode(header.mode, self.unit, source.name)
        if header.mode.startswith("I") and self.unit in RADIOMETRIC_UNITS:
            self._read(source, None)  # only the numbers show what they are not
        return header.height, header.width

    def _file(self, source: Encoded) -> MapFile:
        return MapFile(
            source,
            self._layout,
            self.modality,
            self.limits,
            PIXEL,
            upright=True,
            exact=self.unit in RADIOMETRIC_UNITS,
        )

    def _flir(self, source: Encoded) -> FlirPicture | None:
        """Return the raw image that a JPEG file carries, if it is asked for."""
        if self.unit not in RADIOMETRIC_UNITS or self._layout.shape is not None:
            return None
        jpeg = source.head(len(JPEG)) == JPEG
        return read_flir(source.read(), source.name) if jpeg else None

    def _raw(self, flir: FlirPicture, source: Encoded) -> Array:
        with translate_errors(f"the raw thermal image of {source.name}", self.modality):
            return flir.raw()


def _is_flir(source: Encoded) -> bool:
    """Return whether a file is a JPEG with a raw thermal image."""
    return source.head(len(JPEG)) == JPEG and read_flir(source.read(), source.name) is not None


def _check_unit(unit: str) -> str:
    if isinstance(unit, str) and unit in RADIOMETRIC_UNITS | DISPLAY_UNITS:
        return unit
    close = difflib.get_close_matches(
        unit.lower() if isinstance(unit, str) else "", SPELLED, 1, 0.5
    )
    raise UnitError(
        f"the thermal unit {show(unit)}",
        NEEDED,
        Phrase("pass {0}", {"unit": SPELLED[close[0]] if close else "celsius"}),
    )


def _check_span(span: Sequence[float] | None, unit: str) -> tuple[float, float] | None:
    if span is None:
        return None
    if unit in DISPLAY_UNITS:
        raise UnitError(
            f"a span for a {unit} picture, whose range the camera has chosen",
            "a span with celsius, kelvin, fahrenheit or counts only",
            Phrase("leave it out: {0}", {"span": None}),
        )
    try:
        low, high = (float(bound) for bound in span)
    except (TypeError, ValueError, OverflowError):
        low = high = math.nan
    if not -math.inf < low < high < math.inf:
        raise UnitError(
            f"span={show(span)}", f"(low, high) in {unit}, low < high", "give two finite numbers"
        )
    if unit == "kelvin" and high < LIKELY_CELSIUS:
        raise UnitError(
            f"the span {low:g} to {high:g} for a picture in kelvin",
            "a span in kelvin: it looks like celsius",
            Phrase("pass {0}", {"span": [low + 273.15, high + 273.15]}),
        )
    return low, high


def _check_counts(counts: Counts, unit: str) -> Counts:
    if unit in DISPLAY_UNITS and counts != Counts():
        raise UnitError(
            f"scale, offset or bits for a {unit} picture, whose range the camera has chosen",
            "none of them, or a unit of temperature",
            Phrase(
                "leave them out, or pass {0} if a count is a number of degrees",
                {"unit": "celsius"},
            ),
        )
    return counts


def _check_palette(palette: Palette | None, unit: str) -> str | list[list[int]] | None:
    if palette is None:
        return None
    if unit not in DISPLAY_UNITS:
        raise UnitError(
            f"a palette together with unit={show(unit)}",
            'unit="white-hot" or "black-hot": colours tell the order of temperatures, not degrees',
            Phrase(
                "leave it out: {0}; or for a picture whose palette runs from cold to hot, pass {1}",
                {"palette": None},
                {"unit": "white-hot"},
            ),
        )
    return canonical_palette(palette)


def _canonical_unit(
    unit: str, span: tuple[float, float] | None
) -> tuple[str, tuple[float, float] | None]:
    """Return the unit of canonical values, and the span in it."""
    if unit in DISPLAY_UNITS:
        return "white-hot", None
    if unit in TEMPERATURES and unit != "celsius" and span is not None:
        low, high = (round(to_celsius(bound, unit), SPAN_DECIMALS) for bound in span)
        span = (low, high)
    return ("celsius" if unit in TEMPERATURES else unit), span


def _range(values: NDArray[np.float32]) -> tuple[float, float]:
    """Return the least and greatest value to show: percentiles, or if equal the extremes."""
    low, high = np.percentile(values.astype(np.float64), (COLD_PERCENTILE, HOT_PERCENTILE))
    if low == high:
        low, high = values.min(), values.max()
    return float(low), float(high)


def _stretch(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    """Map `low`..`high` to 0..1 and clip."""
    if low == high:
        return np.full(values.shape, CONSTANT_INTENSITY, np.float32)
    shown: NDArray[np.float64] = (values.astype(np.float64) - low) / (high - low)
    return np.clip(shown, 0, 1).astype(np.float32)
