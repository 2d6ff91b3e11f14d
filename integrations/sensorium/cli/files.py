"""Files as percepts: the modality of a file, and the units that only the caller knows."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.recordings import RECORDING, is_recording
from sensorium.errors import MediaDecodeError, SourceNotFoundError, SourceRefusedError, UnitError

if TYPE_CHECKING:
    from sensorium.percepts import Percept

STDIN = "-"
AXES = 3
LABELS = "sensor"  # what `--column` calls the column that says the sensor of each row
URL = re.compile(r"https?:/", re.IGNORECASE)  # a Path keeps one of the slashes
NAMES = frozenset({"dataset", "dtype"})  # options that are names, even if they look like numbers
SIDES = re.compile(r"--shape \((\d+), (\d+)\)")
UNKNOWN_KIND, HIDDEN = "unknown kind", "hidden"  # reasons to skip a file of a folder


@dataclass(frozen=True)
class Units:
    """The options for what a file does not say: its units, and the sensor's."""

    unit: Annotated[
        str | None,
        typer.Option(
            help="Unit of a depth map: m, mm, metres per count (0.001, 1/5000), disparity or "
            "relative; of a thermal picture: celsius, kelvin, fahrenheit, counts, white-hot or "
            "black-hot."
        ),
    ] = None
    fx: Annotated[
        str | None,
        typer.Option("--fx", help="Focal length of a depth camera in pixels, or assume-60deg."),
    ] = None
    palette: Annotated[
        str | None, typer.Option(help="Colours of a thermal picture: ironbow, spectra, ...")
    ] = None
    scale: Annotated[
        str | None,
        typer.Option(help="Factor of the stored numbers of a map: 0.01, 1/256."),
    ] = None
    offset: Annotated[str | None, typer.Option(help="Added to the scaled numbers of a map.")] = None
    invalid: Annotated[
        str | None,
        typer.Option(help="Stored numbers that mark pixels without depth: 65535, or -1,65535."),
    ] = None
    bits: Annotated[
        str | None,
        typer.Option(help="Low bits of a map's stored numbers that count: 13; swapped; sun-rgbd."),
    ] = None
    shape: Annotated[
        str | None,
        typer.Option(metavar="HxW", help="Height and width of a map in a file without a header."),
    ] = None
    dtype: Annotated[
        str | None, typer.Option(help='Type of its numbers: uint16, float32, ">u2" (big-endian).')
    ] = None
    dataset: Annotated[
        str | None, typer.Option(help="Name of the map in an HDF5, NPZ or OpenEXR file.")
    ] = None
    frame: Annotated[
        str | None, typer.Option(help="Index of the map in a stack, or of a TIFF's page, from 0.")
    ] = None
    trust: Annotated[
        bool, typer.Option("--trust", help="Accept values of a map that look like another unit.")
    ] = False
    accel: Annotated[
        str | None,
        typer.Option(help="Unit of the acceleration: m/s^2, g, or m/s^2 a count: 9.80665/16384."),
    ] = None
    gyro: Annotated[
        str | None,
        typer.Option(help="Unit of the rotation rate: rad/s, deg/s, rad/s a count; none without."),
    ] = None
    rate: Annotated[
        float | None,
        typer.Option(metavar="HZ", help="Samples per second, if the file does not say."),
    ] = None
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SENSOR=X,Y,Z",
            help="Columns of motion, by name or place from 0: accel=ax,ay,az; repeat for gyro. "
            "sensor=NAME: the column that says the sensor of each row.",
        ),
    ] = None
    time_column: Annotated[
        str | None, typer.Option(help="Column of the times of motion, by name or place from 0.")
    ] = None
    time_unit: Annotated[
        str | None, typer.Option(help="Unit of the times of motion: s, ms, us or ns.")
    ] = None
    date_order: Annotated[
        str | None,
        typer.Option(help="Order of dates such as 03/04/2026 in motion: dmy or mdy."),
    ] = None
    clock: Annotated[
        str | None, typer.Option(help='"rate" has --rate go before the times in the file.')
    ] = None
    with_: Annotated[
        list[Path] | None,
        typer.Option(
            "--with", metavar="FILE", help="Another file of the recording, as Gyroscope.csv."
        ),
    ] = None

    def of(self, modality: str, path: Path | None = None) -> dict[str, Any]:
        """Return the arguments that the class of a modality takes.

        Args:
            modality: Modality of the file.
            path: The file, which may say units itself.
        Raises:
            UnitError: A unit that the modality needs is missing.
            BadParameter: `--column` is not what it should be.
        """
        from sensorium.percepts import Percept

        cls = Percept.modalities[modality]
        options = {name: _number(name, getattr(self, name, None)) for name in cls.needs}
        options |= self._of_tables() if modality == "imu" else {}
        given = {name: value for name, value in options.items() if value is not None}
        missing = cls.missing_units(given)
        if missing and path is not None:
            told = cls.told_units(self.content(modality, path))
            missing = cls.missing_units({**told, **given})
        if missing:
            required = [name for name, unit in cls.needs.items() if unit.required]
            example = " ".join(
                f"--{name} {shlex.quote(str(cls.needs[name].example))}" for name in required
            )
            meanings = "; ".join(f"--{name}: {cls.needs[name].meaning}" for name in missing)
            raise UnitError(
                f"{modality} without {' and '.join(f'--{name}' for name in missing)}",
                "the units of the sensor, which the file does not say",
                f"add {example}, with the values of your sensor; {meanings}",
            )
        return given

    def content(self, modality: str, path: Path) -> Path | list[Path]:
        """Return a file, with the others of its recording."""
        return [path, *self.with_] if modality == "imu" and self.with_ else path

    def _of_tables(self) -> dict[str, Any]:
        """Return the arguments that choose columns of a table of motion."""
        columns: dict[str, Any] = {}
        for each in self.column or []:
            sensor, equals, names = each.partition("=")
            axes = [_place(name) for name in names.split(",")]
            if equals and sensor.strip() == LABELS and len(axes) == 1:
                columns[LABELS] = axes[0]
                continue
            if not equals or len(axes) != AXES:
                raise typer.BadParameter(
                    f"{each!r}; say three, such as accel=ax,ay,az", param_hint="--column"
                )
            columns[sensor.strip()] = axes
        if self.time_column is not None:
            columns["time"] = _place(self.time_column)
        said = {
            "columns": columns,
            "time_unit": self.time_unit,
            "date_order": self.date_order,
            "clock": self.clock,
        }
        return {name: value for name, value in said.items() if value}


OPTIONS = "|".join(field.name for field in fields(Units))
ARGUMENT = re.compile(rf"\b({OPTIONS})=(?=([\w\"(\[-]?))")  # in a message for Python


def find_files(
    paths: Sequence[Path], *, modality: str | None
) -> tuple[list[Path], dict[Path, str]]:
    """List the files to remember: those given, and those of a known kind in folders, sorted.

    A folder that is a recording of a robot counts as a file.

    Args:
        paths: Files and folders.
        modality: Modality of the files; by default their names say it.
    Returns:
        The files, and the files of the folders that are skipped, with the reason.
    """
    from sensorium.percepts import Percept
    from sensorium.percepts.recognising import guessed_suffixes

    cls = Percept.modalities[modality] if modality else None
    suffixes = set(cls.suffixes if cls else guessed_suffixes())
    unknown = f"not {modality}" if modality else UNKNOWN_KIND
    files: list[Path] = []
    skipped: dict[Path, str] = {}
    for path in paths:
        if not path.is_dir() or (modality is None and is_recording(path)):
            files.append(path)
            continue
        for file in _walk(path, skipped):
            suffix = file.suffix.lower()
            known = suffix in suffixes or (cls is None and is_recording(file))
            if known or (cls and suffix in cls.doubted_suffixes and cls.may_be(file)):
                files.append(file)
            else:
                skipped[file] = unknown
    return list(dict.fromkeys(files)), skipped


def modality_of(path: Path, units: Units, *, modality: str | None = None) -> str:
    """Return the modality of a file, without reading it; check that its units are known.

    A recording of a robot, which has many, is a `RECORDING`.

    Args:
        path: Path of the file; "-" is text from stdin.
        units: Units that the file does not say.
        modality: Modality that was asked for; by default the name says it. Depth and thermal are
            never guessed.
    Raises:
        SourceNotFoundError: The file does not exist.
        SourceRefusedError: The path is a web address.
        MediaDecodeError: The name does not say what the file is.
        UnitError: Units are missing.
    """
    if str(path) == STDIN:
        return "text"
    if URL.match(str(path)):
        raise SourceRefusedError(
            f"the address {str(path)!r}", "a file, as nothing is downloaded", "download it first"
        )
    if not path.exists():
        words = f'for words, run: sensorium remember --text "{path}"'
        raise SourceNotFoundError(
            f"no file {str(path)!r}",
            "an existing file",
            "check the path" if path.suffix else f"check the path; {words}",
        )
    if modality in (None, RECORDING) and is_recording(path):
        return RECORDING
    found = modality or _guess(path)
    units.of(found, path)
    return found


def read_file(path: Path, units: Units, *, modality: str | None = None) -> Percept:
    """Make a percept of a file; the arguments are those of `modality_of`.

    Raises:
        MediaDecodeError: The content is not of the modality, or the text is not UTF-8.
        PerceptError: `modality_of` or the class of the percept failed.
    """
    from sensorium.percepts import Text
    from sensorium.percepts.percept import make_percept

    found = modality_of(path, units, modality=modality)
    if found == RECORDING:
        raise MediaDecodeError(
            f"the recording {path.name!r}, which is many observations",
            "a file that is one",
            "run: sensorium remember " + shlex.quote(str(path)),
        )
    if str(path) == STDIN:
        return Text(sys.stdin.read())
    uri = path.absolute().as_uri()
    if found == "text":
        try:
            return Text(path.read_text(encoding="utf-8-sig"), uri=uri)
        except UnicodeDecodeError as error:
            raise MediaDecodeError(
                f"{path.name}, which is not UTF-8 ({error.reason})",
                "text in UTF-8",
                "convert it, or say what it is with --as",
            ) from error
    return make_percept(found, units.content(found, path), units.of(found, path), uri=uri)


def _walk(folder: Path, skipped: dict[Path, str]) -> Iterator[Path]:
    """Yield the files of a folder, sorted; note hidden files and folders, and do not enter them."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            skipped[path] = HIDDEN
        elif path.is_dir() and not path.is_symlink():
            yield from _walk(path, skipped)
        elif path.is_file():
            yield path


def _guess(path: Path) -> str:
    from sensorium.percepts import Percept
    from sensorium.percepts.recognising import modality_of_file

    try:
        return modality_of_file(path)
    except UnitError as error:
        remedy = "say it: --as depth --unit mm --fx 525, --as thermal --unit celsius, or --as image"
        raise UnitError(error.came, error.needed, remedy) from error
    except MediaDecodeError as error:
        remedy = f"say it: --as {'|'.join(Percept.modalities)}"
        raise MediaDecodeError(error.came, error.needed, remedy) from error


def _place(name: str) -> str | int:
    """Return the name of a column, or its place."""
    return int(name) if name.strip().isdigit() else name.strip()


def as_options(remedy: str) -> str:
    """Write the arguments of a percept's class as options: `bits=13` becomes `--bits 13`."""
    options = ARGUMENT.sub(
        lambda found: f"--{found[1].replace('_', '-')}{' ' if found[2] else ''}", remedy
    )
    options = options.replace("--trust True", "--trust").replace(", --", " --")
    return SIDES.sub(r"--shape \1x\2", options)


def _number(name: str, value: str | float | bool | None) -> str | float | bool | None:
    """Return the number that an option's text is; names of arrays stay text, no flag is `None`."""
    if isinstance(value, bool):
        return value or None
    try:
        return float(value) if value is not None and name not in NAMES else value
    except ValueError:
        return value
