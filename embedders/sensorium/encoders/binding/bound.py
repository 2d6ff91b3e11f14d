"""An encoder with one sense more, and its file."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from sensorium.encoders.background import Background
from sensorium.encoders.binding.features import from_recipe, recipe_of
from sensorium.encoders.binding.sense import BoundSense
from sensorium.encoders.encoder import Encoder, Encoding
from sensorium.encoders.handles import Remade
from sensorium.encoders.hosted import HostedEncoder, dealt_out
from sensorium.encoders.registry import load_encoder
from sensorium.encoders.space import EmbeddingSpace
from sensorium.encoders.supervision import check_cancelled
from sensorium.errors import (
    CheckpointFormatError,
    CheckpointNotFoundError,
    SensoriumError,
    SpaceMismatchError,
    UnknownEncoderError,
    UnsupportedModalityError,
    VectorError,
    WeightsExistError,
)
from sensorium.percepts import Percept

FORMAT = "sensorium-bound-sense-1"
FACTS = ("modality", "recipe", "units", "window", "anchor", "spreads", "report", "provenance")
ARRAYS = {"mean": 1, "spread": 1, "weights": 2, "centre": 1, "place": 1}  # and their dimensions


class BoundEncoder(Remade, HostedEncoder):
    """An encoder with a bound sense; percepts of its other senses go to it unchanged."""

    def __init__(self, host: Encoder, sense: BoundSense) -> None:
        """Join them.

        Args:
            host: The encoder that the sense was bound to.
            sense: The sense.
        Raises:
            SpaceMismatchError: The sense was bound to another encoder.
            UnsupportedModalityError: The encoder has a sense of that name.
        """
        if not host.space.agrees(sense.host):
            raise SpaceMismatchError(f"of {sense.modality}", sense.host.id, host.space.id)
        if sense.modality in host.modalities:
            raise UnsupportedModalityError(
                f"a second sense {sense.modality!r} for {host.space.model!r}",
                "a sense that the encoder lacks",
                "pass the encoder without it",
            )
        self.host, self.sense = host, sense
        both = hashlib.sha256(f"{host.space.weights} {sense.digest}".encode()).hexdigest()
        self._space = EmbeddingSpace(
            f"{host.space.model}+{sense.modality}",
            both,
            host.space.preprocessing,
            host.space.dimension,
        )

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its vectors: another one than the host's, as it has a sense more."""
        return self._space

    @property
    def modalities(self) -> frozenset[str]:
        """The host's modalities, and the new one."""
        return self.host.modalities | {self.sense.modality}

    @property
    def background(self) -> Background | None:
        """The host's statistics, with the new sense at the place of what it was bound to."""
        return self.sense.background(self.host.background)

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        """Encode a batch; a percept that cannot be encoded gives its error in its place."""
        check_cancelled()
        own = self.sense.modality
        return dealt_out(
            list(percepts),
            lambda each: (self.sense if each.modality == own else self.host).try_encode,
        )

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the sense as a safetensors file, with its provenance; the host is only named.

        Args:
            path: Path of the file; its folder exists.
            overwrite: Whether a file that is there is replaced.
        Returns:
            The path.
        Raises:
            WeightsExistError: Something is there.
            OSError: The file cannot be written.
        """
        file = Path(path)
        if file.exists() and not overwrite:
            raise WeightsExistError(f"{file}, which exists", "a free path", "pass overwrite=True")
        sense = self.sense
        facts = {name: getattr(sense, name) for name in FACTS}
        facts |= {"format": FORMAT, "host": sense.host.to_dict(), "digest": sense.digest}
        content = save(
            {name: np.ascontiguousarray(array) for name, array in sense.arrays.items()},
            metadata={"sensorium": json.dumps(facts, default=dict)},
        )
        _write(file, content)
        return file


def load_bound(
    path: str | os.PathLike[str],
    *,
    to: Encoder | None = None,
    features: Callable[[Sequence[Any]], ArrayLike] | None = None,
) -> BoundEncoder:
    """Open an encoder with a sense that `BoundEncoder.save` wrote.

    Args:
        path: Path of the file.
        to: The encoder that it was bound to; by default it is loaded by its name.
        features: The features it was bound with, where they were none of this package: no file may
            name code that runs.
    Raises:
        CheckpointNotFoundError: There is no file.
        CheckpointFormatError: It is damaged, or something else.
        UnknownEncoderError: The features are needed, or are others.
        SpaceMismatchError: The encoder is another one than the sense was bound to.
    """
    facts, arrays = _read(Path(path))
    recipe = facts["recipe"]
    made = features or from_recipe(recipe)
    if made is None or recipe_of(made) != recipe:
        came = "no features" if made is None else f"the features {recipe_of(made)}"
        raise UnknownEncoderError(
            f"{came} for {Path(path).name}", f"those of {recipe}", "pass features="
        )
    host = EmbeddingSpace(**facts["host"])
    known = {name: facts[name] for name in FACTS}
    sense = BoundSense(**known, features=made, arrays=arrays, host=host)
    if sense.digest != facts["digest"]:
        raise _damaged(Path(path), "its digest is another")
    return BoundEncoder(load_encoder(host.model) if to is None else to, sense)


def _write(file: Path, content: bytes) -> None:
    """Write all of a file or nothing; of two that write it at once, the last one wins."""
    partial = file.with_name(f".{file.name}.{secrets.token_hex(8)}.partial")
    try:
        with partial.open("xb") as stream:
            stream.write(content)
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    if not path.is_file():
        raise CheckpointNotFoundError(f"no file at {path}", "a bound sense", "check the path")
    try:
        with safe_open(path, framework="numpy") as stored:
            facts = json.loads((stored.metadata() or {})["sensorium"])
            arrays = {name: stored.get_tensor(name) for name in ARRAYS}
        if facts["format"] != FORMAT or not {*FACTS, "host", "digest"} <= {*facts}:
            raise ValueError(f"the format {facts['format']!r}")
        EmbeddingSpace(**facts["host"])
    except (SafetensorError, LookupError, ValueError, TypeError, VectorError, OSError) as error:
        raise _damaged(path, str(error)) from error
    if any(array.dtype != np.float32 or array.ndim != ARRAYS[n] for n, array in arrays.items()):
        raise _damaged(path, "arrays of other shapes")
    return facts, arrays


def _damaged(path: Path, reason: str) -> CheckpointFormatError:
    return CheckpointFormatError(
        f"{path.name} ({reason})",
        "a file that BoundEncoder.save wrote",
        "restore it, or bind the sense again",
    )
