"""Files of named tensors, memory-mapped: the released pickle, and safetensors.

Pages of a mapping count as memory once they were read. The mapping is therefore renewed now and
then, and the old one ends with the last tensor taken from it: a tower that is packed or converted
is never in memory twice.
"""

from __future__ import annotations

import pickle
import zipfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, TypeAlias

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from sensorium.encoders.handles import Remade
from sensorium.errors import CheckpointFormatError

# Errors that torch.load raises on damaged or foreign files: garbage can reach any of its readers.
UNREADABLE = (
    *(SafetensorError, zipfile.BadZipFile, RuntimeError, OSError, EOFError),
    *(ValueError, TypeError, LookupError, AttributeError, OverflowError, AssertionError),
)

Shapes: TypeAlias = dict[str, tuple[int, ...]]


class MappedFile(Remade, ABC):
    """A file of named tensors, which is pickled as its path.

    Attributes:
        path: Path of the file.
        shapes: Shape of each key.
    """

    remap_bytes: int  # bytes read through one mapping before it is renewed
    renewable = True

    def __init__(self, path: Path) -> None:
        """Open the file, and read its keys and shapes but not its data.

        Raises:
            CheckpointFormatError: The file is unreadable or truncated.
        """
        self.path = path
        self._stamp = self._current_stamp()
        self._map()
        self.shapes = self._read_shapes()

    def get(self, key: str) -> Tensor:
        """Return one tensor, a view of the file where its format allows.

        Raises:
            CheckpointFormatError: The file changed after it was opened.
        """
        if self._current_stamp() != self._stamp:
            raise CheckpointFormatError(
                f"{str(self.path)!r}, which changed after it was opened",
                "the same weights",
                "open it again",
            )
        if self.renewable and self._served > self.remap_bytes:
            self._map()
        tensor = self._read(key)
        self._served += tensor.nbytes
        return tensor

    def _map(self) -> None:
        self._served = 0
        try:
            self._open()
        except CheckpointFormatError:
            raise
        except pickle.UnpicklingError as error:  # its text would advise to run the code
            raise unreadable(self.path, "damaged, or more than plain tensors in it") from error
        except UNREADABLE as error:
            raise unreadable(self.path, _first_line(error)) from error

    def _current_stamp(self) -> tuple[int, int]:
        try:
            status = self.path.stat()
        except OSError as error:
            raise unreadable(self.path, _first_line(error)) from error
        return status.st_size, status.st_mtime_ns

    @abstractmethod
    def _open(self) -> None:
        """Map the file, again if it was mapped before."""

    @abstractmethod
    def _read_shapes(self) -> Shapes:
        """Return every key with its shape."""

    @abstractmethod
    def _read(self, key: str) -> Tensor:
        """Return one tensor."""


class SafetensorsFile(MappedFile):
    """One safetensors file."""

    remap_bytes = 8 * 2**20  # small, as mapping again takes only a millisecond
    _file: Any

    def _open(self) -> None:
        self._file = safe_open(self.path, "pt")

    def _read_shapes(self) -> Shapes:
        keys: list[str] = self._file.keys()
        return {key: tuple(self._file.get_slice(key).get_shape()) for key in keys}

    def _read(self, key: str) -> Tensor:
        tensor: Tensor = self._file.get_tensor(key)
        return tensor


class PickleFile(MappedFile):
    """The released `.pth` state dict, read with `weights_only=True`: nothing in it is executed."""

    remap_bytes = 128 * 2**20  # larger, as mapping again unpickles the index in some 50 ms
    _tensors: dict[str, Tensor]

    def _open(self) -> None:
        # Only zip archives can be mapped; torch before 1.6 wrote another format, read whole.
        self.renewable = zipfile.is_zipfile(self.path)
        loaded = torch.load(self.path, "cpu", weights_only=True, mmap=self.renewable)
        if not isinstance(loaded, dict) or not all(isinstance(v, Tensor) for v in loaded.values()):
            raise CheckpointFormatError(
                f"{str(self.path)!r}, which holds {type(loaded).__name__}",
                "a state dict: names to tensors",
                "save model.state_dict(), not the model or a training state",
            )
        self._tensors = loaded

    def _read_shapes(self) -> Shapes:
        return {key: tuple(tensor.shape) for key, tensor in self._tensors.items()}

    def _read(self, key: str) -> Tensor:
        return self._tensors[key]


def unreadable(path: Path, reason: str) -> CheckpointFormatError:
    """Build the error for a file that is not a checkpoint, or not a whole one."""
    return CheckpointFormatError(
        f"{str(path)!r}, which cannot be read ({reason})",
        "a whole .pth state dict, .safetensors file or tower directory",
        "download or convert it again",
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
