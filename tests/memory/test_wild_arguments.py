"""Whatever is passed, read from a damaged file or nested without end, the error is Sensorium's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet
from tests.support.planted import PlantedEncoder

from sensorium.errors import (
    ExportFormatError,
    QueryError,
    RecordError,
    SensoriumError,
    StoreFormatError,
    UnsupportedModalityError,
    show,
)
from sensorium.memory import Memory, Moment
from sensorium.memory.moving.manifest import sha256_of


def nested(levels: int, kind: type[Any] = list) -> Any:
    """Lists, or dictionaries, within each other."""
    value: Any = kind()
    for _ in range(levels):
        value = [value] if kind is list else {"a": value}
    return value


DEEP = nested(100_000)


@pytest.fixture(scope="module")
def memory() -> Iterator[Memory]:
    """A memory for calls that change nothing."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as opened:
        opened.remember(text="dog", id="dog")
        yield opened


WITH_A_DEEP_VALUE: dict[str, Callable[[Memory], object]] = {
    "at": lambda memory: memory.remember(text="x", at=DEEP),
    "ttl": lambda memory: memory.remember(text="x", ttl=DEEP),
    "expires_at": lambda memory: memory.remember(text="x", expires_at=DEEP),
    "id": lambda memory: memory.remember(text="x", id=DEEP),
    "tags": lambda memory: memory.remember(text="x", tags=[DEEP]),
    "source": lambda memory: memory.remember(text="x", source=DEEP),
    "text": lambda memory: memory.remember(text=DEEP),
    "vectors": lambda memory: memory.remember(text="x", vectors=DEEP),
    "metadata": lambda memory: memory.remember(text="x", metadata=nested(100_000, dict)),
    "metadata that is a list": lambda memory: memory.remember(text="x", metadata=DEEP),
    "get": lambda memory: memory.get(DEEP),
    "update": lambda memory: memory.update("dog", tags=[DEEP]),
    "where": lambda memory: memory.count(where=DEEP),
    "a value in where": lambda memory: memory.count(where={"a": nested(100_000, dict)}),
    "since": lambda memory: memory.count(since=DEEP),
    "question": lambda memory: memory.recall(DEEP),
    "weights": lambda memory: memory.recall("dog", weights=DEEP),
    "ranking": lambda memory: memory.recall("dog", ranking=DEEP),
    "limit": lambda memory: memory.recall("dog", limit=DEEP),
    "cursor": lambda memory: memory.timeline(cursor=DEEP),
    "stream": lambda memory: memory.stream("image", every=DEEP),
}


@pytest.mark.parametrize("call", WITH_A_DEEP_VALUE.values(), ids=WITH_A_DEEP_VALUE)
def test_a_value_nested_without_end_is_quoted_in_part(
    memory: Memory, call: Callable[[Memory], object]
) -> None:
    """The error is about the value, not about writing it."""
    with pytest.raises(SensoriumError):
        call(memory)


def test_any_value_can_be_shown() -> None:
    """Numbers without end, and objects whose own repr fails, too."""

    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert show(10**10_000) == "an integer of 33,220 bits"
    assert "Broken" in show(Broken())
    assert show("a") == "'a'"
    laughs: list[Any] = ["x" * 1000]
    for _ in range(15):
        laughs = [laughs] * 100
    assert len(show(laughs)) < 1_000_000


def test_modalities_that_cannot_be_one_are_refused(memory: Memory) -> None:
    """A list is no modality of a stream."""
    with pytest.raises(UnsupportedModalityError):
        memory.stream(["image"])  # type: ignore[arg-type]  # the mistake


def test_a_batch_may_be_as_large_as_one_likes(memory: Memory) -> None:
    """It ends with the moments."""
    assert memory.remember_many([Moment(text="cat", id="cat")], batch_size=2**70).new == 1
    memory.forget("cat")


def test_metadata_is_bounded(memory: Memory) -> None:
    """A store would take minutes and gigabytes for a million fields."""
    with pytest.raises(RecordError, match="metadata of 100,001 keys"):
        memory.remember(text="x", metadata={str(n): n for n in range(100_001)})
    with pytest.raises(RecordError, match="metadata of 1,000,002 values"):
        memory.remember(text="x", metadata={"a": [0] * 1_000_001})
    with pytest.raises(QueryError):
        memory.count(with_modalities=[[]])  # type: ignore[list-item]  # the mistake


DESCRIPTIONS: dict[str, Callable[[dict[str, Any]], object]] = {
    "nested without end": lambda fields: "[" * 100_000,
    "a number as a modality": lambda fields: {**fields, "modalities": [1]},
    "a number as weights": lambda fields: {**fields, "space": {**fields["space"], "weights": 5}},
    "text as a dimension": lambda fields: {**fields, "space": {**fields["space"], "dimension": ""}},
    "a list": lambda fields: [],
}


@pytest.mark.parametrize("damage", DESCRIPTIONS.values(), ids=DESCRIPTIONS)
def test_a_damaged_description_is_said_to_be_damaged(
    damage: Callable[[dict[str, Any]], object], tmp_path: Path
) -> None:
    """Whatever `sensorium.json` holds."""
    Memory.open(tmp_path, owner="rex", encoder=PlantedEncoder()).close()
    file = tmp_path / "sensorium.json"
    damaged = damage(json.loads(file.read_text("utf-8")))
    file.write_text(damaged if isinstance(damaged, str) else json.dumps(damaged), "utf-8")
    with pytest.raises(StoreFormatError):
        Memory.open(tmp_path, owner="rex", encoder=PlantedEncoder())


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """An export with a long record, which other points continue."""
    rows = np.eye(64, dtype=np.float32)[np.arange(1100) % 64]
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        memory.remember(text="long", vectors={"audio": rows})
        memory.export(tmp_path / "export")
    return tmp_path / "export"


def rewrite(export: Path, change: Callable[[Any], Any]) -> None:
    """Change the table of records, and make its digest right again."""
    file = export / "records-00000.parquet"
    parquet.write_table(change(parquet.read_table(file)), file)
    sign(export)


def sign(export: Path) -> None:
    manifest = json.loads((export / "manifest.json").read_text("utf-8"))
    manifest["files"][0]["sha256"] = sha256_of(export / "records-00000.parquet")
    (export / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def without(*names: str) -> Callable[[Path], None]:
    return lambda export: rewrite(export, lambda table: table.drop_columns(list(names)))


def no_parquet(export: Path) -> None:
    (export / "records-00000.parquet").write_bytes(b"PAR1 and then nothing")
    sign(export)


def chained(export: Path) -> None:
    """Let the continuation continue itself."""

    def change(table: Any) -> Any:
        rows = table.to_pylist()
        part = next(row for row in rows if row["part_of"] is not None)
        payload = {**json.loads(part["payload"]), "part_of": part["id"]}
        part |= {"part_of": part["id"], "payload": json.dumps(payload)}
        return type(table).from_pylist(rows, schema=table.schema)

    rewrite(export, change)


DAMAGED: dict[str, Callable[[Path], None]] = {
    "no Parquet": no_parquet,
    "no payload": without("payload"),
    "no id": without("id"),
    "neither": without("id", "payload"),
    "no part_of": without("part_of"),
    "a continuation of a continuation": chained,
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_export_is_said_to_be_damaged(
    damage: Callable[[Path], None], exported: Path
) -> None:
    """Though its digests are right; nothing of it is imported."""
    damage(exported)
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        with pytest.raises(ExportFormatError):
            memory.import_(exported)
        assert memory.count() == 0
