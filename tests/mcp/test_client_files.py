"""The configuration files in docs/mcp_clients.md: each can be read, and starts this server."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import pytest
from tests.support.golden_files import ROOT
from typer.main import get_command

from sensorium.cli import app

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGE = (ROOT / "docs" / "mcp_clients.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(json|toml)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
CLIENTS = ["Claude Desktop", "Claude Code", "Cursor", "VS Code", "Codex", "Gemini CLI"]
PLACES = {"mcpServers", "servers", "mcp_servers"}  # of the servers in a file
URL = "http://127.0.0.1:8000/mcp"


def read(kind: str, text: str) -> dict[str, Any]:
    """The one server of a file."""
    read: dict[str, Any] = json.loads(text) if kind == "json" else tomllib.loads(text)
    [place] = PLACES & read.keys()
    [(name, server)] = read[place].items()
    assert name == "sensorium"
    return dict(server)


def test_every_client_has_a_file() -> None:
    """Under a heading of its own, to start the server and to reach one."""
    headings = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    assert headings == [*CLIENTS, "A server over HTTP"]
    servers = [read(*block) for block in BLOCKS]
    assert sum("command" in server for server in servers) == len(CLIENTS)
    assert sum("command" not in server for server in servers) == 4


@pytest.mark.parametrize("block", BLOCKS, ids=[str(number) for number in range(len(BLOCKS))])
def test_a_file_can_be_read_and_is_right(block: tuple[str, str]) -> None:
    """The command is this package's, with its options; or the address is the default one."""
    server = read(*block)
    if "command" not in server:
        assert server.get("url", server.get("httpUrl")) == URL
        assert "SENSORIUM_MCP_TOKEN" in str(server) or "${input:token}" in str(server)
        return
    assert server["command"] == "uvx"
    way, package, name, command, *options = server["args"]
    assert (way, package, name, command) == ("--from", "sensorium[mcp]", "sensorium", "mcp")
    check_options(options)


def check_options(options: list[str]) -> None:
    """The command takes them."""
    mcp = get_command(app).commands["mcp"]  # type: ignore[attr-defined]  # a group
    known = {name for parameter in mcp.params for name in parameter.opts}
    assert {option for option in options if option.startswith("--")} <= known


def test_the_commands_have_options_that_exist() -> None:
    """In what is typed into a shell, too."""
    typed = re.findall(
        r"sensorium mcp ([^\n]*)", "".join(re.findall(r"```bash\n(.*?)```", PAGE, re.S))
    )
    assert len(typed) == 2
    for line in typed:
        check_options(line.split())
