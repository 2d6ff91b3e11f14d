"""Laws of heat in files: degrees and their parts, in numbers and in text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import tifffile

from sensorium.errors import MediaDecodeError, PerceptShapeError, UnitError
from sensorium.percepts import Depth, Thermal
from sensorium.percepts.files import file_from_percept, percept_from_file

ROWS, COLUMNS = np.mgrid[0:21, 0:34]
CELSIUS = 17 + 0.31 * ROWS + 0.17 * COLUMNS
KELVIN = CELSIUS + 273.15
READINGS: dict[str, tuple[np.ndarray, dict[str, Any]]] = {
    "lepton": (KELVIN * 100, {"unit": "kelvin", "scale": 0.01}),
    "tau": (KELVIN / 0.04, {"unit": "kelvin", "scale": "0.04"}),
    "infiray": (KELVIN * 64, {"unit": "kelvin", "scale": "1/64"}),
    "terraref": (KELVIN * 10, {"unit": "kelvin", "scale": 0.1}),
    "dji": (CELSIUS * 10, {"unit": "celsius", "scale": 0.1}),
    "optris": (CELSIUS * 10 + 1000, {"unit": "celsius", "scale": 0.1, "offset": -100}),
    "hundredths": (CELSIUS * 100, {"unit": "celsius", "scale": "1/100"}),
}


def shown(thermal: Thermal) -> np.ndarray:
    view = thermal.view()
    return view.intensity * (view.high - view.low) + view.low


@pytest.mark.parametrize("reading", READINGS)
def test_parts_of_degrees_are_refused_and_the_remedy_reads_them(
    reading: str, tmp_path: Path
) -> None:
    """In a unit alone the numbers are no scene; one of the remedies gives the planted degrees."""
    exact, right = READINGS[reading]
    stored = np.rint(exact).astype(np.uint16)
    path = tmp_path / "heat.png"
    PIL.Image.fromarray(stored).save(path)
    for source in (stored, path, stored.astype(np.float32)):
        thermal = Thermal(source, **right, span=(0, 50) if right["unit"] == "celsius" else None)
        inside = np.clip(CELSIUS, *thermal.range())
        np.testing.assert_allclose(shown(thermal), inside, atol=0.06)
        for unit in ("celsius", "kelvin"):
            with pytest.raises(UnitError, match="trust=True") as refused:
                Thermal(source, unit=unit).view()
            offered = [_arguments(words) for words in refused.value.remedy.split(" or ")]
            assert any(_same(each, right) for each in offered), refused.value.remedy


def _arguments(words: str) -> dict[str, str]:
    return dict(re.findall(r"(unit|scale|offset)=\"?(-?[\w./]+)", words))


def _same(offered: dict[str, str], right: dict[str, Any]) -> bool:
    values = np.linspace(2000, 3000, 5)
    heat = []
    for each in (offered, right):
        if "unit" not in each:
            return False
        thermal = Thermal(
            np.tile(values, (2, 1)),
            unit=each["unit"],
            scale=each.get("scale"),
            offset=each.get("offset"),
            trust=True,
        )
        heat.append(thermal.range())
    return heat[0] == pytest.approx(heat[1])


def test_fahrenheit_is_a_unit() -> None:
    """75 degrees Fahrenheit are 23.9; as kelvin they are refused with both readings named."""
    fahrenheit = CELSIUS * 1.8 + 32
    thermal = Thermal(fahrenheit, unit="fahrenheit", span=(50, 104))
    assert (thermal.unit, thermal.span) == ("celsius", (10, 40))
    np.testing.assert_allclose(shown(thermal), CELSIUS, atol=1e-4)
    with pytest.raises(UnitError, match='unit="celsius" or unit="fahrenheit"'):
        Thermal(fahrenheit, unit="kelvin")
    with pytest.raises(UnitError, match="looks like kelvin"):
        Thermal(KELVIN, unit="fahrenheit")


@pytest.mark.parametrize(
    ("unit", "value"), [("celsius", 250.5), ("kelvin", 100.0), ("celsius", 700.0)]
)
def test_trust_takes_what_a_guess_refuses(unit: str, value: float, tmp_path: Path) -> None:
    """A furnace in celsius and cold gas in kelvin are stored if it is insisted on."""
    frame = np.full((5, 6), value)
    with pytest.raises(UnitError, match="trust=True"):
        Thermal(frame, unit=unit)
    thermal = Thermal(frame, unit=unit, trust=True)
    wanted = value if unit == "celsius" else value - 273.15
    assert thermal.range() == pytest.approx((wanted, wanted))
    assert Thermal.from_dict(json.loads(json.dumps(thermal.to_dict()))) == thermal
    path = tmp_path / "a.npy"
    np.save(path, frame)
    kept = file_from_percept(Thermal(path, unit=unit, trust=True))
    again = percept_from_file(kept.source.read(), modality="thermal", units=kept.units)
    assert isinstance(again, Thermal)
    assert again.range() == pytest.approx((wanted, wanted))
    assert file_from_percept(thermal).extension == "tiff"


def test_swapped_counts_are_refused_and_swapped() -> None:
    """Noise that is a scene after a swap is refused; the remedy gives the counts."""
    counts = np.rint(9000 + 23 * ROWS + 31 * COLUMNS).astype(np.uint16)
    for unit in ("counts", "kelvin"):
        with pytest.raises(UnitError, match='bits="swapped"'):
            Thermal(counts.byteswap(), unit=unit)
    read = Thermal(counts.byteswap(), unit="counts", bits="swapped", span=(0, 20_000))
    np.testing.assert_allclose(shown(read), counts, atol=0.01)
    assert Thermal(counts.byteswap(), unit="counts", trust=True).units["trust"]


TABLES = {
    "decimal commas": ";".join,
    "tabs": "\t".join,
    "commas": ",".join,
    "spaces": "  ".join,
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("table", TABLES)
def test_a_matrix_in_text_is_read(table: str, encoding: str) -> None:
    """Lines above, labels before rows, decimal commas and encodings do not change the degrees."""
    join = TABLES[table]
    rows = [[f"{value:.2f}" for value in row] for row in CELSIUS]
    if table == "decimal commas":
        rows = [[cell.replace(".", ",") for cell in row] for row in rows]
        rows = [["Frame 1" if index == 0 else "", *row, ""] for index, row in enumerate(rows)]
    head = [
        "Fühler: außen",
        "Emissivity" + (";0,95" if table == "decimal commas" else ": 0.95"),
        "",
    ]
    content = "\r\n".join([*head, *map(join, rows), ""]).encode(encoding)
    thermal = Thermal(content, unit="celsius", span=(0, 50))
    assert thermal.shape == CELSIUS.shape
    np.testing.assert_allclose(shown(thermal), CELSIUS, atol=0.006)


def test_numbers_of_rows_and_columns_are_no_degrees() -> None:
    """A table as pandas writes it has a row and a column too many."""
    lines = ["," + ",".join(map(str, range(34)))]
    lines += [f"{index}," + ",".join(f"{v:.3f}" for v in row) for index, row in enumerate(CELSIUS)]
    thermal = Thermal("\n".join(lines).encode(), unit="celsius", span=(0, 50))
    np.testing.assert_allclose(shown(thermal), CELSIUS, atol=0.001)


def test_text_that_is_no_matrix_is_refused() -> None:
    """Words, and two matrices in one text, are named."""
    with pytest.raises(MediaDecodeError, match="no lines with as many numbers"):
        Thermal(b"it was warm\nand bright\n" * 20, unit="celsius")
    one = "1;2;3\n4;5;6\n"
    with pytest.raises(PerceptShapeError, match=r"of the sizes 2 x 3, 2 x 3 with 2 maps"):
        Thermal(f"{one}\nsecond\n{one}".encode(), unit="celsius")


def test_pages_of_heat_are_asked_for(tmp_path: Path) -> None:
    """A sequence is not its first picture; a display picture of two pages neither."""
    path = tmp_path / "seq.tiff"
    with tifffile.TiffWriter(path) as file:
        for offset in (0, 5):
            file.write((CELSIUS + offset).astype(np.float32))
    with pytest.raises(PerceptShapeError, match="frame=0"):
        Thermal(path, unit="celsius")
    second = Thermal(path, unit="celsius", frame=1, span=(0, 50))
    np.testing.assert_allclose(shown(second), CELSIUS + 5, atol=1e-4)
    pages = [PIL.Image.new("L", (8, 8), grey) for grey in (0, 255)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    with pytest.raises(PerceptShapeError, match="2 maps or pages"):
        Thermal(path, unit="white-hot")
    assert (Thermal(path, unit="white-hot", frame=1).intensity() == 1).all()


def test_a_display_picture_has_no_scale() -> None:
    """What the camera stretched has no degrees in it."""
    with pytest.raises(UnitError, match="scale, offset or bits"):
        Thermal(np.zeros((3, 3), np.uint8), unit="white-hot", scale=0.1)


@pytest.mark.parametrize("form", ["numbered below words", "numbered alone", "quoted commas"])
def test_what_spreadsheets_add_to_a_matrix_is_no_heat(form: str) -> None:
    """Numbers of the rows are left out; commas within quotes are decimal."""
    rows = [[f"{value:.2f}" for value in row] for row in CELSIUS]
    if form == "quoted commas":
        text = "\n".join(",".join(f'"{cell.replace(".", ",")}"' for cell in row) for row in rows)
    else:
        text = "\n".join(";".join([str(number), *row]) for number, row in enumerate(rows))
    if form == "numbered below words":
        text = ";".join(["row", *(f"column {place}" for place in range(34))]) + "\n" + text
    low, high = Thermal(text.encode(), unit="celsius").range()
    plain_low, plain_high = Thermal(CELSIUS, unit="celsius").range()
    assert Thermal(text.encode(), unit="celsius").view().intensity.shape == CELSIUS.shape
    assert (low, high) == pytest.approx((plain_low, plain_high), abs=0.02)


def test_thousands_in_quotes_are_not_guessed() -> None:
    """ "1,100" between quotes may be 1.1 or 1100."""
    text = "\n".join(",".join(f'"1,{number}"' for number in range(100, 110)) for _ in range(9))
    with pytest.raises(MediaDecodeError, match=r"text, cannot be read .*no lines with as many"):
        Thermal(text.encode(), unit="counts").view()


def test_a_quote_without_an_end_is_an_error() -> None:
    """A cell that never ends is an error of ours."""
    with pytest.raises(MediaDecodeError, match=r"text, cannot be read .*no lines with as many"):
        Thermal(b'1,2\n3,"' + b"4" * 200_000, unit="celsius").view()


def _joined(mark: str, *, point: str = ".", behind: str = "") -> str:
    return "\n".join(
        mark.join(f"{value:.2f}{behind}".replace(".", point) for value in row) for row in CELSIUS
    )


FORMS = {
    "tabs below lines of semicolons": "Unit;C\nWidth;34\nHeight;21\n\n" + _joined("\t", point=","),
    "units behind": _joined(",", behind="\u00b0C"),
    "bars": _joined("|"),
    "a corner of words": "\u00b0C;"
    + ";".join(map(str, range(34)))
    + "\n"
    + "\n".join(
        f"{i};" + ";".join(f"{v:.2f}".replace(".", ",") for v in row)
        for i, row in enumerate(CELSIUS)
    ),
    "JSON": json.dumps(CELSIUS.tolist()),
    "JSON below a name": json.dumps({"emissivity": 0.95, "temperature": CELSIUS.tolist()}),
}


@pytest.mark.parametrize("form", FORMS)
def test_other_forms_of_matrices(form: str) -> None:
    """The planted temperatures come out of every form."""
    thermal = Thermal(FORMS[form].encode(), unit="celsius", span=(0, 50))
    assert thermal.shape == CELSIUS.shape
    np.testing.assert_allclose(shown(thermal), CELSIUS, atol=0.006)


def test_a_stack_in_json_is_asked_for_its_frame() -> None:
    """Of several maps, the caller says which."""
    content = json.dumps([CELSIUS.tolist(), (CELSIUS + 5).tolist()]).encode()
    with pytest.raises(PerceptShapeError, match="from frame=0 to 1"):
        Thermal(content, unit="celsius")
    second = Thermal(content, unit="celsius", frame=1, span=(0, 50))
    np.testing.assert_allclose(shown(second), CELSIUS + 5, atol=1e-4)


@pytest.mark.parametrize("width", [64, 192, 768, 1024])
def test_rows_of_pixels_are_no_lines_of_maps(width: int) -> None:
    """A wide picture is read as it is, whichever camera has as many pixels in all."""
    rows, columns = np.mgrid[0:20, 0:width]
    heat = 20 + 0.2 * rows + 5 * np.sin(columns / width * 9)
    text = "\n".join(",".join(f"{x:.3f}" for x in row) for row in heat)
    assert Thermal(text.encode(), unit="celsius").shape == (20, width)


def test_lines_of_another_length_than_said_are_named() -> None:
    """A shape that does not fit a line is refused; one that is that of all lines is the map."""
    text = "\n".join(",".join(["20.5"] * 9 + ["21.5"]) for _ in range(6)).encode()
    said: dict[str, Any] = {"unit": "celsius", "dtype": "float64"}
    assert Thermal(text, shape=(6, 10), **said).shape == (6, 10)
    assert Thermal(text, shape=(2, 5), frame=3, **said).shape == (2, 5)
    with pytest.raises(PerceptShapeError, match="6 lines of 10 numbers"):
        Thermal(text, shape=(3, 5), **said)


def test_numbers_beside_their_sides_are_a_map() -> None:
    """JSON with one list of numbers, and a height and a width that fit it."""
    heat = 20 + np.arange(24).reshape(4, 6) / 10
    for sides in ({"width": 6, "height": 4}, {"rows": 4, "cols": 6}):
        text = json.dumps({"frame": {**sides, "data": heat.ravel().tolist()}})
        assert Thermal(text.encode(), unit="celsius").shape == (4, 6)
    text = json.dumps({"width": 5, "height": 4, "data": heat.ravel().tolist()})
    with pytest.raises(MediaDecodeError, match="0 matrices"):
        Thermal(text.encode(), unit="celsius")


def test_no_row_is_dropped_for_a_word_in_it() -> None:
    """A first row that holds one is named; dashes in place of a number are a hole."""
    lines = _joined(";", point=",").split("\n")
    cells = lines[0].split(";")
    with pytest.raises(MediaDecodeError, match="line 1 holds words"):
        Thermal(
            "\n".join([";".join(["hot", *cells[:2], "warm", *cells[3:]]), *lines[1:]]).encode(),
            unit="celsius",
        )
    dashed = "\n".join([";".join([cells[0], "---", *cells[2:]]), *lines[1:]]).encode()
    depth = Depth(dashed, unit="m", fx=50)
    assert depth.shape == CELSIUS.shape
    assert np.argwhere(np.isnan(depth.metres())).tolist() == [[0, 1]]


def test_a_line_for_each_pixel_is_no_matrix() -> None:
    """Rows of x, y and value are named as such."""
    lines = [f"{x},{y},{CELSIUS[y, x]:.2f}" for y in range(21) for x in range(34)]
    with pytest.raises(PerceptShapeError, match="a line for each pixel"):
        Thermal("\n".join(["x,y,temperature", *lines]).encode(), unit="celsius")


@pytest.mark.parametrize(("letter", "unit"), [("°F", "fahrenheit"), (" K", "kelvin")])
def test_letters_behind_the_numbers_go_before_a_unit_they_contradict(
    letter: str, unit: str, tmp_path: Path
) -> None:
    """75 degrees Fahrenheit are plausible degrees Celsius, so the values cannot tell."""
    values = CELSIUS * 1.8 + 32 if unit == "fahrenheit" else KELVIN
    path = tmp_path / "heat.csv"
    rows = "\n".join(";".join(f"{value:.2f}{letter}" for value in row) for row in values)
    path.write_text(f"Air: 20 C\n{rows}", encoding="utf-8")
    median = float(np.median(CELSIUS))
    assert np.median(shown(Thermal(path, unit=unit))) == pytest.approx(median, abs=0.02)
    for wrong in {"celsius", "fahrenheit", "kelvin"} - {unit}:
        with pytest.raises(UnitError, match=f"numbers say {unit}") as refused:
            Thermal(path, unit=wrong).view()
        read = Thermal(path, **refused.value.ways[0])
        assert np.median(shown(read)) == pytest.approx(median, abs=0.02)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_empty_cells_are_holes_wherever_they_are(mark: str, tmp_path: Path) -> None:
    """At the ends of rows, over whole rows in the middle and at the bottom, in the corners."""
    holes = np.zeros(CELSIUS.shape, bool)
    holes[0, 0] = holes[3, -4:] = holes[5:7] = holes[7, :9] = holes[4, 1:] = holes[-2:] = True
    holes[-3, -1] = True
    values = np.where(holes, np.nan, CELSIUS) / 10
    path = tmp_path / "depth.csv"
    cells = [["" if np.isnan(value) else f"{value:.4f}" for value in row] for row in values]
    path.write_text("\n".join(mark.join(row) for row in cells))
    metres = Depth(path, unit="m", fx=57).metres()
    np.testing.assert_allclose(np.where(holes, np.nan, metres), values, atol=1e-4)
    assert not np.nan_to_num(metres)[holes].any()
