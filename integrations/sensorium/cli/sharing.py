"""`sensorium share`, `unshare` and `shares`: who else may read an owner's memories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sensorium.cli.command import command
from sensorium.cli.session import Session
from sensorium.cli.terminal import print_json
from sensorium.cli.values import printable

if TYPE_CHECKING:
    from sensorium.memory.sharing.shares import Share

Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", help="Memories with this tag; repeat to require several."),
]


@command
def share(
    reader: Annotated[
        str, typer.Argument(metavar="OWNER", help="Who may read them, as in their own --owner.")
    ],
    *,
    tag: Tags = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Share all memories, the coming ones too.")
    ] = False,
    session: Session,
) -> None:
    """Let another owner of the same place read memories, those that are yet to come, too."""
    with session.opened(begin=True, encodes=False) as memory:
        made = memory.share(with_=reader, tags=tag, everything=everything)
    session.answer(made.to_dict(), f"shared with {printable(reader)}: {_what(made)}")


@command
def unshare(
    reader: Annotated[
        str | None,
        typer.Argument(
            metavar="OWNER", help="With whom it is shared; or give --from, --tag or --everything."
        ),
    ] = None,
    *,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="OWNER", help="Leave what this owner shares with you."),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            help="Only the share of just this tag, with everybody if no OWNER is given; "
            "repeat it if the share has several.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="End all that is shared with anybody.")
    ] = False,
    session: Session,
) -> None:
    """End shares, at once and in every process; `sensorium shares` lists them."""
    with session.opened(encodes=False) as memory:
        ended = memory.unshare(with_=reader, from_=from_, tags=tag, everything=everything)
    said = f"ended: {ended}" if ended else "nothing was shared like that; see: sensorium shares"
    session.answer({"ended": ended}, said)


@command
def shares(session: Session) -> None:
    """List what is shared with others, and what others share."""
    with session.opened(encodes=False) as memory:
        found = memory.shares()
    if session.as_json:
        print_json({"shares": [each.to_dict() for each in found]})
        return
    if not found:
        typer.echo("nothing is shared; to share: sensorium share ben --tag family")
        return
    from sensorium.cli.tables import cut, exactly, print_table, table

    shown = table("whose", "with", "what", "since", wide="what")
    for each in found:
        cells = (cut(each.owner), cut(each.with_), cut(_what(each)))
        shown.add_row(*cells, exactly(each.since))
    print_table(shown)


def _what(share: Share) -> str:
    return f"tags {', '.join(map(printable, share.tags))}" if share.tags else "everything"
