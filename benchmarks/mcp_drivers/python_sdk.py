"""The official client for Python, and fastmcp's if that is the package.

The arguments of a driver are the name of its client's package, the folder of its environment, and
where the server is, as JSON. It says the version of the client, and does what each line of stdin
asks for: one line of JSON, one line as the answer.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from importlib.metadata import version
from typing import Any

NAME, SERVER = sys.argv[1], json.loads(sys.argv[3])
HEADERS = {"Authorization": f"Bearer {SERVER.get('token')}"}


async def official() -> None:
    import httpx2
    from mcp import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client
    from mcp.client.streamable_http import streamable_http_client

    if "url" in SERVER:
        async with (
            httpx2.AsyncClient(headers=HEADERS) as web,
            Client(streamable_http_client(SERVER["url"], http_client=web)) as client,
        ):
            await answer(client)
        return
    command, *arguments = SERVER["command"]
    process = StdioServerParameters(command=command, args=arguments, env=dict(os.environ))
    async with Client(stdio_client(process)) as client:
        await answer(client)


async def fastmcp() -> None:
    from fastmcp import Client
    from fastmcp.client.transports import StdioTransport, StreamableHttpTransport

    if "url" in SERVER:
        transport = StreamableHttpTransport(SERVER["url"], headers=HEADERS)
    else:
        command, *arguments = SERVER["command"]
        transport = StdioTransport(command, arguments, env=dict(os.environ))
    async with Client(transport) as client:
        await answer(client)


async def answer(client: Any) -> None:
    print(json.dumps(version(NAME)), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await done(client, json.loads(line))), flush=True)


async def done(client: Any, wish: dict[str, Any]) -> Any:
    if wish["do"] == "list":
        listed = await client.list_tools()
        return [tool.name for tool in getattr(listed, "tools", listed)]
    if wish["do"] == "read":
        read = await client.read_resource(wish["uri"])
        return "".join(part.text for part in getattr(read, "contents", read))
    more = {"raise_on_error": False} if NAME == "fastmcp" else {}
    result = await client.call_tool(wish["tool"], wish["arguments"], **more)
    return {
        "failed": result.is_error,
        "text": "\n".join(block.text for block in result.content if block.type == "text"),
        "media": sum(block.type in ("image", "audio") for block in result.content),
    }


asyncio.run(fastmcp() if NAME == "fastmcp" else official())
