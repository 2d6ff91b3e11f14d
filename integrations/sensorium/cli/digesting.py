"""`sensorium digest`: of old streams the telling moments stay, and the rest goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sensorium.cli.command import command
from sensorium.cli.options import ListingFilters, Yes
from sensorium.cli.session import Session
from sensorium.cli.terminal import FAILED, agreed, counting, waiting
from sensorium.cli.values import number_or_text

if TYPE_CHECKING:
    from sensorium.memory import DigestReceipt

MEGABYTE = 1e6  # bytes
WHY = {
    "telling": "are the telling moments",
    "earlier": "were kept by an earlier digest",
    "changed": "were changed meanwhile",
    "origin": "are no frames of a sensor or a recording",
    "words": "have words of their own",
    "heard": "have words that were heard",
    "versions": "supersede others, or are superseded",
    "expiry": "have an expiry",
    "tags": "have a tag that protects them",
    "single": "are single files, not frames of a recording",
    "no vectors": "have no vectors",
    "recent": "went on after that",
}


@command
def digest(
    *,
    older_than: Annotated[
        str, typer.Option(metavar="AGE", help="Only frames that ended longer ago, such as 90d.")
    ] = "90d",
    keep: Annotated[
        str,
        typer.Option(
            metavar="WHAT",
            help="episodes: what is typical of each, and what is novel; or a number of frames, or "
            "a share of them such as 0.05.",
        ),
    ] = "episodes",
    most_bytes: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help='Most that all memories of the owner may take, such as "2 GB": more frames go if '
            "need be, and the store is written anew.",
        ),
    ] = None,
    protect: Annotated[
        list[str] | None,
        typer.Option("--protect", metavar="TAG", help="Memories with this tag stay; repeat it."),
    ] = None,
    filters: ListingFilters,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and change nothing.")
    ] = False,
    yes: Yes = False,
    session: Session,
) -> None:
    """Drop old frames of streams and recordings but the telling ones; asks first."""
    restrictions = filters.to_filters()
    wish = {
        "older_than": older_than,
        "keep": int(keep) if keep.isdecimal() else number_or_text(keep),
        "most_bytes": most_bytes,
        "protect": protect or (),
    }
    with session.opened() as memory:
        planned = dry_run or not yes
        if planned:
            with waiting("looking"):
                receipt = memory.digest(dry_run=True, **wish, **restrictions)  # type: ignore[arg-type]  # checked there
        if not dry_run and (yes or not receipt.dropped or _agreed(receipt)):
            with counting("dropping", as_json=session.as_json) as progress:
                receipt = memory.digest(progress=progress, **wish, **restrictions)  # type: ignore[arg-type]  # as above
        elif not dry_run:
            session.answer(receipt.to_dict(), "nothing dropped")
            raise typer.Exit(FAILED)
    session.answer(receipt.to_dict(), "\n".join(_lines(receipt)))


def _agreed(receipt: DigestReceipt) -> bool:
    subject = f"{receipt.dropped:,} of {receipt.frames:,} frames of {receipt.owner!r}"
    freed = f"{receipt.bytes / MEGABYTE:.1f} MB"
    return agreed(f"drop {subject}", f"Drop {subject}, and free {freed}?")


def _lines(receipt: DigestReceipt) -> list[str]:
    """Say what a receipt says."""
    would = "would drop" if receipt.dry_run else "dropped"
    if not receipt.looked_at:
        return [f"nothing ended before {receipt.before:%Y-%m-%d}"]
    lines = [
        f"{would} {receipt.dropped:,} of {receipt.frames:,} frames that ended before "
        f"{receipt.before:%Y-%m-%d}: about {receipt.bytes / MEGABYTE:.1f} MB, "
        f"{receipt.media_files:,} media files among it",
        f"about {receipt.bytes_left / MEGABYTE:.1f} MB are left",
        *(f"- {count:,} stay that {WHY[reason]}" for reason, count in receipt.stayed.items()),
    ]
    lines += [
        f"{span.start:%Y-%m}: {span.kept:,} of {span.frames:,} frames stay"
        for span in receipt.spans
    ]
    return lines
