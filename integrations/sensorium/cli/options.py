"""The options that several commands share, each written once."""

from __future__ import annotations

from typing import Annotated

import typer

HOME = "~/.sensorium"  # as in sensorium.memory, which is not imported for a default
OWNER = "me"
ENCODER = "sensorium-mini"
MEDIA_VARIABLE = "SENSORIUM_MEDIA"  # a folder or fsspec URL, as a server has no place for media

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

RecordId = Annotated[str, typer.Argument(metavar="ID", help="As shown, or the whole id.")]
Place = Annotated[
    str,
    typer.Option(
        "--memory",
        metavar="PLACE",
        envvar="SENSORIUM_MEMORY",
        help="The memory: a folder, or the URL of a Qdrant server.",
    ),
]
Owner = Annotated[
    str, typer.Option("--owner", envvar="SENSORIUM_OWNER", help="Whose memories; nobody else's.")
]
EncoderName = Annotated[
    str, typer.Option("--encoder", envvar="SENSORIUM_ENCODER", help="The encoder of the memory.")
]

Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help='Not over before: ISO 8601, or an age such as "7d".'),
]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Begun before: as --since, local if no zone.")
]
Tag = Annotated[list[str] | None, typer.Option("--tag", help="With this tag; repeat for more.")]
Source = Annotated[str | None, typer.Option(help="From exactly this source.")]
Where = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="Of the metadata; repeat a key for any of its values."),
]
Modality = Annotated[
    list[str] | None,
    typer.Option("--modality", help="text, image, video, audio, depth, thermal or imu; repeat."),
]

Unit = Annotated[
    str | None,
    typer.Option(
        help="Of depth: m, mm, metres per count, disparity, relative; of thermal: celsius, "
        "kelvin, counts, white-hot, black-hot."
    ),
]
FocalLength = Annotated[
    str | None,
    typer.Option("--fx", help="Focal length of a depth camera in pixels, or assume-60deg."),
]
Palette = Annotated[
    str | None, typer.Option(help="Colours of a thermal picture: ironbow, spectra, ...")
]
Accel = Annotated[str | None, typer.Option(help="Unit of the acceleration: m/s^2 or g.")]
Gyro = Annotated[str | None, typer.Option(help="Unit of the rotation rate: rad/s or deg/s.")]
Rate = Annotated[
    float | None, typer.Option(metavar="HZ", help="Samples per second, if the file does not say.")
]
