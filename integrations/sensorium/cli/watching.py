"""`sensorium watch`: what matches a question, printed as it arrives."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.chronicle import MinConfidence, Modalities, Words, print_hit, question
from sensorium.cli.command import command
from sensorium.cli.options import RecallFilters
from sensorium.cli.recalling import QueryFiles
from sensorium.cli.session import Session
from sensorium.cli.units import Units
from sensorium.cli.values import check_modality, check_share, parse_time

if TYPE_CHECKING:
    from sensorium.memory import Hit, Watch

TURN = 5.0  # seconds after which it is noted how far the watch has come


@command
def watch(
    words: Words = None,
    *,
    files: QueryFiles,
    min_confidence: MinConfidence = None,
    modality: Modalities = None,
    cursor: Annotated[
        str | None,
        typer.Option(help="Go on behind the last hit of an earlier watch, whose cursor this is."),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Begin with what was remembered since: a time, or an age: 1h."
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="End after so long without a hit; 0 tells what has arrived."
        ),
    ] = None,
    filters: RecallFilters,
    units: Units,
    session: Session,
) -> None:
    """Tell what matches as it arrives, from now on, whatever process remembers it; Ctrl-C ends it.

    With --json each hit is a line with its cursor, and the last line has a cursor alone. Without
    words and files, all is told that the other options let through.
    """
    share = check_share(min_confidence, "--min-confidence")
    options: dict[str, Any] = {
        "modalities": [check_modality(name, "--modality") for name in modality or ()] or None,
        "cursor": cursor,
        "after": parse_time(after, "--after") if after else None,
        "timeout": timeout,
        **({} if share is None else {"min_confidence": share}),
        **filters.to_filters(),
    }
    asked = question(words, files, units) or None
    with session.opened() as memory, memory.watch(asked, **options) as begun:
        followed = _Followed(begun, session)
        with suppress(KeyboardInterrupt):  # as a watch is meant to be ended
            followed.follow()
    if session.as_json:
        _print_line({"cursor": followed.cursor})
    else:
        typer.echo(f"to go on from here: --cursor {followed.cursor}", err=True)


class _Followed:
    """A watch whose hits are printed.

    Attributes:
        cursor: Behind the last hit that was printed.
    """

    def __init__(self, begun: Watch, session: Session) -> None:
        self._watch, self._session = begun, session
        self.cursor = begun.cursor

    def follow(self) -> None:
        """Print hits until the watch is over."""
        heard = monotonic()
        while not self._watch.is_closed:
            limit = self._watch.timeout
            left = math.inf if limit is None else max(0.0, heard + limit - monotonic())
            hit = self._watch.poll(min(TURN, left))
            if hit is not None:
                self._print(hit)
                heard = monotonic()
            self.cursor = self._watch.cursor
            if hit is None and left <= TURN:
                return

    def _print(self, hit: Hit) -> None:
        if self._session.as_json:
            _print_line({"hit": hit.to_dict(), "cursor": self._watch.cursor})
        else:
            print_hit(hit)


def _print_line(record: dict[str, Any]) -> None:
    typer.echo(json.dumps(record))
