"""Draw the pictures in docs/pictures that show what the package prints and previews.

    python docs/pictures.py

`recall.svg` is the command line's own output; `previews.png` holds what a model or a person is
shown of percepts that are no photos.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import PIL.Image
import PIL.ImageDraw
from rich.console import Console
from rich.text import Text

from sensorium.percepts.previews import preview
from sensorium.samples import FOLDER, sample

PICTURES = Path(__file__).with_name("pictures")
COMMANDS = (
    ("recall", "a dog barking", "--limit", "3"),
    ("recall", "someone walking", "--limit", "2"),
    ("recall", "--audio", str(FOLDER / "sound_piano.ogg"), "--modality", "image", "--limit", "2"),
)
COLUMNS = 88
SHOWN = ("depth_guitar", "thermal_cheetah", "imu_walking")
HEIGHT = 240  # pixels of a preview
MARGIN, CAPTION = 12, 24  # pixels
# rich's own format loads a font from the web; this one uses what the reader has.
SVG = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def draw_previews() -> None:
    """Put the previews of a depth map, a thermal picture and a motion side by side."""
    pictures = [previewed(name) for name in SHOWN]
    width = sum(picture.width + MARGIN for picture in pictures) + MARGIN
    sheet = PIL.Image.new("RGB", (width, HEIGHT + CAPTION + 2 * MARGIN), "white")
    draw = PIL.ImageDraw.Draw(sheet)
    x = MARGIN
    for name, picture in zip(SHOWN, pictures, strict=True):
        sheet.paste(picture, (x, MARGIN))
        draw.text((x, HEIGHT + MARGIN + 4), name, fill="black", font_size=14)
        x += picture.width + MARGIN
    sheet.save(PICTURES / "previews.png", optimize=True)


def previewed(name: str) -> PIL.Image.Image:
    """Return the preview of a sample, scaled to one height."""
    shown = preview(sample(name))
    assert shown is not None, name
    with PIL.Image.open(io.BytesIO(shown.data)) as picture:
        return picture.convert("RGB").resize((picture.width * HEIGHT // picture.height, HEIGHT))


def draw_recall() -> None:
    """Ask the memory that `sensorium demo` makes, and draw what is typed and printed."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    with TemporaryDirectory() as folder:
        printed(("demo",), folder)
        for command in COMMANDS:
            typed = " ".join(
                f'"{word}"' if " " in word else word.rpartition("/")[2] for word in command
            )
            console.print(Text(f"$ sensorium {typed}", style="bold"))
            console.print(Text(printed(command, folder)))
    svg = console.export_svg(title="", code_format=SVG, unique_id="sensorium")
    (PICTURES / "recall.svg").write_text(svg, encoding="utf-8")


def printed(command: tuple[str, ...], folder: str) -> str:
    """Return what a command of `sensorium` prints on a memory in a folder."""
    run = [sys.executable, "-m", "sensorium.cli", *command, "--memory", folder]
    environment = {"COLUMNS": str(COLUMNS), "PATH": ""}
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    draw_previews()
    draw_recall()
