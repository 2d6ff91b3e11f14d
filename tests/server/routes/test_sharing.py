"""`/v1/shares`, and what a reader sees of what is shared at every other address."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.planted import picture, sound
from tests.support.serving import client, get

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
SHARE = {"with": "ben", "tags": ["family"]}


@pytest.fixture
def webs(fresh: FastAPI) -> dict[str, TestClient]:
    """Ana has a dog that is of the family, and a secret; Ben a note of his own."""
    with fresh.state.access.memories.using("ana") as ana:
        ana.remember(picture("dog"), text="dog", id="dog", tags=["family"], at=NOON)
        ana.remember(sound("bark|bark"), id="bark", tags=["family"], at=NOON)
        ana.remember(picture("secret"), text="secret", id="secret", at=NOON)
    with fresh.state.access.memories.using("ben") as ben:
        ben.remember(text="note", id="dog", at=NOON)
    return {name: client(fresh, name) for name in ("ana", "ben", "guest", "giver", "taker")}


def texts(web: TestClient) -> list[str]:
    return sorted(record["text"] for record in get(web, "/v1/memories")["records"])


def shared_record(web: TestClient, text: str = "dog") -> dict[str, Any]:
    records: list[dict[str, Any]] = get(web, "/v1/memories")["records"]
    return next(each for each in records if each["text"] == text and each["shared"])


def test_only_a_token_that_may_share_does(webs: dict[str, TestClient]) -> None:
    """Not one that may write and forget; nor one that only reads."""
    for name in ("ana", "guest", "ben"):
        for answer in (
            webs[name].post("/v1/shares", json=SHARE),
            webs[name].delete("/v1/shares", params={"everything": True}),
        ):
            assert answer.status_code == 403, answer.text
            assert "share" in answer.json()["needed"]
    made = webs["giver"].post("/v1/shares", json=SHARE)
    assert made.status_code == 201, made.text
    assert {key: made.json()[key] for key in ("owner", "with", "tags", "rights")} == {
        "owner": "ana",
        "with": "ben",
        "tags": ["family"],
        "rights": "read",
    }
    # Who may read sees who else reads, on both sides
    for name in ("ana", "guest", "ben"):
        assert get(webs[name], "/v1/shares")["shares"] == [made.json()]


def test_what_is_shared_is_read_at_every_address(webs: dict[str, TestClient]) -> None:
    """Lists, questions, counts, times and single memories; the secret at none of them."""
    ben = webs["ben"]
    assert texts(ben) == ["note"]
    webs["giver"].post("/v1/shares", json=SHARE)
    assert texts(ben) == ["", "dog", "note"]
    record = shared_record(ben)
    assert (record["owner"], record["tags"]) == ("ana", ["family"])
    one = get(ben, f"/v1/memories/{quote(record['id'])}")
    assert one == record
    hits = ben.post("/v1/recall", json={"parts": [{"words": "dog"}]}).json()["hits"]
    assert {hit["record"]["owner"] for hit in hits} == {"ana", "ben"}
    like = ben.post("/v1/recall", json={"parts": [{"id": record["id"]}]})
    assert like.status_code == 200, like.text
    told = ben.post("/v1/when", json={"what": "last", "parts": [{"words": "bark"}]})
    assert told.json()["hit"]["record"]["shared"] is True
    everything = [
        *(ben.get(path).text for path in ("/v1/memories", "/v1/timeline", "/v1/density")),
        ben.get("/v1/plane").text,
        ben.post("/v1/recall", json={"parts": [{"words": "secret"}], "keywords": "secret"}).text,
    ]
    assert not any('secret"' in answer for answer in everything)


def test_who_reads_changes_nothing(webs: dict[str, TestClient]) -> None:
    """Not by its id, not by conditions, not by everything."""
    webs["giver"].post("/v1/shares", json=SHARE)
    taker, name = webs["taker"], shared_record(webs["ben"])["id"]
    assert taker.patch(f"/v1/memories/{name}", json={"tags": ["mine"]}).status_code == 404
    assert taker.delete(f"/v1/memories/{name}").status_code in (200, 404)
    for wish in ({"ids": [name]}, {"filters": {"tags": ["family"]}}, {"everything": True}):
        would = taker.post("/v1/forget", json={**wish, "dry_run": True}).json()
        assert not any(each["shared"] for each in would["records"])
        assert would["would_remove"] == int("everything" in wish)
        taker.post("/v1/forget", json=wish)
    assert texts(webs["ana"]) == ["", "dog", "secret"]
    assert get(webs["ana"], "/v1/memories/dog")["tags"] == ["family"]


def test_media_are_read_while_they_are_shared(webs: dict[str, TestClient]) -> None:
    """Files, previews and drawings; clients keep them no longer than they may ask for them."""
    ben = webs["ben"]
    records: list[dict[str, Any]] = get(webs["ana"], "/v1/memories")["records"]
    media = {
        (record["id"], medium["modality"]): medium["digest"]
        for record in records
        for medium in record["media"]
        if medium["file"]
    }
    paths = [
        f"/v1/media/{media['dog', 'image']}",
        f"/v1/previews/{media['dog', 'image']}",
        f"/v1/signals/{media['bark', 'audio']}",
    ]
    secret = f"/v1/media/{media['secret', 'image']}"
    assert [ben.get(path).status_code for path in (*paths, secret)] == [404] * 4
    webs["giver"].post("/v1/shares", json=SHARE)
    for path in paths:
        answer, own = ben.get(path), webs["ana"].get(path)
        assert (answer.status_code, answer.content) == (200, own.content)
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert "immutable" in own.headers["Cache-Control"]
        again = ben.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
    assert ben.get(secret).status_code == 404
    webs["giver"].delete("/v1/shares", params={"with": "ben"})
    for path in paths:
        assert ben.get(path).status_code == 404
        assert ben.get(path, headers={"If-None-Match": "*"}).status_code == 404


def test_the_end_of_a_share(webs: dict[str, TestClient]) -> None:
    """By whom, of which tags, by whoever gave or got it; what remains, remains."""
    giver, taker = webs["giver"], webs["taker"]
    giver.post("/v1/shares", json=SHARE)
    giver.post("/v1/shares", json={"with": "ben", "everything": True})
    assert len(texts(webs["ben"])) == 4
    assert giver.delete("/v1/shares", params={"tag": ["other"]}).json() == {"ended": 0}
    assert giver.delete("/v1/shares").status_code == 422
    assert giver.delete("/v1/shares", params={"with": "ben", "tag": "family"}).json()["ended"] == 1
    assert len(texts(webs["ben"])) == 4
    assert taker.delete("/v1/shares", params={"from": "ana"}).json() == {"ended": 1}
    assert texts(webs["ben"]) == ["note"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "share",
    [
        {},
        {"with": "ben"},
        {"with": "", "tags": ["a"]},
        {"with": " x", "tags": ["a"]},
        {"with": "ana", "tags": ["a"]},
        {"with": "ben", "tags": []},
        {"with": "ben", "tags": ["a"], "everything": True},
        {"with": "ben", "tags": ["a"], "rights": "write"},
        {"with": "b" * 600, "tags": ["a"]},
        {"with": "ben", "tags": ["a"], "owner": "cyd"},
        {"with": "ben\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "tags": "a"},
    ],
)
def test_a_wrong_share_is_a_problem(webs: dict[str, TestClient], share: dict[str, Any]) -> None:
    answer = webs["giver"].post("/v1/shares", json=share)
    assert answer.status_code == 422, answer.text
    assert get(webs["ana"], "/v1/shares")["shares"] == []
