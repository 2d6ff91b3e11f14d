"""What a model is shown of a memory: pictures and sounds within a budget, and words instead."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.support.planted import PLANTED, PlantedEncoder, picture, sound, thermal

from sensorium.agents.showing import Budget, show_match, show_medium, shown
from sensorium.memory import Memory
from sensorium.percepts import Audio, Span
from sensorium.percepts.forms import Preview


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder(), media=tmp_path) as opened:
        yield opened


def remembered_sound(memory: Memory) -> Audio:
    """A sound of three seconds, whose second one is a dog."""
    loud = np.zeros(300)
    loud[100:200] = 0.5
    audio = Audio(loud, rate=100, uri=PLANTED + "sea|dog|wind")
    memory.remember(audio, id="sound")
    return audio


def mimes(parts: Iterator[str | Preview]) -> list[str]:
    return [part if isinstance(part, str) else part.mime for part in parts]


def test_every_kept_medium_is_shown_in_order(memory: Memory) -> None:
    """Pictures are pictures, sounds are sounds, and a thermal picture is drawn."""
    memory.remember(picture("dog"), sound("sea"), thermal("cat"), text="words", id="all")
    record = memory.get("all")
    assert mimes(shown(memory, record, Budget())) == ["image/png", "audio/wav", "image/png"]
    memory.remember(picture("cat"), id="unkept", keep_media=False)
    assert mimes(shown(memory, memory.get("unkept"), Budget())) == []


def test_the_stretch_that_matched_is_shown(memory: Memory) -> None:
    """Of the matching medium the span is shown, of the others all."""
    remembered_sound(memory)
    record = memory.get("sound")
    [whole] = shown(memory, record, Budget())
    [part] = shown(memory, record, Budget(), matched=record.media[0], span=Span(1, 2))
    assert isinstance(whole, Preview)
    assert isinstance(part, Preview)
    assert len(whole.data) == 44 + 3 * 32_000
    assert len(part.data) == 44 + 32_000


def test_other_media_are_not_cut_to_the_stretch(memory: Memory) -> None:
    """The span of the medium that matched says nothing of a sound beside it."""
    memory.remember(sound("sea|dog"), sound("cat|moon"), id="sounds")
    record = memory.get("sounds")
    parts = list(shown(memory, record, Budget(), matched=record.media[1], span=Span(1, 2)))
    sizes = [len(part.data) for part in parts if isinstance(part, Preview)]
    assert sizes == [44 + 2 * 32_000, 44 + 32_000]


def test_the_match_is_shown_before_others(memory: Memory) -> None:
    """A hit by a sound shows its stretch; a hit by the text shows the first medium whole."""
    remembered_sound(memory)
    [hit] = memory.recall("dog", modalities=["audio"])
    part = show_match(memory, hit, Budget())
    assert isinstance(part, Preview)
    assert len(part.data) == 44 + 32_000
    memory.remember(picture("moon"), sound("moon"), text="a note", id="both")
    [hit, *_] = memory.recall("a note", modalities=["text"])
    part = show_match(memory, hit, Budget())
    assert isinstance(part, Preview)
    assert part.mime == "image/png"
    memory.remember(text="clock", id="text")
    [hit, *_] = memory.recall("clock", modalities=["text"])
    assert show_match(memory, hit, Budget()) is None


def test_an_answer_has_an_end(memory: Memory) -> None:
    """What is shown is taken off the budget; what does not fit any more is said in words."""
    memory.remember(*(picture(f"dog {number}") for number in range(3)), id="dogs")
    record = memory.get("dogs")
    sizes = [medium.bytes for medium in record.media]
    budget = Budget(item_bytes=max(sizes), total_bytes=sizes[0] + sizes[1] + 10)
    parts = mimes(shown(memory, record, budget))
    assert parts == ["image/png", "image/png", "[this image is left out: the answer is full]"]
    assert budget.total_bytes == 10


def test_what_never_fits_is_passed_over(memory: Memory) -> None:
    """A picture larger than any that may be shown is not blamed on a full answer."""
    memory.remember(picture("dog"), id="dog")
    assert mimes(shown(memory, memory.get("dog"), Budget(item_bytes=10))) == []
    assert mimes(shown(memory, memory.get("dog"), Budget(10, total_bytes=100))) == []


def test_a_lost_file_is_said_in_words(
    memory: Memory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The model learns that there was a picture; the log alone learns where it was."""
    memory.remember(picture("dog"), id="dog")
    for file in tmp_path.rglob("*.png"):
        file.write_bytes(b"damaged")
    [medium] = memory.get("dog").media
    budget = Budget(total_bytes=10_000)
    with caplog.at_level(logging.WARNING, logger="sensorium.agents.showing"):
        part = show_medium(memory, medium, budget)
    assert part == "[this image cannot be shown: its file is missing or damaged]"
    assert "cannot be shown" in caplog.text
    assert budget.total_bytes == 10_000


def test_a_budget_bounds_each_and_all() -> None:
    """The next item has the smaller of both bounds."""
    budget = Budget(item_bytes=100, total_bytes=150)
    assert (budget.room, budget.is_low) == (100, False)
    budget.spend(80)
    assert (budget.room, budget.is_low) == (70, True)
    unbounded = Budget(item_bytes=100)
    unbounded.spend(10**9)
    assert (unbounded.room, unbounded.is_low) == (100, False)
