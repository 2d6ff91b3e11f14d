"""`sensorium mcp`: serve a memory to agents."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sensorium.cli.log import log_to_stderr
from sensorium.cli.options import ENCODER, HOME, OWNER, EncoderName, Owner, Place
from sensorium.cli.session import Session
from sensorium.cli.terminal import reporting
from sensorium.cli.values import check_choice
from sensorium.errors import SourceNotFoundError

if TYPE_CHECKING:
    from sensorium.mcp import Grant, Issuer

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
        typer.Option(metavar="DIR", help="Folder whose files agents may name; repeat for more."),
    ] = None,
    read_only: Annotated[
        bool,
        typer.Option(
            "--read-only",
            help="Offer only tools that change nothing, of the memory as it is now. Its folder may "
            "be on a read-only disk, or open in another process.",
        ),
    ] = False,
    transport: Annotated[
        str, typer.Option(help="stdio (through stdin and stdout) or http (over HTTP).")
    ] = STDIO,
    host: Annotated[
        str | None, typer.Option(help=f"Over HTTP: address to listen at; by default {LOOPBACK}.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help=f"Over HTTP: port, 0 for any; by default {PORT}."),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="Over HTTP: web pages that may use the server, such as http://localhost:6274; "
            "repeat for more.",
        ),
    ] = None,
    tokens: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Over HTTP: TOML file with the hashes of tokens, each with an owner and rights, "
            f"in place of {TOKEN_VARIABLE} and --owner.",
        ),
    ] = None,
    issuer: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Over HTTP: who issues the tokens of clients (JWT), in place of --tokens; "
            "needs --resource.",
        ),
    ] = None,
    resource: Annotated[
        str | None,
        typer.Option(metavar="URL", help="With --issuer: public address of this server."),
    ] = None,
    allow_remote: Annotated[
        bool,
        typer.Option(
            "--allow-remote",
            help="Listen at an address that other machines can reach; needs a token in "
            f"{TOKEN_VARIABLE}, --tokens or --issuer.",
        ),
    ] = False,
) -> None:
    """Serve a memory to agents by the Model Context Protocol, until stdin ends or Ctrl-C.

    Over HTTP, clients must send the token of the variable SENSORIUM_MCP_TOKEN as a bearer token, or
    one of --tokens or --issuer; without any, anybody on this machine is let in.
    """
    log_to_stderr()
    with reporting(as_json=False):
        from sensorium.mcp import build_server, grants_of, serve_http, serve_stdio
        from sensorium.mcp.serving import check_origin

        chosen = check_choice((STDIO, HTTP), transport, "--transport")
        token = os.environ.get(TOKEN_VARIABLE, "").strip() or None
        grants = grants_of(tokens) if tokens else []
        issuing = _issuer(issuer, resource)
        token = None if grants or issuing else token
        if chosen == HTTP:
            _check_address(host or LOOPBACK, token or grants or issuing, allow_remote=allow_remote)
        else:
            given: dict[str, object] = {
                "--host": host,
                "--port": port,
                "--allow-origin": allow_origin or None,
                "--issuer": issuer,
                "--resource": resource,
                "--tokens": tokens,
                "--allow-remote": allow_remote or None,
            }
            _check_alone(given)
        for folder in root or ():
            _check_root(folder)
        for origin in allow_origin or ():
            check_origin(origin)
        session = Session(memory, owner, encoder, read_only=read_only)
        with session.opened(begin=not read_only) as opened:
            server = build_server(
                opened, roots=root or (), token=token, grants=grants, issuer=issuing
            )
            if chosen == STDIO:
                serve_stdio(server, opened)
            else:
                serve_http(
                    server,
                    host=host or LOOPBACK,
                    port=PORT if port is None else port,
                    allow_origins=allow_origin or (),
                )


def _issuer(url: str | None, resource: str | None) -> Issuer | None:
    """Return the issuer of tokens, if there is one.

    Raises:
        BadParameter: One of the two addresses is missing.
        MemoryAccessError: One of them is none.
    """
    from sensorium.mcp import Issuer

    if url is None and resource is None:
        return None
    if url is None or resource is None:
        raise typer.BadParameter(
            "tokens of an issuer are for one server; give both addresses",
            param_hint="--issuer, --resource",
        )
    return Issuer(url, resource)


def _check_alone(given: Mapping[str, object]) -> None:
    """Check that no option of HTTP is given without HTTP.

    Raises:
        BadParameter: One of the options is given.
    """
    for option, value in given.items():
        if value is not None:
            raise typer.BadParameter(
                "stdin and stdout have no address; add --transport http, or leave it out",
                param_hint=option,
            )


def _check_address(
    host: str, token: str | list[Grant] | Issuer | None, *, allow_remote: bool
) -> None:
    """Check that an address which other machines can reach was asked for, and has a token.

    Raises:
        BadParameter: --allow-remote or the token is missing, or the token is short.
    """
    from sensorium.agents.grants import SHORTEST_TOKEN
    from sensorium.percepts.locations import is_loopback

    if is_loopback(host):
        return
    if not allow_remote:
        raise typer.BadParameter(
            f"other machines may reach {host}; add --allow-remote and set "
            f"{TOKEN_VARIABLE}, or leave --host out",
            param_hint="--host",
        )
    if token and not isinstance(token, str):
        return
    if not isinstance(token, str):
        raise typer.BadParameter(
            f"without a token everybody would be let in; set {TOKEN_VARIABLE} to a long secret, "
            "or add --tokens or --issuer",
            param_hint="--allow-remote",
        )
    if len(token) < SHORTEST_TOKEN:
        raise typer.BadParameter(
            f"the token in {TOKEN_VARIABLE} has {len(token)} characters, which others can guess; "
            f"make one of {SHORTEST_TOKEN} or more: "
            'python -c "import secrets; print(secrets.token_urlsafe())"',
            param_hint="--allow-remote",
        )


def _check_root(folder: Path) -> None:
    if not folder.expanduser().is_dir():
        raise SourceNotFoundError(
            f"--root {str(folder)!r}, which is not a folder", "a folder", "check the path"
        )
