"""All kept media are compared with the names and sizes that their records state."""

from __future__ import annotations

from pathlib import Path

from tests.support.planted import picture, sound
from tests.support.refusals import open_it

from sensorium.memory import Memory


def kept(memory: Memory, record: str) -> str:
    """The name of the first file of a record."""
    return next(medium.file for medium in memory.get(record).media if medium.file)


def test_what_is_kept_is_sound(tmp_path: Path) -> None:
    """Files that several records name are read and counted once; another owner's are not."""
    with open_it(tmp_path / "m") as memory:
        memory.remember(picture("dog"), sound("bark"), id="dog")
        memory.remember(picture("dog"), id="again")
        memory.remember(text="words alone", id="words")
        with memory.for_owner("max") as other:
            other.remember(picture("cat"))
        done: list[tuple[int, int | None]] = []
        result = memory.verify(progress=lambda *numbers: done.append(numbers))
        assert result.sound
        assert result.files == 2
        assert result.bytes == memory.stats()["media_bytes"]
        assert done == [(3, 3)]


def test_damage_is_found_and_repaired(tmp_path: Path) -> None:
    """A changed byte, a cut file and a lost one are named by record; the same content restores."""
    words = ("dog", "cat", "owl")
    with open_it(tmp_path / "m") as memory:
        for word in words:
            memory.remember(picture(word), id=word)
        names = {word: kept(memory, word) for word in words}
        flipped, cut, gone = (next(tmp_path.rglob(name)) for name in names.values())
        content = bytearray(flipped.read_bytes())
        content[-1] ^= 1
        flipped.write_bytes(content)
        cut.write_bytes(cut.read_bytes()[:-1])
        gone.unlink()
        result = memory.verify()
        assert not result.sound
        assert result.files == 0
        assert dict(result.damaged) == {"dog": (names["dog"],), "cat": (names["cat"],)}
        assert dict(result.lost) == {"owl": (names["owl"],)}
        flipped.unlink()
        for word in words:
            memory.remember(picture(word), id=word)
        assert memory.verify().sound


def test_a_link_is_damage_wherever_it_leads(tmp_path: Path) -> None:
    """A link in the place of a file is not followed, though the file it names is the right one."""
    with open_it(tmp_path / "m") as memory:
        memory.remember(picture("dog"), id="dog")
        memory.flush()
        name = kept(memory, "dog")
        file = next(tmp_path.rglob(name))
        file.rename(tmp_path / "outside")
        file.symlink_to(tmp_path / "outside")
        assert dict(memory.verify().damaged) == {"dog": (name,)}
