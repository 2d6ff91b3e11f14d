"""A picture is seen whole: its cells, and the regions of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from sensorium.mini import MiniEncoder
from sensorium.mini.cells import CELL, Cells, cells, regions, shown
from sensorium.percepts import Image, Text, Thermal, Video
from sensorium.samples import sample

THINGS = ("dog", "elephant", "helicopter", "pizza", "sailboat", "sunflower", "piano")
SHAPES = ((4, 3), (16, 9), (9, 20), (3, 1))


@pytest.fixture(scope="module")
def encoder() -> MiniEncoder:
    return MiniEncoder()


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((800, 800), (8, 8)),
        ((4032, 3024), (9, 7)),
        ((6000, 4000), (9, 6)),
        ((1920, 1080), (10, 6)),
        ((1080, 2400), (6, 13)),
        ((3000, 1000), (18, 6)),
        ((1, 5000), (2, 32)),
        ((1, 1), (8, 8)),
    ],
)
def test_the_cells_of_pictures_as_people_have_them(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    """About 64, in nearly the picture's proportions; lying and standing alike."""
    assert cells(*size) == expected
    assert cells(*size[::-1]) == expected[::-1]


def test_proportions_are_nearly_kept() -> None:
    """To a seventh up to 4:1, with never more than 108 cells, nor fewer than 40."""
    for width in range(100, 401):
        found = cells(width, 100)
        assert abs(math.log(found.columns / found.rows / (width / 100))) < math.log(8 / 7)
        assert 40 <= math.prod(found) <= 108


def test_a_picture_is_resized_whole() -> None:
    """Its four corners stay its corners, in colour and as a map of numbers."""
    corners = PIL.Image.new("RGB", (1600, 900))
    for index, place in enumerate(((0, 0), (1500, 0), (0, 800), (1500, 800))):
        corners.paste((60 * (index + 1), 0, 0), (*place, place[0] + 100, place[1] + 100))
    for picture in (corners, corners.getchannel("R").convert("F")):
        found = shown(picture)
        assert found.size == (10 * CELL, 6 * CELL)
        pixels = np.asarray(found, np.float32).reshape(6 * CELL, 10 * CELL, -1)[..., 0]
        assert [round(float(pixels[y, x])) for y in (2, -3) for x in (2, -3)] == [60, 120, 180, 240]


def test_regions_are_the_whole_and_squares_that_cover_it() -> None:
    """Each cell is in one at least; what is planted in a corner weighs most in that corner's."""
    for columns, rows in ((8, 8), (10, 6), (6, 13), (32, 2), (18, 6)):
        seen = np.zeros(rows * columns, np.float32)
        for cell in range(rows * columns):
            features = np.zeros((1, 1, rows * columns), np.float32)
            features[0, 0, cell] = 1
            found = regions(features.reshape(1, 1, rows, columns))[0, :, 0]
            assert found[0] == pytest.approx(1 / (rows * columns))
            seen[cell] = found[1:].max()
        side = round(0.75 * min(columns, rows))
        np.testing.assert_allclose(seen, 1 / side**2, rtol=1e-6)


def beside(name: str, shape: tuple[int, int], *, end: bool) -> PIL.Image.Image:
    """Put a sample at one end of a plain picture of a shape."""
    thing = sample(f"photo_{name}")
    assert isinstance(thing, Image)
    picture = thing.picture()
    long, short = max(shape), min(shape)
    side = max(picture.size)
    size = (side * long // short, side) if shape[0] > shape[1] else (side, side * long // short)
    canvas = PIL.Image.new("RGB", size, (128, 132, 126))
    place = (size[0] - picture.width, size[1] - picture.height) if end else (0, 0)
    canvas.paste(picture, place)
    return canvas


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_what_is_at_the_edge_is_seen(encoder: MiniEncoder, shape: tuple[int, int]) -> None:
    """Of seven things, each at either end of a picture, six are told by their names."""
    asked = encoder.embed([Text(f"a {name}") for name in THINGS])
    hits = [
        int((asked @ encoder.embed([Image(beside(name, shape, end=end))])[0]).argmax()) == index
        for index, name in enumerate(THINGS)
        for end in (False, True)
    ]
    assert np.mean(hits) > 0.85


def test_two_things_are_both_seen(encoder: MiniEncoder) -> None:
    """A picture of a piano beside a pizza is found by either, before every other name."""
    left, right = beside("piano", (1, 1), end=False), beside("pizza", (1, 1), end=False)
    both = PIL.Image.new("RGB", (left.width + right.width, max(left.height, right.height)))
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    scores = encoder.embed([Text(f"a {n}") for n in THINGS]) @ encoder.embed([Image(both)])[0]
    assert {THINGS[i] for i in np.argsort(-scores)[:2]} == {"piano", "pizza"}


@pytest.mark.slow
def test_pictures_of_many_shapes_keep_their_order(encoder: MiniEncoder) -> None:
    """In one batch, with frames and maps of several sizes among them."""
    pictures = [beside(name, shape, end=True) for name, shape in zip(THINGS, SHAPES, strict=False)]
    grey: list[NDArray[Any]] = [np.asarray(p.convert("L"), np.float32) / 255 for p in pictures]
    percepts = [
        *map(Image, pictures),
        *(Thermal(each, unit="white-hot") for each in grey),
        *(Video(np.stack([np.asarray(each)] * 2), fps=1) for each in pictures),
    ]
    together = encoder.embed(percepts)
    alone = np.concatenate([encoder.embed([each]) for each in percepts])
    np.testing.assert_allclose(together, alone, rtol=0, atol=2e-5)


def test_a_square_has_as_many_regions_across_as_down() -> None:
    """The shape of what the tower is given: the whole, and two by two squares of six cells."""
    assert regions(np.zeros((3, 5, 8, 8), np.float32)).shape == (3, 5, 5)
    assert cells(640, 640) == Cells(8, 8)
