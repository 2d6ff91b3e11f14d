"""`sensorium episodes`: what happened, stretch by stretch."""

from __future__ import annotations

from typing import Annotated

import typer

from sensorium.cli.command import command
from sensorium.cli.session import Session
from sensorium.cli.terminal import print_json
from sensorium.cli.values import SINCE, UNTIL, check_count, parse_bound


@command
def episodes(
    *,
    since: Annotated[
        str | None,
        typer.Option(help="Only episodes that end at or after this time: 2026-05-01, 7d."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Only episodes that start before this time.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Largest number of episodes.")] = 20,
    oldest_first: Annotated[
        bool, typer.Option("--oldest-first", help="List the oldest first instead of the newest.")
    ] = False,
    session: Session,
) -> None:
    """List episodes: stretches that belong together by time, place and content."""
    begin = None if since is None else parse_bound(since, SINCE)
    end = None if until is None else parse_bound(until, UNTIL)
    check_count(limit, "--limit")
    with session.opened() as memory:
        found = memory.episodes(
            since=begin, until=end, limit=limit, newest_first=not oldest_first, moments=3
        )
    if session.as_json:
        print_json({"episodes": [episode.to_dict() for episode in found]})
        return
    if not found:
        typer.echo("nothing found")
        return
    from sensorium.cli.tables import cut, print_table, table, what

    shown = table(
        "from", "to", "memories", "modality", "such as", right=["memories"], wide="such as"
    )
    for episode in found:
        start, last = episode.start.astimezone(), episode.end.astimezone()
        same = start.date() == last.date()
        shown.add_row(
            f"{start:%Y-%m-%d %H:%M}",
            f"{last:%H:%M}" if same else f"{last:%Y-%m-%d %H:%M}",
            str(episode.records),
            " ".join(episode.modalities),
            cut("; ".join(dict.fromkeys(map(what, episode.moments)))),
        )
    print_table(shown)
