"""What is said of a file is checked before anything reads the file, whatever kind it is of."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from tests.support.mcp_asking import png
from tests.support.serving import client, tokens

from sensorium.agents.limits import MEDIA_LIMITS, ServerLimits
from sensorium.memory import Memory
from sensorium.server import build_app
from sensorium.server.options import ServerOptions

PAGE = ("page.html", b"<html><body><p>the dog</p></body></html>")
CHAT = ("_chat.txt", b"[01.05.26, 10:00:00] Ana: dog\n[01.05.26, 10:05:00] Ben: sea\n")
PICTURE = ("a.png", png("a"))
WRONG: list[dict[str, Any]] = [
    {"roots": ["/"]},
    {"path": "/etc/passwd"},
    {"limits": 5},
    {"progress": 5},
    {"with_": ["/etc/passwd"]},
    {"encoding": ["utf-8"]},
    {"encoding": 5},
    {"date_order": []},
    {"pages": {}},
    {"colour": 1},
    {"at": 5.5e300},
    {"at": "noon"},
    {"at": ["2026-05-01T10:00:00Z"]},
    {"modality": ["image"]},
    {"modality": {"image": 1}},
    {"modality": "smell"},
    {"uri": 5},
]


@pytest.mark.parametrize("file", [PAGE, CHAT, PICTURE], ids=lambda file: file[0])
def test_wrong_fields_are_refused(fresh: FastAPI, file: tuple[str, bytes]) -> None:
    """With what to do, whether the file is one signal or many; the server has no fault in it."""
    web = client(fresh, "ana")
    for said in WRONG:
        data = {"about": json.dumps({"units": [said]})}
        answer = web.post("/v1/memories", files=[("media", file)], data=data)
        assert answer.status_code == 422, (said, answer.text)
        assert answer.json()["remedy"]
        looked = web.post(
            "/v1/look", files=[("media", file)], data={"ask": json.dumps({"units": [said]})}
        )
        told = looked.json()
        assert looked.status_code == 422 or told["files"][0]["error"], (said, looked.text)


@pytest.mark.parametrize(
    "units",
    [
        {"modality": "depth", "unit": ["mm"], "fx": 525},
        {"modality": "depth", "unit": "mm", "fx": {}},
        {"modality": "depth", "unit": "mm", "fx": [525]},
        {"modality": "thermal", "unit": {"a": 1}},
        {"modality": "thermal", "unit": "celsius", "span": 5},
        {"modality": "thermal", "unit": "celsius", "invalid": {"a": "b"}},
        {"modality": "imu", "accel": [], "gyro": {}, "rate": "x"},
        {"modality": "imu", "columns": 5, "accel": "g", "gyro": "deg/s"},
        {"modality": "imu", "with_": ["/etc/passwd"], "accel": "g", "gyro": "deg/s"},
        {"modality": "audio", "track": [1]},
        {"modality": "video", "track": "first"},
        {"modality": "image", "trust": []},
    ],
    ids=json.dumps,
)
def test_units_of_another_type_are_refused(app: FastAPI, units: dict[str, Any]) -> None:
    """Units are checked where they are used: none of them reaches the server as a fault."""
    data = {"ask": json.dumps({"units": [units]})}
    looked = client(app, "ana").post("/v1/look", files=[("media", PICTURE)], data=data)
    assert looked.status_code == 422 or looked.json()["files"][0]["error"], looked.text


@pytest.mark.parametrize(
    ("path", "about"),
    [
        ("/v1/recall", {"parts": [{"file": 0, "units": {"modality": ["image"]}}]}),
        ("/v1/recall", {"parts": [{"file": 0, "units": {"at": "noon"}}]}),
        ("/v1/classify", {"labels": ["a", "b"], "units": {"modality": ["image"]}}),
    ],
)
def test_questions_have_the_same_fields(fresh: FastAPI, path: str, about: dict[str, Any]) -> None:
    """As memories have them."""
    data = {"ask": json.dumps(about)}
    answer = client(fresh, "ana").post(path, files=[("media", PICTURE)], data=data)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("file", [PAGE, CHAT], ids=lambda file: file[0])
def test_a_document_has_the_time_that_is_said(fresh: FastAPI, file: tuple[str, bytes]) -> None:
    """`at` is a time, also of a file of many parts; so is its origin."""
    said = {"at": "2020-02-03T04:05:06+01:00", "uri": "https://example.com/it"}
    web = client(fresh, "ana")
    data = {"about": json.dumps({"units": [said]})}
    answer = web.post("/v1/memories", files=[("media", file)], data=data)
    assert answer.status_code == 201, answer.text
    listed = web.get("/v1/memories").json()["records"]
    assert {record["at"] for record in listed} == {"2020-02-03T03:05:06Z"}
    uris = [medium["uri"] for record in listed for medium in record["media"]]
    assert all(uri.startswith("https://example.com/it") for uri in uris)


def test_a_document_has_the_limits_of_the_server() -> None:
    """A text within a document is no longer than one that is sent alone may be."""
    limits = ServerLimits(media=replace(MEDIA_LIMITS, max_bytes=100))
    with Memory.open(":memory:", owner="ana") as memory:
        app = build_app(memory, tokens=tokens(), options=ServerOptions(limits=limits))
        with client(app):
            file = ("page.html", b"<html><body><p>" + b"the dog " * 50 + b"</p></body></html>")
            answer = client(app, "ana").post("/v1/memories", files=[("media", file)])
    assert answer.status_code in (413, 422), answer.text
    assert "100" in answer.json()["detail"]
