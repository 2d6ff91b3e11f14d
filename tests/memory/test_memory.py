"""The signals of a record come back, as long as it is kept."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.memories import (
    HOUR,
    NOON,
    files,
    found,
)
from tests.support.planted import (
    MAKERS,
    motion,
    picture,
    sound,
    thermal,
    words,
)

from sensorium.errors import (
    MediaNotFoundError,
    RecordNotFoundError,
)
from sensorium.memory import Memory
from sensorium.percepts import Audio, Image
from sensorium.qdrant import Filter


def test_media_is_kept_or_not(memory: Memory) -> None:
    """Signals open again as they were where they are kept; vectors do not depend on it."""
    kept = memory.remember(picture("dog"), motion("walk"), thermal("fire"), text="hi", at=NOON)
    bare = memory.remember(picture("cat"), keep_media=False)
    assert len(files(memory)) == 3
    text, image, *_ = memory.percepts(memory.get(kept.id))
    assert text == words("hi", at=NOON)
    assert isinstance(image, Image)
    original = picture("dog").picture()
    np.testing.assert_array_equal(np.asarray(image.picture()), np.asarray(original))
    assert found(memory, "cat") == bare.id
    with pytest.raises(MediaNotFoundError, match="none of whose signals was kept"):
        memory.percepts(memory.get(bare.id))


def test_a_kept_sound_opens_with_its_samples(memory: Memory) -> None:
    """What was kept decodes to the samples that were given, at their rate and time."""
    made = memory.remember(sound("dog|sea", at=NOON))
    [opened] = memory.percepts(memory.recall("sea")[0])
    assert isinstance(opened, Audio)
    assert (opened.at, opened.uri, opened.duration) == (NOON, "planted:dog|sea", 2.0)
    assert memory.get(made.id).media[0].mime == "audio/wav"


def test_an_opened_picture_stays_readable(memory: Memory) -> None:
    """Remembering the same content again does not disturb who has its file open."""
    made = memory.remember(picture("dog"))
    [opened] = memory.percepts(memory.get(made.id))
    memory.remember(picture("dog"), at=NOON)
    assert isinstance(opened, Image)
    assert opened.picture().size == (4, 4)


def test_what_has_expired_is_not_there(memory: Memory) -> None:
    """It is not recalled, listed, counted or got, and sweep removes it with its files."""
    past = memory.remember(picture("dog"), text="old", expires_at=NOON - 5000 * HOUR, id="past")
    memory.remember(picture("dog"), text="new", ttl=HOUR, id="future")
    assert [hit.record.id for hit in memory.recall("dog", keywords="old")] == ["future"]
    assert [record.id for record in memory.timeline()] == ["future"]
    assert memory.count() == 1
    with pytest.raises(RecordNotFoundError):
        memory.get(past.id)
    assert memory.sweep().records == 1
    assert memory.backend.count(Filter(memory.owner, parts=True)) == 1
    assert len(files(memory)) == 1  # the other names it, too


def test_a_record_holds_several_percepts(memory: Memory) -> None:
    """Each sense is kept with its rows, and found by what it means."""
    percepts = [make(f"{name}thing") for name, make in MAKERS.items()]
    made = memory.remember(*percepts)
    record = memory.get(made.id)
    assert record.modalities == tuple(sorted(MAKERS))
    for name in MAKERS:
        [hit] = memory.recall(f"{name}thing", limit=1)
        assert (hit.record.id, hit.modality) == (made.id, name)
