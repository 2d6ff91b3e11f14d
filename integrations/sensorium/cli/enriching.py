"""`sensorium enrich`: find the words in what is remembered already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from sensorium.cli.command import command
from sensorium.cli.options import ListingFilters
from sensorium.cli.session import Session
from sensorium.cli.terminal import FAILED, counting, describe


@dataclass(frozen=True)
class Finders:
    """The options that say which words are looked for."""

    read: Annotated[
        bool,
        typer.Option(
            "--read", help='Find words in pictures and videos: pip install "sensorium[ocr]".'
        ),
    ] = False
    listen: Annotated[
        bool,
        typer.Option(
            "--listen",
            "--transcribe",
            help="Find spoken words in sounds and videos; weights: see docs/enrich.md.",
        ),
    ] = False

    @property
    def names(self) -> list[str]:
        """The names of the enrichers that are asked."""
        wanted = {"read": self.read, "listen": self.listen}
        return [name for name, wish in wanted.items() if wish]


@command
def enrich(
    *,
    finders: Finders,
    again: Annotated[
        bool, typer.Option("--again", help="Also in those that were looked through before.")
    ] = False,
    filters: ListingFilters,
    session: Session,
) -> None:
    """Find the words in the pictures, sounds and videos of a memory.

    They are kept apart from what you wrote. Memories that were looked through are left out, so an
    interrupted run can be repeated.
    """
    if not finders.names:
        raise typer.BadParameter("nothing to look for; add --read, --listen, or both")
    with (
        session.opened() as memory,
        counting("enriching", as_json=session.as_json) as progress,
    ):
        done = memory.enrich(finders.names, again=again, progress=progress, **filters.to_filters())
    failures = [{"id": name, "error": describe(error)} for name, error in done.failures.items()]
    memories = "memory" if done.records == 1 else "memories"
    text = [f"{done.found} found in {done.records} {memories}"]
    text += [f"{done.not_kept} without their signals"] if done.not_kept else []
    text += [f"{name}: {error}" for name, error in done.failures.items()]
    counts = {"records": done.records, "found": done.found, "not_kept": done.not_kept}
    session.answer({**counts, "failures": failures}, "\n".join(text))
    if failures:
        raise typer.Exit(FAILED)
