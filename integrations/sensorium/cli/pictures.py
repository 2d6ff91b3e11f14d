"""Small pictures in a terminal: by its own graphics, else of half blocks in colours.

What a terminal can is told by its environment alone: to ask it would block where nothing answers.
Sources: sw.kovidgoyal.net/kitty/graphics-protocol; iterm2.com/documentation-images.html;
no-color.org; the colours of xterm-256color.
"""

from __future__ import annotations

import base64
import io
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import PIL.Image

    from sensorium.percepts.forms import Preview

COLUMNS, ROWS = 40, 10  # cells that a picture takes at most; a cell is twice as high as wide
NARROWEST = 20  # columns of a terminal; a narrower one shows no picture
SIDE = 320  # pixels of a picture that the terminal itself scales
CHUNK = 4096  # characters of one escape sequence of kitty
MULTIPLEXERS = ("screen", "tmux")  # they pass no graphics on
STEPS = (0, 95, 135, 175, 215, 255)  # of each colour in the cube of xterm-256color
CUBE = 16  # number of its first colour
GREYS = range(8, 248, 10)
UPPER_HALF = "\N{UPPER HALF BLOCK}"
END = "\x1b[0m"


class Graphics(Enum):
    """How a terminal shows a picture."""

    KITTY = "kitty graphics"
    ITERM = "inline images of iTerm2"
    BLOCKS = "half blocks in 24-bit colour"
    BLOCKS_256 = "half blocks in 256 colours"


FINE = (Graphics.KITTY, Graphics.ITERM)  # they show every pixel


def graphics_of(
    environment: Mapping[str, str], output: TextIO, *, asked: bool | None = None
) -> Graphics | None:
    """Tell how a terminal shows pictures, by its environment.

    Args:
        environment: Its variables.
        output: The stream that the picture would be written to.
        asked: Whether somebody asked for a picture: `True` goes before NO_COLOR and CI.
    Returns:
        `None` if the output is no terminal, if it is one that shows none, or if none is wanted.
    """
    term = environment.get("TERM", "")
    unwanted = environment.get("NO_COLOR") or environment.get("CI")
    if asked is False or not output.isatty() or term in ("", "dumb") or (unwanted and not asked):
        return None
    program = environment.get("TERM_PROGRAM", "")
    within = "TMUX" in environment or "STY" in environment or term.startswith(MULTIPLEXERS)
    if not within:
        if term in ("xterm-kitty", "xterm-ghostty") or "KITTY_WINDOW_ID" in environment:
            return Graphics.KITTY
        if program in ("iTerm.app", "WezTerm", "mintty") or (
            environment.get("LC_TERMINAL") == "iTerm2"
        ):
            return Graphics.ITERM
    if not (output.encoding or "").lower().replace("-", "").startswith("utf8"):
        return None
    if environment.get("COLORTERM") in ("truecolor", "24bit") or term.endswith("-direct"):
        return Graphics.BLOCKS
    return Graphics.BLOCKS_256 if "256color" in term else None


def terminal_graphics(*, asked: bool | None = None) -> Graphics | None:
    """Tell how pictures are shown on stdout; `None` if they are not."""
    if shutil.get_terminal_size().columns < NARROWEST:
        return None
    return graphics_of(os.environ, sys.stdout, asked=asked)


def drawn(shown: Preview, graphics: Graphics, *, columns: int | None = None) -> str | None:
    """Return what draws a preview in a terminal, with the end of its last line.

    Args:
        shown: A preview; one that is no picture draws nothing.
        graphics: How the terminal shows pictures.
        columns: Columns of the terminal; by default those of this one.
    """
    if not shown.mime.startswith("image/"):
        return None
    import PIL.Image

    width = min(COLUMNS, columns or shutil.get_terminal_size().columns)
    with PIL.Image.open(io.BytesIO(shown.data)) as opened:
        picture = opened.convert("RGBA")
    ground = PIL.Image.new("RGBA", picture.size, "black")
    picture = PIL.Image.alpha_composite(ground, picture).convert("RGB")
    if graphics in FINE:
        return _scaled_there(picture, graphics, width)
    return "".join(f"{line}{END}\n" for line in _blocks(picture, graphics, width))


def cells_of(size: tuple[int, int], width: int) -> tuple[int, int]:
    """Return the columns and rows of a picture of a size in pixels, in its shape."""
    scale = min(width / size[0], 2 * ROWS / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale / 2))


def _scaled_there(picture: PIL.Image.Image, graphics: Graphics, width: int) -> str:
    """Write a picture as PNG for a terminal that scales it to cells."""
    columns, rows = cells_of(picture.size, width)
    picture.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    picture.save(file, "PNG")
    text = base64.b64encode(file.getvalue()).decode("ascii")
    if graphics is Graphics.ITERM:
        size = f"width={columns};height={rows};preserveAspectRatio=1"
        return f"\x1b]1337;File=inline=1;size={file.tell()};{size}:{text}\x07\n"
    parts = [text[begin : begin + CHUNK] for begin in range(0, len(text), CHUNK)]
    # q=2: no answer, which the shell would read as if it were typed
    first = f"a=T,f=100,q=2,c={columns},r={rows},"
    sent = [
        f"\x1b_G{'' if index else first}m={int(index < len(parts) - 1)};{part}\x1b\\"
        for index, part in enumerate(parts)
    ]
    return "".join(sent) + "\n"


def _blocks(picture: PIL.Image.Image, graphics: Graphics, width: int) -> Iterator[str]:
    """Yield the lines of a picture: a cell has two pixels, one above the other."""
    import numpy as np

    columns, rows = cells_of(picture.size, width)
    small = picture.resize((columns, 2 * rows))
    if graphics is Graphics.BLOCKS:
        colours = [[f"2;{r};{g};{b}" for r, g, b in row] for row in np.asarray(small).tolist()]
    else:
        numbers = np.minimum(np.asarray(small.quantize(palette=_palette())), _colours() - 1)
        colours = [[f"5;{CUBE + number}" for number in row] for row in numbers.tolist()]
    for upper, lower in zip(colours[::2], colours[1::2], strict=True):
        line, before = "", None
        for pair in zip(upper, lower, strict=True):
            if pair != before:
                line += f"\x1b[38;{pair[0]};48;{pair[1]}m"
                before = pair
            line += UPPER_HALF
        yield line


def _colours() -> int:
    """Return how many colours of xterm-256color are the same in every terminal."""
    return len(STEPS) ** 3 + len(GREYS)


def _palette() -> PIL.Image.Image:
    """Return those colours, as a palette; what is left of it repeats the last one."""
    import PIL.Image

    cube = [level for r in STEPS for g in STEPS for b in STEPS for level in (r, g, b)]
    every = cube + [level for grey in GREYS for level in (grey,) * 3]
    holder = PIL.Image.new("P", (1, 1))
    holder.putpalette(every + every[-3:] * (256 - _colours()))
    return holder
