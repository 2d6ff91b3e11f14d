"""The tools of an agent: what it remembers it recalls, and errors tell it what to do."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from langchain_core.messages import ToolCall, ToolMessage
from langchain_core.tools import BaseTool, ToolException
from langchain_core.utils.function_calling import convert_to_openai_tool
from tests.support.planted import PlantedEncoder, picture

from sensorium.errors import QueryError
from sensorium.langchain import artifact_blocks, memory_tools
from sensorium.langchain.memory_tool import Shown
from sensorium.memory import Memory
from sensorium.percepts import Audio, Text
from sensorium.samples import FOLDER as MEDIA
from sensorium.samples import sample

ALL_SHOWN: tuple[Shown, ...] = (True, "first", False)


def encoded(name: str) -> str:
    return base64.b64encode((MEDIA / name).read_bytes()).decode("ascii")


def called(tool: BaseTool, **args: Any) -> ToolMessage:
    """What an agent gets back."""
    message = tool.invoke(ToolCall(name=tool.name, args=args, id="1", type="tool_call"))
    assert isinstance(message, ToolMessage)
    return message


def said(message: ToolMessage) -> str:
    """The text of a message without pictures and sounds."""
    assert isinstance(message.content, str)
    return message.content


@pytest.fixture
def memory() -> Iterator[Memory]:
    with Memory.open(":memory:", owner="rex") as opened:
        yield opened


@pytest.mark.slow
def test_what_is_remembered_is_recalled(memory: Memory) -> None:
    """A photo with words, then a sound, go in; words and a picture bring them back."""
    remember, recall = memory_tools(memory)
    photo = {"data": encoded("photo_dog.jpg"), "mime_type": "image/jpeg"}
    kept = called(
        remember,
        text="Rex in the garden",
        media=[photo],
        tags=["home"],
        at="2026-07-01T12:00:00+02:00",
        metadata={"room": "garden"},
    )
    assert kept.status == "success"
    assert kept.artifact["status"] == "new"
    record = memory.get(kept.artifact["id"])
    assert (record.tags, record.metadata["room"]) == (("home",), "garden")
    assert record.at.isoformat() == "2026-07-01T10:00:00+00:00"
    sea = {"data": f"data:audio/ogg;base64,{encoded('sound_sea_waves.ogg')}"}
    called(remember, media=[sea], tags=["holiday"])

    found = said(called(recall, query="a dog", limit=1))
    assert found.startswith("1. 2026-07-01 10:00:00 UTC, ")
    assert found.endswith(f'tags home (id {record.id}): "Rex in the garden"')
    assert "audio at " in said(called(recall, media=[sea], limit=1))
    [other] = called(recall, query="a dog", tags=["holiday"]).artifact["hits"]
    assert other["record"]["tags"] == ["holiday"]
    assert called(recall, query="a dog", until="2020-01-01T00:00:00Z").artifact["hits"] == []


def test_all_that_is_said_counts() -> None:
    """Source and ttl are kept; keywords, likeness and every condition restrict what is found."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        remember, recall = memory_tools(memory)
        dog = called(remember, text="dog sea", source="phone", metadata={"n": 1}, ttl="30d")
        moon = called(remember, text="moon clock", source="mic", metadata={"n": 2})
        record = memory.get(dog.artifact["id"])
        assert record.source == "phone"
        assert record.expires_at is not None
        other = memory.get(moon.artifact["id"])

        def found(**asked: Any) -> list[str]:
            hits = called(recall, **asked).artifact["hits"]
            return [hit["record"]["id"] for hit in hits]

        assert found(keywords="clock") == [other.id]
        assert found(like=record.id) == [other.id]
        assert found(query="dog", source="mic") == [other.id]
        assert found(query="moon", where={"n": 1}) == [record.id]
        assert found(query="moon", limit=1) == [other.id]
        assert found(query="dog", since="1d", until="1h") == []


def test_a_time_in_the_words_of_a_question_is_read_and_said() -> None:
    """The model sees what was understood, and that it may say it otherwise."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        remember, recall = memory_tools(memory)
        called(remember, text="dog", at="2024-05-03T12:00:00Z")
        called(remember, text="dog sea", at="2001-01-01T12:00:00Z")
        answer = called(recall, query="dog in May 2024")
        assert [hit["record"]["text"] for hit in answer.artifact["hits"]] == ["dog"]
        assert answer.artifact["times"]["since"].startswith("2024-05-01T00:00:00")
        assert said(answer).startswith(
            "only memories of the time that was asked for (in May 2024: since 2024-05-01 00:00, "
            "before 2024-06-01 00:00); give since or until to change it\n1. "
        )


def test_models_may_say_null(memory: Memory) -> None:
    """What is left out may be `null`, as models that must name every argument say it."""
    remember, recall = memory_tools(memory)
    nothing = dict.fromkeys(("media", "at", "tags", "metadata"))
    assert called(remember, text="the key is under the mat", **nothing).status == "success"
    wishes = ("media", "modalities", "tags", "since", "until", "min_confidence")
    assert called(recall, query="a key", **dict.fromkeys(wishes)).artifact["hits"]
    photo = {"data": encoded("photo_dog.jpg"), "samples": None, "path": None, "units": None}
    photo |= {"mime_type": None, "modality": None}
    assert called(remember, media=[photo]).artifact["record"]["modalities"] == ["image"]


def test_known_moments_are_said_to_be_known(memory: Memory) -> None:
    """Remembering the same again changes nothing, and the agent is told."""
    remember, _ = memory_tools(memory)
    key = {"text": "the key is under the mat"}
    assert said(called(remember, **key)).startswith("remembered: text")
    assert said(called(remember, **key)).startswith("known already")
    assert memory.count() == 1
    again = said(called(remember, **key, tags=["home"], metadata={"n": 1}, ttl="1d"))
    assert again.startswith("known already, and left unchanged (update changes it): text")
    assert again.endswith("\nnot kept of what was given now: tags, metadata, ttl")


def test_words_alone_are_text(memory: Memory) -> None:
    """As LangChain calls a tool of one argument."""
    remember, recall = memory_tools(memory)
    assert remember.invoke("the key is under the mat").startswith("remembered: text")
    assert recall.invoke("a key").endswith('"the key is under the mat"')


def test_artifacts_refer_to_media(memory: Memory) -> None:
    """They are JSON without bytes, and lead to words, picture, and the stretch that matched."""
    remember, recall = memory_tools(memory)
    photo = {"data": encoded("photo_dog.jpg"), "mime_type": "image/jpeg", "uri": "dog.jpg"}
    kept = called(remember, text="Rex", media=[photo])
    media = kept.artifact["record"]["media"]
    [reference] = [medium for medium in media if medium["modality"] == "image"]
    assert (reference["uri"], reference["mime_type"]) == ("dog.jpg", "image/jpeg")
    assert reference["bytes"] == (MEDIA / "photo_dog.jpg").stat().st_size
    expected = [
        {"type": "text", "text": "Rex"},
        {"type": "image", "base64": photo["data"], "mime_type": "image/jpeg"},
    ]
    assert artifact_blocks(memory, kept.artifact) == expected
    called(remember, media=[{"data": encoded("sound_sea_waves.ogg"), "mime_type": "audio/ogg"}])
    found = called(recall, query="a dog", limit=1).artifact
    assert artifact_blocks(memory, found) == expected
    answer = called(recall, query="waves on a beach", limit=1, modalities=["audio"])
    [sea] = json.loads(json.dumps(answer.artifact))["hits"]
    [sound] = artifact_blocks(memory, json.loads(json.dumps(answer.artifact)))
    heard = Audio(base64.b64decode(sound["base64"]))  # type: ignore[typeddict-item]  # a sound's
    assert heard.duration == pytest.approx(sea["span"][1] - sea["span"][0], abs=0.01)
    for artifact in (kept.artifact, found, answer.artifact):
        assert len(json.dumps(artifact)) < 4000


def test_what_is_forgotten_is_not_shown(memory: Memory) -> None:
    """An artifact outlives what it refers to; that of `forget` refers to nothing."""
    remember, recall, forget = memory_tools(memory, forget=True)
    kept = called(remember, text="Rex")
    found = called(recall, query="a dog")
    gone = called(forget, ids=[kept.artifact["id"]])
    for artifact in (kept.artifact, found.artifact, gone.artifact):
        assert artifact_blocks(memory, artifact) == []


def test_the_file_in_an_address_is_no_reference(memory: Memory) -> None:
    """A `data:` URI as where something came from would be the file itself, in every artifact."""
    remember, _ = memory_tools(memory)
    data = f"data:image/jpeg;base64,{encoded('photo_dog.jpg')}"
    kept = called(remember, media=[{"data": data, "uri": data}])
    assert kept.artifact["record"]["media"][0]["uri"] is None
    assert len(json.dumps(kept.artifact)) < 4000


def test_media_come_into_the_message_if_asked(memory: Memory) -> None:
    """With `show_media`, the picture is in the content that the model gets."""
    remember, recall = memory_tools(memory, show_media=True)
    called(remember, media=[{"data": encoded("photo_dog.jpg"), "mime_type": "image/jpeg"}])
    content: Any = called(recall, query="a dog").content
    assert [block["type"] for block in content] == ["text", "image"]
    assert isinstance(called(remember, text="no picture").content, str)


@pytest.mark.slow
def test_a_sure_first_hit_is_shown_small(memory: Memory) -> None:
    """With "first": one picture of few pixels and bytes, none if the hit is unclear or a sound."""
    _, recall = memory_tools(memory, show_media="first")
    for name in ("photo_helicopter.jpg", "photo_dog.jpg", "sound_sea_waves.ogg"):
        memory.remember(sample(name))
    content: Any = called(recall, query="a helicopter", limit=3).content
    assert [block["type"] for block in content] == ["text", "image"]
    data = base64.b64decode(content[1]["base64"])
    assert len(data) <= 16 * 1024
    with PIL.Image.open(io.BytesIO(data)) as shown:
        assert max(shown.size) <= 256
    unclear: Any = called(recall, query="quarterly tax report").content
    assert unclear.startswith("nothing here is probably related; these are the nearest\n1. ")
    assert "probably unrelated" in unclear
    heard: Any = called(recall, query="the sound of waves", modalities=["audio"]).content
    assert isinstance(heard, str)


def test_sounds_stay_out_of_messages(memory: Memory) -> None:
    """A message with one would be written as text, with all its base64."""
    memory.remember(sample("sound_dog_bark"), text="Rex")
    for shown in ALL_SHOWN:
        _, recall = memory_tools(memory, show_media=shown)
        message = called(recall, query="a dog barking")
        assert isinstance(message.content, str)
        assert "base64" not in message.content
    types = [block["type"] for block in artifact_blocks(memory, message.artifact)]
    assert types == ["text", "audio"]
    blocks: list[Any] = artifact_blocks(memory, message.artifact, kinds=["text", "image"])
    assert [block["text"] for block in blocks] == [
        "Rex",
        "[a sound of 2.9 s, sound_dog_bark.ogg, which is not shown here]",
    ]
    assert artifact_blocks(memory, message.artifact, kinds=["image"]) == []
    with pytest.raises(QueryError, match=r"text, image, audio"):
        artifact_blocks(memory, message.artifact, kinds=["sound"])
    with pytest.raises(QueryError, match="list"):
        artifact_blocks(memory, message.artifact, kinds="text")


@pytest.mark.slow
def test_a_message_has_an_end(memory: Memory) -> None:
    """Long words are cut, and no more media are shown than fit; the artifact has all of it."""
    for number in range(8):
        memory.remember(picture(f"dog {number}"), text="dog " * 5000, id=str(number))
    largest = max(medium.bytes for record in memory.timeline() for medium in record.media)
    _, recall = memory_tools(memory, show_media=True, max_bytes=largest)
    call = {
        "name": "recall",
        "args": {"query": "dog", "keywords": "dog", "limit": 8},
        "id": "1",
        "type": "tool_call",
    }
    message = recall.invoke(call)
    text, *shown = message.content
    assert len(text["text"]) < 8 * 2500
    assert sum(len(block["base64"]) * 3 // 4 for block in shown) <= 4 * largest
    assert 4 <= len(shown) < 8
    hits = message.artifact["hits"]
    assert all(len(hit["record"]["text"]) > 15_000 for hit in hits)
    every = artifact_blocks(memory, message.artifact, max_bytes=largest)
    assert sum(block["type"] == "image" for block in every) == 8


def test_depth_heat_and_motion_have_units(memory: Memory) -> None:
    """The signals whose numbers need units are remembered with them, and drawn."""
    remember, recall = memory_tools(memory)
    depth = {"modality": "depth", "units": {"unit": "mm", "fx": "assume-60deg"}}
    heat = {"modality": "thermal", "units": {"unit": "white-hot"}}
    motion = {"modality": "imu", "units": {"accel": "m/s^2", "gyro": "rad/s"}}
    kept = called(
        remember,
        media=[
            {"data": encoded("depth_mug.png"), **depth},
            {"data": encoded("thermal_cheetah.png"), **heat},
            {"data": encoded("imu_walking.npz"), **motion},
        ],
    )
    assert kept.artifact["record"]["modalities"] == ["depth", "imu", "thermal"]
    assert [block["type"] for block in artifact_blocks(memory, kept.artifact)] == ["image"] * 3
    query = {"data": encoded("imu_walking.npz"), **motion}
    assert called(recall, media=[query]).artifact["hits"][0]["modality"] == "imu"


WRONG: dict[str, tuple[int, dict[str, Any], str]] = {
    "nothing to remember": (0, {}, "needed text or media"),
    "nothing to recall": (1, {}, "query, media, like or keywords"),
    "two questions": (1, {"query": "a dog", "like": "x"}, "leave the other out"),
    "a web address": (0, {"media": [{"path": "https://example.org/a.png"}]}, "nothing is fetched"),
    "a path": (0, {"media": [{"path": str(MEDIA / "photo_dog.jpg")}]}, "allow its folder"),
    "a path as a URL": (1, {"media": [{"path": (MEDIA / "a.jpg").as_uri()}]}, "allow its folder"),
    "a field of content blocks": (1, {"media": [{"url": "data:,x"}]}, "leave url out"),
    "no content": (0, {"media": [{"mime_type": "image/png"}]}, "exactly one of"),
    "two contents": (1, {"media": [{"data": "AAAA", "path": "x"}]}, "exactly one of"),
    "broken base64": (0, {"media": [{"data": "%", "mime_type": "image/png"}]}, "encode it again"),
    "no picture": (0, {"media": [{"data": "AAAA", "mime_type": "image/png"}]}, "3 bytes"),
    "no units": (
        0,
        {"media": [{"data": encoded("depth_mug.png"), "modality": "depth"}]},
        "without a unit",
    ),
    "units that are a path": (
        0,
        {"media": [{"data": "AAAA", "modality": "image", "units": {"path": "/etc/passwd"}}]},
        "path for image",
    ),
    "an unknown modality": (1, {"query": "a dog", "modalities": ["smell"]}, "write image for"),
    "a time without a zone": (0, {"text": "x", "at": "2026-07-01T12:00:00"}, "without a zone"),
    "a limit of none": (1, {"query": "a dog", "limit": 0}, "limit was 0"),
    "a condition of another store": (1, {"query": "x", "where": {"n": {"$gt": 1}}}, '"floor": [1'),
    "an unknown argument": (1, {"query": "a dog", "colour": "red"}, "unknown argument colour"),
    "an endless age": (0, {"text": "x", "ttl": "9999999w"}, "leave it out"),
    "a long text": (
        0,
        {"text": "a" * 200_001},
        "200001 characters; needed at most 200000; send it in",
    ),
    "a long question": (1, {"query": "a" * 200_001}, "query of 200001 characters"),
    "text of another type": (0, {"text": 7}, "text was 7"),
}


@pytest.mark.parametrize("kind", WRONG)
async def test_errors_say_what_to_do(memory: Memory, kind: str) -> None:
    """The agent gets an error message with the remedy; nothing is remembered."""
    which, args, message = WRONG[kind]
    tool = memory_tools(memory)[which]
    answer = called(tool, **args)
    assert answer.status == "error"
    assert message in str(answer.content)
    call = ToolCall(name=tool.name, args=args, id="1", type="tool_call")
    assert (await tool.ainvoke(call)).content == answer.content
    assert memory.count() == 0


def test_programs_can_have_the_exception(memory: Memory) -> None:
    """Without `handle_tool_error` a `ToolException` is raised, whose cause is the error itself."""
    _, recall = memory_tools(memory)
    recall.handle_tool_error = False
    with pytest.raises(ToolException, match="query, media, like or keywords"):
        recall.invoke({})


def test_files_are_read_within_roots_only(memory: Memory, tmp_path: Path) -> None:
    """An allowed directory opens its files, and not what a link in it leads to."""
    remember, _ = memory_tools(memory, roots=[MEDIA])
    dog = str(MEDIA / "photo_dog.jpg")
    assert called(remember, media=[{"path": dog}]).status == "success"
    outside = str(MEDIA / ".." / "six_senses.py")
    assert called(remember, media=[{"path": outside}]).status == "error"
    link = tmp_path / "dog.jpg"
    link.symlink_to(dog)
    for roots in ([tmp_path], str(tmp_path), tmp_path):  # one alone is no list of letters
        remember, _ = memory_tools(memory, roots=roots)  # type: ignore[arg-type]  # wrong on purpose
        assert called(remember, media=[{"path": str(link)}]).status == "error"
        assert called(remember, media=[{"path": dog}]).status == "error"


def test_an_agent_stays_with_its_owner() -> None:
    """No argument names an owner: another's memories are not found."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        other = memory.for_owner("max")
        remember, _ = memory_tools(other)
        _, recall = memory_tools(memory)
        called(remember, text="dog")
        assert called(recall, query="dog").content == "nothing fits"
        assert called(remember, text="dog", owner="rex").status == "error"


def test_models_are_told_the_arguments(memory: Memory) -> None:
    """The schema that a model gets describes every argument, and nothing of the memory."""
    for tool in memory_tools(memory):
        function = convert_to_openai_tool(tool)["function"]
        assert function["description"]
        for name, field in function["parameters"]["properties"].items():
            assert field["description"], name
        assert "memory" not in function["parameters"]["properties"]
        json.dumps(function)


async def test_many_calls_at_once_lose_nothing() -> None:
    """Fifty concurrent remembers, and recalls among them."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        remember, recall = memory_tools(memory)
        await asyncio.gather(
            *(remember.ainvoke({"text": f"note {n}"}) for n in range(50)),
            *(recall.ainvoke({"query": f"note {n}"}) for n in range(20)),
        )
        assert memory.count() == 50
        assert isinstance(memory.percepts(memory.timeline()[0])[0], Text)
