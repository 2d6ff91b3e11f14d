"""`sensorium remember`: turn files and words into memories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sensorium.cli.asked import Asked, RecordOptions
from sensorium.cli.command import command
from sensorium.cli.dating import Dating
from sensorium.cli.enriching import Finders
from sensorium.cli.files import check_file, find_files, read_one
from sensorium.cli.options import AsModality
from sensorium.cli.outcome import Outcome, Taken, print_outcome
from sensorium.cli.recordings import (
    RobotOptions,
    TopicNames,
    check_topics,
    parse_topics,
)
from sensorium.cli.rules import Maps, parse_rules
from sensorium.cli.session import Session
from sensorium.cli.terminal import FAILED, SKIPPED, counting, print_json
from sensorium.cli.units import Units
from sensorium.cli.values import (
    check_modality,
)
from sensorium.errors import OperationCancelledError, RecordError, SensoriumError

if TYPE_CHECKING:
    from sensorium.memory import Memory, Moment
    from sensorium.sources.finding import FoundFile

BATCH = 16  # files encoded together: few enough for the bar to move
WHOLE = 1000  # of the bar for one of several files, while a recording is among them
Progress = Callable[[int, "int | None"], None]


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
    maps: Maps = None,
    topic: TopicNames = None,
    finders: Finders,
    robot: RobotOptions,
    no_media: Annotated[
        bool, typer.Option("--no-media", help="Keep vectors, not the signals themselves.")
    ] = False,
    no_sound: Annotated[
        bool, typer.Option("--no-sound", help="Remember what videos show, and not their sound.")
    ] = False,
    session: Session,
) -> None:
    """Remember files, or words alone.

    The content of a file and its name say what it is: a picture, a sound, a video, a text, a
    document, a mail or motion (.npz, .csv); docs/files.md lists them. A recording of a robot
    (.bag, .mcap, .db3, or its folder) and whatever else an installed reader takes become many
    memories, each of its own time.
    Depth and thermal pictures need --as and their units; without --as, a thermal picture of 8 bits
    is taken for an ordinary image. What is known already is left as it is, so an interrupted run
    can be repeated.
    """
    dating = Dating.parsed(about.at, captions=about.captions)
    arguments = about.to_arguments(dating.stated)
    topics = parse_topics(topic or [])
    modality = as_modality and check_modality(as_modality, "--as")
    outcome = Outcome(together=together)
    files, outcome.skipped = find_files(
        paths or [],
        modality=modality,
        rules=parse_rules(maps or []),
        failures=outcome.failures,
        account=outcome.account,
        options=units.given(),
    )
    outcome.found = {each.path: each for each in files}
    check_topics(topics, files)
    robot.check(files)
    if files or not outcome.account.files:
        _check(paths or [], files, about, together=together)
    asked = Asked(
        units,
        modality,
        topics,
        arguments,
        dating,
        keep_media=not no_media,
        sound=not no_sound,
        robot=robot,
    )
    readable = _readable(files, asked, outcome, strict=together)
    recorded = any(each.reader for each in readable)
    if recorded and about.id is not None and not together:
        raise typer.BadParameter("one id for a recording; leave it out", param_hint="--id")
    if readable or not (files or outcome.account.files):
        write = _remember_one if together or not files else _remember_each
        with (
            session.opened(begin=True, enrich=finders.names) as memory,
            counting(
                "remembering",
                as_json=session.as_json,
                total=None if recorded else 1 if together else max(len(files), 1),
                batch=BATCH,
            ) as progress,
        ):
            write(memory, readable, asked, outcome, progress)
    outcome.settle()
    if session.as_json:
        print_json(outcome.to_dict())
    else:
        described = about.tag or about.meta or about.source or about.ttl
        print_outcome(outcome, described=about.id is None and bool(described))
    if outcome.failures or outcome.account.readable:
        raise typer.Exit(FAILED if outcome.failures else SKIPPED)


def _check(
    paths: Sequence[Path], files: Sequence[FoundFile], about: RecordOptions, *, together: bool
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


def _readable(
    files: Sequence[FoundFile], asked: Asked, outcome: Outcome, *, strict: bool
) -> list[FoundFile]:
    """Return the files that can be read, as far as names and units tell; note the others.

    Raises:
        PerceptError: A file cannot be remembered, and `strict` is true.
    """
    readable = []
    for found in files:
        try:
            check_file(found, asked.units, modality=asked.modality)
            readable.append(found)
        except (SensoriumError, OSError) as error:
            if strict:
                raise
            outcome.fail(found.path, error)
    return readable


def _remember_one(
    memory: Memory,
    files: Sequence[FoundFile],
    asked: Asked,
    outcome: Outcome,
    progress: Progress | None,
) -> None:
    """Remember all files, and the words, as one record."""
    percepts = [read_one(found, asked.options(found), outcome.skip) for found in files]
    paths = [found.path for found in files]
    arguments = asked.arguments
    taken: list[Taken | None] = []
    if files:
        dated = asked.dating.together(paths, percepts, text=arguments["text"])
        taken += [outcome.take(*one, dated) for one in zip(paths, percepts, strict=True)]
        arguments = dated.of_record(arguments)
    said = arguments["origin"] or ("file" if percepts else "person")
    arguments = {**arguments, "origin": said}
    done = memory.remember(*percepts, keep_media=asked.keep_media, sound=asked.sound, **arguments)
    outcome.remembered += [(each, done) for each in taken or [None]]
    if progress is not None:
        progress(1, 1)


def _remember_each(
    memory: Memory,
    files: Sequence[FoundFile],
    asked: Asked,
    outcome: Outcome,
    progress: Progress | None,
) -> None:
    """Remember each file as a record, and each percept of a recording.

    Those that fail are noted, and the others kept.

    Raises:
        KeyboardInterrupt: Stopped by the user; the message says how many are kept.
    """
    taken: list[Taken] = []  # that of each moment
    finished = 0  # moments that are remembered or failed
    recorded = any(each.reader for each in files)

    def moments() -> Iterator[Moment]:
        for number, found in enumerate(files):
            reading = share_of(progress, number, len(files)) if recorded else None
            try:
                for seen in asked.seen(found, outcome, reading):
                    first = seen.percepts[0]
                    dated = asked.dating.of(found.path, first, text=asked.arguments["text"])
                    taken.append(outcome.take(found.path, first, dated))
                    yield asked.moment(seen, dated)
            except (SensoriumError, OSError) as error:
                outcome.fail(found.path, error)
            if reading is not None:
                reading(1, 1)

    def report_progress(done: int, _: int | None) -> None:
        nonlocal finished
        finished = done
        if progress is not None and not recorded:
            progress(done + len(outcome.failures), None)

    try:
        report = memory.remember_many(
            moments(),
            batch_size=BATCH,
            progress=report_progress,
            keep_media=asked.keep_media,
            sound=asked.sound,
        )
    except (KeyboardInterrupt, OperationCancelledError) as stop:
        done = f"{finished}{' memories' if recorded else f' of {len(files)} files are done and'}"
        done += f" {'are ' if recorded else ''}kept; run the same command again to go on"
        raise KeyboardInterrupt(done) from stop
    failed = {failure.index: failure.error for failure in report.failures}
    for index, error in failed.items():
        outcome.fail(taken[index].path, error)
    kept = [each for index, each in enumerate(taken) if index not in failed]
    outcome.remembered += zip(kept, report.remembered, strict=True)


def share_of(
    progress: Progress | None, number: int, files: int
) -> Callable[[int, int], None] | None:
    """Return what takes the progress of one of several files: as a share of all, in thousandths."""
    if progress is None:
        return None

    def report(done: int, total: int) -> None:
        if files == 1:
            progress(done, total)
        else:
            progress(round(WHOLE * (number + done / max(total, 1))), WHOLE * files)

    return report
