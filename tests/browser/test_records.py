"""A record: what is known of it, and correcting and forgetting it."""

from __future__ import annotations

import re

from tests.support.browsing import Visitor

from sensorium.samples import FOLDER


def open_record(visitor: Visitor, name: str) -> None:
    visitor.page.goto(f"{visitor.address}#/record/{name}")
    visitor.page.get_by_role("article").first.wait_for()


def test_an_edit_is_saved_and_taken_back(newcomer: Visitor) -> None:
    """Text and tags are changed by a form; Undo brings the ones before back."""
    name = newcomer.remember(text="the key is under the mat", tags=["home"])
    open_record(newcomer, name)
    page = newcomer.page
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Text").fill("the key is in the shed")
    page.get_by_label("Tags").fill("home, garden")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="the key is in the shed").wait_for()
    page.get_by_text("Everything known of it").click()
    assert page.get_by_role("row", name="tags").inner_text().split("\t")[1] == "home, garden"
    page.get_by_role("button", name="Undo", exact=True).click()
    page.get_by_role("heading", name="the key is under the mat").wait_for()


def test_a_time_is_corrected(newcomer: Visitor) -> None:
    """The time of a record is a field like the others."""
    name = newcomer.remember(text="the first snow", at="2024-12-01T10:00:00Z")
    open_record(newcomer, name)
    page = newcomer.page
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Time").fill("2023-11-20T08:30:00")
    page.get_by_role("button", name="Save").click()
    page.locator("header time").filter(has_text="20 Nov 2023").wait_for()


def test_forgetting_says_what_is_lost(newcomer: Visitor) -> None:
    """The dialog names text and tags; keeping it keeps it, forgetting it leaves nothing."""
    name = newcomer.remember(text="an old secret", tags=["diary"])
    open_record(newcomer, name)
    page = newcomer.page
    page.get_by_role("button", name="Forget…").click()
    dialog = page.get_by_role("dialog")
    assert "its text of 13 characters" in dialog.inner_text()
    assert "diary" in dialog.inner_text()
    dialog.get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="Forget…").click()
    dialog.get_by_role("button", name="Forget it").click()
    page.get_by_text("This memory is empty").wait_for()


def test_media_are_forgotten_alone(newcomer: Visitor) -> None:
    """The picture goes, and what it means stays."""
    page = newcomer.page
    newcomer.go("Add")
    page.get_by_label("Files to add").set_input_files(FOLDER / "photo_dog.jpg")
    page.get_by_role("button", name="Add 1 file").click()
    page.get_by_role("link", name="added").click()
    page.get_by_role("img", name="Picture: dog").wait_for()
    page.get_by_role("button", name="Forget…").click()
    page.get_by_label("Its files only").check()
    page.get_by_role("button", name="Forget its files").click()
    page.get_by_text("The image itself is not kept").wait_for()
    newcomer.go("Ask")
    page.get_by_label("Words to ask with").fill("a dog")
    page.keyboard.press("Enter")
    page.get_by_role("article").first.wait_for()


def test_everything_known_says_where_it_came_from(me: Visitor) -> None:
    """Units of a file are from the file; its source was given; neighbours are shown."""
    page = me.page
    page.get_by_role("button", name="dog bark", exact=True).click()
    page.get_by_role("link", name="Open dog", exact=True).first.click()
    page.get_by_text("Everything known of it").click()
    row = page.get_by_role("row").filter(has_text=re.compile("^heat"))
    assert "from the file" in row.inner_text()
    neighbours = page.get_by_role("region", name="Neighbours")
    neighbours.get_by_role("link", name="dog bark", exact=True).wait_for()
