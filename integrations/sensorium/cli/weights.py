"""`sensorium weights`: convert, download, list and verify model weights."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.options import AsJson
from sensorium.cli.terminal import (
    confirmed,
    describe,
    error_text,
    print_json,
    progress_bars,
    reporting,
)
from sensorium.errors import (
    CheckpointNotFoundError,
    LicenceNotAcceptedError,
    MissingExtraError,
    WeightsError,
)

if TYPE_CHECKING:
    from sensorium.imagebind.checkpoint import TowerDirectory
    from sensorium.imagebind.releases import Release

DIGITS_SHOWN = 12  # hex digits of a digest
MILLION, MEGABYTE = 1e6, 1e6
BUILT_IN = "sensorium-mini"

app = typer.Typer(
    help="Convert, download, list and verify model weights.",
    no_args_is_help=True,
    add_completion=False,
)

DType = Annotated[str, typer.Option(help="Data type to store: float32, bfloat16 or float16.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing weights.")]


@app.command("convert")
def convert_weights(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", help="A .pth or .safetensors file, or a directory."),
    ],
    out_dir: Annotated[Path, typer.Argument(help="Directory to write to; new, or empty.")],
    *,
    config: Annotated[
        Path | None,
        typer.Option(
            help="JSON file of the model's sizes; by default the directory's, or the huge ones."
        ),
    ] = None,
    dtype: DType = "float32",
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Convert a checkpoint to one safetensors file per tower, so that towers load one by one."""
    with reporting(as_json=as_json):
        from sensorium.imagebind.config import ImageBindConfig
        from sensorium.imagebind.convert import convert

        sizes = ImageBindConfig.from_json(config) if config else None
        with progress_bars(as_json=as_json) as bars:
            directory = convert(
                source, out_dir, config=sizes, dtype=dtype, overwrite=overwrite, progress=bars
            )
        _print_weights(directory, as_json=as_json)


@app.command("download")
def download_weights(
    name: Annotated[str, typer.Argument(help="Name of the release: imagebind-huge.")],
    *,
    file: Annotated[
        Path | None, typer.Option("--from", help="Install this local file instead of downloading.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="URL of a mirror to download from.")] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the licence of the weights.")
    ] = False,
    dtype: DType = "float32",
    keep_original: Annotated[
        bool, typer.Option("--keep-original", help="Keep the downloaded file, too.")
    ] = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Download a release, resuming an interrupted download, and install it for load_encoder."""
    with reporting(as_json=as_json):
        if file and url:
            raise typer.BadParameter("--from and --url exclude each other")
        from sensorium.imagebind.convert import convert
        from sensorium.imagebind.download import fetch_release
        from sensorium.imagebind.releases import find_release, release_directory

        release = find_release(name)
        _ask_licence(release, accepted=accept_licence)
        with progress_bars(as_json=as_json) as bars:
            if file is None:
                directory = fetch_release(
                    release,
                    url=url,
                    dtype=dtype,
                    keep_original=keep_original,
                    overwrite=overwrite,
                    progress=bars,
                )
            else:
                directory = convert(
                    file,
                    release_directory(name),
                    config=release.config,
                    dtype=dtype,
                    licence=release.licence,
                    overwrite=overwrite,
                    progress=bars,
                )
        _print_weights(directory, as_json=as_json)


@app.command("list")
def list_weights(as_json: AsJson = False) -> None:
    """List the weights in the package and in SENSORIUM_HOME (~/.cache/sensorium)."""
    with reporting(as_json=as_json):
        try:
            from sensorium.imagebind.checkpoint import DESCRIPTION
            from sensorium.imagebind.releases import release_directory
        except MissingExtraError as error:  # of others, this installation could use none
            directory, found, nothing = None, [], f"for others, {error.remedy}"
        else:
            models = release_directory("")
            found = [_inspect(path.parent) for path in sorted(models.glob(f"*/{DESCRIPTION}"))]
            directory = str(models)
            nothing = f"no others in {models}; run: sensorium weights download imagebind-huge"
        if as_json:
            print_json({"directory": directory, "weights": found, "built_in": [BUILT_IN]})
        else:
            typer.echo(f"{BUILT_IN} (inside the package)")
            typer.echo("\n".join(_text(entry) for entry in found) or nothing)


@app.command("verify")
def verify_weights(
    given: Annotated[
        str, typer.Argument(metavar="DIR|NAME", help="A directory, or a name from `list`.")
    ],
    as_json: AsJson = False,
) -> None:
    """Compare each file of weights with its checksum."""
    with reporting(as_json=as_json):
        if given == BUILT_IN:
            _verify_built_in(as_json=as_json)
            return
        from sensorium.imagebind.checkpoint import DESCRIPTION, TowerDirectory
        from sensorium.imagebind.releases import release_directory

        places = (Path(given).expanduser(), release_directory(given))
        place = next((place for place in places if (place / DESCRIPTION).exists()), None)
        if place is None:
            raise CheckpointNotFoundError(
                f"{given!r}",
                "a directory of weights, or an installed name",
                "see: sensorium weights list",
            )
        directory = TowerDirectory(place)
        with progress_bars(as_json=as_json) as bars:
            directory.verify(bars)
        absent = sorted(directory.towers.keys() - directory.present)
        _print_verified(place, sorted(directory.present), absent, as_json=as_json)


def _verify_built_in(*, as_json: bool) -> None:
    from sensorium.mini.encoder import verify_files
    from sensorium.mini.manifest import DIRECTORY

    _print_verified(DIRECTORY, sorted(verify_files()), [], as_json=as_json)


def _print_verified(place: Path, verified: list[str], absent: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json({"path": str(place), "verified": verified, "absent": absent})
    else:
        note = f"; missing: {', '.join(absent)}" if absent else ""
        typer.echo(f"{place}: {', '.join(verified)} match their checksums{note}")


def _ask_licence(release: Release, *, accepted: bool) -> None:
    """Print the licence on stderr and ask for consent.

    Raises:
        LicenceNotAcceptedError: The answer is no, or nobody can answer.
    """
    typer.echo(
        f"{release.name} was published by {release.origin}.\n"
        f"Its licence: {release.licence}.\n"
        f"The text: {release.terms}",
        err=True,
    )
    if accepted or confirmed("Do you accept it?"):
        return
    raise LicenceNotAcceptedError(
        f"nobody was there to accept the licence of {release.name}",
        f"consent: {release.licence}",
        f"read it at {release.terms}, then pass --accept-licence",
    )


def _print_weights(directory: TowerDirectory, *, as_json: bool) -> None:
    record = _record(directory)
    if as_json:
        print_json(record)
    else:
        typer.echo(_text(record))


def _inspect(path: Path) -> dict[str, Any]:
    """Describe the weights in a directory, or the error that makes them unusable."""
    from sensorium.imagebind.checkpoint import TowerDirectory

    try:
        return _record(TowerDirectory(path))
    except WeightsError as error:
        return {"name": path.name, "path": str(path), "error": describe(error)}


def _record(directory: TowerDirectory) -> dict[str, Any]:
    towers = directory.towers.items()
    return {
        "name": directory.path.name,
        "path": str(directory.path),
        "digest": directory.digest,
        "dtype": directory.dtype,
        "source": directory.source,
        "licence": directory.licence,
        "towers": {t: asdict(entry) | {"present": t in directory.present} for t, entry in towers},
    }


def _text(record: dict[str, Any]) -> str:
    if "error" in record:
        return f"{record['path']}\n  {error_text(record['error'])}"
    lines = [
        record["path"],
        f"  digest   {record['digest'][:DIGITS_SHOWN]}",
        f"  dtype    {record['dtype']}",
        f"  source   {record['source']}",
        f"  licence  {record['licence'] or 'not stated'}",
    ]
    for tower, entry in record["towers"].items():
        size = f"{entry['parameters'] / MILLION:8.1f} M parameters"
        place = f"{entry['bytes'] / MEGABYTE:9.1f} MB" if entry["present"] else "     missing"
        lines.append(f"  {tower:8} {size} {place}")
    return "\n".join(lines)
