"""The tools `search` and `fetch`, in the form that connectors of web chats ask for.

Each takes one text and answers with one text of JSON: results with id, title and url, or one of
them with its text and metadata.
Source: "Building MCP servers for ChatGPT and API integrations", platform.openai.com/docs/mcp.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from mcp_types import CallToolResult
from typing_extensions import NotRequired, TypedDict

from sensorium.agents.arguments import Id, Query
from sensorium.agents.asking import ask
from sensorium.agents.escaping import quoted_json
from sensorium.agents.limits import HITS
from sensorium.agents.naming import named
from sensorium.agents.signals import SignalReader
from sensorium.errors import ToolArgumentError
from sensorium.mcp.blocks import record_uri
from sensorium.mcp.progress import Call, Step, working
from sensorium.mcp.schemas import answer
from sensorium.memory import Memory, Record

LONGEST_TITLE = 80  # characters


class ResultData(TypedDict):
    """A memory that was found."""

    id: str
    title: str
    url: str


class SearchData(TypedDict):
    """The result of `search`, best first; `notes` only if there is something to say of it."""

    results: list[ResultData]
    notes: NotRequired[list[str]]


class DocumentData(ResultData):
    """The result of `fetch`: a memory, in words."""

    text: str
    metadata: dict[str, Any]


class ConnectorTools:
    """The tools with which a connector searches a memory and reads what it found."""

    def __init__(self, memory: Memory, reader: SignalReader) -> None:
        """Answer from one memory.

        Args:
            memory: The memory that is served.
            reader: What knows how long a question may be.
        """
        self._memory = memory
        self._reader = reader

    async def search(self, call: Call, *, query: Query) -> Annotated[CallToolResult, SearchData]:
        """Search memories by words, for connectors: ids, titles, addresses. recall tells more."""
        if not query.strip():
            raise ToolArgumentError("a search without words", "words in query", "give some")
        self._reader.check_text(query, "query")

        def work(_: Step) -> CallToolResult:
            found = ask(self._memory, [query], {}, limit=HITS)
            data = SearchData(results=[_result(hit.record) for hit in found.hits])
            if remarks := [*found.understood(remedy=""), *found.unrelated]:
                data["notes"] = remarks
            return _answer(data)

        return await working(call, work)

    def fetch(self, *, id: Id) -> Annotated[CallToolResult, DocumentData]:
        """Read a memory that search found: its whole text, and what is known of it."""
        record = self._memory.get(id)
        known: dict[str, Any] = {
            "at": record.at.isoformat(),
            "tags": list(record.tags),
            "source": record.source,
            "origin": record.origin,
            "modalities": list(record.modalities),
            "metadata": dict(record.metadata),
        }
        if record.shared:
            known["shared_by"] = record.owner
        return _answer(DocumentData(**_result(record), text=_text(record), metadata=known))


def _result(record: Record) -> ResultData:
    words = " ".join(_text(record).split())
    title = words if len(words) <= LONGEST_TITLE else f"{words[: LONGEST_TITLE - 3]}..."
    return {"id": record.id, "title": title, "url": record_uri(record)}


def _text(record: Record) -> str:
    """Return the words of a memory: its own, those found in it, else what its signals are."""
    found = [finding.text for finding in record.findings]
    words = "\n".join([record.text, *found] if record.text else found)
    kinds = [named(each.modality, each.duration) for each in record.media if each.of is None]
    return words or ", ".join(kinds)


def _answer(data: Mapping[str, Any]) -> CallToolResult:
    return answer([quoted_json(data)], data)
