"""The `sensorium` command and its subcommands."""

from __future__ import annotations

from typing import Annotated

import typer

from sensorium.cli.commands import Program

app = typer.Typer(
    cls=Program,
    help="A memory of what an agent saw, heard, read and felt.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # local variables may hold somebody's memories
)


def _show_version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        typer.echo(f"sensorium {version('sensorium')}")
    except PackageNotFoundError:  # run from a checkout
        typer.echo("sensorium (not installed)")
    raise typer.Exit


@app.callback()
def main(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Hold the options that stand before a command; the text of `--help` is the app's."""
