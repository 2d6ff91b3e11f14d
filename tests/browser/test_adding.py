"""Adding: words, files and what they would be, units for many, and why one failed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from tests.support.browsing import Visitor

from sensorium.samples import FOLDER


def test_a_note_is_found_again(newcomer: Visitor) -> None:
    """What was typed is remembered with its tags."""
    page = newcomer.page
    newcomer.go("Add")
    page.get_by_label("Words", exact=True).fill("the ladder is behind the garage")
    page.get_by_label("Tags, with commas between", exact=True).fill("tools")
    page.get_by_role("button", name="Remember it").click()
    page.get_by_text("Remembered.").wait_for()
    newcomer.go("Ask")
    page.get_by_label("Words to ask with").fill("where is the ladder?")
    page.keyboard.press("Enter")
    assert "tools" in page.get_by_role("article").first.inner_text()


def test_what_is_known_is_not_called_new(newcomer: Visitor) -> None:
    """A file that is there already keeps its tags, and the page says so."""
    page = newcomer.page
    for tag, said in (("pets", "1 added."), ("dogs", "1 known already")):
        newcomer.go("Add")
        page.get_by_label("Files to add").set_input_files(FOLDER / "photo_dog.jpg")
        page.get_by_label("Tags for all of them").fill(tag)
        page.get_by_role("button", name="Add 1 file").click()
        page.get_by_text(said).first.wait_for()
        newcomer.go("Ask")
    page.get_by_text("without these tags").first.wait_for()


def test_what_cannot_be_read_says_why_and_the_rest_is_added(
    newcomer: Visitor, tmp_path: Path
) -> None:
    """A damaged picture fails with its reason; the sound beside it is added."""
    damaged = tmp_path / "damaged.jpg"
    damaged.write_bytes((FOLDER / "photo_dog.jpg").read_bytes()[:300])
    page = newcomer.page
    newcomer.go("Add")
    page.get_by_label("Files to add").set_input_files([damaged, FOLDER / "sound_dog_bark.ogg"])
    page.get_by_text("cannot be read", exact=True).wait_for()
    page.get_by_role("button", name="Add 2 files").click()
    page.get_by_role("link", name="added").wait_for()
    failed = page.get_by_role("listitem").filter(has_text="damaged.jpg")
    assert "failed" in failed.inner_text()
    page.get_by_text("1 added, 1 failed").wait_for()
    newcomer.troubles.clear()  # a refusal is an error of the console, by the browser's own count


def test_units_are_chosen_once_for_many(newcomer: Visitor, tmp_path: Path) -> None:
    """Two maps of 16 bits are depth in millimetres, said once; metres are shown."""
    for name, millimetres in (("near", 1000), ("far", 4000)):
        values = np.full((48, 64), millimetres, np.uint16)
        values[:24] *= 2
        Image.fromarray(values).save(tmp_path / f"{name}.png")
    page = newcomer.page
    newcomer.go("Add")
    page.get_by_label("Files to add").set_input_files(sorted(tmp_path.glob("*.png")))
    page.get_by_role("group", name="2 files").wait_for()  # both have been looked at
    page.get_by_label("it is").select_option("depth")
    page.get_by_label("unit", exact=True).fill("mm")
    page.get_by_label("unit", exact=True).press("Tab")
    page.get_by_label("fx", exact=True).fill("525")
    page.get_by_label("fx", exact=True).press("Tab")
    page.get_by_text("needs units").first.wait_for(state="detached")
    page.get_by_role("button", name="Add 2 files").click()
    page.get_by_text("2 added.").wait_for()
    page.get_by_role("listitem").filter(has_text="far.png").get_by_role("link").click()
    grid = page.get_by_role("application").first
    grid.focus()
    page.keyboard.press("ArrowUp")
    assert page.locator("output.value").inner_text() == "8.00 m"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("output.value").inner_text() == "4.00 m"


def test_who_may_not_write_is_told(visitors: Callable[..., Visitor]) -> None:
    """A token that reads offers no form."""
    reader = visitors(owner="me", rights=("read",))
    reader.go("Add")
    reader.page.get_by_text("This token may not add memories").wait_for()


def test_all_memories_of_a_document_are_told(newcomer: Visitor, tmp_path: Path) -> None:
    """A document becomes several; a part that failed is told beside those that did not."""
    page = newcomer.page
    chapters = "".join(f"<h1>Part {n}</h1><p>The lamp of room {n} is broken.</p>" for n in range(3))
    (tmp_path / "report.html").write_text(f"<html><body>{chapters}</body></html>")
    answered = {
        "records": [{"id": "a", "status": "new"}, {"id": "b", "status": "new"}],
        "failed": [{"media": 2, "error": "page 3 has no words"}],
    }
    page.route("**/v1/memories", lambda route: route.fulfill(status=201, json=answered))
    newcomer.go("Add")
    page.get_by_label("Files to add").set_input_files(tmp_path / "report.html")
    page.get_by_role("button", name="Add 1 file").click()
    page.get_by_role("link", name="added in part: 2 memories").wait_for()
    assert "page 3 has no words" in page.get_by_role("listitem").first.inner_text()
    page.get_by_text("1 added, 1 of them only in part").wait_for()
