"""A support desk with two users over MCP, who send pictures and voice notes. It needs no model.

One server holds the memories of all users; a token reaches those of its own user alone. The agent
remembers, recalls, corrects and forgets, with the tools that a model would call.
"""

import asyncio
import base64
import hashlib
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from sensorium.samples import FOLDER

USERS = {name: secrets.token_urlsafe() for name in ("ada", "bob")}
TABLE = '[[tokens]]\nsha256 = "{}"\nowner = "{}"\nrights = ["read", "write", "forget"]\n'


@contextmanager
def desk(folder: Path) -> Iterator[str]:
    """Start the server; give its address."""
    hashes = {name: hashlib.sha256(token.encode()).hexdigest() for name, token in USERS.items()}
    tokens = folder / "tokens.toml"
    tokens.write_text("".join(TABLE.format(digest, name) for name, digest in hashes.items()))
    options = ["--memory", folder / "memory", "--transport", "http", "--port", "0"]
    command = [sys.executable, "-m", "sensorium.cli", "mcp", *options, "--tokens", tokens]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ) as process:
        found = (re.search(r"serving at (\S+)", line) for line in process.stderr)
        yield next(address[1] for address in found if address)
        process.terminate()


async def call(client: Client, tool: str, **arguments: object) -> str:
    """Call a tool as a model does; return the words of the answer."""
    answer = await client.call_tool(tool, arguments)
    return "\n".join(block.text for block in answer.content if block.type == "text")


async def serve(address: str, user: str, street: str) -> None:
    """Serve one user: each sees their own memories alone."""
    headers = {"Authorization": f"Bearer {USERS[user]}"}
    async with (
        httpx2.AsyncClient(headers=headers) as web,
        Client(streamable_http_client(address, http_client=web)) as client,
    ):
        said = await call(client, "remember", text=f"the parcel goes to 5 {street}")
        if user == "ada":
            for name in ("photo_dog.jpg", "sound_sea_waves.ogg"):
                data = base64.b64encode((FOLDER / name).read_bytes()).decode()
                await call(client, "remember", media=[{"data": data}], tags=["private"])
        for question in ("where does the parcel go?", "a puppy", "waves on a beach"):
            found = await call(client, "recall", query=question, limit=1)
            print(f"{user}, {question}: {' '.join(found.split())}")
        address_id = said.split()[-1]
        await call(client, "update", id=address_id, text=f"the parcel goes to 7 {street}")
        print(f"{user} corrected:", await call(client, "fetch", id=address_id))
        print(f"{user} forgot:", await call(client, "forget", tags=["private"]))
        print(f"{user} has left:", await call(client, "count"))


def main() -> None:
    with TemporaryDirectory() as folder, desk(Path(folder)) as address:
        for user, street in (("ada", "Elm Street"), ("bob", "Oak Road")):
            asyncio.run(serve(address, user, street))


if __name__ == "__main__":
    main()
