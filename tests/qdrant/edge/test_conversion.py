"""Points in the words of Edge, and back."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

import numpy as np
import pytest
import qdrant_edge as edge
from tests.support.edge_points import SCHEMA, D, row

from sensorium.errors import PointError, StoreFormatError
from sensorium.qdrant import Point, Search
from sensorium.qdrant.edge.conversion import (
    edge_points,
    edge_questions,
    edge_vectors,
    payload_selector,
    stored_point,
)
from sensorium.qdrant.edge.shard import Shard


def test_a_still_is_one_vector_and_a_recording_a_list_of_rows() -> None:
    """Edge takes the first as a plain vector and the others as a multivector."""
    sound = np.concatenate([row(1), row(2)])
    converted = edge_vectors({"image": row(3), "audio": sound})
    np.testing.assert_array_equal(converted["image"], row(3)[0])
    np.testing.assert_array_equal(converted["audio"], sound)
    assert len(converted["audio"]) == 2


def test_a_question_has_the_shape_of_its_modality() -> None:
    """A still is asked by a vector, a recording by a list of one row, of float32 in any case."""
    wide = row(1)[0].astype(np.float64) / 3
    searches = [Search(name, wide, 1) for name in ("image", "audio")]
    still, recording = edge_questions(searches)
    np.testing.assert_array_equal(still, wide.astype(np.float32).astype(np.float64))
    assert recording == [still]
    assert recording[0] is still  # read once for all modalities


def test_what_was_stored_comes_back_in_rows(tmp_path: Path) -> None:
    """Every modality is `(W, D)` float32, a still among them."""
    shard = Shard(tmp_path, "shard", SCHEMA)
    sound = np.concatenate([row(1), row(2)])
    written = Point(str(uuid4()), {"image": row(3), "audio": sound}, {"owner": "rex"})
    shard.add_named_vectors(written.vectors)
    shard.engine.update(edge.UpdateOperation.upsert_points(edge_points([written])))
    [record] = shard.engine.retrieve([written.id], True, True)
    read = stored_point(record, D)
    assert (read.id, read.payload) == (written.id, written.payload)
    assert {name: rows.shape for name, rows in read.vectors.items()} == {
        "image": (1, D),
        "audio": (2, D),
    }
    assert {rows.dtype for rows in read.vectors.values()} == {np.dtype(np.float32)}
    shard.engine.close()


@pytest.mark.parametrize("rows", [[], [[]], [[1.0]], [[0.0] * D, [0.0] * (D - 1)], [0.0] * (D + 1)])
def test_rows_of_other_lengths_are_damage(rows: list[object]) -> None:
    """Files whose lengths were overwritten make Edge answer with such rows, without an error."""
    record = SimpleNamespace(id=uuid4(), vector={"audio": rows}, payload={})
    with pytest.raises(StoreFormatError, match="damaged") as caught:
        stored_point(cast(edge.Record, record), D)
    assert "restore" in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "selector"), [(True, True), (False, False), ((), False), (("a", "b"), ["a", "b"])]
)
def test_no_key_is_no_payload(keys: bool | tuple[str, ...], selector: bool | list[str]) -> None:
    """Edge would take an empty list of keys for all of them."""
    assert payload_selector(keys) == selector


def test_an_id_that_is_no_uuid_is_named() -> None:
    """Edge's own error says less."""
    with pytest.raises(PointError, match="UUID"):
        edge_points([Point("holiday", {"image": row(1)}, {})])
