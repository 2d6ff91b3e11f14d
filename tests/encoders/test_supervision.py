"""Long work is watched and given up from outside, through whatever lies between."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from sensorium.encoders import (
    EmbeddingSpace,
    FunctionEncoder,
    check_cancelled,
    supervised,
)
from sensorium.encoders.batching import BatchedEncoder, Window
from sensorium.encoders.encoder import Vectors
from sensorium.errors import ArgumentTypeError, OperationCancelledError
from sensorium.percepts import Percept, Span, Text


class Letters(BatchedEncoder):
    """Every letter of a text is a window."""

    space = EmbeddingSpace("letters", "0" * 64, "r1", 1)
    modalities = frozenset({"text"})
    batch_size = 4

    def __init__(self) -> None:
        self.passes = 0

    def windows(self, percept: Percept) -> Iterator[Window]:
        assert isinstance(percept, Text)
        for index in range(len(percept.text)):
            yield Window(Span(index, index + 1), torch.ones(1))

    def forward(self, modalities: Sequence[str], inputs: Sequence[Tensor]) -> Vectors:
        self.passes += 1
        return np.ones((len(inputs), 1), np.float32)


class After:
    """Is set when it has been asked some times."""

    def __init__(self, times: int) -> None:
        self.left = times

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_windows_are_reported_after_every_forward_pass() -> None:
    """The number grows, never beyond the total, and ends at it; without a listener all is quiet."""
    seen: list[tuple[int, int | None]] = []
    encoder = Letters()
    with supervised(windows=lambda done, total: seen.append((done, total))):
        encoder.encode([Text("a" * 10), Text("b" * 300)])
    encoder.encode([Text("c" * 10)])
    assert [done for done, _ in seen] == [*range(4, 309, 4), 310]
    assert all(total is not None and done <= total <= 310 for done, total in seen)
    assert seen[-1] == (310, 310)


def test_a_batch_ends_between_forward_passes() -> None:
    """One that is given up has gone through few towers, not through all."""
    encoder, stop = Letters(), threading.Event()

    def listen(done: int, total: int | None) -> None:
        if done >= 8:
            stop.set()

    with (
        supervised(cancel=stop, windows=listen),
        pytest.raises(OperationCancelledError, match="given up before anything"),
    ):
        encoder.encode([Text("a" * 4000)])
    assert encoder.passes == 2


def test_a_batch_ends_while_windows_are_cut() -> None:
    """Many windows of a text are cut before the first forward pass: it is not waited for."""
    encoder = Letters()
    with supervised(cancel=After(20)), pytest.raises(OperationCancelledError):
        encoder.encode([Text("a" * 4000)])
    assert encoder.passes == 0


def test_an_outer_caller_may_give_up_too() -> None:
    """Blocks within each other end with any of them; behind a block its wish is forgotten."""
    outer, inner = threading.Event(), threading.Event()
    with supervised(cancel=outer):
        with supervised(cancel=inner):
            outer.set()
            with pytest.raises(OperationCancelledError):
                check_cancelled()
        outer.clear()
        inner.set()
        check_cancelled()
    outer.set()
    check_cancelled()


def test_functions_are_left_between_modalities() -> None:
    """An encoder made of functions calls none of them after it was given up."""
    stop = threading.Event()
    stop.set()
    encoder = FunctionEncoder("f", {"text": lambda _: pytest.fail("called")}, dimension=2)
    with supervised(cancel=stop), pytest.raises(OperationCancelledError):
        encoder.encode([Text("a")])


def test_what_cannot_say_whether_it_is_set_is_refused() -> None:
    """The mistake is named before any work is done."""
    with pytest.raises(ArgumentTypeError, match="is_set"), supervised(cancel=5):  # type: ignore[arg-type]  # what must be refused
        pass
