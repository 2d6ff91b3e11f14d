"""`sensorium mcp`: a memory as a server for agents."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from sensorium.cli.opening import opened
from sensorium.cli.options import ENCODER, HOME, OWNER, EncoderName, Owner, Place
from sensorium.cli.terminal import reporting
from sensorium.cli.values import one_of
from sensorium.errors import SourceNotFoundError

STDIO, HTTP = "stdio", "http"
TOKEN_VARIABLE = "SENSORIUM_MCP_TOKEN"
LOOPBACK, PORT = "127.0.0.1", 8000  # as in sensorium.mcp, which is not imported for --help


def mcp(
    *,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    root: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="A folder whose files agents may name; repeat for more."),
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Offer only what changes nothing.")
    ] = False,
    transport: Annotated[
        str, typer.Option(help="stdio: through stdin and stdout; http: over HTTP.")
    ] = STDIO,
    host: Annotated[
        str | None, typer.Option(help=f"Over HTTP: the address to listen at; else {LOOPBACK}.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help=f"Over HTTP: the port, 0 for any; else {PORT}."),
    ] = None,
    allow_remote: Annotated[
        bool,
        typer.Option(
            "--allow-remote",
            help=f"Listen at an address that others reach; needs a token in {TOKEN_VARIABLE}.",
        ),
    ] = False,
) -> None:
    """Serve a memory to agents by the Model Context Protocol, until stdin ends or Ctrl-C.

    Over HTTP, who sends the token of the variable SENSORIUM_MCP_TOKEN as a bearer token is let in;
    without the variable, anybody on this machine.
    """
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")
    with reporting(as_json=False):
        from sensorium.mcp import build_server, serve_http, serve_stdio

        chosen = one_of((STDIO, HTTP), transport, "--transport")
        token = os.environ.get(TOKEN_VARIABLE, "").strip() or None
        if chosen == HTTP:
            _check_address(host or LOOPBACK, token, allow_remote=allow_remote)
        else:
            _check_alone({"--host": host, "--port": port, "--allow-remote": allow_remote or None})
        for folder in root or ():
            _check_root(folder)
        with opened(memory, owner=owner, encoder=encoder, begin=not read_only) as mine:
            server = build_server(mine, roots=root or (), read_only=read_only, token=token)
            if chosen == STDIO:
                serve_stdio(server, mine)
            else:
                serve_http(server, host=host or LOOPBACK, port=PORT if port is None else port)


def _check_alone(given: Mapping[str, object]) -> None:
    """Refuse what only HTTP has, where nothing would listen.

    Raises:
        BadParameter: One of these was given.
    """
    for option, value in given.items():
        if value is not None:
            raise typer.BadParameter(
                "nothing listens at an address through stdin and stdout; add --transport http, or "
                "leave it out",
                param_hint=option,
            )


def _check_address(host: str, token: str | None, *, allow_remote: bool) -> None:
    """Refuse to listen where others reach it, unless that was asked for, and with a token.

    Raises:
        BadParameter: It was not, or there is none.
    """
    from sensorium.mcp.serving import is_loopback

    if is_loopback(host):
        return
    if not allow_remote:
        raise typer.BadParameter(
            f"{host} may be reached from other machines; add --allow-remote and set "
            f"{TOKEN_VARIABLE}, or leave --host out",
            param_hint="--host",
        )
    if token is None:
        raise typer.BadParameter(
            f"without a token everybody would be let in; set {TOKEN_VARIABLE} to a long secret",
            param_hint="--allow-remote",
        )


def _check_root(folder: Path) -> None:
    if not folder.expanduser().is_dir():
        raise SourceNotFoundError(
            f"--root {str(folder)!r}, which is no folder", "a folder", "check the path"
        )
