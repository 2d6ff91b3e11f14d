"""`python -m sensorium.cli.document`: print docs/cli.md, which says what `--help` says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from sensorium.cli.main import app

OPENING = """\
# The command line

This page is generated from `--help` by `make docs`; a test fails if it is out of date.

A memory is a folder (by default `~/.sensorium`), the URL of a Qdrant server, or
`sensorium+https://host` of a [server of memories](remote.md), whose token is read from
`SENSORIUM_TOKEN`. It is given by `--memory` or the variable `SENSORIUM_MEMORY`. What is remembered
belongs to an owner, given by `--owner` or `SENSORIUM_OWNER` (by default `me`). A Qdrant server
stores no signals: they are kept in the folder or fsspec URL of the variable `SENSORIUM_MEDIA`, or
not at all. Its key is read from `QDRANT_API_KEY`.

Results go to stdout, progress and errors to stderr. With `--json`, results and errors are one JSON
object on stdout, except for options that do not exist or lack their value; `sensorium watch`
prints one a line, and is meant to be ended by Ctrl-C. The exit code is 0 after success, 1 after an
error or if you answer no, 2 for a wrong option and 130 after Ctrl-C. An error is a single line
that ends with what to do. `sensorium remember` ends with 1 if a file could not be read, and with 3
if none failed, but an extra, an option or a rule would read some that were skipped: its last lines
say which. 0 is left for folders of which nothing more can be read.

Commands that make no vectors, such as `timeline`, `forget` or `export`, need no encoder on a folder
and start at once.

`sensorium recall` says "sure" or "uncertain" beside each confidence, and draws a line before what
is probably unrelated, of which it shows the nearest three. In a terminal it also draws the first
hit, if that is related: a picture, a frame of a video, a depth map or a thermal picture; a plot
of a motion only where every pixel is shown. It uses kitty graphics (kitty, Ghostty), inline
images (iTerm2, WezTerm, mintty), else half blocks in 24-bit or 256 colours; in tmux and screen
always blocks. What the terminal can is told by its variables. Nothing is drawn with `NO_COLOR`,
`CI` or `TERM=dumb`, in less than 20 columns, or into a pipe.

`--since` and `--until` take ISO 8601, ages and words, in the twelve languages in which times in
questions are read. What was understood is said on stderr:

```bash
sensorium timeline --since "last summer" --until "3 days ago"
# read --since last summer: since 2026-06-01 00:00
# read --until 3 days ago: before 2026-11-27 00:00
```

```bash
sensorium demo                                        # real samples, questions across modalities
sensorium remember holiday/ --tag holiday             # pictures, sounds, videos, texts of a folder
sensorium remember walk.csv --accel g --gyro deg/s    # motion, with its units
sensorium remember scan.png --as depth --unit mm --fx 525
sensorium recall "waves breaking" --since 30d --json
sensorium recall --sequence "a knock" --sequence "a dog barking" --within "1 min"
sensorium recall --audio bark.wav --image sea.jpg     # a bark and the sea, added up
sensorium watch "glass breaking" --json               # a line for each, as it arrives
sensorium show 1f0c9a2e                               # one memory, by the id in the table
sensorium save 1f0c9a2e photos/                       # its signals, as files
sensorium update 1f0c9a2e --add-tag beach             # change its text, tags or metadata
sensorium forget --tag holiday --dry-run              # what would be forgotten
sensorium forget --tag holiday --older-than 52w       # asks first
sensorium digest --older-than 90d --dry-run           # which old frames of streams would go
```
"""


def document() -> str:
    """Return the text of docs/cli.md."""
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
    """Describe a command: its summary, its usage, and a table of its arguments and options."""
    parameters = [parameter for parameter in command.params if parameter.name != "help"]
    names = [
        _argument(parameter) for parameter in parameters if parameter.param_type_name == "argument"
    ]
    usage = " ".join([context.command_path, *names, "[OPTIONS]"])
    lines = [f"## {context.command_path}", "", command.help.strip(), ""]
    lines += ["```bash", usage, "```", "", "| | |", "|---|---|"]
    lines += [f"| {_title(parameter)} | {_meaning(parameter)} |" for parameter in parameters]
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
    """Return the help of a parameter, with its default and its environment variable."""
    text = parameter.help or ""
    if parameter.default not in (None, False, ()) and not parameter.required:
        text += f" By default `{parameter.default}`."
    if parameter.envvar:
        text += f" Variable `{parameter.envvar}`."
    return text.replace("|", "\\|").strip()


if __name__ == "__main__":
    typer.echo(document(), nl=False)
