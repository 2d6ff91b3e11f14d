"""`sensorium look`: what would be taken of a file, without remembering it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.command import command
from sensorium.cli.dating import Dated, Dating
from sensorium.cli.files import check_file, find_files, read_one
from sensorium.cli.options import AsJson, AsModality
from sensorium.cli.parts import look_through, part_lines
from sensorium.cli.recordings import TopicNames, Topics, check_topics, parse_topics
from sensorium.cli.rules import Maps, parse_rules
from sensorium.cli.taken import UNSAID
from sensorium.cli.terminal import FAILED, describe, error_text, print_json
from sensorium.cli.units import Units
from sensorium.cli.values import check_modality
from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.percepts import Percept
    from sensorium.sources.finding import FoundFile

BARS = " ▁▂▃▄▅▆▇█"
NOT_TOLD = "not told: now, when it is remembered"
WIDTH = 60  # characters of the line of a motion


@command
def look(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Files, folders, or recordings of robots.")
    ],
    *,
    as_modality: AsModality = None,
    units: Units,
    maps: Maps = None,
    topic: TopicNames = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="PNG", help="Write a picture of the one file: a plot of motion, ..."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what would be taken of files: columns, units, rate, times, ranges. Nothing is kept."""
    modality = as_modality and check_modality(as_modality, "--as")
    failures: dict[Path, SensoriumError | OSError] = {}
    files, skipped = find_files(
        paths, modality=modality, rules=parse_rules(maps or []), failures=failures
    )
    topics = parse_topics(topic or [])
    check_topics(topics, files)
    if picture is not None and len(files) != 1:
        raise typer.BadParameter(f"one picture of {len(files)} files", param_hint="--picture")
    found = [_look(each, units, modality, topics, picture) for each in files]
    found += [{"file": str(path), "error": _told(error)} for path, error in failures.items()]
    found += [{"file": str(path), "skipped": why} for path, why in skipped.items()]
    if as_json:
        print_json({"files": found})
    else:
        for seen in found:
            _print(seen)
        if not found:
            typer.echo(f"no known file in {', '.join(map(str, paths))}")
    if any("error" in seen or "failed" in seen for seen in found):
        raise typer.Exit(FAILED)


def _look(
    found: FoundFile,
    units: Units,
    modality: str | None,
    topics: Topics,
    picture: Path | None,
) -> dict[str, Any]:
    """Return what is understood of one file, by name; or the error that it gives."""
    seen: dict[str, Any] = {"file": str(found.path)}
    try:
        check_file(found, units, modality=modality)
        if found.reader is not None:
            return {**seen, **look_through(found, units.options(found, modality), topics)}
        percept = read_one(found, units.options(found, modality))
        seen |= dict(described(percept, Dating().of(found.path, percept)))
        if picture is not None:
            seen["picture"] = _draw(percept, picture)
    except (SensoriumError, OSError) as error:
        seen["error"] = _told(error)
    return seen


def _told(error: SensoriumError | OSError) -> str:
    return error_text(describe(error)) if isinstance(error, SensoriumError) else str(error)


def described(percept: Percept, dated: Dated) -> Iterator[tuple[str, Any]]:
    """Yield the name and value of each thing that is understood of a percept, JSON-ready.

    Args:
        percept: The percept.
        dated: When and where its record would be.
    """
    yield "modality", percept.modality
    if percept.units:
        yield "units", dict(percept.units)
    taken = {k: v for k, v in percept.reading.items() if k not in UNSAID}
    taken = {name: each for name, each in taken.items() if percept.units.get(name) != each}
    if taken:
        yield "taken", taken
    yield "at", dated.shown
    if dated.at is not None:
        yield "dated_by", dated.by
    if (place := dated.arguments.get("place") or percept.place) is not None:
        yield "place", {name: each for name, each in place.to_dict().items() if each is not None}
    if words := dated.arguments.get("text"):
        yield "words", words
    if percept.duration is not None:
        yield "seconds", round(percept.duration, 3)
    for name in ("rate", "fps", "size"):
        if (value := getattr(percept, name, None)) is not None:
            yield name, list(value) if isinstance(value, tuple) else float(f"{value:.6g}")
    tracks = getattr(percept, "tracks", 1)
    if tracks != 1:
        yield "sound_tracks", tracks
    if tracks > 1:
        yield "track", getattr(percept, "track", None)
    yield from _measured(percept)


def _measured(percept: Percept) -> Iterator[tuple[str, Any]]:
    """Yield what the numbers of a sensor are, so that a wrong unit shows."""
    import numpy as np

    from sensorium.percepts import IMU, Depth, Thermal

    if isinstance(percept, IMU):
        accel, gyro = (np.linalg.norm(part, axis=1) for part in np.hsplit(percept.samples, 2))
        yield "samples", len(percept.samples)
        yield "gaps", [[round(gap.start, 3), round(gap.end, 3)] for gap in percept.gaps]
        for name, unit, norms in (("accel", "m/s^2", accel), ("gyro", "rad/s", gyro)):
            said = {
                "median": round(float(np.median(norms)), 3),
                "most": round(float(norms.max()), 3),
            }
            yield f"{name}, {unit}", said if name == "accel" or percept.has_gyro else None
        yield "motion", line_of(accel)
    elif isinstance(percept, Depth) and percept.metric:
        metres = percept.metres()
        told = metres[np.isfinite(metres) & (metres > 0)]
        if told.size:
            numbers = {"least": told.min(), "median": np.median(told), "most": told.max()}
            yield "metres", {name: round(float(each), 3) for name, each in numbers.items()}
        yield "holes", round(1 - told.size / metres.size, 4)
    elif isinstance(percept, Thermal):
        view = percept.view()
        ends = {"least": round(view.low, 3), "most": round(view.high, 3)}
        yield "scale", {**ends, "unit": percept.units.get("unit")}


def line_of(values: NDArray[Any]) -> str:
    """Draw values as one line of bars, the largest as the highest."""
    import numpy as np

    if len(values) == 0:
        return ""
    parts = np.array_split(values, min(WIDTH, len(values)))
    heights = np.array([float(part.mean()) for part in parts])
    low, extent = heights.min(), float(np.ptp(heights)) or 1.0
    steps = np.round((heights - low) / extent * (len(BARS) - 2)).astype(int) + 1
    return "".join(BARS[step] for step in steps)


def _draw(percept: Percept, target: Path) -> str | None:
    """Write the picture of a percept to a new file; `None` if its modality has none."""
    import io

    import PIL.Image

    from sensorium.percepts.previews import preview

    shown = preview(percept)
    if shown is None or not shown.mime.startswith("image/"):
        return None
    with PIL.Image.open(io.BytesIO(shown.data)) as picture, target.open("xb") as file:
        picture.save(file, "PNG")
    return str(target)


def _print(seen: dict[str, Any]) -> None:
    typer.echo(seen["file"])
    for name, line in part_lines(seen.get("parts", {})):
        typer.echo(f"  {name:13} {line}")
    for name, value in seen.items():
        if name not in {"file", "parts"}:
            missing = NOT_TOLD if name == "at" else "none"
            shown = missing if value is None else _shown(value)
            typer.echo(f"  {name.replace('_', ' '):13} {shown}")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} {_shown(each)}" for key, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_shown, value)) or "none"
    return str(value)
