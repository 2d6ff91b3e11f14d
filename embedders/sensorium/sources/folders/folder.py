"""Folders that are one recording: which layout they have, and their parts as percepts."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from heapq import merge
from pathlib import Path
from typing import Any

from sensorium.errors import (
    EmptyPerceptError,
    MediaDecodeError,
    PerceptError,
    PerceptFormatError,
    SourceRefusedError,
    show,
)
from sensorium.percepts.depth import Depth
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.choice import Choice
from sensorium.percepts.motion.options import Options
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept
from sensorium.sources.drafts import (
    STRETCH,
    Draft,
    Progress,
    check_going,
    options_by_name,
    percepts_of,
    seconds_apart,
)
from sensorium.sources.folders.empatica import EmpaticaFolder
from sensorium.sources.folders.euroc import EurocFolder
from sensorium.sources.folders.kitti import KittiFolder
from sensorium.sources.folders.layout import Asked, Layout, Part
from sensorium.sources.folders.motion import OPTIONS as MOTION_OPTIONS
from sensorium.sources.folders.phyphox import PhyphoxFolder
from sensorium.sources.folders.sensor_logger import SensorLoggerFolder
from sensorium.sources.folders.sensor_tables import SensorTablesFolder
from sensorium.sources.folders.tum import TumFolder
from sensorium.sources.reader import check_options

EVERY = 1.0  # seconds from one picture to the next: cameras make 30 a second
PROGRESS_STEP = 100  # percepts between two reports of progress
LAYOUTS: tuple[Layout, ...] = (
    TumFolder(),
    EurocFolder(),
    KittiFolder(),
    EmpaticaFolder(),
    SensorLoggerFolder(),
    PhyphoxFolder(),
)
GENERAL: Layout = SensorTablesFolder()  # for a folder that is of no other
GOING = ("skip", "progress", "on_failure")
READ = ("parts", "modality", "every", "stretch", "limits", "layout")
TABLES = ("time_unit", "date_order")  # how tables of motion are read
UNITS = tuple(sorted({*MOTION_OPTIONS, *Depth.needs}))


class FolderReader:
    """The reader of folders that are one recording, recognised by what is in them."""

    options = (*GOING, *READ, *TABLES, *UNITS)

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether a folder has a layout that is known; what cannot be read has none."""
        try:
            return path.is_dir() and bool(_layouts(path))
        except (OSError, PerceptError):
            return False

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Return the percepts of a folder in order of time, in bounded memory.

        Args:
            path: The folder.
            options: `parts=`, names of the parts to read, or a mapping of them to their options;
                `modality=`, to read only the parts of that modality;
                `every=`, least seconds from one picture of a part to the next, 1 by default;
                `stretch=`, longest motion in seconds that becomes one percept; `layout=`, which one
                it is, if it could be several; `time_unit=` and `date_order=` of tables, as of
                `IMU`; units, for all parts that take them, which go before those of the layout;
                `skip=`, `limits=`, `progress=` and `on_failure=` as of `bag`.
        Raises:
            PerceptFormatError: An option or a part is not known.
            MediaDecodeError: The folder has several layouts.
            PerceptError: A file is missing or damaged, or cannot be a percept; most are raised
                while iterating.
        """
        check_options(options, self.options, f"the folder {str(path)!r}")
        layout = _layout_of(path, options.get("layout"))
        limits: Limits = options.get("limits", DEFAULT_LIMITS)
        check_going(options.get("skip", 0), options.get("stretch", STRETCH))
        choice = _choice(options)
        try:
            contents = layout.contents(path, limits, choice)
        except PerceptError:  # some of which are errors of the system, too
            raise
        except OSError as error:
            raise SourceRefusedError(
                f"the folder {str(path)!r}, of which a file cannot be read ({error})",
                "permission to read all of it",
                "check the modes of its files",
            ) from error
        known: dict[str, Any] = {"layout": layout.title}
        if contents.passed_over:
            known["passed_over"] = ", ".join(contents.passed_over)
        chosen = [
            (part, Asked(own, own.pop("every"), options.get("stretch", STRETCH), limits, known))
            for part, own in _chosen(path, contents.parts, options)
        ]
        return percepts_of(
            _drafts(chosen, options.get("progress")),
            skip=options.get("skip", 0),
            on_failure=options.get("on_failure"),
            said=_said,
        )


def _choice(options: Mapping[str, Any]) -> Choice:
    """Return how tables of motion are read.

    Raises:
        PerceptValueError: An option is not as it should be.
    """
    unit, order = (options.get(name) for name in TABLES)
    return Options({}, unit, None, None, True, date_order=order).choice


def _layouts(path: Path) -> list[Layout]:
    """Return the layouts that a folder has."""
    found = [layout for layout in LAYOUTS if layout.matches(path)]
    return found or [layout for layout in [GENERAL] if layout.matches(path)]


def _layout_of(path: Path, asked: object) -> Layout:
    found = _layouts(path)
    if asked is not None:
        named = [layout for layout in (*LAYOUTS, GENERAL) if layout.name == asked]
        if not named or not named[0].matches(path):
            raise PerceptFormatError(
                f"layout={show(asked)} for the folder {str(path)!r}",
                f"one that it has: {', '.join(layout.name for layout in found)}",
                "correct it, or leave it out",
            )
        return named[0]
    if len(found) != 1:
        titles = " and ".join(layout.title for layout in found) or "of no layout that is known"
        choices = " or ".join(f'layout="{layout.name}"' for layout in found)
        raise MediaDecodeError(
            f"the folder {str(path)!r}, which is {titles}",
            "a folder that is one recording",
            f"say which one to read: {choices}",
        )
    return found[0]


def _chosen(
    path: Path, parts: Any, options: Mapping[str, Any]
) -> Iterator[tuple[Part, dict[str, Any]]]:
    """Yield the parts to read, each with its options and `every`."""
    there: dict[str, Part] = {part.name: part for part in parts}
    if not there:
        raise EmptyPerceptError(
            f"the folder {str(path)!r} with nothing that can be read",
            "motion, pictures or depth maps",
            "fetch the whole recording",
        )
    asked: Mapping[str, Mapping[str, Any]] = {name: {} for name in there}
    if options.get("parts") is not None:
        example = f'parts={list(there)[:2]}, or parts={{"{next(iter(there))}": {{...}}}}'
        asked = options_by_name(options["parts"], "parts", example)
    for name, own in asked.items():
        if name not in there:
            raise PerceptFormatError(
                f"the part {show(name)} of the folder {str(path)!r}",
                f"one that is there: {', '.join(there)}",
                "correct parts=, or leave it out",
            )
        part = there[name]
        if options.get("modality") not in (None, part.modality):
            continue
        check_options(own, {*part.options, "every"}, f"the part {name!r}")
        general = {key: value for key, value in options.items() if key in part.options}
        given = {"every": options.get("every", EVERY), **general, **own}
        given["every"] = seconds_apart(given["every"], f"the part {name!r}")
        yield part, given


def _drafts(
    chosen: list[tuple[Part, Asked]], progress: Progress | None
) -> Generator[Draft, None, None]:
    """Yield the drafts of all parts in order of time."""
    total = sum(part.count() for part, _ in chosen) if progress is not None else 0
    parts = [part.drafts(asked) for part, asked in chosen]
    for number, draft in enumerate(merge(*parts, key=lambda draft: draft.log_time), 1):
        yield draft
        if progress is not None and number % PROGRESS_STEP == 0:
            progress(min(total, sum(part.done for part, _ in chosen)), total)
    if progress is not None:
        progress(total, total)


def _said(error: PerceptError, draft: Draft) -> PerceptError:
    """Return an error of a percept with the part that it is of."""
    return type(error)(f"{error.came} (part {draft.topic})", error.needed, error.remedy)
