"""The tools of langchain-mcp-adapters, as a LangChain agent calls them; see `python_sdk.py`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from importlib.metadata import version
from typing import Any

from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.resources import load_mcp_resources
from langchain_mcp_adapters.tools import load_mcp_tools

NAME, SERVER = sys.argv[1], json.loads(sys.argv[3])


def connection() -> dict[str, Any]:
    if "url" in SERVER:
        headers = {"Authorization": f"Bearer {SERVER['token']}"}
        return {"transport": "streamable_http", "url": SERVER["url"], "headers": headers}
    command, *arguments = SERVER["command"]
    return {"transport": "stdio", "command": command, "args": arguments, "env": dict(os.environ)}


async def main() -> None:
    client = MultiServerMCPClient({"memory": connection()})
    async with client.session("memory") as session:
        tools = {tool.name: tool for tool in await load_mcp_tools(session)}
        print(json.dumps(version(NAME)), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await done(session, tools, json.loads(line))), flush=True)


async def done(session: Any, tools: dict[str, Any], wish: dict[str, Any]) -> Any:
    if wish["do"] == "list":
        return list(tools)
    if wish["do"] == "read":
        blobs = await load_mcp_resources(session, uris=wish["uri"])
        return "".join(blob.as_string() for blob in blobs)
    call = {"name": wish["tool"], "args": wish["arguments"], "id": "1", "type": "tool_call"}
    message = await tools[wish["tool"]].ainvoke(call)
    content = message.content
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return {
        "failed": message.status == "error",
        "text": "\n".join(block["text"] for block in blocks if block["type"] == "text"),
        "media": sum(block["type"] in ("image", "audio") for block in blocks),
    }


asyncio.run(main())
