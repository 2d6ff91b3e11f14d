"""An agent's side of the MCP tests: it asks a server, and is answered or refused."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import PIL.Image
from mcp import Client
from mcp_types import AudioContent, CallToolResult, ImageContent, TextResourceContents

from sensorium.memory import Memory
from tests.support.planted import PLANTED, PlantedEncoder

NOON = "2026-07-01T12:00:00Z"


@contextmanager
def remembering(
    place: str | Path = ":memory:",
    *,
    owner: str = "rex",
    encoder: PlantedEncoder | None = None,
    **options: Any,
) -> Iterator[Memory]:
    made = encoder or planted_encoder()
    with Memory.open(place, owner=owner, encoder=made, **options) as one:
        yield one


@cache
def planted_encoder() -> PlantedEncoder:
    return PlantedEncoder(background=True)


async def ask(client: Client, tool: str, **arguments: Any) -> CallToolResult:
    """Call a tool that answers."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    return result


async def data_of(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool for its data."""
    if tool == "recall":
        arguments["previews"] = False
    result = await ask(client, tool, **arguments)
    data: dict[str, Any] | None = result.structured_content
    assert data is not None
    return data


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    """Call a tool that refuses."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error, text_of(result)
    return text_of(result)


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if block.type == "text")


def shown_by(result: CallToolResult) -> list[ImageContent | AudioContent]:
    """The pictures and sounds of an answer."""
    return [b for b in result.content if isinstance(b, (ImageContent, AudioContent))]


async def read_text(client: Client, uri: str) -> str:
    """Read a resource that is text."""
    [content] = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    return content.text


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def random(words: str) -> np.random.Generator:
    return np.random.default_rng(crc32(words.encode()))


def png(words: str, *, side: int = 8) -> bytes:
    """A small picture, another one for other words."""
    file = io.BytesIO()
    pixels = random(words).integers(0, 256, (side, side, 3), np.uint8)
    PIL.Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def picture(words: str, **more: Any) -> dict[str, Any]:
    """A picture as an agent sends it, of what the words say."""
    return {"data": base64_of(png(words)), "uri": PLANTED + words, **more}


def motion(words: str, **more: Any) -> dict[str, Any]:
    """A motion of a second at 50 Hz as an agent sends it."""
    rows = random(words).uniform(5, 8, (50, 6)).round(3).tolist()
    units = {"accel": "m/s^2", "gyro": "rad/s", "rate": 50}
    return {"samples": rows, "units": units, "uri": PLANTED + words, **more}


def open_planted(*, device: str, dtype: str) -> PlantedEncoder:
    """Open the encoder for a server in a process of its own."""
    return PlantedEncoder(background=True)
