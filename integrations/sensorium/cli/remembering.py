"""`sensorium remember`: files, and words, become memories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli import files
from sensorium.cli.files import SUFFIXES, Units
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
from sensorium.cli.terminal import (
    FAILED,
    counting,
    describe,
    describe_system,
    error_text,
    print_json,
    reporting,
)
from sensorium.cli.values import metadata, time
from sensorium.errors import RecordError, SensoriumError

if TYPE_CHECKING:
    from sensorium.memory import Memory, Moment
    from sensorium.percepts import Percept

BATCH = 16  # files encoded together: few enough for the bar to move


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
    .csv). Depth and thermal pictures need --as and their units. What is there already is skipped,
    so an interrupted run can be repeated.
    """
    if as_modality is not None and as_modality not in SUFFIXES:
        raise typer.BadParameter(
            f"{as_modality!r}: one of {', '.join(SUFFIXES)}", param_hint="--as"
        )
    about: dict[str, Any] = {
        "text": text,
        "at": time(at, "--at") if at else None,
        "tags": tuple(tag or ()),
        "source": source,
        "metadata": metadata(meta) if meta else None,
    }
    units = Units(unit=unit, fx=fx, palette=palette, accel=accel, gyro=gyro, rate=rate)
    with reporting(as_json=as_json):
        found = _found(paths or [], as_modality, words=text is not None)
        read = partial(files.read, units=units, modality=as_modality)
        with opened(memory, owner=owner, encoder=encoder, begin=True) as mine:
            if together or len(found) < 2:
                percepts = [read(path) for path in found]
                done = mine.remember(*percepts, keep_media=not no_media, **about)
                record: dict[str, Any] = {"id": done.id, "status": done.status, "failures": []}
            else:
                with counting("remembering", as_json=as_json, total=len(found)) as bar:
                    record = _remember_all(
                        mine, found, read, about=about, keep_media=not no_media, bar=bar
                    )
        if as_json:
            print_json(record)
        else:
            _show(record)
    if record["failures"]:
        raise typer.Exit(FAILED)


def _found(paths: Sequence[Path], modality: str | None, *, words: bool) -> list[Path]:
    found = files.found(paths, modality=modality)
    if not found and (paths or not words):
        raise RecordError(
            f"no known file in {', '.join(map(str, paths))}" if paths else "nothing to remember",
            "files, or words",
            'run: sensorium remember photo.jpg, or: sensorium remember --text "buy milk"',
        )
    return found


def _remember_all(
    memory: Memory,
    paths: Sequence[Path],
    read: Callable[[Path], Percept],
    *,
    about: Mapping[str, Any],
    keep_media: bool,
    bar: Callable[[int, int | None], None] | None,
) -> dict[str, Any]:
    """Remember each file by itself; what fails is listed, the others are kept."""
    from sensorium.memory import Moment

    readable: list[Path] = []
    failures: list[dict[str, str]] = []

    def moments() -> Iterator[Moment]:
        for path in paths:
            try:
                percept = read(path)
            except (SensoriumError, OSError) as error:
                failures.append(_failure(path, error))
                continue
            readable.append(path)
            yield Moment((percept,), **about)

    def progress(done: int, _: int | None) -> None:
        if bar is not None:
            bar(min(done + len(failures), len(paths)), None)

    report = memory.remember_many(
        moments(), batch_size=BATCH, progress=progress, keep_media=keep_media
    )
    failures += [_failure(readable[each.index], each.error) for each in report.failures]
    counts = {"new": report.new, "replaced": report.replaced, "known": report.known}
    return {**counts, "failures": failures}


def _failure(path: Path, error: SensoriumError | OSError) -> dict[str, str]:
    fields = describe(error) if isinstance(error, SensoriumError) else describe_system(error)
    return {"file": str(path), **fields}


def _show(record: Mapping[str, Any]) -> None:
    if "id" in record:
        typer.echo(f"{record['status']}: {record['id']}")
        return
    failures = record["failures"]
    counts = [f"{record[name]} {name}" for name in ("new", "replaced", "known") if record[name]]
    typer.echo(", ".join([*counts, *([f"{len(failures)} failed"] if failures else [])]))
    for each in failures:
        typer.echo(f"{each['file']}: {error_text(each)}", err=True)
