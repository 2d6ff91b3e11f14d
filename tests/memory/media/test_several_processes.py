"""Several processes of a machine keep an owner's media in one folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.media_files import files_in, name_of
from tests.support.sharing import in_processes

from sensorium.errors import MediaQuotaError, StoreFormatError
from sensorium.memory.layout.ids import owner_key
from sensorium.memory.media.store import COUNT, MediaStore

QUOTA = 50_000  # bytes


def fill(root: Path, seed: int) -> int:
    """Put files until the quota is reached; return how many went in."""
    store = MediaStore(root, owner="rex", quota=QUOTA)
    kept = 0
    for number in range(200):
        try:
            store.put(bytes([seed]) * 900 + number.to_bytes(4, "big"), extension="bin")
        except MediaQuotaError:
            continue
        kept += 1
        if number % 7 == 0:
            store.remove([name_of(bytes([seed]) * 900 + number.to_bytes(4, "big"))])
            kept -= 1
    return kept


def used(root: Path) -> int:
    return sum(path.stat().st_size for path in files_in(root))


def test_processes_that_write_at_once_never_exceed_the_quota(tmp_path: Path) -> None:
    """The quota holds for all together, it is used up, and all count the same bytes."""
    kept = in_processes(fill, [(tmp_path, 1), (tmp_path, 2)])
    assert QUOTA - 904 < used(tmp_path) <= QUOTA
    assert sum(kept) == len(files_in(tmp_path))
    assert MediaStore(tmp_path, owner="rex").bytes_used() == used(tmp_path)
    number = (tmp_path / owner_key("rex") / COUNT).read_bytes()
    assert int(number) == used(tmp_path)


def test_what_others_keep_and_remove_counts(tmp_path: Path) -> None:
    """A process that counted before sees what another changed since, whether it counts or not."""
    one = MediaStore(tmp_path, owner="rex", quota=10)
    other = MediaStore(tmp_path, owner="rex")
    assert one.bytes_used() == 0
    name = other.put(b"12345678", extension="bin")
    assert one.bytes_used() == 8
    with pytest.raises(MediaQuotaError):
        one.put(b"123", extension="bin")
    assert other.erase(()).files == 0  # it may still be named
    assert other.drop([name]) == 1
    assert one.bytes_used() == other.bytes_used() == 0
    one.put(b"123", extension="bin")
    assert other.bytes_used() == 3


def test_room_that_another_took_meanwhile_is_not_used_twice(tmp_path: Path) -> None:
    """What was reserved is checked again when a file gets its name."""
    one = MediaStore(tmp_path, owner="rex", quota=10)
    other = MediaStore(tmp_path, owner="rex", quota=10)

    class Slow:
        """A stream while whose reading another process writes."""

        def seekable(self) -> bool:
            return False

        def read(self, size: int) -> bytes:
            if other.exists(name_of(b"abcdef")):
                return b""
            other.put(b"abcdef", extension="bin")
            return b"uvwxyz"

    with pytest.raises(MediaQuotaError):
        one.put(Slow(), extension="bin")  # type: ignore[arg-type]  # it reads, and no more
    assert [path.name for path in files_in(tmp_path)] == [name_of(b"abcdef")]


@pytest.mark.parametrize("content", [b"?123\n", b"", b"12", b"nonsense\n", b"\xff" * 40])
def test_files_are_counted_again_after_a_death(tmp_path: Path, content: bytes) -> None:
    """A count that a death left unfinished, or that is damaged, is made anew by all."""
    one, other = MediaStore(tmp_path, owner="rex"), MediaStore(tmp_path, owner="rex")
    one.put(b"12345", extension="bin")
    assert one.bytes_used() == other.bytes_used() == 5
    (tmp_path / owner_key("rex") / COUNT).write_bytes(content)
    one.put(b"123", extension="bin")
    assert other.bytes_used() == one.bytes_used() == 8


def test_a_failure_to_write_leaves_no_wrong_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever became of the file, it is looked at again."""
    store = MediaStore(tmp_path, owner="rex")
    assert store.bytes_used() == 0
    store.put(b"1", extension="bin")
    replace_ = Path.replace

    def fail_afterwards(self: Path, target: Path) -> Path:
        replace_(self, target)
        raise OSError(5, "input/output error")

    monkeypatch.setattr(Path, "replace", fail_afterwards)
    with pytest.raises(OSError, match="input"):
        store.put(b"12345", extension="bin")
    assert store.bytes_used() == 6


def test_a_count_elsewhere_is_not_written(tmp_path: Path) -> None:
    """A folder of somebody else's may hold a link in its place: nothing outside is changed."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"123\n")
    folder = tmp_path / "media" / owner_key("rex")
    folder.mkdir(parents=True)
    store = MediaStore(tmp_path / "media", owner="rex")
    for link in (Path.symlink_to, Path.hardlink_to):
        link(folder / COUNT, outside)
        with pytest.raises(StoreFormatError, match=COUNT):
            store.put(b"1", extension="bin")
        (folder / COUNT).unlink()
    assert outside.read_bytes() == b"123\n"


WRITER = """
import sys, time
from sensorium.memory.media.store import MediaStore

class Slow:
    def __init__(self):
        self.blocks = 0
    def seekable(self):
        return False
    def read(self, size):
        self.blocks += 1
        if self.blocks == 2:
            print("half", flush=True)
            sys.stdin.readline()
        return b"x" * 1000 if self.blocks < 4 else b""

print(MediaStore(sys.argv[1], owner="rex").put(Slow(), extension="bin"), flush=True)
"""


def writer(root: Path) -> subprocess.Popen[str]:
    """A process that has written half a file, and waits for a line to write the other half."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    return process


def test_what_another_process_is_writing_is_not_erased(tmp_path: Path) -> None:
    """The part of a living process stays, however old; its file gets its name."""
    store = MediaStore(tmp_path, owner="rex")
    with writer(tmp_path) as process:
        (part,) = files_in(tmp_path)
        os.utime(part, (1e9, 1e9))
        assert store.sweep((), older_than=timedelta(0)).files == 0
        assert store.erase(()).files == 0
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.close()
        name = process.stdout.readline().strip()
    assert store.read(name) == b"x" * 3000


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no such signal")
def test_what_a_killed_process_was_writing_is_erased_at_once(tmp_path: Path) -> None:
    """Nobody waits until the part is old."""
    store = MediaStore(tmp_path, owner="rex")
    with writer(tmp_path) as process:
        process.kill()
    assert store.erase(()).files == 1
    assert files_in(tmp_path) == []
