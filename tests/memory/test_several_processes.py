"""Two processes with one memory: what one does, the other sees; what one promises, both keep."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from tests.support.planted import PlantedEncoder, picture
from tests.support.remote import RemoteMemory

from sensorium.errors import SpaceMismatchError
from sensorium.memory import Memory

ENCODER, NEW = PlantedEncoder(model="old"), PlantedEncoder(model="new")


@pytest.fixture(params=["this one holds", "the other holds"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Memory, RemoteMemory]]:
    here: dict[str, Any] = {"owner": "rex", "encoder": ENCODER}
    if request.param == "this one holds":
        with (
            Memory.open(tmp_path / "m", **here) as mine,
            RemoteMemory(tmp_path / "m", **here) as other,
        ):
            yield mine, other
    else:
        with (
            RemoteMemory(tmp_path / "m", **here) as other,
            Memory.open(tmp_path / "m", **here) as mine,
        ):
            yield mine, other


@pytest.mark.slow
def test_what_expires_is_gone_for_both(both: tuple[Memory, RemoteMemory]) -> None:
    """At the same moment, whoever wrote it; and one sweep takes it from the folder."""
    mine, other = both
    ends = datetime.now(timezone.utc) + timedelta(seconds=2)
    other.call("remember", text="a dog", id="dog", expires_at=ends)
    mine.remember(text="a cat", id="cat", expires_at=ends)
    mine.remember(text="the sea")
    assert (mine.count(), other.call("count")) == (3, 3)
    time.sleep(max(0.0, (ends - datetime.now(timezone.utc)).total_seconds()) + 0.01)
    assert (mine.count(), other.call("count")) == (1, 1)
    assert [hit.record.text for hit in other.call("recall", "dog")] == ["the sea"]
    assert other.call("sweep").records == 2
    assert mine.backend.stats()["points"] == 1


@pytest.mark.slow
def test_one_id_is_one_record_for_both(both: tuple[Memory, RemoteMemory]) -> None:
    """Replaced, updated and forgotten by either, it is what was done last."""
    mine, other = both
    mine.remember(text="a dog", id="x", tags=["first"])
    other.call("remember", text="a cat", id="x")
    assert (mine.get("x").text, mine.count()) == ("a cat", 1)
    mine.update("x", tags=["mine"])
    other.call("update", "x", metadata={"by": "other"})
    record = mine.get("x")
    assert (list(record.tags), record.metadata) == (["mine"], {"by": "other"})
    assert mine.forget("x") == 1
    assert other.call("count") == 0


@pytest.mark.slow
def test_compacting_and_importing_are_seen_by_both(
    both: tuple[Memory, RemoteMemory], tmp_path: Path
) -> None:
    """The other goes on meanwhile, and finds the new state."""
    mine, other = both
    mine.remember_many([picture(f"p{number}") for number in range(3)])
    other.call("compact")
    mine.export(tmp_path / "export")
    mine.forget(everything=True)
    assert other.call("count") == 0
    other.call("import_", tmp_path / "export")
    mine.compact()
    assert (mine.count(), other.call("count")) == (3, 3)
    assert other.call("recall", "p1", modalities=["image"], limit=1)


@pytest.mark.slow
def test_another_encoder_is_seen_by_both(both: tuple[Memory, RemoteMemory]) -> None:
    """Whoever still has the old one is told so, and neither reads nor writes."""
    mine, other = both
    mine.remember(picture("dog"))
    other.call("reembed", NEW)
    for call in (lambda: mine.recall("dog"), lambda: mine.remember(text="a cat")):
        with pytest.raises(SpaceMismatchError, match="re-embedded since it was opened"):
            call()
    assert other.call("count") == 1
