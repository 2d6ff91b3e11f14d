"""Depth maps: how far each pixel is, in metres, or its inverse."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sensorium.errors import (
    DepthEncodingError,
    EmptyPerceptError,
    PerceptShapeError,
    PerceptValueError,
    UnitError,
    show,
)
from sensorium.percepts.forms import PerceptFile, Preview, PreviewLimits
from sensorium.percepts.limits import Limits
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept, Span
from sensorium.percepts.pictures import (
    MAP_PIXEL,
    check_size,
    decode,
    encode_tiff,
    load_upright,
    one_channel,
    probe,
)
from sensorium.percepts.previews import encode_drawing
from sensorium.percepts.source import Array, Encoded, Given, Samples, take
from sensorium.percepts.unit import Unit

KINECT_BASELINE = 0.075  # metres between projector and camera, Kinect v1 and v2
LONGEST_BASELINE = 5.0  # metres; a larger baseline was surely given in millimetres
MM_PER_METRE = 1000.0
ASSUMED = "assume-60deg"
ASSUMED_VIEW = math.radians(60)  # horizontal field of view of the assumed fx
WIDEST = 12.0  # width / fx, a view of 161 degrees; a crop may be as narrow as it likes
RELATIVE_MEDIAN = 25.0  # pixels of disparity given to the median of a relative map
DEEPEST_MEDIAN = 200.0  # metres; a scene deeper than this was given in a finer unit
NEAREST_MEDIAN_MM = 20.0  # millimetres; a scene nearer than this was given in metres
DEEP_MODES = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})  # Pillow's, one deep channel

FARTHEST = 48  # of 255: the far end of a map in a preview, where holes are 0
NEAR_PERCENTILE, FAR_PERCENTILE = 99.0, 1.0  # of a map's disparities, shown as 255 and `FARTHEST`

FLOAT32_MAX = float(np.finfo(np.float32).max)

UNITS = (
    'unit="m", "mm", a float (metres per count, e.g. 1/5000 for TUM), '
    '"disparity" (pixels, larger is nearer) or "relative" (inverse depth, larger is nearer)'
)


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

    modality: ClassVar[str] = "depth"
    still: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, Unit]] = {
        "unit": Unit(
            "m, mm, metres per count as a number, disparity or relative", "mm", required=True
        ),
        "fx": Unit(
            "focal length of the camera in pixels of the map, or assume-60deg to accept a guess",
            525,
            required=True,
            unless={"unit": ("disparity", "relative")},
        ),
        "baseline": Unit("metres between the two eyes", KINECT_BASELINE),
    }
    suffixes: ClassVar[tuple[str, ...]] = (".png", ".tif", ".tiff", ".pfm")
    guessable: ClassVar[bool] = False  # nothing in a file tells it from a picture
    mime_family: ClassVar[str] = "image"
    source: Encoded | Samples
    metric: bool
    shape: tuple[int, int]
    unit: str | float
    fx: float | None
    fx_assumed: bool
    baseline: float

    def __init__(
        self,
        source: Given,
        *,
        unit: str | float | None = None,
        fx: float | str | None = None,
        baseline: float = KINECT_BASELINE,
        at: datetime | None = None,
        uri: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Take a depth map; an array and the header of a file are checked now, the pixels later.

        Args:
            source: A 16-bit, 32-bit or float grey PNG, TIFF or PFM (path, bytes, binary file
                object, data: URI or PIL image), or an array or tensor of shape (H, W), (1, H, W)
                or (H, W, 1) of any integer or float dtype but 8-bit.
            unit: "m", "mm", metres per count as a float, "disparity" (pixels of the map as given)
                or "relative" (inverse depth up to scale, as MiDaS and Depth Anything give it).
                Larger is nearer in the last two.
            fx: Focal length in pixels of the map as given, or "assume-60deg"; needed for metric
                units, optional for disparity, without effect for relative maps.
            baseline: Metres; 0.075 is a Kinect's, 0.095 a RealSense's or Xtion's. Without effect
                for relative maps.
            at: When it was seen.
            uri: Where it came from; not fetched.
            limits: Largest sizes that are accepted.
        Raises:
            UnitError: `unit`, `fx` or `baseline` is missing, unknown, or contradicts the data.
            DepthEncodingError: The map is 8-bit or coloured.
            PerceptShapeError: The array has another shape or dtype.
            PerceptValueError: The array has negative depth, or is a relative map without positive
                values.
            EmptyPerceptError: The array is nothing but holes.
            MediaDecodeError: The file is not a picture, or its header is damaged.
            TooManyPixelsError: More pixels than `limits` allow.
            TimeError: `at` is not an aware datetime.
            PerceptError: `sensorium.percepts.source.take` refuses the source.
        """
        unit = _check_unit(unit)
        if isinstance(source, PIL.Image.Image):
            _check_mode(source.mode, "a PIL image")
            source = np.asarray(
                load_upright(source, modality=self.modality, limits=limits, upright=False)
            )
        taken = take(source, modality=self.modality, limits=limits)
        if isinstance(taken, Encoded):
            header = probe(
                taken,
                modality=self.modality,
                limits=limits,
                upright=False,
                exact=True,
                pixel=MAP_PIXEL,
            )
            _check_mode(header.mode, taken.name)
            shape = (header.height, header.width)
        else:
            values, unit = _canonical(_plane(taken.array, limits), unit)
            taken, shape = Samples(values), (values.shape[0], values.shape[1])
        self._describe(taken, at=at, uri=uri, limits=limits)
        assumed = isinstance(fx, str) and fx == ASSUMED
        self._set(metric=unit != "relative", shape=shape, unit=unit, fx_assumed=assumed)
        self._set(fx=_check_fx(fx, unit, shape[1]), baseline=_check_baseline(baseline))

    @property
    def units(self) -> Mapping[str, Any]:
        """`unit`, and for metric maps `fx` (or "assume-60deg") and `baseline`."""
        if not self.metric or self.fx is None:
            return {"unit": self.unit}
        fx = ASSUMED if self.fx_assumed else self.fx
        return {"unit": self.unit, "fx": fx, "baseline": self.baseline}

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
            return _invert(self._values(), self.baseline * self._focal_length())
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
            return _invert(values, self.baseline * self._focal_length())
        nearer = np.maximum(values.astype(np.float64), 0)  # NaN stays NaN
        scale = RELATIVE_MEDIAN / float(np.median(nearer[nearer > 0]))
        return _narrow(np.minimum(nearer * scale, FLOAT32_MAX))

    def make_file(self) -> PerceptFile | None:
        """Return the map as a TIFF of 32-bit floats."""
        content = encode_tiff(self.to_array())
        if content is None:
            return None
        return PerceptFile(Encoded(data=content), "tiff", "image/tiff", dict(self.units))

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
        picture = decode(
            self.source,
            modality=self.modality,
            limits=self.limits,
            upright=False,
            exact=True,
            pixel=MAP_PIXEL,
        )
        _check_mode(picture.mode, self.source.name)
        values, _ = _canonical(np.asarray(picture), self.unit)
        return values


def _positive(value: object) -> float | None:
    """Return a positive, finite number as a float; `None` for anything else."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        return None
    return number if 0 < number < math.inf else None


def _check_unit(unit: str | float | None) -> str | float:
    if isinstance(unit, str) and unit in ("m", "mm", "disparity", "relative"):
        return unit
    metres_per_count = _positive(unit)
    if metres_per_count is None:
        came = "depth without a unit" if unit is None else f"depth with the unit {show(unit)}"
        raise UnitError(came, "its unit", f"pass {UNITS}")
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
        "write fx=525, with the number from the camera's calibration (scaled if the map was "
        'resized), or accept a guess: fx="assume-60deg"',
    )


def _check_baseline(baseline: float) -> float:
    metres = _positive(baseline)
    if metres is None or metres > LONGEST_BASELINE:
        raise UnitError(
            f"baseline={show(baseline)}",
            f"metres, more than 0 and at most {LONGEST_BASELINE:g}",
            f"divide millimetres by 1000; a Kinect's is {KINECT_BASELINE}",
        )
    return metres


def _check_mode(mode: str, name: str) -> None:
    if mode not in DEEP_MODES:
        raise _encoding_error(f"a depth picture of mode {mode} ({name})")


def _encoding_error(came: str) -> DepthEncodingError:
    return DepthEncodingError(
        came,
        "16-bit, 32-bit or float values in one channel",
        "pass the original 16-bit map: an 8-bit or coloured picture may be far-is-bright or "
        "near-is-bright, on an unknown scale, and a wrong guess silently inverts it; if you know "
        f"how it was made, convert it back yourself and pass an array with {UNITS}",
    )


def _plane(array: Array, limits: Limits) -> Array:
    """Return the one channel of an array, (H, W), as a view."""
    if array.dtype.kind == "b" or (array.dtype.kind in "iu" and array.dtype.itemsize == 1):
        raise _encoding_error(f"a depth array of dtype {array.dtype}")
    array = one_channel(array)
    if array.ndim != 2:
        raise PerceptShapeError(
            f"a depth array of shape {array.shape}",
            "(H, W), (1, H, W) or (H, W, 1)",
            "pass one map at a time; if the map was coloured, pass the original",
        )
    check_size((array.shape[1], array.shape[0]), Depth.modality, limits)
    return array


def _canonical(values: Array, unit: str | float) -> tuple[NDArray[np.float32], str | float]:
    """Check decoded values and give them canonical units; holes become NaN.

    Canonical values come back as they are, so that a percept survives its dictionary form.

    Returns:
        (H, W) float32, and their unit: "m", "disparity" or "relative".
    """
    metric = unit not in ("disparity", "relative")
    wide = values.astype(np.float64)
    if unit != "relative":
        _check_negative(wide)
    if unit == "mm":
        wide /= MM_PER_METRE
    elif isinstance(unit, float):
        with np.errstate(over="ignore"):
            wide *= unit
    narrow = _narrow(wide)
    holes = np.isnan(narrow)
    if unit != "relative":
        holes |= narrow == 0
    if not metric:
        holes |= np.isinf(narrow)  # Middlebury's mark for unknown; a metric map is far there
    narrow[holes] = np.nan
    if holes.all():
        raise EmptyPerceptError(
            f"a depth map of {holes.size} pixels that are all holes (0 or NaN)",
            "at least one measured pixel",
            "leave this percept out, or check the sensor",
        )
    _check_plausible(narrow[~holes], unit)
    return narrow, "m" if metric else unit


def _check_negative(values: NDArray[np.float64]) -> None:
    negative = int(np.count_nonzero(values < 0))
    if negative:
        raise PerceptValueError(
            f"a depth map with {negative} negative values, the least {np.nanmin(values):g}",
            "0 or more, with 0 or NaN where nothing was measured",
            "set them to NaN if they mark missing pixels",
        )


def _check_plausible(valid: NDArray[np.float32], unit: str | float) -> None:
    """Check that the median of canonical values without holes is the depth of a scene."""
    if unit == "disparity":
        return
    if unit == "relative":
        if not (valid > 0).any():
            raise PerceptValueError(
                f"a relative depth map whose largest value is {valid.max():g}",
                "inverse depth: positive, larger is nearer",
                "negate and shift it if larger is farther",
            )
        return
    finite = valid[np.isfinite(valid)]
    median = float(np.median(finite)) if finite.size else 1.0  # infinitely far everywhere: no hint
    likely = None
    if median > DEEPEST_MEDIAN:
        likely = "millimetres" if unit == "m" else "a finer unit"
    elif unit == "mm" and median * MM_PER_METRE < NEAREST_MEDIAN_MM:
        likely = "metres"
    if likely:
        raise UnitError(
            f"depth with unit={show(unit)} whose median would be {median:g} m",
            f"a median of {NEAREST_MEDIAN_MM / MM_PER_METRE:g} to {DEEPEST_MEDIAN:g} m",
            f"the values look like {likely}: pass {UNITS}",
        )


def _invert(values: NDArray[np.float32], product: float) -> NDArray[np.float32]:
    """Return `product / values`, which turns metres into disparity and back."""
    with np.errstate(over="ignore"):
        inverse = product / values.astype(np.float64)
    return _narrow(np.minimum(inverse, FLOAT32_MAX))


def _narrow(wide: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return a float32 copy; what float32 cannot hold becomes infinity or 0, without a warning."""
    with np.errstate(over="ignore", under="ignore"):
        return wide.astype(np.float32)
