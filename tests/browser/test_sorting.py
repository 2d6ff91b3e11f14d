"""Sorting: labels that a person types, and bars."""

from __future__ import annotations

from tests.support.browsing import Visitor

from sensorium.samples import FOLDER


def test_a_bark_is_a_dog(me: Visitor) -> None:
    """The first bar of a bark is the dog's, of labels that nobody trained."""
    me.go("Sort")
    me.page.get_by_role("button", name="dog bark", exact=True).click()
    me.page.locator(".bars li").first.wait_for()
    assert "a dog" in me.page.locator(".bars li").first.inner_text()


def test_a_label_of_ones_own_wins_where_it_fits(me: Visitor) -> None:
    """A file that is dropped is sorted by a label that was just typed."""
    me.go("Sort")
    me.page.get_by_label("Another label").fill("a sunflower")
    me.page.keyboard.press("Enter")
    me.page.get_by_label("Choose a file").set_input_files(FOLDER / "photo_sunflower.jpg")
    me.page.locator(".bars li").first.wait_for()
    assert "a sunflower" in me.page.locator(".bars li").first.inner_text()
