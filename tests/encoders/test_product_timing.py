"""`dtype="auto"` is decided by timing, whatever the processor calls itself."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat

import pytest
import torch

from sensorium.encoders import product_timing
from sensorium.encoders.placement import resolve_dtype
from sensorium.encoders.product_timing import MARGIN, product_seconds

CPU = torch.device("cpu")


class PlantedTimes:
    """Stands for the timing of the products, and counts how often it is asked for."""

    def __init__(self, exact: float, short: float) -> None:
        self.times, self.asked = (exact, short), 0

    def __call__(self, device: torch.device) -> tuple[float, float]:
        self.asked += 1
        return self.times


@pytest.fixture(autouse=True)
def nothing_found_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product_timing, "_found", {})


@pytest.mark.parametrize(
    ("exact", "short", "dtype"),
    [
        (0.6, 1.0, torch.float32),  # AVX512-BF16 of one maker
        (2.0, 1.0, torch.bfloat16),  # and of another
        (6.0, 1.0, torch.bfloat16),  # AMX
        (MARGIN - 0.05, 1.0, torch.float32),
        (MARGIN + 0.05, 1.0, torch.bfloat16),
    ],
)
def test_auto_is_the_faster_one_and_float32_where_they_are_close(
    monkeypatch: pytest.MonkeyPatch, exact: float, short: float, dtype: torch.dtype
) -> None:
    """Float32 is more exact, so that bfloat16 has to be faster by a margin."""
    monkeypatch.setattr(product_timing, "product_seconds", PlantedTimes(exact, short))
    assert resolve_dtype("auto", CPU) == dtype


def test_products_are_timed_once_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight threads that ask at once, and whoever asks later, get the answer of one timing."""
    planted = PlantedTimes(3.0, 1.0)
    monkeypatch.setattr(product_timing, "product_seconds", planted)
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(resolve_dtype, repeat("auto", 8), repeat(CPU, 8)))
    planted.times = (1.0, 3.0)
    assert {*found, resolve_dtype("auto", CPU)} == {torch.bfloat16}
    assert planted.asked == 1


def test_a_precision_that_is_named_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only `"auto"` asks for the timing."""
    planted = PlantedTimes(3.0, 1.0)
    monkeypatch.setattr(product_timing, "product_seconds", planted)
    named = [resolve_dtype(name, CPU) for name in ("float32", torch.float16, "bfloat16")]
    assert named == [torch.float32, torch.float16, torch.bfloat16]
    assert planted.asked == 0


def test_the_fastest_round_of_each_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds that other programs made slower change nothing."""
    rounds = [(9.0, 2.0), (0.6, 50.0), (7.0, 1.0)]
    taken: Iterator[float] = chain.from_iterable(rounds)
    monkeypatch.setattr(product_timing, "_seconds", lambda *_: next(taken))
    monkeypatch.setattr(product_timing, "BUDGET", 0.0)
    assert product_seconds(CPU) == (0.6, 1.0)


def test_what_cannot_multiply_bfloat16_gets_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build of torch without the product, and a device that is not timed, have float32."""

    def refuse(device: torch.device) -> tuple[float, float]:
        raise RuntimeError("not implemented for 'BFloat16'")

    monkeypatch.setattr(product_timing, "product_seconds", refuse)
    assert resolve_dtype("auto", CPU) == torch.float32
    assert resolve_dtype("auto", torch.device("meta")) == torch.float32


def test_real_products_are_timed_and_the_threads_stay_as_they_were() -> None:
    """Both precisions are measured on the machine at hand, by one thread and for a moment."""
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert all(0 < seconds < 60 for seconds in product_seconds(CPU))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)
