"""Workers that are handed a memory: they find what was planted, and what they keep is seen.

Every kind of worker is one that users have: pools of Python, of joblib, and PyTorch's loaders.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.planted import PlantedEncoder, picture
from tests.support.qdrant_stub import Stub, serving
from tests.support.stubbed import KEY, described
from tests.support.workers import (
    PATIENCE,
    Recalling,
    counted,
    counted_later,
    described_memory,
    handed_on,
    heard,
    recalled,
    remembered,
    workers,
)

from sensorium.errors import StoreClosedError, StoreLockedError
from sensorium.memory import AsyncMemory, Memory
from sensorium.qdrant import CollectionSchema

NAMES = ["dog", "sea", "fire", "bread"]
METHODS = [name for name in multiprocessing.get_all_start_methods() if name != "fork"]


def opened(place: Any, **options: Any) -> Memory:
    return Memory.open(place, **{"owner": "rex", "encoder": PlantedEncoder(), **options})


BOTH = pytest.mark.parametrize("memory", ["folder", "temporary"], indirect=True)


@pytest.fixture
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    """A memory with a picture of each name, in a folder unless a test asks for both kinds."""
    place = ":memory:" if getattr(request, "param", "") == "temporary" else tmp_path / "m"
    with opened(place) as made:
        for name in NAMES:
            made.remember(picture(name), text=name)
        yield made


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("method", METHODS)
def test_workers_share_it(memory: Memory, method: str) -> None:
    """What a worker asks is answered; what it remembers and closes stays open and is seen here."""
    with workers(method, 2) as call:
        assert "not opened yet" in call(described_memory, memory)
        assert call(recalled, memory, "fire") == "fire"
        sent = call(remembered, memory, "snow")
        assert call(counted, memory) == len(NAMES) + 1
    assert memory.get(sent).text == "snow"
    assert memory.recall("snow", limit=1)[0].record.id == sent


@BOTH
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # has threads, from 3.12 on
def test_forked_workers_share_it(memory: Memory) -> None:
    """A pool that forks hands it over in the same way."""
    with workers("fork") as call:
        assert call(recalled, memory, "bread") == "bread"
        call(remembered, memory, "snow")
    assert memory.count() == len(NAMES) + 1


@pytest.mark.slow
@BOTH
def test_a_worker_hands_it_on(memory: Memory) -> None:
    """To workers of its own, which reach it through the process that has it open, too."""
    with workers() as call:
        assert call(handed_on, memory) == len(NAMES)


def test_an_asynchronous_one_is_awaited_there(memory: Memory) -> None:
    """Its methods hop to threads of the worker."""
    with workers() as call:
        assert call(counted_later, AsyncMemory(memory)) == len(NAMES)


@pytest.mark.slow
def test_a_folder_outlives_the_one_that_sent_it(tmp_path: Path) -> None:
    """A worker goes on when it is closed here; a temporary memory ends with its maker."""
    with opened(tmp_path) as lasting, opened(":memory:") as passing:
        lasting.remember(text="dog")
    with workers() as call:
        assert call(counted, lasting) == 1
        with pytest.raises(StoreClosedError, match=f"temporary memory of process {os.getpid()}"):
            call(counted, passing)


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
def test_a_server_is_asked_with_the_key_that_was_passed(caplog: pytest.LogCaptureFixture) -> None:
    """Each process has a connection of its own; the key is shown by neither."""
    schema = CollectionSchema.for_space(PlantedEncoder().space, modalities=["text"])
    with serving(Stub(described(schema))) as stub, workers() as call:
        options: dict[str, Any] = {"schema": schema, "keep_media": False}
        with opened(stub.url, api_key=KEY, **options) as memory:
            stub.asked.clear()
            shown = call(described_memory, memory)
            assert call(counted, memory) == memory.count() == 7
    assert {asked.key for asked in stub.asked} == {KEY}
    assert len({asked.port for asked in stub.asked}) > 1
    assert stub.url in shown
    assert KEY not in shown + caplog.text


@pytest.mark.slow
def test_what_a_worker_cannot_open_is_told(tmp_path: Path) -> None:
    """The call raises: a pool would wait for ever for a task that cannot be received."""
    context = multiprocessing.get_context("spawn")
    with opened(tmp_path, share=False) as alone, context.Pool(1) as pool:
        answer = pool.apply_async(counted, (alone,))
        with pytest.raises(StoreLockedError, match=f"process {os.getpid()}"):
            answer.get(PATIENCE)


@pytest.mark.slow
def test_data_loaders_recall(memory: Memory) -> None:
    """A data set may hold a memory: the workers of PyTorch's loader open it, each for itself."""
    from torch.utils.data import DataLoader

    loader: DataLoader[Any] = DataLoader(
        Recalling(memory, NAMES),  # type: ignore[arg-type]  # a data set by its methods
        batch_size=1,
        num_workers=2,
        multiprocessing_context="spawn",
        timeout=PATIENCE,
    )
    assert [name for batch in loader for name in batch] == NAMES


@pytest.mark.slow
def test_joblib_recalls(memory: Memory) -> None:
    """Its workers get everything through a pickler of its own."""
    joblib = pytest.importorskip("joblib")
    with joblib.parallel_config(backend="loky", n_jobs=2):
        found = joblib.Parallel(timeout=PATIENCE)(
            joblib.delayed(recalled)(memory, name) for name in NAMES
        )
    assert found == NAMES
    pytest.importorskip("joblib.externals.loky").get_reusable_executor().shutdown(wait=True)


@pytest.mark.slow
def test_the_encoder_inside_comes_with_it(tmp_path: Path) -> None:
    """sensorium-mini, by its name as by itself: a crow is told from rain in a spawned worker."""
    with Memory.open(tmp_path, owner="rex") as memory:
        memory.remember(text="a rooster crowing")
        memory.remember(text="rain falling on a roof")
        with workers() as call:
            assert call(heard, memory) == "a rooster crowing"
