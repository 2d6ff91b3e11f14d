"""What the MCP server refuses, in words that an agent can act on."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp import Client
from mcp.server import MCPServer
from tests.support.mcp_asking import (
    base64_of,
    motion,
    picture,
    planted_encoder,
    png,
    refused,
    remembering,
    text_of,
)

from sensorium.errors import StoreUnavailableError
from sensorium.mcp import ServerLimits, build_server
from sensorium.mcp.reading import ReadingTools
from sensorium.mcp.writing import WritingTools
from sensorium.memory import Memory
from sensorium.percepts import Limits

PYTHON = re.compile(r"\w\([^)]|\w=\S|datetime|timedelta|\bNone\b|Limits|docs/|Traceback")
TRUNCATED = base64_of(png("dog", side=64)[:24])
STILL = [[0.0, 0.0, 9.8, 0.0, 0.0, 0.0]] * 20
IMU = {"accel": "m/s^2", "gyro": "rad/s"}


def remembers(**medium: Any) -> tuple[str, dict[str, Any]]:
    return "remember", {"media": [medium]}


BAD = {  # what is called, with what, and a part of the answer
    "nothing to remember": ("remember", {}, "text or media"),
    "blank text": ("remember", {"text": "  "}, "text or media"),
    "a long text": (
        "remember",
        {"text": "a" * 2001},
        "in parts, or ask the user to add the whole",
    ),
    "a longer text instead": ("update", {"id": "x", "text": "a" * 2001}, "text of 2001 char"),
    "a long question": ("recall", {"query": "a" * 2001}, "query of 2001 characters"),
    "many keywords": ("recall", {"keywords": "a" * 2001}, "keywords of 2001 characters"),
    "a text that is a file": (
        *remembers(data="YWFh" * 667, mime_type="text/plain"),
        "2001 characters; needed at most 2000; send it in parts",
    ),
    "nothing recalled": ("recall", {}, "timeline"),
    "blank question": ("recall", {"query": " "}, "timeline"),
    "two questions": ("recall", {"query": "x", "like": "y"}, "one of them"),
    "unknown like": ("recall", {"like": "nobody"}, "recall or timeline"),
    "unknown id": ("update", {"id": "nobody", "text": "x"}, "recall or timeline"),
    "no id": ("update", {"text": "x"}, "id was not given"),
    "no change": ("update", {"id": "x"}, "give what is to change"),
    "unknown argument": ("forget", {"tag": "x"}, "unknown arguments tag"),
    "unknown argument beside known ones": ("recall", {"query": "x", "owner": "max"}, "owner"),
    "unknown tool": ("dance", {}, "dance"),
    "too many hits": ("recall", {"query": "x", "limit": 1000}, "50"),
    "no hits": ("recall", {"query": "x", "limit": 0}, "limit"),
    "hits that are no number": ("recall", {"query": "x", "limit": "many"}, '"many"'),
    "confidence beyond 1": ("recall", {"query": "x", "min_confidence": 80}, "less than"),
    "unknown sense": ("recall", {"query": "x", "modalities": ["photo"]}, "write image for"),
    "unknown sense of records": ("count", {"with_modalities": ["photo"]}, "write image for"),
    "naive time": ("recall", {"query": "x", "since": "2026-07-01T12:00:00"}, "Z for UTC"),
    "a date alone": ("timeline", {"until": "2026-07-01"}, "2026-07-01T12:00:00Z"),
    "a bound that is neither": ("timeline", {"since": "a month"}, "or like 30d"),
    "a bound beyond all": ("timeline", {"since": f"{'9' * 400}w"}, "or like 30d"),
    "a time of media as an age": (*remembers(**picture("x", at="30d")), "ISO 8601"),
    "a year": ("timeline", {"since": "2026"}, "ISO 8601"),
    "a number as time": ("timeline", {"since": 1_700_000_000}, "ISO 8601"),
    "no such day": ("timeline", {"since": "2026-02-31T12:00:00Z"}, "since"),
    "a time without a zone, of media": (*remembers(**picture("x", at="2026-07-01T12:00")), "zone"),
    "an age in words": ("remember", {"text": "x", "ttl": "a month"}, "30d"),
    "no age": ("remember", {"text": "x", "ttl": "0d"}, "above nothing; write more than 0"),
    "an endless age": ("remember", {"text": "x", "ttl": "9999999w"}, "leave it out"),
    "an age beyond all": ("forget", {"older_than": f"{'9' * 400}w"}, "30d"),
    "a blank tag": ("remember", {"text": "x", "tags": [""]}, "tag"),
    "a tag that is no list": ("remember", {"text": "x", "tags": "trip"}, "tags was"),
    "a tag that is no list, to look for": ("count", {"tags": "trip"}, "tags was"),
    "tags that are no list": ("remember", {"text": "x", "tags": 5}, "tags"),
    "metadata to compare with": ("count", {"where": {"x": {"$gt": 1}}}, '"floor": [1, 2]'),
    "metadata that is null": ("count", {"where": {"x": [1, None]}}, '"floor": [1, 2]'),
    "metadata by a strange name": ("count", {"where": {'a"b': 1}}, "without quotes"),
    "a wrong cursor": ("timeline", {"cursor": "x"}, "as timeline gave it"),
    "bad base64": (*remembers(data="not base64!"), "base64"),
    "a broken data: URI": (*remembers(data="data:image/png;base64,AAAAA"), "base64"),
    "a data: URI of no kind": (*remembers(data="data:x/y;base64,AAAA"), "modality"),
    "a huge data: URI": (*remembers(data="data:," + "A" * 200_000), "at most 100000 bytes"),
    "base64 by another name": (*remembers(base64="AAAA"), "base64 belongs in data"),
    "names of another framework": (*remembers(type="image", mime="x"), "data, mime_type, path"),
    "a bare path": ("remember", {"media": ["photo.jpg"]}, 'write {"path": "photo.jpg"}'),
    "half a base64": (*remembers(data="AAAAA"), "base64"),
    "empty data": (*remembers(data=""), "leave it out"),
    "huge base64": (*remembers(data="A" * 200_000), "at most 100000 bytes"),
    "a truncated picture": (*remembers(data=TRUNCATED), "whole"),
    "no kind of file": (*remembers(data=base64_of(bytes(99))), "modality"),
    "a picture said to be a sound": (*remembers(data=TRUNCATED, modality="audio"), "whole"),
    "a mime type that is none": (*remembers(data=base64_of(bytes(9)), mime_type="x"), "modality"),
    "unknown modality": (*remembers(**picture("x"), modality="smell"), "thermal"),
    "two sources": (*remembers(data="AAAA", path="x"), "exactly one"),
    "no source": (*remembers(modality="image"), "exactly one"),
    "times without samples": (*remembers(data="AAAA", times=[0.0]), "leave them out"),
    "an unknown field": (*remembers(data="AAAA", url="http://x"), "url"),
    "an unknown unit": (*remembers(data="AAAA", units={"metres": 1}), "metres"),
    "depth without units": (*remembers(**picture("x"), modality="depth"), '"unit": "mm"'),
    "thermal without units": (*remembers(**picture("x"), modality="thermal"), "celsius"),
    "motion without units": (*remembers(samples=STILL), '"accel": "m/s^2"'),
    "motion of no samples": (*remembers(samples=[], units={**IMU, "rate": 50}), "leave it out"),
    "motion that is not finite": (
        *remembers(samples=[[float("nan")] * 6] * 9, units={**IMU, "rate": 50}),
        "valid number",
    ),
    "motion without rate": (*remembers(samples=STILL, units=IMU), "rate"),
    "motion in the wrong unit": (
        *remembers(samples=STILL, units={**IMU, "accel": "g", "rate": 50}),
        "m/s^2",
    ),
    "motion of three axes": (*remembers(samples=[[1, 2, 3]] * 9, units=IMU), "samples[0]"),
    "motion of text": (*remembers(samples=[["a"] * 6] * 9, units=IMU), "samples[0]"),
    "motion backwards in time": (
        *remembers(samples=STILL, units=IMU, times=[float(-n) for n in range(20)]),
        "later",
    ),
    "times of another length": (*remembers(samples=STILL, units=IMU, times=[0.0]), "one time"),
    "units of another sense": (
        *remembers(**picture("x"), modality="image", units={"accel": "g"}),
        "accel",
    ),
    "units of no sense": (*remembers(**picture("x"), units={"unit": "mm"}), "add modality"),
    "what cannot be encoded": (*remembers(**picture("unreadable")), "longer"),
    "a question that cannot be encoded": ("recall", {"media": [picture("unreadable")]}, "longer"),
    "all that fails": (
        "remember",
        {"media": [{"data": "AAAA"}, picture("unreadable")], "together": False},
        "media[1]",
    ),
    "a path without roots": (*remembers(path="/etc/hostname"), "--root FOLDER"),
    "a URL": (*remembers(path="https://example.com/a.png"), "nothing is fetched"),
    "a file URI": (*remembers(path="file:///etc/hostname"), "base64"),
}


@pytest.fixture(scope="module")
def memory() -> Iterator[Memory]:
    with remembering() as opened:
        opened.remember(text="the one record")
        yield opened


@pytest.fixture(scope="module")
def server(memory: Memory) -> MCPServer[Any]:
    return build_server(
        memory, limits=ServerLimits(upload_bytes=100_000, media=Limits(max_characters=2000))
    )


@pytest.mark.parametrize(("tool", "arguments", "part"), BAD.values(), ids=BAD)
async def test_a_bad_call_is_told_what_to_do(
    memory: Memory, server: MCPServer[Any], tool: str, arguments: dict[str, Any], part: str
) -> None:
    """The answer names what was wrong and what helps, without Python; nothing is kept."""
    async with Client(server) as client:
        text = await refused(client, tool, **arguments)
    assert part in text
    assert not PYTHON.search(text), text
    assert "; needed " in text or "Unknown tool" in text
    assert len(text) < 1000
    assert memory.count() == 1


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that may be read, beside one that may not, with links between them."""
    place = tmp_path_factory.mktemp("roots")
    inside, outside = place / "inside", place / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.png").write_bytes(png("secret"))
    (inside / "link.png").symlink_to(outside / "secret.png")
    (inside / "folder").symlink_to(outside)
    (inside / "circle.png").symlink_to(inside / "circle.png")
    (inside / "home").mkdir()
    return inside


@pytest.fixture(scope="module")
def rooted(memory: Memory, roots: Path) -> list[MCPServer[Any]]:
    """Servers of that folder; one alone is no list of letters, "/" the first."""
    return [build_server(memory, roots=allowed) for allowed in ([roots], str(roots))]


@pytest.mark.parametrize(
    "path",
    [
        "link.png",
        "folder/secret.png",
        "../outside/secret.png",
        "{inside}/../outside/secret.png",
        "{outside}/secret.png",
        "{inside}/link.png",
        "circle.png",
        "~/secret.png",
        "~nobody-at-all/secret.png",
        "nothing.png",
        "home",
        "",
        ".",
        "a\0b",
        "x" * 5000,
        "/dev/zero",
        "file://{outside}/secret.png",
        "https://127.0.0.1/secret.png",
        "data:image/png;base64,AAAA",
    ],
)
async def test_no_path_leads_out_of_the_roots(
    memory: Memory, roots: Path, rooted: list[MCPServer[Any]], path: str
) -> None:
    """By no link, dots, home or address; a path that is not a file inside is refused as well."""
    given_path = path.format(inside=roots, outside=roots.parent / "outside")
    for server in rooted:
        async with Client(server) as client:
            text = await refused(client, "remember", media=[{"path": given_path}])
        assert "; needed " in text
        assert "outside/secret.png" not in text.replace(given_path, "")
    assert memory.count() == 1


async def test_what_is_unexpected_is_not_told(
    memory: Memory, server: MCPServer[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours reaches the agent as no more than a failure."""

    def fails(**_: Any) -> int:
        raise RuntimeError("/home/rex/secret")

    monkeypatch.setattr(memory, "count", fails)
    async with Client(server) as client:
        text = await refused(client, "count")
    assert text == "Error executing tool count"


async def test_errors_of_the_store_are_told(
    memory: Memory, server: MCPServer[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent cannot mend a store; it is told whom to tell."""

    def fails(**_: Any) -> int:
        raise StoreUnavailableError("the server", "one that answers", "call Memory.open(again=1)")

    monkeypatch.setattr(memory, "count", fails)
    async with Client(server) as client:
        text = await refused(client, "count")
    assert text == "the server; needed one that answers; try again; if it stays, tell the user"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
ASKED: dict[str, Callable[..., Any]] = {
    "recall": ReadingTools.recall,
    "timeline": ReadingTools.timeline,
    "count": ReadingTools.count,
    "remember": WritingTools.remember,
    "update": WritingTools.update,
}
NAMES = sorted({name for tool in ASKED.values() for name in inspect.signature(tool).parameters})


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    tool=st.sampled_from(sorted(ASKED)),
    arguments=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4),
)
async def test_nothing_said_is_a_crash(
    memory: Memory, server: MCPServer[Any], tool: str, arguments: dict[str, Any]
) -> None:
    """Whatever an agent says, it is answered or told why not; it is never a mistake of ours."""
    async with Client(server) as client:
        result = await client.call_tool(tool, arguments)
    if result.is_error:
        assert "; needed " in text_of(result)
    for record in memory.timeline(limit=100):
        if record.text != "the one record":
            memory.forget(record.id)


async def test_good_calls_of_the_same_kind_succeed() -> None:
    """What is refused above is refused for its mistake alone."""
    with remembering(encoder=planted_encoder()) as own:
        async with Client(build_server(own)) as client:
            good: list[dict[str, Any]] = [
                {"media": [picture("x", at="2026-07-01T12:00Z")]},
                {"media": [motion("x")]},
                {"media": [{"samples": STILL, "units": IMU, "times": [n / 50 for n in range(20)]}]},
                {
                    "media": [
                        {**picture("y"), "modality": "thermal", "units": {"unit": "white-hot"}}
                    ]
                },
                {"text": "x", "ttl": "1.5h", "tags": ["a"], "metadata": {"a": {"b": [1, None]}}},
            ]
            for arguments in good:
                result = await client.call_tool("remember", arguments)
                assert not result.is_error, text_of(result)
            assert own.count() == len(good)
