"""Who asks is shown a video once, and the sound in it where it was the sound that matched."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.films import BOAT, FilmEncoder, boat

from sensorium.agents.showing import Budget, show_match, shown
from sensorium.memory import Hit, Memory, Record
from sensorium.percepts.forms import Preview


@pytest.fixture
def memory() -> Iterator[Memory]:
    with Memory.open(":memory:", owner="me", encoder=FilmEncoder()) as opened:
        opened.remember(boat(), id="boat")
        yield opened


def heard(memory: Memory) -> Hit:
    [hit] = memory.recall("dog", limit=1)
    assert hit.modality == "audio"
    return hit


def mime(part: Any) -> Any:
    return part.mime if isinstance(part, Preview) else part


def test_previews(memory: Memory) -> None:
    """A record is shown by a frame; a hit of the sound by that second of it."""
    record = memory.get("boat")
    assert [mime(part) for part in shown(memory, record, Budget())] == ["image/jpeg"]
    hit = heard(memory)
    part = show_match(memory, hit, Budget())
    assert isinstance(part, Preview)
    assert (part.mime, len(part.data)) == ("audio/wav", 44 + 32_000)
    parts = shown(memory, record, Budget(), matched=hit.medium, span=hit.span)
    assert [mime(part) for part in parts] == ["image/jpeg", "audio/wav"]


def test_mcp_lists_one_file(memory: Memory) -> None:
    blocks = pytest.importorskip("sensorium.mcp.blocks")
    record = memory.get("boat")
    assert [each["modality"] for each in blocks.record_data(record)["media"]] == ["video"]
    assert blocks.record_text(record).count("memory://boat/media/") == 1
    assert blocks.hit_data(heard(memory))["matched"] == "audio"


def test_langchain_names_what_matched(memory: Memory) -> None:
    documents = pytest.importorskip("sensorium.langchain.documents")
    hit = heard(memory)
    document = documents.hit_document(hit)
    assert (document.metadata["modality"], document.metadata["span"]) == ("audio", [1.0, 2.0])
    assert documents.matched_by(document, hit.record) == (hit.medium, hit.span)
    assert documents.stored_document(hit.record).metadata["modality"] == "video"


def test_llama_index_gives_the_video(memory: Memory) -> None:
    """And its sound beside it only where the sound matched: the stretch, or if wished the file."""
    nodes = pytest.importorskip("sensorium.llama_index.hit_nodes")
    [seen] = memory.recall("boat", limit=1)
    node = nodes.node_of(memory, seen)
    assert (node.video_resource is not None, node.audio_resource) == (True, None)
    node = nodes.node_of(memory, heard(memory))
    assert (node.audio_resource.mimetype, node.video_resource.path is None) == ("audio/wav", False)
    node = nodes.node_of(memory, heard(memory), "whole")
    assert node.audio_resource.path == node.video_resource.path
    assert node.audio_resource.mimetype == "audio/mp4"


def test_langgraph_gives_the_value_back() -> None:
    langgraph = pytest.importorskip("sensorium.langgraph")
    value = {"film": {"type": "video", "base64": base64.b64encode(BOAT).decode("ascii")}}
    opened = Memory.open(":memory:", owner="me", encoder="sensorium-mini")
    with opened as memory, langgraph.SensoriumStore(memory) as store:
        store.put(("films",), "boat", value)
        assert store.get(("films",), "boat").value == value
        [record] = memory.timeline()
    assert _modalities(record) == ["video", "audio"]


def _modalities(record: Record) -> list[str]:
    return [each.modality for each in record.media if each.modality != "text"]
