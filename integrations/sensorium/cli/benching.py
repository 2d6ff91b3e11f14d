"""`sensorium bench`: measure an encoder with the data that packages carry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sensorium.cli.options import AsJson
from sensorium.cli.terminal import print_json, reporting

JSON, PAGE = "json", "html"


def bench(
    encoder: Annotated[
        str, typer.Argument(help="Name of the encoder, or module:attribute of a function.")
    ] = "sensorium-mini",
    *,
    tables: Annotated[
        str,
        typer.Option(
            help="Tables, commas between: recall, mixed, abstention, times, where, languages, "
            "cost. By default all."
        ),
    ] = "",
    data: Annotated[
        Path | None,
        typer.Option(help="Folder into which the packages with data were unpacked."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder that gets ENCODER.json and ENCODER.html.")] = (
        Path()
    ),
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Measure an encoder: recall, mixed pools, abstention, times, spans, languages, cost."""
    with reporting(as_json=as_json):
        from sensorium.bench import bench as measured

        wanted = [name.strip() for name in tables.split(",") if name.strip()]
        report = measured(
            encoder,
            tables=wanted or None,
            data=data,
            seed=seed,
            progress=lambda name: typer.echo(f"measuring {name}", err=True),
        )
        out.mkdir(parents=True, exist_ok=True)
        name = "".join(c if c.isalnum() or c in "-_." else "-" for c in encoder)
        files = {JSON: report.to_json(), PAGE: report.to_html()}
        for suffix, content in files.items():
            (out / f"{name}.{suffix}").write_text(content, encoding="utf-8")
        written = [str(out / f"{name}.{suffix}") for suffix in files]
        if as_json:
            print_json({"files": written, "seconds": report.facts["seconds"]})
        else:
            typer.echo(f"wrote {' and '.join(written)} in {report.facts['seconds']} s")
