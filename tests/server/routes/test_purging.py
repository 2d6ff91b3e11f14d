"""A purge rewrites what all owners share: it takes the right `admin`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.support.planted import PlantedEncoder
from tests.support.serving import client, tokens

from sensorium.memory import Memory
from sensorium.server import build_app

RIGHTS = {"ana": {"read", "write", "forget"}, "admin": {"read", "write", "forget", "admin"}}


@pytest.fixture
def webs(tmp_path: Path) -> Iterator[dict[str, TestClient]]:
    """Two who may forget Ana's memories, of whom one is an admin, too."""
    grants = tokens({name: ("ana", rights) for name, rights in RIGHTS.items()})
    with Memory.open(tmp_path / "memory", owner="ana", encoder=PlantedEncoder()) as memory:
        memory.remember(text="a", id="a")
        memory.remember(text="b", id="b")
        app = build_app(memory, tokens=grants)
        with client(app):
            yield {name: client(app, name) for name in RIGHTS}


def test_who_may_only_forget_may_not_purge(webs: dict[str, TestClient]) -> None:
    """By both ways; nothing is forgotten then, and without purge it is."""
    for refused in (
        webs["ana"].delete("/v1/memories/a", params={"purge": True}),
        webs["ana"].post("/v1/forget", json={"ids": ["a"], "purge": True}),
    ):
        assert refused.status_code == 403
        assert "admin" in refused.json()["needed"] + refused.json()["remedy"]
    assert webs["ana"].get("/v1/memories/a").status_code == 200
    assert webs["ana"].delete("/v1/memories/a").json()["removed"] == 1


def test_an_admin_purges(webs: dict[str, TestClient]) -> None:
    """By both ways, with a receipt."""
    for answer in (
        webs["admin"].delete("/v1/memories/a", params={"purge": True}),
        webs["admin"].post("/v1/forget", json={"ids": ["b"], "purge": True}),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.json()["removed"] == 1
        assert answer.json()["done"]
