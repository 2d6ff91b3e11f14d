"""`/v1/when`, `/v1/episodes` and `/v1/places`: when something was, what held, and where."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.planted import motion
from tests.support.serving import client

from sensorium.samples import FOLDER


def tell(web: TestClient, **question: Any) -> dict[str, Any]:
    answer = web.post("/v1/when", json=question)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def problem(web: TestClient, **question: Any) -> dict[str, Any]:
    answer = web.post("/v1/when", json=question)
    assert answer.status_code in (400, 422), answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def web(fresh: FastAPI) -> TestClient:
    """Ana's memory of a dog at noon and twenty past, and a cat between them."""
    with fresh.state.access.memories.using("ana") as memory:
        for minute, words in enumerate(("dog*3 one", "cat*3 two", "dog*3 three")):
            memory.remember(motion(words), id=words, text=f"minute {minute}")
        memory.update("cat*3 two", text="hour 2", history=True)
    return client(fresh, "ana")


def test_the_last_of_all_matches(web: TestClient) -> None:
    """With what matched; nothing where nothing matches surely."""
    found = tell(web, what="last", parts=[{"words": "dog"}], modalities=["imu"])
    assert found["hit"]["record"]["id"] == "dog*3 three"
    matched = {each["digest"]: each["modality"] for each in found["hit"]["record"]["media"]}
    assert matched[found["hit"]["medium"]] == "imu"
    assert tell(web, what="first", parts=[{"words": "kettle"}])["hit"] is None
    often = tell(web, what="how_often", parts=[{"words": "dog"}], by="modality", modalities=["imu"])
    assert often["occurrences"]["low"] <= 2 <= often["occurrences"]["high"]


@pytest.mark.slow
def test_a_file_names_a_moment(ana: TestClient) -> None:
    """What came after the bark: the depth map an hour later."""
    bark = (FOLDER / "sound_dog_bark.ogg").read_bytes()
    question = {"what": "after", "parts": [{"file": 0}], "limit": 1}
    answer = ana.post(
        "/v1/when", data={"ask": json.dumps(question)}, files=[("media", ("bark.ogg", bark))]
    ).json()
    assert answer["hit"]["record"]["id"] == "sound_dog_bark"
    assert [record["id"] for record in answer["records"]] == ["depth_mug"]


def test_moments_are_ids_and_times(ana: TestClient) -> None:
    """Around both; the owner's alone."""
    near = tell(ana, what="around", moment="sound_dog_bark", within="1 h")
    ids = {record["id"] for record in near["records"]}
    assert ids == {"note", "photo_dog", "sound_dog_bark", "depth_mug"}
    before = tell(ana, what="before", moment="2026-05-01T13:00:00Z", limit=1)
    assert before["records"][0]["id"] in {"photo_dog", "note"}
    assert ana.post("/v1/when", json={"what": "after", "moment": "secret"}).status_code == 404


def test_what_held_before_is_listed(web: TestClient) -> None:
    """The latest first."""
    found = tell(web, what="history", moment="cat*3 two")
    assert [record["text"] for record in found["records"]] == ["hour 2", "minute 1"]


def test_places_are_named_and_listed(web: TestClient, fresh: FastAPI) -> None:
    """By those who may write; a reader sees them."""
    home = {"name": "home", "place": {"latitude": 48.5, "longitude": 2.5}, "radius": "1 km"}
    assert web.post("/v1/places", json=home).json() == {"id": "place:home", "status": "new"}
    dock = {"name": "dock", "place": {"x": 1, "y": 2, "frame": "map"}, "radius": 3}
    assert web.post("/v1/places", json=dock).status_code == 201
    guest = client(fresh, "guest")
    places = guest.get("/v1/places").json()["places"]
    assert places["home"]["radius"] == 1000.0
    assert places["dock"]["place"]["frame"] == "map"
    assert tell(guest, what="places")["places"] == places
    assert guest.post("/v1/places", json=home).status_code == 403


def test_episodes_are_listed(ana: TestClient) -> None:
    """With their telling memories."""
    [*episodes] = ana.get("/v1/episodes", params={"order": "asc", "moments": 1}).json()["episodes"]
    assert sum(episode["records"] for episode in episodes) == 6
    assert len(episodes[0]["moments"]) == 1


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"what": "later"}, "what"),
        ({"what": "first", "by": "day"}, "by with first"),
        ({"what": "last", "parts": [{"id": "note"}]}, "with an id or a weight"),
        ({"what": "last", "parts": [{"words": "dog", "weight": 2}]}, "with an id or a weight"),
        ({"what": "how_often", "parts": [{"words": "a"}], "zone": "Mars/Base"}, "zone"),
        ({"what": "how_often", "parts": [{"words": "a"}], "zone": "../x"}, "zone"),
        ({"what": "around", "moment": "2026-05-01T13:00"}, "2026-05-01T13:00"),
    ],
)
def test_what_cannot_be_told_is_refused(
    ana: TestClient, question: dict[str, Any], words: str
) -> None:
    """As a problem that names it."""
    assert words in problem(ana, **question)["came"]


@pytest.mark.slow
def test_what_happened_in_a_row(web: TestClient) -> None:
    """Of /v1/when and /v1/recall alike; each row has what followed in it."""
    steps = [{"words": "dog"}, {"words": "cat"}]
    found = tell(web, what="sequence", parts=steps, within="30 min", modalities=["imu"])
    asked = {"sequence": steps, "within": "30 min", "modalities": ["imu"]}
    answer = web.post("/v1/recall", json=asked).json()
    for rows in (found["rows"], answer["hits"]):
        assert [row["record"]["id"] for row in rows] == ["dog*3 one"]
        assert [hit["record"]["id"] for hit in rows[0]["then"]] == ["cat*3 two"]
    wrong = {**asked, "parts": steps}
    assert "parts and a sequence" in web.post("/v1/recall", json=wrong).json()["detail"]
    resembled = {"sequence": [{"id": "x"}, *steps]}
    assert web.post("/v1/recall", json=resembled).status_code in (400, 422)
    assert web.post("/v1/recall", json={"sequence": steps[:1]}).status_code in (400, 422)


def test_of_each_episode_the_best(web: TestClient) -> None:
    """A hit tells of its episode, in which a former version is, too; no other hit is of it."""
    asked = {"parts": [{"words": "dog"}], "group": "episode"}
    hits = web.post("/v1/recall", json=asked).json()["hits"]
    assert [hit["episode"]["records"] for hit in hits] == [4]
    assert hits[0]["record"]["id"] in ("dog*3 one", "dog*3 three")
    assert web.post("/v1/recall", json={**asked, "group": "day"}).status_code in (400, 422)
