"""The LlamaIndex memory block: messages are recalled with their media, in their session alone."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from llama_index.core.base.llms.types import (
    AudioBlock,
    ChatMessage,
    ImageBlock,
    TextBlock,
    ToolCallBlock,
    VideoBlock,
)
from llama_index.core.memory import InsertMethod
from llama_index.core.memory import Memory as ChatMemory
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from tests.support.llama_indexing import ENCODER, KINDS
from tests.support.planted import House, PlantedEncoder, house, motion, sound

from sensorium.encoders import Encoding
from sensorium.errors import SensoriumError
from sensorium.llama_index import SensoriumMemoryBlock
from sensorium.memory import Memory
from sensorium.percepts import Audio, Percept
from sensorium.samples import FOLDER as MEDIA

DOG, LOTUS = (MEDIA / f"photo_{name}.jpg" for name in ("dog", "lotus"))
BARK = MEDIA / "sound_dog_bark.ogg"


@pytest.fixture(scope="module", params=KINDS)
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with house(request.param, tmp_path_factory.mktemp("house"), ENCODER) as built:
        yield built


@pytest.fixture
def memory(home: House, request: pytest.FixtureRequest) -> Memory:
    return home.memory(request.node.name, ENCODER)


@pytest.fixture
def block(memory: Memory) -> SensoriumMemoryBlock:
    return SensoriumMemoryBlock(memory=memory)


@pytest.fixture
async def engine() -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")
    yield engine
    await engine.dispose()


def said(*contents: Any, role: str = "user") -> ChatMessage:
    """A message of texts and other blocks."""
    return ChatMessage(
        role=role,
        blocks=[
            TextBlock(text=content) if isinstance(content, str) else content for content in contents
        ],
    )


def texts(messages: Sequence[ChatMessage]) -> list[str]:
    """What recalled messages say, without when it was."""
    return [str(message.blocks[0].text).partition("] ")[2] for message in messages]  # type: ignore[union-attr]


def kinds(messages: Sequence[ChatMessage]) -> list[list[type]]:
    return [[type(block) for block in message.blocks] for message in messages]


async def test_what_was_said_is_recalled(block: SensoriumMemoryBlock) -> None:
    """What fits the latest message best comes first, with who said it and when."""
    await block.aput([said("sea"), said("dog", role="assistant"), said("cow")], session_id="a")
    [first, *_] = found = await block.aget([said("sun"), said("dog?")], session_id="a")
    assert len(found) == 3
    assert first.role == "user"
    assert isinstance(first.blocks[0], TextBlock)
    assert first.blocks[0].text.endswith("assistant said] dog")
    assert await block.aget([], session_id="a") == []
    assert await block.aget(session_id="a") == []


async def test_later_messages_weigh_more(memory: Memory) -> None:
    """Of two messages that ask, the latest one decides which memory comes first."""
    block = SensoriumMemoryBlock(memory=memory, retrieval_context_window=2)
    await block.aput([said("sea sun"), said("dog sun")], session_id="a")
    for asked in (["sea", "dog"], ["dog", "sea"]):
        found = texts(await block.aget([said(words) for words in asked], session_id="a"))
        assert found == [f"{asked[1]} sun", f"{asked[0]} sun"]


async def test_media_are_remembered_and_shown(block: SensoriumMemoryBlock) -> None:
    """Bytes, paths, file objects and data URLs; pictures and sounds come back as bytes."""
    url = f"data:image/jpeg;base64,{base64.b64encode(LOTUS.read_bytes()).decode()}"
    read_before = BytesIO(DOG.read_bytes() + b"\0")
    read_before.seek(0, 2)
    message = said(
        "look",
        ImageBlock(path=DOG),
        ImageBlock(url=url),
        ImageBlock(image=read_before),
        AudioBlock(audio=BARK.read_bytes()),
        ToolCallBlock(tool_name="t", tool_kwargs={}),
    )
    await block.aput([message], session_id="a")
    found = await block.aget([said("look")], session_id="a")
    assert kinds(found) == [[TextBlock, ImageBlock, ImageBlock, ImageBlock, AudioBlock]]
    [_, dog, lotus, _, bark] = found[0].blocks
    assert dog.resolve_image().read() == DOG.read_bytes()  # type: ignore[union-attr]
    assert lotus.resolve_image().read() == LOTUS.read_bytes()  # type: ignore[union-attr]
    assert (dog.image_mimetype, bark.format) == ("image/jpeg", "wav")  # type: ignore[union-attr]
    assert bark.resolve_audio().read(4) == b"RIFF"  # type: ignore[union-attr]


async def test_a_picture_is_a_question(block: SensoriumMemoryBlock, memory: Memory) -> None:
    """A message of media alone is remembered, and asks."""
    await block.aput([said("cow", ImageBlock(path=DOG))], session_id="a")
    found = await block.aget([said(ImageBlock(path=DOG))], session_id="a")
    assert texts(found) == ["cow"]
    assert memory.count() == 1


async def test_web_addresses_are_not_fetched(block: SensoriumMemoryBlock, memory: Memory) -> None:
    """What is behind one is left out; the words are kept. What says nothing is not remembered."""
    far = ImageBlock(url="https://example.org/a.png")
    await block.aput([said("sea", far), said(far), said(""), said()], session_id="a")
    [record] = memory.timeline()
    assert (record.text, record.media) == ("sea", ())


async def test_a_message_is_no_answer_to_itself(
    block: SensoriumMemoryBlock, memory: Memory
) -> None:
    """It is remembered once, and recalled by others only."""
    for _ in range(2):
        await block.aput([said("sea"), said("sea sun")], session_id="a")
    assert memory.count() == 2
    assert texts(await block.aget([said("sea")], session_id="a")) == ["sea sun"]


async def test_what_is_said_again_is_of_now(block: SensoriumMemoryBlock, memory: Memory) -> None:
    """The time is that of the last time, and the order that of the talk."""
    await block.aput([said("sea"), said("dog")], session_id="a")
    before = memory.timeline()[0].at
    await block.aput([said("cow"), said("sea")], session_id="a")
    latest = memory.timeline()
    assert [record.text for record in latest] == ["sea", "cow", "dog"]
    assert latest[0].at > latest[1].at > before


async def test_sessions_are_apart(block: SensoriumMemoryBlock, memory: Memory) -> None:
    """Interleaved, with the same words, and without a name: nothing leaks into another session."""
    for session in ("a", "b", None, "", "a"):
        await block.aput([said("secret"), said(f"secret of {session!r}")], session_id=session)
    for session in ("a", "b", None, ""):
        found = await block.aget([said("secret?")], session_id=session)
        assert sorted(texts(found)) == ["secret", f"secret of {session!r}"]
    assert await block.aget([said("secret?")], session_id="c") == []
    assert memory.count() == 8
    everywhere = SensoriumMemoryBlock(memory=memory, scope="owner", similarity_top_k=20)
    assert len(await everywhere.aget([said("secret?")], session_id="c")) == 8


async def test_concurrent_sessions_are_apart(block: SensoriumMemoryBlock) -> None:
    """However puts and gets of many sessions fall together."""

    async def chat(session: str) -> list[str]:
        for number in range(4):
            await block.aput([said(f"secret {number} of {session}")], session_id=session)
            await asyncio.sleep(0)
        return texts(await block.aget([said("secret?")], session_id=session))

    names = [f"s{number}" for number in range(6)]
    for name, found in zip(names, await asyncio.gather(*map(chat, names)), strict=True):
        assert len(found) == 3
        assert all(text.endswith(f"of {name}") for text in found)


async def test_the_session_is_read_before_anybody_takes_it_back(
    block: SensoriumMemoryBlock,
) -> None:
    """LlamaIndex's own block removes it from the messages it shares with ours."""
    message, free = said("sea"), threading.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))
    busy = loop.run_in_executor(None, free.wait)
    putting = asyncio.ensure_future(block.aput([message], session_id="a"))
    await asyncio.sleep(0)
    message.additional_kwargs.pop("session_id")
    free.set()
    await asyncio.gather(busy, putting)
    assert texts(await block.aget([said("sea?")], session_id="a")) == ["sea"]


async def test_a_recorded_picture_reaches_the_model(memory: Memory, engine: AsyncEngine) -> None:
    """LlamaIndex's memory flushes messages to the block, and `aget` returns them."""
    block = SensoriumMemoryBlock(memory=memory, similarity_top_k=1)
    chat = ChatMemory.from_defaults(
        session_id="a",
        token_limit=400,
        token_flush_size=50,
        chat_history_token_ratio=0.5,
        memory_blocks=[block],
        async_engine=engine,
    )
    await chat.aput(said("dog", ImageBlock(image=DOG.read_bytes())))
    await chat.aput(said("so cute", role="assistant"))
    for _ in range(3):
        await chat.aput(said("sun " * 60))
        await chat.aput(said("cow " * 60, role="assistant"))
    [shown, *history] = await chat.aget(input="dog?")
    assert kinds([shown]) == [[TextBlock, ImageBlock]]
    assert shown.blocks[1].resolve_image().read() == DOG.read_bytes()  # type: ignore[union-attr]
    assert all(TextBlock is kind for [kind] in kinds(history))
    assert [message.role for message in history] == ["user", "assistant"]


async def test_other_records_of_the_owner_are_shown(memory: Memory) -> None:
    """With the scope of the owner: the stretch of a sound that matched, a motion as a picture."""
    memory.remember(sound("dog|sea|sun"), id="x")
    memory.remember(motion("cow"), id="y")
    block = SensoriumMemoryBlock(memory=memory, scope="owner", similarity_top_k=1)
    [message] = await block.aget([said("sea")])
    assert kinds([message]) == [[TextBlock, AudioBlock]]
    stretch = message.blocks[1].resolve_audio().read()  # type: ignore[union-attr]
    assert Audio(stretch).duration == pytest.approx(1, abs=0.05)
    [message] = await block.aget([said("cow")])
    assert kinds([message]) == [[TextBlock, ImageBlock]]
    memory.forget("x", "y", media_only=True)
    assert kinds(await block.aget([said("cow")])) == [[TextBlock]]


async def test_truncation_leaves_out_what_fits_least(block: SensoriumMemoryBlock) -> None:
    """As many as it takes, the last ones first; all of them is `None`."""
    messages = [said("sea " * 50), said("dog", ImageBlock(path=DOG)), said("cow " * 50)]
    assert await block.atruncate(messages, 0) == messages
    assert await block.atruncate(messages, 10) == messages[:2]
    assert await block.atruncate(messages, 60) == messages[:1]
    assert await block.atruncate(messages, 300) == messages[:1]
    assert await block.atruncate(messages, 10_000) is None
    assert await block.atruncate([], 10) is None
    assert len(messages) == 3


async def test_what_cannot_be_read_is_said(
    block: SensoriumMemoryBlock, memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    """A bad attachment is left out with a warning: the words and all other messages are kept."""
    bad = said("broken", ImageBlock(image=b"no picture", image_mimetype="image/png"))
    film = said("film", VideoBlock(video=b"no video"))
    await block.aput([said("sea"), bad, film, said("dog")], session_id="a")
    texts = sorted(record.text for record in memory.timeline())
    assert texts == ["broken", "dog", "film", "sea"]
    assert "without its image: 10 bytes" in caplog.text
    assert "without its video: 8 bytes" in caplog.text


async def test_the_loop_goes_on(home: House) -> None:
    """Remembering and recalling happen in other threads."""

    class Slow(PlantedEncoder):
        def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
            time.sleep(0.1)
            return super().try_encode(percepts)

    block = SensoriumMemoryBlock(memory=home.memory("slow", Slow()))
    question = [said("sea?")]
    for work in (block.aput([said("sea")]), block.aget(question), block.aget(question)):
        started = time.monotonic()
        task = asyncio.ensure_future(work)
        await asyncio.sleep(0)
        assert time.monotonic() - started < 0.1
        await task


def test_a_block_is_described_without_its_memory(block: SensoriumMemoryBlock) -> None:
    """A dictionary of it is plain, and wrong fields are refused."""
    assert block.model_dump()["name"] == "sensorium"
    assert "memory" not in block.model_dump()
    for wrong in ({"memory": "folder"}, {"memory": block.memory, "scope": "all"}):
        with pytest.raises(ValueError, match="validation error"):
            SensoriumMemoryBlock(**wrong)


@pytest.mark.slow
async def test_what_was_recalled_is_not_remembered_again(
    memory: Memory, engine: AsyncEngine
) -> None:
    """However many turns put recalled messages before the model, as the user's or the system's."""
    for method in (InsertMethod.USER, InsertMethod.SYSTEM):
        chat = ChatMemory.from_defaults(
            session_id=method.value,
            token_limit=300,
            token_flush_size=50,
            chat_history_token_ratio=0.5,
            memory_blocks=[SensoriumMemoryBlock(memory=memory)],
            insert_method=method,
            async_engine=engine,
        )
        for turn in range(6):
            await chat.aput(said(f"dog {turn} " + "sea " * 40))
            for message in await chat.aget():
                assert str(message.content).count("[recalled") <= 3
            await chat.aput(said("cow " * 40, role="assistant"))
    kept = [record.text for record in memory.timeline(limit=100)]
    assert kept
    assert not any("[recalled" in text for text in kept)
