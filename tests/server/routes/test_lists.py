"""Tallies, looks and labels: answers that are known beforehand."""

from __future__ import annotations

import io
import json
from datetime import datetime, timezone
from typing import Any

import numpy as np
import PIL.Image
import pytest
from starlette.testclient import TestClient
from tests.support.serving import get

from sensorium.samples import FOLDER

AT = datetime(2026, 5, 1, 10, 30, tzinfo=timezone.utc)


def post(web: TestClient, path: str, *names: str, **ask: Any) -> dict[str, Any]:
    """Post files of the samples, and JSON."""
    files = [("media", (name, (FOLDER / name).read_bytes())) for name in names]
    answer = web.post(path, data={"ask": json.dumps(ask)}, files=files)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


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
