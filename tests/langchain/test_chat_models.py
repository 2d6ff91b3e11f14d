"""What LangChain's chat models make of pictures, sounds, videos and files: docs/langchain.md.

Only messages are converted; nothing is sent. `make models` runs this in an environment that has the
packages, which ask for a newer langchain-core than we do.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolCall, ToolMessage
from langchain_core.tools import tool
from tests.support.golden_files import ROOT

from sensorium.langchain import SensoriumRetriever, memory_tools
from sensorium.langchain.memory_tool import Shown
from sensorium.memory import Memory
from sensorium.samples import sample

MARK = b"which no message has by chance" * 4
DATA = base64.b64encode(MARK).decode()
TYPES = {
    "image": "image/png",
    "audio": "audio/wav",
    "video": "video/mp4",
    "file": "application/pdf",
}
SHOWN = ["taken", "left out", "error", "as text"]
PACKAGES = {
    "OpenAI chat": "langchain_openai",
    "OpenAI responses": "langchain_openai",
    "Anthropic": "langchain_anthropic",
    "Gemini": "langchain_google_genai",
}
MODELS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            find_spec(package) is None, reason=f"needs {package}: make models"
        ),
    )
    for name, package in PACKAGES.items()
]
pytestmark = [
    pytest.mark.slow,  # their packages take seconds to import
    pytest.mark.filterwarnings("ignore"),  # of what they import
]


def converter(name: str) -> Any:
    """What makes the body of a request of messages."""
    if name == "Anthropic":
        from langchain_anthropic import ChatAnthropic

        return ChatAnthropic(model="claude-sonnet-4-5", api_key="none")._get_request_payload
    if name == "Gemini":
        from langchain_google_genai import ChatGoogleGenerativeAI

        gemini = ChatGoogleGenerativeAI(model="gemini-2.5-flash", google_api_key="none")
        return gemini._prepare_request
    from langchain_openai import ChatOpenAI

    responses = name == "OpenAI responses"
    openai = ChatOpenAI(model="gpt-5", api_key="none", use_responses_api=responses)
    return openai._get_request_payload


def plain(value: Any) -> Any:
    """A request as JSON values, bytes as base64."""
    if hasattr(value, "model_dump"):
        return plain(value.model_dump(exclude_none=True))
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def strings(value: Any, *, is_answer: bool = False) -> Iterator[tuple[str, bool]]:
    """Each text of a request, and whether it is in Gemini's JSON of what a function returned."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from strings(part, is_answer=is_answer or key == "function_response")
    elif isinstance(value, list):
        for part in value:
            yield from strings(part, is_answer=is_answer)
    elif isinstance(value, str):
        yield value, is_answer


def outcome(name: str, messages: list[BaseMessage], data: str) -> str:
    """What becomes of a content: a string of its own is taken, one among words is text."""
    try:
        request = plain(converter(name)(messages))
    except ValueError:
        return "error"
    found = [(text, is_answer) for text, is_answer in strings(request) if data in text]
    if not found:
        return "left out"
    taken = re.compile(r"(data:[^,]*,)?" + re.escape(data))
    is_taken = all(taken.fullmatch(text) and not is_answer for text, is_answer in found)
    return "taken" if is_taken else "as text"


def messages_of(place: str, content: Any) -> list[BaseMessage]:
    """A conversation that ends in a content, from a user or from a tool."""
    if place == "user":
        return [HumanMessage(content)]

    @tool
    def look() -> Any:
        """Return what was seen."""
        return content

    call = ToolCall(name="look", args={}, id="1", type="tool_call")
    return [HumanMessage("look"), AIMessage("", tool_calls=[call]), look.invoke(call)]


def table() -> dict[tuple[str, str], dict[str, str]]:
    """The table of the document, by block and place."""
    text = (ROOT / "docs" / "langchain.md").read_text(encoding="utf-8")
    section = text.split("### What models take")[1].split("\n## ")[0]
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    return {
        tuple(row[0].split(", from a ")): dict(zip(head[1:], row[1:], strict=True))  # type: ignore[misc]  # two words
        for row in rows
    }


def test_the_table_is_whole() -> None:
    """Each block from each place, for each model, in words that the document explains."""
    rows = table()
    assert set(rows) == {(kind, place) for kind in TYPES for place in ("user", "tool")}
    for row in rows.values():
        assert set(row) == set(PACKAGES)
        assert set(row.values()) <= set(SHOWN)


@pytest.mark.parametrize("place", ["user", "tool"])
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("model", MODELS)
def test_the_document_says_what_becomes_of_a_block(model: str, kind: str, place: str) -> None:
    """As the packages convert it today."""
    block = {"type": kind, "base64": DATA, "mime_type": TYPES[kind]}
    messages = messages_of(place, [{"type": "text", "text": "look"}, block])
    assert outcome(model, messages, DATA) == table()[kind, place][model]


@pytest.fixture(scope="module")
def memory() -> Iterator[Memory]:
    """What can be seen, and what can be heard, of one matter."""
    with Memory.open(":memory:", owner="rex") as opened:
        opened.remember(sample("photo_dog"), text="Rex")
        opened.remember(sample("sound_dog_bark"), text="Rex barks")
        opened.remember(sample("imu_jogging"), text="a walk with Rex")
        yield opened


@pytest.mark.parametrize("model", MODELS)
def test_our_tools_never_send_base64_as_text(memory: Memory, model: str) -> None:
    """However they show: every picture is taken, and no other content is there."""
    ways: tuple[Shown, ...] = (True, "first", False)
    for shown in ways:
        _, recall = memory_tools(memory, show_media=shown)
        call = ToolCall(name="recall", args={"query": "a dog"}, id="1", type="tool_call")
        message = recall.invoke(call)
        assert isinstance(message, ToolMessage)
        messages = [HumanMessage("look"), AIMessage("", tool_calls=[call]), message]
        content: Any = message.content
        parts = content if isinstance(content, list) else []
        sent = [part for part in parts if part["type"] != "text"]
        assert sent or shown is not True
        for part in sent:
            assert outcome(model, messages, part["base64"]) == "taken"
        words = json.dumps(plain(converter(model)(messages)))
        assert len(words) < 3000 + sum(2 * len(part["base64"]) for part in sent)


@pytest.mark.parametrize("model", MODELS)
def test_what_a_model_takes_it_gets(memory: Memory, model: str) -> None:
    """Of words and pictures all of it; of sounds what the table says, or their names."""
    retriever = SensoriumRetriever(memory=memory)
    documents = retriever.invoke("a dog")
    shown: list[Any] = retriever.content_blocks(documents, kinds=["text", "image"])
    assert sum(block["type"] == "image" for block in shown) == 2
    assert any("a sound of 2.9 s" in block.get("text", "") for block in shown)
    message = HumanMessage(content_blocks=shown)
    for block in shown:
        if block["type"] == "image":
            assert outcome(model, [message], block["base64"]) == "taken"
    whole: list[Any] = retriever.content_blocks(documents)
    [sound] = [block for block in whole if block["type"] == "audio"]
    found = outcome(model, [HumanMessage(content_blocks=whole)], sound["base64"])
    assert found == table()["audio", "user"][model]
