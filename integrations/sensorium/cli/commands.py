"""The commands by their names: each is imported when it is called, as all of them take a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command


class Entry(NamedTuple):
    """Where a command is, and what `sensorium --help` says of it.

    Attributes:
        place: Module within this package and name in it, of a function or of a `Typer`.
        summary: First paragraph of its docstring; a test compares them.
    """

    place: str
    summary: str


ENTRIES = {
    "demo": Entry(
        "demo:demo",
        "Remember the samples that come with the package, and ask across modalities.",
    ),
    "look": Entry(
        "looking:look",
        "Say what would be taken of files: columns, units, rate, times, ranges. Nothing is kept.",
    ),
    "remember": Entry(
        "remembering:remember",
        "Remember files, or words alone.",
    ),
    "enrich": Entry(
        "enriching:enrich",
        "Find the words in the pictures, sounds and videos of a memory.",
    ),
    "recall": Entry(
        "recalling:recall",
        "Find the memories that answer a question best, whatever their modality.",
    ),
    "timeline": Entry(
        "listing:timeline",
        "List memories in order of time.",
    ),
    "episodes": Entry(
        "episodes:episodes",
        "List episodes: stretches that belong together by time, place and content.",
    ),
    "first": Entry(
        "chronicle:first",
        "Find the earliest memory that surely matches, of all matches and not of the best ten.",
    ),
    "last": Entry(
        "chronicle:last",
        "Find the latest memory that surely matches: where was it seen last?",
    ),
    "watch": Entry(
        "watching:watch",
        "Tell what matches as it arrives, from now on, whatever process remembers it; Ctrl-C ends "
        "it.",
    ),
    "around": Entry(
        "chronicle:around",
        "List what was around a moment, or before it, or after it.",
    ),
    "how-often": Entry(
        "chronicle:how_often",
        "Estimate how often something was, with an interval of 90 %.",
    ),
    "history": Entry(
        "chronicle:history",
        "List what a memory said before, and what stands in its place now, the latest first.",
    ),
    "conflicts": Entry(
        "chronicle:conflicts",
        "List memories that may contradict each other: near-equal texts with another number or "
        "name.",
    ),
    "places": Entry(
        "placing:places",
        "List the places that have a name, and how far each reaches.",
    ),
    "name-place": Entry(
        "placing:name_place",
        "Give a place a name, by which --near may ask for it; a name given again is moved.",
    ),
    "share": Entry(
        "sharing:share",
        "Let another owner of the same place read memories, those that are yet to come, too.",
    ),
    "unshare": Entry(
        "sharing:unshare",
        "End shares, at once and in every process; `sensorium shares` lists them.",
    ),
    "shares": Entry(
        "sharing:shares",
        "List what is shared with others, and what others share.",
    ),
    "show": Entry(
        "showing:show",
        "Show everything about one memory, and where its signals are.",
    ),
    "save": Entry(
        "showing:save",
        "Copy the signals that were kept with a memory to ordinary files.",
    ),
    "update": Entry(
        "updating:update",
        "Change a memory; what is not given stays as it is.",
    ),
    "stats": Entry(
        "listing:stats",
        "Describe the memory: records by modality, times, media, the store.",
    ),
    "forget": Entry(
        "forgetting:forget",
        "Remove memories by id, or all that match the options; asks first unless ids are given.",
    ),
    "digest": Entry(
        "digesting:digest",
        "Drop old frames of streams and recordings but the telling ones; asks first.",
    ),
    "sweep": Entry(
        "forgetting:sweep",
        "Remove memories that have expired, and media that no memory refers to.",
    ),
    "compact": Entry(
        "forgetting:compact",
        "Index what is not indexed yet, for faster recalls; says first how long it may take.",
    ),
    "backup": Entry(
        "moving:backup",
        "Write the whole folder of a memory, of all owners, to one compressed file.",
    ),
    "restore": Entry(
        "moving:restore",
        "Make a memory's folder of a backup, and check every file in it.",
    ),
    "export": Entry(
        "moving:export",
        "Write all memories of an owner to a directory, as Parquet, with their media.",
    ),
    "import": Entry(
        "moving:import_",
        "Read an export into a memory; importing it again changes nothing.",
    ),
    "promote": Entry(
        "moving:promote",
        "Copy a memory to a server, to be used with --memory URL from then on; the folder stays.",
    ),
    "mcp": Entry(
        "serving:mcp",
        "Serve a memory to agents by the Model Context Protocol, until stdin ends or Ctrl-C.",
    ),
    "serve": Entry(
        "server:serve",
        "Serve a memory over HTTP: a page under /, REST under /v1, MCP under /mcp, its docs at "
        "/docs.",
    ),
    "bench": Entry(
        "benching:bench",
        "Measure an encoder: recall, mixed pools, abstention, times, spans, languages, cost.",
    ),
    "doctor": Entry(
        "doctor:doctor",
        "Check the installation, the device, the encoder, and the folder or server.",
    ),
    "token": Entry(
        "tokens:app",
        "Make, list and revoke the tokens of a server.",
    ),
    "weights": Entry(
        "weights:app",
        "Convert, download, list and verify model weights.",
    ),
}


class Commands(Mapping[str, Any]):
    """Commands as typer takes them, made when they are first asked for."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        """Take what is known of each; nothing is imported yet."""
        self._entries = entries
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _made(name, self._entries[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class Program(TyperGroup):
    """The `sensorium` command, whose help is plain text of what `ENTRIES` says.

    Importing every command, and typer's boxes, took three times as long as the rest.
    """

    def __init__(self, **options: Any) -> None:
        """Take what typer gives, without commands of its own."""
        super().__init__(**options)
        self.commands: Any = Commands(ENTRIES)

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # click's
        """Return the names in the order in which they are shown."""
        return list(self.commands)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help as text."""
        super(TyperGroup, self).format_help(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a line for each command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in ENTRIES.items()])


def _made(name: str, entry: Entry) -> Any:
    """Import a command, and make of it what typer calls."""
    module, _, attribute = entry.place.partition(":")
    found = getattr(import_module(f"sensorium.cli.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        function, found = found, typer.Typer(add_completion=False)
        found.command(name)(function)
    command: Any = get_command(found)
    command.name = name
    return command
