"""The parts that every request goes through: who is let in, and what it reaches."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.serving import client

from sensorium.memory import Memory
from sensorium.server.answers import models


def test_health_tells_everybody_and_nothing_more(nobody: TestClient) -> None:
    """Whether the server runs."""
    answer = nobody.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_record_is_what_the_memory_has(ana: TestClient, memory: Memory) -> None:
    """Every field of `to_dict` comes through, whichever modality it is of."""
    for record in memory.timeline(limit=10):
        answer = ana.get(f"/v1/memories/{record.id}")
        assert answer.status_code == 200, answer.text
        assert models.Record(**answer.json()) == models.Record(**record.to_dict())
        assert answer.json().keys() == record.to_dict().keys()


def test_ids_are_any_text(fresh: FastAPI) -> None:
    """Slashes, dots, signs of the query and letters of any script reach the record."""
    memory = fresh.state.access.memories
    with memory.using("ana") as one:
        for name in ("a/b", "../x", "100%", "a?b#c", "ä 猫", "a//b", "x/"):
            one.remember(text=name, id=name)
            answer = client(fresh, "ana").get(f"/v1/memories/{percent_encoded(name)}")
            assert (answer.status_code, answer.json().get("text")) == (200, name), name


def percent_encoded(id: str) -> str:
    return "".join(f"%{byte:02X}" for byte in id.encode())


def test_a_token_reaches_its_owner_alone(ana: TestClient, ben: TestClient) -> None:
    """Another's record is not there: the answer is that of an id that nobody has."""
    assert ben.get("/v1/memories/secret").json()["text"] == "Ben's secret"
    theirs, nobodys = ana.get("/v1/memories/secret"), ana.get("/v1/memories/nosuch")
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.text.replace("secret", "nosuch") == nobodys.text


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer sns_wrong_0123456789abcdef", "Basic YTpi", "Bearer ü"],
)
def test_without_a_token_nothing_is_told(nobody: TestClient, header: str | None) -> None:
    """401, and the scheme that is needed."""
    sent = {} if header is None else {b"Authorization": header.encode()}
    answer = nobody.get("/v1/memories/note", headers=sent)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "UnauthorizedError"


def test_rights_are_needed(app: FastAPI) -> None:
    """Who may only write cannot read, and is told the right that is missing."""
    answer = client(app, "pen").get("/v1/memories/note")
    assert (answer.status_code, answer.json()["code"]) == (403, "ForbiddenError")
    assert "the right read" in answer.json()["needed"]


def test_the_session_says_who_asks(ana: TestClient, guest: TestClient) -> None:
    """Owner, rights, and what the memory can do."""
    answer = ana.get("/v1/session").json()
    assert (answer["owner"], answer["rights"]) == ("ana", ["forget", "read", "write"])
    assert "thermal" in answer["modalities"]
    assert guest.get("/v1/session").json()["rights"] == ["read"]
