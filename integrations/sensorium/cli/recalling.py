"""`sensorium recall`: ask by words, by any sense, or by several added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.files import SUFFIXES, Units, read
from sensorium.cli.ids import full
from sensorium.cli.opening import opened
from sensorium.cli.options import (
    ENCODER,
    HOME,
    OWNER,
    Accel,
    AsJson,
    EncoderName,
    FocalLength,
    Gyro,
    Modality,
    Owner,
    Palette,
    Place,
    Rate,
    Since,
    Source,
    Tag,
    Unit,
    Until,
    Where,
)
from sensorium.cli.terminal import print_json, reporting
from sensorium.cli.values import filters, numbers, one_of, positive, share, whole
from sensorium.errors import QueryError

if TYPE_CHECKING:
    from sensorium.percepts import Percept

Files = list[Path] | None
RANKINGS = ("centred", "z", "raw", "rrf", "dbsf")  # as in sensorium.memory, not imported for --help


def recall(
    words: Annotated[str | None, typer.Argument(help="What to look for.")] = None,
    *,
    image: Annotated[Files, typer.Option(metavar="FILE", help="Ask by a picture.")] = None,
    audio: Annotated[Files, typer.Option(metavar="FILE", help="Ask by a sound.")] = None,
    video: Annotated[Files, typer.Option(metavar="FILE", help="Ask by a video.")] = None,
    depth: Annotated[
        Files, typer.Option(metavar="FILE", help="Ask by a depth map (--unit, --fx).")
    ] = None,
    thermal: Annotated[
        Files, typer.Option(metavar="FILE", help="Ask by a thermal picture (--unit).")
    ] = None,
    imu: Annotated[
        Files, typer.Option(metavar="FILE", help="Ask by motion (--accel, --gyro).")
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="W,W,...",
            help="One for each part of the question: words, then files in the order of these "
            "options; negative ones subtract.",
        ),
    ] = None,
    like: Annotated[
        str | None, typer.Option(metavar="ID", help="Instead: what resembles this record.")
    ] = None,
    keywords: Annotated[
        str | None, typer.Option(help="Words to find in the text besides, or alone.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Hits at most.")] = 10,
    modality: Modality = None,
    since: Since = None,
    until: Until = None,
    tag: Tag = None,
    source: Source = None,
    where: Where = None,
    min_confidence: Annotated[
        float | None, typer.Option(help="From 0 to 1: leave out what may be coincidence.")
    ] = None,
    half_life: Annotated[
        str | None, typer.Option(metavar="AGE", help='Age that counts half, such as "7d".')
    ] = None,
    diversity: Annotated[
        float | None, typer.Option(help="From 0 (by score) to 1 (as different as can be).")
    ] = None,
    ranking: Annotated[
        str, typer.Option(help=f"{', '.join(RANKINGS)}: see docs/calibration.md.")
    ] = "centred",
    unit: Unit = None,
    fx: FocalLength = None,
    palette: Palette = None,
    accel: Accel = None,
    gyro: Gyro = None,
    rate: Rate = None,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """Find the memories that answer a question best, whichever sense they came by.

    Several parts are added up: words and files together ask for what has something of each.
    """
    units = Units(unit=unit, fx=fx, palette=palette, accel=accel, gyro=gyro, rate=rate)
    given = {
        "image": image,
        "audio": audio,
        "video": video,
        "depth": depth,
        "thermal": thermal,
        "imu": imu,
    }
    with reporting(as_json=as_json):
        wish: dict[str, Any] = {
            "weights": numbers(weights, "--weights") if weights else None,
            "half_life": positive(half_life, "--half-life") if half_life else None,
            "limit": whole(limit, "--limit"),
            "modalities": [one_of(SUFFIXES, each, "--modality") for each in modality or ()] or None,
            "min_confidence": share(min_confidence, "--min-confidence"),
            "diversity": share(diversity, "--diversity"),
            "ranking": one_of(RANKINGS, ranking, "--ranking"),
            "keywords": keywords,
            **filters(since=since, until=until, tags=tag, source=source, where=where),
        }
        query = _query(words, given, units)
        _check(query, wish, like=like)
        with opened(memory, owner=owner, encoder=encoder) as mine:
            hits = mine.recall(query, like=full(mine, like) if like else None, **wish)
        if as_json:
            print_json({"hits": [hit.to_dict() for hit in hits]})
            return
        if not hits:
            typer.echo("nothing found")
            return
        from sensorium.cli.tables import hit_table, show

        show(hit_table(hits))


def _check(query: list[str | Percept] | None, wish: Mapping[str, Any], *, like: str | None) -> None:
    """Refuse what cannot be asked, before anything is opened.

    Raises:
        QueryError: Nothing is asked, or parts that contradict each other.
    """
    if query is None and like is None and wish["keywords"] is None:
        raise QueryError(
            "a recall without a question",
            "words, a file, --like or --keywords",
            "to list everything, run: sensorium timeline",
        )
    if any(
        isinstance(part, str) and not part.strip() for part in (*(query or ()), wish["keywords"])
    ):
        raise QueryError("blank words", "words to look for", "leave them out")
    if query is not None and like is not None:
        raise QueryError("a question and --like", "one of them", "leave one of them out")
    weights, parts = wish["weights"], len(query or ())
    if weights is not None and len(weights) != parts:
        raise QueryError(
            f"{len(weights)} --weights for {parts} parts of the question",
            "one finite number for each part",
            "the words count first, then the files in the order of --help",
        )


def _query(
    words: str | None, given: Mapping[str, Sequence[Path] | None], units: Units
) -> list[str | Percept] | None:
    """Put the parts of a question in the order of the weights; `None` without any."""
    percepts = [
        read(path, units, modality=modality)
        for modality, paths in given.items()
        for path in paths or ()
    ]
    parts: list[Any] = [*([words] if words is not None else []), *percepts]
    return parts or None
