"""Memories near a place are exactly those within the distance, on every store."""

from __future__ import annotations

import math
import random
from datetime import timedelta

import pytest
from tests.support.memories import MANY, NOISE, NOON
from tests.support.planted import sound

from sensorium.errors import FilterError, PerceptValueError, RecordError
from sensorium.memory import Area, Memory, Moment
from sensorium.memory.places import distance
from sensorium.percepts import Place, Pose

TOWER = Place(48.8584, 2.2945)
ARCH = Place(48.8738, 2.2950)  # 1.71 km from the tower
BESIDE = Place(48.8584, 2.2960)  # 110 m
EQUATOR = 40_030_228.884  # metres around the sphere of 6,371,008.8 m


def ids(memory: Memory, **filters: object) -> set[str]:
    return {record.id for record in memory.timeline(limit=1000, **filters)}  # type: ignore[arg-type]  # filters of any kind


def test_distances_are_those_of_the_sphere() -> None:
    """A quarter of the equator, over a pole, across the date line; nothing between frames."""
    assert distance(Place(0, 0), Place(0, 90)) == pytest.approx(EQUATOR / 4)
    assert distance(Place(89, 0), Place(89, 180)) == pytest.approx(EQUATOR / 180)
    assert distance(Place(0, 179.5), Place(0, -179.5)) == pytest.approx(EQUATOR / 360)
    assert distance(Pose(0, 0), Pose(3, 4)) == 5
    assert distance(Pose(0, 0), Pose(2, 3, 6)) == 7
    assert distance(Pose(0, 0), Pose(0, 0, frame="odom")) is None
    assert distance(Pose(0, 0), Place(0, 0)) is None


def test_what_is_near_is_found(memory: Memory) -> None:
    """By recall, timeline, count and tally alike; a place may be a pair of degrees."""
    memory.remember(text="tower", place=(48.8584, 2.2945), id="tower", tags=["iron"])
    memory.remember(text="tower seen from beside", place=BESIDE, id="beside")
    memory.remember(text="tower on a postcard", id="postcard")
    memory.remember(text="tower far away", place=ARCH, id="far")
    assert ids(memory, near=(TOWER, "50 m")) == {"tower"}
    assert ids(memory, near=((48.8584, 2.2945), 200)) == {"tower", "beside"}
    assert {hit.record.id for hit in memory.recall("tower", near=(TOWER, "2 km"))} == {
        *("tower", "beside", "far")
    }
    assert memory.count(near=(TOWER, "0.2km")) == 2
    assert memory.tally("tags", near=(TOWER, "200 m")) == {"iron": 1}
    assert memory.forget(near=(ARCH, "1 m")) == 1
    assert memory.get("tower").place == TOWER


@pytest.mark.parametrize("around", [(0.0, 179.9999), (89.99, 20.0), (-90.0, 0.0), (60.0, -180.0)])
def test_circles_are_exact_where_maps_end(memory: Memory, around: tuple[float, float]) -> None:
    """At the date line and the poles, at all distances."""
    rng = random.Random(7)
    places = {}
    for number in range(60):
        latitude = max(-90.0, min(90.0, around[0] + rng.gauss(0, 0.02)))
        longitude = (around[1] + rng.gauss(0, 0.03) + 180) % 360 - 180
        places[f"p{number}"] = Place(latitude, longitude)
    memory.remember_many([Moment(text=n, id=n, place=p) for n, p in places.items()])
    for radius in (0.0, 700.0, 2_500.0, 1e6):
        area = Area(Place(*around), radius)
        assert ids(memory, near=(around, radius)) == {n for n, p in places.items() if area.holds(p)}


def test_poses_are_near_in_a_ball_of_their_frame(memory: Memory) -> None:
    """Not in its box, and never in another frame or on Earth."""
    rng = random.Random(3)
    poses = {
        f"p{n}": Pose(rng.uniform(-3, 3), rng.uniform(-3, 3), rng.uniform(-3, 3)) for n in range(60)
    }
    poses |= {f"flat{n}": Pose(rng.uniform(-3, 3), rng.uniform(-3, 3)) for n in range(60)}
    poses |= {"odom": Pose(0, 0, frame="odom"), "edge": Pose(2, 0), "beyond": Pose(2.0001, 0)}
    moments = [Moment(text=name, id=name, place=pose) for name, pose in poses.items()]
    memory.remember_many([*moments, Moment(text="gulf", id="gulf", place=(0, 0))])
    here = Pose(0, 0)
    within = {name for name, pose in poses.items() if (distance(here, pose) or 0) <= 2} - {"odom"}
    assert {"edge"} <= within
    assert not {"beyond"} & within
    assert ids(memory, near=(here, "2 m")) == within
    assert memory.count(near=(here, 2)) == len(within)
    hits = memory.recall("p1", near=(here, "2 m"), limit=1000)
    assert {hit.record.id for hit in hits} == within
    assert ids(memory, near=(Pose(0, 0, frame="nowhere"), "1000 km")) == set()


def test_pages_are_full_of_what_is_near(memory: Memory) -> None:
    """However many lie in the corners of the box."""
    moments = [
        Moment(text=f"m{n}", id=f"m{n}", at=NOON + timedelta(seconds=n), place=Pose(x, x))
        for n, x in enumerate([0.9, 0.1] * 30)  # 0.9, 0.9 is 1.27 m away, and in the box
    ]
    memory.remember_many(moments)
    first = memory.timeline(limit=20, near=(Pose(0, 0), 1))
    second = memory.timeline(limit=20, near=(Pose(0, 0), 1), cursor=first.cursor)
    assert (len(first), len(second), second.cursor) == (20, 10, None)


def test_all_points_of_a_long_record_have_its_place(memory: Memory) -> None:
    """What is said in its third point is found near it, too."""
    long = sound(f"{NOISE}|dog")
    memory.remember(long, id="long", place=Pose(1, 1))
    assert memory.get("long").media[0].rows > MANY
    [hit] = memory.recall("dog", near=(Pose(1, 1), "10 cm"))
    assert hit.record.id == "long"
    assert hit.span is not None
    assert hit.span.start >= MANY


def test_a_place_is_changed_from_earth_to_a_frame_and_back(memory: Memory) -> None:
    """A record is never in both."""
    memory.remember(text="dog", id="dog", place=TOWER)
    assert memory.update("dog", place=Pose(1, 2, yaw=0.5)).place == Pose(1, 2, 0, 0.5)
    assert memory.count(near=(TOWER, "1 km")) == 0
    assert memory.count(near=(Pose(1, 2), "1 m")) == 1
    assert memory.update("dog", place=(48.8584, 2.2945)).place == TOWER
    assert memory.count(near=(Pose(1, 2), "1 m")) == 0
    assert memory.remember(text="dog", id="dog", place=Pose(1, 2)).status == "replaced"
    assert memory.remember(text="dog", id="dog", place=Pose(1, 2)).status == "known"


def test_places_have_names(memory: Memory) -> None:
    """They are asked for by name, with their distance or another; they move and are forgotten."""
    memory.remember(text="tower", place=TOWER, id="tower")
    memory.remember(text="beside", place=BESIDE, id="beside")
    memory.name_place("home", TOWER, "50 m")
    assert memory.places() == {"home": Area(TOWER, 50.0)}
    assert ids(memory, near="home") == {"tower"}
    assert ids(memory, near=("home", "200 m")) == {"tower", "beside"}
    assert memory.name_place("home", BESIDE, 20).status == "replaced"
    assert ids(memory, near="home") == {"beside"}
    memory.forget("place:home")
    with pytest.raises(FilterError, match=r"called 'home'.*there is none"):
        memory.timeline(near="home")


def test_names_are_their_owners(memory: Memory) -> None:
    """Nobody asks for another's."""
    memory.name_place("home", TOWER)
    with memory.for_owner(f"not {memory.owner}") as other, pytest.raises(FilterError, match="home"):
        other.count(near="home")


@pytest.mark.parametrize(
    "place",
    [(91, 0), (0, 181), (math.nan, 0), (0, math.inf), ("north", 0), (True, 0)],
    ids=repr,
)
def test_what_is_nowhere_on_earth_is_refused(memory: Memory, place: tuple[float, float]) -> None:
    """In all that takes a place."""
    for call in (
        lambda: memory.remember(text="dog", place=place),
        lambda: memory.recall("dog", near=(place, "1 m")),
        lambda: memory.name_place("home", place),
    ):
        with pytest.raises(PerceptValueError, match=r"latitude|longitude"):
            call()
    assert memory.count() == 0


@pytest.mark.parametrize(
    "near",
    [
        *((48.8, 2.2), (TOWER,), TOWER, ("home", "1 m"), "home", (TOWER, "far"), (TOWER, -1)),
        *((TOWER, math.nan), (TOWER, math.inf), (TOWER, "200"), (TOWER, True), (None, 5), 5),
    ],
    ids=repr,
)
def test_a_wrong_near_is_refused(memory: Memory, near: object) -> None:
    """With what to write, before anything is searched."""
    with pytest.raises(FilterError, match=r"write|give it first"):
        memory.timeline(near=near)  # type: ignore[arg-type]  # what is tested


@pytest.mark.parametrize("pose", [(math.nan, 0), (0, math.inf), ("1", 0)], ids=repr)
def test_a_pose_has_numbers_and_a_frame(pose: tuple[float, float]) -> None:
    """Else it is refused."""
    with pytest.raises(PerceptValueError, match=r"write Pose"):
        Pose(*pose)
    with pytest.raises(PerceptValueError, match="the name of a frame"):
        Pose(0, 0, frame=" ")


def test_a_place_is_of_its_types(memory: Memory) -> None:
    """A name or a triple is none."""
    with pytest.raises(RecordError, match="write place="):
        memory.remember(text="dog", place="home")  # type: ignore[arg-type]  # what is tested


def test_a_window_that_ends_before_it_begins_is_refused(memory: Memory) -> None:
    """By everything that takes one."""
    with pytest.raises(FilterError, match="exchange the two"):
        memory.timeline(since=NOON, until=NOON - timedelta(seconds=1))


@pytest.mark.parametrize("place", [TOWER, Pose(1.0, 2.0)])
def test_a_place_can_be_taken_away_again(memory: Memory, place: Place | Pose) -> None:
    """Of all its points; what is left out stays, and None is left out."""
    memory.remember(sound(f"{NOISE}|dog"), id="long", place=place, origin="web")
    assert memory.update("long", place=None, tags=["a"]).place == place
    assert memory.count(near=(place, 1)) == 1
    assert memory.update("long", place=()).place is None
    assert memory.get("long").place is None
    assert memory.count(near=(place, 1)) == 0
    assert memory.recall("dog", near=(place, 1)) == []
    assert memory.get("long").origin == "web"


def test_who_says_so_can_be_corrected(memory: Memory) -> None:
    """By update; remembering what is known adds nothing of the kind."""
    name = memory.remember(text="sea", origin="web").id
    assert memory.remember(text="sea", origin="person").status == "known"
    assert memory.get(name).origin == "web"
    assert memory.update(name, origin="person").origin == "person"
    assert memory.count(origins=["person"]) == 1
    with pytest.raises(RecordError, match="origin"):
        memory.update(name, origin="nobody")  # type: ignore[arg-type]  # what is refused
