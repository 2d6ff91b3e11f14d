"""Where in a file a map lies, as far as the file itself does not say."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sensorium.errors import PerceptShapeError, Phrase, UnitError, show
from sensorium.percepts.codecs.pictures import one_channel
from sensorium.percepts.maps.counts import to_number
from sensorium.percepts.source import Array

MOST_CHANNELS = 4  # of a picture; a map is wider
SHOWN = 12  # names of a file's arrays in a message


@dataclass(frozen=True)
class Layout:
    """Where in a file a map lies.

    Attributes:
        shape: (H, W) of a map in a file without a header.
        dtype: Type of its numbers, with their byte order: `"<u2"`.
        dataset: Name of the array in a file of several, or of the channel of an OpenEXR picture.
        frame: Index of the map in a stack or of the page of a TIFF, from 0.
    """

    shape: tuple[int, int] | None = None
    dtype: str | None = None
    dataset: str | None = None
    frame: int | None = None

    @classmethod
    def of(
        cls,
        *,
        shape: Iterable[float] | str | None,
        dtype: Any,
        dataset: str | None,
        frame: float | str | None,
    ) -> Layout:
        """Check the arguments of a percept.

        Raises:
            UnitError: One of them is malformed, or only one of `shape` and `dtype` is given.
        """
        if (shape is None) is not (dtype is None):
            missing = "dtype" if dtype is None else "shape"
            raise UnitError(
                f"a file without a header, whose {missing} is not given",
                "both shape= (height, width) and dtype=",
                Phrase(
                    "pass {0}, with those of the file (little-endian; >u2 is big-endian)",
                    {"dtype": "uint16"} if dtype is None else {"shape": (480, 640)},
                ),
            )
        if dataset is not None and (not isinstance(dataset, str) or not dataset):
            raise UnitError(
                f"dataset={show(dataset)}", "a name", Phrase("pass {0}", {"dataset": "depth"})
            )
        return cls(_check_shape(shape), _check_dtype(dtype), dataset, _check_frame(frame))

    @property
    def units(self) -> dict[str, Any]:
        """The arguments that were given, JSON-ready."""
        shape = None if self.shape is None else list(self.shape)
        given = {
            "shape": shape,
            "dtype": self.dtype,
            "dataset": self.dataset,
            "frame": self.frame,
        }
        return {name: value for name, value in given.items() if value is not None}

    def choose(self, names: Iterable[str], file: str) -> str:
        """Return which of the arrays of a file is meant.

        Args:
            names: Names of the arrays that may be a map.
            file: Name of the file, for messages.
        Raises:
            PerceptShapeError: There are several, or not that one.
        """
        known = list(names)
        if self.dataset is not None and self.dataset in known:
            return self.dataset
        if self.dataset is None and len(known) == 1:
            return known[0]
        listed = ", ".join(known[:SHOWN]) + (", ..." if len(known) > SHOWN else "")
        came = "no array of numbers" if not known else f"the arrays {listed}"
        asked = "" if self.dataset is None else f", none of them {self.dataset!r}"
        remedy = "name a file that has one"
        if known:
            close = difflib.get_close_matches(self.dataset or "depth", known, 1, 0.4)
            remedy = Phrase("say which: {0}", {"dataset": close[0] if close else known[0]})
        raise PerceptShapeError(f"{file} with {came}{asked}", "one map", remedy)

    def page(self, count: int, file: str) -> int:
        """Return the index of the map that is meant among several.

        Args:
            count: How many maps or pages there are.
            file: Name of the file, for messages.
        Raises:
            PerceptShapeError: There are several and none was named, or fewer than that.
        """
        if self.frame is None and count == 1:
            return 0
        if self.frame is not None and self.frame < count:
            return self.frame
        asked = "" if self.frame is None else f", asked for frame={self.frame}"
        raise PerceptShapeError(
            f"{file} with {count} maps or pages{asked}",
            "one of them",
            Phrase(
                f"say which, from {{0}} to {count - 1}; each is a percept of its own",
                {"frame": 0},
            ),
        )


def has_maps_last(shape: tuple[int, ...]) -> bool:
    """Return whether the maps of a stack lie along its last axis: no map is so narrow."""
    return len(shape) == 3 and shape[-1] <= MOST_CHANNELS < min(shape[:2])


def pick_frame(array: Array, layout: Layout, name: str) -> Array:
    """Return one map of a stack (N, H, W), (H, W, N) or (N, H, W, C), if a frame is asked for.

    The maps lie along the last axis where that has at most four of them.
    """
    if layout.frame is None:
        return array
    stack = one_channel(array)
    if stack.ndim < 3:
        layout.page(1, name)
        return stack
    if has_maps_last(stack.shape):
        last: Array = stack[..., layout.page(stack.shape[-1], name)]
        return last
    frame: Array = stack[layout.page(stack.shape[0], name)]
    return frame


def _check_shape(shape: Iterable[float] | str | None) -> tuple[int, int] | None:
    if shape is None:
        return None
    given = (
        shape.lower().strip("() ").replace("x", ",").split(",") if isinstance(shape, str) else shape
    )
    sides = [to_number(side) for side in given] if isinstance(given, Iterable) else []
    whole = [int(side) for side in sides if side is not None and side == int(side) and side > 0]
    if len(sides) != 2 or len(whole) != 2:
        raise UnitError(
            f"shape={show(shape)}",
            "(height, width)",
            Phrase("pass {0}, with those of the file", {"shape": (480, 640)}),
        )
    return whole[0], whole[1]


def _check_dtype(dtype: Any) -> str | None:
    """Return the type of numbers, little-endian unless it says otherwise."""
    if dtype is None:
        return None
    try:
        known = np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError):
        known = np.dtype(object)
    if known.kind not in "iuf" or known.itemsize > 8:
        raise UnitError(
            f"dtype={show(dtype)}",
            "a type of numbers, as NumPy calls it",
            Phrase(
                "pass {0}, {1}, or {2} for big-endian numbers",
                *({"dtype": each} for each in ("uint16", "float32", ">u2")),
            ),
        )
    return str((known if known.byteorder == ">" else known.newbyteorder("<")).str)


def _check_frame(frame: float | str | None) -> int | None:
    if frame is None:
        return None
    number = to_number(frame)
    if number is None or number != int(number) or number < 0:
        raise UnitError(
            f"frame={show(frame)}",
            "an index from 0",
            Phrase("pass {0} for the first", {"frame": 0}),
        )
    return int(number)
