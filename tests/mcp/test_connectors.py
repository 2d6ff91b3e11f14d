"""The tools search and fetch, by which connectors of web chats ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone

import numpy as np
import pytest
from mcp import Client
from tests.support.mcp_asking import ask, refused, remembering, text_of
from tests.support.planted import PLANTED

from sensorium.mcp import build_server
from sensorium.memory import Memory
from sensorium.percepts import Audio


@pytest.fixture
def own() -> Iterator[Memory]:
    with remembering() as opened:
        yield opened


async def test_connectors_search_and_fetch(own: Memory) -> None:
    """One text of JSON, as the documentation of connectors has it, and the same as data."""
    own.remember(text="The dog is at the sea", id="notes", tags=["trip"], source="diary")
    own.remember(Audio(np.full(300, 0.5), rate=100, uri=PLANTED + "wind"), id="a sound")
    async with Client(build_server(own)) as client:
        found = await ask(client, "search", query="dog sea")
        assert len(found.content) == 1
        results = json.loads(text_of(found))["results"]
        assert results[0] == {
            "id": "notes",
            "title": "The dog is at the sea",
            "url": "memory://notes",
        }
        assert found.structured_content == {"results": results}
        whole = await ask(client, "fetch", id=results[0]["id"])
        document = json.loads(text_of(whole))
        assert document == whole.structured_content
        assert (document["text"], document["url"]) == ("The dog is at the sea", "memory://notes")
        assert (document["metadata"]["tags"], document["metadata"]["source"]) == (["trip"], "diary")
        heard = json.loads(text_of(await ask(client, "search", query="wind")))["results"][0]
        assert (heard["id"], heard["title"]) == ("a sound", "a sound of 3.0 s")
        assert "words" in await refused(client, "search", query=" ")
        assert "'nobody'" in await refused(client, "fetch", id="nobody")


async def test_search_says_how_it_understood_a_question(own: Memory) -> None:
    """Times that were read, and that nothing is related: beside the results, not among them."""
    own.remember(text="dog", id="then", at=datetime(2024, 5, 3, tzinfo=timezone.utc))
    own.remember(text="dog sea", id="now")
    async with Client(build_server(own)) as client:
        dated = json.loads(text_of(await ask(client, "search", query="dog in May 2024")))
        strange = await ask(client, "search", query="wind")
    assert [each["id"] for each in dated["results"]] == ["then"]
    [note] = dated["notes"]
    assert "2024-05" in note
    assert note.endswith(")"), "search takes no since by which a model could change it"
    assert strange.structured_content is not None
    assert strange.structured_content["notes"] == [
        "nothing here is probably related; these are the nearest"
    ]
    assert len(strange.structured_content["results"]) == 2
