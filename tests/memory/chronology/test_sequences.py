"""Two things in a row: found by order and time, not by likeness alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.support.memories import NOON
from tests.support.planted import PlantedEncoder, sound

from sensorium.errors import QueryError
from sensorium.memory import Memory, Moment

SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """A knock and a bark 20 s after it; a bark before a knock; a knock alone."""
    planted = {0: "knock", 20: "bark", 600: "bark", 610: "knock", 1200: "knock", 1800: "bark"}
    with Memory.open(
        tmp_path_factory.mktemp("memory"),
        share=False,
        owner="rex",
        encoder=PlantedEncoder(background=True),
    ) as memory:
        moments = [
            Moment(text=f"{planted[n]}*3 p{n}" if n in planted else f"w{n} v{n}", id=str(n), at=at)
            for n in range(0, 1810, 10)
            if (at := NOON + n * SECOND)
        ]
        memory.remember_many(moments)
        yield memory


def test_what_followed_within_the_time(hour: Memory) -> None:
    """And not what came before, or much later."""
    [row] = hour.recall(sequence=["knock", "bark"], within="1 min")
    assert (row.record.id, [hit.record.id for hit in row.then]) == ("0", ["20"])
    assert row.confidence is not None
    assert row.then[0].confidence is not None
    assert row.score == pytest.approx(row.confidence * row.then[0].confidence)
    assert row.to_dict()["then"][0]["record"]["id"] == "20"
    [row] = hour.recall(sequence=["bark", "knock"], within="1 min")
    assert (row.record.id, row.then[0].record.id) == ("600", "610")
    assert hour.recall(sequence=["knock", "bark"], within="19 s") == []
    assert len(hour.recall(sequence=["knock", "bark"], within="20 min")) == 2


def test_of_three_steps_and_within_filters(hour: Memory) -> None:
    """Each step follows the one before."""
    [row] = hour.recall(sequence=["knock", "bark", "bark"], within="10 min")
    assert [row.record.id, *(hit.record.id for hit in row.then)] == ["0", "20", "600"]
    assert hour.recall(sequence=["knock", "bark"], since=NOON + 60 * SECOND) == []


def test_stretches_of_one_recording(hour: Memory) -> None:
    """Seconds of one sound are in order, too."""
    hour.remember(sound("n1|chime|n2|whistle|n3"), id="sound", at=NOON + timedelta(hours=2))
    [row] = hour.recall(sequence=["chime", "whistle"], within="5 s")
    assert (row.record.id, row.then[0].record.id) == ("sound", "sound")
    assert hour.recall(sequence=["whistle", "chime"], within="5 s") == []


@pytest.mark.parametrize("sequence", ["knock", ["knock"], [], ["w"] * 9, 5], ids=repr)
def test_what_is_no_sequence_is_refused(hour: Memory, sequence: object) -> None:
    """With what to write."""
    with pytest.raises(QueryError, match=r"write sequence="):
        hour.recall(sequence=sequence)  # type: ignore[arg-type]  # what is tested


def test_nothing_stands_beside_a_sequence(hour: Memory) -> None:
    """What would be ignored is refused."""
    with pytest.raises(QueryError, match="query and a sequence"):
        hour.recall("knock", sequence=["knock", "bark"])
    with pytest.raises(QueryError, match="ranking and"):
        hour.recall(sequence=["knock", "bark"], ranking="raw")
    with pytest.raises(QueryError, match='write within="10 min"'):
        hour.recall(sequence=["knock", "bark"], within="soon")


def test_a_time_between_steps_needs_steps(hour: Memory) -> None:
    """It would be ignored in silence, whatever it is; by default a minute lies between."""
    with pytest.raises(QueryError, match=r"within='1 min' without a sequence.*write sequence="):
        hour.recall("knock", within="1 min")
    assert len(hour.recall(sequence=["knock", "bark"])) == 1
