"""`sensorium remember`: files, and words, become memories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.files import SUFFIXES, Units, found, read, sense_of
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
    Owner,
    Palette,
    Place,
    Rate,
    Unit,
)
from sensorium.cli.outcome import Outcome, show
from sensorium.cli.terminal import (
    FAILED,
    counting,
    print_json,
    reporting,
)
from sensorium.cli.values import after, metadata, names, one_of, time
from sensorium.errors import RecordError, SensoriumError

if TYPE_CHECKING:
    from sensorium.memory import Memory, Moment

BATCH = 16  # files encoded together: few enough for the bar to move
Bar = Callable[[int, "int | None"], None]


def remember(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Files, folders, or - for text from stdin."),
    ] = None,
    *,
    text: Annotated[str | None, typer.Option(help="Words that belong to each of them.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="To filter by; repeat for more.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it was: ISO 8601; by default now.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Where it came from.")] = None,
    meta: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Metadata; repeat for more.")
    ] = None,
    together: Annotated[
        bool, typer.Option("--together", help="All files are one memory, of one moment.")
    ] = False,
    as_modality: Annotated[
        str | None,
        typer.Option("--as", metavar="SENSE", help=f"What the files are: {', '.join(SUFFIXES)}."),
    ] = None,
    unit: Unit = None,
    fx: FocalLength = None,
    palette: Palette = None,
    accel: Accel = None,
    gyro: Gyro = None,
    rate: Rate = None,
    ttl: Annotated[
        str | None, typer.Option(metavar="AGE", help='Forgotten after this time, such as "30d".')
    ] = None,
    id: Annotated[
        str | None,
        typer.Option("--id", help="A name of yours for this one record; replaces what has it."),
    ] = None,
    no_media: Annotated[
        bool, typer.Option("--no-media", help="Keep vectors, not the signals themselves.")
    ] = False,
    memory: Place = HOME,
    owner: Owner = OWNER,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """Remember files, or words alone.

    What a file is, its name says: pictures, sounds, videos, text (.txt, .md) and motion (.npz,
    .csv). Depth and thermal pictures need --as and their units; without it, a thermal picture of 8
    bits is taken as an image. What is there already is left as it is, so an interrupted run can be
    repeated.
    """
    with reporting(as_json=as_json):
        about: dict[str, Any] = {
            "text": text,
            "at": time(at, "--at") if at else None,
            "tags": tuple(names(tag, "--tag")),
            "source": source,
            "metadata": metadata(meta, "--meta") if meta else None,
            "expires_at": after(ttl, "--ttl") if ttl else None,
            "id": id,
        }
        modality = as_modality and one_of(SUFFIXES, as_modality, "--as")
        units = Units(unit=unit, fx=fx, palette=palette, accel=accel, gyro=gyro, rate=rate)
        wanted, skipped = found(paths or [], modality=modality)
        _check(paths or [], wanted, text=text, id=id, together=together)
        outcome = _looked_at(wanted, units, modality=modality, strict=together)
        outcome.skipped = skipped
        if outcome.senses or not wanted:
            with opened(memory, owner=owner, encoder=encoder, begin=True) as mine:
                write = _remember_one if together or not wanted else _remember_all
                with counting("remembering", as_json=as_json, total=max(len(wanted), 1)) as bar:
                    write(mine, outcome, units, about=about, keep_media=not no_media, bar=bar)
        if as_json:
            print_json(outcome.to_dict())
        else:
            show(outcome, said=id is None and bool(tag or meta or source or ttl))
    if outcome.failures:
        raise typer.Exit(FAILED)


def _check(
    paths: Sequence[Path],
    wanted: Sequence[Path],
    *,
    text: str | None,
    id: str | None,
    together: bool,
) -> None:
    """Refuse a command that cannot be meant, before anything is opened.

    Raises:
        RecordError: Nothing to remember.
        BadParameter: One id for several records.
    """
    if text is not None and not text.strip():
        raise RecordError("a blank --text", "words", "leave it out")
    if not wanted and (paths or text is None):
        raise RecordError(
            f"no known file in {', '.join(map(str, paths))}" if paths else "nothing to remember",
            "files, or words",
            'run: sensorium remember photo.jpg, or: sensorium remember --text "buy milk"',
        )
    if id is not None and len(wanted) > 1 and not together:
        raise typer.BadParameter(
            f"one id for {len(wanted)} files; add --together, or leave it out", param_hint="--id"
        )


def _looked_at(
    paths: Sequence[Path], units: Units, *, modality: str | None, strict: bool
) -> Outcome:
    """Say what each file is; what cannot be remembered fails here, before a memory is opened.

    Raises:
        PerceptError: One cannot, and all are needed.
    """
    outcome = Outcome()
    for path in paths:
        try:
            outcome.senses[path] = sense_of(path, units, modality=modality)
        except (SensoriumError, OSError) as error:
            if strict:
                raise
            outcome.failures[path] = error
    return outcome


def _remember_one(
    memory: Memory,
    outcome: Outcome,
    units: Units,
    *,
    about: Mapping[str, Any],
    keep_media: bool,
    bar: Bar | None,
) -> None:
    """Remember all files, and the words, as one record."""
    percepts = [read(path, units, modality=sense) for path, sense in outcome.senses.items()]
    done = memory.remember(*percepts, keep_media=keep_media, **about)
    outcome.remembered += [(path, done) for path in outcome.senses or [None]]
    if bar is not None:
        bar(max(len(outcome.senses), 1), None)


def _remember_all(
    memory: Memory,
    outcome: Outcome,
    units: Units,
    *,
    about: Mapping[str, Any],
    keep_media: bool,
    bar: Bar | None,
) -> None:
    """Remember each file by itself; what fails is noted, the others are kept.

    Raises:
        KeyboardInterrupt: Stopped; it says how many are kept.
    """
    from sensorium.memory import Moment

    readable: list[Path] = []
    looked_at = 0  # of those that are readable

    def moments() -> Iterator[Moment]:
        for path, sense in outcome.senses.items():
            try:
                percept = read(path, units, modality=sense)
            except (SensoriumError, OSError) as error:
                outcome.failures[path] = error
                continue
            readable.append(path)
            yield Moment((percept,), **about)

    def progress(done: int, _: int | None) -> None:
        nonlocal looked_at
        looked_at = done
        if bar is not None:
            bar(done + len(outcome.failures), None)

    try:
        report = memory.remember_many(
            moments(), batch_size=BATCH, progress=progress, keep_media=keep_media
        )
    except KeyboardInterrupt as stop:
        done = f"{looked_at} of {len(outcome.senses)} files are done and kept"
        raise KeyboardInterrupt(f"{done}; the same command again goes on") from stop
    outcome.failures.update({readable[each.index]: each.error for each in report.failures})
    kept_files = [path for path in readable if path not in outcome.failures]
    outcome.remembered += zip(kept_files, report.remembered, strict=True)
