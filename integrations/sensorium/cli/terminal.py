"""How every command speaks: results on stdout, progress and errors on stderr, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    from sensorium.imagebind.weights import Progress

FAILED = 1  # exit code
INTERRUPTED = 130  # exit code: 128 + SIGINT


@contextmanager
def reporting(*, as_json: bool) -> Iterator[None]:
    """Turn errors into one message (or one JSON object on stdout) and an exit code."""
    try:
        yield
    except BrokenPipeError:  # the reader of our output has left; typer ends quietly
        raise
    except SensoriumError as error:
        _report(describe(error), as_json=as_json)
        raise typer.Exit(FAILED) from error
    except OSError as error:
        fields = {
            "type": type(error).__name__,
            "came": str(error),
            "needed": "a place this process may read and write, with room",
            "remedy": "check the path, its permissions and the disk",
        }
        _report(fields, as_json=as_json)
        raise typer.Exit(FAILED) from error
    except KeyboardInterrupt as stop:
        typer.echo("interrupted", err=True)
        raise typer.Exit(INTERRUPTED) from stop


def describe(error: SensoriumError) -> dict[str, str]:
    """Return an error as a JSON-ready record."""
    return {
        "type": type(error).__name__,
        "came": error.came,
        "needed": error.needed,
        "remedy": error.remedy,
    }


def _report(fields: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json({"error": fields})
    else:
        typer.echo(error_text(fields), err=True)


def error_text(fields: Mapping[str, str]) -> str:
    """Lay an error's record out as lines."""
    lines = [f"{fields['type']}: {fields['came']}"]
    return "\n  ".join([*lines, f"needed: {fields['needed']}", f"remedy: {fields['remedy']}"])


def print_json(record: dict[str, Any]) -> None:
    """Print one JSON object on stdout."""
    typer.echo(json.dumps(record, indent=2))


@contextmanager
def progress_bars(*, as_json: bool) -> Iterator[Progress | None]:
    """Draw a bar a step on stderr, while it is a terminal; otherwise give `None`."""
    if as_json or not sys.stderr.isatty():
        yield None
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, progress.TaskID] = {}

        def report(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield report
