"""Tools and retrievers of the frameworks take a memory on a server."""

from __future__ import annotations

import asyncio

from langchain_core.tools import BaseTool
from tests.remote.conftest import Opened

from sensorium.langchain import SensoriumRetriever, memory_tools
from sensorium.llama_index import SensoriumRetriever as LlamaIndexRetriever
from sensorium.mcp import build_server
from sensorium.remote import RemoteMemory
from sensorium.samples import sample


def test_tools_of_an_agent(ana: RemoteMemory) -> None:
    """An agent on another machine remembers and recalls by the server."""
    tools: dict[str, BaseTool] = {tool.name: tool for tool in memory_tools(ana)}
    tools["remember"].invoke({"text": "the spare key is under the fern", "tags": ["tools"]})
    ana.remember(sample("sound_dog_bark"), id="bark", tags=["tools"])
    assert "spare key" in str(tools["recall"].invoke({"query": "where is the key"}))
    assert "bark" in str(tools["recall"].invoke({"query": "a dog barking"}))


def test_retrievers(ana: RemoteMemory) -> None:
    """Documents and nodes come as from a memory here."""
    ana.remember(sample("photo_sailboat"), id="boat", tags=["retrievers"])
    [document] = SensoriumRetriever(memory=ana, k=1).invoke("a sailing boat")
    assert document.metadata["id"] == "boat"
    [node] = LlamaIndexRetriever(ana, similarity_top_k=1).retrieve("a sailing boat")
    assert node.node.metadata["modality"] == "image"


def test_tools_of_mcp_are_those_that_the_token_allows(opened: Opened) -> None:
    """A token that only reads makes a server that only reads."""
    names = {
        name: {tool.name for tool in asyncio.run(build_server(opened(name)).list_tools())}
        for name in ("ana", "guest")
    }
    assert names["ana"] - names["guest"] == {"remember", "update", "forget"}
