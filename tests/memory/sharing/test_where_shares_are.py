"""Where shares are kept: seen by other processes, in backups, and not in what leaves the place."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import QdrantClient
from tests.support.planted import PlantedEncoder, picture
from tests.support.remote import RemoteMemory

from sensorium.errors import ReadOnlyError
from sensorium.memory import Memory
from sensorium.memory.moving.backing_up import restore
from sensorium.memory.sharing import collection
from sensorium.memory.sharing.collection import CollectionLedger, count_shares

ENCODER = PlantedEncoder(gap=1.0, background=True)
OTHER = PlantedEncoder(model="another", gap=1.0, background=True)
FAMILY: dict[str, Any] = {"with_": "ben", "tags": ["family"]}


def fill(ana: Memory) -> None:
    ana.remember(picture("dog"), text="dog", id="dog", tags=["family"])
    ana.share(**FAMILY)


@pytest.fixture
def ana(tmp_path: Path) -> Iterator[Memory]:
    """Ana's memory in a folder, with a dog for the family."""
    with Memory.open(tmp_path / "memory", owner="ana", encoder=ENCODER) as memory:
        fill(memory)
        yield memory


def test_another_process_ends_a_share(tmp_path: Path) -> None:
    """Whichever of the two holds the folder, and whoever looked before: the next call knows."""
    folder = tmp_path / "memory"
    with Memory.open(folder, owner="ben", encoder=ENCODER) as ben:
        assert ben.count() == 0
        with RemoteMemory(folder, owner="ana", encoder=ENCODER) as ana:
            ana.call("remember", text="dog", tags=["family"])
            for _ in range(3):
                ana.call("share", **FAMILY)
                assert ben.recall(keywords="dog")[0].record.owner == "ana"
                assert ana.call("unshare", with_="ben") == 1
                assert ben.recall(keywords="dog") == []
            ana.call("share", **FAMILY)
            assert ben.unshare(from_="ana") == 1
            assert ana.call("shares") == []


def test_shares_of_a_server_are_looked_up_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another process ends has ended; what it begins is seen within a second."""
    client = QdrantClient(":memory:")
    with (
        Memory.open(client, owner="ana", encoder=ENCODER, keep_media=False) as ana,
        Memory.open(client, owner="ben", encoder=ENCODER, keep_media=False) as ben,
    ):
        ana.remember(text="dog", tags=["family"])
        elsewhere = CollectionLedger(lambda: ana.backend)
        monkeypatch.setattr(CollectionLedger, "_changed", lambda _: None)  # as in another process
        assert ben.count() == 0
        share = ana.share(**FAMILY)
        monkeypatch.setattr(collection, "RENEWED", 0.0)
        assert ben.count() == 1
        monkeypatch.setattr(collection, "RENEWED", 1000.0)
        elsewhere.remove([share])
        assert ben.count() == 0
        elsewhere.add(share)
        assert ben.count() == 0  # as it was just now
        monkeypatch.undo()
        ana.share(with_="cyd", everything=True)  # of this process: everybody is looked up
        assert ben.count() == 1


def test_who_has_no_share_costs_a_server_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """But one now and then; a thousand calls ask once."""
    client = QdrantClient(":memory:")
    with Memory.open(client, owner="ben", encoder=ENCODER, keep_media=False) as ben:
        asked: list[object] = []

        def read(*given: object) -> list[object]:
            asked.append(given)
            return []

        monkeypatch.setattr(CollectionLedger, "_read", read)
        monkeypatch.setattr(collection, "RENEWED", 1000.0)
        for _ in range(5):
            ben.recall("dog")
            ben.count()
        assert len(asked) == 1


def test_a_memory_that_is_only_read_sees_shares_as_they_are_now(
    ana: Memory, tmp_path: Path
) -> None:
    """Though its vectors are a copy: what is ended after the opening has ended."""
    folder = tmp_path / "memory"
    with Memory.open(folder, owner="ben", encoder=ENCODER, read_only=True) as ben:
        assert ben.count() == 1
        assert [share.owner for share in ben.shares()] == ["ana"]
        for call in (lambda: ben.unshare(from_="ana"), lambda: ben.share(with_="c", tags=["t"])):
            with pytest.raises(ReadOnlyError):
                call()
        ana.unshare(with_="ben")
        assert (ben.count(), ben.recall("dog")) == (0, [])


def test_a_pickled_memory_reads_what_is_shared(ana: Memory) -> None:
    """Its copy is the memory itself, as long as the share lasts."""
    with ana.for_owner("ben") as ben, pickle.loads(pickle.dumps(ben)) as copy:
        assert copy.count() == 1
        ana.unshare(with_="ben")
        assert copy.count() == 0


def test_shares_last(tmp_path: Path) -> None:
    """Beyond the process, and a writer that was killed; nobody else may read their files."""
    folder = tmp_path / "memory"
    with Memory.open(folder, owner="ana", encoder=ENCODER) as ana:
        fill(ana)
        [share] = ana.shares()
    [file] = (folder / "shares").iterdir()
    file.with_name(f".{file.name}.{'0' * 16}.new").write_bytes(b"[{")  # what was being written
    with Memory.open(folder, owner="ben", encoder=ENCODER) as ben:
        assert (ben.count(), ben.shares()) == (1, [share])


def test_a_backup_has_the_shares(ana: Memory, tmp_path: Path) -> None:
    """It is the place, with all of its owners."""
    ana.backup(tmp_path / "backup.zip")
    restore(tmp_path / "backup.zip", tmp_path / "again")
    with Memory.open(tmp_path / "again", owner="ben", encoder=ENCODER) as ben:
        assert [share.owner for share in ben.shares()] == ["ana"]
        assert len(ben.percepts(ben.recall("dog")[0])) == 2


def test_what_leaves_the_place_is_shared_with_nobody(ana: Memory, tmp_path: Path) -> None:
    """Neither an export nor a copy elsewhere, where the same name may be somebody else's."""
    ana.export(tmp_path / "export")
    ana.promote(tmp_path / "copy")
    with Memory.open(tmp_path / "new", owner="ana", encoder=ENCODER) as new:
        new.import_(tmp_path / "export")
        assert (new.count(), new.shares()) == (1, [])
    with Memory.open(tmp_path / "copy", owner="ana", encoder=ENCODER) as copy:
        assert (copy.count(), copy.shares()) == (1, [])
    assert len(ana.shares()) == 1


def test_what_is_shared_is_not_taken_along(ana: Memory, tmp_path: Path) -> None:
    """An export, a copy, or vectors made anew are of one's own memories."""
    with ana.for_owner("ben") as ben:
        ben.remember(text="own", id="own")
        assert ben.count() == 2
        assert ben.export(tmp_path / "export").records == 1
        ben.promote(tmp_path / "copy")
    with Memory.open(tmp_path / "copy", owner="ben", encoder=ENCODER) as copy:
        assert [record.text for record in copy.timeline()] == ["own"]


@pytest.mark.parametrize("kind", ["folder", "client"])
def test_vectors_made_anew_stay_shared(kind: str, tmp_path: Path) -> None:
    """The collection that takes the place has the shares, and those alone that were not ended."""
    place: Any = tmp_path / "memory" if kind == "folder" else QdrantClient(":memory:")
    with Memory.open(place, owner="ana", encoder=ENCODER, media=tmp_path / "media") as ana:
        fill(ana)
        ana.share(with_="cyd", everything=True)
        ana.unshare(with_="cyd")
        assert ana.reembed(OTHER).records == 1
        with ana.for_owner("ben") as ben, ana.for_owner("cyd") as cyd:
            assert [hit.record.text for hit in ben.recall("dog")] == ["dog"]
            assert cyd.count() == 0
            ana.unshare(with_="ben")
            assert ben.count() == 0
        assert count_shares(ana.backend) == 0
