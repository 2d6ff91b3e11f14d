"""A bound sense in a memory: remembered, streamed, found, exported as the six are."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
from tests.support.hums import RATE, Hum, hum, pairs, wave, word_encoder

from sensorium.encoders.binding import BoundEncoder, bind
from sensorium.errors import BatchError, SpaceMismatchError, UnitError
from sensorium.memory import Memory

AT = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def encoder() -> BoundEncoder:
    return bind("hum", None, pairs(60), to=word_encoder(), window=1.0)


def test_a_record_is_found_by_words_and_by_its_like(encoder: BoundEncoder, tmp_path: Path) -> None:
    """And still after an export, with its samples and units."""
    with Memory.open(":memory:", owner="ear", encoder=encoder) as memory:
        for percept, shape in pairs(9, start=300):
            memory.remember(percept, tags=[shape])
        assert memory.recall("square", limit=1)[0].record.tags == ("square",)
        assert memory.recall(hum("saw", 900), limit=1)[0].record.tags == ("saw",)
        memory.export(tmp_path / "export")
    with Memory.open(":memory:", owner="ear", encoder=encoder) as memory:
        assert memory.import_(tmp_path / "export").records == 9
        [hit] = memory.recall("sine", limit=1)
        assert hit.medium is not None
        kept = memory.open_medium(hit.medium)
        assert isinstance(kept, Hum)
        assert kept.units == {"rate": RATE, "unit": "Pa"}
        assert kept.duration == 1.0


def test_another_rate_stores_nothing(encoder: BoundEncoder) -> None:
    """The error names both rates, and the memory stays empty."""
    with Memory.open(":memory:", owner="ear", encoder=encoder) as memory:
        with pytest.raises((UnitError, BatchError), match="rate=50"):
            memory.remember(Hum(wave("saw", 1), rate=50, unit="Pa"))
        assert memory.count() == 0


def test_a_stream_becomes_memories(encoder: BoundEncoder) -> None:
    """Seconds of mPa, pushed in odd pieces, are found where they were; NaN is a hole."""
    long = np.concatenate([wave("sine", 1), wave("square", 2), wave("saw", 3)]) * 1000
    with Memory.open(":memory:", owner="ear", encoder=encoder) as memory:
        with memory.stream("hum", rate=RATE, unit="mPa", tags=["live"]) as stream:
            for piece in np.split(long, [70, 333]):
                stream.push(piece, at=AT if piece is long[:70] else None)
        assert stream.report.remembered == 3
        times = [record.at for record in memory.timeline(newest_first=False)]
        [hit] = memory.recall("square", limit=1)
        assert hit.record.at == times[1]
        assert hit.medium is not None
        stored = memory.open_medium(hit.medium)
        assert isinstance(stored, Hum)
        np.testing.assert_allclose(stored.samples()[:, 0], wave("square", 2), atol=1e-4)


def test_a_stream_needs_its_rate_and_unit(encoder: BoundEncoder) -> None:
    """Both are refused before anything is pushed."""
    with Memory.open(":memory:", owner="ear", encoder=encoder) as memory:
        with pytest.raises(UnitError, match="without a rate"):
            memory.stream("hum", unit="Pa")
        with pytest.raises(UnitError, match="Pa, mPa"):
            memory.stream("hum", rate=RATE, unit="bar")


def test_a_memory_without_the_sense_is_not_opened_with_it(
    encoder: BoundEncoder, tmp_path: Path
) -> None:
    """Vectors of the host and of the host with a sense are of two spaces."""
    with Memory.open(tmp_path / "m", owner="ear", encoder=word_encoder()) as memory:
        memory.remember(text="a note")
    with (
        pytest.raises(SpaceMismatchError, match=r"words\+hum"),
        Memory.open(tmp_path / "m", owner="ear", encoder=encoder),
    ):
        pass


def test_a_memory_from_before_is_moved_to_the_encoder_with_the_sense(
    encoder: BoundEncoder, tmp_path: Path
) -> None:
    """What the host remembered is kept, and the new sense is remembered beside it."""
    with Memory.open(tmp_path / "m", owner="ear", encoder=word_encoder()) as memory:
        memory.remember(text="saw", id="note")
        assert memory.reembed(encoder).records == 1
        memory.remember(hum("square", 7), id="sound")
        assert memory.recall("square", limit=1)[0].record.id == "sound"
        assert memory.recall("saw", limit=1)[0].record.id == "note"
    with Memory.open(tmp_path / "m", owner="ear", encoder=encoder) as memory:
        assert memory.count() == 2
