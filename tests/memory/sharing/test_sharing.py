"""What a share gives, what it does not give, and what ends it, on every kind of store."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from tests.support.planted import House, PlantedEncoder, picture, sound

from sensorium.errors import (
    FilterError,
    MediaNotFoundError,
    OwnerError,
    RecordError,
    RecordNotFoundError,
    StoreFormatError,
)
from sensorium.memory import Memory
from sensorium.memory.layout.ids import owner_key, point_id
from sensorium.memory.sharing.shares import MOST_OF_ONE
from sensorium.percepts import Pose
from sensorium.qdrant import Equal, Filter, Ids
from sensorium.qdrant.filters import LEDGER, Shared

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
ENCODER = PlantedEncoder(gap=1.0, background=True)


class Pair:
    """Two owners of one store, with names of their own."""

    def __init__(self, home: House) -> None:
        self.home, run = home, uuid4()
        self.ana, self.ben = (home.memory(f"{name} {run}", ENCODER) for name in ("ana", "ben"))

    def share(self, *tags: str) -> None:
        """Ana shares with Ben, by tags or everything."""
        self.ana.share(with_=self.ben.owner, tags=tags or None, everything=not tags)

    def other(self) -> Memory:
        """Ben's memories, opened once more."""
        return self.home.memory(self.ben.owner, ENCODER)


@pytest.fixture
def pair(home: House) -> Pair:
    return Pair(home)


def test_a_share_says_whose_and_with_whom(pair: Pair) -> None:
    """Both sides list it; the same share again is the same; ended, it is on neither list."""
    made = pair.ana.share(with_=pair.ben.owner, tags=["b", "a", "a"])
    assert (made.owner, made.with_, made.tags) == (pair.ana.owner, pair.ben.owner, ("a", "b"))
    assert pair.ana.share(with_=pair.ben.owner, tags={"a", "b"}) == made
    assert pair.ana.shares() == pair.ben.shares() == [made]
    assert made.to_dict()["with"] == pair.ben.owner
    assert pair.ana.unshare(with_=pair.ben.owner, tags=["b", "a"]) == 1
    assert pair.ana.shares() == pair.ben.shares() == []
    assert pair.ana.unshare(with_=pair.ben.owner) == 0


def test_a_share_needs_all_of_its_tags(pair: Pair) -> None:
    """One with two tags shares what has both; either one alone takes two shares."""
    pair.ana.remember(text="both", tags=["family", "trip"])
    pair.ana.remember(text="one", tags=["family"])
    pair.ana.remember(text="none")
    pair.share("family", "trip")
    assert [record.text for record in pair.ben.timeline()] == ["both"]
    pair.share("family")
    assert {record.text for record in pair.ben.timeline()} == {"both", "one"}
    pair.share()
    assert pair.ben.count() == 3


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"with_": "", "tags": ["a"]}, OwnerError),
        ({"with_": " ben", "tags": ["a"]}, OwnerError),
        ({"with_": "b" * 513, "tags": ["a"]}, OwnerError),
        ({"with_": "b\ud800", "tags": ["a"]}, OwnerError),
        ({"with_": None, "tags": ["a"]}, OwnerError),
        ({"with_": ["ben"], "tags": ["a"]}, OwnerError),
        ({"with_": LEDGER, "tags": ["a"]}, OwnerError),
        ({"with_": "ben"}, RecordError),
        ({"with_": "ben", "tags": []}, RecordError),
        ({"with_": "ben", "tags": "family"}, RecordError),
        ({"with_": "ben", "tags": [""]}, RecordError),
        ({"with_": "ben", "tags": [5]}, RecordError),
        ({"with_": "ben", "tags": ["x\ud800"]}, FilterError),
        ({"with_": "ben", "tags": ["a"], "everything": True}, RecordError),
        ({"with_": "ben", "tags": [str(n) for n in range(21)]}, RecordError),
        ({"with_": "ben", "tags": ["a"], "rights": "write"}, RecordError),
        ({"with_": "ben", "tags": ["a"], "rights": None}, RecordError),
    ],
)
def test_a_wrong_share_is_refused(pair: Pair, given: dict[str, Any], error: type) -> None:
    """Nobody, everybody, nothing, and rights that there are not."""
    with pytest.raises(error):
        pair.ana.share(**given)
    assert pair.ana.shares() == []


def test_with_oneself_nothing_is_shared(pair: Pair) -> None:
    with pytest.raises(OwnerError, match="with themselves"):
        pair.ana.share(with_=pair.ana.owner, everything=True)


@pytest.mark.parametrize("given", [{}, {"tags": []}, {"with_": "a", "from_": "b"}])
def test_an_end_says_what_ends(pair: Pair, given: dict[str, Any]) -> None:
    """Nothing is ended by a call that names nothing, or two sides at once."""
    pair.share("family")
    with pytest.raises((RecordError, OwnerError)):
        pair.ana.unshare(**given)
    assert len(pair.ana.shares()) == 1
    assert pair.ana.unshare(everything=True) == 1


@pytest.mark.parametrize(
    "name", ["../ben", "ben\nowner: ana", "b*n", '"ben"', "\u202enab", "ben\0"]
)
def test_any_name_is_a_name(pair: Pair, name: str) -> None:
    """What looks like a path, a pattern or a line is a name like any other, and only that one."""
    pair.ana.remember(text="shared", tags=["family"])
    reader = f"{name} {uuid4()}"
    pair.ana.share(with_=reader, tags=["family"])
    assert [r.text for r in pair.home.memory(reader, ENCODER).timeline()] == ["shared"]
    for other in (reader[:-1], reader + "x", "*", reader.upper()):
        assert pair.home.memory(other, ENCODER).count() == 0


def test_an_owner_may_come_later(pair: Pair) -> None:
    """A share is there before its reader is, and before what it shares."""
    reader = f"later {uuid4()}"
    pair.ana.share(with_=reader, tags=["family"])
    pair.ana.remember(text="dinner", tags=["family"])
    assert [hit.record.text for hit in pair.home.memory(reader, ENCODER).recall("dinner")] == [
        "dinner"
    ]


def test_several_memories_of_one_owner_see_the_end_at_once(pair: Pair) -> None:
    """Whichever of them asked before, none answers from what it knew."""
    pair.ana.remember(picture("dog"), text="dog", id="a", tags=["family"])
    other = pair.other()
    assert (pair.ben.count(), other.count()) == (0, 0)
    pair.share("family")
    for memory in (pair.ben, other):
        assert [hit.record.text for hit in memory.recall("dog", keywords="dog")] == ["dog"]
    pair.ana.unshare(with_=pair.ben.owner)
    for memory in (pair.ben, other):
        assert memory.recall("dog", keywords="dog") == []
        assert memory.count() == 0


def test_a_reader_may_leave(pair: Pair) -> None:
    """What somebody shares unasked can be left; others' shares stay."""
    cyd = pair.home.memory(f"cyd {uuid4()}", ENCODER)
    for giver in (pair.ana, cyd):
        giver.remember(text="hello", tags=["family"])
        giver.share(with_=pair.ben.owner, tags=["family"])
    assert pair.ben.count() == 2
    assert pair.ben.unshare(from_=cyd.owner) == 1
    assert [record.owner for record in pair.ben.timeline()] == [pair.ana.owner]
    assert pair.ben.unshare(from_=cyd.owner) == 0


def test_shares_do_not_pass_on(pair: Pair) -> None:
    """Who is given everything by a reader gets the reader's own, and no more."""
    cyd = pair.home.memory(f"cyd {uuid4()}", ENCODER)
    pair.ana.remember(text="ana's", tags=["family"])
    pair.ben.remember(text="ben's", tags=["family"])
    pair.share("family")
    pair.ben.share(with_=cyd.owner, everything=True)
    assert pair.ben.count() == 2
    assert [record.text for record in cyd.timeline()] == ["ben's"]


def test_what_loses_its_tag_is_shared_no_more(pair: Pair) -> None:
    """Nor is its former version, which still has the tag."""
    pair.ana.remember(text="the old dog", id="a", tags=["family"])
    pair.share("family")
    assert pair.ben.count() == 1
    pair.ana.update("a", text="the new dog", tags=["private"], history=True)
    assert len(pair.ana.history("a")) == 2
    assert (list(pair.ben.timeline()), pair.ben.recall("dog")) == ([], [])
    assert pair.ben.recall(keywords="old") == []
    pair.ana.update("a", tags=["family"])
    assert [r.text for r in pair.ben.history(point_id(pair.ana.owner, "a"))] == ["the new dog"]


def test_what_expires_or_is_forgotten_is_shared_no_more(pair: Pair) -> None:
    pair.ana.remember(text="gone", id="a", tags=["family"], expires_at=NOON)
    pair.ana.remember(text="there", id="b", tags=["family"])
    pair.share("family")
    assert [record.text for record in pair.ben.timeline()] == ["there"]
    with pytest.raises(RecordNotFoundError):
        pair.ben.get(point_id(pair.ana.owner, "a"))
    pair.ana.forget("b")
    assert pair.ben.count() == 0


def test_what_does_not_hold_any_more_is_not_recalled(pair: Pair) -> None:
    """A record that a private one stands in for is listed, and names what it may not show."""
    pair.ana.remember(text="the door code is one", id="old", tags=["family"])
    pair.ana.remember(text="the door code is two", id="my new code", supersedes="old")
    pair.share("family")
    assert pair.ben.recall("door code") == []
    [record] = pair.ben.timeline()
    assert record.superseded_by == (point_id(pair.ana.owner, "my new code"),)
    assert "my new code" not in repr(record.to_dict())
    with pytest.raises(RecordNotFoundError):
        pair.ben.get(record.superseded_by[0])
    assert [each.text for each in pair.ben.history(record.id)] == ["the door code is one"]


def test_ones_own_ids_lead_to_ones_own(pair: Pair) -> None:
    """A record of another's that was given the same id is another record, with an id of its own."""
    pair.ana.remember(text="ana's", id="a", tags=["family"])
    pair.ben.remember(text="ben's", id="a", tags=["family"])
    pair.share("family")
    assert pair.ben.get("a").text == "ben's"
    shared = next(record for record in pair.ben.timeline() if record.shared)
    assert pair.ben.get(shared.id).text == "ana's"
    assert pair.ben.forget(shared.id) == 0
    assert pair.ben.forget(tags=["family"]) == 1
    assert pair.ana.get("a").text == "ana's"
    # Taken as an id of one's own, it is that
    pair.ben.remember(text="mine", id=shared.id)
    assert pair.ben.get(shared.id).text == "mine"


def test_who_reads_changes_nothing(pair: Pair) -> None:
    """No condition on the owner, and no call for all, reaches what others share."""
    pair.ana.remember(picture("dog"), text="dog", id="a", tags=["family"])
    pair.share()
    point = point_id(pair.ana.owner, "a")
    for given in ({"everything": True}, {"where": Equal("owner", pair.ana.owner)}):
        assert pair.ben.forget(**given) == pair.ben.forget(media_only=True, **given) == 0
    assert pair.ben.forget(where=Ids((point,))) == 0
    assert pair.ben.sweep().records == 0
    record = pair.ana.get("a")
    assert (record.text, len(pair.ana.percepts(record))) == ("dog", 2)
    with pytest.raises(FilterError, match="only to be read"):
        pair.ben.backend.delete(Filter(pair.ben.owner, shared=pair.ben.shared))
    with pytest.raises(FilterError, match="only to be read"):
        pair.ben.backend.set_payload(
            Filter(pair.ben.owner, shared=pair.ben.shared), {"tags": ["mine"]}
        )
    assert pair.ana.get("a").tags == ("family",)


def test_conditions_narrow_and_never_widen(pair: Pair) -> None:
    """Whatever is asked of the owner, what is not shared is not found."""
    pair.ana.remember(text="secret", id="a")
    pair.ana.remember(text="shared", id="b", tags=["family"])
    pair.ben.remember(text="own")
    pair.share("family")
    by = Equal("owner", pair.ana.owner)
    assert [record.text for record in pair.ben.timeline(where=by)] == ["shared"]
    assert [record.text for record in pair.ben.timeline(where=~by)] == ["own"]
    assert pair.ben.count(where=by | ~by) == 2
    assert pair.ben.recall(keywords="secret", where=by) == []
    assert [r.text for r in pair.ben.timeline(owners=[pair.ana.owner])] == ["shared"]
    assert [r.text for r in pair.ben.timeline(owners=[pair.ben.owner])] == ["own"]
    assert pair.ben.count(owners=["nobody"]) == 0


def test_a_long_recording_is_found_in_all_of_its_parts(pair: Pair) -> None:
    """Its later points are shared with its first, and gone with it."""
    pair.ana.remember(sound("sea|" * 1100 + "bark"), id="long", tags=["family"])
    pair.share("family")
    [hit] = pair.ben.recall("bark", modalities=["audio"])
    assert hit.span is not None
    assert hit.span.start == pytest.approx(1100, abs=1)
    like = pair.ben.recall(like=hit.record.id)
    assert like == []
    pair.ana.unshare(with_=pair.ben.owner)
    assert pair.ben.recall("bark", modalities=["audio"]) == []


def test_near_a_pose_is_exact_for_what_is_shared(pair: Pair) -> None:
    """A corner of the box around a ball is not within it, whoever was there."""
    pair.ana.remember(text="corner", place=Pose(0.9, 0.9), tags=["family"])
    pair.ana.remember(text="centre", place=Pose(0.1, 0.1), tags=["family"])
    pair.share("family")
    found = pair.ben.timeline(near=(Pose(0.0, 0.0), "1 m"))
    assert [record.text for record in found] == ["centre"]


def test_names_of_places_are_ones_own(pair: Pair) -> None:
    """`near="home"` is the reader's home; a shared name is a record, and no place to ask for."""
    pair.ana.name_place("home", (48.0, 2.0), "1 km")
    pair.share()
    assert pair.ben.places() == {}
    with pytest.raises(FilterError):
        pair.ben.count(near="home")


def test_the_time_of_what_is_shared(pair: Pair) -> None:
    """First, last, before and after look at both, in one order of time."""
    for hour, (memory, text) in enumerate(
        ((pair.ana, "breakfast"), (pair.ben, "lunch"), (pair.ana, "dinner"))
    ):
        memory.remember(text=text, at=NOON + hour * timedelta(hours=1), tags=["meal"])
    pair.share("meal")
    first, last = pair.ben.first(), pair.ben.last()
    assert first is not None
    assert last is not None
    assert (first.record.text, last.record.text) == ("breakfast", "dinner")
    assert [record.text for record in pair.ben.before(last)] == ["lunch", "breakfast"]
    assert [record.text for record in pair.ben.after(first)] == ["lunch", "dinner"]
    assert len(pair.ben.around(NOON, "1 h")) == 2


def test_ones_own_remains_ones_own(pair: Pair) -> None:
    """Statistics, conflicts and episodes are of one's own memories alone."""
    pair.ana.remember(text="we have two dogs", at=NOON, tags=["family"])
    pair.ana.remember(text="we have three dogs", at=NOON, tags=["family"])
    pair.share("family")
    assert pair.ben.count() == 2
    assert pair.ben.stats()["records"] == 0
    assert pair.ben.conflicts() == []
    assert pair.ben.episodes() == []


def test_shares_are_few(pair: Pair) -> None:
    """Each is looked up in every recall of the reader's, so one owner gives a bounded number."""
    for number in range(MOST_OF_ONE):
        pair.ana.share(with_=pair.ben.owner, tags=[f"t{number}"])
    with pytest.raises(RecordError, match="of them of one owner"):
        pair.share("one too many")
    pair.ana.remember(text="seen", tags=["t7"])
    assert [record.text for record in pair.ben.timeline()] == ["seen"]
    assert pair.ana.unshare(with_=pair.ben.owner) == MOST_OF_ONE


def test_points_of_shares_are_nobodys(pair: Pair) -> None:
    """No memory of any owner lists, counts or finds what says who may read what."""
    pair.share("family")
    for memory in (pair.ana, pair.ben):
        assert (memory.count(), list(memory.timeline()), memory.tally("tags")) == (0, [], {})
    with pytest.raises(OwnerError):
        pair.home.memory(LEDGER, ENCODER).for_owner(LEDGER)


def test_unknown_ids_are_read_by_their_sharing_alone(pair: Pair) -> None:
    """A store that is asked for points by id shows what is shared, and the keys asked for."""
    pair.ana.remember(text="shared", id="a", tags=["family"])
    pair.ana.remember(text="private", id="b")
    ids = [point_id(pair.ana.owner, name) for name in "ab"]
    shared = (Shared(pair.ana.owner, ("family",)),)
    [point] = pair.ben.backend.retrieve(
        ids, owner=pair.ben.owner, payload=["id"], vectors=False, shared=shared
    )
    assert point.payload == {"id": "a"}
    assert pair.ben.backend.retrieve(ids, owner=pair.ben.owner, payload=True, vectors=False) == []


def test_a_damaged_ledger_gives_nothing(tmp_path: Any) -> None:
    """What cannot be read says so, with a remedy, and shares nothing meanwhile."""
    with Memory.open(tmp_path / "memory", owner="ana", encoder=ENCODER) as ana:
        ana.remember(text="secret")
        ana.share(with_="ben", everything=True)
        file = tmp_path / "memory" / "shares" / f"{owner_key('ben')}.json"
        assert file.stat().st_mode & 0o077 == 0
        with ana.for_owner("ben") as ben:
            assert ben.count() == 1
            whole = file.read_bytes()
            for damage in (b"", b"{}", b"[5]", whole[:-9], b'[{"owner": "ana"}]'):
                file.write_bytes(damage)
                with pytest.raises(StoreFormatError, match="remove it, and share again"):
                    ben.count()
            # Rights of a later release give nothing here
            file.write_bytes(whole.replace(b'"read"', b'"dream"'))
            assert ben.count() == 0
            # Another reader's file in its place, too
            ana.share(with_="cyd", everything=True)
            file.with_name(f"{owner_key('cyd')}.json").replace(file)
            assert ben.count() == 0
            file.unlink()
            assert ben.count() == 0


def test_confidence_of_what_is_shared(pair: Pair) -> None:
    """What is shared is judged on the reader's own scale, also where that is still empty."""
    pair.ana.remember(picture("dog"), id="a", tags=["family"])
    pair.share("family")
    [hit] = pair.ben.recall("dog")
    assert hit.calibrated
    assert hit.confidence is not None
    assert 0.5 < hit.confidence <= 1
    assert hit.vector is not None
    assert np.isclose(np.linalg.norm(hit.vector), 1, atol=1e-2)


@pytest.mark.slow
def test_what_is_shared_counts_as_luck(pair: Pair) -> None:
    """The best of many is less sure than the best of few, whoever the many are of."""
    rare = "dog*0.45 cat"  # about as near as the best of some hundred things
    pair.ben.remember(picture(rare), id="rare")
    [alone] = pair.ben.recall("dog")
    for number in range(300):
        pair.ana.remember(text=f"noise{number}", vectors={}, tags=["many"])
    pair.share("many")
    among = next(hit for hit in pair.ben.recall("dog") if hit.record.id == "rare")
    assert alone.confidence is not None
    assert among.confidence is not None
    assert among.confidence < alone.confidence


def test_by_episode_what_is_shared_stands_for_itself(pair: Pair) -> None:
    """It is in no episode of one's own, and is not left out for being in none."""
    pair.ben.remember(picture("dog"), id="own", at=NOON)
    for number in range(3):
        at = NOON + timedelta(minutes=number)
        pair.ana.remember(picture(f"dog {number}"), at=at, tags=["family"])
    pair.share("family")
    hits = pair.ben.recall("dog", group="episode")
    assert [hit.record.shared for hit in hits].count(True) == 3
    assert {hit.record.shared: hit.episode is None for hit in hits} == {True: True, False: False}


def test_media_of_a_share_that_has_ended_say_so(pair: Pair) -> None:
    """The error names the cause and whom to ask; what is gone for its owner is told likewise."""
    pair.ana.remember(picture("dog"), text="our dog", tags=["family"])
    pair.share("family")
    [hit] = pair.ben.recall("dog", limit=1)
    assert len(pair.ben.percepts(hit)) == 2
    pair.ana.unshare(with_=pair.ben.owner)
    with pytest.raises(MediaNotFoundError, match="ended its share") as failure:
        pair.ben.percepts(hit)
    assert pair.ana.owner in str(failure.value)
    with pytest.raises(MediaNotFoundError, match="shared no more"):
        pair.ben.open_medium(next(m for m in hit.record.media if m.file))
