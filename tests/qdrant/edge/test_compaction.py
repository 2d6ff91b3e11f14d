"""What compact() builds is used, finds what a scan finds, and is not built for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import qdrant_edge as edge
from numpy.typing import NDArray
from tests.support.edge_points import MINE

from sensorium.encoders import EmbeddingSpace, normalise
from sensorium.qdrant import CollectionSchema, EdgeBackend, Equal, Filter, Point, Search
from sensorium.qdrant.edge import indexing, reading
from sensorium.qdrant.edge.folder import CONFIG, SHARD
from sensorium.qdrant.edge.indexing import SIZES, IndexSizes, expected_seconds

SMALLER = 16  # times: vectors are, and so all sizes in kilobytes, as 1,024 numbers take a minute
D = 1024 // SMALLER
EACH = 3_100  # vectors of a modality: of 1,024 numbers 6,200 KB, a little more than pays
MODALITIES = ("image", "text")
RARE = 50  # one record in so many has the tag
SMALL = IndexSizes(scanned=SIZES.scanned // SMALLER, least=SIZES.least // SMALLER)
SCHEMA = CollectionSchema.for_space(
    EmbeddingSpace("planted", "0" * 64, "r1", D), modalities=MODALITIES
)


def rows() -> NDArray[np.float32]:
    """Random rows, shape `(MODALITIES * EACH, D)`: a search of few candidates misses most."""
    return normalise(np.random.default_rng(0).standard_normal((len(MODALITIES) * EACH, D)))


def point(number: int, row: NDArray[np.float32]) -> Point:
    """The point of a row; modalities follow in turn."""
    modality = MODALITIES[number % len(MODALITIES)]
    tags = ["rare"] if number % RARE < len(MODALITIES) else []
    payload = {"owner": "rex", "at": "2026-07-01T12:00:00.000000Z", "tags": tags}
    payload["modalities"] = [modality]
    return Point(f"00000000-0000-0000-0000-{number:012d}", {modality: row[None]}, payload)


def filled(place: Path) -> EdgeBackend:
    backend = EdgeBackend.open(place, schema=SCHEMA)
    given = rows()
    for start in range(0, len(given), 500):
        block = given[start : start + 500]
        backend.upsert([point(start + k, row) for k, row in enumerate(block)])
    return backend


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "SIZES", SMALL)


@pytest.fixture
def compacted(tmp_path: Path) -> Iterator[EdgeBackend]:
    """A store that was compacted."""
    backend = filled(tmp_path)
    assert backend.stats()["unindexed_vectors"] == len(MODALITIES) * EACH
    assert backend.compact()
    yield backend
    backend.close()


def first_hits(backend: EdgeBackend, modality: str, questions: NDArray[np.float32]) -> list[str]:
    found = [backend.search([Search(modality, q, 1)], MINE)[0] for q in questions]
    return [hits[0].id if hits else "" for hits in found]


@pytest.mark.slow
@pytest.mark.parametrize("modality", MODALITIES)
def test_the_graph_of_each_modality_is_used(
    compacted: EdgeBackend, modality: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only one candidate is kept, a graph misses what a scan would find."""
    questions = normalise(np.random.default_rng(1).standard_normal((20, D)))
    monkeypatch.setattr(reading, "FEW", 10**9)
    scanned = first_hits(compacted, modality, questions)
    monkeypatch.setattr(reading, "FEW", 0)
    for name in ("LEAST_BEAM", "MOST_BEAM"):
        monkeypatch.setattr(reading, name, 1)
    assert first_hits(compacted, modality, questions) != scanned


def test_no_graph_is_built_that_is_not_used() -> None:
    """What is worth a graph is more than what Edge, or a search of ours, scans in any case."""
    assert SIZES.scanned < reading.FEW < SIZES.least


@pytest.mark.slow
def test_scores_are_of_the_vectors_not_of_their_copies(
    compacted: EdgeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search finds each planted row with its own cosine, to the precision of float16."""
    monkeypatch.setattr(reading, "FEW", 0)
    given = rows()
    for number in range(0, 40):
        question = normalise(given[number] + 0.7 * given[number + 1])
        searches = [Search(MODALITIES[number % 2], question, 3)]
        ((best, *_),) = compacted.search(searches, MINE)
        assert best.id == point(number, given[number]).id
        assert best.score == pytest.approx(float(question @ given[number]), abs=5e-4)


@pytest.mark.slow
@pytest.mark.parametrize("few", [0, reading.FEW_CHOSEN])
def test_a_filter_loses_nothing_after_compacting(
    tmp_path: Path, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A graph has no links among the records of a tag: all of them are found nevertheless."""
    monkeypatch.setattr(indexing, "SIZES", replace(SMALL, scanned=1))  # Edge scans none by itself
    compacted = filled(tmp_path)
    compacted.compact()
    for name in ("FEW", "SHARE"):
        monkeypatch.setattr(reading, name, 0)
    monkeypatch.setattr(reading, "FEW_CHOSEN", few)
    tagged = Filter("rex", Equal("tags", "rare"))
    question = rows()[7]
    for modality in MODALITIES:
        (hits,) = compacted.search([Search(modality, question, 2 * EACH)], tagged)
        assert len(hits) == EACH // (RARE // len(MODALITIES))
        (best,) = compacted.search([Search(modality, question, 5)], tagged)
        assert [hit.id for hit in best] == [hit.id for hit in hits[:5]]
    compacted.close()


def test_a_second_compaction_has_nothing_to_gain(compacted: EdgeBackend) -> None:
    """Nor has one after a few more records: a scan of them is as fast."""
    assert not compacted.compact()
    extra = Point("10000000-0000-0000-0000-000000000000", {"image": rows()[:1]}, {"owner": "max"})
    compacted.upsert([extra])
    assert compacted.stats()["unindexed_vectors"] == 1
    assert not compacted.compact()


@pytest.mark.slow
def test_a_memory_that_an_earlier_release_compacted_gains(tmp_path: Path) -> None:
    """Its graphs were built with Edge's own settings, and were not used."""
    backend = filled(tmp_path)
    backend.close()
    shard = edge.EdgeShard.load(
        str(tmp_path / SHARD),
        edge.EdgeConfig(
            sparse_vectors={"none": edge.EdgeSparseVectorParams()},
            optimizers=edge.EdgeOptimizersConfig(indexing_threshold=SMALL.least),
        ),
    )
    assert shard.optimize()
    shard.close()
    again = EdgeBackend.open(tmp_path, schema=SCHEMA)
    assert again.stats()["unindexed_vectors"] == len(MODALITIES) * EACH
    assert again.compact()
    assert again.stats()["unindexed_vectors"] == 0
    assert not again.compact()
    assert again.count(MINE) == len(MODALITIES) * EACH
    again.close()


@pytest.mark.slow
def test_a_memory_that_has_grown_is_indexed_with_more_care(
    compacted: EdgeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A graph of many vectors needs more candidates to lead to the nearest; it is built anew once.

    That is so of a modality with many: those of all together do not count.
    """
    assert '"ef_construct":64' in settings(compacted)
    monkeypatch.setattr(indexing, "SIZES", replace(SMALL, many=EACH))
    assert not compacted.compact()
    monkeypatch.setattr(indexing, "SIZES", replace(SMALL, many=EACH - 1))
    assert compacted.stats()["unindexed_vectors"] == len(MODALITIES) * EACH
    assert compacted.compact()
    assert '"ef_construct":100' in settings(compacted)
    assert compacted.stats()["unindexed_vectors"] == 0
    assert not compacted.compact()


def settings(backend: EdgeBackend) -> str:
    """What Edge notes of how it indexes."""
    return (backend.folder / SHARD / CONFIG).read_text("utf-8").replace(" ", "")


@pytest.mark.slow
def test_what_a_schema_quantizes_is_kept(tmp_path: Path) -> None:
    """A memory that was made with copies of its own keeps their kind."""
    schema = CollectionSchema.for_space(SCHEMA.space, modalities=["image"], quantization="binary")
    backend = EdgeBackend.open(tmp_path, schema=schema)
    given = rows()[:EACH]
    backend.upsert(
        [
            Point(point(2 * n, row).id, {"image": row[None]}, {"owner": "rex"})
            for n, row in enumerate(given)
        ]
    )
    assert backend.compact()
    assert not backend.compact()
    ((best,),) = backend.search([Search("image", given[3], 1)], MINE)
    assert best.score == pytest.approx(1.0, abs=5e-4)
    backend.close()
    assert "binary" in (tmp_path / SHARD / "edge_config.json").read_text("utf-8")


def test_the_time_that_is_announced_grows_with_what_is_indexed() -> None:
    """A million vectors of 512 numbers take minutes, a thousand no time; nothing takes none."""
    assert expected_seconds(0, 512) == 0
    assert expected_seconds(10**6, 512) == pytest.approx(1000 * expected_seconds(1000, 512))
    assert expected_seconds(10**6, 1024) == pytest.approx(2 * expected_seconds(10**6, 512))
