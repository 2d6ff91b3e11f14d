"""`/v1/recall`: a question of words, files and memories."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.mcp_asking import base64_of, png
from tests.support.planted import PLANTED, motion, sound
from tests.support.serving import client

from sensorium.samples import FOLDER


def ask(web: TestClient, **question: Any) -> dict[str, Any]:
    answer = web.post("/v1/recall", json=question)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def found_ids(web: TestClient, **question: Any) -> list[str]:
    return [hit["record"]["id"] for hit in ask(web, **question)["hits"]]


@pytest.fixture
def planted(fresh: FastAPI) -> TestClient:
    """Ana's memory of what she planted."""
    with fresh.state.access.memories.using("ana") as memory:
        for words in ("dog", "dog sea", "cat", "sea"):
            memory.remember(motion(words), id=words)
        memory.remember(sound("cow|dog"), id="a bark after a second")
    return client(fresh, "ana")


@pytest.mark.slow
def test_words_find_a_sound(ana: TestClient) -> None:
    """The bark sample and the photo answer "dog barking", with what matched."""
    hits = ask(ana, parts=[{"words": "dog barking"}], modalities=["audio"])["hits"]
    assert hits[0]["record"]["id"] == "sound_dog_bark"
    assert hits[0]["medium"] == hits[0]["record"]["media"][0]["digest"]
    assert hits[0]["certainty"] in {"sure", "uncertain", "probably unrelated"}


def test_a_file_is_a_question(ana: TestClient) -> None:
    """The bark, uploaded, finds the dog; the part of the form says which file."""
    bark = (FOLDER / "sound_dog_bark.ogg").read_bytes()
    question = {"parts": [{"file": 0}], "modalities": ["image"], "limit": 1}
    answer = ana.post(
        "/v1/recall", data={"ask": json.dumps(question)}, files=[("media", ("bark.ogg", bark))]
    )
    assert [hit["record"]["id"] for hit in answer.json()["hits"]] == ["photo_dog"]


def test_parts_are_added_and_weighed(planted: TestClient) -> None:
    """Words, signals and memories add up; a negative weight takes away."""
    dog, sea = {"words": "dog"}, {"words": "sea"}
    like = {"id": "cat"}
    shown = {"signal": {"data": base64_of(png("sea")), "uri": PLANTED + "sea"}}
    assert found_ids(planted, parts=[dog, sea], limit=1) == ["dog sea"]
    assert found_ids(planted, parts=[dog, shown], limit=1) == ["dog sea"]
    assert found_ids(planted, parts=[{"id": "dog sea"}, {**dog, "weight": -1}], limit=1) == ["sea"]
    assert found_ids(planted, parts=[like, {"words": "cat"}], limit=1) == ["cat"]
    assert "cat" not in found_ids(planted, parts=[like], limit=50)  # itself resembles itself


def test_the_stretch_that_matched_is_told(planted: TestClient) -> None:
    """Of a sound its second, of which the medium is named."""
    [hit] = ask(planted, parts=[{"words": "dog"}], modalities=["audio"], limit=1)["hits"]
    assert hit["span"] == [1.0, 2.0]
    assert hit["medium"] == hit["record"]["media"][0]["digest"]


def test_filters_and_confidence_restrict(planted: TestClient) -> None:
    """As everywhere: tags, metadata, times; and what may be coincidence is left out."""
    assert found_ids(planted, parts=[{"words": "dog"}], tags=["none"]) == []
    assert found_ids(planted, parts=[{"words": "zebra"}], min_confidence=0.5) == []
    assert found_ids(planted, parts=[{"words": "dog"}], until="2001-01-01T00:00:00Z") == []


def test_similar_memories(planted: TestClient) -> None:
    """The neighbours of a memory, without itself; an id is any text."""
    answer = planted.get("/v1/similar/dog%20sea", params={"limit": 2})
    assert {hit["record"]["id"] for hit in answer.json()["hits"]} == {"dog", "sea"}
    assert planted.get("/v1/similar/nobody").status_code == 404


@pytest.mark.slow
def test_notes_come_with_the_answer(ana: TestClient) -> None:
    """A question in a language that the encoder has not learnt, and times that were read."""
    [note] = ask(ana, parts=[{"words": "var är mina nycklar"}])["notes"]
    assert "Swedish" in note
    notes = ask(ana, parts=[{"words": "a dog in May 2026"}])["notes"]
    assert any("in May 2026" in note for note in notes)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ({}, "question"),
        ({"parts": []}, "question"),
        ({"parts": [{}]}, "parts[0]"),
        ({"parts": [{"words": "a", "id": "b"}]}, "parts[0]"),
        ({"parts": [{"words": " "}]}, "blank"),
        ({"parts": [{"words": "a" * 200_001}]}, "characters"),
        ({"parts": [{"words": "a", "weight": 1e9}]}, "weight"),
        ({"parts": [{"file": 0}]}, "file"),
        ({"parts": [{"words": "a"}], "limit": 0}, "limit"),
        ({"parts": [{"words": "a"}], "modalities": ["smell"]}, "modalities"),
        ({"parts": [{"words": "a"}], "since": "yesterday"}, "since"),
        ({"parts": [{"words": "a"}], "where": {"room": {"a": 1}}}, "where"),
        ({"parts": [{"words": "a"}], "colour": "red"}, "colour"),
        ({"parts": [{"signal": {"path": "/etc/passwd"}}]}, "signal"),
        ({"parts": [{"signal": {"data": "!"}}]}, "signal"),
    ],
)
def test_bad_questions_are_refused(ana: TestClient, question: dict[str, Any], named: str) -> None:
    """422 with what came, what was needed and what to do."""
    answer = ana.post("/v1/recall", json=question)
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert named in problem["detail"], problem
    assert problem["remedy"]
    assert len(answer.text) < 3000


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"parts": [{"words": "\\ud800"}]}'])
def test_what_is_no_question_is_refused(ana: TestClient, body: bytes) -> None:
    """Empty, broken, of another kind."""
    answer = ana.post("/v1/recall", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text


def test_another_owner_is_no_answer_and_no_question(ana: TestClient, ben: TestClient) -> None:
    """Neither found, nor resembled, nor part of a sum."""
    assert found_ids(ben, parts=[{"words": "dog"}], limit=50) == ["secret"]
    for parts in ([{"id": "secret"}], [{"id": "secret"}, {"words": "dog"}]):
        assert ana.post("/v1/recall", json={"parts": parts}).status_code == 404
    assert ana.get("/v1/similar/secret").status_code == 404
