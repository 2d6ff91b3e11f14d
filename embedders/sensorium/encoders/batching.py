"""Mixed batches of percepts: cut into windows, grouped by tower, encoded, and put back in order."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, NamedTuple, TypeVar

import numpy as np

from sensorium.encoders.encoder import EncoderBase, Encoding, Vectors, check_percepts
from sensorium.encoders.forking import undivided
from sensorium.encoders.supervision import check_cancelled
from sensorium.encoders.window_count import WindowCount
from sensorium.errors import (
    EncodingError,
    SensoriumError,
    UnsupportedModalityError,
    VectorError,
)
from sensorium.percepts import Percept, Span

UNIT_TOLERANCE = 1e-3  # allowed error of a vector's length; NaN and overflow are far outside
DECODERS = min(4, os.cpu_count() or 1)  # threads; as many pictures are in memory at full size
READ_AHEAD = 64  # batches of text windows that are sorted by length together

T = TypeVar("T")


class Window(NamedTuple):
    """The part of a percept that one forward pass encodes.

    Attributes:
        span: Stretch of the window, in seconds (in characters for text); `None` for a still.
        inputs: Array or tensor that the tower takes.
    """

    span: Span | None
    inputs: Any


@dataclass
class Job:
    """One percept, with the vectors and spans of its windows encoded so far, or its error."""

    percept: Percept
    vectors: list[Vectors] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    error: SensoriumError | None = None


class BatchedEncoder(EncoderBase):
    """An encoder made of towers; a subclass cuts percepts into windows and encodes the windows.

    Percepts are grouped by tower, texts also by length; windows of one long percept fill batches
    of their own. However long a sound or a video is, only one batch of its windows is in memory,
    beside the vectors.

    Attributes:
        batch_size: Windows in a forward pass.
    """

    batch_size: int

    @property
    @abstractmethod
    def modalities(self) -> frozenset[str]:
        """The modalities it can encode."""

    @abstractmethod
    def windows(self, percept: Percept) -> Iterable[Window]:
        """Preprocess one percept, lazily: a long one is decoded as its windows are asked for.

        Raises:
            PerceptError: The percept is unreadable, or too short.
        """

    @abstractmethod
    def forward(self, modalities: Sequence[str], inputs: Sequence[Any]) -> Vectors:
        """Map windows of one tower to float32 unit vectors `(B, D)`.

        Args:
            modalities: Modality of each window; they differ only where modalities share a tower.
            inputs: Inputs of each window.
        """

    def tower(self, modality: str) -> str:
        """Name the tower that takes a modality; modalities of one tower are batched together."""
        return modality

    def length(self, inputs: Any) -> int:
        """Return the length of a text's inputs; texts are batched in the order of their lengths."""
        return len(inputs)

    def texts_together(self, length: int) -> int:
        """Return how many texts go through a forward pass, of which the longest has this length.

        A large tower takes more texts where they are short: its time goes into reading its weights.
        """
        return self.batch_size

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        """Encode a batch; a percept that cannot be encoded gives its error in its place.

        Args:
            percepts: Percepts of the encoder's modalities, in any mixture.
        Returns:
            One result for each percept, in order.
        Raises:
            SourceTypeError: Something in the batch is not a percept.
            OperationCancelledError: The caller gave it up, see `supervised`.
        """
        jobs = [Job(percept) for percept in check_percepts(percepts)]
        groups: dict[str, list[Job]] = {}
        for job in jobs:
            modality = job.percept.modality
            if modality in self.modalities:
                groups.setdefault(self.tower(modality), []).append(job)
            else:
                job.error = _modality_error(modality, self.modalities)
        taken = [job.percept for group in groups.values() for job in group]
        count = WindowCount(taken)
        for group in groups.values():
            for batch in self._batches(group, count):
                check_cancelled()
                self._run(batch)
                count.encoded(len(batch))
        check_cancelled()
        return [_result(job) for job in jobs]

    def _batches(self, jobs: list[Job], count: WindowCount) -> Iterator[list[tuple[Job, Window]]]:
        # Stills are costly to decode and small afterwards, so threads decode them early.
        stills = [job for job in jobs if job.percept.still]
        rest = [job for job in jobs if not job.percept.still]
        # A single picture gains nothing from a thread.
        early = self._ahead_of_time(stills) if len(stills) > 1 else self._in_turn(stills)
        stream = _counted(chain(early, self._in_turn(rest)), count)
        # A batch is as wide as its longest text, so texts of similar length go together.
        if jobs[0].percept.modality == "text":
            while chunk := list(islice(stream, READ_AHEAD * self.batch_size)):
                chunk.sort(key=lambda item: self.length(item[1].inputs))
                yield from self._cut_texts(chunk)
        else:
            yield from _cut_batches(stream, self.batch_size)

    def _cut_texts(self, by_length: list[tuple[Job, Window]]) -> Iterator[list[tuple[Job, Window]]]:
        batch: list[tuple[Job, Window]] = []
        for item in by_length:  # the last of a batch is its longest
            if batch and len(batch) >= self.texts_together(self.length(item[1].inputs)):
                yield batch
                batch = []
            batch.append(item)
        yield batch

    def _ahead_of_time(self, jobs: list[Job]) -> Iterator[tuple[Job, Window]]:
        """Decode and resize pictures on threads, two batches ahead of the towers."""
        with ThreadPoolExecutor(DECODERS, thread_name_prefix="sensorium") as pool:
            submitted = ((job, pool.submit(self._prepare, job.percept)) for job in jobs)
            for job, prepared in _ahead(submitted, 2 * self.batch_size):
                try:
                    yield from ((job, window) for window in prepared.result())
                except SensoriumError as error:
                    job.error = error

    def _prepare(self, percept: Percept) -> list[Window]:
        with undivided():
            return list(self.windows(percept))

    def _in_turn(self, jobs: list[Job]) -> Iterator[tuple[Job, Window]]:
        for job in jobs:
            try:
                for window in _undivided(self.windows(job.percept)):
                    yield job, window
            except SensoriumError as error:
                job.error = error

    def _run(self, batch: list[tuple[Job, Window]]) -> None:
        modalities = [job.percept.modality for job, _ in batch]
        with undivided():
            vectors = self.forward(modalities, [window.inputs for _, window in batch])  # (B, D)
        lengths = np.linalg.norm(vectors, axis=1)  # (B,)
        for (job, window), vector, length in zip(batch, vectors, lengths, strict=True):
            # Written with "not", so that NaN is an error, too.
            if not abs(length - 1) < UNIT_TOLERANCE:
                job.error = _length_error(job.percept.modality, float(length))
            job.vectors.append(vector)
            if window.span is not None:
                job.spans.append(window.span)


def check_batch_size(batch_size: int) -> int:
    """Return a batch size after checking it.

    Raises:
        EncodingError: The batch size is below 1.
    """
    if batch_size < 1:
        raise EncodingError(f"batch_size={batch_size}", "1 or more", "leave it out")
    return batch_size


def _undivided(windows: Iterable[Window]) -> Iterator[Window]:
    """Cut windows so that no fork comes while one is cut: see `undivided`."""
    cut = iter(windows)
    while True:
        with undivided():
            window = next(cut, None)
        if window is None:
            return
        yield window


def _ahead(items: Iterator[T], depth: int) -> Iterator[T]:
    """Yield items in order, with `depth` items already drawn beyond the one in use."""
    drawn = deque(islice(items, depth))
    for item in items:
        drawn.append(item)
        yield drawn.popleft()
    yield from drawn


def _counted(
    items: Iterator[tuple[Job, Window]], count: WindowCount
) -> Iterator[tuple[Job, Window]]:
    """Pass windows on, and heed the caller between them: many are cut before a forward pass."""
    for job, window in items:
        check_cancelled()
        count.cut(job.percept, window.span)
        yield job, window


def _cut_batches(
    items: Iterator[tuple[Job, Window]], size: int
) -> Iterator[list[tuple[Job, Window]]]:
    while batch := list(islice(items, size)):
        yield batch


def _result(job: Job) -> Encoding | SensoriumError:
    if job.error is not None:
        return job.error
    order = sorted(range(len(job.spans)), key=lambda index: job.spans[index])
    rows = [job.vectors[index] for index in order] if job.spans else job.vectors
    spans = tuple(job.spans[index] for index in order)
    return Encoding(job.percept.modality, np.stack(rows), spans)


def _length_error(modality: str, length: float) -> VectorError:
    return VectorError(
        f"a {modality} vector of length {length} from its tower",
        "a unit vector",
        "look for extreme values in it; with dtype float16, use bfloat16 or float32",
    )


def _modality_error(modality: str, known: frozenset[str]) -> UnsupportedModalityError:
    return UnsupportedModalityError(
        f"a percept of modality {modality!r}",
        f"one of {', '.join(sorted(known))}",
        "leave it out, or open an encoder that has this modality",
    )
