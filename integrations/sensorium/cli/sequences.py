"""What happened in a row: `sensorium recall --sequence "a knock" --sequence "a dog barking"`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from sensorium.cli.session import Session
from sensorium.cli.terminal import print_json
from sensorium.errors import QueryError


@dataclass(frozen=True)
class SequenceOptions:
    """The options that ask for what happened in a row."""

    sequence: Annotated[
        list[str] | None,
        typer.Option(
            "--sequence",
            metavar="WORDS",
            help="Instead of WORDS: one step of what happened in a row; repeat it for each step, "
            "in order.",
        ),
    ] = None
    within: Annotated[
        str | None,
        typer.Option(
            metavar="LENGTH",
            help='With --sequence: longest time from one step to the next. By default "1 min".',
        ),
    ] = None

    @property
    def is_given(self) -> bool:
        """Whether a sequence is asked for.

        Raises:
            QueryError: A time between steps without steps.
        """
        if self.within is not None and not self.sequence:
            raise QueryError(
                "--within without --sequence",
                "the steps between which so much time may lie",
                'write --sequence "a knock" --sequence "a dog barking"; what was near a moment is '
                "listed by: sensorium around",
            )
        return bool(self.sequence)


def check_alone(others: Sequence[str]) -> None:
    """Check that nothing is asked beside a sequence that would be passed over.

    Args:
        others: What else was given, as it is typed.
    Raises:
        QueryError: Something was.
    """
    if others:
        named = ", ".join(others)
        raise QueryError(
            f"{named} and --sequence", "one of the two", f"leave {named} out, or ask twice"
        )


def show_rows(session: Session, steps: SequenceOptions, asked: dict[str, Any]) -> None:
    """Find what happened in a row, and print each row, the surest first.

    Args:
        session: The memory, and how it answers.
        steps: The steps.
        asked: Other attributes of `Asked`.
    Raises:
        QueryError: Fewer steps than two, too many, or a length of time that is none.
    """
    from sensorium.agents.chronicle import Asked, look_up
    from sensorium.cli.chronicle import print_hit

    with session.opened() as memory:
        question = Asked("sequence", steps.sequence or (), within=steps.within or "", **asked)
        found = look_up(memory, question)
    times = found.times
    if session.as_json:
        hits = [hit.to_dict() for hit in found.rows]
        print_json({"hits": hits, "times": times and times.to_dict(), "notes": list(found.notes)})
        return
    if times:
        typer.echo(f"read {times}", err=True)
    for line in found.notes:
        typer.echo(f"note: {line}", err=True)
    for number, row in enumerate(found.rows, start=1):
        typer.echo(f"{number}. in a row, {row.score:.0%} sure together:")
        for hit in (row, *row.then):
            print_hit(hit)
    if not found.rows:
        typer.echo("nothing surely happened in this order")
