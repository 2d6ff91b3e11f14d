"""The resources of the MCP server: records as JSON, and their media as files."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import BlobResourceContents
from tests.support.mcp_asking import (
    data_of,
    picture,
    png,
    read_text,
    remembering,
)

from sensorium.mcp import build_server
from sensorium.memory import Memory


@pytest.fixture
def own() -> Iterator[Memory]:
    with remembering() as opened:
        yield opened


async def test_resources_are_records_and_files(own: Memory) -> None:
    """A record is read as JSON, and each of its media as the file that came, with its type."""
    async with Client(build_server(own)) as client:
        kept = await data_of(client, "remember", text="words", media=[picture("dog")])
        uri = (await data_of(client, "timeline"))["records"][0]["uri"]
        [record] = (await client.read_resource(uri)).contents
        fields = json.loads(await read_text(client, uri))
        assert (record.mime_type, fields["text"]) == ("application/json", "words")
        assert fields["id"] == kept["records"][0]["id"]
        [address] = [medium["resource"] for medium in fields["media"] if medium["resource"]]
        [file] = (await client.read_resource(address)).contents
        assert isinstance(file, BlobResourceContents)
        assert base64.b64decode(file.blob) == png("dog")
        assert file.mime_type == "image/png"
        templates = (await client.list_resource_templates()).resource_templates
    assert {template.uri_template for template in templates} == {
        "memory://{id}",
        "memory://{id}/media/{number}",
    }


async def test_ids_are_names_not_paths(own: Memory) -> None:
    """A record of any id has an address at which it is read."""
    ids = {"a b/c", "..", "/etc/passwd", "üñ?#%", "C:\\x"}
    for name in ids:
        own.remember(text="words", id=name)
    async with Client(build_server(own)) as client:
        records = (await data_of(client, "timeline"))["records"]
        read = [json.loads(await read_text(client, record["uri"])) for record in records]
    assert {record["id"] for record in records} == ids
    assert [fields["id"] for fields in read] == [record["id"] for record in records]


async def test_resources_that_are_not_there(own: Memory) -> None:
    """An unknown address is an error that says so; nothing else is told."""
    name = own.remember(text="words").id
    async with Client(build_server(own)) as client:
        for tail in ("", "/media/7", "/media/-1", "/media/x", "/media/0/1", "/file"):
            with pytest.raises(MCPError, match=r"needed|Unknown resource"):
                await client.read_resource(f"memory://{name if tail else 'nobody'}{tail}")
