"""`sensorium places` and `sensorium name-place`: places that have a name."""

from __future__ import annotations

from typing import Annotated

import typer

from sensorium.cli.command import command
from sensorium.cli.session import Session
from sensorium.cli.terminal import print_json
from sensorium.cli.values import parse_place, printable


@command
def places(session: Session) -> None:
    """List the places that have a name, and how far each reaches."""
    with session.opened(encodes=False) as memory:
        found = memory.places()
    if session.as_json:
        from sensorium.agents.chronicle import area_data

        print_json({"places": {name: area_data(area) for name, area in found.items()}})
        return
    if not found:
        typer.echo("no place has a name; give one: sensorium name-place home 48.8584,2.2945")
        return
    from sensorium.cli.tables import print_table, table
    from sensorium.memory.places.words import place_text

    shown = table("name", "place", "radius", right=["radius"], wide="name")
    for name, area in found.items():
        shown.add_row(printable(name), printable(place_text(area.place)), f"{area.radius:g} m")
    print_table(shown)


@command
def name_place(
    name: Annotated[str, typer.Argument(help="Its name, such as home.")],
    where: Annotated[
        str,
        typer.Argument(
            metavar="PLACE",
            help="Degrees north and east, 48.8584,2.2945, or metres in a frame, 1.5,2 in map.",
        ),
    ],
    *,
    radius: Annotated[str, typer.Option(help="How far it reaches.")] = "100 m",
    session: Session,
) -> None:
    """Give a place a name, by which --near may ask for it; a name given again is moved."""
    place = parse_place(where, "PLACE")
    with session.opened(begin=True, encodes=False) as memory:
        kept = memory.name_place(name, place, radius)
    if session.as_json:
        print_json({"id": kept.id, "status": kept.status})
        return
    typer.echo(f"{'moved' if kept.status == 'replaced' else 'named'}: {printable(name)}")
