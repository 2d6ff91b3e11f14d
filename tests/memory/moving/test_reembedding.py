"""Another encoder for a memory: complete, or not at all; and nothing comes back from the dead."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import QdrantClient
from tests.support.holding import HoldingProcess
from tests.support.planted import PlantedEncoder, picture, sound

from sensorium.errors import RecordError, SpaceMismatchError, StoreError
from sensorium.memory import Memory
from sensorium.qdrant import CollectionSchema

OLD, NEW, THIRD = (PlantedEncoder(model=name) for name in ("old", "new", "third"))


@pytest.fixture(params=["edge", "client"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return tmp_path / "home" if request.param == "edge" else QdrantClient(":memory:")


def opened(place: Any, encoder: PlantedEncoder, tmp_path: Path) -> Memory:
    return Memory.open(place, owner="rex", encoder=encoder, media=tmp_path / "media")


def test_the_switch_lasts(place: Any, tmp_path: Path) -> None:
    """Afterwards the memory is the new encoder's, here and for whoever opens it; twice over."""
    with opened(place, OLD, tmp_path) as memory:
        memory.remember(picture("dog"), sound("bark|growl"), text="rex", id="one", tags=["home"])
        memory.remember(*(picture(f"p{i}") for i in range(3)), id="album")
        before = {record.id: record for record in memory.timeline()}
        for encoder in (NEW, THIRD):
            result = memory.reembed(encoder)
            assert (result.records, result.failures) == (len(before), [])
            after = {record.id: record for record in memory.timeline()}
            assert after == before
            assert memory.recall("bark", modalities=["audio"])[0].span is not None
            memory.remember(text=f"after {encoder.space.model}")
            before = {record.id: record for record in memory.timeline()}
    with opened(place, THIRD, tmp_path) as memory:
        assert memory.count() == 4
    with pytest.raises(SpaceMismatchError, match="third"):
        opened(place, OLD, tmp_path)


def test_signals_that_were_not_kept_stop_it(place: Any, tmp_path: Path) -> None:
    """Nothing is changed, and nothing of the attempt is left; `drop` leaves those records out."""
    with opened(place, OLD, tmp_path) as memory:
        memory.remember(picture("dog"), id="kept")
        memory.remember(picture("cat"), id="lost", keep_media=False)
        with pytest.raises(RecordError, match="1 records that cannot be made anew"):
            memory.reembed(NEW)
        assert memory.count() == 2
        assert memory.encoder is OLD
        if isinstance(place, QdrantClient):
            assert len(place.get_collections().collections) == 1
        else:
            assert len(list(place.glob("shard*"))) == 1
        assert [f.index for f in memory.reembed(NEW, drop=True).failures] in ([0], [1])
        assert [record.id for record in memory.timeline()] == ["kept"]


def test_what_is_remembered_meanwhile_is_there_afterwards(place: Any, tmp_path: Path) -> None:
    """Writes of other threads wait for the switch; none is lost, none forgotten comes back."""
    with opened(place, OLD, tmp_path) as memory:
        for number in range(5):
            memory.remember(text=f"before {number}", id=f"b{number}")
        threads = [
            threading.Thread(target=memory.remember, kwargs={"text": "during", "id": "during"}),
            threading.Thread(target=memory.forget, args=("b0",)),
        ]

        def meanwhile(done: int, total: int | None) -> None:
            for thread in threads:
                thread.start()

        memory.reembed(NEW, progress=meanwhile)
        for thread in threads:
            thread.join(timeout=30)
        assert {record.id for record in memory.timeline()} == {"b1", "b2", "b3", "b4", "during"}
        assert memory.recall("during", limit=1)[0].record.id == "during"


def test_other_owners_in_the_collection_stop_it(place: Any, tmp_path: Path) -> None:
    """One owner cannot change the encoder under another's memories."""
    with opened(place, OLD, tmp_path) as memory:
        memory.remember(text="mine")
        with memory.for_owner("max") as other:
            other.remember(text="yours")
        with pytest.raises(StoreError, match="not all points are of 'rex'"):
            memory.reembed(NEW)
        assert memory.count() == 1


@pytest.mark.slow
def test_it_goes_on_when_the_process_that_holds_the_folder_dies(tmp_path: Path) -> None:
    """The collection that was being made ended with that process: it is begun again here."""
    with opened(tmp_path / "home", OLD, tmp_path) as memory:
        memory.remember_many([picture(f"p{number}") for number in range(3)])
    holding = HoldingProcess()
    schema = CollectionSchema.for_space(OLD.space, modalities=OLD.modalities)
    assert holding.open(tmp_path / "home", schema)

    def dies(done: int, total: int | None) -> None:
        if holding.is_alive:
            holding.kill()

    with opened(tmp_path / "home", OLD, tmp_path) as memory:
        assert memory.reembed(NEW, progress=dies).records == 3
        assert not holding.is_alive
        assert memory.recall("p1", modalities=["image"])
    assert len(list((tmp_path / "home").glob("shard*"))) == 1
