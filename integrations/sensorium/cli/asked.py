"""What `sensorium remember` is asked: the options of each record, and how each file is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.dating import Dated, Dating
from sensorium.cli.files import read_one
from sensorium.cli.outcome import Outcome
from sensorium.cli.recordings import TOPICS, RobotOptions, Topics, read_moments
from sensorium.cli.units import Units
from sensorium.cli.values import (
    check_choice,
    check_names,
    parse_metadata,
    parse_place,
    time_ahead,
)

if TYPE_CHECKING:
    from sensorium.memory import Moment
    from sensorium.sources import Snapshot
    from sensorium.sources.finding import FoundFile


ORIGINS = ("person", "sensor", "file", "tool", "model", "web")  # as in sensorium.memory


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
        typer.Option(
            metavar="WHEN",
            help="When it happened: ISO 8601, or captured (what the file, or one beside it, says), "
            "modified (its last change), now, or by default auto: captured, else modified.",
        ),
    ] = None
    source: Annotated[str | None, typer.Option(help="Where it came from.")] = None
    meta: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Metadata; repeat for more.")
    ] = None
    ttl: Annotated[
        str | None, typer.Option(metavar="AGE", help="Forget it after this time, such as 30d.")
    ] = None
    captions: Annotated[
        bool,
        typer.Option(
            "--captions/--no-captions",
            help="Keep what people wrote in a picture, or beside it in a photo library: captions "
            "as text, keywords as tags.",
        ),
    ] = True
    id: Annotated[
        str | None,
        typer.Option("--id", help="Id for this one record, which replaces a record of that id."),
    ] = None

    where: Annotated[
        str | None,
        typer.Option(
            "--place",
            metavar="PLACE",
            help="Where it was: degrees north and east, 48.8584,2.2945, or metres in a frame, "
            "1.5,2 in map. By default as the file says.",
        ),
    ] = None
    supersedes: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="Id of a memory that holds no more because of it; repeat for more."
        ),
    ] = None
    origin: Annotated[
        str | None,
        typer.Option(
            help="Who says so: person, sensor, file, tool, model or web. By default person for "
            "words alone, else file."
        ),
    ] = None

    def to_arguments(self, at: datetime | None) -> dict[str, Any]:
        """Return the arguments that `Moment` and `Memory.remember` take.

        Args:
            at: The time that the command says, if it says one.

        Raises:
            BadParameter: An option has a value that cannot be read.
        """
        return {
            "text": self.text,
            "at": at,
            "tags": tuple(check_names(self.tag, "--tag")),
            "source": self.source,
            "metadata": parse_metadata(self.meta, "--meta") if self.meta else None,
            "expires_at": time_ahead(self.ttl, "--ttl") if self.ttl else None,
            "id": self.id,
            "place": parse_place(self.where, "--place") if self.where else None,
            "supersedes": check_names(self.supersedes, "--supersedes") or None,
            "origin": self.origin and check_choice(ORIGINS, self.origin, "--origin"),
        }


@dataclass(frozen=True)
class Asked:
    """What a command asks for.

    Attributes:
        units: The options for what files do not say.
        modality: Modality of the files, if it is said.
        topics: Topics of recordings to read, if they are said.
        arguments: Arguments of each record.
        dating: How files are dated.
        keep_media: Whether the files are kept.
        sound: Whether the sounds of videos are remembered.
        robot: What is said of recordings of robots.
    """

    units: Units
    modality: str | None
    topics: Topics
    arguments: Mapping[str, Any]
    dating: Dating
    keep_media: bool
    sound: bool
    robot: RobotOptions

    def options(self, found: FoundFile) -> dict[str, Any]:
        """Return the options that a file is read with."""
        options = self.units.options(found, self.modality)
        if self.topics and found.takes(TOPICS):
            options[TOPICS] = self.topics
        return options

    def moment(self, seen: Snapshot, dated: Dated) -> Moment:
        """Return the record of what was seen; where from, if its reader tells, is kept."""
        from sensorium.memory import Moment

        metadata = {**seen.metadata, **(self.arguments["metadata"] or {})} or None
        given = {**dated.of_record(self.arguments), "metadata": metadata}
        given["at"] = given["at"] or seen.at
        given["place"] = given.get("place") or seen.place
        given["origin"] = given.get("origin") or "file"
        return Moment(seen.percepts, **given)

    def seen(
        self, found: FoundFile, outcome: Outcome, progress: Callable[[int, int], None] | None
    ) -> Iterator[Snapshot]:
        """Yield what is seen in a file; parts of a recording that fail are noted.

        Raises:
            PerceptError: The file cannot be read.
        """
        from sensorium.sources import Snapshot

        if found.reader is None:
            percept = read_one(found, self.options(found), outcome.skip)
            yield Snapshot((percept,), None, percept.reading)
            return
        note = partial(outcome.fail, found.path)
        yield from read_moments(found, self.options(found), note, progress, self.robot)
