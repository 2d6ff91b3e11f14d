"""The options for what a file does not say: its units, and the sensor's."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.values import number_or_text
from sensorium.errors import MediaDecodeError, UnitError

if TYPE_CHECKING:
    from sensorium.sources.finding import FoundFile

STDIN = "-"
AXES = 3
LABELS = "sensor"  # what `--column` calls the column that says the sensor of each row
# Options that are names, even if they look like numbers
NAMES = frozenset({"dataset", "dtype", "encoding"})
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
    track: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Sound track of sounds and videos with several, from 0; see: sensorium look.",
        ),
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


def column_of(name: str) -> str | int:
    """Return the name of a column, or its place."""
    return int(name) if name.strip().isdigit() else name.strip()


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


def _number(name: str, value: str | float | bool | None) -> str | float | bool | None:
    """Return the number that an option's text is; names of arrays stay text, no flag is `None`."""
    if isinstance(value, bool):
        return value or None
    return value if name in NAMES or not isinstance(value, str) else number_or_text(value)
