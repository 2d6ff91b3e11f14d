"""A series has a rate and a unit, and is kept, shown and read as other percepts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.hums import RATE, Hum, wave

from sensorium.errors import (
    EmptyPerceptError,
    MediaDecodeError,
    NonFiniteError,
    PerceptShapeError,
    PerceptValueError,
    SourceTypeError,
    UnitError,
)
from sensorium.percepts import Percept, Series, Span, percept_from_dict, percept_from_media
from sensorium.percepts.previews import preview


def test_samples_are_canonical_whatever_their_unit() -> None:
    """A thousand mPa are one Pa: one percept, one digest."""
    one = Hum([1.0, 2.0], rate=10, unit="Pa")
    other = Hum(np.array([1000, 2000]), rate=10, unit="mPa")
    assert one == other
    assert other.units == {"rate": 10, "unit": "Pa"}
    np.testing.assert_array_equal(other.samples(), [[1], [2]])
    assert one.duration == 0.2
    assert percept_from_dict(one.to_dict()) == one


@pytest.mark.parametrize("suffix", [".npy", ".csv"])
def test_files_are_read_in_their_unit(tmp_path: Path, suffix: str) -> None:
    """Two columns of mPa, as NumPy keeps them and as text."""
    rows = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    file = tmp_path / f"hum{suffix}"
    if suffix == ".npy":
        np.save(file, rows)
    else:
        np.savetxt(file, rows, delimiter=",")
    read = percept_from_media(file, modality="hum", units={"rate": 10, "unit": "mPa"})
    assert isinstance(read, Hum)
    np.testing.assert_allclose(read.samples(), rows / 1000, rtol=1e-6)
    assert read.duration == 0.3


def test_a_file_of_something_else_is_refused() -> None:
    """Words are no numbers."""
    with pytest.raises(MediaDecodeError, match=r"numpy\.savetxt"):
        Hum(b"no numbers at all", rate=10, unit="Pa").samples()


@pytest.mark.parametrize(
    ("source", "units", "error"),
    [
        ([1.0], {"unit": "Pa"}, UnitError),
        ([1.0], {"rate": 10}, UnitError),
        ([1.0], {"rate": 10, "unit": "bar"}, UnitError),
        ([1.0], {"rate": 0, "unit": "Pa"}, PerceptValueError),
        ([1.0], {"rate": float("nan"), "unit": "Pa"}, PerceptValueError),
        (np.zeros(0), {"rate": 10, "unit": "Pa"}, EmptyPerceptError),
        ([1.0, np.nan], {"rate": 10, "unit": "Pa"}, NonFiniteError),
        ([1e300], {"rate": 10, "unit": "Pa"}, NonFiniteError),
        (np.zeros((2, 2, 2)), {"rate": 10, "unit": "Pa"}, PerceptShapeError),
        (np.zeros(3, complex), {"rate": 10, "unit": "Pa"}, SourceTypeError),
    ],
)
def test_what_is_no_recording_is_refused(
    source: Any, units: dict[str, Any], error: type[Exception]
) -> None:
    """Rate, unit, shape and numbers are checked when it is made."""
    with pytest.raises(error):
        Hum(source, **units)


def test_a_class_says_its_units() -> None:
    """Without a canonical unit there is no sense, and none is registered."""
    with pytest.raises(UnitError, match="with factor 1"):

        class Nothing(Series):
            modality = "nothing"

    assert "nothing" not in Percept.modalities
    assert Hum.needs["unit"].meaning == "Pa or mPa"


def test_a_preview_is_a_plot() -> None:
    """Of the whole, and of a stretch; one sample is enough."""
    percept = Hum(wave("saw", 1), rate=RATE, unit="Pa")
    for span in (None, Span(0.1, 0.2), Span(9, 10)):
        shown = preview(percept, span=span)
        assert shown is not None
        assert shown.mime == "image/png"
    assert preview(Hum([1.0], rate=1, unit="Pa")) is not None


def test_a_cut_is_a_recording() -> None:
    """Its samples are those between, its units the same."""
    cut = Hum(np.arange(10.0), rate=10, unit="Pa").cut(2, 5)
    np.testing.assert_array_equal(cut.samples()[:, 0], [2, 3, 4])
    assert cut.units == {"rate": 10, "unit": "Pa"}
