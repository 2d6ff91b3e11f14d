"""Traces of secrets in the files of a folder: every form in which a store could keep them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

BLOCK = 2**16  # bytes
RUN = 4  # consecutive numbers of a vector that are looked for


def text_traces(text: str) -> list[bytes]:
    """A text as UTF-8, as a word index keeps it, and in pieces that survive a compression.

    LZ4 and Snappy copy what repeats and keep the rest as it is; a random text does not repeat.
    """
    pieces = [text[at : at + 8] for at in range(0, len(text) - 7, 8)]
    return [form.encode() for piece in (text, *pieces) for form in (piece, piece.lower())]


def id_traces(point: str) -> list[bytes]:
    """A point's id as text and as its 16 bytes, in either order."""
    raw = UUID(point).bytes
    return [raw, raw[::-1], point.encode()]


def vector_traces(row: NDArray[np.float32]) -> list[bytes]:
    """Some consecutive numbers of a row as a storage, a file or a log would hold them."""
    unit = row / np.linalg.norm(row)
    rounded = unit.astype(np.float16)
    traces: list[bytes] = []
    for numbers in (row[:RUN], unit[:RUN], row[-RUN:], unit[-RUN:]):
        traces += [numbers.astype(kind).tobytes() for kind in ("<f4", ">f4", "<f8", "<f2")]
        traces.append(_cbor(numbers))
    # As they come back from the store: rounded, then long again, and made of unit length again
    for numbers in (rounded[:RUN], rounded[-RUN:]):
        traces += [numbers.astype("<f4").tobytes(), _cbor(numbers.astype(np.float32))]
    return traces


def _cbor(numbers: NDArray[np.float32]) -> bytes:
    """Numbers as Edge's log writes them: each with a mark before it, the first byte first."""
    return b"".join(b"\xfa" + struct.pack(">f", number) for number in numbers)


def find_traces(folder: Path, secrets: Mapping[str, Sequence[bytes]]) -> dict[str, set[str]]:
    """Return in which files, or names of files, each secret was found; `{}` if nothing was."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        content = _written(path) if path.is_file() else b""
        for secret, traces in secrets.items():
            if any(trace in content or trace in name.encode() for trace in traces):
                found.setdefault(secret, set()).add(name)
    return found


def _written(path: Path) -> bytes:
    """The bytes of a file without its blocks of zeros: Edge's files are mostly empty."""
    with path.open("rb") as file:
        blocks = iter(lambda: file.read(BLOCK), b"")
        return b"".join(block for block in blocks if block.strip(b"\0"))


def found_in(found: Mapping[str, Iterable[str]]) -> str:
    """Say where secrets were found, for the message of a test."""
    return "; ".join(f"{secret} in {', '.join(sorted(files))}" for secret, files in found.items())
