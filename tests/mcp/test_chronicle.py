"""The tool `when` of a server: it answers as the memory does, in words and as data."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mcp import Client
from tests.support.mcp_asking import NOON, ask, data_of, refused, remembering, text_of

from sensorium.mcp import build_server
from sensorium.memory import Memory


@pytest.fixture
def own() -> Iterator[Memory]:
    with remembering() as opened:
        yield opened


async def test_an_agent_asks_when(own: Memory) -> None:
    """Two barks and a knock between them: the first, the last, how often, and what came then."""
    async with Client(build_server(own)) as client:
        for minute, words in enumerate(("dog*3 one", "knock*3 two", "dog*3 three")):
            await ask(client, "remember", text=words, at=f"2026-07-01T12:0{minute}:00Z")
        first = await data_of(client, "when", what="first", query="dog")
        last = await data_of(client, "when", what="last", query="dog")
        assert [first["hit"]["text"], last["hit"]["text"]] == ["dog*3 one", "dog*3 three"]
        after = await ask(client, "when", what="after", query="knock")
        assert "matched: text" in text_of(after)
        assert after.structured_content is not None
        assert [each["text"] for each in after.structured_content["records"]] == ["dog*3 three"]
        often = await data_of(client, "when", what="how_often", query="dog", by="modality")
        assert often["low"] <= 2 <= often["high"]
        assert often["by"].keys() <= {"text"}
        around = await data_of(client, "when", what="around", moment=NOON, within="1 min")
        assert len(around["records"]) == 2
        row = await data_of(client, "when", what="sequence", query="knock\ndog", within="2 min")
        assert [[each["text"] for each in hits] for hits in row["rows"]] == [
            ["knock*3 two", "dog*3 three"]
        ]
        best = await data_of(client, "recall", query="dog", group="episode")
        assert len(best["hits"]) == 1
        modelled = await data_of(client, "when", what="last", origins=["web"])
        assert modelled["hit"] is None


async def test_what_held_before_is_asked_by_id(own: Memory) -> None:
    """A model that corrected a memory finds what it said earlier."""
    own.remember(text="Ben lives in Rome", id="rome")
    async with Client(build_server(own)) as client:
        await ask(client, "remember", text="Ben lives in Oslo", supersedes=["rome"])
        history = await data_of(client, "when", what="history", moment="rome")
        assert [each["text"] for each in history["records"]] == [
            "Ben lives in Oslo",
            "Ben lives in Rome",
        ]
        told = await refused(client, "when", what="history", query="Ben")
        assert "leave query out" in told
        told = await refused(client, "when", what="soon")
        assert "how_often" in told


async def test_an_agent_asks_what_has_arrived(own: Memory) -> None:
    """Since its last question, whose answer says how to go on; another process may write it."""
    async with Client(build_server(own)) as client:
        begun = await data_of(client, "when", what="arrived", query="dog")
        assert begun["hits"] == []
        own.remember(text="dog*3 four")
        own.remember(text="sea five")
        own.remember(text="dog*3 six", origin="web")
        answer = await ask(client, "when", what="arrived", query="dog", moment=begun["cursor"])
        found = answer.structured_content
        assert found is not None
        assert [each["text"] for each in found["hits"]] == ["dog*3 four", "dog*3 six"]
        assert "\n2. memory " in text_of(answer)
        assert text_of(answer).endswith(f"moment={found['cursor']}")
        again = await data_of(client, "when", what="arrived", query="dog", moment=found["cursor"])
        assert again["hits"] == []
        assert "cursor of a watch" in await refused(client, "when", what="arrived", moment="x")
