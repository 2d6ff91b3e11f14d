"""Encoders in forked children, and what a fork waits for."""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.support.forking import in_child

from sensorium.encoders import Encoder, load_encoder
from sensorium.encoders.forking import Lock, finalize, mind_forks, undivided
from sensorium.percepts import Audio, Image, Percept, Text

NOISE = np.random.default_rng(0)
PERCEPTS: list[Percept] = [
    Text("a dog on the beach"),
    Image(NOISE.integers(0, 255, (96, 96, 3), dtype=np.uint8)),
    Audio(NOISE.normal(0, 0.1, 16_000).astype(np.float32), rate=16_000),
]
FORKS = 3


@pytest.fixture(scope="module")
def mini() -> Encoder:
    return load_encoder()


@pytest.fixture(autouse=True)
def _several_threads() -> Iterator[None]:
    """Have torch work with threads, which are the parent's alone."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_a_lock_of_another_thread_is_free_in_a_child() -> None:
    """Who held it does not go on there; what the thread that forked holds, it holds there, too."""
    lock, own = Lock(), Lock()

    def taken_by_others() -> list[bool]:
        got: list[bool] = []
        thread = threading.Thread(
            target=lambda: got.extend(each.acquire(blocking=False) for each in (lock, own))
        )
        thread.start()
        thread.join()
        return got

    with own:
        assert in_child(taken_by_others) == [True, False]
    assert taken_by_others() == [True, True]


def test_a_lock_ends_with_what_it_guards() -> None:
    """That locks are known by all forks keeps none alive."""
    lock = Lock()
    known = weakref.ref(lock)
    del lock
    assert known() is None


@pytest.mark.slow
def test_the_end_of_an_object_in_a_child_ends_nothing_of_its_parent() -> None:
    """A finalizer calls its function in the process that made it."""
    ended: list[str] = []

    class Thing:
        pass

    def collected() -> int:
        things.clear()
        gc.collect()
        return len(ended)

    things = [Thing()]
    finalize(things[0], ended.append, "ended")
    assert in_child(collected) == 0
    assert collected() == 1


def test_a_fork_waits_for_what_must_not_be_divided() -> None:
    """No thread is within such a block at the fork; whoever comes meanwhile enters afterwards."""
    entered, leave, inside = threading.Event(), threading.Event(), [False]

    def stay() -> None:
        with undivided():
            inside[0] = True
            entered.set()
            leave.wait()
            inside[0] = False

    thread = threading.Thread(target=stay)
    thread.start()
    entered.wait()
    timer = threading.Timer(0.2, leave.set)
    timer.start()
    assert in_child(lambda: inside[0], busy=False) is False
    timer.join()
    thread.join()
    with undivided():  # which a fork of the same thread does not wait for
        assert in_child(lambda: inside[0], busy=False) is False


SLOW = """
import time
time.sleep(1)
from sensorium.mini.encoder import open_mini as opened
"""


def test_a_fork_waits_for_an_encoder_that_is_being_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child could never import a module that a thread of its parent was importing."""
    (tmp_path / "slow_to_import.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    thread = threading.Thread(target=load_encoder, args=("slow_to_import:opened",))
    thread.start()
    while "slow_to_import" not in sys.modules:
        time.sleep(0.01)
    assert in_child(lambda: load_encoder("slow_to_import:opened").space.dimension, busy=False)
    thread.join()


@pytest.mark.slow
def test_a_child_encodes_as_its_parent_did(mini: Encoder) -> None:
    """Texts, pictures and sounds get the same vectors, whatever locks were held at the fork."""
    expected = mini.embed(PERCEPTS)
    np.testing.assert_allclose(in_child(lambda: mini.embed(PERCEPTS)), expected, atol=1e-5)


@pytest.mark.slow
def test_a_child_encodes_that_was_forked_before_the_towers_were_opened() -> None:
    """A tower that a thread of the parent was opening is opened in the child."""
    fresh = load_encoder()
    found = in_child(lambda: fresh.embed(PERCEPTS))
    np.testing.assert_allclose(found, fresh.embed(PERCEPTS), atol=1e-5)


@pytest.mark.slow
def test_a_child_reads_the_background_of_its_parents_encoder() -> None:
    """Calibration needs it in the first recall."""
    fresh = load_encoder()
    assert in_child(lambda: fresh.background is not None)


@pytest.mark.slow
def test_children_encode_that_were_forked_in_the_middle_of_encoding(mini: Encoder) -> None:
    """No lock of torch is left to a thread that does not go on."""
    expected, done = mini.embed(PERCEPTS), threading.Event()

    def work() -> None:
        while not done.is_set():
            mini.embed(PERCEPTS)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(FORKS):
            found = in_child(lambda: mini.embed(PERCEPTS), busy=False)
            np.testing.assert_allclose(found, expected, atol=1e-5)
    finally:
        done.set()
        for thread in threads:
            thread.join()


@pytest.mark.slow
def test_a_thread_of_a_child_encodes(mini: Encoder) -> None:
    """The worker of a web server has threads of its own."""

    def in_thread() -> list[list[float]]:
        found: list[list[float]] = []
        thread = threading.Thread(target=lambda: found.extend(mini.embed(PERCEPTS).tolist()))
        thread.start()
        thread.join()
        return found

    np.testing.assert_allclose(in_child(in_thread), mini.embed(PERCEPTS), atol=1e-5)


@pytest.mark.slow
def test_an_object_that_fails_after_a_fork_does_not_stop_the_others() -> None:
    """Each of them would otherwise end what is its parent's."""
    told: list[str] = []

    class Thing:
        def after_fork(self) -> None:
            told.append("thing")
            raise OSError("its descriptor is closed")

    things = [Thing(), Thing()]
    for thing in things:
        mind_forks(thing)
    assert in_child(lambda: len(told)) == len(things)
    assert not told
