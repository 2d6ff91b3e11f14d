"""What a server names and sends is believed only where it can be checked."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.support.serving import ADDRESS

from sensorium.errors import StoreFormatError
from sensorium.memory import Medium
from sensorium.memory.temporary_folders import ALIVE
from sensorium.remote.connection import Connection
from sensorium.remote.downloads import Downloads

SENT = b"what the server sends"
NAME = f"{hashlib.sha256(SENT).hexdigest()}.bin"
MEDIUM = Medium("image", "a" * 64, file=NAME, bytes=len(SENT))


@pytest.fixture
def asked() -> list[str]:
    """The paths that the server was asked for."""
    return []


@pytest.fixture
def downloads(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Downloads]:
    """Downloads from a server that answers everything with the same bytes."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, content=SENT)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    connection = Connection(ADDRESS, "t" * 16, transport=httpx.MockTransport(answer))
    fetched = Downloads(connection)
    yield fetched
    fetched.close()
    connection.close()


def files_in(folder: Path) -> list[Path]:
    """Files, without the one that a temporary folder is known to be in use by."""
    return [path for path in folder.rglob("*") if path.is_file() and path.name != ALIVE]


def test_a_file_is_fetched_once(downloads: Downloads, asked: list[str]) -> None:
    """It lies in the temporary folder, and holds what was sent."""
    path = downloads.path(MEDIUM)
    assert path.read_bytes() == SENT
    assert downloads.path(MEDIUM) == path
    assert asked == [f"/v1/media/{MEDIUM.digest}"]


@pytest.mark.parametrize(
    "digest",
    ["../planted", "/planted", "..", "", "A" * 64, "a" * 63, "a" * 65, f"{'a' * 64}\n", 5, None],
)
@pytest.mark.parametrize("file", [NAME])
def test_a_digest_that_is_none_becomes_no_path(
    digest: str, file: str, downloads: Downloads, asked: list[str], tmp_path: Path
) -> None:
    """A hostile server would write a file anywhere by it; it is not even asked for."""
    named = f"{tmp_path}/planted" if digest == "/planted" else digest
    with pytest.raises(StoreFormatError, match="digest"):
        downloads.path(replace(MEDIUM, digest=named, file=file))
    assert asked == []
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("file", [f"{'b' * 64}.bin", "../name", f"{'b' * 64}"])
def test_a_file_of_another_content_is_refused(
    file: str, downloads: Downloads, tmp_path: Path
) -> None:
    """Its name says its SHA-256; what is not of it is not kept."""
    with pytest.raises(StoreFormatError, match="SHA-256"):
        downloads.path(replace(MEDIUM, file=file))
    assert files_in(tmp_path) == []


def test_a_server_without_end_is_given_up(downloads: Downloads, tmp_path: Path) -> None:
    """No more is written than the record says."""
    with pytest.raises(StoreFormatError, match="bytes"):
        downloads.path(replace(MEDIUM, bytes=len(SENT) - 1))
    assert files_in(tmp_path) == []
