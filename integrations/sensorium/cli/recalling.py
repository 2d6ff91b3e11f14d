"""`sensorium recall`: ask by words, by any modality, or by several added up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.command import command
from sensorium.cli.files import read_file
from sensorium.cli.ids import find_id
from sensorium.cli.options import MODALITIES, RecallFilters
from sensorium.cli.sequences import SequenceOptions, check_alone, show_rows
from sensorium.cli.session import Session
from sensorium.cli.terminal import print_json
from sensorium.cli.units import Units
from sensorium.cli.values import (
    check_choice,
    check_count,
    check_modality,
    check_share,
    parse_numbers,
    parse_positive_age,
)
from sensorium.errors import QueryError

if TYPE_CHECKING:
    from sensorium.memory import Hit, Memory
    from sensorium.percepts import Percept

Files = list[Path] | None
PLOTTED = frozenset({"imu"})  # modalities whose preview is a plot, of which blocks show nothing
RANKINGS = ("centred", "z", "raw", "rrf", "dbsf")  # as in sensorium.memory, not imported for --help


@dataclass(frozen=True)
class QueryFiles:
    """The files of a question, by modality: each field is one."""

    image: Annotated[Files, typer.Option(metavar="FILE", help="Ask by a picture.")] = None
    audio: Annotated[Files, typer.Option(metavar="FILE", help="Ask by a sound.")] = None
    video: Annotated[Files, typer.Option(metavar="FILE", help="Ask by a video.")] = None
    depth: Annotated[
        Files, typer.Option(metavar="FILE", help="Ask by a depth map (--unit, --fx).")
    ] = None
    thermal: Annotated[
        Files, typer.Option(metavar="FILE", help="Ask by a thermal picture (--unit).")
    ] = None
    imu: Annotated[Files, typer.Option(metavar="FILE", help="Ask by motion (--accel, --gyro).")] = (
        None
    )

    def percepts(self, units: Units) -> Iterator[Percept]:
        """Read the files in the order of the options, which is that of the weights."""
        for modality in fields(self):
            for path in getattr(self, modality.name) or ():
                yield read_file(path, units, modality=modality.name)


@dataclass(frozen=True)
class RankingOptions:
    """The options that say how hits are ranked, and which are left out."""

    min_confidence: Annotated[
        float | None,
        typer.Option(help="From 0 to 1: leave out hits that may well be coincidence."),
    ] = None
    half_life: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Age at which a memory counts half, such as 7d."),
    ] = None
    diversity: Annotated[
        float | None,
        typer.Option(help="From 0 (by score alone) to 1 (as different as possible)."),
    ] = None
    ranking: Annotated[
        str, typer.Option(help=f"{', '.join(RANKINGS)}: see docs/calibration.md.")
    ] = "centred"

    def to_arguments(self) -> dict[str, Any]:
        """Return the arguments that `Memory.recall` takes.

        Raises:
            BadParameter: An option has a value that cannot be read.
        """
        age = self.half_life
        return {
            "min_confidence": check_share(self.min_confidence, "--min-confidence"),
            "half_life": parse_positive_age(age, "--half-life") if age else None,
            "diversity": check_share(self.diversity, "--diversity"),
            "ranking": check_choice(RANKINGS, self.ranking, "--ranking"),
        }


@dataclass(frozen=True)
class ShowingOptions:
    """The options that say how much is shown of what is found."""

    every: Annotated[
        bool,
        typer.Option(
            "--all", help="List all that is probably unrelated, too, not the nearest few."
        ),
    ] = False
    picture: Annotated[
        bool | None,
        typer.Option(
            "--picture/--no-picture",
            help="Draw the first hit, if it is probably related, in a terminal that can; by "
            "default unless NO_COLOR or CI is set.",
        ),
    ] = None


@command
def recall(
    words: Annotated[str | None, typer.Argument(help="What to look for.")] = None,
    *,
    files: QueryFiles,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="W,W,...",
            help="One weight for each part of the question: the words, then the files in the order "
            "of these options. Negative weights subtract.",
        ),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Ask by this record instead: find what resembles it."),
    ] = None,
    keywords: Annotated[
        str | None,
        typer.Option(help="Words to find in the text of memories, with a question or alone."),
    ] = None,
    limit: Annotated[int, typer.Option(help="Largest number of hits.")] = 10,
    modality: Annotated[
        list[str] | None,
        typer.Option(
            "--modality",
            help=f"Search only this modality: {MODALITIES}; repeat for several.",
        ),
    ] = None,
    read_times: Annotated[
        bool,
        typer.Option(
            help='Read times in the words, such as "yesterday morning", unless --since or --until '
            "is given."
        ),
    ] = True,
    steps: SequenceOptions,
    show: ShowingOptions,
    filters: RecallFilters,
    ranking: RankingOptions,
    units: Units,
    session: Session,
) -> None:
    """Find the memories that answer a question best, whatever their modality.

    Several parts are added up: words and files together ask for what has something of each. With
    --sequence, find instead what happened in a row.
    """
    if steps.is_given:
        texts = {"words": words, "weights": weights, "like": like, "keywords": keywords}
        check_alone(_beside(files, ranking, show, **texts))
        arguments: dict[str, Any] = {
            "modalities": [check_modality(name, "--modality") for name in modality or ()] or None,
            "min_confidence": check_share(ranking.min_confidence, "--min-confidence"),
            "limit": check_count(limit, "--limit"),
            "read_times": read_times,
        }
        show_rows(session, steps, {**arguments, "given": filters.to_filters()})
        return
    arguments = {
        "weights": parse_numbers(weights, "--weights") if weights else None,
        "limit": check_count(limit, "--limit"),
        "modalities": [check_modality(name, "--modality") for name in modality or ()] or None,
        "keywords": keywords,
        **ranking.to_arguments(),
    }
    conditions = filters.to_filters()
    parts: list[str | Percept] = [*([] if words is None else [words]), *files.percepts(units)]
    query = parts or None
    _check(query, arguments, like=like)
    from sensorium.encoders.noting import noted
    from sensorium.memory.times import limit_by_times

    with session.opened() as memory:
        times = None
        if read_times:
            query, conditions, times = limit_by_times(query, conditions)
        who = find_id(memory, like) if like else None
        with noted() as notes:
            hits = memory.recall(query, like=who, **arguments, **conditions)
        picture = None if session.as_json else _picture(memory, hits, keywords, show.picture)
    if session.as_json:
        found = {"hits": [hit.to_dict() for hit in hits], "times": times and times.to_dict()}
        print_json({**found, "notes": notes})
        return
    if times:
        typer.echo(f"read {times}", err=True)
    for line in notes:
        typer.echo(f"note: {line}", err=True)
    if not hits:
        within = "; for all times, add --no-read-times" if times else ""
        typer.echo(f"nothing found{within}")
        return
    from sensorium.cli.answering import print_hits

    typer.echo(picture or "", nl=False)
    print_hits(hits, keywords=keywords is not None, every=show.every)


def _beside(
    files: QueryFiles, ranking: RankingOptions, show: ShowingOptions, **texts: str | None
) -> list[str]:
    """Return what was given that a sequence does not take, as it is typed."""
    given = {
        **{name: text is not None for name, text in texts.items()},
        **{kind.name: bool(getattr(files, kind.name)) for kind in fields(files)},
        "half-life": ranking.half_life is not None,
        "diversity": ranking.diversity is not None,
        "ranking": ranking.ranking != RANKINGS[0],
        "all": show.every,
        "picture": bool(show.picture),
    }
    options = [name for name, is_given in given.items() if is_given]
    return [name if name == "words" else f"--{name}" for name in options]


def _picture(
    memory: Memory, hits: Sequence[Hit], keywords: str | None, asked: bool | None
) -> str | None:
    """Return what draws the first hit, if it is probably related and the terminal can."""
    from sensorium.cli.pictures import FINE, SIDE, drawn, terminal_graphics

    graphics = terminal_graphics(asked=asked)
    if graphics is None:
        if asked:
            typer.echo("no picture: the output is no terminal that is known to show one", err=True)
        return None
    from sensorium.agents.showing import Budget, show_match
    from sensorium.cli.answering import parted

    related, _ = parted(hits[:1], keywords=keywords is not None)
    if not related or (related[0].modality in PLOTTED and graphics not in FINE):
        return None
    part = show_match(memory, related[0], Budget(max_side=SIDE))
    return None if part is None or isinstance(part, str) else drawn(part, graphics)


def _check(
    query: list[str | Percept] | None, arguments: Mapping[str, Any], *, like: str | None
) -> None:
    """Check that a question can be asked, before anything is opened.

    Raises:
        QueryError: Nothing is asked, or parts that contradict each other.
    """
    if query is None and like is None and arguments["keywords"] is None:
        raise QueryError(
            "a recall without a question",
            "words, a file, --like or --keywords",
            "to list everything, run: sensorium timeline",
        )
    words = [part for part in (*(query or ()), arguments["keywords"]) if isinstance(part, str)]
    if not all(text.strip() for text in words):
        raise QueryError("blank words", "words to look for", "leave them out")
    if query is not None and like is not None:
        raise QueryError("a question and --like", "one of them", "leave one of them out")
    weights, parts = arguments["weights"], len(query or ())
    if weights is not None and len(weights) != parts:
        raise QueryError(
            f"{len(weights)} --weights for {parts} parts of the question",
            "one finite number for each part",
            "the words count first, then the files in the order of --help",
        )
