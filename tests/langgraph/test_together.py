"""Many tasks at once, and what happens between a read and what follows it."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from sensorium.langgraph import SensoriumStore
from sensorium.samples import FOLDER

TASKS = 40  # more than the event loop has threads
PATIENCE = 20  # seconds
PHOTO = FOLDER / "photo_dog.jpg"


async def embed(texts: list[str]) -> list[list[float]]:
    """Embed as clients do that use the loop's own threads."""
    return await asyncio.to_thread(lambda: [[len(text), 1.0, 0.5] for text in texts])


async def test_many_tasks_embed_asynchronously_at_once() -> None:
    """An `embed` that needs the loop's threads gets them, however many tasks wait for it."""
    index: Any = {"dims": 3, "embed": embed, "fields": ["text"]}
    async with SensoriumStore.open(":memory:", index=index) as store:
        puts = (store.aput(("n",), f"k{i}", {"text": "x" * (i + 1)}) for i in range(TASKS))
        await asyncio.wait_for(asyncio.gather(*puts), PATIENCE)
        asked = (store.asearch(("n",), query="x" * (i + 1), limit=1) for i in range(TASKS))
        found = await asyncio.wait_for(asyncio.gather(*asked), PATIENCE)
        assert all(len(items) == 1 for items in found)
        assert len(await store.asearch(("n",), limit=2 * TASKS)) == TASKS


def test_what_was_put_again_is_not_made_older(monkeypatch: pytest.MonkeyPatch) -> None:
    """A read renews the item that it read; an item that was put meanwhile without TTL stays."""
    with SensoriumStore.open(":memory:", ttl={"refresh_on_read": True}) as store:
        store.put(("n",), "k", {"text": "old"}, ttl=1)
        refresh = store._refresh

        def interrupted(used: Any) -> None:
            monkeypatch.undo()
            store.put(("n",), "k", {"text": "new"}, ttl=None)
            refresh(used)

        monkeypatch.setattr(store, "_refresh", interrupted)
        store.get(("n",), "k")
        [record] = store.memory.timeline()
        assert record.metadata["value"] == {"text": "new"}
        assert record.expires_at is None


@pytest.mark.slow
def test_a_lost_file_hides_no_neighbours(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A search gives the item without its picture, and says so; `get` raises."""
    uri = "data:image/jpeg;base64," + base64.b64encode(PHOTO.read_bytes()).decode()
    with SensoriumStore.open(tmp_path / "m") as store:
        store.put(("n",), "photo", {"picture": uri})
        store.put(("n",), "tea", {"text": "a cup of tea"})
        for file in (tmp_path / "m" / "media").rglob("*.jpg"):
            file.unlink()
        assert {item.key for item in store.search(("n",))} == {"photo", "tea"}
        assert store.search(("n",), query="tea")[0].key == "tea"
        assert "photo" in caplog.text
        with pytest.raises(FileNotFoundError):
            store.get(("n",), "photo")


@pytest.mark.slow
@pytest.mark.parametrize(
    "value",
    [
        {"note": "data:image/png;base64,iVBORw0KGgo... (truncated)"},
        {"type": "non_standard", "value": {"type": "thinking", "base64": "c2lnbmVk"}},
        {"blocks": [{"type": "non_standard", "value": {"base64": 3}}]},
    ],
)
def test_what_only_looks_like_a_medium_is_text(value: dict[str, Any]) -> None:
    """It is stored as it is, and refuses nothing."""
    with SensoriumStore.open(":memory:") as store:
        store.put(("n",), "k", value)
        item = store.get(("n",), "k")
        assert item is not None
        assert item.value == value


def test_content_goes_before_a_providers_name_for_it() -> None:
    """A picture with a file id, too, is embedded by its content."""
    picture = {
        "type": "image",
        "file_id": "file-1",
        "mime_type": "image/jpeg",
        "base64": base64.encodebytes(PHOTO.read_bytes()).decode(),
    }
    with SensoriumStore.open(":memory:") as store:
        store.put(("n",), "k", {"shown": picture})
        item = store.get(("n",), "k")
        assert item is not None
        assert item.value == {"shown": picture}
        assert store.search(("n",), query="a dog")[0].score is not None
