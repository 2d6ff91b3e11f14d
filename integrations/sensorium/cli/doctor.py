"""`sensorium doctor`: check that everything works, and say what to do if not."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from sensorium.cli.options import ENCODER, HOME, OWNER, AsJson, EncoderName, Owner, Place
from sensorium.cli.session import Session
from sensorium.cli.terminal import FAILED, print_json, reporting, waiting

COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(
    *,
    memory: Place = HOME,
    encoder: EncoderName = ENCODER,
    owner: Owner = OWNER,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Read all kept media of the owner, and find what is damaged or lost; and "
            "texts in other languages whose vectors are from before these were understood.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the installation, the device, the encoder, and the folder or server."""
    with reporting(as_json=as_json):
        with waiting("checking"):
            from sensorium.cli.checks import check_media, check_texts, lines_of, run_checks

            found = list(run_checks(memory, encoder=encoder))
            if verify:
                session = Session(memory, owner, encoder, read_only=True)
                found += [*check_media(session), *check_texts(session)]
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
                for line in lines_of(check):
                    console.print(f"     {line}", markup=False)
    if not well:
        raise typer.Exit(FAILED)
