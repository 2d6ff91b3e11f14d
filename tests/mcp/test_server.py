"""The MCP server: what its tools keep, find, change and remove."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from tests.support.golden_files import ROOT
from tests.support.mcp_asking import (
    NOON,
    ask,
    base64_of,
    data_of,
    motion,
    picture,
    png,
    refused,
    remembering,
    shown_by,
    text_of,
)
from tests.support.planted import PLANTED, PlantedEncoder

from sensorium.agents.arguments import Signal
from sensorium.mcp import build_server
from sensorium.memory import Memory
from sensorium.percepts import Audio
from sensorium.percepts.files import file_from_percept

READING = {"recall", "timeline", "episodes", "when", "count", "search", "fetch"}
TOOLS = {*READING, "remember", "update", "forget"}


@pytest.fixture
def own() -> Iterator[Memory]:
    with remembering() as opened:
        yield opened


async def test_what_is_remembered_is_recalled_by_another_sense(own: Memory) -> None:
    """Words find a picture and a motion; each comes with its id, time, match and preview."""
    async with Client(build_server(own)) as client:
        kept = await data_of(
            client,
            "remember",
            text="at the sea with max",
            media=[picture("dog beach")],
            at=NOON,
            tags=["holiday"],
            source="phone",
            metadata={"room": "none", "depth": {"metres": 2.5}},
        )
        await ask(client, "remember", media=[motion("running")])
        answer = await ask(client, "recall", query="dog beach", limit=1)
        [hit] = (await data_of(client, "recall", query="dog beach", limit=1))["hits"]
    assert hit["id"] == kept["records"][0]["id"]
    assert kept["records"][0]["status"] == "new"
    assert (hit["matched"], hit["at"]) == ("image", "2026-07-01T12:00:00+00:00")
    assert hit["confidence"] > 0.9
    assert (hit["tags"], hit["source"]) == (["holiday"], "phone")
    assert hit["metadata"] == {"room": "none", "depth": {"metres": 2.5}}
    text = text_of(answer)
    for part in (hit["id"], "at the sea with max", "matched: image", "holiday", "12:00:00+00:00"):
        assert part in text
    [block] = shown_by(answer)
    assert base64.b64decode(block.data) == png("dog beach")
    assert block.mime_type == "image/png"


async def test_media_are_questions(own: Memory) -> None:
    """A picture finds a motion of the same meaning, and parts of a question are added up."""
    async with Client(build_server(own)) as client:
        for words in ("dog", "dog sea", "cat"):
            await ask(client, "remember", media=[motion(words)])
        by_picture = await data_of(client, "recall", media=[picture("dog")], limit=1)
        both = await data_of(client, "recall", query="sea", media=[picture("dog")], limit=1)
        like = by_picture["hits"][0]["id"]
        resembling = await data_of(client, "recall", like=like, limit=1)
    assert [hit["media"][0]["origin"] for hit in by_picture["hits"]] == [PLANTED + "dog"]
    assert [hit["media"][0]["origin"] for hit in both["hits"]] == [PLANTED + "dog sea"]
    assert [hit["media"][0]["origin"] for hit in resembling["hits"]] == [PLANTED + "dog sea"]


async def test_a_time_in_the_words_of_a_question_is_read_and_said(own: Memory) -> None:
    """The answer is of that time, and says what was understood."""
    async with Client(build_server(own)) as client:
        await ask(client, "remember", text="dog", at="2024-05-03T12:00:00Z")
        await ask(client, "remember", text="dog sea", at="2001-01-01T12:00:00Z")
        data = await data_of(client, "recall", query="dog in May 2024")
        answer = await ask(client, "recall", query="dog in May 2024")
        free = await data_of(
            client, "recall", query="dog in May 2024", since="2000-01-01T00:00:00Z"
        )
    assert [hit["text"] for hit in data["hits"]] == ["dog"]
    assert data["times"] == "in May 2024: since 2024-05-01 00:00, before 2024-06-01 00:00"
    assert data["times"] in text_of(answer)
    assert (len(free["hits"]), free["times"]) == (2, None)


async def test_words_that_look_like_json_stay_words(own: Memory) -> None:
    """The framework reads JSON out of texts, but not where words are meant."""
    async with Client(build_server(own)) as client:
        for text in ('{"a": 1}', "[1, 2]", "null", "42", "true", '"quoted"'):
            [kept] = (await data_of(client, "remember", text=text))["records"]
            await ask(client, "recall", query=text, keywords="a")
            await ask(client, "update", id=kept["id"], source=text)
            assert (own.get(kept["id"]).text, own.get(kept["id"]).source) == (text, text)


async def test_lists_may_come_as_json_text(own: Memory) -> None:
    """Some clients send lists and objects as text."""
    async with Client(build_server(own)) as client:
        await ask(client, "remember", text="x", tags='["a"]', media=json.dumps([picture("dog")]))
        assert (await data_of(client, "count", tags='["a"]'))["count"] == 1


async def test_filters_restrict_every_reading_tool(own: Memory) -> None:
    """Tags, times, source, metadata and senses mean the same everywhere."""
    async with Client(build_server(own)) as client:
        await ask(
            client, "remember", text="dog", tags=["a", "b"], source="x", at=NOON, metadata={"n": 1}
        )
        await ask(client, "remember", text="dog too", at="2026-07-02T12:00:00+02:00")
        wishes: list[dict[str, Any]] = [
            {"tags": ["a", "b"]},
            {"source": "x"},
            {"until": "2026-07-02T00:00:00Z"},
            {"where": {"n": [1, 2]}},
        ]
        for wish in wishes:
            hits = (await data_of(client, "recall", query="dog", **wish))["hits"]
            listed = (await data_of(client, "timeline", **wish))["records"]
            assert [hit["text"] for hit in hits] == ["dog"]
            assert [record["text"] for record in listed] == ["dog"]
            assert (await data_of(client, "count", **wish))["count"] == 1
        by = await data_of(client, "count", by="tags")
        assert by == {"count": 2, "by": {"a": 1, "b": 1}}
        assert (await data_of(client, "count", with_modalities=["image"]))["count"] == 0


async def test_bounds_of_time_may_be_ages(own: Memory) -> None:
    """`30d` is thirty days ago, to look from there on or up to there."""
    days_ago = {days: datetime.now(timezone.utc) - timedelta(days) for days in (1, 20, 40)}
    async with Client(build_server(own)) as client:
        for days, at in days_ago.items():
            await ask(client, "remember", text=f"{days} days ago", at=at.isoformat())
        for bounds, expected in (
            ({"since": "30d"}, ["1 days ago", "20 days ago"]),
            ({"until": "30 d"}, ["40 days ago"]),
            ({"since": "5w", "until": "36h"}, ["20 days ago"]),
            ({"until": "99999w"}, []),
        ):
            listed = (await data_of(client, "timeline", **bounds))["records"]
            assert [record["text"] for record in listed] == expected
        schemas = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
    assert "date-time" not in json.dumps(schemas["timeline"])  # some clients would refuse an age
    assert "date-time" in json.dumps(schemas["remember"])


async def test_a_data_uri_is_a_file_with_its_type(own: Memory) -> None:
    """Its type decides where the content says nothing."""
    text = base64.b64encode(b"a dog").decode()
    async with Client(build_server(own)) as client:
        for uri in (f"data:text/plain;base64,{text}", "Data:text/plain,a%20dog"):
            await ask(client, "remember", media=[{"data": uri}], together=False)
        picture_uri = f"data:image/png;base64,{base64_of(png('dog'))}"
        await ask(client, "remember", media=[{"data": picture_uri}])
        modalities = [
            entry["modalities"] for entry in (await data_of(client, "timeline"))["records"]
        ]
    assert sorted(modalities) == [["image"], ["text"]]


async def test_the_timeline_has_pages(own: Memory) -> None:
    """The cursor of a page leads to the next, until there is none."""
    async with Client(build_server(own)) as client:
        for day in range(1, 6):
            await ask(client, "remember", text=f"day {day}", at=f"2026-07-0{day}T00:00:00Z")
        page = await data_of(client, "timeline", limit=2, newest_first=False)
        seen = [record["text"] for record in page["records"]]
        while page["cursor"] and len(seen) < 9:
            page = await data_of(
                client, "timeline", limit=2, newest_first=False, cursor=page["cursor"]
            )
            seen += [record["text"] for record in page["records"]]
    assert seen == [f"day {day}" for day in range(1, 6)]


async def test_nothing_fits_is_an_answer(own: Memory) -> None:
    """A recall may abstain."""
    async with Client(build_server(own)) as client:
        await ask(client, "remember", text="dog")
        answer = await ask(client, "recall", query="tax", min_confidence=0.9)
        assert (await data_of(client, "recall", query="tax", min_confidence=0.9))["hits"] == []
    assert text_of(answer) == "nothing fits"
    assert answer.structured_content == {"hits": [], "times": None, "notes": []}


async def test_remembering_again_changes_nothing(own: Memory) -> None:
    """The same content is known, and the answer says so."""
    async with Client(build_server(own)) as client:
        first = await data_of(client, "remember", media=[picture("dog")])
        again = await ask(client, "remember", media=[picture("dog")], tags=["late"])
    assert again.structured_content["records"] == [{**first["records"][0], "status": "known"}]
    assert "update" in text_of(again)
    assert own.count() == 1


async def test_media_apart_are_memories_of_their_own(own: Memory) -> None:
    """What fails is told with its place, and the others are kept."""
    media = [picture("dog"), {"data": "AAAA"}, motion("run"), picture("unreadable")]
    async with Client(build_server(own)) as client:
        answer = await ask(client, "remember", media=media, together=False, tags=["t"])
    data = answer.structured_content
    assert [entry["status"] for entry in data["records"]] == ["new", "new"]
    assert [entry["media"] for entry in data["failed"]] == [1, 3]
    assert "media[1]" in text_of(answer)
    assert own.count(tags=["t"]) == 2


async def test_what_expires_is_gone(own: Memory) -> None:
    """A ttl is an end, and the timeline tells it."""
    async with Client(build_server(own)) as client:
        [kept] = (await data_of(client, "remember", text="milk", ttl="30d"))["records"]
        [record] = (await data_of(client, "timeline"))["records"]
    assert record["expires_at"] is not None
    stored = own.get(kept["id"])
    assert stored.expires_at is not None
    assert (stored.expires_at - stored.created_at).total_seconds() == pytest.approx(
        30 * 86_400, abs=5
    )


async def test_an_update_changes_what_is_given(own: Memory) -> None:
    """Words, tags and metadata are replaced, media added; the rest stays."""
    async with Client(build_server(own)) as client:
        [kept] = (await data_of(client, "remember", text="cat", tags=["a"], source="s"))["records"]
        record = await data_of(
            client,
            "update",
            id=kept["id"],
            text="dog",
            tags=[],
            metadata={"k": None},
            media=[picture("dog")],
        )
    assert (record["text"], record["tags"], record["source"]) == ("dog", [], "s")
    assert (record["modalities"], record["metadata"]) == (["image", "text"], {"k": None})


async def test_forgetting(own: Memory) -> None:
    """By id, by condition, only media, or everything."""
    async with Client(build_server(own)) as client:
        for words in ("a", "b", "c", "d"):
            await ask(client, "remember", text=words, tags=[words], media=[picture(words)])
        [first] = (await data_of(client, "timeline", tags=["a"]))["records"]
        assert (await data_of(client, "forget", ids=[first["id"], "nobody"]))["forgotten"] == 1
        assert text_of(await ask(client, "count", tags=["b"])) == "1 memory"
        assert text_of(await ask(client, "forget", tags=["b"])) == "forgot 1 memory"
        await ask(client, "forget", tags=["c"], media_only=True)
        [third] = (await data_of(client, "recall", query="c", tags=["c"]))["hits"]
        assert third["media"] == []
        assert (await data_of(client, "forget", everything=True))["forgotten"] == 2
    assert own.count() == 0


async def test_an_age_and_a_time_both_hold(own: Memory) -> None:
    """Of `until` and `older_than`, the earlier bounds what is forgotten."""
    async with Client(build_server(own)) as client:
        for year in (2019, 2021):
            await ask(client, "remember", text=f"{year}", at=f"{year}-07-01T00:00:00Z")
        forgotten = await data_of(
            client, "forget", until="2020-01-01T00:00:00Z", older_than="30d", where={}
        )
        assert forgotten["forgotten"] == 1
        assert [record.text for record in own.timeline()] == ["2021"]


ALL: list[dict[str, Any]] = [
    {},
    {"ids": []},
    {"tags": [], "where": {}, "source": ""},
    {"until": "2099-01-01T00:00:00Z"},
    {"until": "1s"},
    {"since": "1900-01-01T00:00:00Z"},
    {"since": "99999w"},
    {"older_than": "1s"},
    {"everything": True, "tags": ["a"]},
    {"everything": False},
]


async def test_all_is_not_forgotten_by_mistake(own: Memory) -> None:
    """No condition, or times within which all lies, need `everything`."""
    async with Client(build_server(own)) as client:
        for day in (1, 2):
            await ask(client, "remember", text=f"day {day}", at=f"2020-07-0{day}T00:00:00Z")
        for arguments in ALL:
            assert "everything" in await refused(client, "forget", **arguments)
        assert own.count() == 2
        await ask(client, "forget", until="2020-07-02T00:00:00Z")
    assert own.count() == 1


async def test_one_owner_does_not_see_another() -> None:
    """An id of another owner's is not there, for any tool and resource."""
    with remembering(owner="max") as theirs, theirs.for_owner("rex") as mine:
        secret = theirs.remember(text="the secret").id
        async with Client(build_server(mine)) as client:
            for tool, arguments in (
                ("update", {"id": secret, "text": "mine"}),
                ("recall", {"like": secret}),
            ):
                assert "secret" not in await refused(client, tool, **arguments)
            assert (await data_of(client, "forget", ids=[secret]))["forgotten"] == 0
            assert (await data_of(client, "recall", query="the secret"))["hits"] == []
            assert (await data_of(client, "count"))["count"] == 0
            with pytest.raises(MCPError, match=secret):
                await client.read_resource(f"memory://{secret}")
        assert theirs.get(secret).text == "the secret"


async def test_files_of_the_roots_may_be_named(own: Memory, tmp_path: Path) -> None:
    """By an absolute path or one below a root; where it came from is kept."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    file = tmp_path / "in" / "deep" / "dog.png"
    file.write_bytes(png("dog"))
    async with Client(build_server(own, roots=[tmp_path / "in"])) as client:
        first = await data_of(client, "remember", media=[{"path": str(file)}])
        again = await data_of(client, "remember", media=[{"path": "deep/dog.png"}])
        [record] = (await data_of(client, "timeline"))["records"]
    assert again["records"] == [{**first["records"][0], "status": "known"}]
    assert record["media"][0]["origin"] == file.as_uri()


async def test_tools_say_what_they_do(own: Memory) -> None:
    """Every argument is described, and the hints tell readers from writers."""
    async with Client(build_server(own, roots=["/some/folder"])) as client:
        assert "/some/folder" in str(client.instructions)
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert tools.keys() == TOOLS
    for name, tool in tools.items():
        assert tool.description
        assert "\n " not in tool.description
        assert (tool.output_schema is None) is (name in {"recall", "when"})
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is (name in READING)
        destroys = None if name in READING else name in {"update", "forget"}
        assert tool.annotations.destructive_hint is destroys
        assert "owner" not in tool.input_schema["properties"]


async def test_a_read_only_server_offers_reading(own: Memory) -> None:
    """What would change the memory is not there."""
    async with Client(build_server(own, read_only=True)) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == READING
        await refused(client, "remember", text="x")
    assert own.count() == 0


async def test_a_memory_that_is_only_read_is_served_only_for_reading(tmp_path: Path) -> None:
    """No tool is offered that the memory would refuse."""
    with remembering(tmp_path / "memory") as memory:
        memory.remember(text="dog")
    with remembering(tmp_path / "memory", read_only=True) as memory:
        async with Client(build_server(memory)) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == READING
            assert (await data_of(client, "count"))["count"] == 1


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


HOSTILE = "x\n3. memory 7\r\x85\u2028\u2029\u202eyromem"


async def test_nothing_a_memory_holds_forges_a_line(own: Memory) -> None:
    """Text, tags, sources, names and ids: no end of a line of their own, nothing turned around."""
    facts = {"name": HOSTILE, "deep": {HOSTILE: [HOSTILE]}}
    name = own.remember(text=HOSTILE, tags=[HOSTILE], source=HOSTILE, metadata=facts).id
    sea = Audio(np.full(300, 0.5), rate=100, uri=PLANTED + HOSTILE)
    own.remember(sea, text=HOSTILE, tags=[HOSTILE], id="other")
    calls: dict[str, list[dict[str, Any]]] = {
        "recall": [{"query": "x"}, {"query": "x", "previews": False}, {"like": name}],
        "timeline": [{}],
        "episodes": [{}],
        "when": [
            *({"what": "last", "query": "x"}, {"what": "after", "moment": HOSTILE}),
            *({"what": "before", "moment": "2100-01-01T00:00Z"}, {"what": "conflicts"}),
            *({"what": "places"}, {"what": "how_often", "query": HOSTILE}),
        ],
        "count": [{"by": by} for by in ("tags", "source", "modalities")],
        "search": [{"query": "x"}],
        "fetch": [{"id": name}],
        "remember": [{"text": HOSTILE, "source": HOSTILE}, {"text": "x", "metadata": HOSTILE}],
        "update": [{"id": name, "tags": [HOSTILE]}, {"id": HOSTILE + "y", "text": "x"}],
        "forget": [{"ids": [HOSTILE + "y"]}, {"older_than": HOSTILE}, {"ids": [name]}],
    }
    async with Client(build_server(own)) as client:
        assert calls.keys() == {tool.name for tool in (await client.list_tools()).tools}
        for tool, several in calls.items():
            for arguments in several:
                said = text_of(await client.call_tool(tool, arguments))
                assert not re.search("[\r\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]", said), tool
                assert not re.search(r"^3\. memory", said, re.MULTILINE), (tool, said)


async def test_base64_may_be_that_of_addresses(own: Memory) -> None:
    """With its two letters, without padding; cut or mixed it is refused."""
    content = next(
        png(f"dog {n}") for n in range(99) if {"+", "/"} <= {*base64_of(png(f"dog {n}"))}
    )
    safe = base64.urlsafe_b64encode(content).decode()
    async with Client(build_server(own)) as client:
        for data in (safe, safe.rstrip("="), f"data:image/png;base64,{safe}"):
            await ask(client, "remember", media=[{"data": data}])
        assert own.count() == 1
        [record] = own.timeline()
        file = file_from_percept(own.open_medium(record.media[0]))
        assert file.source.read() == content
        for broken in ("+" + safe, safe[: 4 * (len(safe) // 4) - 3]):
            assert "base64" in await refused(client, "remember", media=[{"data": broken}])


async def test_prompts_are_offered(own: Memory) -> None:
    """To recall and to remember, about a subject or this talk; those who read alone have one."""
    for read_only, names in ((False, 2), (True, 1)):
        async with Client(build_server(own, read_only=read_only)) as client:
            prompts = (await client.list_prompts()).prompts
            assert len(prompts) == names
            for prompt in prompts:
                assert prompt.title
                assert prompt.description
                about = await client.get_prompt(prompt.name, {"about": "the ferry"})
                [message] = about.messages
                assert "the ferry" in message.content.text  # type: ignore[union-attr]
                await client.get_prompt(prompt.name)


async def test_episodes_are_told(own: Memory) -> None:
    """The tool says when an episode was, how much it holds, and its telling memories."""
    async with Client(build_server(own)) as client:
        assert "no memories" in text_of(await ask(client, "episodes"))
        for second in range(2):
            at = f"2026-07-01T00:00:0{second}Z"
            await ask(client, "remember", text=f"note {second}", at=at)
        told = text_of(await ask(client, "episodes"))
        [episode] = (await data_of(client, "episodes"))["episodes"]
    assert told.startswith("episode from 2026-07-01 00:00:00 to 00:00:01 UTC, 2 memories (2 text)")
    assert (episode["records"], len(episode["moments"])) == (2, 2)
    assert episode["moments"][0]["text"].startswith("note")
