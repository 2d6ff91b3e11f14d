"""Folders that somebody prepared: nothing outside is written, read or removed; none hangs."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from sensorium.errors import SensoriumError
from sensorium.memory import Memory
from sensorium.percepts import Image
from sensorium.qdrant.edge.folder import LOCKS
from tests.attack.children import run_apart
from tests.attack.task import Task
from tests.attack.tiny import OWNER, opened, png, signal_of

PRECIOUS, SECRET = "precious", b"the secret of another file"
PATIENCE = 20.0  # seconds until an opening counts as hung
PREPARED = "prepared"
Trap = Callable[[Path, Path], None]  # given the memory's folder and a folder outside


def attack(task: Task) -> None:
    """Lay every trap in a copy of a memory, and use that."""
    with_memory(task.home / PREPARED)
    laid = list(traps())
    for number in task.turns("traps"):
        name, trap = laid[number % len(laid)]
        folder, outside = task.home / "memory", task.home / "outside"
        for old in (folder, outside):
            shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(task.home / PREPARED, folder)
        prepare_outside(outside)
        before = snapshot(outside)
        # The trap is laid by the process that opens: some names contain its number.
        ending = run_apart(partial(_use, folder, outside, trap), patience=PATIENCE)
        if ending.kind:
            task.findings.report(ending.kind, number, f"{name}: {ending.told}")
        after = snapshot(outside)
        if after != before:
            changed = sorted(
                path for path in {*before, *after} if before.get(path) != after.get(path)
            )
            task.findings.report("outside written", number, f"{name}: {', '.join(changed)}")
        if ending.value:
            task.findings.report("outside read", number, f"{name}: {ending.value}")


def with_memory(folder: Path) -> None:
    """Make a memory of one picture and words."""

    def make() -> None:
        with opened(folder) as memory:
            memory.remember(Image(png("a")), text="hello", id="a")
            memory.recall("hello")

    run_apart(make)


def prepare_outside(outside: Path) -> None:
    """Make what must stay as it is."""
    outside.mkdir()
    (outside / "victim").write_text(PRECIOUS, encoding="utf-8")
    (outside / "secret.png").write_bytes(SECRET)
    (outside / "folder").mkdir()
    (outside / "folder" / "file").write_text(PRECIOUS, encoding="utf-8")


def snapshot(outside: Path) -> dict[str, bytes]:
    """All files below a folder, and what is in them."""
    return {
        str(path.relative_to(outside)): path.read_bytes()
        for path in sorted(outside.rglob("*"))
        if path.is_file()
    }


def _use(folder: Path, outside: Path, trap: Trap) -> str:
    """Open a prepared folder, use it, and return what was read from outside."""
    trap(folder, outside)
    try:
        memory = opened(folder)
    except SensoriumError:
        return ""
    with memory:
        return "; ".join(_read(memory))


def _read(memory: Memory) -> Iterator[str]:
    for act in (
        lambda: memory.remember(Image(png("b")), text="more", id="b"),
        lambda: memory.recall("hello"),
        lambda: memory.stream("imu", rate=50, accel="m/s^2", gyro="rad/s").close(),
        memory.sweep,
        memory.compact,
        memory.flush,
    ):
        try:
            act()
        except SensoriumError:
            continue
    try:
        media = memory.get("a").media
    except SensoriumError:
        return
    for medium in media:
        try:
            if medium.file and signal_of(memory.open_medium(medium)) == SECRET:
                yield f"medium {medium.modality} is the file outside"
        except SensoriumError:
            continue


def traps() -> Iterator[tuple[str, Trap]]:
    """Yield each trap and its name."""
    for name in ("lock.pid", "lock", "sensorium.json", "socket", "port", "locks", _own_lock()):
        yield f"{name} is a link", _replacing(name, "victim")
        yield f"{name} is a pipe", _pipe(name)
        yield f"{name} is a folder", _folder(name)
    yield "the lock of a writer is another name of a file", _other_name
    yield "the part of sensorium.json is a link", _part
    yield "another shard is a link", _replacing("shard-other", "folder")
    yield "the shard is a link", _replacing("shard", "folder")
    for name in ("media", "calibration", "streams"):
        yield f"{name} is a link", _replacing(name, "folder")
    yield "the owner's media are a link", _media_of_owner
    yield "a kept file is a link", _kept_file
    yield "a kept file is a pipe", _kept_pipe
    yield "a calibration is a pipe", _calibration_pipe


def _replacing(name: str, target: str) -> Trap:
    def trap(folder: Path, outside: Path) -> None:
        _remove(folder / name)
        (folder / name).symlink_to(outside / target)

    return trap


def _pipe(name: str) -> Trap:
    def trap(folder: Path, _: Path) -> None:
        _remove(folder / name)
        os.mkfifo(folder / name)

    return trap


def _folder(name: str) -> Trap:
    def trap(folder: Path, _: Path) -> None:
        _remove(folder / name)
        (folder / name).mkdir()

    return trap


def _own_lock() -> str:
    """The lock of those who write for the owner."""
    return f"{LOCKS}/{hashlib.sha256(OWNER.encode()).hexdigest()[:32]}"


def _other_name(folder: Path, outside: Path) -> None:
    _remove(folder / _own_lock())
    (folder / _own_lock()).hardlink_to(outside / "victim")


def _part(folder: Path, outside: Path) -> None:
    (folder / f".sensorium.json.{os.getpid()}").symlink_to(outside / "victim")


def _media_of_owner(folder: Path, outside: Path) -> None:
    key = next((folder / "media").iterdir())
    _remove(key)
    key.symlink_to(outside / "folder")


def _kept(folder: Path) -> Path:
    return next(path for path in (folder / "media").rglob("*.png"))


def _kept_file(folder: Path, outside: Path) -> None:
    kept = _kept(folder)
    kept.unlink()
    kept.symlink_to(outside / "secret.png")


def _kept_pipe(folder: Path, _: Path) -> None:
    kept = _kept(folder)
    kept.unlink()
    os.mkfifo(kept)


def _calibration_pipe(folder: Path, _: Path) -> None:
    place = folder / "calibration"
    names = [path.name for path in place.glob("*.npz")] or ["none.npz"]
    _remove(place)
    place.mkdir()
    os.mkfifo(place / names[0])


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
