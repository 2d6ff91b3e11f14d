"""What all rooms of a memory share is exchanged at once, and everyone sees it."""

from __future__ import annotations

import random
import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.support.planted import PlantedEncoder, picture

from sensorium.memory import Memory
from sensorium.memory.place import CALIBRATION

OLD = PlantedEncoder(model="old")
NEW = PlantedEncoder(model="new", gap=0.3, background=True)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory.open(tmp_path / "home", owner="rex", encoder=OLD)


def test_a_setup_that_was_read_stays_a_pair(memory: Memory) -> None:
    """A place and an encoder are never seen half exchanged; who read the old pair keeps it."""
    with memory:
        before = memory._shelf.setup
        memory.reembed(NEW)
        after = memory._shelf.setup
        assert (before.encoder, after.encoder) == (OLD, NEW)
        assert before.backend.schema.space == OLD.space
        assert after.backend.schema.space == NEW.space
        assert (memory.encoder, memory.backend) == (after.encoder, after.backend)


def test_a_question_is_never_compared_with_another_encoders_vectors(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the encoder is exchanged while the question is encoded, the new one is asked."""
    embed_old, embed_new = OLD.embed, NEW.embed
    asked = []

    def overtaken(percepts: Any) -> Any:
        vectors = embed_old(percepts)
        memory.reembed(NEW)
        return vectors

    def noted(percepts: Any) -> Any:
        asked.append(percepts)
        return embed_new(percepts)

    with memory:
        memory.remember(picture("dog"))
        monkeypatch.setattr(OLD, "embed", overtaken)
        monkeypatch.setattr(NEW, "embed", noted)
        assert memory.recall("dog")[0].record.media[0].uri == "planted:dog"
        assert len(asked) == 1


class _Interrupted(BaseException):
    """What Ctrl-C raises, at any moment."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no such timer")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_leaves_no_lock(memory: Memory) -> None:
    """Whatever it interrupts, others can write for the owner afterwards."""
    dice, others = random.Random(1), list[str]()

    def interrupt(*_: object) -> None:
        raise _Interrupted

    def write() -> None:
        others.append(memory.remember(text="after").status)

    before = signal.signal(signal.SIGALRM, interrupt)
    with memory:
        for _ in range(300):
            with suppress(_Interrupted):
                try:
                    signal.setitimer(signal.ITIMER_REAL, 2e-5 + dice.random() * 6e-4)
                    for _ in range(200):
                        with memory._shelf.held():
                            pass
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(20)
        assert others == ["new"]


def test_the_calibration_is_that_of_the_new_vectors(memory: Memory, tmp_path: Path) -> None:
    """Neither the sample nor its file outlives the vectors it was drawn from."""
    with memory:
        memory.remember_many([picture(f"p{i}") for i in range(20)])
        memory.recall("p1")
        folder = tmp_path / "home" / CALIBRATION
        [file] = folder.glob("*.npz")
        old = file.read_bytes()
        memory.reembed(NEW)
        assert list(folder.glob("*.npz")) == []
        assert memory.recall("p1")[0].calibrated  # by the background of the new encoder
        assert file.read_bytes() != old


def test_a_crash_at_the_switch_leaves_no_sample_of_the_old_vectors(
    memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever collection stands then, the sample is drawn from it."""

    def die(sibling: Any) -> None:
        assert list((tmp_path / "home" / CALIBRATION).glob("*.npz")) == []
        raise KeyboardInterrupt

    with memory:
        memory.remember_many([picture(f"p{i}") for i in range(20)])
        memory.recall("p1")
        monkeypatch.setattr(memory.backend, "switch", die)
        with pytest.raises(KeyboardInterrupt):
            memory.reembed(NEW)


@pytest.mark.parametrize("keep_media", [True, False])
def test_a_call_may_say_otherwise_what_is_kept(tmp_path: Path, keep_media: bool) -> None:
    """By default as the memory was opened; a memory without media keeps none."""
    with Memory.open(tmp_path, owner="rex", encoder=OLD, keep_media=keep_media) as memory:
        media = memory._shelf.media
        assert (media is not None) == keep_media == memory.keeps_media
        assert memory._shelf.media_for(None) is media
        assert memory._shelf.media_for(True) is media
        assert memory._shelf.media_for(False) is None
