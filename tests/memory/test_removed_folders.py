"""A folder that is removed or replaced under an open memory: nothing more is acknowledged."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.planted import MAKERS, PlantedEncoder, motion, picture, sound
from tests.support.refusals import ENCODER, intact, open_it

from sensorium.errors import StoreFormatError
from sensorium.memory import Memory, Moment
from sensorium.qdrant import CollectionSchema

WORKS: dict[str, Callable[[Memory], object]] = {
    "remember": lambda memory: memory.remember(text="words"),
    "a picture": lambda memory: memory.remember(picture("cat")),
    "another sense": lambda memory: memory.remember(motion("walk")),
    "many": lambda memory: memory.remember_many([Moment(text="a"), picture("cat")]).raise_first(),
    "update": lambda memory: memory.update("dog", tags=["good"]),
    "join": lambda memory: memory.update("dog", sound("bark")),
    "forget": lambda memory: memory.forget("dog"),
    "forget media": lambda memory: memory.forget("dog", media_only=True),
    "sweep": lambda memory: memory.forget(older_than=timedelta(0)),
    "flush": lambda memory: memory.flush(),
    "compact": lambda memory: memory.compact(),
    "add_modality": lambda memory: memory.backend.add_modality("radar"),
    "recall": lambda memory: memory.recall("dog"),
    "stream": lambda memory: memory.stream("imu", name="wrist", unit="g", rate=50),
}


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    """An open memory with one record, which has recalled nothing yet."""
    opened = open_it(tmp_path / "m")
    opened.remember(picture("dog"), text="Rex", id="dog")
    return opened


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
def test_a_removed_folder_is_noticed(
    memory: Memory, tmp_path: Path, work: Callable[[Memory], object]
) -> None:
    """Every call that writes says that the folder was removed, and does not make it anew."""
    shutil.rmtree(tmp_path / "m")
    with pytest.raises(StoreFormatError, match="removed or replaced while open"):
        work(memory)
    with pytest.raises(StoreFormatError, match="removed or replaced while open"):
        memory.close()
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("work", [WORKS["remember"], WORKS["a picture"], WORKS["forget"]])
def test_a_replaced_folder_is_noticed(
    memory: Memory, tmp_path: Path, work: Callable[[Memory], object]
) -> None:
    """A copy that was put in its place is another folder; nothing happens to it."""
    memory.flush()
    shutil.copytree(tmp_path / "m", tmp_path / "copy", ignore=shutil.ignore_patterns("socket"))
    shutil.rmtree(tmp_path / "m")
    (tmp_path / "copy").rename(tmp_path / "m")
    with pytest.raises(StoreFormatError, match="removed or replaced while open"):
        work(memory)
    with pytest.raises(StoreFormatError, match="removed or replaced while open"):
        memory.close()
    intact(tmp_path / "m")


@pytest.mark.parametrize("work", [WORKS["remember"], WORKS["forget"], WORKS["flush"]])
def test_a_removed_shard_is_noticed(
    memory: Memory, tmp_path: Path, work: Callable[[Memory], object]
) -> None:
    """The folder of the vectors alone is as good as all: what is written now would be lost."""
    shutil.rmtree(tmp_path / "m" / "shard")
    with pytest.raises(StoreFormatError, match="removed or replaced while open"):
        work(memory)
    with pytest.raises(StoreFormatError, match="removed or replaced while open"):
        memory.close()


def test_what_this_process_replaces_itself_is_no_replacing(tmp_path: Path) -> None:
    """New senses and another encoder rewrite the description, and writing goes on."""
    schema = CollectionSchema.for_space(ENCODER.space, modalities=["text"])
    with open_it(tmp_path / "m", schema=schema) as memory:
        for name in MAKERS:
            memory.backend.add_modality(name)
        memory.remember(picture("dog"), text="Rex", id="dog")
        memory.reembed(PlantedEncoder(model="another"))
        memory.remember(sound("bark"), id="bark")
        memory.forget("bark")
        assert memory.count() == 1
