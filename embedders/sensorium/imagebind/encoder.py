"""ImageBind as an `Encoder`: mixed batches in, unit vectors with spans out."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from sensorium.encoders import EmbeddingSpace, EncoderBase, Encoding
from sensorium.encoders.encoder import Vectors, check_percepts
from sensorium.errors import EncodingError, SensoriumError, UnsupportedModalityError, VectorError
from sensorium.imagebind.config import ImageBindConfig
from sensorium.imagebind.model import ImageBind
from sensorium.imagebind.preprocess import Profile, Window, windows
from sensorium.percepts import Percept, Span

BATCH = 32  # windows a forward pass on an accelerator
CPU_BATCH = 8  # a CPU gains nothing beyond it
UNIT_TOLERANCE = 1e-3  # of a vector's length: NaN and overflow are far outside
DECODERS = min(4, os.cpu_count() or 1)  # pictures in memory at full size, at most
STILLS = {"image", "depth", "thermal"}  # one window a percept, costly to decode
READ_AHEAD = 64  # batches of texts sorted by length at a time


T = TypeVar("T")


@dataclass
class _Job:
    """One percept on its way through."""

    percept: Percept
    vectors: list[Vectors]
    spans: list[Span]
    error: SensoriumError | None = None


class ImageBindEncoder(EncoderBase):
    """Encodes text, images, video, audio, depth, thermal and IMU into ImageBind's space.

    Attributes:
        model: The towers.
        profile: The preprocessing choices; part of the space.
    """

    def __init__(
        self,
        model: ImageBind,
        *,
        name: str = "imagebind",
        profile: Profile | None = None,
        batch_size: int | None = None,
    ) -> None:
        """Wrap a model.

        Args:
            model: Its modalities are the encoder's.
            name: Of the model, in the space's identity.
            profile: By default `Profile()`.
            batch_size: Windows a forward pass; by default 8 on a CPU, else 32.
        Raises:
            EncodingError: A batch size below 1.
        """
        if batch_size is not None and batch_size < 1:
            raise EncodingError(f"batch_size={batch_size}", "1 or more", "leave it out")
        self.model = model
        self.profile = profile or Profile()
        self._name = name
        self._batch_size = batch_size or (CPU_BATCH if model.device.type == "cpu" else BATCH)

    @classmethod
    def from_checkpoint(
        cls,
        path: str | Path,
        *,
        config: ImageBindConfig | None = None,
        modalities: Iterable[str] | None = None,
        device: str = "auto",
        dtype: str = "auto",
        profile: Profile | None = None,
        batch_size: int | None = None,
    ) -> ImageBindEncoder:
        """Open a checkpoint as an encoder; for what is not here, make an `ImageBind` and wrap it.

        Args:
            path: As `ImageBind.from_checkpoint`, and the next four.
            config: Sizes; by default a directory's own, else the huge ones.
            modalities: Which to open.
            device: Where the towers go.
            dtype: Precision of the towers.
            profile: By default `Profile()`.
            batch_size: As the constructor.
        Raises:
            WeightsError: As `ImageBind.from_checkpoint`.
        """
        model = ImageBind.from_checkpoint(
            path, config=config, modalities=modalities, device=device, dtype=dtype
        )
        return cls(model, profile=profile, batch_size=batch_size)

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return self.model.config.embedding

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its vectors; reading it from a single-file checkpoint hashes the file."""
        return EmbeddingSpace(
            model=self._name,
            weights=self.model.digest,
            preprocessing=self.profile.name,
            dimension=self.dimension,
        )

    @property
    def modalities(self) -> frozenset[str]:
        """The modalities the model was opened for."""
        return self.model.modalities

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        """Encode a batch; a percept that cannot be encoded gives its error in its place.

        Percepts are grouped by modality, texts also by length; windows of one long percept fill
        batches of their own. However long a sound (profile `cover`) or video is, only a batch of
        its windows is in memory, and their vectors.

        Args:
            percepts: Of any of the encoder's modalities, mixed.
        Returns:
            One result a percept, in order.
        Raises:
            SourceTypeError: Something in the batch is not a percept.
        """
        jobs = [_Job(percept, [], []) for percept in check_percepts(percepts)]
        groups: dict[str, list[_Job]] = {}
        for job in jobs:
            groups.setdefault(job.percept.modality, []).append(job)
        for modality, group in groups.items():
            if modality not in self.modalities:
                for job in group:
                    job.error = _unsupported(modality, self.modalities)
                continue
            for batch in self._batches(modality, group):
                self._run(modality, batch)
        return [_result(job) for job in jobs]

    def _batches(self, modality: str, jobs: list[_Job]) -> Iterator[list[tuple[_Job, Window]]]:
        stream = self._stills(jobs) if modality in STILLS and len(jobs) > 1 else self._windows(jobs)
        if modality == "text":  # equal lengths together: a batch is cut to its longest text
            while chunk := list(islice(stream, READ_AHEAD * self._batch_size)):
                chunk.sort(key=lambda item: int(item[1].inputs.argmax()))
                yield from _batched(iter(chunk), self._batch_size)
        else:
            yield from _batched(stream, self._batch_size)

    def _stills(self, jobs: list[_Job]) -> Iterator[tuple[_Job, Window]]:
        """Decode and resize pictures on threads, two batches ahead of the towers."""
        with ThreadPoolExecutor(DECODERS, thread_name_prefix="sensorium") as pool:
            submitted = ((job, pool.submit(self._prepare, job.percept)) for job in jobs)
            for job, prepared in _ahead(submitted, 2 * self._batch_size):
                try:
                    yield from ((job, window) for window in prepared.result())
                except SensoriumError as error:
                    job.error = error

    def _prepare(self, percept: Percept) -> list[Window]:
        return list(windows(percept, self.profile))

    def _windows(self, jobs: list[_Job]) -> Iterator[tuple[_Job, Window]]:
        for job in jobs:
            try:
                for window in windows(job.percept, self.profile):
                    yield job, window
            except SensoriumError as error:
                job.error = error

    def _run(self, modality: str, batch: list[tuple[_Job, Window]]) -> None:
        inputs = torch.stack([window.inputs for _, window in batch])
        with torch.inference_mode():
            vectors = self.model.forward(modality, inputs).cpu().numpy()  # (B, D)
        lengths = np.linalg.norm(vectors, axis=1)  # (B,)
        for (job, window), vector, length in zip(batch, vectors, lengths, strict=True):
            if not abs(length - 1) < UNIT_TOLERANCE:
                job.error = _no_direction(modality, float(length), str(self.model.dtype))
            job.vectors.append(vector)
            if window.span is not None:
                job.spans.append(window.span)


def _ahead(items: Iterator[T], depth: int) -> Iterator[T]:
    """Pass items on in order, keeping `depth` of them drawn beyond the one in use."""
    drawn = deque(islice(items, depth))
    for item in items:
        drawn.append(item)
        yield drawn.popleft()
    yield from drawn


def _batched(
    items: Iterator[tuple[_Job, Window]], size: int
) -> Iterator[list[tuple[_Job, Window]]]:
    while batch := list(islice(items, size)):
        yield batch


def _result(job: _Job) -> Encoding | SensoriumError:
    if job.error is not None:
        return job.error
    order = sorted(range(len(job.spans)), key=lambda index: job.spans[index])
    rows = [job.vectors[index] for index in order] if job.spans else job.vectors
    spans = tuple(job.spans[index] for index in order)
    return Encoding(job.percept.modality, np.stack(rows), spans)


def _no_direction(modality: str, length: float, dtype: str) -> VectorError:
    return VectorError(
        f"a {modality} vector of length {length} from the tower in {dtype}",
        "a unit vector",
        "use dtype float32 or bfloat16, and check the weights",
    )


def _unsupported(modality: str, known: frozenset[str]) -> UnsupportedModalityError:
    return UnsupportedModalityError(
        f"a percept of modality {modality!r}",
        f"one of {', '.join(sorted(known))}",
        "open the encoder with this modality",
    )
