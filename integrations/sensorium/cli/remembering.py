"""`sensorium remember`: turn files and words into memories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.command import command
from sensorium.cli.files import Units, find_files, modality_of, read_file
from sensorium.cli.options import AsModality
from sensorium.cli.outcome import Outcome, print_outcome
from sensorium.cli.recordings import RECORDING, parse_topics, read_recording
from sensorium.cli.session import Session
from sensorium.cli.terminal import FAILED, counting, print_json
from sensorium.cli.values import (
    check_modality,
    check_names,
    parse_metadata,
    parse_time,
    time_ahead,
)
from sensorium.errors import OperationCancelledError, RecordError, SensoriumError

if TYPE_CHECKING:
    from sensorium.memory import Memory, Moment
    from sensorium.percepts import Percept

BATCH = 16  # files encoded together: few enough for the bar to move
Progress = Callable[[int, "int | None"], None]


@dataclass(frozen=True)
class RecordOptions:
    """The options that describe each record of a run, besides its files."""

    text: Annotated[
        str | None, typer.Option(help="Words to remember with each file, or alone.")
    ] = None
    tag: Annotated[list[str] | None, typer.Option(help="Tag of each memory; repeat for more.")] = (
        None
    )
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it happened: ISO 8601; by default now."),
    ] = None
    source: Annotated[str | None, typer.Option(help="Where it came from.")] = None
    meta: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Metadata; repeat for more.")
    ] = None
    ttl: Annotated[
        str | None, typer.Option(metavar="AGE", help="Forget it after this time, such as 30d.")
    ] = None
    id: Annotated[
        str | None,
        typer.Option("--id", help="Id for this one record, which replaces a record of that id."),
    ] = None

    def to_arguments(self) -> dict[str, Any]:
        """Return the arguments that `Moment` and `Memory.remember` take.

        Raises:
            BadParameter: An option has a value that cannot be read.
        """
        return {
            "text": self.text,
            "at": parse_time(self.at, "--at") if self.at else None,
            "tags": tuple(check_names(self.tag, "--tag")),
            "source": self.source,
            "metadata": parse_metadata(self.meta, "--meta") if self.meta else None,
            "expires_at": time_ahead(self.ttl, "--ttl") if self.ttl else None,
            "id": self.id,
        }


@command
def remember(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Files, folders, or - for text from stdin."),
    ] = None,
    *,
    about: RecordOptions,
    together: Annotated[
        bool, typer.Option("--together", help="Remember all files as one memory of one moment.")
    ] = False,
    as_modality: AsModality = None,
    units: Units,
    topic: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME [OPTION=VALUE]...",
            help='Topic of a recording to read, such as "/livox/imu accel=g"; repeat for more.',
        ),
    ] = None,
    no_media: Annotated[
        bool, typer.Option("--no-media", help="Keep vectors, not the signals themselves.")
    ] = False,
    session: Session,
) -> None:
    """Remember files, or words alone.

    The name of a file says what it is: a picture, a sound, a video, text (.txt, .md) or motion
    (.npz, .csv). A recording of a robot (.bag, .mcap, .db3, or its folder) becomes many memories.
    Depth and thermal pictures need --as and their units; without --as, a thermal picture of 8 bits
    is taken for an ordinary image. What is known already is left as it is, so an interrupted run
    can be repeated.
    """
    arguments = about.to_arguments()
    topics = parse_topics(topic or [])
    modality = as_modality and check_modality(as_modality, "--as")
    files, skipped = find_files(paths or [], modality=modality)
    _check(paths or [], files, about, together=together)
    outcome = _recognise(files, units, modality=modality, strict=together)
    outcome.skipped = skipped
    recorded = RECORDING in outcome.modalities.values()
    if recorded and about.id is not None and not together:
        raise typer.BadParameter("one id for a recording; leave it out", param_hint="--id")
    if outcome.modalities or not files:
        each = partial(_remember_each, topics=topics)
        write = _remember_one if together or not files else each
        with (
            session.opened(begin=True) as memory,
            counting(
                "remembering",
                as_json=session.as_json,
                total=1 if together else None if recorded else max(len(files), 1),
                batch=BATCH,
            ) as progress,
        ):
            write(memory, outcome, units, arguments, keep_media=not no_media, progress=progress)
    if session.as_json:
        print_json(outcome.to_dict())
    else:
        described = about.tag or about.meta or about.source or about.ttl
        print_outcome(outcome, described=about.id is None and bool(described))
    if outcome.failures:
        raise typer.Exit(FAILED)


def _check(
    paths: Sequence[Path], files: Sequence[Path], about: RecordOptions, *, together: bool
) -> None:
    """Check that a command makes sense, before anything is opened.

    Raises:
        RecordError: There is nothing to remember.
        BadParameter: One id is given for several records.
    """
    text = about.text
    if text is not None and not text.strip():
        raise RecordError("a blank --text", "words", "leave it out")
    if not files and (paths or text is None):
        raise RecordError(
            f"no known file in {', '.join(map(str, paths))}" if paths else "nothing to remember",
            "files, or words",
            'run: sensorium remember photo.jpg, or: sensorium remember --text "buy milk"',
        )
    if about.id is not None and len(files) > 1 and not together:
        raise typer.BadParameter(
            f"one id for {len(files)} files; add --together, or leave it out", param_hint="--id"
        )


def _recognise(
    files: Sequence[Path], units: Units, *, modality: str | None, strict: bool
) -> Outcome:
    """Begin an outcome with the modality of each file; note files that cannot be remembered.

    Raises:
        PerceptError: A file cannot be remembered, and `strict` is true.
    """
    outcome = Outcome()
    for path in files:
        try:
            outcome.modalities[path] = modality_of(path, units, modality=modality)
        except (SensoriumError, OSError) as error:
            if strict:
                raise
            outcome.failures[path] = error
    return outcome


def _remember_one(
    memory: Memory,
    outcome: Outcome,
    units: Units,
    arguments: Mapping[str, Any],
    *,
    keep_media: bool,
    progress: Progress | None,
) -> None:
    """Remember all files, and the words, as one record."""
    percepts = [
        read_file(path, units, modality=modality) for path, modality in outcome.modalities.items()
    ]
    done = memory.remember(*percepts, keep_media=keep_media, **arguments)
    outcome.remembered += [(path, done) for path in outcome.modalities or [None]]
    if progress is not None:
        progress(1, None)


def _remember_each(
    memory: Memory,
    outcome: Outcome,
    units: Units,
    arguments: Mapping[str, Any],
    *,
    keep_media: bool,
    progress: Progress | None,
    topics: Mapping[str, Mapping[str, Any]] | None,
) -> None:
    """Remember each file as a record, and each percept of a recording.

    Those that fail are noted, and the others kept.

    Raises:
        KeyboardInterrupt: Stopped by the user; the message says how many are kept.
    """
    from sensorium.memory import Moment

    readable: list[Path] = []  # the file of each moment
    finished = 0  # moments that are remembered or failed

    def percepts(path: Path, modality: str) -> Iterator[Percept]:
        if modality == RECORDING:
            note = partial(outcome.failures.setdefault, path)
            yield from read_recording(path, topics, note)
        else:
            yield read_file(path, units, modality=modality)

    def moments() -> Iterator[Moment]:
        for path, modality in outcome.modalities.items():
            try:
                for percept in percepts(path, modality):
                    readable.append(path)
                    yield Moment((percept,), **arguments)
            except (SensoriumError, OSError) as error:
                outcome.failures[path] = error

    def report_progress(done: int, _: int | None) -> None:
        nonlocal finished
        finished = done
        if progress is not None:
            progress(done + len(outcome.failures), None)

    try:
        report = memory.remember_many(
            moments(), batch_size=BATCH, progress=report_progress, keep_media=keep_media
        )
    except (KeyboardInterrupt, OperationCancelledError) as stop:
        all_ = f" of {len(outcome.modalities)} files are done and"
        recorded = RECORDING in outcome.modalities.values()
        done = f"{finished}{' memories are' if recorded else all_} kept"
        raise KeyboardInterrupt(f"{done}; run the same command again to go on") from stop
    failed = {failure.index: failure.error for failure in report.failures}
    outcome.failures.update({readable[index]: error for index, error in failed.items()})
    kept = [path for index, path in enumerate(readable) if index not in failed]
    outcome.remembered += zip(kept, report.remembered, strict=True)
