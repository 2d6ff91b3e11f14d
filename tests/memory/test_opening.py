"""A place that cannot be opened says why, and is left as it was."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.planted import PlantedEncoder, picture
from tests.support.refusals import ENCODER, intact, open_it, told

from sensorium.errors import (
    OwnerError,
    SchemaVersionError,
    SensoriumError,
    SpaceMismatchError,
    StoreFormatError,
    StoreLockedError,
    StoreUnavailableError,
    UnknownEncoderError,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one memory in it, closed."""
    with open_it(tmp_path / "m") as memory:
        memory.remember(picture("dog"), text="Rex", id="dog")
    return tmp_path / "m"


@pytest.mark.parametrize("owner", [None, 7, "", " rex", b"rex", ["rex"], "x" * 600, "\ud800"])
def test_an_owner_is_a_name(tmp_path: Path, owner: Any) -> None:
    """Anything else is refused before a folder is made."""
    with pytest.raises(OwnerError) as caught:
        open_it(tmp_path / "m", owner=owner)
    told(caught.value, "owner")
    assert not (tmp_path / "m").exists()


def test_an_encoder_has_a_known_name(tmp_path: Path) -> None:
    """An unknown one is refused, and the folder is not touched."""
    with pytest.raises(UnknownEncoderError):
        open_it(tmp_path / "m", encoder="no-such-encoder")
    with pytest.raises(UnknownEncoderError, match=r"of type function.*FunctionEncoder"):
        open_it(tmp_path / "m", encoder=open_it)
    assert not (tmp_path / "m").exists()


def test_another_encoder_is_refused_by_name(folder: Path) -> None:
    """Both spaces are named; the memory stays as it was, and is not locked."""
    other = PlantedEncoder(model="other")
    with pytest.raises(SpaceMismatchError) as caught:
        open_it(folder, encoder=other)
    told(caught.value, ENCODER.space.id, other.space.id, "the encoder or embedding that made it")
    intact(folder)


def test_a_newer_layout_is_refused(folder: Path) -> None:
    """The version is named, with the command to run; the file is as it was."""
    file = folder / "sensorium.json"
    before = file.read_text()
    newer = json.dumps({**json.loads(before), "version": 99})
    file.write_text(newer)
    with pytest.raises(SchemaVersionError) as caught:
        open_it(folder)
    told(caught.value, "99", "pip install --upgrade")
    assert file.read_text() == newer
    file.write_text(before)
    intact(folder)


def _truncate(folder: Path) -> None:
    file = folder / "sensorium.json"
    file.write_text(file.read_text()[:40])


def _not_a_schema(folder: Path) -> None:
    (folder / "sensorium.json").write_text('["something", "else"]')


def _binary(folder: Path) -> None:
    (folder / "sensorium.json").write_bytes(b"\xff\x00\xfe")


def _missing(folder: Path) -> None:
    (folder / "sensorium.json").unlink()


def _garbage_config(folder: Path) -> None:
    (next(folder.glob("shard*")) / "edge_config.json").write_bytes(b"\x00garbage")


def _no_config(folder: Path) -> None:
    (next(folder.glob("shard*")) / "edge_config.json").unlink()


def _garbage_segments(folder: Path) -> None:
    segments = next(folder.glob("shard*")) / "segments"
    for file in segments.rglob("*"):
        if file.is_file():
            file.write_bytes(b"garbage")


@pytest.mark.parametrize(
    "damage",
    [
        _truncate,
        _not_a_schema,
        _binary,
        _missing,
        _garbage_config,
        _no_config,
        _garbage_segments,
    ],
)
def test_a_damaged_folder_is_told_and_left(folder: Path, damage: Callable[[Path], None]) -> None:
    """It is not opened, written over or locked: the second try says the same as the first."""
    damage(folder)
    for _ in range(2):
        with pytest.raises(StoreFormatError) as caught:
            open_it(folder)
        told(caught.value, str(folder))


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    """A folder of photographs does not become a memory, and nothing is left in it."""
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(StoreFormatError, match=r"holiday\.jpg"):
        open_it(tmp_path)
    assert (tmp_path / "holiday.jpg").read_bytes() == b"x"
    assert not list(tmp_path.glob("shard*"))


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """Nor is what lies below one."""
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(StoreFormatError, match="a folder; name another place"):
        open_it(tmp_path / "file")
    with pytest.raises(OSError, match="file"):
        open_it(tmp_path / "file" / "m")


@pytest.mark.slow
def test_a_lock_names_who_holds_it(folder: Path) -> None:
    """This process, or the other one by its number; it is free once that one closed."""
    with open_it(folder, share=False):
        with pytest.raises(StoreLockedError) as caught:
            open_it(folder, owner="fido")
        told(caught.value, "this process", "close")
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.support.planted import PlantedEncoder
from sensorium.memory import Memory
with Memory.open({str(folder)!r}, owner="rex", encoder=PlantedEncoder(), share=False) as memory:
    print("open", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        with pytest.raises(StoreLockedError) as caught:
            open_it(folder)
        told(caught.value, f"process {child.pid}", "one server")
        child.communicate("")
    intact(folder)


@pytest.mark.slow
@pytest.mark.enable_socket
def test_a_server_that_is_down_is_told() -> None:
    """The URL is named."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(StoreUnavailableError) as caught:
        open_it(f"http://127.0.0.1:{port}", keep_media=False)
    told(caught.value, str(port))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_told(folder: Path) -> None:
    """It is not opened, and works again once it may be written."""
    folder.chmod(0o500)
    with pytest.raises(OSError, match="ermission"):
        open_it(folder)
    folder.chmod(0o700)
    intact(folder)


def test_a_failed_opening_leaves_no_lock(folder: Path) -> None:
    """Media at a place that cannot be: the error is told, and the memory can be opened again."""
    with pytest.raises(SensoriumError) as caught:
        open_it(folder, media="nosuchscheme://bucket")
    told(caught.value, "nosuchscheme")
    intact(folder)
