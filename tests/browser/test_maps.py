"""The maps: by meaning, with a loop that filters the list; by place, without foreign tiles."""

from __future__ import annotations

from tests.support.browsing import Visitor


def test_a_loop_filters_the_list(me: Visitor) -> None:
    """A loop around the left half lists some, and Show all brings the others back."""
    me.go("Map")
    page = me.page
    canvas = page.get_by_role("img", name="Map of meaning")
    canvas.wait_for()
    page.get_by_role("heading", name="All 38").wait_for()
    box = canvas.bounding_box()
    assert box is not None
    left, top, right, foot = box["x"] + 3, box["y"] + 3, box["x"] + box["width"] / 2, 0.0
    foot = box["y"] + box["height"] - 3
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, foot), (left, foot), (left, top)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    heading = page.get_by_role("heading", name="in the loop")
    heading.wait_for()
    assert 0 < int(heading.inner_text().split()[0]) < 38
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("heading", name="All 38").wait_for()


def test_kinds_are_hidden_by_the_legend(me: Visitor) -> None:
    """Without the 12 pictures, 26 are left."""
    me.go("Map")
    me.page.get_by_role("button", name="pictures 12").click()
    me.page.get_by_role("heading", name="All 26").wait_for()


def test_places_have_marks_and_a_scale(newcomer: Visitor) -> None:
    """Without a place the map says so."""
    newcomer.remember(text="nowhere in particular")
    newcomer.go("Map")
    newcomer.page.get_by_role("button", name="By place").click()
    newcomer.page.get_by_text("No memory says where it was").wait_for()
