"""What `sensorium doctor` looks at: each check finds something, and says what to do about it."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from sensorium.cli.opening import IN_PROCESS, is_folder
from sensorium.errors import SensoriumError, SpaceMismatchError

State = Literal["ok", "warn", "fail"]

PACKAGES = {  # by the module that is imported
    "torch": "torch",
    "torchaudio": "torchaudio",
    "numpy": "numpy",
    "PIL": "pillow",
    "av": "av",
    "tokenizers": "tokenizers",
    "qdrant_client": "qdrant-client",
    "qdrant_edge": "qdrant-edge-py",
}
EXTRAS = {  # by the module that an extra brings
    "export": "pyarrow",
    "few-shot": "sklearn",
    "langchain": "langchain_core",
    "langgraph": "langgraph",
    "llama-index": "llama_index",
    "mcp": "mcp",
}
OLDEST_PYTHON = (3, 10)
MEGABYTE, GIGABYTE = 1e6, 1e9  # bytes
LITTLE_ROOM = 1.0  # GB free, below which a memory cannot grow much
REINSTALL = "run: pip install --force-reinstall sensorium"


@dataclass(frozen=True)
class Check:
    """What one check found.

    Attributes:
        name: Of what was looked at.
        state: Whether it is as it should be.
        found: What is there.
        remedy: What to do; empty where nothing is needed.
    """

    name: str
    state: State
    found: str
    remedy: str = ""


def checks(place: str, *, encoder: str) -> Iterator[Check]:
    """Look at the install, the machine, the encoder and the memory, in this order.

    A check that fails does not stop the others.
    """
    yield _program()
    yield _python()
    broken = False
    for module, package in PACKAGES.items():
        check = _package(module, package)
        broken = broken or check.state == "fail"
        yield check
    if broken:  # all else stands on them
        return
    yield _extras()
    yield _device()
    yield from _guarded("weights", _weights)
    yield from _guarded(f"encoder {encoder}", lambda: _encoder(encoder))
    if is_folder(place):
        folder = Path(place).expanduser()
        yield from _guarded("folder", lambda: _folder(folder))
        yield from _guarded("memory", lambda: _memory(folder, encoder))
        yield _room(folder)
    elif place != IN_PROCESS:
        yield from _guarded("server", lambda: _server(place))


def _guarded(name: str, look: Callable[[], Check]) -> Iterator[Check]:
    """Turn the errors of a check into its result."""
    try:
        yield look()
    except SensoriumError as error:
        yield Check(name, "fail", f"{error.came}; needed: {error.needed}", error.remedy)
    except OSError as error:
        yield Check(name, "fail", str(error), "check the path, its permissions and the disk")


def _program() -> Check:
    try:
        return Check("sensorium", "ok", version("sensorium"))
    except PackageNotFoundError:
        return Check("sensorium", "warn", "not installed", "run: pip install sensorium")


def _python() -> Check:
    found = platform.python_version()
    if tuple(map(int, platform.python_version_tuple()[:2])) < OLDEST_PYTHON:
        return Check("python", "fail", found, "install Python 3.10 or newer")
    return Check("python", "ok", found)


def _package(module: str, package: str) -> Check:
    try:
        importlib.import_module(module)
        return Check(package, "ok", version(package))
    except (ImportError, OSError) as error:  # OSError: a shared library that does not load
        reason = " ".join(str(error).split())
        return Check(package, "fail", f"cannot be imported ({reason})", f"pip install {package}")


def _extras() -> Check:
    there = {extra: find_spec(module) is not None for extra, module in EXTRAS.items()}
    absent = [extra for extra, present in there.items() if not present]
    found = ", ".join(extra for extra, present in there.items() if present) or "none"
    remedy = f'where wanted: pip install "sensorium[{",".join(absent)}]"' if absent else ""
    return Check("extras", "ok", found, remedy)


def _device() -> Check:
    import torch

    from sensorium.encoders.placement import multiplies_bfloat16, resolve_device

    device = resolve_device("auto")
    precision = "bfloat16" if multiplies_bfloat16(device) else "float32"
    if device.type == "cuda":
        return Check("device", "ok", f"{torch.cuda.get_device_name(device)}, {precision}")
    threads = f"cpu, {torch.get_num_threads()} of {os.cpu_count()} threads, {precision}"
    if shutil.which("nvidia-smi"):
        remedy = "install a torch with CUDA, if the GPU is meant to be used"
        return Check("device", "warn", f"{threads}; a GPU that torch cannot use", remedy)
    return Check("device", "ok", threads)


def _weights() -> Check:
    """Compare the weights inside the package with their digests."""
    from sensorium.mini.manifest import DIRECTORY, manifest, read_verified

    files = manifest().files.values()
    for entry in files:
        read_verified(DIRECTORY / entry.file, entry.sha256)
    return Check("weights", "ok", f"sensorium-mini, {len(files)} files as they were made")


def _encoder(name: str) -> Check:
    from sensorium.encoders import load_encoder

    opened = load_encoder(name)
    return Check(
        f"encoder {name}", "ok", f"{opened.space.id}: {', '.join(sorted(opened.modalities))}"
    )


def _folder(folder: Path) -> Check:
    """Look whether a folder can be used, by whom it is, without changing it."""
    from sensorium.qdrant.edge.folder import DESCRIPTION

    nearest = next(
        each for each in (folder.absolute(), *folder.absolute().parents) if each.exists()
    )
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        remedy = f"run: chmod u+rwx {nearest}, or name another folder with --memory"
        return Check("folder", "fail", f"{nearest} cannot be written", remedy)
    if nearest != folder.absolute() or not any(folder.iterdir()):
        return Check("folder", "ok", f"{folder} is made when something is remembered")
    holder = _holder(folder) if (folder / DESCRIPTION).exists() else None
    if holder is not None:
        remedy = "close it there, or share one server: docs/deploy.md"
        return Check("folder", "warn", f"{folder}, which {holder} has open", remedy)
    return Check("folder", "ok", f"{folder}, open nowhere")


def _holder(folder: Path) -> str | None:
    """Say who has a memory open, leaving no trace of having asked; `None` where nobody has."""
    from filelock import FileLock, Timeout

    from sensorium.qdrant.edge.folder import HOLDER, LOCK

    if not (folder / LOCK).exists():
        return None
    try:
        with FileLock(folder / LOCK, thread_local=False).acquire(timeout=0):
            return None
    except Timeout:
        holder = folder / HOLDER
        who = holder.read_text(encoding="utf-8") if holder.exists() else "another process"
        return "this process" if who == f"process {os.getpid()}" else who


def _memory(folder: Path, encoder: str) -> Check:
    """Read what a memory was made with, and compare it with the encoder."""
    from sensorium.encoders import load_encoder
    from sensorium.qdrant.edge.folder import bytes_on_disk, read_description

    description = read_description(folder) if folder.is_dir() else None
    if description is None:
        return Check("memory", "ok", "none yet")
    schema, shard = description
    place = f"the memory {str(folder)!r}"
    try:
        schema.check(load_encoder(encoder).space, place)
    except SpaceMismatchError as error:
        return Check("memory", "fail", error.came, error.remedy)
    size = f"{bytes_on_disk(folder / shard) / MEGABYTE:.1f} MB"
    return Check("memory", "ok", f"schema {schema.version}, {schema.space.id}, {size} of vectors")


def _room(folder: Path) -> Check:
    nearest = next(
        each for each in (folder.absolute(), *folder.absolute().parents) if each.exists()
    )
    free = shutil.disk_usage(nearest).free / GIGABYTE
    if free < LITTLE_ROOM:
        remedy = "free some, or run: sensorium forget --media-only --older-than 90d"
        return Check("disk", "warn", f"{free:.2f} GB free", remedy)
    return Check("disk", "ok", f"{free:.0f} GB free")


def _server(url: str) -> Check:
    from sensorium.qdrant.client.backend import COLLECTION
    from sensorium.qdrant.client.connection import Connection, connect

    client = connect(url, timeout=10)
    try:
        connection = Connection(client)
        names = {each.name for each in connection.call(client.get_collections).collections}
    finally:
        client.close()
    there = "is there" if COLLECTION in names else "is made when something is remembered"
    return Check("server", "ok", f"{connection.place}, where the collection {COLLECTION!r} {there}")
