"""What is read, seen and heard of an answer of the MCP server."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from mcp import Client
from tests.support.mcp_asking import (
    ask,
    base64_of,
    data_of,
    picture,
    png,
    read_text,
    remembering,
    shown_by,
    text_of,
)
from tests.support.planted import PLANTED, PlantedEncoder

from sensorium.mcp import ServerLimits, build_server
from sensorium.memory import Memory
from sensorium.percepts import Audio


@pytest.fixture
def own() -> Iterator[Memory]:
    with remembering() as opened:
        yield opened


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
        answer = await ask(client, "recall", query="dog", limit=6, previews=True)
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
    assert re.search(r"confidence 0\.9\d, sure\n", likely)
    assert re.search(r"confidence 0\.[0-4]\d, probably unrelated\n", unlikely)
    assert [block.data for block in shown_by(answer)] == [base64_of(png("dog"))]
    assert "unrelated" not in text_of(literal)
    assert len(shown_by(literal)) == 2
    assert text_of(nothing).count("probably unrelated") == 2
    assert text_of(nothing).startswith("nothing here is probably related; these are the nearest")
    assert shown_by(nothing) == []


async def test_what_is_uncertain_is_shown_if_it_is_asked_for(own: Memory) -> None:
    """A picture costs tokens: by default only sure ones come, with `previews` uncertain ones."""
    async with Client(build_server(own)) as client:
        for words in ("dog", "dog sea", "dog sea*1.2", "dog sea*1.5", "tax"):
            await ask(client, "remember", media=[picture(words)])
        hits = (await data_of(client, "recall", query="dog"))["hits"]
        usual = await ask(client, "recall", query="dog")
        asked = await ask(client, "recall", query="dog", previews=True)
        quiet = await ask(client, "recall", query="dog", previews=False)
    said = [hit["certainty"] for hit in hits]
    sure, uncertain = said.count("sure"), said.count("uncertain")
    assert sure
    assert uncertain
    assert text_of(usual).count(", uncertain") == uncertain
    shown = [len(shown_by(answer)) for answer in (usual, asked, quiet)]
    assert shown == [sure, sure + uncertain, 0]


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


async def test_no_record_fills_an_answer() -> None:
    """Long words, tags and metadata are cut, in words and in data; the resource has all of it."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        facts = {"big": "x" * 300_000}
        kept = memory.remember(text="y" * 300_000, metadata=facts, tags=["z" * 500] * 40)
        async with Client(build_server(memory)) as client:
            for tool, arguments in (("timeline", {}), ("recall", {"keywords": "y" * 300_000})):
                answer = await client.call_tool(tool, arguments)
                assert len(answer.model_dump_json()) < 40_000, tool
            whole = await read_text(client, f"memory://{kept.id}")
    assert json.loads(whole)["metadata"] == facts
