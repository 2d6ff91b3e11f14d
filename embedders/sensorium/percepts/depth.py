"""Depth maps: how far each pixel is, in metres, or its inverse."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import numpy as np
import PIL.Image
from numpy.typing import DTypeLike, NDArray

from sensorium.errors import Phrase, SensoriumError, UnitError, listed, show
from sensorium.percepts.capture.capture import NOTHING, Capture
from sensorium.percepts.capture.pictures import picture_capture
from sensorium.percepts.codecs.pictures import MAP_PIXEL, encode_tiff, load_upright
from sensorium.percepts.forms import PerceptFile, Preview, PreviewLimits
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.counts import Counts, Number, to_number
from sensorium.percepts.maps.depth_values import (
    MM_PER_METRE,
    MODALITY,
    UNITS,
    canonical_values,
    check_mode,
    invert,
    likely_units,
    plane_of,
    to_float32,
)
from sensorium.percepts.maps.layout import Layout, pick_frame
from sensorium.percepts.maps.opening import FORMATS, SUFFIXES, MapFile
from sensorium.percepts.maps.units import BITS, READING
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept, Span
from sensorium.percepts.previews import encode_drawing
from sensorium.percepts.source import Encoded, Given, Samples, take
from sensorium.percepts.unit import Unit

KINECT_BASELINE = 0.075  # metres between projector and camera, Kinect v1 and v2
SHORTEST_BASELINE = 0.01  # metres, of what millimetres are taken for
LONGEST_BASELINE = 5.0  # metres; a larger baseline was surely given in millimetres
ASSUMED = "assume-60deg"
ASSUMED_VIEW = math.radians(60)  # horizontal field of view of the assumed fx
WIDEST = 12.0  # width / fx, a view of 161 degrees; a crop may be as narrow as it likes
RELATIVE_MEDIAN = 25.0  # pixels of disparity given to the median of a relative map

FARTHEST = 48  # of 255: the far end of a map in a preview, where holes are 0
NEAR_PERCENTILE, FAR_PERCENTILE = 99.0, 1.0  # of a map's disparities, shown as 255 and `FARTHEST`

SPELLED = {  # units, as others write them
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), "m"),
    **dict.fromkeys(("mm", "millimetre", "millimetres", "millimeter", "millimeters"), "mm"),
    **dict.fromkeys(("disparity", "disparities", "pixels"), "disparity"),
    **dict.fromkeys(("relative", "inverse", "midas"), "relative"),
    "cm": "0.01",
}
FLOAT32_MAX = float(np.finfo(np.float32).max)


class Depth(Percept):
    """A depth map: metric depth, disparity in pixels, or relative inverse depth.

    Holes (NaN or 0; infinity too, for disparity; NaN alone for relative maps, where 0 is the far
    end) become NaN and can be filled with `sensorium.percepts.holes.fill_holes`. Metric
    infinity is infinitely far.

    Attributes:
        metric: Whether its scale is known: false for relative maps.
        shape: (H, W) of the map. EXIF orientation is not applied (a TIFF's own tag is).
        unit: "m", "mm", metres per count, "disparity" or "relative".
        fx: Focal length in pixels of the map as given, or `None`.
        fx_assumed: Whether `fx` is the guess of a 60 degree view.
        baseline: Distance in metres between the two eyes that saw the disparity.
    """

    modality: ClassVar[str] = MODALITY
    still: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, Unit]] = {
        "unit": Unit(
            "m, mm, metres per count as a number or fraction, disparity or relative",
            "mm",
            required=True,
        ),
        "fx": Unit(
            "focal length of the camera in pixels of the map, or assume-60deg to accept a guess",
            525,
            required=True,
            unless={"unit": ("disparity", "relative")},
        ),
        "baseline": Unit("metres between the two eyes", KINECT_BASELINE),
        "invalid": Unit("stored numbers that mark pixels without depth", 65_535),
        **BITS,
        **READING,
    }
    suffixes: ClassVar[tuple[str, ...]] = (".png", ".tif", ".tiff", ".pfm", *SUFFIXES)
    guessable: ClassVar[bool] = False  # nothing in a file tells it from a picture
    mime_family: ClassVar[str] = "image"
    source: Encoded | Samples
    metric: bool
    shape: tuple[int, int]
    unit: str | float
    fx: float | None
    fx_assumed: bool
    baseline: float
    trust: bool
    _counts: Counts
    _layout: Layout

    def __init__(
        self,
        source: Given,
        *,
        unit: str | float | None = None,
        fx: float | str | None = None,
        baseline: float = KINECT_BASELINE,
        invalid: Number | Sequence[Number] | None = None,
        bits: int | str | None = None,
        scale: Number | None = None,
        offset: Number | None = None,
        shape: Sequence[float] | str | None = None,
        dtype: DTypeLike | None = None,
        dataset: str | None = None,
        frame: int | str | None = None,
        trust: bool = False,
        at: datetime | None = None,
        uri: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Take a depth map; an array and the header of a file are checked now, the pixels later.

        Args:
            source: A 16-bit, 32-bit or float grey PNG, TIFF or PFM; a .npy, .npz, HDF5, MATLAB
                7.3 or OpenEXR file; a matrix in text; or numbers without a header (path, bytes,
                binary file object, data: URI or PIL image). Or an array or tensor of shape (H, W),
                (1, H, W) or (H, W, 1) of any integer or float dtype but 8-bit.
            unit: "m", "mm", metres per count as a number or its text ("1/5000"), "disparity"
                (pixels of the map as given) or "relative" (inverse depth up to scale, as MiDaS and
                Depth Anything give it). Larger is nearer in the last two.
            fx: Focal length in pixels of the map as given, or "assume-60deg"; needed for metric
                units, optional for disparity, without effect for relative maps.
            baseline: Metres; 0.075 is a Kinect's, 0.095 a RealSense's or Xtion's. Without effect
                for relative maps.
            invalid: Stored numbers that mark pixels without depth, besides 0 and NaN: 65535.
            bits: How many low bits of a stored number count (13 for Android's DEPTH16), "swapped"
                for bytes in the wrong order, or "sun-rgbd" for bits rotated by three.
            scale: A value in `unit` is `stored * scale + offset`: 1/256 for the disparity of KITTI.
                A stored 0 stays a hole.
            offset: See `scale`.
            shape: (H, W) of a file without a header.
            dtype: Its numbers as NumPy calls them, little-endian unless it says otherwise.
            dataset: Name of the array in an HDF5 or .npz file, or of an OpenEXR channel.
            frame: Index of the map in a stack (N, H, W), or page of a TIFF, from 0.
            trust: Accept values that look like another unit or another kind of file.
            at: When it was seen.
            uri: Where it came from; not fetched.
            limits: Largest sizes that are accepted.
        Raises:
            UnitError: A unit is missing, malformed, or contradicts the data.
            DepthEncodingError: The map is 8-bit or coloured.
            PerceptShapeError: The array has another shape or dtype, or the file holds several.
            PerceptValueError: The array has negative depth, or is a relative map without positive
                values.
            EmptyPerceptError: The array is nothing but holes.
            MediaDecodeError: The file holds no map, or its header is damaged.
            MissingExtraError: The library that reads such files is not installed.
            TooManyPixelsError: More pixels than `limits` allow.
            TimeError: `at` is not an aware datetime.
            PerceptError: `sensorium.percepts.source.take` refuses the source.
        """
        if unit is None:
            raise self._no_unit(source, fx, (shape, dtype, dataset, frame), limits)
        unit = _check_unit(unit)
        counts = Counts.of(bits=bits, scale=scale, offset=offset, invalid=invalid)
        layout = Layout.of(shape=shape, dtype=dtype, dataset=dataset, frame=frame)
        recreated = isinstance(source, Samples)  # canonical values, whose kind is not in doubt
        if isinstance(source, PIL.Image.Image):
            check_mode(source.mode, "a PIL image", trust=trust)
            source = np.asarray(
                load_upright(source, modality=self.modality, limits=limits, upright=False)
            )
        taken = take(source, modality=self.modality, limits=limits)
        if isinstance(taken, Encoded):
            header = MapFile(taken, layout, self.modality, limits, MAP_PIXEL).header()
            check_mode(header.mode, taken.name, trust=trust)
            height, width = header.height, header.width
        else:
            plane = plane_of(pick_frame(taken.array, layout, taken.name), limits, trust=trust)
            values, unit = canonical_values(
                plane, unit, counts, trust=bool(trust), doubt=not recreated
            )
            taken, (height, width) = Samples(values), values.shape
            counts, layout = Counts(), Layout()
        self._describe(taken, at=at, uri=uri, limits=limits)
        assumed = isinstance(fx, str) and fx == ASSUMED
        self._set(metric=unit != "relative", shape=(height, width), unit=unit, fx_assumed=assumed)
        self._set(fx=_check_fx(fx, unit, width), baseline=_check_baseline(baseline))
        self._set(trust=bool(trust), _counts=counts, _layout=layout)

    def _no_unit(
        self, source: Given, fx: float | str | None, place: tuple[Any, ...], limits: Limits
    ) -> UnitError:
        """Return the refusal of a map without a unit, with those that its numbers suggest."""
        names = dict(zip(("shape", "dtype", "dataset", "frame"), place, strict=True))
        likely: list[str | float] = ["mm"]
        try:
            taken = take(source, modality=self.modality, limits=limits)
            layout = Layout.of(**names)
            found = (
                taken.array
                if isinstance(taken, Samples)
                else MapFile(taken, layout, self.modality, limits, MAP_PIXEL).read()
            )
            likely = likely_units(np.asarray(found))
        except SensoriumError:  # whatever else is wrong is said when the unit is known
            pass
        lens = {"fx": 525} if fx is None else {}
        ways = [{"unit": unit, **lens} for unit in likely]
        return UnitError(
            "depth without a unit",
            f"its unit: {UNITS}",
            Phrase(f"pass {listed(ways)}, with the numbers of your camera", *ways),
        )

    @property
    def units(self) -> Mapping[str, Any]:
        """`unit`; for metric maps `fx` (or "assume-60deg") and `baseline`; how a file is read."""
        units: dict[str, Any] = {"unit": self.unit}
        if self.metric and self.fx is not None:
            units["fx"] = ASSUMED if self.fx_assumed else self.fx
            units["baseline"] = self.baseline
        units |= self._counts.units | self._layout.units
        return units | {"trust": True} if self.trust else units

    def metres(self) -> NDArray[np.float32]:
        """Return depth in metres, (H, W) float32, NaN at holes, infinity where infinitely far.

        Raises:
            UnitError: The map is relative, or is disparity without `fx`; or the unit contradicts
                the decoded file.
            MediaDecodeError: The file is damaged or truncated.
            PerceptValueError: The map has negative depth.
            EmptyPerceptError: The map has nothing but holes.
        """
        if not self.metric:
            raise UnitError(
                "relative depth asked for metres",
                "metric depth or disparity",
                "use disparity(), or pass the metric map of the same scene",
            )
        if self.unit == "disparity":
            return invert(self._values(), self.baseline * self._focal_length())
        return self._values()

    def disparity(self) -> NDArray[np.float32]:
        """Return disparity in pixels of the map as given, (H, W) float32, NaN at holes, 0 far away.

        Metric depth gives `baseline * fx / metres`; disparity is returned as it is; a relative map
        is scaled so that the median of its positive values is 25, its negative ones (overshoot of
        resampling) being 0.

        Raises:
            UnitError: The unit contradicts the decoded file.
            MediaDecodeError: The file is damaged or truncated.
            PerceptValueError: The map has negative depth, or is relative without positive values.
            EmptyPerceptError: The map has nothing but holes.
        """
        values = self._values()
        if self.unit == "disparity":
            return values
        if self.metric:
            return invert(values, self.baseline * self._focal_length())
        nearer = np.maximum(values.astype(np.float64), 0)  # NaN stays NaN
        scale = RELATIVE_MEDIAN / float(np.median(nearer[nearer > 0]))
        return to_float32(np.minimum(nearer * scale, FLOAT32_MAX))

    def read_capture(self) -> Capture:
        """Return when and where it was taken, by EXIF, XMP, or the texts of a PNG."""
        if not isinstance(self.source, Encoded):
            return NOTHING
        return picture_capture(self.source, self.named_capture())

    def make_file(self) -> PerceptFile | None:
        """Return the map as a TIFF of 32-bit floats."""
        content = encode_tiff(self.to_array())
        if content is None:
            return None
        return PerceptFile(Encoded(data=content), "tiff", "image/tiff", dict(self.units))

    def file_format(self, kind: str) -> tuple[str, str] | None:
        """Return extension and mime type of arrays in files and of matrices in text."""
        return FORMATS.get(kind)

    def make_preview(self, span: Span | None, limits: PreviewLimits) -> Preview | None:
        """Return a picture that is bright where it is near and black at holes."""
        nearness = self.disparity().astype(np.float64)  # (H, W), NaN at holes
        measured = ~np.isnan(nearness)
        far, near = np.percentile(nearness[measured], (FAR_PERCENTILE, NEAR_PERCENTILE))
        share = np.clip((nearness[measured] - far) / (near - far), 0, 1) if near > far else 1.0
        grey = np.zeros(nearness.shape, np.uint8)
        grey[measured] = np.rint(FARTHEST + (255 - FARTHEST) * share)
        return encode_drawing(PIL.Image.fromarray(grey), limits)

    def _focal_length(self) -> float:
        if self.fx is None:
            raise _fx_error("disparity without fx asked for metres")
        return self.fx

    def _values(self) -> NDArray[np.float32]:
        """Return canonical values: metres, or disparity or relative as given."""
        if isinstance(self.source, Samples):
            return self.source.array.copy()
        file = MapFile(self.source, self._layout, self.modality, self.limits, MAP_PIXEL)
        found = file.read()
        if isinstance(found, PIL.Image.Image):
            check_mode(found.mode, self.source.name, trust=self.trust)
        plane = plane_of(np.asarray(found), self.limits, trust=self.trust)
        values, _ = canonical_values(plane, self.unit, self._counts, trust=self.trust)
        return values


def _positive(value: object) -> float | None:
    """Return a positive, finite number as a float; `None` for anything else."""
    number = None if isinstance(value, str) else to_number(value)
    return number if number is not None and number > 0 else None


def _check_unit(unit: str | float) -> str | float:
    if isinstance(unit, str) and unit in ("m", "mm", "disparity", "relative"):
        return unit
    metres_per_count = to_number(unit)
    if metres_per_count is None or metres_per_count <= 0:
        close = difflib.get_close_matches(unit.lower() if isinstance(unit, str) else "", SPELLED, 1)
        likely = SPELLED[close[0]] if close else "mm"
        raise UnitError(
            f"depth with the unit {show(unit)}",
            f"its unit: {UNITS}",
            Phrase("pass {0}, or another of these", {"unit": likely}),
        )
    return metres_per_count


def _check_fx(fx: float | str | None, unit: str | float, width: int) -> float | None:
    if isinstance(fx, str) and fx == ASSUMED:
        return width / 2 / math.tan(ASSUMED_VIEW / 2)
    if fx is None and unit in ("disparity", "relative"):
        return None
    pixels = _positive(fx)
    if pixels is None:
        raise _fx_error("metric depth without fx" if fx is None else f"depth with fx={show(fx)}")
    if width / pixels > WIDEST:
        raise _fx_error(f"fx={pixels:g} for a map {width} pixels wide")
    return pixels


def _fx_error(came: str) -> UnitError:
    return UnitError(
        came,
        "the camera's focal length in pixels of the map as given",
        Phrase(
            "pass {0}, with the number from the camera's calibration (scaled if the map was "
            "resized), or accept a guess: {1}",
            {"fx": 525},
            {"fx": ASSUMED},
        ),
    )


def _likely_baseline(given: float | None) -> float:
    """Return a baseline given in millimetres in metres, else that of a Kinect."""
    metres = (given or 0.0) / MM_PER_METRE
    return metres if SHORTEST_BASELINE < metres <= LONGEST_BASELINE else KINECT_BASELINE


def _check_baseline(baseline: float) -> float:
    metres = _positive(baseline)
    if metres is None or metres > LONGEST_BASELINE:
        raise UnitError(
            f"baseline={show(baseline)}",
            f"metres, more than 0 and at most {LONGEST_BASELINE:g}",
            Phrase("pass {0}, or that of your camera", {"baseline": _likely_baseline(metres)}),
        )
    return metres
