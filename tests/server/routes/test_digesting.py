"""`/v1/digest`: what would go is said first, and only what is the caller's goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.support.planted import PlantedEncoder
from tests.support.serving import client, tokens
from tests.support.streamed import FRAMES, streamed

from sensorium.memory import Memory
from sensorium.server import build_app

RIGHTS = {"reader": ("read",), "ana": ("read", "forget"), "admin": ("read", "forget", "admin")}


@pytest.fixture
def webs(tmp_path: Path) -> Iterator[dict[str, TestClient]]:
    """A camera of Ana's, and who may read, forget, and do all; and a camera of Ben's."""
    grants = tokens({name: ("ana", rights) for name, rights in RIGHTS.items()})
    with Memory.open(tmp_path / "memory", owner="ana", encoder=PlantedEncoder()) as memory:
        streamed(memory, days=1)
        with memory.for_owner("ben") as other:
            streamed(other, days=1)
        app = build_app(memory, tokens=grants)
        with client(app):
            yield {name: client(app, name) for name in RIGHTS}
        with memory.for_owner("ben") as other:
            assert other.count() == FRAMES


def test_what_would_go_is_said_first(webs: dict[str, TestClient]) -> None:
    """Nothing goes unless the body says so; then what was said goes."""
    would = webs["ana"].post("/v1/digest", json={"keep": 3}).json()
    assert would["dry_run"]
    assert (would["kept"], would["dropped"]) == (3, FRAMES - 3)
    assert webs["ana"].get("/v1/tally", params={"field": "source"}).json()["count"] == FRAMES
    done = webs["ana"].post("/v1/digest", json={"keep": 3, "dry_run": False}).json()
    assert {**done, "at": would["at"], "dry_run": True} == would
    assert webs["ana"].get("/v1/tally", params={"field": "source"}).json()["count"] == 3


def test_who_may_only_read_digests_nothing(webs: dict[str, TestClient]) -> None:
    """The right to forget is needed."""
    assert webs["reader"].post("/v1/digest", json={}).status_code == 403


def test_a_bound_needs_an_admin(webs: dict[str, TestClient]) -> None:
    """Files of all owners are written anew for it; a look says so, too."""
    wish = {"most_bytes": "1 GB", "dry_run": False}
    assert webs["ana"].post("/v1/digest", json={"most_bytes": "1 GB"}).status_code == 403
    assert webs["admin"].post("/v1/digest", json={"most_bytes": "1 GB"}).status_code == 200
    refused = webs["ana"].post("/v1/digest", json=wish)
    assert refused.status_code == 403
    assert "admin" in refused.json()["remedy"]
    assert webs["admin"].post("/v1/digest", json=wish).json()["dropped"] > 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"older_than": "soon"},
        {"older_than": "-3d"},
        {"keep": 0},
        {"keep": 1.5},
        {"keep": True},
        {"keep": "all"},
        {"most_bytes": "much"},
        {"most_bytes": "1 kB"},
        {"filters": {"origins": ["person"]}},
        {"unknown": 1},
    ],
)
def test_what_makes_no_sense_is_refused(webs: dict[str, TestClient], wrong: object) -> None:
    """With a problem that says what to do; nothing goes."""
    answer = webs["admin"].post("/v1/digest", json={**wrong, "dry_run": False})  # type: ignore[dict-item]  # each is a dictionary
    assert answer.status_code in {400, 422}, answer.text
    assert answer.json()["remedy"]
    assert webs["ana"].get("/v1/tally", params={"field": "source"}).json()["count"] == FRAMES
