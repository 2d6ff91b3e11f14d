"""Mean and standard deviation of each channel, over everything a sensor ever sent."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import RecordError, StoreFormatError, StoreUnavailableError
from sensorium.memory.media.folders import enough_room
from sensorium.percepts.source import Array
from sensorium.qdrant.durability import write_whole
from sensorium.qdrant.edge.folder import removed_while_open
from sensorium.qdrant.file_locks import FileLock, this_process
from sensorium.qdrant.regular_files import is_regular_file, open_regular_file

VERSION = 1  # version of the file's format
LOCK = ".lock"  # in place of the ending of a file, that of the lock of those who write it


@dataclass(frozen=True)
class Statistics:
    """Mean and spread of each channel, in the units of the percept.

    Attributes:
        mean: Mean of each channel.
        std: Standard deviation of each channel (of the population).
        count: Number of samples.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    count: int

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as a JSON-ready dictionary."""
        return {"mean": list(self.mean), "std": list(self.std), "count": self.count}


class RunningStatistics:
    """Mean and spread that are merged batch by batch, exact however long the stream runs.

    The formula is that of Chan, Golub and LeVeque (1983).
    """

    def __init__(self, modality: str, file: Path | None) -> None:
        """Continue the statistics in `file`, if it exists; no other stream has it until `release`.

        Args:
            modality: Modality of the stream, and of the file.
            file: File that `save` writes; `None` to save nothing.
        Raises:
            RecordError: The file is of another modality, or another stream, of whichever process,
                has it.
            StoreFormatError: The file is damaged, or a link.
        """
        self._modality, self._file = modality, file
        self._count = 0
        self._mean: NDArray[np.float64] = np.zeros(0)
        self._squares: NDArray[np.float64] = np.zeros(0)  # sums of squared distances to the mean
        self._lock: FileLock | None = None
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._lock = _claim(file)
            try:
                if is_regular_file(file):
                    self._read(file)
            except BaseException:
                self.release()
                raise

    @property
    def channels(self) -> int | None:
        """Number of channels of the samples so far; `None` without samples."""
        return len(self._mean) if self._count else None

    def add(self, samples: Array) -> None:
        """Merge samples, shape `(n, C)`, without NaN."""
        count = len(samples)
        if count == 0:
            return
        mean = samples.mean(axis=0, dtype=np.float64)
        squares = ((samples - mean) ** 2).sum(axis=0)
        if self._count == 0:
            self._count, self._mean, self._squares = count, mean, squares
            return
        total = self._count + count
        apart = mean - self._mean
        self._mean = self._mean + apart * (count / total)
        self._squares = self._squares + squares + apart**2 * (self._count / total * count)
        self._count = total

    def snapshot(self) -> Statistics:
        """Return the statistics so far."""
        spread = np.sqrt(self._squares / max(1, self._count))
        return Statistics(tuple(self._mean.tolist()), tuple(spread.tolist()), self._count)

    def normalised(self, samples: Array) -> NDArray[np.float32]:
        """Return samples `(n, C)` as z-scores; a constant channel becomes 0."""
        spread = np.sqrt(self._squares / max(1, self._count))
        scores = (samples - self._mean) / np.where(spread > 0, spread, 1.0)
        return np.asarray(scores, np.float32)

    def save(self) -> None:
        """Write the file; it is replaced whole or not at all.

        Raises:
            StoreFormatError: Its folder was removed.
            StoreFullError: The disk has no room.
        """
        if self._file is None or self._count == 0:
            return
        fields = {
            "version": VERSION,
            "modality": self._modality,
            "count": self._count,
            "mean": self._mean.tolist(),
            "squares": self._squares.tolist(),
        }
        try:
            with enough_room(str(self._file)):
                write_whole(self._file, json.dumps(fields, indent=1).encode())
        except FileNotFoundError as error:
            raise removed_while_open(self._file.parent) from error

    def release(self) -> None:
        """Let other streams have the file."""
        if self._lock is not None:
            self._lock.release()

    def _read(self, file: Path) -> None:
        try:
            with open_regular_file(file) as stream:
                fields = json.loads(stream.read().decode("utf-8"))
            modality, count = fields["modality"], int(fields["count"])
            mean, squares = (np.array(fields[key], np.float64) for key in ("mean", "squares"))
            whole = fields["version"] == VERSION and count > 0 and mean.ndim == 1
            if not whole or mean.shape != squares.shape or not np.isfinite([mean, squares]).all():
                raise ValueError("impossible numbers")
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise StoreFormatError(
                f"the statistics {file.name}, which are damaged ({error})",
                "the JSON that a stream wrote",
                f"restore {str(file)!r}, or delete it to start anew",
            ) from error
        if modality != self._modality:
            raise RecordError(
                f"a stream of {self._modality} with the name of a stream of {modality}",
                "a name for each sensor",
                "choose another name=",
            )
        self._count, self._mean, self._squares = count, mean, squares


def _claim(file: Path) -> FileLock:
    """Keep other streams of this process and of others from writing a file.

    Raises:
        RecordError: Another stream has it.
    """
    lock, taken = FileLock(file.with_suffix(LOCK)), True
    with suppress(StoreUnavailableError):  # no locks there: streams of this name are on their own
        taken = lock.acquire()
    if not taken:
        raise RecordError(
            f"a second stream named {file.stem!r}, of which {lock.holder()} has the first",
            "a name for each sensor",
            "close the first, or choose another name=",
        )
    lock.write(this_process())
    return lock
