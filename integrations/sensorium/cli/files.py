"""Files as percepts: the modality of a file, and the units that only the caller knows."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.errors import (
    MediaDecodeError,
    SensoriumError,
    SourceNotFoundError,
    SourceRefusedError,
    UnitError,
)

if TYPE_CHECKING:
    from sensorium.percepts import Percept
    from sensorium.sources.finding import FoundFile

STDIN = "-"
AXES = 3
LABELS = "sensor"  # what `--column` calls the column that says the sensor of each row
URL = re.compile(r"https?:/", re.IGNORECASE)  # a Path keeps one of the slashes
NAMES = frozenset(
    {"dataset", "dtype", "encoding"}
)  # options that are names, even if they look like numbers
SIDES = re.compile(r"--shape \((\d+), (\d+)\)")
TOGETHER = frozenset({"column", "time_column", "with_"})  # options that are made into others


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
        typer.Option(help="Order of dates such as 03/04/2026 in motion and chats: dmy or mdy."),
    ] = None
    clock: Annotated[
        str | None, typer.Option(help='"rate" has --rate go before the times in the file.')
    ] = None
    encoding: Annotated[
        str | None,
        typer.Option(help="Encoding of texts that do not tell it: cp1252, gb18030, shift_jis."),
    ] = None
    pages: Annotated[
        str | None, typer.Option(help="Pages of a PDF to keep pictures of: auto, all or none.")
    ] = None
    with_: Annotated[
        list[Path] | None,
        typer.Option(
            "--with", metavar="FILE", help="Another file of the recording, as Gyroscope.csv."
        ),
    ] = None

    def given(self) -> dict[str, Any]:
        """Return what was said, as the classes of percepts take it.

        Raises:
            BadParameter: `--column` is not what it should be.
        """
        plain = (each.name for each in fields(self) if each.name not in TOGETHER)
        said: dict[str, Any] = {name: _number(name, getattr(self, name)) for name in plain}
        files = [path.absolute() for path in self.with_ or ()]
        said |= {"columns": self._columns() or None, "with_": files or None}
        return {name: value for name, value in said.items() if value is not None}

    def options(self, found: FoundFile, modality: str | None = None) -> dict[str, Any]:
        """Return the options that a file is read with: those said, and those of its rule.

        Args:
            found: The file.
            modality: Modality that was asked for; by default its rule or its name says it.
        Raises:
            UnitError: A unit that the modality needs is missing.
            MediaDecodeError: The name does not say what the file is.
            BadParameter: `--column` is not what it should be.
        """
        if str(found.path) == STDIN:
            return {}
        try:
            options = found.options(self.given(), modality=modality)
        except UnitError as error:
            remedy = (
                "say it: --as depth --unit mm --fx 525, --as thermal --unit celsius, or --as image"
            )
            raise UnitError(error.came, error.needed, remedy) from error
        except MediaDecodeError as error:
            from sensorium.percepts import Percept

            remedy = f"say it: --as {'|'.join(Percept.modalities)}"
            raise MediaDecodeError(error.came, error.needed, remedy) from error
        if found.reader is None:
            _check_units(found.path, options)
        return options

    def _columns(self) -> dict[str, Any]:
        """Return the columns of a table of motion to take."""
        columns: dict[str, Any] = {}
        for each in self.column or []:
            sensor, equals, names = each.partition("=")
            axes = [column_of(name) for name in names.split(",")]
            if equals and sensor.strip() == LABELS and len(axes) == 1:
                columns[LABELS] = axes[0]
                continue
            if not equals or len(axes) != AXES:
                raise typer.BadParameter(
                    f"{each!r}; say three, such as accel=ax,ay,az", param_hint="--column"
                )
            columns[sensor.strip()] = axes
        if self.time_column is not None:
            columns["time"] = column_of(self.time_column)
        return columns


OPTIONS = "|".join(field.name for field in fields(Units))
ARGUMENT = re.compile(rf"\b({OPTIONS})=(?=([\w\"'(\[-]?))")  # in a message for Python


def find_files(
    paths: Sequence[Path],
    *,
    modality: str | None = None,
    rules: Sequence[Mapping[str, Any]] = (),
    failures: dict[Path, SensoriumError | OSError] | None = None,
) -> tuple[list[FoundFile], dict[Path, str]]:
    """List the files to read: those given, and those of folders that are known, sorted.

    Args:
        paths: Files and folders.
        modality: Modality of the files; by default their names say it.
        rules: What `parse_rules` returned.
        failures: Receives the errors of folders that cannot be listed.
    Returns:
        The files, and the files of the folders that are skipped, with the reason.
    Raises:
        PerceptFormatError: A rule is not as it should be, or is for no file.
    """
    from sensorium.sources.finding import Search
    from sensorium.sources.rules import rules_of

    skipped: dict[Path, str] = {}
    failed = {} if failures is None else failures
    made = rules_of(rules, origin="--map")
    search = Search(made, modality, skipped.__setitem__, failed.__setitem__)
    return search.find(paths), skipped


def check_file(found: FoundFile, units: Units, *, modality: str | None = None) -> None:
    """Check that a file is there, and that what it is and its units are known, without reading it.

    Args:
        found: The file; the path "-" is text from stdin.
        units: Units that the file does not say.
        modality: Modality that was asked for; by default the name says it. Depth and thermal are
            never guessed.
    Raises:
        SourceNotFoundError: The file does not exist.
        SourceRefusedError: The path is a web address.
        MediaDecodeError: The name does not say what the file is.
        UnitError: Units are missing.
    """
    path = found.path
    if str(path) == STDIN:
        return
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
    units.options(found, modality)


def read_file(path: Path, units: Units, *, modality: str | None = None) -> Percept:
    """Make a percept of a file; the arguments are those of `check_file`.

    Raises:
        MediaDecodeError: The content is not of the modality, or is many observations.
        PerceptError: `check_file` or the class of the percept failed.
    """
    from sensorium.sources.finding import FoundFile

    found = next(iter(find_files([path], modality=modality)[0]), FoundFile(path))
    check_file(found, units, modality=modality)
    return read_one(found, units.options(found, modality))


def read_one(found: FoundFile, options: Mapping[str, Any]) -> Percept:
    """Make the one percept of a file that was checked, with the options that `Units` returned.

    Raises:
        MediaDecodeError: It is not what it is said to be, or is many observations.
        PerceptError: The class of the percept failed.
    """
    if str(found.path) == STDIN:
        from sensorium.percepts import Text

        return Text(sys.stdin.read())
    percepts = list(islice(found.open(options), 2))
    if len(percepts) != 1:
        count = "many observations" if percepts else "none"
        raise MediaDecodeError(
            f"the recording {found.path.name!r}, which is {count}",
            "a file that is one",
            "run: sensorium look " + shlex.quote(str(found.path)),
        )
    return percepts[0]


def _check_units(path: Path, options: Mapping[str, Any]) -> None:
    """Check that the units which a file needs are given, or told by the file itself.

    Raises:
        UnitError: One of them is missing.
    """
    from sensorium.percepts import Percept
    from sensorium.percepts.percept import make_percept
    from sensorium.sources.single_file import companions

    cls = Percept.modalities[options["modality"]]
    missing = cls.missing_units(options)
    others: list[Path] = []
    if missing:
        others = companions(path, options)
        told = cls.told_units([path, *others] if others else path)
        missing = cls.missing_units({**told, **options})
    if missing:  # the class says what the numbers of the file suggest
        given = {name: value for name, value in options.items() if name in cls.needs}
        make_percept(cls, [path, *others] if others else path, given)
    if missing:
        required = [name for name, unit in cls.needs.items() if unit.required]
        example = " ".join(
            f"--{name} {shlex.quote(str(cls.needs[name].example))}" for name in required
        )
        meanings = "; ".join(f"--{name}: {cls.needs[name].meaning}" for name in missing)
        raise UnitError(
            f"{cls.modality} without {' and '.join(f'--{name}' for name in missing)}",
            "the units of the sensor, which the file does not say",
            f"add {example}, with the values of your sensor; {meanings}",
        )


def column_of(name: str) -> str | int:
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
