"""A folder that somebody else made: nothing outside of it is read or written, and nothing hangs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.media_files import files_in
from tests.support.planted import PlantedEncoder, picture, sound

from sensorium.errors import SensoriumError, StoreFormatError
from sensorium.memory import Memory

ENCODER = PlantedEncoder()


def opened(folder: Path) -> Memory:
    return Memory.open(folder, owner="rex", encoder=ENCODER)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A memory with a file of every kind that a memory has."""
    folder = tmp_path_factory.mktemp("made") / "memory"
    with opened(folder) as memory:
        memory.remember(picture("dog"), text="a dog", id="dog")
        memory.recall("dog")
        memory._shelf.place.streams_folder("rex")
    for place in (folder / "calibration", *(folder / "streams").iterdir()):
        (place / "kept.json").write_text("{}")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "memory"))


def the(pattern: str) -> Callable[[Path], Path]:
    """The first path of a pattern in a folder."""
    return lambda folder: sorted(folder.glob(pattern))[0]


# Everything that an opening touches
PLACES = {
    pattern: the(pattern)
    for pattern in (
        *("sensorium.json", "lock", "lock.pid", "shard", "shard/edge_config.json", "shard/wal"),
        *(
            "shard/segments",
            "shard/segments/*",
            "shard/segments/*/segment.json",
            "shard/wal/open-*",
        ),
        *("media", "media/*", "calibration", "calibration/*", "streams", "streams/*"),
        "streams/*/*",
    )
}


def contents(place: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in place.rglob("*") if file.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_a_link_is_refused_by_its_name(folder: Path, tmp_path: Path, place: str) -> None:
    """Whatever a link stands for, opening says which it is, and what it leads to is as it was."""
    path = PLACES[place](folder)
    outside = path.rename(tmp_path / "outside")
    path.symlink_to(outside)
    (tmp_path / "outside-too").write_text("precious")
    before = contents(outside) if outside.is_dir() else outside.read_bytes()
    with pytest.raises(StoreFormatError, match="a link to") as caught:
        opened(folder)
    assert repr(str(path)) in str(caught.value)
    assert path.is_symlink()
    assert (contents(outside) if outside.is_dir() else outside.read_bytes()) == before


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_a_pipe_is_refused_and_not_waited_for(folder: Path, place: str) -> None:
    """Nobody writes into it, so that reading it would never end."""
    path = PLACES[place](folder)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    os.mkfifo(path)
    with pytest.raises(SensoriumError):
        opened(folder)


def test_a_link_to_nothing_makes_nothing(folder: Path, tmp_path: Path) -> None:
    """A file that a link names is not made elsewhere, either."""
    for name in ("lock", "lock.pid", "sensorium.json", "calibration", "streams", "shard-1"):
        (folder / name).rename(folder / "aside") if (folder / name).exists() else None
        (folder / name).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(StoreFormatError, match="a link to"):
            opened(folder)
        (folder / name).unlink()
        (folder / "aside").rename(folder / name) if (folder / "aside").exists() else None
    assert not (tmp_path / "elsewhere").exists()
    opened(folder).close()


def test_a_lock_with_the_name_of_another_file_is_not_emptied(folder: Path, tmp_path: Path) -> None:
    """A second name of a file is no link that could be seen; some releases of the lock empty it."""
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (folder / "lock").unlink()
    (folder / "lock").hardlink_to(precious)
    with pytest.raises(StoreFormatError, match="another name"):
        opened(folder)
    (folder / "lock.pid").unlink()
    (folder / "lock.pid").hardlink_to(precious)
    (folder / "lock").unlink()
    opened(folder).close()
    assert precious.read_text() == "precious"


def test_a_kept_file_that_is_a_link_is_not_read(folder: Path, tmp_path: Path) -> None:
    """Neither as a percept nor by the media store; nor is one written through a linked folder."""
    secret = tmp_path / "secret.png"
    (file,) = files_in(folder / "media")
    file.rename(secret)
    file.symlink_to(secret)
    with opened(folder) as memory:
        (medium,) = (one for one in memory.get("dog").media if one.file)
        with pytest.raises(StoreFormatError, match="a link to"):
            memory.open_medium(medium)
        media = memory._shelf.media
        assert media is not None
        for read in (media.read, media.open, media.path, media.exists):
            with pytest.raises(StoreFormatError, match="a link to"):
                read(file.name)
    file.unlink()
    shutil.move(file.parent, tmp_path / "ab")
    file.parent.symlink_to(tmp_path / "ab")
    with opened(folder) as memory:
        with pytest.raises(StoreFormatError, match="a link to"):
            memory.remember(picture("dog"), id="again")
        assert memory.remember(sound("bark"), id="bark").new
    assert list((tmp_path / "ab").iterdir()) == []


def test_what_killed_writers_left_beside_the_vectors_is_removed(folder: Path) -> None:
    """Unfinished files of calibration and streams go when the memory is opened, if they are old."""
    unfinished, young = f".kept.json.{'a' * 16}.new", f".kept.json.{'b' * 16}.new"
    places = [folder / "calibration", *(folder / "streams").iterdir(), folder]
    for place in places:
        (place / unfinished).touch()
        os.utime(place / unfinished, (1e9, 1e9))
    (places[0] / young).touch()  # another process may be writing it
    opened(folder).close()
    assert (places[0] / young).exists()
    assert not any((place / unfinished).exists() for place in places)
    assert (places[0] / "kept.json").exists()


def test_what_a_memory_never_made_may_be_anything(folder: Path, tmp_path: Path) -> None:
    """A user's own files beside it are left alone, links among them."""
    (folder / "notes").symlink_to(tmp_path)
    (folder / "media" / ".hidden").touch()
    opened(folder).close()
    assert (folder / "notes").is_symlink()
