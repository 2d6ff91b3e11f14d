"""Input and output of all commands: results on stdout, progress and errors on stderr, or JSON."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from typing import TYPE_CHECKING, Any, TypeAlias

import typer

from sensorium.cli.advice import in_options
from sensorium.errors import (
    Doors,
    OperationCancelledError,
    PerceptError,
    Phrase,
    QueryError,
    SensoriumError,
)

if TYPE_CHECKING:
    from sensorium.imagebind.releases import Progress

Count: TypeAlias = Callable[[int, "int | None"], None]  # how many are done, and of how many

FAILED = 1  # exit code
WRONG_OPTION = 2  # exit code
SKIPPED = 3  # exit code: nothing failed, and something else would have been read if asked for
INTERRUPTED = 130  # exit code: 128 + SIGINT
UNTOUCHED = "nothing was left half done"
SHORT = 64  # windows: a batch that has more is counted while it is encoded
YES = {"y", "yes"}


@contextmanager
def reporting(*, as_json: bool) -> Iterator[None]:
    """Turn errors into one line (or one JSON object on stdout) and an exit code."""
    try:
        yield
    except BrokenPipeError:  # nobody reads the output any more; typer ends quietly
        raise
    except OperationCancelledError as stop:
        kept = f"{stop.done} are done and kept; run the same command again to go on"
        _report_stop(kept if stop.done else UNTOUCHED, as_json=as_json)
        raise typer.Exit(INTERRUPTED) from stop
    except SensoriumError as error:
        _report(describe(error), as_json=as_json)
        raise typer.Exit(FAILED) from error
    except OSError as error:
        _report(describe_system(error), as_json=as_json)
        raise typer.Exit(FAILED) from error
    except typer.BadParameter as error:
        if not as_json:
            raise  # typer prints it
        _report(_describe_option(error), as_json=True)
        raise typer.Exit(WRONG_OPTION) from error
    except KeyboardInterrupt as stop:
        _report_stop(str(stop) or UNTOUCHED, as_json=as_json)
        raise typer.Exit(INTERRUPTED) from stop


def describe(error: SensoriumError) -> dict[str, str]:
    """Return an error as JSON."""
    parts = {"came": error.came, "needed": error.needed, "remedy": error.remedy}
    return {"type": type(error).__name__} | {
        name: in_options(part)
        if isinstance(error, PerceptError) or isinstance(part, (Doors, Phrase))
        else part
        for name, part in parts.items()
    }


def describe_system(error: OSError) -> dict[str, str]:
    """Return an error of the operating system in the same fields."""
    return {
        "type": type(error).__name__,
        "came": str(error),
        "needed": "a place that this process may read and write, with free space",
        "remedy": "check the path, its permissions and the disk",
    }


def _describe_option(error: typer.BadParameter) -> dict[str, str]:
    return {
        "type": "OptionError",
        "came": error.format_message(),
        "needed": "a value that the option takes",
        "remedy": "see --help",
    }


def _report_stop(state: str, *, as_json: bool) -> None:
    if as_json:
        fields = {"came": "Ctrl-C", "needed": "time to finish", "remedy": state}
        print_json({"error": {"type": "Interrupted", **fields}})
    else:
        typer.echo(f"interrupted: {state}", err=True)


def _report(fields: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json({"error": fields})
    else:
        typer.echo(error_text(fields), err=True)


def error_text(fields: Mapping[str, str]) -> str:
    """Write the fields of an error as one line, which ends with the remedy."""
    line = f"{fields['type']}: {fields['came']}; needed: {fields['needed']}; {fields['remedy']}"
    return " ".join(line.split())


def print_json(record: dict[str, Any]) -> None:
    """Print one JSON object on stdout."""
    typer.echo(json.dumps(record, indent=2))


def can_ask() -> bool:
    """Return whether a person can answer a question."""
    return sys.stdin.isatty()


def confirmed(question: str) -> bool:
    """Ask a question on stderr, and return whether the answer is yes; nobody to ask means no."""
    if not can_ask():
        return False
    typer.echo(f"{question} [y/N] ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in YES


def agreed(loss: str, question: str) -> bool:
    """Ask somebody to confirm what is about to be lost.

    Args:
        loss: What is lost, as a verb and its object.
        question: The question, with its mark.
    Raises:
        QueryError: Nobody can be asked.
    """
    if not can_ask():
        raise QueryError(
            f"nobody was there to agree to {loss}",
            "a yes",
            "add --yes if they are to go, or --dry-run to see what would go",
        )
    return confirmed(question)


@contextmanager
def waiting(message: str, *, elapsed: bool = False) -> Iterator[None]:
    """Show a message while something takes its time, if stderr is a terminal.

    Args:
        message: What is done.
        elapsed: Also show for how long.
    """
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    console = Console(stderr=True)
    if not elapsed:
        with console.status(message):
            yield
        return
    from rich import progress

    columns = (
        progress.SpinnerColumn(),
        progress.TextColumn("{task.description}"),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, console=console, transient=True) as shown:
        shown.add_task(message, total=None)
        yield


@contextmanager
def stoppable() -> Iterator[Event]:
    """Turn the first Ctrl-C into an event, which ends work between two steps; a second is raised.

    Raises:
        KeyboardInterrupt: Ctrl-C for the second time.
    """
    stop = Event()
    if current_thread() is not main_thread():  # only that one hears of signals
        yield stop
        return

    def ask(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def counting(
    step: str, *, as_json: bool, total: int | None = None, batch: int = 1
) -> Iterator[Callable[[int, int | None], None] | None]:
    """Draw one progress bar on stderr, if it is a terminal; otherwise yield `None`.

    Ctrl-C ends what is done within the block between two steps.

    Args:
        step: Name of what is done.
        as_json: Draw nothing.
        total: Number of things, if whoever reports progress may not know it.
        batch: Number of things that are encoded together: the bar moves while they are.
    Raises:
        OperationCancelledError: Ctrl-C.
    """
    from sensorium.encoders import supervised

    with stoppable() as stop:
        if as_json or not sys.stderr.isatty():
            with supervised(cancel=stop):
                yield None
            return
        with (
            _bar(step, total, batch) as (report, windows),
            supervised(cancel=stop, windows=windows),
        ):
            yield report


@contextmanager
def _bar(step: str, total: int | None, batch: int) -> Iterator[tuple[Count, Count]]:
    """Draw a bar; yield what moves it by things, and within a batch by windows."""
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(step, total=total)
        reached, encoded = 0, 0  # what was read, or remembered; and what of it was encoded

        def report(done: int, of: int | None) -> None:
            nonlocal reached
            reached = done
            known = total if of is None else of
            bars.update(task, completed=done, total=known, description=step)

        def windows(done: int, of: int | None) -> None:
            nonlocal encoded
            if not of or of <= SHORT:
                encoded = reached
                return
            if total is None:  # of a recording, what is read of it runs ahead of what is encoded
                completed = encoded + (reached - encoded) * min(done / of, 1)
                encoded = reached if done >= of else encoded
            else:
                size = min(batch, total - reached)
                completed = max(bars.tasks[0].completed, reached + size * done / of)
            bars.update(
                task,
                completed=completed,
                description=f"{step}, window {done:,} of about {of:,}",
            )

        yield report, windows


@contextmanager
def progress_bars(*, as_json: bool) -> Iterator[Progress | None]:
    """Draw a progress bar in bytes for each step, if stderr is a terminal; else yield `None`."""
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
