"""A record spread over several points is one record, and its rows stay in place."""

from __future__ import annotations

from uuid import uuid4

import numpy as np
import pytest
from tests.support.memories import (
    MANY,
    NOISE,
    NOON,
    everything,
    parts,
)
from tests.support.planted import (
    PlantedEncoder,
    depth,
    motion,
    picture,
    sound,
)

from sensorium.memory import Memory
from sensorium.memory.layout.ids import part_id, point_id
from sensorium.memory.layout.parts import (
    drop_parts,
    row_offset,
    spread_over_points,
    without_orphans,
)
from sensorium.percepts import Span
from sensorium.qdrant import Point
from sensorium.qdrant.schema import ROWS


def test_a_row_of_a_long_record_is_found_where_it_is() -> None:
    """Its span is the second in which it was heard, in whichever point it is kept."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder(), keep_media=False) as memory:
        heard = ["dog"] * 800
        heard[700] = "wolf"
        memory.remember(sound("|".join(heard)), motion("run"), text="a walk")
        (hit,) = memory.recall("wolf", modalities=["audio"])
        assert hit.span is not None
        assert hit.span.start == 700


def test_stills_of_one_modality_continue_in_parts(memory: Memory) -> None:
    """Several pictures are one record; each is found, and the hit names it."""
    made = memory.remember(picture("dog"), picture("cat"), picture("cow"), depth("floor"))
    assert memory.count() == 1
    assert parts(memory) == 2
    for index, name in enumerate(("dog", "cat", "cow")):
        [hit] = memory.recall(name, limit=1)
        assert (hit.record.id, hit.modality, hit.span) == (made.id, "image", None)
        assert hit.medium is not None
        assert (hit.medium.row, hit.medium.uri) == (index, f"planted:{name}")


def test_a_long_recording_is_one_record(memory: Memory) -> None:
    """Beyond 1,023 windows nothing shows but the spans: count, timeline and get see one record."""
    made = memory.remember(sound("start|" + NOISE), sound("other|end"), tags=["long"], at=NOON)
    assert parts(memory) == MANY // ROWS
    assert memory.count() == memory.count(tags=["long"]) == 1
    assert [record.id for record in memory.timeline()] == [made.id]
    assert [medium.rows for medium in memory.get(made.id).media] == [MANY + 1, 2]
    for row in (0, 1, ROWS - 2, ROWS - 1, ROWS, 2 * ROWS, MANY - 1):
        [hit] = memory.recall(f"n{row}", limit=5)
        assert hit.span == Span(row + 1, row + 2)
        assert hit.similarity == pytest.approx(1, abs=2e-3)
    [hit] = memory.recall("end")
    assert hit.span == Span(1, 2)
    assert hit.medium == hit.record.media[1]


def test_filters_see_all_of_a_long_record(memory: Memory) -> None:
    """What lies in a continuation is found by the words and the senses of its whole record."""
    memory.remember(sound(NOISE + "|wolf"), picture("dog"), text="at the zoo", id="zoo")
    for where in (
        {"text_contains": "zoo"},
        {"with_modalities": ["image"]},
        {"with_modalities": ["text"]},
    ):
        [hit] = memory.recall("wolf", modalities=["audio"], **where)
        assert (hit.record.id, hit.span) == ("zoo", Span(MANY, MANY + 1))
    assert (
        memory.recall("wolf", text_contains="sea")
        == memory.recall("wolf", with_modalities=["imu"])
        == []
    )
    assert [hit.similarity for hit in memory.recall(keywords="zoo")] == [None]


def test_a_long_text_is_kept_once(memory: Memory) -> None:
    """Its continuations have each of its words, for the filters, and not the text again."""
    text = "at the zoo, at the ZOO; " * 1000
    memory.remember(sound(NOISE), text=text, id="zoo")
    kept = {p.get("part"): p["page_content"] for p in everything(memory)}
    assert kept == {None: text, 1: "at the zoo, ZOO;", 2: "at the zoo, ZOO;"}
    memory.update("zoo", text="by the sea, by the sea")
    kept = {p.get("part"): p["page_content"] for p in everything(memory)}
    assert kept == {None: "by the sea, by the sea", 1: "by the sea, sea", 2: "by the sea, sea"}
    for word in ("sea", "by"):
        assert memory.recall("n2000", modalities=["audio"], text_contains=word)
    assert not memory.recall("n2000", modalities=["audio"], text_contains="zoo")


def test_points_say_how_long_their_record_is(memory: Memory) -> None:
    """A record in several points counts them, and each has the rows of all; others say nothing."""
    memory.remember(sound(NOISE), picture("dog"), id="long")
    memory.remember(sound("a|b"), id="short")
    whole = {"audio": MANY, "image": 1}
    found = [(p.get("part"), p.get("parts"), p.get("rows")) for p in everything(memory)]
    expected = [(None, 2, whole), (1, None, whole), (2, None, whole), (None, None, None)]
    assert sorted(found, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("long", [["audio"], ["audio", "imu", "video"], ["text", *"abcdefg"]])
def test_rows_that_are_spread_over_points_are_all_found_again(long: list[str]) -> None:
    """No row is lost or moved, and every point's first row is where `row_offset` says."""
    rows = {name: np.zeros((2_000, 1024), np.float32) for name in (*long, "image")}
    for name, each in rows.items():
        each[:, 0] = np.arange(2_000)
        rows[name] = each[:3] if name == "image" else each
    points = spread_over_points(str(uuid4()), {"owner": "rex"}, rows)
    for part, point in enumerate(points):
        for name, block in point.vectors.items():
            assert len(block) <= ROWS
            assert block[0, 0] == row_offset(name, part, rows)
    for name, each in rows.items():
        stored = [point.vectors[name] for point in points if name in point.vectors]
        np.testing.assert_array_equal(np.concatenate(stored), each)


def test_stills_take_no_rows_from_other_modalities() -> None:
    """Two modalities with windows share what a point holds only with a third one."""
    assert row_offset("audio", 1, ["audio", "imu", "image", "depth"]) == ROWS
    assert row_offset("audio", 1, ["audio", "imu", "text"]) < ROWS
    assert row_offset("image", 2, ["audio", "imu", "image"]) == 2


def test_a_point_whose_record_is_gone_or_shorter_is_an_orphan(memory: Memory) -> None:
    """Points up to the record's last part stay; others are left out, or removed."""
    memory.remember(sound(NOISE), id="long")
    record = point_id(memory.owner, "long")

    def part(of: str, number: int) -> Point:
        return Point(part_id(of, number), {}, {"part_of": of, "part": number})

    points = [part(record, 2), part(record, 3), part(point_id(memory.owner, "gone"), 1)]
    assert without_orphans(memory.backend, points, owner=memory.owner) == points[:1]
    assert without_orphans(memory.backend, points, owner="another") == []
    drop_parts(memory.backend, {record: 1}, owner=memory.owner)
    assert parts(memory) == 1
