"""Densities and planes: answers that are known beforehand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from fastapi import FastAPI
from tests.support.planted import motion, picture, sound
from tests.support.serving import client, get

from sensorium.percepts import Pose
from sensorium.server.views.projecting import plane_of, principal

AT = datetime(2026, 5, 1, 10, 30, tzinfo=timezone.utc)


def test_density_counts_by_hour_day_and_month(fresh: FastAPI) -> None:
    """Of UTC; bins without memories are left out, and filters count."""
    with fresh.state.access.memories.using("ana") as memory:
        for hours in (0, 0.2, 1, 24 * 40):
            memory.remember(text=f"{hours}", at=AT + timedelta(hours=hours), tags=["x"])
    web = client(fresh, "ana")
    expected = {
        "hour": [("2026-05-01T10:00:00Z", 2), ("2026-05-01T11:00:00Z", 1)],
        "day": [("2026-05-01T00:00:00Z", 3)],
        "month": [("2026-05-01T00:00:00Z", 3), ("2026-06-01T00:00:00Z", 1)],
    }
    for by, bins in expected.items():
        found = get(web, "/v1/density", by=by)
        counted = [(each["at"], each["count"]) for each in found["bins"]]
        assert counted[: len(bins)] == bins
        assert sum(count for _, count in counted) == 4
    assert get(web, "/v1/density", tag="y")["bins"] == []
    assert web.get("/v1/density", params={"by": "year"}).status_code == 422
    assert client(fresh, "ben").get("/v1/density").json()["bins"] == []


def test_densities_and_planes_of_a_place(fresh: FastAPI) -> None:
    """Only what is near it, by numbers and by name."""
    with fresh.state.access.memories.using("ana") as memory:
        for number in range(6):
            where = Pose(float(number), 0.0, frame="map")
            memory.remember(picture(f"dog{number}"), id=str(number), at=AT, place=where)
        memory.name_place("door", Pose(0.0, 0.0), "2 m")
    web = client(fresh, "ana")
    for near, ids in (
        ("5,0 in map within 1 m", "45"),
        ("door", "012"),
        ("door within 9 m", "012345"),
    ):
        bins = get(web, "/v1/density", near=near)["bins"]
        assert sum(each["count"] for each in bins) == len(ids)
        found = get(web, "/v1/plane", near=near)
        assert sorted(point["id"] for point in found["points"]) == list(ids)
    assert web.get("/v1/density", params={"near": "nowhere"}).status_code in (400, 422)


def test_the_two_directions_are_those_of_the_spread() -> None:
    """Planted: 4 along one direction, 2 along another, little elsewhere."""
    random = np.random.default_rng(1)
    axes = np.linalg.qr(random.normal(size=(64, 64)))[0][:2]
    weights = random.normal(size=(500, 2)) * [4, 2]
    vectors = (weights @ axes + random.normal(size=(500, 64)) * 0.01).astype(np.float32)
    found = principal(vectors - vectors.mean(axis=0))
    centred = weights - weights.mean(axis=0)
    for column in range(2):
        likeness = np.corrcoef(found.places[:, column], centred[:, column])[0, 1]
        assert abs(likeness) > 0.99
    assert found.explained == pytest.approx((0.8, 0.2), abs=0.05)
    for few in (0, 1):
        assert principal(vectors[:few]).places.shape == (few, 2)
    assert not principal(np.zeros((5, 64), np.float32)).places.any()


def test_like_lies_beside_like_on_the_plane(fresh: FastAPI) -> None:
    """Whatever the modality: dogs here, seas there; filters and a limit hold."""
    with fresh.state.access.memories.using("ana") as memory:
        for number in range(6):
            for words in ("dog", "sea"):
                for make in (motion, picture, sound):
                    kind = make.__name__
                    name = f"{words} {kind} {number}"
                    memory.remember(make(f"{words} {words}*9 w{number}"), id=name, tags=[kind])
        few = plane_of(memory, limit=10)
    web = client(fresh, "ana")
    plane = get(web, "/v1/plane")
    assert (len(plane["points"]), plane["sampled"]) == (36, False)
    places = {p["id"]: np.array([p["x"], p["y"]]) for p in plane["points"]}
    dogs = np.stack([place for name, place in places.items() if "dog" in name])
    seas = np.stack([place for name, place in places.items() if "sea" in name])
    apart = np.linalg.norm(dogs.mean(axis=0) - seas.mean(axis=0))
    assert apart > 3 * max(dogs.std(axis=0).max(), seas.std(axis=0).max())
    assert {p["modality"] for p in plane["points"]} == {"imu", "image", "audio"}
    only = get(web, "/v1/plane", modality="audio")["points"]
    assert {p["modality"] for p in only} == {"audio"}
    assert (len(few.points), few.sampled) == (10, True)
    assert client(fresh, "ben").get("/v1/plane").json()["points"] == []
