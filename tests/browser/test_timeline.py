"""The timeline: long lists hold few rows, and every place of them can be reached."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.browsing import Visitor

COUNT = 300
MOST_ROWS = 60  # in the document at once


@pytest.fixture
def diarist(visitors: Callable[..., Visitor]) -> Visitor:
    """Somebody with a note on each of 300 days."""
    visitor = visitors(owner="diarist")
    if "300 memories" not in _heading(visitor):
        for index in range(COUNT):
            day = f"2025-{1 + index // 28:02d}-{1 + index % 28:02d}T12:00:00Z"
            visitor.remember(text=f"note {index}", at=day, id=f"note-{index}")
        visitor.page.reload()
    return visitor


def _heading(visitor: Visitor) -> str:
    visitor.go("Timeline")
    heading = visitor.page.locator("main h2").first
    heading.wait_for()
    return heading.inner_text()


def test_a_long_list_holds_few_rows(diarist: Visitor) -> None:
    """The end of 300 records is one key away, and the document stays small."""
    page = diarist.page
    assert _heading(diarist) == "300 memories, by day"
    page.get_by_role("link", name="note 299", exact=True).wait_for()
    page.get_by_role("region", name="Memories, the newest first").focus()
    page.keyboard.press("End")
    page.get_by_role("link", name="note 0", exact=True).wait_for()
    assert page.locator(".line").count() < MOST_ROWS


def test_a_stretch_is_zoomed_into_by_dragging(diarist: Visitor) -> None:
    """Dragging over the right half of the bars leaves the later half; all come back."""
    page = diarist.page
    box = page.locator(".density .u-over").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, middle, steps=5)
    page.mouse.up()
    page.get_by_role("heading", name="300 memories").wait_for(state="detached")
    count = int(page.locator("main h2").first.inner_text().split()[0])
    assert COUNT // 3 < count < 2 * COUNT // 3
    page.get_by_role("button", name="Show all again").click()
    page.get_by_role("heading", name="300 memories").wait_for()


def test_arrow_keys_walk_through_time(diarist: Visitor) -> None:
    """Home is the first day, and the list goes there."""
    page = diarist.page
    page.get_by_role("group", name="Memories over time").focus()
    page.keyboard.press("Home")
    page.get_by_text("1 Jan 2025: 1 memory").wait_for()
    page.get_by_role("link", name="note 0", exact=True).wait_for()


def test_what_was_around_is_a_press_away(diarist: Visitor) -> None:
    """From a record, the timeline opens at its time."""
    page = diarist.page
    page.goto(f"{diarist.address}#/record/note-100")
    page.get_by_role("link", name="What was around").click()
    page.get_by_role("link", name="note 99", exact=True).wait_for()
    assert page.get_by_role("link", name="note 299", exact=True).count() == 0
