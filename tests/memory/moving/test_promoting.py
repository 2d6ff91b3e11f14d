"""A memory is copied to a server: whole, again without harm, and what stays behind is said."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from qdrant_client import QdrantClient
from tests.support.planted import PlantedEncoder, picture

from sensorium.memory import Memory


def test_media_that_a_server_has_no_place_for_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In the summary, not in a warning; with a place for them, none is left."""
    caplog.set_level(logging.WARNING)
    client, media = QdrantClient(":memory:"), tmp_path / "media"
    with Memory.open(tmp_path / "one", owner="rex", encoder=PlantedEncoder()) as memory:
        for name in ("boat", "dog", "dog again"):
            memory.remember(picture(name.split()[0]), id=name)
        left = memory.promote(client)
        assert (left.copied, left.media_files, left.left_media) == (3, 0, 2)
        again = memory.promote(client)
        assert (again.copied, again.skipped, again.left_media) == (0, 3, 2)
        kept = memory.promote(client, media=media)
        assert (kept.copied, kept.media_files, kept.left_media) == (0, 2, 0)
    assert not caplog.records
    client.close()
