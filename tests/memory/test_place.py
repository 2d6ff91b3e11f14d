"""Where a memory may live: what is refused, and who may look into a new folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.planted import PlantedEncoder

from sensorium.errors import (
    StoreFormatError,
    StoreUnavailableError,
)
from sensorium.memory import Memory
from sensorium.qdrant.client import connection

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PLACES = [
    *("localhost:6333", "qdrant://here", "ftp://here", "grpc://here:6334", "here:6333/x"),
    *("[::1]:6333", "s3://bucket", "", " ", Path("https://here"), 5, None, b"here"),
]


@pytest.mark.parametrize("place", PLACES, ids=repr)
def test_a_place_that_is_not_one_is_refused(
    place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What looks like a server and is no URL of one does not become a folder."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreFormatError, match=r"write|leave"):
        Memory.open(place, owner="rex", encoder=PlantedEncoder())
    assert list(tmp_path.iterdir()) == []


def test_a_url_may_be_written_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a server's, whatever the case of its scheme."""
    monkeypatch.setattr(connection, "FIRST_ANSWER", 0.0)
    with pytest.raises(StoreUnavailableError):
        Memory.open("HTTP://127.0.0.1:1", owner="rex", encoder=PlantedEncoder())


def test_a_new_folder_is_its_users_alone(tmp_path: Path) -> None:
    """Nobody else may look into it; a folder that was there stays as it was."""
    (tmp_path / "open").mkdir(mode=0o755)
    for name, mode in {"new": 0o700, "open": 0o755}.items():
        with Memory.open(tmp_path / name, owner="rex", encoder=PlantedEncoder()):
            assert (tmp_path / name).stat().st_mode & 0o777 == mode
