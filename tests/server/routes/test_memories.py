"""`/v1/memories`: what is sent is kept, read, changed and removed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.mcp_asking import base64_of, motion, png
from tests.support.serving import client

from sensorium.samples import FOLDER

Files = list[tuple[str, tuple[str, bytes]]]


@pytest.fixture
def own(fresh: FastAPI) -> TestClient:
    return client(fresh, "ana")


def depth_map() -> bytes:
    """16 bits: 1000 mm, but 2500 mm at row 3, column 5, and a hole at row 0, column 0."""
    values = np.full((8, 10), 1000, np.uint16)
    values[3, 5], values[0, 0] = 2500, 0
    file = io.BytesIO()
    PIL.Image.fromarray(values).save(file, "PNG")
    return file.getvalue()


def send(web: TestClient, files: Files, status: int = 201, **about: Any) -> dict[str, Any]:
    query = {"together": about.pop("together")} if "together" in about else {}
    data = {"about": json.dumps(about)} if about else {}
    answer = web.post("/v1/memories", params=query, data=data, files=files)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def add(web: TestClient, **about: Any) -> str:
    answer = web.post("/v1/memories", json=about)
    assert answer.status_code == 201, answer.text
    name: str = answer.json()["records"][0]["id"]
    return name


def test_json_is_remembered(own: TestClient) -> None:
    """Text, a file as base64, and samples, with all that is known of them."""
    name = add(
        own,
        text="at the sea",
        at="2026-05-01T12:00:00+02:00",
        tags=["a"],
        source="phone",
        metadata={"room": "x"},
        id="my/id",
        ttl="30d",
        media=[{"data": base64_of(png("dog"))}, motion("running")],
    )
    assert name == "my/id"
    record = own.get("/v1/memories/my%2Fid").json()
    assert record["at"] == "2026-05-01T10:00:00Z"
    assert (record["text"], record["tags"], record["source"]) == ("at the sea", ["a"], "phone")
    assert record["metadata"] == {"room": "x"}
    assert record["modalities"] == ["image", "imu", "text"]
    assert record["expires_at"] is not None


def test_files_are_remembered_with_their_units(own: TestClient) -> None:
    """One memory of all, with the names of the files; nothing of the server's paths."""
    bark = (FOLDER / "sound_dog_bark.ogg").read_bytes()
    units = [{"modality": "depth", "unit": "mm", "fx": 525}, None]
    files: Files = [("media", ("mug depth.png", depth_map())), ("media", ("bark.ogg", bark))]
    [kept] = send(own, files, units=units, text="two")["records"]
    record = own.get(f"/v1/memories/{kept['id']}").json()
    assert record["modalities"] == ["audio", "depth", "text"]
    assert {medium["uri"] for medium in record["media"]} == {None, "mug%20depth.png", "bark.ogg"}
    assert "/tmp" not in json.dumps(record)
    assert own.post("/v1/memories", json={"text": "two"}).json()["records"][0]["status"] == "new"


def test_a_document_is_as_many_memories_as_it_has_parts(own: TestClient) -> None:
    """A chat is its messages, each of its own time, whose origin is the file's name."""
    lines = ["[01.05.26, 10:00:00] Ana: dog", "[01.05.26, 10:05:00] Ben: sea", ""]
    chat = "\n".join(lines * 1).encode()
    file: Files = [("media", ("_chat.txt", chat))]
    page: Files = [("media", ("page.html", b"<html><body><p>the dog</p></body></html>"))]
    for files, words in ((page, {"dog"}), (file, {"dog", "sea"})):
        send(own, files)
        listed = own.get("/v1/memories").json()["records"]
        said = " ".join(record["text"] for record in listed)
        assert words <= set(said.replace(":", " ").split())
        assert "/tmp" not in json.dumps(listed)
        [seen] = own.post("/v1/look", files=files).json()["files"]
        assert (seen["modality"], seen["error"]) == ("text", None)


def test_each_file_is_a_memory_if_that_is_said(own: TestClient) -> None:
    """What fails is told by its place, and keeps nobody else from being remembered."""
    files: Files = [
        ("media", ("a.png", png("a"))),
        ("media", ("broken.png", b"\x89PNG\r\n\x1a\n" + b"x" * 50)),
        ("media", ("depth.png", depth_map())),
        ("media", ("b.png", png("b"))),
    ]
    answer = send(own, files, together=False, tags=["both"])
    assert [each["status"] for each in answer["records"]] == ["new", "new"]
    assert [each["media"] for each in answer["failed"]] == [1, 2]
    assert "broken.png" in answer["failed"][0]["error"]
    assert "unit" in answer["failed"][1]["error"]
    assert "sensorium-upload" not in json.dumps(answer)
    assert own.get("/v1/tally", params={"field": "tags"}).json()["values"] == [
        {"value": "both", "count": 2}
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "about", "status", "named"),
    [
        ([], {}, 422, "nothing to remember"),
        ([("media", ("a.png", b""))], {}, 422, "length 0"),
        ([("media", ("a.png", png("a")[:40]))], {}, 422, "a.png"),
        ([("media", ("a.png", depth_map()))], {}, 422, "(depth, thermal, imu or image)"),
        ([("media", ("a.png", depth_map()))], {"units": [{"modality": "depth"}]}, 422, "unit"),
        (
            [("media", ("a.png", depth_map()))],
            {"units": [{"modality": "depth", "unit": "furlong", "fx": 1}]},
            422,
            "furlong",
        ),
        ([("media", ("a.png", png("a")))], {"units": [None, None]}, 422, "units of 2 files"),
        ([("media", ("a.png", png("a")))], {"colour": 1}, 422, "colour"),
        ([("media", ("a.png", png("a")))], {"media": [{"path": "/etc/passwd"}]}, 422, "media[0]"),
        ([("film", ("a.png", png("a")))], {}, 422, "film"),
        ([], {"text": "a" * 200_001}, 422, "characters"),
        ([], {"text": "a", "at": "noon"}, 422, "at"),
        ([], {"text": "a", "metadata": {"a": float("nan")}}, 422, "metadata"),
        ([], {"text": "a", "ttl": "-1d"}, 422, "ttl"),
        ([], {"media": [{"samples": [[1, 2, 3]]}]}, 422, "samples"),
        ([], {"media": [{**motion("x"), "units": {"accel": "m/s^2"}}]}, 422, "gyro"),
    ],
)
def test_what_cannot_be_remembered_is_refused(
    own: TestClient, files: Files, about: dict[str, Any], status: int, named: str
) -> None:
    """With a problem that says what to do, and no path of the server."""
    if files:
        problem = send(own, files, status, **about)
    else:
        content = json.dumps(about)
        headers = {"Content-Type": "application/json"}
        answer = own.post("/v1/memories", content=content, headers=headers)
        assert answer.status_code == status, answer.text
        problem = answer.json()
    assert named in problem["detail"] + problem["remedy"], problem
    assert problem["remedy"]
    assert "sensorium-upload" not in json.dumps(problem)


def test_a_body_of_another_kind_is_refused(own: TestClient) -> None:
    """415 for what is neither JSON nor a form; 422 for a form that is broken or cut off."""
    text = {"Content-Type": "text/plain"}
    assert own.post("/v1/memories", content=b"hello", headers=text).status_code == 415
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    whole = b'--x\r\nContent-Disposition: form-data; name="media"; filename="a"\r\n\r\nabc\r\n--x--'
    for broken in (b"", b"nonsense", whole[:40], whole[:70], whole.replace(b"--x\r", b"--y\r")):
        answer = own.post("/v1/memories", content=broken, headers=form)
        assert answer.status_code == 422, (broken, answer.text)
    long = {"Content-Type": f"multipart/form-data; boundary={'x' * 2000}"}
    assert own.post("/v1/memories", content=whole, headers=long).status_code == 422


def test_uploads_leave_nothing_behind(
    own: TestClient, fresh: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether they are kept, refused or cut off."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    send(own, [("media", ("a.png", png("a")))])
    send(own, [("media", ("a.png", b"x"))], 422)
    send(own, [("media", ("a.png", b"x")), ("other", ("b", b"y"))], 422)
    assert [each for each in tmp_path.iterdir() if each.name.startswith("sensorium-upload")] == []


def test_a_call_that_is_sent_twice_is_done_once(own: TestClient) -> None:
    """The same key and body give the first answer; another body is refused; owners are apart."""
    key = {"Idempotency-Key": "k1"}
    first = own.post("/v1/memories", json={"text": "once"}, headers=key)
    again = own.post("/v1/memories", json={"text": "once"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["records"][0]["status"] == "new"
    other = own.post("/v1/memories", json={"text": "twice"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "ConflictError")
    files, key = [("media", ("a.png", png("a")))], {"Idempotency-Key": "k2"}
    answers = [own.post("/v1/memories", files=files, headers=key).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert own.post("/v1/memories", json={"text": "x"}, headers={"Idempotency-Key": ""}).is_error


def test_progress_comes_before_the_answer(own: TestClient) -> None:
    """Server-sent events: progress, and then the answer, or the problem."""
    accept = {"Accept": "text/event-stream"}
    files: Files = [("media", (f"{i}.png", png(str(i)))) for i in range(3)]
    told = own.post("/v1/memories", files=files, headers=accept).text
    kinds = [line[7:] for line in told.splitlines() if line.startswith("event: ")]
    assert set(kinds[:-1]) == {"progress"}
    assert kinds[-1] == "answer"
    last = json.loads(told.rpartition("data: ")[2])
    assert last["records"][0]["status"] == "new"
    broken = [("media", ("a.png", b"\x89PNG"))]
    refused = own.post("/v1/memories", files=broken, headers=accept).text
    assert "event: problem" in refused
    assert json.loads(refused.rpartition("data: ")[2])["status"] == 422


def test_changing(own: TestClient) -> None:
    """What is left out stays; media join; an empty list removes tags."""
    add(own, text="old", tags=["a"], id="x y", metadata={"n": 1})
    changed = own.patch("/v1/memories/x%20y", json={"text": "new"}).json()
    assert (changed["text"], changed["tags"], changed["metadata"]) == ("new", ["a"], {"n": 1})
    assert own.patch("/v1/memories/x%20y", json={"tags": []}).json()["tags"] == []
    joined = own.patch(
        "/v1/memories/x%20y", files=[("media", ("a.png", png("a")))], data={"about": "{}"}
    ).json()
    assert joined["modalities"] == ["image", "text"]
    nothing = own.patch("/v1/memories/x%20y", json={})
    assert nothing.status_code == 422
    named = {"text", "media", "tags", "source", "metadata", "ttl", "at", "expires_at", "place"}
    assert named <= set(nothing.json()["needed"].replace(",", " ").split())
    moved = own.patch("/v1/memories/x%20y", json={"at": "2020-02-03T04:05:06+01:00"}).json()
    assert (moved["at"], moved["until"]) == ("2020-02-03T03:05:06Z", "2020-02-03T03:05:06Z")
    assert own.patch("/v1/memories/nobody", json={"text": "a"}).status_code == 404


def test_pages(own: TestClient) -> None:
    """In order of time, either way, each record once; a cursor of another list is refused."""
    for hour in range(5):
        add(own, text=f"{hour}", at=f"2026-05-01T0{hour}:00:00Z", tags=["odd"][: hour % 2])
    assert _texts(own, limit=2) == ["4", "3", "2", "1", "0"]
    assert _texts(own, limit=2, order="asc") == ["0", "1", "2", "3", "4"]
    assert _texts(own, tag="odd") == ["3", "1"]
    assert _texts(own, since="2026-05-01T03:00:00Z") == ["4", "3"]
    assert own.get("/v1/memories", params={"cursor": "nonsense"}).status_code == 422
    assert own.get("/v1/memories", params={"limit": 0}).status_code == 422
    assert own.get("/v1/memories", params={"where": "{"}).status_code == 422
    assert own.get("/v1/memories", params={"where": '{"n": [1]}'}).json()["records"] == []
    assert own.get("/v1/timeline", params={"limit": 1}).json()["records"][0]["text"] == "4"


def _texts(web: TestClient, **query: Any) -> list[str]:
    return [record["text"] for record in _listed(web, query)]


def _listed(web: TestClient, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        sent = {**query, **({"cursor": cursor} if cursor else {})}
        page = web.get("/v1/memories", params=sent).json()
        yield from page["records"]
        cursor = page["cursor"]
        if not cursor:
            return


def test_forgetting_one(own: TestClient) -> None:
    """Its media alone, or all of it; what is not there is 404."""
    add(own, text="a", id="a", media=[{"data": base64_of(png("a"))}])
    first = own.delete("/v1/memories/a", params={"media_only": True}).json()
    assert (first["removed"], "words" in first["kept"]) == (1, True)
    assert all(each["file"] is None for each in own.get("/v1/memories/a").json()["media"])
    assert own.delete("/v1/memories/a").json() == {
        **{"removed": 1, "kept": ""},
        **{"done": [], "not_promised": []},
    }
    assert own.delete("/v1/memories/a").status_code == 404


def test_forgetting_many(own: TestClient) -> None:
    """First what it would be, then so; never all without saying so."""
    for number in range(3):
        add(own, text=f"{number}", id=f"{number}", tags=["even"][: 1 - number % 2])
    wish = {"filters": {"tags": ["even"]}, "dry_run": True}
    would = own.post("/v1/forget", json=wish).json()
    assert (would["would_remove"], len(would["records"])) == (2, 2)
    both = own.post("/v1/forget", json={**wish, "ids": ["0", "1"]}).json()
    assert [record["id"] for record in both["records"]] == ["0"]
    wishes: list[dict[str, Any]] = [
        {},
        {"ids": []},
        {"filters": {}},
        {"ids": ["0"], "everything": True},
    ]
    for nothing in wishes:
        assert own.post("/v1/forget", json=nothing).status_code == 422
    for times in ({"until": "2099-01-01T00:00:00Z"}, {"since": "1970-01-02T00:00:00Z"}):
        for dry in (True, False):
            answer = own.post("/v1/forget", json={"filters": times, "dry_run": dry})
            assert answer.status_code == 422, answer.text
            assert "everything" in answer.json()["remedy"]
    assert len(own.get("/v1/memories").json()["records"]) == 3
    assert own.post("/v1/forget", json={"filters": {"tags": ["even"]}}).json()["removed"] == 2
    assert own.post("/v1/forget", json={"everything": True}).json()["removed"] == 1


def test_only_ones_own(fresh: FastAPI, own: TestClient) -> None:
    """Nobody reads, changes or forgets another's memory by its id; a cursor is of its owner."""
    for number in range(3):
        add(own, text=f"{number}", id=f"{number}")
    ben, guest = client(fresh, "ben"), client(fresh, "guest")
    assert ben.get("/v1/memories").json() == {"records": [], "cursor": None}
    assert ben.patch("/v1/memories/1", json={"text": "mine"}).status_code == 404
    assert ben.delete("/v1/memories/1").status_code == 404
    assert ben.post("/v1/forget", json={"ids": ["1"]}).json()["removed"] == 0
    assert ben.post("/v1/forget", json={"everything": True}).json()["removed"] == 0
    cursor = own.get("/v1/memories", params={"limit": 1}).json()["cursor"]
    stolen = ben.get("/v1/memories", params={"cursor": cursor})
    assert stolen.is_error or stolen.json()["records"] == []
    assert guest.post("/v1/memories", json={"text": "a"}).status_code == 403
    assert guest.delete("/v1/memories/1").status_code == 403
    assert own.get("/v1/memories/1").json()["text"] == "1"
