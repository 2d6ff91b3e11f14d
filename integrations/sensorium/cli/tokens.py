"""`sensorium token`: who is let in by `sensorium serve` and `sensorium mcp --tokens`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.options import HOME, AsJson, Place
from sensorium.cli.session import is_folder
from sensorium.cli.terminal import print_json, reporting

if TYPE_CHECKING:
    from sensorium.agents.grants import Grant
    from sensorium.server.entry.tokens import TokenFile

VARIABLE = "SENSORIUM_TOKENS"
ALL_RIGHTS = "read, write, forget, share, admin"

app = typer.Typer(
    help="Make, list and revoke the tokens of a server.", no_args_is_help=True, add_completion=False
)

Tokens = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar=VARIABLE,
        help="File of the tokens, as hashes; by default tokens.toml in the folder of the memory.",
    ),
]


def token_file(place: str, tokens: Path | None) -> Path | None:
    """Return the file of tokens of a memory; `None` if it is none in a folder and none is named."""
    if tokens is not None:
        return tokens
    return Path(place).expanduser() / "tokens.toml" if is_folder(place) else None


def _opened(place: str, tokens: Path | None) -> TokenFile:
    from sensorium.server.entry.tokens import TokenFile

    file = token_file(place, tokens)
    if file is None:
        raise typer.BadParameter(
            f"{place} is no folder; name a file, here and for sensorium serve",
            param_hint="--tokens",
        )
    return TokenFile(file)


@app.command("add")
def add_token(
    *,
    owner: Annotated[str, typer.Option(help="Owner whose memories the token reaches.")],
    rights: Annotated[
        str, typer.Option(help=f"What it allows, with commas: {ALL_RIGHTS}.")
    ] = "read",
    name: Annotated[str, typer.Option(help="What you call it, such as the device.")] = "",
    memory: Place = HOME,
    tokens: Tokens = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it: only its hash is kept, so this is the only time.

    A running server lets it in at once.
    """
    with reporting(as_json=as_json):
        chosen = [right.strip() for right in rights.split(",") if right.strip()]
        if not chosen or set(chosen) - set(ALL_RIGHTS.split(", ")):
            raise typer.BadParameter(
                f"{rights!r} is not some of {ALL_RIGHTS}, with commas; write --rights read,write",
                param_hint="--rights",
            )
        file = _opened(memory, tokens)
        token = file.add(owner, chosen, name=name)
        if as_json:
            [grant] = [each for each in file.grants() if file.of(token) == each]
            print_json({"token": token, **_described(grant)})
        else:
            typer.echo(token)
            typer.echo("keep it: it is not shown again", err=True)


@app.command("list")
def list_tokens(*, memory: Place = HOME, tokens: Tokens = None, as_json: AsJson = False) -> None:
    """List the tokens: id, owner, rights, name and time. The tokens themselves are not kept."""
    with reporting(as_json=as_json):
        found = [_described(grant) for grant in _opened(memory, tokens).grants()]
        if as_json:
            print_json({"tokens": found})
            return
        for each in found:
            line = [each["id"], each["owner"], ",".join(each["rights"]), each["name"]]
            typer.echo("  ".join([*line, each["created"] or ""]).rstrip())
        if not found:
            typer.echo("no tokens; make one: sensorium token add --owner NAME", err=True)


@app.command("revoke")
def revoke_token(
    which: Annotated[
        str, typer.Argument(metavar="TOKEN", help="Its name, or 8 or more digits of its id.")
    ],
    *,
    memory: Place = HOME,
    tokens: Tokens = None,
    as_json: AsJson = False,
) -> None:
    """Take back a token: a running server refuses it at once, and ends its sessions."""
    with reporting(as_json=as_json):
        found = _described(_opened(memory, tokens).revoke(which))
        if as_json:
            print_json({"revoked": found})
        else:
            typer.echo(f"revoked {found['id']} of {found['owner']}")


def _described(grant: Grant) -> dict[str, Any]:
    from sensorium.server.entry.tokens import id_of

    return {
        "id": id_of(grant),
        "owner": grant.owner,
        "rights": sorted(grant.rights),
        "name": grant.name,
        "created": grant.created.isoformat() if grant.created else None,
    }
