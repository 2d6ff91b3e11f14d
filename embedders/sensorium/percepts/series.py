"""Samples of any sensor at a rate: the base of a sense of one's own."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import ImageDraw
from typing_extensions import Self

from sensorium.errors import (
    EmptyPerceptError,
    MediaDecodeError,
    NonFiniteError,
    PerceptShapeError,
    PerceptValueError,
    SourceTooLargeError,
    UnitError,
    show,
)
from sensorium.percepts.forms import Preview, PreviewLimits
from sensorium.percepts.limits import Limits
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept, Span
from sensorium.percepts.previews import encode_drawing
from sensorium.percepts.source import Array, Encoded, Given, Samples, take
from sensorium.percepts.unit import Unit

NPY = b"\x93NUMPY"  # first bytes of a .npy file
FASTEST = 1e9  # Hz
PLOT = (512, 128)  # pixels of a preview
MARGIN = 4  # pixels above and below its curve


class Series(Percept):
    """Samples of one or more channels at an even rate, with a unit.

    A subclass is a sense. It names its modality, and the units that it takes:

        class Mains(Series):
            modality = "mains"
            factors = {"A": 1.0, "mA": 1e-3}

    Attributes:
        factors: What one of each unit is in canonical units. The first unit is the canonical one:
            its factor is 1.
        rate: Samples per second, Hz.
        unit: Unit of the source's numbers; the canonical one, where they were given as an array.
    """

    factors: ClassVar[Mapping[str, float]] = {}

    rate: float
    unit: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "modality" in cls.__dict__:
            _check_factors(cls.__name__, cls.factors)
            first = next(iter(cls.factors))
            cls.needs = {
                "rate": Unit("samples per second", 100, required=True),
                "unit": Unit(" or ".join(cls.factors), first, required=True),
            }
        super().__init_subclass__(**kwargs)

    def __init__(
        self,
        source: Given,
        *,
        rate: float | None = None,
        unit: str | None = None,
        at: datetime | None = None,
        uri: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Take a recording.

        Args:
            source: Samples, shape `(T,)` or `(T, C)`; or a file of them: `.npy`, or numbers in
                columns with commas between.
            rate: Samples per second, Hz.
            unit: One of the class's units.
            at: When the first sample was taken (aware).
            uri: Where it came from.
            limits: Largest sizes that are accepted.
        Raises:
            UnitError: The rate is missing, or the unit is missing or unknown.
            PerceptValueError: The rate is no number of Hz above 0.
            PerceptShapeError: Another shape, or no real numbers.
            EmptyPerceptError: No sample.
            NonFiniteError: NaN or infinity among the samples.
            PerceptError: `sensorium.percepts.source.take` refuses the source.
        """
        if rate is None:
            raise UnitError(
                f"a recording of {self.modality} without a rate", "samples per second", "pass rate="
            )
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 < rate <= FASTEST:
            raise PerceptValueError(
                f"rate={show(rate)}", f"a number of Hz above 0, to {FASTEST:g}", "correct it"
            )
        if unit is None or unit not in self.factors:
            first = next(iter(self.factors))
            raise UnitError(
                f"a recording of {self.modality} in unit={unit!r}",
                f"one of {', '.join(self.factors)}",
                f'pass unit="{first}", or whichever it was measured in',
            )
        taken = take(source, modality=self.modality, limits=limits)
        if isinstance(taken, Samples):  # canonical from here on
            taken = Samples(self._canonical(taken.array, unit, "the samples"))
            unit = next(iter(self.factors))
        self._describe(taken, at=at, uri=uri, limits=limits)
        self._set(rate=rate, unit=unit)

    @property
    def units(self) -> Mapping[str, Any]:
        """Rate and unit of the source's numbers."""
        return {"rate": self.rate, "unit": self.unit}

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples()) / self.rate

    def samples(self) -> NDArray[np.float32]:
        """Return the samples in canonical units, shape `(T, C)`.

        Raises:
            MediaDecodeError: The file holds no numbers.
            PerceptError: The file is gone, changed, too large, or its numbers are refused.
        """
        if isinstance(self.source, Samples):
            array: NDArray[np.float32] = self.source.array
            return array
        assert isinstance(self.source, Encoded)
        read = _read(self.source, self.limits)
        return self._canonical(read, self.unit, self.source.name)

    def cut(self, start: int, end: int) -> Self:
        """Return the samples from `start` to `end`, which is not among them, as a recording."""
        part = Samples(self.samples()[start:end])
        unit = next(iter(self.factors))
        return type(self)(part, rate=self.rate, unit=unit, limits=self.limits)

    def make_preview(self, span: Span | None, limits: PreviewLimits) -> Preview | None:
        """Return a plot of the first channel."""
        curve = self.samples()[:, 0]
        if span is not None:
            stretch = curve[int(span.start * self.rate) : int(np.ceil(span.end * self.rate))]
            curve = stretch if len(stretch) else curve
        width, height = PLOT
        low, high = float(curve.min()), float(curve.max())
        x = np.linspace(0, width - 1, len(curve))
        y = (height - MARGIN) - (height - 2 * MARGIN) * (curve - low) / ((high - low) or 1.0)
        picture = PIL.Image.new("L", PLOT, 255)
        ImageDraw.Draw(picture).line(list(zip(x.tolist(), y.tolist(), strict=True)), 0)
        return encode_drawing(picture, limits)

    def _canonical(self, array: Array, unit: str, name: str) -> NDArray[np.float32]:
        rows = array[:, None] if array.ndim == 1 else array
        if rows.ndim != 2 or rows.dtype.kind not in "iuf":
            raise PerceptShapeError(
                f"{name} of {self.modality}, of shape {array.shape} and dtype {array.dtype}",
                "real numbers of shape (T,) or (T, C): a row for each time",
                "transpose channels that come first",
            )
        if not rows.size:
            raise EmptyPerceptError(f"{name} of {self.modality}", "one sample or more", "skip it")
        with np.errstate(over="ignore"):  # what overflows is refused with infinity
            converted = np.asarray(rows * np.float64(self.factors[unit]), np.float32)
        if not np.isfinite(converted).all():
            place = int(np.argmin(np.isfinite(converted).all(axis=1)))
            raise NonFiniteError(
                f"{name} of {self.modality} with NaN or infinity, first in row {place}",
                "finite numbers",
                "cut such rows out, or fill them",
            )
        return converted


def _check_factors(name: str, factors: Mapping[str, float]) -> None:
    values = list(factors.values())
    if not values or values[0] != 1 or not all(np.isfinite(v) and v != 0 for v in values):
        raise UnitError(
            f"the class {name} with factors={dict(factors)!r}",
            "units with their factors, the canonical one first, with factor 1",
            'write factors = {"A": 1.0, "mA": 1e-3}',
        )


def _read(source: Encoded, limits: Limits) -> Array:
    """Read the numbers of a file: `.npy`, or columns with commas between them."""
    if source.size > limits.max_memory:
        raise SourceTooLargeError(
            f"{source.name} of {source.size} bytes",
            f"at most {limits.max_memory}",
            "pass limits=Limits(max_memory=...), or cut it",
        )
    with source.open() as stream:
        content = stream.read()
    try:
        if content.startswith(NPY):
            array: Array = np.load(io.BytesIO(content), allow_pickle=False)
            return array
        return np.loadtxt(io.BytesIO(content), delimiter=",", ndmin=2)
    except (ValueError, EOFError, MemoryError, UnicodeDecodeError) as error:
        raise MediaDecodeError(
            f"{source.name} ({error})",
            "a .npy file, or numbers in columns with commas between",
            "write it with numpy.save or numpy.savetxt(..., delimiter=',')",
        ) from error
