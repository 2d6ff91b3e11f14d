"""Words that were found stand beside those that were written, each in its own place."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.memories import NOISE, everything, found, parts
from tests.support.planted import PLANTED, PlantedEncoder, picture, sound

from sensorium.encoders import Encoding
from sensorium.enrich import Box, Enricher, Found, registry
from sensorium.errors import (
    MediaDecodeError,
    OperationCancelledError,
    PerceptFormatError,
    SensoriumError,
)
from sensorium.memory import Memory, Moment
from sensorium.percepts import Audio, Image, Percept, Span

SIGN = Box(0.1, 0.2, 0.5, 0.4)
SPAN = Span(12.4, 15.0)


@dataclass
class Signs:
    """Finds the words that a percept was made to show: those after "with" in its uri."""

    by: str = "signs 1"
    modalities: frozenset[str] = frozenset({"image", "audio"})
    says: dict[str, list[str]] = field(default_factory=dict)
    looked: list[str] = field(default_factory=list)

    def find(self, percept: Percept) -> Iterator[Found]:
        shown = (percept.uri or "").removeprefix(PLANTED).partition(" with ")[2]
        self.looked.append(shown)
        if shown == "damage":
            raise MediaDecodeError("a damaged percept", "a whole one", "copy it again")
        for words in self.says.get(shown, [shown] if shown else []):
            heard = isinstance(percept, Audio)
            yield Found(
                words,
                "heard" if heard else "read",
                self.by,
                span=SPAN if heard else None,
                box=None if heard else SIGN,
                confidence=0.75,
            )


@pytest.fixture
def signs() -> Enricher:
    return Signs()


def test_found_words_are_recalled_and_say_where_they_stand(memory: Memory, signs: Signs) -> None:
    """A hit by found words has the finding, its box or its span, and the percept it is of."""
    shop = memory.remember(picture("street with bakery"), text="on monday", enrich=signs)
    memory.remember(picture("street"), text="on sunday", enrich=signs)
    talk = memory.remember(sound("voices with dentist"), enrich=signs)

    record = memory.get(shop.id)
    [finding] = record.findings
    assert record.text == "on monday"
    assert (finding.text, finding.origin, finding.by) == ("bakery", "read", "signs 1")
    assert (finding.box, finding.span, finding.confidence) == (SIGN, None, 0.75)
    assert finding.of == record.media[1].digest

    hit = memory.recall("bakery", limit=1)[0]
    assert (hit.record.id, hit.modality, hit.finding) == (shop.id, "text", finding)
    assert hit.medium == record.media[1]
    assert hit.span is None
    own = memory.recall("on monday", limit=1, modalities=["text"])[0]
    assert (own.record.id, own.finding, own.span) == (shop.id, None, Span(0, 9))

    heard = memory.recall("dentist", limit=1)[0]
    assert (heard.record.id, heard.span) == (talk.id, SPAN)
    assert heard.medium is not None
    assert heard.medium.modality == "audio"
    assert heard.finding is not None
    assert heard.finding.origin == "heard"
    assert memory.get(talk.id).text == ""


def test_keywords_look_in_found_words_too(memory: Memory, signs: Signs) -> None:
    """Keywords and `text_contains` match found words as well as written ones."""
    made = memory.remember(picture("street with bakery"), text="on monday", enrich=signs)
    memory.remember(picture("street"), text="on sunday")
    assert [hit.record.id for hit in memory.recall(keywords="bakery")] == [made.id]
    assert memory.count(text_contains="bakery") == 1
    assert memory.count(text_contains="monday") == 1


def test_the_same_percept_is_known_whether_it_was_looked_through_or_not(
    memory: Memory, signs: Signs
) -> None:
    """Found words do not change the identity of a record."""
    first = memory.remember(picture("street with bakery"))
    again = memory.remember(picture("street with bakery"), enrich=signs)
    assert (again.id, again.status) == (first.id, "known")
    named = memory.remember(picture("door with exit"), id="door", text="mine", enrich=signs)
    assert named.new
    assert memory.remember(picture("door with exit"), id="door", text="mine").status == "known"
    assert [each.text for each in memory.get("door").findings] == ["exit"]


def test_records_that_are_there_are_looked_through_once(memory: Memory, signs: Signs) -> None:
    """`enrich` looks at kept signals that it has not looked at before."""
    made = memory.remember(picture("street with bakery"), text="on monday", tags=["walk"])
    memory.remember(picture("field"), tags=["walk"])
    memory.remember(text="bakery")
    memory.remember(picture("gate with closed"), tags=["walk"], keep_media=False)
    before = memory.get(made.id).to_dict()
    calls: list[tuple[int, int | None]] = []
    # A kept file does not say what it shows: an enricher is one of files
    names = {m.file: w for m in memory.get(made.id).media if m.file for w in ["bakery"]}

    class OfFiles(Signs):
        def find(self, percept: Percept) -> Iterator[Found]:
            assert isinstance(percept, Image)
            self.looked.append(percept.digest)
            path = getattr(percept.source, "path", None)
            assert isinstance(path, Path)
            if path.name in names:
                yield Found(names[path.name], "read", self.by, box=SIGN)

    reader = OfFiles()
    done = memory.enrich(reader, progress=lambda n, of: calls.append((n, of)), tags=["walk"])
    assert (done.records, done.found, done.not_kept, done.failures) == (2, 1, 1, {})
    assert calls[-1] == (3, 3)
    record = memory.get(made.id)
    assert [each.text for each in record.findings] == ["bakery"]
    after = record.to_dict()
    assert {key for key in after if after[key] != before[key]} == {"findings"}
    assert memory.recall("bakery", limit=5, modalities=["text"])[0].similarity == pytest.approx(
        1, abs=1e-2
    )
    assert memory.enrich(reader).records == 0
    assert len(reader.looked) == 2
    names.clear()
    assert memory.enrich(reader, again=True).found == 0
    assert memory.get(made.id).findings == ()
    assert memory.get(made.id).text == "on monday"


def test_changes_of_a_record_leave_what_was_found(memory: Memory, signs: Signs) -> None:
    """New text, tags, metadata and percepts keep the findings of the others."""
    made = memory.remember(picture("street with bakery"), text="on monday", enrich=signs)
    memory.update(made.id, text="on tuesday|at noon")
    memory.update(made.id, sound("rain"), tags=["wet"])
    memory.update(made.id, metadata={"seen": True})
    record = memory.get(made.id)
    assert record.text == "on tuesday|at noon"
    assert [each.text for each in record.findings] == ["bakery"]
    hit = memory.recall("bakery", limit=1)[0]
    assert (hit.record.id, hit.finding) == (made.id, record.findings[0])
    assert found(memory, "at noon") == made.id
    assert memory.recall("at noon", limit=1)[0].finding is None
    staying = [medium.digest for medium in record.media if medium.modality != "image"]
    only = memory.update(made.id, vectors={"image": None}, retain=staying)
    assert only.findings == ()  # its picture is gone


def test_what_cannot_be_looked_through_is_kept_without_words(
    memory: Memory, signs: Signs, caplog: pytest.LogCaptureFixture
) -> None:
    """An enricher that fails does not lose the percept."""
    with caplog.at_level(logging.WARNING):
        made = memory.remember(picture("street with damage"), enrich=signs)
    assert made.new
    assert "copy it again" in caplog.text
    assert memory.get(made.id).findings == ()
    assert found(memory, "street") == made.id


def test_words_that_cannot_be_encoded_are_left_out(memory: Memory) -> None:
    """Words without a vector are no finding."""
    reader = Signs(says={"two": ["unreadable", "bread"]})
    made = memory.remember(picture("street with two"), enrich=reader)
    assert [each.text for each in memory.get(made.id).findings] == ["bread"]


@pytest.mark.slow
def test_a_long_talk_has_a_row_for_each_stretch(memory: Memory) -> None:
    """Findings beyond one point's rows go on in linked points, and are all recalled."""
    spoken = [f"s{index}" for index in range(1500)]
    reader = Signs(says={"talk": spoken})
    made = memory.remember(sound("hall with talk"), picture("stage"), text="talk", enrich=reader)
    assert parts(memory) > 0
    record = memory.get(made.id)
    assert [each.text for each in record.findings] == spoken
    hit = memory.recall("s1402", limit=1)[0]
    assert hit.finding is not None
    assert hit.finding.text == "s1402"
    memory.update(made.id, sound(NOISE))
    again = memory.recall("s1402", limit=1)[0]
    assert again.finding is not None
    assert again.finding.text == "s1402"


def test_found_words_move_with_their_record(signs: Signs, tmp_path: Path) -> None:
    """Through an export, a copy, and to another encoder."""
    with Memory.open(tmp_path / "a", owner="me", encoder=PlantedEncoder()) as memory:
        made = memory.remember(picture("street with bakery"), text="monday", enrich=signs)
        before = memory.get(made.id)
        memory.export(tmp_path / "export")
        with Memory.open(tmp_path / "b", owner="me", encoder=PlantedEncoder()) as other:
            other.import_(tmp_path / "export")
            assert other.get(made.id).findings == before.findings
            assert found(other, "bakery") == made.id


def test_found_words_are_encoded_anew(tmp_path: Path, signs: Signs) -> None:
    """`reembed` keeps the findings, and recalls them by the new encoder."""
    with Memory.open(tmp_path / "a", owner="me", encoder=PlantedEncoder()) as memory:
        made = memory.remember(picture("street with bakery"), text="monday|noon", enrich=signs)
        plain = memory.remember(sound("hall with dentist"), enrich=signs)
        before = memory.get(made.id).findings, memory.get(plain.id).findings
        memory.reembed(PlantedEncoder(model="other"))
        assert (memory.get(made.id).findings, memory.get(plain.id).findings) == before
        assert memory.recall("dentist", limit=1)[0].finding == before[1][0]
        assert memory.get(made.id).text == "monday|noon"


def test_a_memory_that_was_opened_to_enrich_does(tmp_path: Path, signs: Signs) -> None:
    """`Memory.open(enrich=...)` holds for all calls and owners, unless a call says otherwise."""
    with Memory.open(tmp_path / "a", owner="me", encoder=PlantedEncoder(), enrich=signs) as memory:
        made = memory.remember(picture("street with bakery"))
        assert memory.get(made.id).findings
        assert not memory.get(memory.remember(picture("a with b"), enrich=False).id).findings
        with memory.for_owner("you") as other:
            assert other.get(other.remember(picture("street with bakery")).id).findings
    with pytest.raises(PerceptFormatError, match="smell"):
        memory.remember(picture("a"), enrich=["smell"])


def test_owners_share_what_is_opened_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """An enricher is a model: it is opened once for all owners of a place, and all threads."""
    opened: list[Signs] = []

    def opener() -> Signs:
        opened.append(Signs())
        return opened[-1]

    monkeypatch.setitem(registry._registered, "signs", opener)
    names = [f"owner {number}" for number in range(6)]
    with Memory.open(":memory:", owner="me", encoder=PlantedEncoder(), enrich="signs") as memory:
        others = [memory.for_owner(name) for name in names]
        with ThreadPoolExecutor(len(others)) as pool:
            made = list(pool.map(lambda one: one.remember(picture("street with bakery")), others))
        pairs = zip(others, made, strict=True)
        assert all(other.get(each.id).findings for other, each in pairs)
        assert memory.get(memory.remember(picture("street with bakery")).id).findings
        for other in others:
            other.close()
    assert len(opened) == 1


def test_a_call_that_is_given_up_keeps_what_was_found(memory: Memory, signs: Signs) -> None:
    """The next call looks through the rest alone."""
    for number in range(4):
        memory.remember(picture(f"street {number}"))

    class Stop:
        calls = 0

        def is_set(self) -> bool:
            self.calls += 1
            return self.calls > 4

    with pytest.raises(OperationCancelledError):
        memory.enrich(signs, cancel=Stop())
    left = 4 - sum("enriched" in point for point in everything(memory))
    assert 0 < left < 4
    assert memory.enrich(signs).records == left


@dataclass
class Counting(PlantedEncoder):
    """Counts the batches that it encodes."""

    batches: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        self.batches.append(len(percepts))
        return super().try_encode(percepts)


def test_words_of_many_records_are_encoded_together(tmp_path: Path, signs: Signs) -> None:
    """Of one call of `remember_many`, and of the records that `enrich` looks through."""
    encoder = Counting()
    streets = [Moment((picture(f"street {i} with shop{i}"),)) for i in range(20)]
    with Memory.open(tmp_path / "a", owner="me", encoder=encoder) as memory:
        memory.remember_many(streets, enrich=signs)
        assert encoder.batches == [20, 20]  # the pictures, and their words
        encoder.batches.clear()
        assert memory.enrich(Signs(by="again")).found == 20
        assert encoder.batches == [16, 4]
        for record in memory.timeline(limit=20):
            assert [each.by for each in record.findings] == ["again"]
