"""Doors of what agents use: MCP, LangChain, LangGraph, LlamaIndex, the command line."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

from llama_index.core.vector_stores import MetadataFilter, MetadataFilters
from llama_index.core.vector_stores.types import VectorStoreQuery
from mcp import Client
from qdrant_client import models
from typer.testing import CliRunner

from sensorium.cli import app
from sensorium.encoders import register_encoder
from sensorium.langchain import SensoriumEmbeddings, SensoriumVectorStore
from sensorium.langgraph import SensoriumStore
from sensorium.llama_index import SensoriumVectorStore as LlamaStore
from sensorium.mcp import build_server
from sensorium.qdrant import Equal
from tests.attack.owners.doors import OTHER, Doors
from tests.attack.tiny import row, tiny

PAIRS = (
    ((("a",), "b"), (("a", "b"), "k")),
    ((("a b",), "k"), (("a", "b"), "k")),
    ((("a", '"b'), "k"), (("a",), '"b", "k')),
)


def ask(doors: Doors) -> None:
    """Try every door of the adapters that use an open memory."""
    asyncio.run(_by_mcp(doors))
    doors.check("MCP")
    _by_langchain(doors)
    doors.check("LangChain")
    _by_langgraph(doors)
    doors.check("LangGraph")
    _by_llama_index(doors)
    doors.check("LlamaIndex")


async def _by_mcp(doors: Doors) -> None:
    picture = {"data": "data:text/plain,hello", "uri": "file:///etc/passwd"}
    calls: list[tuple[str, dict[str, Any]]] = [
        *(("recall", {"query": "x", "limit": 50}), ("recall", {"keywords": "words"})),
        *(("timeline", {"limit": 100}), ("timeline", {"cursor": doors.cursor}), ("count", {})),
        *(("count", {"by": "tags"}), ("count", {"where": {"owner": OTHER}})),
        *(("timeline", {"where": {'"owner"': OTHER}}), ("recall", {"query": "x", "owner": OTHER})),
        *(("recall", {"like": name}) for name in doors.names),
        *(("update", {"id": name, "tags": ["stolen"]}) for name in doors.names),
        *(("forget", {"ids": [name]}) for name in doors.names),
        *(("forget", {"everything": True}), ("forget", {"where": {"owner": OTHER}})),
        *(("remember", {"text": "x", "media": [{"path": "/etc/passwd"}]}),),
        *(("remember", {"text": "x", "media": [picture]}),),
    ]
    async with Client(build_server(doors.mine)) as client:
        for name, arguments in calls:
            await _see(
                doors, f"mcp {name} {json.dumps(arguments)}", client.call_tool(name, arguments)
            )
        for name in doors.names:
            for end in ("", "/media/0", "/media/..%2F0"):
                address = f"memory://{name}{end}"
                await _see(doors, f"mcp {address}", client.read_resource(address))


async def _see(doors: Doors, name: str, answer: Any) -> None:
    try:
        shown = repr(await answer)
    except Exception as error:  # a refusal is as it must be; what it shows is looked at
        shown = repr(error)
    doors.judge(name, shown)


def _by_langchain(doors: Doors) -> None:
    store = SensoriumVectorStore(doors.mine, SensoriumEmbeddings(doors.mine.encoder))
    owner_is = models.FieldCondition(key="owner", match=models.MatchValue(value=OTHER))
    not_mine = models.FieldCondition(key="owner", match=models.MatchValue(value="rex"))
    for where in (
        *(models.Filter(should=[owner_is]), models.Filter(must_not=[not_mine])),
        *({"owner": OTHER}, Equal("owner", OTHER), {"$or": [{"owner": OTHER}]}),
    ):
        search = partial(store.similarity_search, "x", k=20, filter=where)
        doors.knock(f"langchain {where!r}", search)
    doors.knock("langchain ids", lambda: store.get_by_ids(doors.names))
    doors.knock("langchain delete", lambda: store.delete(doors.names))


def _by_langgraph(doors: Doors) -> None:
    store = SensoriumStore(doors.mine)
    store.put(("a", "b"), "k", {"text": "one"})
    for namespace in (("a", "b"), ("a",), (), (OTHER,), ("secret0",), ("*",)):
        search = partial(store.search, namespace, query="XYZ", limit=100)
        doors.knock(f"langgraph {namespace}", search)
    doors.knock("langgraph list", lambda: store.list_namespaces(limit=1000))
    doors.knock("langgraph filter", lambda: store.search((), filter={"owner": OTHER}, limit=100))
    for name in doors.names:
        doors.knock(f"langgraph get {name}", partial(store.get, ("a",), name))
    for (first, key), (second, other) in PAIRS:
        store.put(first, key, {"text": "first"})
        store.put(second, other, {"text": "second"})
        item = store.get(first, key)
        if item is None or item.value != {"text": "first"}:
            doors.opened("langgraph", f"{first}, {key} and {second}, {other} are one")


def _by_llama_index(doors: Doors) -> None:
    store = LlamaStore(doors.mine)
    query = partial(VectorStoreQuery, query_embedding=row("x").tolist(), similarity_top_k=50)
    for key in ("owner", '"owner"', "../owner"):
        where = MetadataFilters(filters=[MetadataFilter(key=key, value=OTHER)])
        doors.knock(f"llama {key}", partial(store.query, query(filters=where)))
        doors.knock(f"llama nodes {key}", partial(store.get_nodes, filters=where))
        doors.knock(f"llama delete {key}", partial(store.delete_nodes, filters=where))
    doors.knock("llama nodes", lambda: store.get_nodes(node_ids=doors.names))
    ids = query(node_ids=doors.names, doc_ids=doors.names)
    doors.knock("llama ids", lambda: store.query(ids))
    for name in doors.names:
        doors.knock(f"llama delete {name}", partial(store.delete, name))
    doors.knock("llama delete nodes", lambda: store.delete_nodes(node_ids=doors.names))
    doors.knock("llama clear", store.clear)


def type_commands(doors: Doors, memory: Path) -> None:
    """Try the command line of one owner; the memory must be closed."""
    register_encoder("attack-tiny", lambda **_: tiny())
    words = (
        *(["timeline"], ["timeline", "--cursor", doors.cursor], ["recall", "x"], ["stats"]),
        *(["timeline", "--where", f"owner={OTHER}"], ["recall", "--keywords", "words"]),
        *([command, name] for name in doors.names for command in ("show", "save", "forget")),
        *(["recall", "--like", name] for name in doors.names),
        *(["update", name, "--tag", "stolen"] for name in doors.names[:3]),
        *(["sweep"], ["forget", "--everything", "--yes"]),
    )
    options = ["--memory", str(memory), "--owner", "rex", "--encoder", "attack-tiny"]
    for line in words:
        result = CliRunner().invoke(app, [*line, *options])
        doors.judge(f"sensorium {' '.join(line)}", result.output)
