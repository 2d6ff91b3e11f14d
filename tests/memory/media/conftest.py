"""A media store on a disk, and one that fsspec reaches."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from sensorium.memory.media.store import MediaStore


@pytest.fixture(params=["local", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "media") if request.param == "local" else f"memory://{uuid4()}/media"


@pytest.fixture
def store(root: str) -> MediaStore:
    return MediaStore(root, owner="rex")
