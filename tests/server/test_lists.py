"""Densities, tallies, planes, looks and labels: answers that are known beforehand."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import PIL.Image
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.planted import motion, picture, sound
from tests.support.serving import client

from sensorium.samples import FOLDER
from sensorium.server.projecting import plane_of, principal

AT = datetime(2026, 5, 1, 10, 30, tzinfo=timezone.utc)


def get(web: TestClient, path: str, **query: Any) -> dict[str, Any]:
    answer = web.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def post(web: TestClient, path: str, *names: str, **ask: Any) -> dict[str, Any]:
    """Post files of the samples, and JSON."""
    files = [("media", (name, (FOLDER / name).read_bytes())) for name in names]
    answer = web.post(path, data={"ask": json.dumps(ask)}, files=files)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


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


def test_a_tally_counts_values(ana: TestClient) -> None:
    """The most frequent first, beside how many there are."""
    found = get(ana, "/v1/tally", field="modalities")
    assert found["count"] == 6
    assert {"value": "image", "count": 1} in found["values"]
    assert ana.get("/v1/tally", params={"field": "owner"}).status_code == 422


def test_statistics_are_of_one_owner(ana: TestClient, ben: TestClient) -> None:
    """How many, and nothing of where the server keeps them."""
    assert get(ana, "/v1/stats")["records"] == 6
    found = get(ben, "/v1/stats")
    assert (found["records"], found["modalities"]) == (1, {"text": 1})
    assert found["store"].keys() == {"kind"}


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


def test_sorting_a_file_and_a_memory(ana: TestClient) -> None:
    """The bark is a dog barking; probabilities add up to one for each modality."""
    labels = ["dog barking", "rain", "a piano"]
    file = post(ana, "/v1/classify", "sound_dog_bark.ogg", labels=labels)
    memory = ana.post("/v1/classify", json={"labels": labels, "id": "sound_dog_bark"}).json()
    for found in (file, memory):
        assert found["labels"][0]["label"] == "dog barking"
        assert found["by_modality"].keys() == {"audio"}
        assert sum(each["probability"] for each in found["labels"]) == pytest.approx(1, abs=1e-5)
    wrongs: list[dict[str, Any]] = [
        {"labels": []},
        {"labels": ["a", "a"], "id": "note"},
        {"labels": ["a"]},
    ]
    for wrong in wrongs:
        assert ana.post("/v1/classify", json=wrong).status_code == 422
    theirs = {"labels": labels, "id": "secret"}
    assert ana.post("/v1/classify", json=theirs).status_code == 404


def test_looking_at_files(ana: TestClient) -> None:
    """What each would be; units that are missing come with values that fit."""
    depth = np.full((6, 6), 1500, np.uint16)
    depth[0, 0] = 1600
    written = io.BytesIO()
    PIL.Image.fromarray(depth).save(written, "PNG")
    bark = (FOLDER / "sound_dog_bark.ogg").read_bytes()
    files = [("media", ("bark.ogg", bark)), ("media", ("map.png", written.getvalue()))]
    files.append(("media", ("nothing.xyz", b"\x00\x01\x02")))
    answer = ana.post("/v1/look", files=files).json()["files"]
    assert [each["modality"] for each in answer] == ["audio", None, None]
    assert answer[0]["units_needed"] == {}
    assert "depth" in answer[1]["units_needed"]["modality"]
    assert answer[2]["error"]
    told = {"ask": json.dumps({"units": [{"modality": "depth"}]})}
    [unknown] = ana.post("/v1/look", data=told, files=files[1:2]).json()["files"]
    assert "mm" in unknown["units_needed"]["unit"]
    told = {"ask": json.dumps({"units": [{"modality": "depth", "unit": "mm", "fx": 525}]})}
    [known] = ana.post("/v1/look", data=told, files=files[1:2]).json()["files"]
    assert (known["modality"], known["error"], known["units_needed"]) == ("depth", None, {})
    assert ana.post("/v1/look", json={}).status_code == 422
    walk = (FOLDER / "imu_walking.npz").read_bytes()
    [walked] = ana.post("/v1/look", files=[("media", ("walk.npz", walk))]).json()["files"]
    assert walked["modality"] == "imu"
    assert {"accel", "gyro"} <= walked["units_needed"].keys()
    assert "sensorium-upload" not in json.dumps(answer)
