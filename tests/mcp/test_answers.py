"""The MCP server: what can be seen and heard of an answer, its resources, and long work."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from tests.support.golden_files import ROOT
from tests.support.mcp_asking import (
    ask,
    base64_of,
    data_of,
    picture,
    png,
    remembering,
    shown_by,
    text_of,
)
from tests.support.planted import PLANTED, PlantedEncoder

from sensorium.agents.arguments import Signal
from sensorium.mcp import ServerLimits, build_server, progress
from sensorium.memory import Memory
from sensorium.percepts import Audio, Percept


@pytest.fixture
def own() -> Iterator[Memory]:
    with remembering() as opened:
        yield opened


async def test_resources_are_records_and_files(own: Memory) -> None:
    """A record is read as JSON, and each of its media as the file that came, with its type."""
    async with Client(build_server(own)) as client:
        kept = await data_of(client, "remember", text="words", media=[picture("dog")])
        uri = (await data_of(client, "timeline"))["records"][0]["uri"]
        [record] = (await client.read_resource(uri)).contents
        fields = json.loads(record.text)
        assert (record.mime_type, fields["text"]) == ("application/json", "words")
        assert fields["id"] == kept["records"][0]["id"]
        [address] = [medium["resource"] for medium in fields["media"] if medium["resource"]]
        [file] = (await client.read_resource(address)).contents
        assert base64.b64decode(file.blob) == png("dog")
        assert file.mime_type == "image/png"
        templates = (await client.list_resource_templates()).resource_templates
    assert {one.uri_template for one in templates} == {
        "memory://{id}",
        "memory://{id}/media/{number}",
    }


async def test_ids_are_names_not_paths(own: Memory) -> None:
    """A record of any id has an address at which it is read."""
    ids = {"a b/c", "..", "/etc/passwd", "üñ?#%", "C:\\x"}
    for name in ids:
        own.remember(text="words", id=name)
    async with Client(build_server(own)) as client:
        records = (await data_of(client, "timeline"))["records"]
        read = [(await client.read_resource(record["uri"])).contents for record in records]
    assert {record["id"] for record in records} == ids
    assert [json.loads(content.text)["id"] for [content] in read] == [one["id"] for one in records]


async def test_resources_that_are_not_there(own: Memory) -> None:
    """An unknown address is an error that says so; nothing else is told."""
    name = own.remember(text="words").id
    async with Client(build_server(own)) as client:
        for tail in ("", "/media/7", "/media/-1", "/media/x", "/media/0/1", "/file"):
            with pytest.raises(MCPError, match=r"needed|Unknown resource"):
                await client.read_resource(f"memory://{name if tail else 'nobody'}{tail}")


async def test_answers_have_a_size(own: Memory) -> None:
    """Each picture is within its limit, and all of an answer within theirs; the rest is named."""
    limits = ServerLimits(preview_bytes=9_000, answer_bytes=20_000, preview_side=128)
    async with Client(build_server(own, limits=limits)) as client:
        for number in range(6):
            words = f"dog {number}"
            await ask(
                client,
                "remember",
                media=[{"data": base64_of(png(words, side=300)), "uri": PLANTED + words}],
            )
        answer = await ask(client, "recall", query="dog", limit=6)
        quiet = await ask(client, "recall", query="dog", limit=6, previews=False)
    sizes = [len(base64.b64decode(block.data)) for block in shown_by(answer)]
    assert 2 <= len(sizes) < 6
    assert max(sizes) <= limits.preview_bytes
    assert sum(sizes) <= limits.answer_bytes
    assert text_of(answer).count("left out") == 6 - len(sizes)
    widths = [PIL.Image.open(io.BytesIO(base64.b64decode(b.data))).size for b in shown_by(answer)]
    assert max(max(size) for size in widths) <= limits.preview_side
    assert shown_by(quiet) == []
    assert len(quiet.structured_content["hits"]) == 6
    assert answer.structured_content is None  # some clients would show that alone


async def test_chance_is_told_and_not_shown(own: Memory) -> None:
    """A hit that is rather coincidence says so, and its picture is spared; words make it sure."""
    async with Client(build_server(own)) as client:
        for words in ("dog", "tax"):
            await ask(client, "remember", text=f"note of {words}", media=[picture(words)])
        answer = await ask(client, "recall", query="dog")
        literal = await ask(client, "recall", query="dog", keywords="note")
        nothing = await ask(client, "recall", query="moon")
    likely, unlikely = [block.text for block in answer.content if block.type == "text"]
    assert "unrelated" not in likely
    assert re.search(r"confidence 0\.[0-4]\d, probably unrelated\n", unlikely)
    assert [block.data for block in shown_by(answer)] == [base64_of(png("dog"))]
    assert "unrelated" not in text_of(literal)
    assert len(shown_by(literal)) == 2
    assert text_of(nothing).count("unrelated") == 2
    assert shown_by(nothing) == []


async def test_the_stretch_that_matched_is_heard(own: Memory) -> None:
    """Of a long sound, the second that matched comes as WAV."""
    loud = np.zeros(300)
    loud[100:200] = 0.5
    own.remember(Audio(loud, rate=100, uri=PLANTED + "sea|dog|wind"))
    async with Client(build_server(own)) as client:
        answer = await ask(client, "recall", query="dog")
        [hit] = (await data_of(client, "recall", query="dog"))["hits"]
    assert hit["span"] == [1.0, 2.0]
    assert "1.0 to 2.0 s" in text_of(answer)
    [block] = shown_by(answer)
    samples = np.frombuffer(base64.b64decode(block.data)[44:], "<i2")
    assert (block.mime_type, samples.size) == ("audio/wav", 16_000)
    assert np.median(samples) > 16_000


async def test_a_lost_file_does_not_spoil_an_answer(tmp_path: Path) -> None:
    """A memory whose picture is gone is still found; no path is told."""
    with remembering(media=tmp_path) as memory:
        async with Client(build_server(memory)) as client:
            await ask(client, "remember", media=[picture("dog")])
            for file in tmp_path.rglob("*.png"):
                file.unlink()
            answer = await ask(client, "recall", query="dog")
    assert "cannot be shown" in text_of(answer)
    assert str(tmp_path) not in text_of(answer)


async def test_progress_is_reported(own: Memory) -> None:
    """Many media are counted as they are read and kept; progress grows."""
    seen: list[tuple[float, float | None, str | None]] = []

    async def note(done: float, total: float | None, message: str | None) -> None:
        seen.append((done, total, message))

    media = [picture(f"dog {number}") for number in range(10)]
    async with Client(build_server(own)) as client:
        await client.call_tool(
            "remember", {"media": media, "together": False}, progress_callback=note
        )
        apart = [done for done, _, _ in seen]
        seen.clear()
        await client.call_tool("remember", {"media": media}, progress_callback=note)
    assert apart == [0, 4, 8, 10]
    assert [done for done, _, _ in seen] == list(range(12))
    assert {total for _, total, _ in seen} == {11}


class SlowEncoder(PlantedEncoder):
    """Encodes what is slow only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.started, self.go_on = threading.Event(), threading.Event()

    def try_encode(self, percepts: Any, /) -> Any:
        if any(_is_slow(percept) for percept in percepts):
            self.started.set()
            assert self.go_on.wait(10)
        return super().try_encode(percepts)


def _is_slow(percept: Percept) -> bool:
    return "slow" in (percept.uri or "")


async def test_long_work_is_heard_of_and_blocks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one call encodes, progress grows and other calls are answered."""
    monkeypatch.setattr(progress, "BEAT", 0.01)
    encoder = SlowEncoder()
    seen: list[float] = []

    async def note(done: float, *_: object) -> None:
        seen.append(done)
        if len(seen) == 5:
            encoder.go_on.set()

    with remembering(encoder=encoder) as memory:
        async with Client(build_server(memory)) as client:
            slow = asyncio.create_task(
                client.call_tool("remember", {"media": [picture("slow")]}, progress_callback=note)
            )
            await asyncio.to_thread(encoder.started.wait, 10)
            assert (await data_of(client, "count"))["count"] == 0
            assert not (await slow).is_error
    assert seen == sorted(set(seen))
    assert len(seen) > 5
    assert seen[-1] == 2


async def test_twenty_calls_at_once(own: Memory) -> None:
    """Every one is answered, and everything is kept once."""
    async with Client(build_server(own)) as client:

        async def one(number: int) -> str:
            kept = await data_of(
                client, "remember", text=f"number {number}", media=[picture(f"n{number}")]
            )
            await ask(client, "recall", query=f"n{number}")
            return kept["records"][0]["id"]

        ids = await asyncio.gather(*(one(number) for number in range(20)))
        assert (await data_of(client, "count"))["count"] == 20
    assert len(set(ids)) == 20


async def test_no_record_fills_an_answer() -> None:
    """Long words, tags and metadata are cut, in words and in data; the resource has all of it."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        facts = {"big": "x" * 300_000}
        kept = memory.remember(text="y" * 300_000, metadata=facts, tags=["z" * 500] * 40)
        async with Client(build_server(memory)) as client:
            for tool, arguments in (("timeline", {}), ("recall", {"keywords": "y" * 300_000})):
                answer = await client.call_tool(tool, arguments)
                assert len(answer.model_dump_json()) < 40_000, tool
            whole = await client.read_resource(f"memory://{kept.id}")
    assert json.loads(whole.contents[0].text)["metadata"] == facts


@pytest.mark.parametrize("said", ["yes", "on", 1])
async def test_everything_is_said_by_true_alone(said: object) -> None:
    """What merely looks like a yes removes nothing."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        memory.remember(text="dog")
        async with Client(build_server(memory)) as client:
            answer = await client.call_tool("forget", {"everything": said})
        assert answer.is_error
        assert memory.count() == 1


async def test_null_is_nothing_said() -> None:
    """Models whose schemas are strict send null for what they leave out."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        async with Client(build_server(memory)) as client:
            said = {"text": "dog", "source": None, "media": None, "tags": None, "ttl": None}
            assert not (await client.call_tool("remember", said)).is_error
            asked = {"query": "dog", "keywords": None, "like": None, "source": None, "since": None}
            assert "dog" in text_of(await client.call_tool("recall", asked))


def test_the_media_in_the_documentation_are_media() -> None:
    """Each line of JSON in docs/mcp.md that describes a medium is one."""
    text = (ROOT / "docs" / "mcp.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith('{"')]
    media = [json.loads(line) for line in lines if "path" in line or "samples" in line]
    assert len(media) == 3
    for medium in media:
        Signal.model_validate(medium)
