"""`sensorium doctor`: check that everything works, and say what to do if not."""

from __future__ import annotations

from dataclasses import asdict

import typer

from sensorium.cli.options import ENCODER, HOME, AsJson, EncoderName, Place
from sensorium.cli.terminal import FAILED, print_json, reporting, waiting

COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(
    *,
    memory: Place = HOME,
    encoder: EncoderName = ENCODER,
    as_json: AsJson = False,
) -> None:
    """Check the installation, the device, the encoder, and the folder or server."""
    with reporting(as_json=as_json):
        with waiting("checking"):
            from sensorium.cli.checks import run_checks

            found = list(run_checks(memory, encoder=encoder))
        well = all(check.state != "fail" for check in found)
        if as_json:
            print_json({"well": well, "checks": [asdict(check) for check in found]})
        else:
            from rich.console import Console

            console = Console(highlight=False, soft_wrap=True)
            for check in found:
                colour, remedy = COLOURS[check.state], f" -> {check.remedy}" if check.remedy else ""
                console.print(f"[{colour}]{check.state:4}[/]", end=" ")
                console.print(f"{check.name}: {check.found}{remedy}", markup=False)
    if not well:
        raise typer.Exit(FAILED)
