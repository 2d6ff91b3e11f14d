"""Reading a shard: nothing is lost between pages, and what it does not have is left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from tests.support.edge_points import MINE, SCHEMA, point, row

from sensorium.qdrant import Filter, Search
from sensorium.qdrant.edge import reading, writing
from sensorium.qdrant.edge.shard import Shard


@pytest.fixture
def shard(tmp_path: Path) -> Iterator[Shard]:
    opened = Shard(tmp_path, "shard", SCHEMA)
    yield opened
    opened.engine.close()


def test_all_ids_are_read_however_many_there_are(
    shard: Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of the payload reaches every point, not the first page alone."""
    monkeypatch.setattr(reading, "IDS_PER_READ", 3)
    points = [point(seed) for seed in range(10)]
    writing.upsert(shard, points)
    assert sorted(map(str, reading.matching_ids(shard, MINE))) == sorted(p.id for p in points)
    writing.set_payload(shard, MINE, {"source": "changed"}, [])
    page = reading.scroll(
        shard, MINE, limit=20, newest_first=None, cursor=None, payload=True, vectors=False
    )
    assert {found.payload["source"] for found in page.points} == {"changed"}


def test_a_modality_the_shard_does_not_have_finds_nothing(shard: Shard) -> None:
    """A search, a sample and a read of it are empty, beside others that are not."""
    writing.upsert(shard, [point(1)])
    asked = [Search("audio", row(1)[0], 3), Search("image", row(1)[0], 3)]
    assert [len(hits) for hits in reading.search(shard, asked, MINE)] == [0, 1]
    assert reading.sample(shard, "audio", MINE, limit=3, payload=False, vectors=True) == []
    [found] = reading.sample(shard, "image", MINE, limit=3, payload=False, vectors=True)
    [read] = reading.read_points(shard, [found.id], False, ["audio", "image"])
    assert set(read.vectors) == {"image"}


def test_an_id_is_read_only_where_it_is_looked_at() -> None:
    """Of the points that a search found, those that nobody asks for cost no UUID."""

    class Hit:
        score = 0.5
        looks = 0

        @property
        def id(self) -> UUID:
            Hit.looks += 1
            return UUID(int=7)

    first, second = reading.Found(Hit()), reading.Found(Hit())  # type: ignore[arg-type]  # as Edge's
    assert (first.score, second.score, Hit.looks) == (0.5, 0.5, 0)
    assert {first.id, first.id} == {"00000000-0000-0000-0000-000000000007"}
    assert Hit.looks == 1


def test_words_are_rare_or_frequent_within_one_owner(shard: Shard) -> None:
    """What others write changes no score of this owner's texts."""
    texts = ["a dog barks", "a dog sleeps", "a cat sleeps"]
    for seed, text in enumerate(texts):
        written = point(seed)
        written.payload["page_content"] = text
        writing.upsert(shard, [written])
    before = reading.search_text(shard, "dog barks", MINE, 5)
    for seed in range(10, 30):
        theirs = point(seed)
        theirs.payload.update(owner="fido", page_content="barks barks")
        writing.upsert(shard, [theirs])
    assert reading.search_text(shard, "dog barks", MINE, 5) == before
    assert len(reading.search_text(shard, "barks", Filter("fido"), 50)) == 20
