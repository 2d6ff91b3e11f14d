"""`python -m sensorium.cli.document`: print docs/cli.md, made of what `--help` says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from sensorium.cli.main import app

OPENING = """\
# The command line

Made from `--help` by `make docs`; a test fails where it is stale.

A memory is a folder (by default `~/.sensorium`) or the URL of a Qdrant server, given by `--memory`
or the variable `SENSORIUM_MEMORY`. Its memories belong to an owner (`--owner`,
`SENSORIUM_OWNER`; by default `me`). A server has no place for the signals themselves: they are kept
in the folder or fsspec URL that `SENSORIUM_MEDIA` names, else not at all. A server's key is read
from `QDRANT_API_KEY`.

Results go to stdout, progress and errors to stderr. With `--json` both results and errors are one
JSON object on stdout, but for options that do not exist or have no value. The exit code is 0 if all
went well, 1 after an error (a single line that ends with what to do) or a no, 2 for a wrong option
and 130 after Ctrl-C.

The encoder is opened to remember, to recall and to change words; all else on a folder needs none
and is quick.

```bash
sensorium demo                                        # real samples, questions across six senses
sensorium remember holiday/ --tag holiday             # pictures, sounds, videos, texts of a folder
sensorium remember walk.csv --accel g --gyro deg/s    # motion, in its units
sensorium remember scan.png --as depth --unit mm --fx 525
sensorium recall "waves breaking" --since 30d --json
sensorium recall --audio bark.wav --image sea.jpg     # a bark and the sea, added up
sensorium show 1f0c9a2e                               # one memory, by the id that is shown
sensorium save 1f0c9a2e photos/                       # its signals, as files
sensorium update 1f0c9a2e --add-tag beach             # other words, tags or metadata
sensorium forget --tag holiday --dry-run              # what would go
sensorium forget --tag holiday --older-than 52w       # asks first
```
"""


def document() -> str:
    """Return docs/cli.md as it should be."""
    root: Any = get_command(app)
    return "\n".join([OPENING, *_sections(root, typer.Context(root, info_name="sensorium"))])


def _sections(group: Any, context: typer.Context) -> Iterator[str]:
    for name, command in group.commands.items():
        inner = typer.Context(command, info_name=name, parent=context)
        if hasattr(command, "commands"):
            yield from _sections(command, inner)
        else:
            yield _section(command, inner)


def _section(command: Any, context: typer.Context) -> str:
    """Describe a command: its summary, its usage, and a table of what it takes."""
    given = [each for each in command.params if each.name != "help"]
    names = [_argument(each) for each in given if each.param_type_name == "argument"]
    usage = " ".join([context.command_path, *names, "[OPTIONS]"])
    lines = [f"## {context.command_path}", "", command.help.strip(), ""]
    lines += ["```bash", usage, "```", "", "| | |", "|---|---|"]
    lines += [f"| {_title(each)} | {_meaning(each)} |" for each in given]
    return "\n".join([*lines, ""])


def _argument(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper()
    name = f"{name}..." if parameter.nargs == -1 else name
    return name if parameter.required else f"[{name}]"


def _title(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{_argument(parameter)}`"
    value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
    return f"`{', '.join(parameter.opts)}{value}`"


def _meaning(parameter: Any) -> str:
    """Return an option's help, its default and its variable."""
    text = parameter.help or ""
    if parameter.default not in (None, False, ()) and not parameter.required:
        text += f" By default `{parameter.default}`."
    if parameter.envvar:
        text += f" Variable `{parameter.envvar}`."
    return text.replace("|", "\\|").strip()


if __name__ == "__main__":
    typer.echo(document(), nl=False)
