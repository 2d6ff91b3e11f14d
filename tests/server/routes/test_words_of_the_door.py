"""What a refusal over HTTP advises is a request: paths and fields of JSON, no calls of Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.support.planted import PlantedEncoder
from tests.support.serving import client, token_of

from sensorium.agents.grants import RIGHTS, Grant, Grants, digest_of
from sensorium.memory import Memory
from sensorium.server import build_app

PYTHON = re.compile(r"\w+\(|\b[a-z_]+=[\[\"(]|\bTrue\b|timedelta|place\.P|units \{")
HOME = {"latitude": 48.8584, "longitude": 2.2945}
REFUSED: dict[str, tuple[str, str, Any]] = {
    "a pair as a place": ("POST", "places", {"name": "home", "place": [1, 1]}),
    "no latitude": ("POST", "places", {"name": "home", "place": {**HOME, "latitude": None}}),
    "a pair as a place of a memory": ("POST", "memories", {"text": "a", "place": [1, 1]}),
    "a blank name": ("POST", "places", {"name": " home", "place": HOME}),
    "an unknown place": ("POST", "recall", {"parts": [{"words": "a"}], "near": "moon"}),
    "a share of nothing": ("POST", "shares", {"with": "ben"}),
    "a share with a blank": ("POST", "shares", {"with": " ben", "everything": True}),
    "an end of nothing": ("DELETE", "shares", None),
    "a size that is none": ("POST", "digest", {"most_bytes": "2"}),
    "keeping nothing": ("POST", "digest", {"keep": 0}),
    "what persons said": ("POST", "digest", {"filters": {"origins": ["person"]}}),
    "within alone": ("POST", "recall", {"parts": [{"words": "a"}], "within": "1 min"}),
    "no sequence": (
        "POST",
        "recall",
        {"sequence": [{"words": "a"}, {"words": "b"}], "within": "soon"},
    ),
    "apart": ("POST", "when", {"what": "how_often", "parts": [{"words": "a"}], "within": "soon"}),
}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server of one owner, who may do all."""
    place: Path = tmp_path_factory.mktemp("memory")
    with Memory.open(place, owner="ana", encoder=PlantedEncoder()) as memory:
        grant = Grant(digest_of(token_of("ana")), "ana", frozenset(RIGHTS))
        app = build_app(memory, tokens=Grants([grant]))
        with client(app, "ana") as opened:
            yield opened


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED)
def test_a_remedy_is_in_words_of_requests(web: TestClient, request_: tuple[str, str, Any]) -> None:
    """Whatever is refused."""
    method, path, body = request_
    more = {} if body is None else {"json": body}
    answer = web.request(method, f"/v1/{path}", **more)
    assert answer.status_code == 422, answer.text
    told = answer.json()
    for part in ("came", "needed", "remedy"):
        assert not PYTHON.findall(told[part]), told


def test_the_form_of_a_place_is_shown(web: TestClient) -> None:
    """As it is written in JSON, and that form is taken."""
    wrong = web.post("/v1/places", json={"name": "home", "place": [1, 1]}).json()
    assert '{"latitude": 48.8584, "longitude": 2.2945}' in wrong["remedy"]
    assert web.post("/v1/places", json={"name": "home", "place": HOME}).status_code == 201
