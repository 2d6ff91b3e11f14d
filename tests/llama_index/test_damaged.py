"""Damaged files and attachments: the rest is answered and remembered, and the damage reported."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, ImageBlock, TextBlock
from llama_index.core.schema import ImageNode, TextNode
from tests.support.llama_indexing import ENCODER, vector
from tests.support.planted import PlantedEncoder

from sensorium.encoders import Encoding
from sensorium.errors import EncodingError, MediaQuotaError, SensoriumError
from sensorium.llama_index import SensoriumMemoryBlock, SensoriumRetriever, SensoriumVectorStore
from sensorium.memory import Memory
from sensorium.percepts import Image, Percept, Text
from sensorium.samples import FOLDER

PHOTO = FOLDER / "photo_dog.jpg"
LOTUS = FOLDER / "photo_lotus.jpg"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory.open(tmp_path / "memory", owner="me", encoder=ENCODER) as opened:
        yield opened


def damage(folder: Path, content: bytes = b"no picture") -> None:
    """Overwrite every kept file."""
    files = [file for file in folder.rglob("*.jp*g") if file.is_file()]
    assert files
    for file in files:
        file.chmod(0o644)
        file.write_bytes(content)


def said(*blocks: Any) -> ChatMessage:
    return ChatMessage(
        role="user",
        blocks=[TextBlock(text=block) if isinstance(block, str) else block for block in blocks],
    )


def texts(message: ChatMessage) -> list[str]:
    return [block.text for block in message.blocks if isinstance(block, TextBlock)]


@pytest.mark.parametrize("content", [b"no picture", b"", PHOTO.read_bytes()[:500]])
async def test_a_block_says_what_cannot_be_shown(
    memory: Memory, tmp_path: Path, content: bytes
) -> None:
    """The words of the message come, with a remark in the place of its picture."""
    block = SensoriumMemoryBlock(memory=memory)
    await block.aput([said("sea", ImageBlock(path=PHOTO)), said("dog")], session_id="a")
    damage(tmp_path, content)
    found = await block.aget([said("sea?")], session_id="a")
    [remark] = [texts(message)[1] for message in found if texts(message)[0].endswith("sea")]
    assert remark.startswith("[this image cannot be shown: ")
    assert all(isinstance(block, TextBlock) for message in found for block in message.blocks)


def test_a_retriever_says_what_cannot_be_shown(memory: Memory, tmp_path: Path) -> None:
    """The text of the node has a remark; a record of a picture alone becomes a text node."""
    memory.remember(Image(PHOTO), text="sea", id="both")
    memory.remember(Image(LOTUS), id="picture")
    damage(tmp_path)
    found = SensoriumRetriever(memory, similarity_top_k=2).retrieve("sea")
    nodes = {hit.node_id: hit.node for hit in found}
    assert {type(node) for node in nodes.values()} == {TextNode}
    assert nodes["both"].get_content().startswith("sea\n[this image cannot be shown: ")
    assert nodes["picture"].get_content().startswith("[this image cannot be shown: ")


def test_a_node_comes_without_its_damaged_picture(
    memory: Memory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """From the store and the retriever, with a warning; it can be added and removed as ever."""
    store = SensoriumVectorStore(memory)
    photo = base64.b64encode(PHOTO.read_bytes())
    node = ImageNode(id_="n", text="sea", image=photo, embedding=vector("sea"))
    store.add([node])
    damage(tmp_path)
    [kept] = store.get_nodes(["n"])
    [found] = SensoriumRetriever(memory).retrieve("sea")
    for shown in (kept, found.node):
        assert isinstance(shown, ImageNode)
        assert (shown.text, shown.image) == ("sea", None)
    assert "left without its image" in caplog.text
    images = store.sibling("image")
    images.add([TextNode(id_="n", text="dog", embedding=vector("dog"))])
    store.delete_nodes(["n"])
    images.clear()
    assert memory.count() == 0


class Squeamish(PlantedEncoder):
    """Encodes no picture of the dog, and no message about worms."""

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        made = super().try_encode(percepts)
        dog = Image(PHOTO).digest
        return [
            EncodingError("no", "", "")
            if percept.digest == dog or (isinstance(percept, Text) and "worm" in percept.text)
            else encoding
            for percept, encoding in zip(percepts, made, strict=True)
        ]


async def test_words_outlive_what_cannot_be_encoded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With them the attachments that can be; a picture alone is only warned of."""
    with Memory.open(tmp_path, owner="me", encoder=Squeamish()) as memory:
        block = SensoriumMemoryBlock(memory=memory)
        both = said("sea", ImageBlock(path=PHOTO), ImageBlock(path=LOTUS))
        await block.aput([both, said(ImageBlock(path=PHOTO)), said("dog")], session_id="a")
        kept = {record.text: record.modalities for record in memory.timeline()}
        assert kept == {"sea": ("image", "text"), "dog": ("text",)}
        assert caplog.text.count("without its image") == 2
        found = await block.aget([both], session_id="a")
        assert [texts(message)[0][-3:] for message in found] == ["dog"]  # and not itself
        with pytest.raises(EncodingError):
            await block.aput([said("worm"), said("cow")], session_id="a")
        assert {record.text for record in memory.timeline()} == {"sea", "dog", "cow"}


async def test_words_outlive_a_full_media_store(tmp_path: Path) -> None:
    """They are kept without the file; a picture alone that has no room raises."""
    with Memory.open(tmp_path, owner="me", encoder=ENCODER, media_quota=10) as memory:
        block = SensoriumMemoryBlock(memory=memory)
        await block.aput([said("sea", ImageBlock(path=PHOTO))], session_id="a")
        assert [record.text for record in memory.timeline()] == ["sea"]
        with pytest.raises(MediaQuotaError):
            await block.aput([said(ImageBlock(path=PHOTO)), said("dog")], session_id="a")
        assert {record.text for record in memory.timeline()} == {"sea", "dog"}


async def test_a_damaged_question_still_asks(memory: Memory) -> None:
    """The question has its text alone; a message of damaged media asks nothing."""
    block = SensoriumMemoryBlock(memory=memory)
    await block.aput([said("sea")], session_id="a")
    bad = ImageBlock(image=b"no picture", image_mimetype="image/png")
    assert len(await block.aget([said("sea?", bad)], session_id="a")) == 1
    assert await block.aget([said(bad)], session_id="a") == []
