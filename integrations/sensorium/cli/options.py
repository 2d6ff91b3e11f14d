"""The options that several commands share, each written once, and those that go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from sensorium.cli.values import SINCE, UNTIL, check_modality, parse_bound, parse_metadata

if TYPE_CHECKING:
    from sensorium.memory import Filters

HOME = "~/.sensorium"  # as in sensorium.memory, which is not imported for a default
OWNER = "me"
ENCODER = "sensorium-mini"
# Those of the package, for --help, which imports no percept
MODALITIES = "text, image, video, audio, depth, thermal, imu"

ReadOnly = Annotated[
    bool,
    typer.Option(
        "--read-only",
        help="Only read: nothing in the memory's folder is touched, which may be on a read-only "
        "disk, or open in another process.",
    ),
]
AsModality = Annotated[
    str | None,
    typer.Option("--as", metavar="MODALITY", help=f"What the files are: {MODALITIES}."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
RecordId = Annotated[
    str, typer.Argument(metavar="ID", help="Id of the record, or its first eight characters.")
]
Place = Annotated[
    str,
    typer.Option(
        "--memory",
        metavar="PLACE",
        envvar="SENSORIUM_MEMORY",
        help="The memory: a folder, the URL of a Qdrant server, or sensorium+https://host of a "
        "server of memories, whose token SENSORIUM_TOKEN has.",
    ),
]
Owner = Annotated[
    str,
    typer.Option(
        "--owner",
        envvar="SENSORIUM_OWNER",
        help="Owner of the memories. Others' are never changed, and read only if they share them.",
    ),
]
EncoderName = Annotated[
    str,
    typer.Option(
        "--encoder",
        envvar="SENSORIUM_ENCODER",
        help="Name of the memory's encoder.",
    ),
]


@dataclass(frozen=True)
class RecallFilters:
    """The options that restrict a command to some records."""

    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Only memories that end at or after this time: ISO 8601, an age such as 7d, or "
            'words such as yesterday, "last summer".',
        ),
    ] = None
    until: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Only memories that start before this time, or before the end of what words name; "
            "without a zone, local time.",
        ),
    ] = None
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", help="Only memories with this tag; repeat to require several."),
    ] = None
    source: Annotated[str | None, typer.Option(help="Only memories from exactly this source.")] = (
        None
    )
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="Only memories with this metadata; repeat a key to accept any of its values.",
        ),
    ] = None

    near: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help='Only memories near a place: "48.8584,2.2945 within 200 m", "1.5,2 in map within '
            '3 m", or a name: home, "home within 1 km".',
        ),
    ] = None
    origin: Annotated[
        list[str] | None,
        typer.Option(
            help="Only what this says: person, sensor, file, tool, model or web; repeat to accept "
            "any of several."
        ),
    ] = None

    def to_filters(self) -> Filters:
        """Return the filters that `Memory` takes, without those that were left out.

        Raises:
            BadParameter: An option has a value that cannot be read.
        """
        found: Filters = {}
        if self.since is not None:
            found["since"] = parse_bound(self.since, SINCE)
        if self.until is not None:
            found["until"] = parse_bound(self.until, UNTIL)
        if self.tag:
            found["tags"] = list(self.tag)
        if self.source is not None:
            found["source"] = self.source
        if self.where:
            found["where"] = parse_metadata(self.where, "--where")
        if self.near is not None:
            from sensorium.memory.places.words import read_near

            found["near"] = read_near(self.near)
        if self.origin:
            found["origins"] = list(self.origin)
        return found


@dataclass(frozen=True)
class ListingFilters(RecallFilters):
    """The options that restrict a command which searches no modality in particular."""

    modality: Annotated[
        list[str] | None,
        typer.Option(
            "--modality",
            help=f"Only memories with this modality: {MODALITIES}; "
            "repeat to accept any of several.",
        ),
    ] = None
    text_contains: Annotated[
        str | None, typer.Option(help="Only memories whose text contains all of these words.")
    ] = None

    def to_filters(self) -> Filters:
        """Return the filters as `RecallFilters` does.

        Raises:
            BadParameter: An option has a value that cannot be read.
        """
        if self.text_contains is not None and not self.text_contains.strip():
            raise typer.BadParameter("the words are blank", param_hint="--text-contains")
        found = super().to_filters()
        if self.modality:
            found["with_modalities"] = [
                check_modality(name, "--modality") for name in self.modality
            ]
        if self.text_contains is not None:
            found["text_contains"] = self.text_contains
        return found
