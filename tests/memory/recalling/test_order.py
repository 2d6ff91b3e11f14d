"""A list of hits is in one order: by score, and by confidence where nothing else orders it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.planted import MAKERS, STILLS, PlantedEncoder, picture, sound

from sensorium.memory import Memory, Moment

WORDS = ("bark", "rain", "bell", "wind")
LENGTHS = (1, 2, 5, 40)  # windows of a record


@pytest.fixture(scope="module")
def mixed() -> Iterator[Memory]:
    """A memory of all modalities, of short and long records, that match questions more or less."""
    draw = np.random.default_rng(4)
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder(background=True)) as memory:
        moments = []
        for number in range(70):
            name = str(draw.choice(list(MAKERS)))
            length = 1 if name in STILLS else int(draw.choice(LENGTHS))
            windows = [f"noise~{number}~{window}" for window in range(length)]
            weight = draw.uniform(0, 2)
            windows[int(draw.integers(length))] = f"{draw.choice(WORDS)}*{weight:.2f} else~{number}"
            moments.append(Moment((MAKERS[name]("|".join(windows)),)))
        assert not memory.remember_many(moments, keep_media=False).failures
        yield memory


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    ranking=st.sampled_from(["centred", "z"]),
    limit=st.integers(2, 40),
    least=st.sampled_from([None, 0.05, 0.3]),
)
def test_a_list_never_looks_shuffled(
    mixed: Memory, words: list[str], ranking: str, limit: int, least: float | None
) -> None:
    """Scores and confidences fall together, whatever the modalities and lengths of the records."""
    hits = mixed.recall(" ".join(words), limit=limit, ranking=ranking, min_confidence=least)
    scores = [hit.score for hit in hits]
    confidences = [hit.confidence or 0 for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert confidences == sorted(confidences, reverse=True)
    assert least is not None or len(hits) == limit


def test_a_long_record_is_no_surer_than_what_stands_before_it() -> None:
    """A stretch among many rows gives way to a single row that matches nearly as well."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder(background=True)) as memory:
        memory.remember_many(Moment((picture(f"other~{i}"),)) for i in range(60))
        noise = "|".join(f"noise~{i}" for i in range(300))
        memory.remember(sound(f"bark else~1*0.9|{noise}"), id="long", keep_media=False)
        memory.remember(sound("bark else~2"), id="short")
        short, long = memory.recall("bark", limit=2)
    assert (short.record.id, long.record.id) == ("short", "long")
    assert short.similarity is not None
    assert long.similarity is not None
    assert long.similarity > short.similarity
    assert long.confidence == short.confidence
