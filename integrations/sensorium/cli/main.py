"""The `sensorium` command and its subcommands."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from sensorium.cli import forgetting, listing, moving, tokens, weights
from sensorium.cli.benching import bench
from sensorium.cli.demo import demo
from sensorium.cli.doctor import doctor
from sensorium.cli.enriching import enrich
from sensorium.cli.looking import look
from sensorium.cli.recalling import recall
from sensorium.cli.remembering import remember
from sensorium.cli.server import serve
from sensorium.cli.serving import mcp
from sensorium.cli.showing import save, show
from sensorium.cli.updating import update

app = typer.Typer(
    help="A memory of what an agent saw, heard, read and felt.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # local variables may hold somebody's memories
)
for command in (
    demo,
    look,
    remember,
    enrich,
    recall,
    listing.timeline,
    show,
    save,
    update,
    listing.stats,
):
    app.command()(command)
for command in (forgetting.forget, forgetting.sweep, forgetting.compact):
    app.command()(command)
app.command()(moving.export)
app.command("import")(moving.import_)
app.command()(moving.promote)
app.command()(mcp)
app.command()(serve)
app.add_typer(tokens.app, name="token")
app.add_typer(weights.app, name="weights")
app.command()(bench)
app.command()(doctor)


def _show_version(wanted: bool) -> None:
    if not wanted:
        return
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
