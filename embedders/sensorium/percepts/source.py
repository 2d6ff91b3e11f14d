"""The content of a percept: an encoded file, or samples in memory."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import (
    EmptyPerceptError,
    SourceChangedError,
    SourceNotFoundError,
    SourceRefusedError,
    SourceTooLargeError,
    SourceTypeError,
)
from sensorium.percepts.codecs.base64_text import from_data_uri
from sensorium.percepts.limits import MIB, Limits
from sensorium.percepts.locations import allowed_path, local_path, looking_at

if TYPE_CHECKING:
    import PIL.Image
    import torch

Array: TypeAlias = NDArray[Any]
# What a percept may be made of: paths and URIs, content, file objects, samples, pictures.
Given: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Array | Sequence[Any] "
    "| torch.Tensor | PIL.Image.Image | Source"
)

HASH_BLOCK = MIB  # bytes read at a time while hashing a file


class Source(Protocol):
    """The origin of a percept's content."""

    @property
    def name(self) -> str:
        """Name of the source in messages."""

    def content_digest(self) -> bytes:
        """Return the SHA-256 (32 bytes) of the content."""

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description that `source_from_dict` reads back."""


@dataclass(frozen=True)
class Encoded:
    """An encoded file (JPEG, FLAC, CSV, ...): a path that is read when needed, or bytes.

    A path is remembered with its size and modification time; reading it after it changed raises
    `SourceChangedError`, so a percept never silently becomes another one.
    """

    path: Path | None = None
    data: bytes | None = field(default=None, repr=False)
    stamp: tuple[int, int] | None = None  # (bytes, nanoseconds) of the file at `path`

    @property
    def name(self) -> str:
        """Name of the source in messages."""
        return repr(str(self.path)) if self.path else f"{len(self.data or b'')} bytes"

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.stamp[0] if self.stamp else len(self.data or b"")

    def open(self) -> BinaryIO:
        """Open the content for reading, at its start. The caller closes it.

        Raises:
            SourceNotFoundError: The file is gone.
            SourceChangedError: The file changed after the percept was made.
            SourceRefusedError: The file may not be read.
        """
        if self.path is None:
            return io.BytesIO(self.data or b"")
        if _stamp(self.path) != self.stamp:
            raise SourceChangedError(
                f"the file {self.name} changed after the percept was made",
                "the same size and modification time",
                "make a new percept from it, or pass bytes",
            )
        try:
            return self.path.open("rb")
        except OSError as error:
            raise SourceRefusedError(
                f"the file {self.name}, which cannot be opened ({error.strerror})",
                "permission to read it",
                "change its permissions, or run this as a user who may read it",
            ) from error

    def head(self, count: int) -> bytes:
        """Return the first bytes, fewer if there are no more; the errors are those of `open`."""
        with self.open() as stream:
            return stream.read(count)

    def read(self) -> bytes:
        """Return the whole content; the errors are those of `open`."""
        if self.data is not None:
            return self.data
        with self.open() as stream:
            return stream.read()

    def content_digest(self) -> bytes:
        """Return the SHA-256 (32 bytes) of the file's bytes, whichever way they are held."""
        digest = hashlib.sha256()
        with self.open() as stream:
            while block := stream.read(HASH_BLOCK):
                digest.update(block)
        return digest.digest()

    def to_dict(self) -> dict[str, Any]:
        """Return `{"path": ...}` or `{"base64": ...}`."""
        if self.path is not None:
            return {"path": str(self.path)}
        return {"base64": base64.b64encode(self.data or b"").decode("ascii")}


@dataclass(frozen=True)
class Samples:
    """Samples in memory: a private, read-only, C-ordered copy of the caller's array."""

    array: Array = field(repr=False)

    def __post_init__(self) -> None:
        little = self.array.dtype.newbyteorder("<")
        owned = np.array(self.array, dtype=little, order="C", copy=True)
        owned.flags.writeable = False
        object.__setattr__(self, "array", owned)

    def __reduce__(self) -> tuple[type[Samples], tuple[Array]]:
        """Copy and pickle through the constructor, so that a copy is read-only, too."""
        return Samples, (self.array,)

    @property
    def name(self) -> str:
        """Name of the source in messages."""
        return f"an array of shape {self.array.shape} and dtype {self.array.dtype}"

    def content_digest(self) -> bytes:
        """Return the SHA-256 (32 bytes) of dtype, shape and little-endian C-ordered samples."""
        digest = hashlib.sha256(f"{self.array.dtype.str}{self.array.shape}".encode())
        digest.update(self.array.tobytes())
        return digest.digest()

    def to_dict(self) -> dict[str, Any]:
        """Return `{"dtype": "<f4", "shape": [...], "base64": ...}`."""
        return {
            "dtype": self.array.dtype.str,
            "shape": list(self.array.shape),
            "base64": base64.b64encode(self.array.tobytes()).decode("ascii"),
        }


def take(given: Given, *, modality: str, limits: Limits) -> Encoded | Samples:
    """Turn what a caller gave into a source, without decoding it.

    Args:
        given: A path (`str` or `os.PathLike`), a `data:` or `file:` URI, bytes, a binary file
            object (read from where it stands to its end), a numpy array, or a torch tensor on any
            device. (Percepts that are pictures turn PIL images into arrays first.)
        modality: Names the percept in messages.
        limits: Checked against the size before the content is read.
    Raises:
        SourceTypeError: The content is nothing of the kind.
        SourceNotFoundError: No file at the path, or it is a directory.
        SourceRefusedError: An http or other URL.
        SourceTooLargeError: More than `limits.max_bytes`.
        EmptyPerceptError: Zero bytes or samples.
    """
    if isinstance(given, (Encoded, Samples)):
        return given
    if isinstance(given, (bytes, bytearray, memoryview)):
        return _from_bytes(bytes(given), modality, limits)
    if isinstance(given, str) and given[:5].lower() == "data:":
        return _from_bytes(from_data_uri(given, max_bytes=limits.max_bytes), modality, limits)
    if isinstance(given, (str, os.PathLike)):
        return _from_path(local_path(os.fspath(given)), modality, limits)
    if hasattr(given, "read"):
        content = _read_all(given, limits.max_bytes)
        if not isinstance(content, bytes):
            raise SourceTypeError(
                f"a file object for {modality} whose read() gave {type(content).__name__}",
                "bytes",
                'open it in binary mode: open(path, "rb")',
            )
        return _from_bytes(content, modality, limits)
    array = _as_array(given)
    if array is None:
        raise SourceTypeError(
            f"{type(given).__name__} as the source of {modality}",
            "a path, bytes, a binary file object, a data: URI, an array, a tensor or a PIL image",
            "convert it to one of these",
        )
    if array.size == 0:
        raise EmptyPerceptError(
            f"an empty {modality} array of shape {array.shape}",
            "at least one sample",
            "leave this percept out",
        )
    return Samples(array)


def _read_all(stream: Any, limit: int) -> Any:
    """Read a file object to its end or to one byte beyond `limit`; return what is not bytes."""
    content = bytearray()
    while len(content) <= limit:
        block = stream.read(min(HASH_BLOCK, limit + 1 - len(content)))
        if not isinstance(block, bytes):
            return block
        if not block:
            break
        content += block
    return bytes(content)


def _from_bytes(data: bytes, modality: str, limits: Limits) -> Encoded:
    _check_size(len(data), modality, f"{modality} bytes", limits)
    return Encoded(data=data)


def _from_path(path: Path, modality: str, limits: Limits) -> Encoded:
    stamp = _stamp(path)
    _check_size(stamp[0], modality, f"the file {str(path)!r}", limits)
    return Encoded(path=path, stamp=stamp)


def _check_size(size: int, modality: str, what: str, limits: Limits) -> None:
    if size == 0:
        raise EmptyPerceptError(
            f"{what} of length 0", f"an encoded {modality}", "leave this percept out"
        )
    if size > limits.max_bytes:
        raise SourceTooLargeError(
            f"{what} of {size} bytes or more",
            f"at most {limits.max_bytes}",
            "shorten it, or raise the limit with limits=Limits(max_bytes=...)",
        )


def _stamp(path: Path) -> tuple[int, int]:
    with looking_at(path, "an existing file"):
        status = path.stat()
    if not path.is_file():
        raise SourceNotFoundError(
            f"the path {str(path)!r}, which is not a file", "a regular file", "name the file itself"
        )
    return status.st_size, status.st_mtime_ns


def _as_array(given: object) -> Array | None:
    torch = sys.modules.get("torch")  # a tensor cannot exist before torch was imported
    if torch is not None and isinstance(given, torch.Tensor):
        if given.is_meta or given.layout is not torch.strided:
            return None
        tensor = given.detach().cpu()
        return np.asarray(tensor.float() if tensor.dtype == torch.bfloat16 else tensor)
    if isinstance(given, np.ma.MaskedArray):
        raise SourceTypeError(
            "a masked array, whose mask would be lost",
            "plain samples",
            "fill it first: array.filled(np.nan), where the percept takes holes",
        )
    if isinstance(given, (np.ndarray, list, tuple)):
        try:
            array = np.asarray(given)
        except ValueError as error:  # rows of different lengths
            raise SourceTypeError(
                f"a ragged {type(given).__name__} ({error})",
                "rows of equal length",
                "pass one array of numbers",
            ) from error
        return array if array.dtype.kind in "biuf" else None
    return None


def source_from_dict(
    fields: dict[str, Any], *, modality: str, limits: Limits, roots: Sequence[Path] | None
) -> Encoded | Samples:
    """Read back what `Source.to_dict` wrote.

    Args:
        fields: The dictionary; its types are already checked.
        modality: Names the percept in messages.
        limits: Checked against the size before the content is read.
        roots: Directories a path must lie in; `None` allows every path (your own data only).
    Raises:
        SourceRefusedError: The path leads outside `roots`.
        ValueError: The base64 or the array's shape is malformed.
    """
    if "path" in fields:
        path = Path(fields["path"]) if roots is None else allowed_path(fields["path"], roots)
        return _from_path(path.resolve(), modality, limits)
    data = base64.b64decode(fields["base64"], validate=True)
    if "dtype" not in fields:
        return take(data, modality=modality, limits=limits)
    dtype = np.dtype(fields["dtype"])
    if dtype.kind not in "biuf":
        raise ValueError(f"dtype {dtype} is not numeric")
    array = np.frombuffer(data, dtype).reshape(fields["shape"])
    return take(array, modality=modality, limits=limits)
