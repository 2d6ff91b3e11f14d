"""Several processes write one owner's memories: no record names a file that another dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.memories import ENCODER, files, long_ago
from tests.support.planted import picture
from tests.support.sharing import another

from sensorium.memory import Memory
from sensorium.memory.media.store import MediaStore
from sensorium.memory.writing.files import drop_files


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory.open(tmp_path / "home", owner="rex", encoder=ENCODER) as opened:
        yield opened


def dropping(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let another process drop each file once, just after it was kept; return the names."""
    other, put, dropped = another(memory), MediaStore.put, list[str]()

    def put_and_lose(self: MediaStore, *arguments: Any, **named: Any) -> str:
        name = put(self, *arguments, **named)
        if name not in dropped:
            dropped.append(name)
            drop_files(other._shelf, [name])
        return name

    monkeypatch.setattr(MediaStore, "put", put_and_lose)
    return dropped


def named(memory: Memory) -> set[str]:
    return memory._editor.named_files()


WRITING: dict[str, Callable[[Memory], object]] = {
    "remember": lambda memory: memory.remember(picture("dog"), text="a dog"),
    "twice in a batch": lambda memory: memory.remember_many([picture("dog"), picture("dog")]),
    "replace": lambda memory: memory.remember(picture("dog"), picture("cat"), id="x"),
    "update": lambda memory: memory.update("x", picture("dog")),
}


@pytest.mark.parametrize("write", WRITING.values(), ids=WRITING)
def test_a_file_that_another_process_dropped_is_kept_again(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, write: Callable[[Memory], object]
) -> None:
    """A record is written when all of its files are there, whoever dropped one meanwhile."""
    memory.remember(picture("sea"), id="x")
    dropped = dropping(memory, monkeypatch)
    write(memory)
    assert dropped
    assert set(dropped) <= named(memory) == files(memory)


def test_a_file_that_can_not_be_kept_again_fails_its_record(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only that record fails; the others of its batch are written with their files."""
    other, put = another(memory), MediaStore.put

    def put_once(self: MediaStore, *arguments: Any, **options: Any) -> str:
        if self.quota == 0:
            return put(self, *arguments, **options)  # which says that the quota is used up
        name = put(self, *arguments, **options)
        if len(files(memory)) == 2:
            drop_files(other._shelf, [name])
            self.quota = 0
        return name

    monkeypatch.setattr(MediaStore, "put", put_once)
    report = memory.remember_many([picture("sea"), picture("dog")])
    assert [failure.index for failure in report.failures] == [1]
    assert len(report.remembered) == memory.count() == 1
    assert named(memory) == files(memory)


def test_an_import_keeps_again_what_another_process_dropped(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An import and a promotion write their points when all files are there."""
    memory.remember(picture("dog"))
    memory.export(tmp_path / "export")
    memory.forget(everything=True)
    assert files(memory) == set()
    dropped = dropping(memory, monkeypatch)
    memory.import_(tmp_path / "export")
    assert set(dropped) == named(memory) == files(memory) != set()


def test_a_sweep_looks_again_before_it_drops(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that another process wrote after the sweep had looked keeps its file."""
    other = another(memory)
    look = other._editor.named_files

    def overtaken() -> set[str]:
        names = look()
        memory.remember(picture("dog"))
        long_ago(memory)
        return names

    monkeypatch.setattr(other._editor, "named_files", overtaken)
    assert other.sweep().files == 0
    assert named(memory) == files(memory) != set()
