"""Rows of a dataset: what each is called, by what it is known again, and its percepts."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from sensorium.errors import RecordError
from sensorium.memory.moving.shards import KEY
from sensorium.percepts import Percept, Text, percept_from_media
from sensorium.sources import Account, walk
from sensorium.sources.finding import FoundFile, OnFailure, OnSkip
from sensorium.sources.walking import Walk, search_folder

Row: TypeAlias = "Mapping[str, Any]"  # values by the names of the columns
PATH, BYTES, TEXT, FILE, HOW = "path", "bytes", "text", "file", "how"  # columns that are known
LONGEST_NAME = 60  # characters of a text that stands for a row in messages
_numbers = count()


def list_files(
    path: str | os.PathLike[str],
    *,
    modality: str | None = None,
    rules: Iterable[Mapping[str, Any]] = (),
    roots: Sequence[str | Path] | None = None,
    on_skip: OnSkip | None = None,
    on_failure: OnFailure | None = None,
    **options: Any,
) -> list[dict[str, Any]]:
    """List the files that `sensorium.sources.walk` reads, as rows of a dataset; none is read yet.

    Whoever gets a row reads the file at its path, with the files beside it that belong to it, as
    `walk` does: all machines need to see it there.

    Args:
        path: Path of a folder, or of a file.
        modality: Read only percepts of this modality, and all files that may be of it.
        rules: What to read how, before the rules of the folders.
        roots: Directories that the path and its files must lie in, links followed.
        on_skip: Called with the path of each file that is skipped, and the reason.
        on_failure: Called with each folder that cannot be listed, and the error; by default it is
            raised.
        options: Units and other options, for the files that have such an option.
    Returns:
        One row a file, sorted, with its `"path"`, an absolute one.
    Raises:
        PerceptError: As of `walk`, before a file is read.
    """
    found, walked = search_folder(
        path,
        modality=modality,
        rules=rules,
        roots=roots,
        on_skip=on_skip,
        on_failure=on_failure,
        options=options,
    )
    reading = replace(walked, on_skip=None, on_failure=None, account=Account())
    return [_row(each, reading) for each in found]


def read_row(row: Row, scratch: Path, on_failure: OnFailure) -> Iterator[Percept]:
    """Yield the percepts of a row of a known kind.

    Args:
        row: A row of `list_files`; or one with `"bytes"`, and `"path"`, the name of the file that
            these are of; or with a `"path"` or a `"text"` alone.
        scratch: A folder for the content of rows, which stays until their percepts are not needed.
        on_failure: Called with each part of a file that cannot be read.
    Raises:
        RecordError: It is none of these.
        PerceptError: It cannot be read.
    """
    if row.get(FILE) is not None:
        found, walked = pickle.loads(row[FILE])
        yield from replace(walked, on_failure=on_failure).percepts(found)
    elif row.get(BYTES) is not None:
        yield from _read_content(row[BYTES], row.get(PATH), scratch, on_failure)
    elif row.get(PATH) is not None:
        yield from walk(row[PATH], on_failure=on_failure)
    elif row.get(TEXT) is not None:
        yield Text(row[TEXT])
    else:
        raise RecordError(
            f"a row with the columns {sorted(map(str, row))}",
            "a path, bytes or a text in a column of that name",
            "pass moments=, a function that makes moments of a row",
        )


def row_name(row: Row) -> str:
    """Return what a row is called in messages."""
    for column in (PATH, "id", TEXT):
        if row.get(column) is not None:
            return str(row[column])[:LONGEST_NAME] if column == TEXT else str(row[column])
    return f"the row {row_key(row)}"


def row_key(row: Row) -> str:
    """Return by what a row is known again: the digest of its content, 32 hex digits.

    Of a file that is read from its path it is that of the path, the size and the time of the last
    change, as the file itself would have to be read.

    Raises:
        OSError: The file is not there.
    """
    digest = hashlib.blake2b(digest_size=KEY)
    if row.get(PATH) is not None and row.get(BYTES) is None:
        beside = json.loads(row.get(HOW) or "{}").get("beside", ())
        stamps = [stamp for each in (row[PATH], *beside) for stamp in _stamps(Path(each))]
        told = {name: value for name, value in row.items() if name != FILE}  # HOW says the same
        _feed(digest, [told, stamps])
    else:
        _feed(digest, row)
    return digest.hexdigest()


def in_own_words(message: str, row: Row, scratch: Path) -> str:
    """Return a message about a row's content with the path that its reader knows."""
    path = row.get(PATH)
    if path is None or row.get(BYTES) is None:
        return message
    place = f"{re.escape(str(scratch))}/[0-9]+/{re.escape(_file_name(path))}"
    return re.sub(place, lambda _: str(path), message)


def _row(found: FoundFile, walked: Walk) -> dict[str, Any]:
    path = found.path.absolute()
    beside = [str(each.absolute()) for each in (*found.parts, found.side) if each is not None]
    rule = found.rule
    options = {**walked.options, **(rule.options if rule else {})}
    how = {
        "reader": type(found.reader).__qualname__,
        "modality": walked.modality or (rule.modality if rule else None),
        "options": sorted((name, repr(value)) for name, value in options.items()),
        "beside": beside,
    }
    content = pickle.dumps((replace(found, path=path), walked))
    return {PATH: str(path), HOW: json.dumps(how), FILE: content}


def _file_name(path: str) -> str:
    return str(path).rstrip("/").rpartition("/")[2].lstrip(".") or "file"


def _read_content(
    content: bytes, path: str | None, scratch: Path, on_failure: OnFailure
) -> Iterator[Percept]:
    """Yield the percepts of a file's content, whose name may say what it is."""
    if path is None:
        yield percept_from_media(content)
        return
    name = _file_name(path)
    folder = scratch / str(next(_numbers))  # two rows may have files of one name
    folder.mkdir()
    file = folder / name
    file.write_bytes(content)
    local = Path(path)
    uri = local.as_uri() if local.is_absolute() else path
    for percept in walk(file, on_failure=on_failure):
        yield percept.with_origin(uri=uri)


def _stamps(path: Path) -> list[tuple[str, int, int]]:
    """Return name, size and time of change of a file, or of all files of a folder."""
    if not path.is_dir():
        status = path.stat()
        return [(path.name, status.st_size, status.st_mtime_ns)]
    files = sorted(each for each in path.rglob("*") if each.is_file())
    return [stamp for each in files for stamp in _stamps(each)]


def _feed(digest: Any, value: Any) -> None:
    """Add a value to a digest, with its kind and its length."""
    if isinstance(value, Mapping):
        _feed(digest, [[str(name), value[name]] for name in sorted(value, key=str)])
    elif isinstance(value, (list, tuple)):
        digest.update(f"list {len(value)}\0".encode())
        for each in value:
            _feed(digest, each)
    else:
        kind, content = _content(value)
        digest.update(f"{kind} {len(content)}\0".encode() + content)


def _content(value: Any) -> tuple[str, bytes]:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "bytes", bytes(value)
    if isinstance(value, str):
        return "text", value.encode("utf-8", "surrogatepass")
    if isinstance(value, np.ndarray) and value.dtype != object:
        return f"array {value.dtype.str} {value.shape}", value.tobytes()
    if value is None or isinstance(value, (bool, int, float)):
        return "number", repr(value).encode()
    return "object", pickle.dumps(value)
