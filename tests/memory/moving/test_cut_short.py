"""A re-embedding on a server that is cut short anywhere hides, mixes and loses nothing."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from qdrant_client import QdrantClient
from tests.support.cut_short import Killed, WatchedClient, dying, empty_client, refusing, renamed
from tests.support.planted import PlantedEncoder

from sensorium.errors import SpaceMismatchError, StoreError
from sensorium.memory import Memory

OLD, NEW, THIRD = (PlantedEncoder(model=name) for name in ("old", "new", "third"))
RECORDS = 3
EARLIER = pytest.mark.parametrize("earlier", [False, True], ids=["alias", "bare"])


def opened(client: QdrantClient, encoder: PlantedEncoder, folder: Path) -> Memory:
    return Memory.open(client, owner="rex", encoder=encoder, media=folder)


def begun(folder: Path, *, earlier: bool) -> QdrantClient:
    """A server with a memory, made by this release or an earlier one."""
    client = empty_client()
    if earlier:
        opened(client, OLD, folder).close()
        renamed(client, "sensorium")
    with opened(client, OLD, folder) as memory:
        for number in range(RECORDS):
            memory.remember(text=f"t{number}", id=str(number))
    return client


def opened_by_either(client: QdrantClient, folder: Path) -> Memory:
    try:
        return opened(client, OLD, folder)
    except SpaceMismatchError:
        return opened(client, NEW, folder)


def number_of_requests(folder: Path, *, earlier: bool) -> int:
    watched = WatchedClient(begun(folder, earlier=earlier))
    memory = opened(watched, OLD, folder)
    before = watched.number
    memory.reembed(NEW)
    return watched.number - before


def check_whole(client: QdrantClient, folder: Path) -> str:
    """Check what the next opening finds, and that nothing is left over; return its encoder."""
    again = opened_by_either(client, folder)
    model = again.encoder.space.model
    assert {record.id for record in again.timeline()} == {str(n) for n in range(RECORDS)}
    assert again.recall("t1", limit=1)[0].record.id == "1"
    again.reembed(THIRD)
    assert again.recall("t2", limit=1)[0].record.id == "2"
    assert again.count() == RECORDS
    assert len(client.get_collections().collections) == 1
    assert [alias.alias_name for alias in client.get_aliases().aliases] == ["sensorium"]
    return model


@pytest.mark.slow
@EARLIER
def test_a_death_before_any_request_hides_nothing(earlier: bool, tmp_path: Path) -> None:
    """Who opens the memory next finds all records, in one space, and may re-embed at once."""
    ends = set()
    for number in range(number_of_requests(tmp_path, earlier=earlier)):
        client = begun(tmp_path, earlier=earlier)
        watched = WatchedClient(client)
        opened(watched, OLD, tmp_path)
        memory = opened(dying(client, watched.number + number), OLD, tmp_path)
        with pytest.raises(Killed):
            memory.reembed(NEW)
        ends.add(check_whole(client, tmp_path))
    assert ends == {"old", "new"}


@pytest.mark.slow
@EARLIER
def test_a_refusal_of_any_request_hides_nothing(earlier: bool, tmp_path: Path) -> None:
    """The memory that could not be re-embedded goes on, or says that it was."""
    for number in range(number_of_requests(tmp_path, earlier=earlier)):
        client = begun(tmp_path, earlier=earlier)
        watched = WatchedClient(client)
        memory = opened(watched, OLD, tmp_path)
        watched.before = refusing(watched.number + number)
        with pytest.raises(StoreError):
            memory.reembed(NEW)
        with suppress(SpaceMismatchError):
            assert memory.count() == RECORDS
        check_whole(client, tmp_path)
