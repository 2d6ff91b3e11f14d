"""A tower of the package: a network in a file, run by onnxruntime."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sensorium.encoders.forking import Lock, mind_forks, never_collect
from sensorium.encoders.threads import thread_count
from sensorium.errors import CheckpointFormatError
from sensorium.mini.manifest import DIRECTORY, manifest, read_listed

# Where another program loaded it first, or on Windows, the environment came too late
onnxruntime.disable_telemetry_events()

OLDEST = "1.20"  # onnxruntime that the towers were run with


class Tower:
    """Opens its file when it is first called. Several threads may call it, and forked children."""

    def __init__(self, name: str, *, directory: Path = DIRECTORY) -> None:
        """Name a tower; nothing is read yet.

        Args:
            name: Name of the tower in the manifest.
            directory: Directory with the manifest and the towers.
        """
        self._name, self._directory = name, directory
        self._session: onnxruntime.InferenceSession | None = None
        self._opening = Lock()
        mind_forks(self)

    def __call__(self, **inputs: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Run the network on inputs by their names; return its outputs in order.

        Raises:
            CheckpointNotFoundError: The file is missing.
            CheckpointFormatError: The file was changed or cut short, or onnxruntime is too old.
        """
        session = self._session
        if session is None:
            with self._opening:
                session = self._session = self._session or self._opened()
            _give_back()
        outputs: list[NDArray[np.float32]] = session.run(None, inputs)
        return outputs

    def after_fork(self) -> None:
        """Leave the parent's session alone in a forked child, and open one of its own."""
        never_collect(self._session)  # its threads do not exist here, and it would wait for them
        self._session = None

    def _opened(self) -> onnxruntime.InferenceSession:
        content = read_listed(self._name, self._directory)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = thread_count()
        # Threads that wait by spinning gain a tenth alone, and take the processors from everybody
        # else: torch beside them became twenty times slower (benchmarks/mini.py)
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors, which are raised as well
        try:
            return onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
        except MemoryError:
            raise
        except Exception as error:  # onnxruntime's own have no class in common
            file = manifest(self._directory).files[self._name].file
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise CheckpointFormatError(
                f"the tower {file}, which onnxruntime {onnxruntime.__version__} cannot run here "
                f"({reason})",
                f"onnxruntime {OLDEST} or later, with the instructions of this processor",
                'run: pip install --upgrade "onnxruntime>=' + OLDEST + '"',
            ) from error


def _give_back() -> None:
    """Give memory back to the system: what opening took beside the weights is twice their size."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # a C library without it, such as musl
            ctypes.CDLL(None).malloc_trim(0)
