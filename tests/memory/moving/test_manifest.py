"""A damaged or hostile export is refused by the name of what is wrong."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.exports import (
    DIMENSION,
    all_points,
    change_audio,
    change_manifest,
    change_payload,
    change_records,
    client,
    edge,
)

from sensorium.encoders import EmbeddingSpace
from sensorium.errors import (
    ExportFormatError,
    SchemaVersionError,
    SpaceMismatchError,
)
from sensorium.memory.media.store import MediaStore
from sensorium.memory.moving.copying import copy_records
from sensorium.memory.moving.importing import import_records
from sensorium.qdrant.client.backend import ClientBackend


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def linked(path: Path) -> None:
    moved = path.with_name("moved")
    path.rename(moved)
    path.symlink_to(moved)


def record_file(**fields: Any) -> Callable[[Path], None]:
    def change(directory: Path) -> None:
        manifest = json.loads((directory / "manifest.json").read_text())
        change_manifest(directory, files=[{**manifest["files"][0], **fields}])

    return change


RECORDS, MANIFEST = "records-00000.parquet", "manifest.json"
MEDIUM = {"modality": "audio", "digest": "0" * 64, "row": 0, "rows": 1}
DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "flipped bit": (lambda d: flip(d / RECORDS), RECORDS),
    "cut records": (lambda d: cut(d / RECORDS), RECORDS),
    "no records": (lambda d: (d / RECORDS).unlink(), RECORDS),
    "no manifest": (lambda d: (d / MANIFEST).unlink(), MANIFEST),
    "cut manifest": (lambda d: cut(d / MANIFEST), MANIFEST),
    "empty manifest": (lambda d: (d / MANIFEST).write_bytes(b""), MANIFEST),
    "deep manifest": (lambda d: (d / MANIFEST).write_text("[" * 100_000), MANIFEST),
    "not an export": (lambda d: (d / MANIFEST).write_text('{"name": "x"}'), MANIFEST),
    "newer": (lambda d: change_manifest(d, version=2), "upgrade"),
    "outside": (record_file(name="../source/sensorium.json"), MANIFEST),
    "absolute": (record_file(name="/etc/passwd"), MANIFEST),
    "wrong rows": (record_file(rows=3), MANIFEST),
    "linked records": (lambda d: linked(d / RECORDS), "link"),
    "linked manifest": (lambda d: linked(d / MANIFEST), "link"),
    "no media": (lambda d: shutil.rmtree(d / "media"), "media"),
    "linked media": (lambda d: linked(d / "media"), "link"),
    "tampered media": (lambda d: flip(next((d / "media").glob("*/*"))), "content"),
    "hostile file": (lambda d: change_payload(d, hashes=["../../x"]), "hashes"),
    "hostile medium": (
        lambda d: change_payload(d, media=[{"modality": "a", "digest": "", "file": "/etc/x"}]),
        "media",
    ),
    "extra of a medium": (lambda d: change_payload(d, media=[{**MEDIUM, "color": 1}]), "color"),
    "row of a medium": (lambda d: change_payload(d, media=[{**MEDIUM, "row": "a"}]), "row"),
    "time of a medium": (lambda d: change_payload(d, media=[{**MEDIUM, "at": "now"}]), "at"),
    "spans of a medium": (lambda d: change_payload(d, media=[{**MEDIUM, "spans": [[1]]}]), "spans"),
    "no digest": (lambda d: change_payload(d, digest=[]), "digest"),
    "null digest": (lambda d: change_payload(d, digest=None), "digest"),
    "other senses": (lambda d: change_payload(d, modalities=["smell"]), "smell"),
    "too many windows": (lambda d: change_payload(d, windows={"audio": 10**12}), "windows"),
    "part of nothing": (lambda d: change_payload(d, part=1), "part"),
    "hidden part": (lambda d: change_payload(d, part_of="x", part=1), "part_of"),
    "hostile name": (lambda d: change_payload(d, id="a\nb"), "id"),
    "large number": (lambda d: change_payload(d, metadata={"a": 10**30}), "metadata"),
    "false flags": (lambda d: change_payload(d, flags=["metadata.b=true"]), "flags"),
    "blank tag": (lambda d: change_payload(d, tags=[" "]), "tags"),
    "wrong time": (lambda d: change_payload(d, at="2026-13-01T00:00:00.000000Z"), "at"),
    "naive time": (lambda d: change_payload(d, expires_at="tomorrow"), "expires_at"),
    "no time": (lambda d: change_payload(d, created_at=None), "created_at"),
    "other layout": (lambda d: change_payload(d, schema_version=7), "schema_version"),
    "hostile id": (lambda d: change_records(d, lambda rows: rows[0].update(id="../x")), "id"),
    "no payload": (lambda d: change_records(d, lambda rows: rows[0].update(payload=None)), RECORDS),
    "short vector": (lambda d: change_audio(d, [[1.0] * 7]), "audio"),
    "null vector": (
        lambda d: change_records(d, lambda rows: rows[0].update(audio=[None])),
        "audio",
    ),
    "no window": (lambda d: change_records(d, lambda rows: rows[0].update(audio=[])), "audio"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named(kind: str, exported: Path, target: ClientBackend, tmp_path: Path) -> None:
    """A damaged or hostile export is refused by the name of what is wrong; no record is made."""
    damage, match = DAMAGE[kind]
    damage(exported)
    media = MediaStore(tmp_path / "other", owner="rex")
    with pytest.raises(ExportFormatError, match=match):
        import_records(exported, target, media, owner="rex")
    assert all_points(target, "rex") == {}


def test_spaces_do_not_mix(exported: Path, tmp_path: Path) -> None:
    """An export of another space, or of another layout, names both, and nothing is written."""
    other = edge(tmp_path / "third", EmbeddingSpace("other", "1" * 64, "plain", DIMENSION))
    with pytest.raises(SpaceMismatchError, match=r"tiny.*other"):
        import_records(exported, other, None, owner="rex")
    source = client()
    with pytest.raises(SpaceMismatchError, match=r"tiny.*other"):
        copy_records(source, other, owner="rex")
    manifest = json.loads((exported / "manifest.json").read_text())
    change_manifest(exported, schema={**manifest["schema"], "version": 7})
    with pytest.raises(SchemaVersionError, match="7"):
        import_records(exported, other, None, owner="rex")
    assert other.schema.modalities == ("image",)
    other.close()
    source.close()
