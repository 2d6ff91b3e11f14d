"""What rex and max remember, an export of it, and an empty store."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.exports import client, edge, planted

from sensorium.memory.media.store import MediaStore
from sensorium.memory.moving.exporting import export_records
from sensorium.qdrant import (
    EdgeBackend,
)
from sensorium.qdrant.client.backend import ClientBackend


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeBackend]:
    """What rex and max remember; only read."""
    folder = tmp_path_factory.mktemp("source")
    backend = edge(folder)
    backend.add_modality("audio")
    backend.upsert(planted("rex", MediaStore(folder / "media", owner="rex")))
    backend.upsert(planted("max", None))
    yield backend
    backend.close()


@pytest.fixture(scope="session")
def media(source: EdgeBackend) -> MediaStore:
    return MediaStore(source.folder / "media", owner="rex")


@pytest.fixture(scope="session")
def pristine(
    source: EdgeBackend, media: MediaStore, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("pristine") / "out"
    return export_records(source, media, owner="rex", directory=out).directory


@pytest.fixture
def exported(pristine: Path, tmp_path: Path) -> Path:
    """An export that a test may damage."""
    return shutil.copytree(pristine, tmp_path / "out")


@pytest.fixture
def target() -> Iterator[ClientBackend]:
    backend = client()
    yield backend
    backend.close()
