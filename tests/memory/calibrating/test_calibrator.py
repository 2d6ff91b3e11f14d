"""The calibration of a memory follows its records."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from tests.support.planted import House, PlantedEncoder, house, picture, sound

from sensorium.memory import Memory
from sensorium.memory.calibrating.calibrator import Calibrator
from sensorium.memory.calibrating.sample import Sample
from sensorium.memory.shelf import Shelf

ENCODER = PlantedEncoder(background=True)


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house("client", tmp_path_factory.mktemp("home"), ENCODER) as built:
        yield built


@pytest.fixture
def memory(home: House) -> Memory:
    return home.memory("rex", ENCODER)


def kept_sample(shelf: Shelf) -> Sample | None:
    """The sample in the memory's file."""
    file = shelf.place.calibration_file(shelf.owner)
    assert file is not None
    return Sample.load(file)


def test_a_sample_is_drawn_again_as_the_memory_doubles(memory: Memory) -> None:
    """One point less than twice as many changes nothing; the next one draws another sample."""
    shelf = memory._shelf
    memory.remember_many([picture(f"p{i}") for i in range(5)], keep_media=False)
    calibrator = Calibrator(shelf)
    totals = []
    for added in (0, 4, 1):
        memory.remember_many([picture(f"{added} {i}") for i in range(added)], keep_media=False)
        calibrator.added(added)
        calibrator.current(shelf.setup)
        sample = kept_sample(shelf)
        assert sample is not None
        totals.append(sample.total)
    assert totals == [5, 5, 10]


def test_a_sample_goes_with_the_records_it_was_drawn_from(memory: Memory) -> None:
    """The file is deleted at once, not only when another sample is drawn."""
    shelf = memory._shelf
    memory.remember(sound("dog|sea"), keep_media=False)
    calibrator = Calibrator(shelf)
    first = calibrator.current(shelf.setup)
    assert calibrator.current(shelf.setup) is first
    sample = kept_sample(shelf)
    assert sample is not None
    assert [*sample.rows] == ["audio"]
    assert np.shape(sample.rows["audio"])[0] == 1  # one row of each point
    calibrator.invalidate()
    assert kept_sample(shelf) is None
    assert calibrator.current(shelf.setup) is not first
