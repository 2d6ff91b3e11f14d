"""The client's side of MCP: remember a picture, a sound and a motion, and recall them.

The official client starts `sensorium mcp` as a process of its own and talks to it through stdin and
stdout, as desktop agents do. The example prints what a model would see of the answers. Nothing is
downloaded; the memory is in a temporary folder.
"""

import asyncio
import base64
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import CallToolResult

from sensorium.samples import FOLDER


def server(memory: Path) -> StdioServerParameters:
    """Return the command of a client's configuration; it may read only the samples."""
    arguments = ["-m", "sensorium.cli", "mcp", "--memory", str(memory), "--root", str(FOLDER)]
    return StdioServerParameters(command=sys.executable, args=arguments, env=dict(os.environ))


def show(question: str, answer: CallToolResult) -> None:
    """Print what a model sees: words, pictures and sounds."""
    print(f"\n> {question}")
    for block in answer.content:
        if block.type == "text":
            print(block.text)
        elif block.type in ("image", "audio"):
            size = len(base64.b64decode(block.data))
            print(f"   [{block.mime_type}, {size} bytes, which the model sees or hears]")


async def remember(client: Client) -> None:
    """Remember a file by its path below the root, one as base64, and one with its units."""
    bark = base64.b64encode((FOLDER / "sound_dog_bark.ogg").read_bytes()).decode("ascii")
    units = {"accel": "m/s^2", "gyro": "rad/s"}
    media = {
        "a photo, by its path": {"path": "photo_sailboat.jpg"},
        "a sound, as base64": {"data": bark, "mime_type": "audio/ogg"},
        "a motion, with its units": {"path": "imu_walking.npz", "modality": "imu", "units": units},
    }
    for question, medium in media.items():
        about = {"at": "2026-07-01T12:00:00Z", "tags": ["first day"]}
        show(
            f"remember {question}", await client.call_tool("remember", {"media": [medium], **about})
        )


async def converse(client: Client) -> None:
    """Remember three things, and find each from another modality."""
    tools = (await client.list_tools()).tools
    print("tools:", ", ".join(tool.name for tool in tools))
    await remember(client)
    for question in ("a dog barks", "a boat on the water", "somebody walks"):
        answer = await client.call_tool("recall", {"query": question, "limit": 1})
        show(f"recall {question!r}", answer)
    sea = {"media": [{"path": "sound_sea_waves.ogg"}], "modalities": ["image"], "limit": 1}
    show("recall a picture by the sound of the sea", await client.call_tool("recall", sea))
    show("count", await client.call_tool("count", {"by": "modalities"}))
    outside = {"media": [{"path": "/etc/hostname"}]}
    show("remember a file outside the root", await client.call_tool("remember", outside))


async def main() -> None:
    with TemporaryDirectory() as folder, Path(folder, "server.log").open("w") as log:
        async with Client(stdio_client(server(Path(folder, "memory")), errlog=log)) as client:
            await converse(client)


if __name__ == "__main__":
    asyncio.run(main())
