"""Pictures in a terminal: which ones can, and what is drawn, with colours that are planted."""

from __future__ import annotations

import base64
import io
import re

import PIL.Image
import pytest

from sensorium.cli.pictures import COLUMNS, ROWS, Graphics, cells_of, drawn, graphics_of
from sensorium.percepts.forms import Preview

RED, BLUE = (255, 0, 0), (0, 0, 255)


class Output(io.StringIO):
    """A stream that is a terminal, or none."""

    def __init__(self, *, terminal: bool = True, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal, self._encoding = terminal, encoding

    def isatty(self) -> bool:
        return self._terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]  # of a stream of text, as of stdout
        return self._encoding


def flag() -> Preview:
    """A picture that is red above and blue below, twice as wide as high."""
    picture = PIL.Image.new("RGB", (80, 40), RED)
    picture.paste(BLUE, (0, 20, 80, 40))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return Preview("image/png", file.getvalue())


COLOURS = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


@pytest.mark.parametrize(
    ("environment", "graphics"),
    [
        ({"TERM": "xterm-kitty"}, Graphics.KITTY),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, Graphics.KITTY),
        ({"TERM": "xterm-ghostty"}, Graphics.KITTY),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, Graphics.ITERM),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, Graphics.ITERM),  # over ssh
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, Graphics.ITERM),
        (COLOURS, Graphics.BLOCKS),
        ({"TERM": "xterm-256color"}, Graphics.BLOCKS_256),
        ({"TERM": "tmux-256color", "TMUX": "1", "KITTY_WINDOW_ID": "1"}, Graphics.BLOCKS_256),
        ({**COLOURS, "STY": "1", "LC_TERMINAL": "iTerm2"}, Graphics.BLOCKS),
        ({"TERM": "vt100"}, None),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, None),
        ({}, None),
        ({**COLOURS, "NO_COLOR": "1"}, None),
        ({**COLOURS, "NO_COLOR": ""}, Graphics.BLOCKS),  # as no-color.org has it
        ({"TERM": "xterm-kitty", "CI": "true"}, None),
    ],
)
def test_the_environment_says_what_a_terminal_can(
    environment: dict[str, str], graphics: Graphics | None
) -> None:
    """Graphics of its own go before blocks; nothing is drawn where it is not wanted or known."""
    assert graphics_of(environment, Output()) is graphics
    assert graphics_of(environment, Output(terminal=False)) is None
    assert graphics_of(environment, Output(), asked=False) is None
    assert graphics_of(environment, Output(terminal=False), asked=True) is None


def test_asking_goes_before_what_is_usual() -> None:
    """--picture is drawn though NO_COLOR or CI is set, but not where it cannot be."""
    assert graphics_of({**COLOURS, "NO_COLOR": "1", "CI": "1"}, Output(), asked=True)
    assert graphics_of({"TERM": "dumb"}, Output(), asked=True) is None
    assert graphics_of(COLOURS, Output(encoding="ascii"), asked=True) is None
    assert graphics_of({"TERM": "xterm-kitty"}, Output(encoding="ascii")) is Graphics.KITTY


@pytest.mark.parametrize("width", [20, 33, 80])
@pytest.mark.parametrize("size", [(80, 40), (40, 80), (1, 1000), (1000, 1), (1, 1), (640, 480)])
def test_a_picture_keeps_its_shape_within_its_cells(size: tuple[int, int], width: int) -> None:
    """It fits the columns and rows that there are, and fills one of them."""
    columns, rows = cells_of(size, min(width, COLUMNS))
    assert 1 <= columns <= min(width, COLUMNS)
    assert 1 <= rows <= ROWS
    assert columns == min(width, COLUMNS) or rows == ROWS


def test_blocks_have_the_colours_of_the_picture() -> None:
    """Each cell has two pixels, one above the other; every line ends with the usual colours."""
    text = drawn(flag(), Graphics.BLOCKS, columns=20)
    assert text is not None
    lines = text.splitlines()
    assert len(lines) == 5
    assert all(line.count("\N{UPPER HALF BLOCK}") == 20 for line in lines)
    assert all(line.endswith("\x1b[0m") for line in lines)
    assert "38;2;255;0;0" in lines[0]
    assert "48;2;0;0;255" in lines[-1]
    coarse = drawn(flag(), Graphics.BLOCKS_256, columns=20)
    assert coarse is not None
    assert "38;5;196;48;5;196" in coarse.splitlines()[0]  # red in the cube of colours
    assert "38;5;21;48;5;21" in coarse.splitlines()[-1]  # blue


def test_terminals_that_scale_get_the_picture_whole() -> None:
    """Kitty in pieces that ask for no answer, iTerm2 in one, both with the cells to fill."""
    kitty = drawn(flag(), Graphics.KITTY, columns=80)
    assert kitty is not None
    pieces = re.findall("\x1b_G([^;]*);([^\x1b]*)\x1b\\\\", kitty)
    assert pieces[0][0] == f"a=T,f=100,q=2,c=40,r=10,m={int(len(pieces) > 1)}"
    assert pieces[-1][0].endswith("m=0")
    assert all(len(content) <= 4096 for _, content in pieces)
    inline = drawn(flag(), Graphics.ITERM, columns=80)
    assert inline is not None
    found = re.fullmatch("\x1b]1337;File=inline=1;size=(\\d+);([^:]*):([^\x07]*)\x07\n", inline)
    assert found
    assert found[2] == "width=40;height=10;preserveAspectRatio=1"
    for content in ("".join(content for _, content in pieces), found[3]):
        with PIL.Image.open(io.BytesIO(base64.b64decode(content))) as picture:
            assert picture.getpixel((1, 1)) == RED
    assert int(found[1]) == len(base64.b64decode(found[3]))


def test_a_sound_draws_nothing() -> None:
    """A preview that is no picture is none here."""
    assert drawn(Preview("audio/wav", b"RIFF"), Graphics.BLOCKS, columns=80) is None
