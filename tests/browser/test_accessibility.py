"""Everybody can use it: axe finds nothing serious, and the keyboard alone is enough."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.browsing import Visitor

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWS = ("Ask", "Timeline", "Map", "Sort", "Add")
SCREEN, PHONE = {"width": 1200, "height": 900}, {"width": 390, "height": 844}


def check(visitor: Visitor) -> None:
    """Run axe on what is shown."""
    page = visitor.page
    page.wait_for_timeout(300)  # an appearing card is half transparent
    page.evaluate(AXE)
    found = page.evaluate(
        "rules => axe.run({runOnly: {type: 'tag', values: rules}}).then(r => r.violations)", RULES
    )
    serious = [
        (each["id"], each["impact"], [node["html"][:160] for node in each["nodes"]][:3])
        for each in found
        if each["impact"] in ("serious", "critical", "moderate")
    ]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture(params=["light", "dark", "phone"])
def guest(visitors: Callable[..., Visitor], request: pytest.FixtureRequest) -> Visitor:
    """Somebody with the samples, in light, in dark, and on a phone."""
    kind = request.param
    return visitors(
        color_scheme="dark" if kind == "dark" else "light",
        viewport=PHONE if kind == "phone" else SCREEN,
    )


def test_axe_finds_nothing_in_any_view(guest: Visitor) -> None:
    """Nor in answers, filters, a record, its form and the dialog."""
    page = guest.page
    for view in VIEWS:
        guest.go(view)
        page.get_by_role("heading").first.wait_for()
        page.wait_for_timeout(400)  # pictures and plots
        check(guest)
    guest.go("Ask")
    page.get_by_role("button", name="dog bark", exact=True).click()
    page.get_by_role("article").first.wait_for()
    page.get_by_role("button", name="Filters").click()
    check(guest)
    page.get_by_role("link", name="Open dog", exact=True).first.click()
    page.get_by_text("Everything known of it").click()
    check(guest)
    page.get_by_role("button", name="Edit").click()
    check(guest)
    page.get_by_role("button", name="Forget…").click()
    check(guest)


def test_axe_finds_nothing_at_the_door(guest: Visitor) -> None:
    """Nor where one signs in."""
    guest.page.get_by_role("button", name="Sign out").click()
    guest.page.get_by_label("Token").wait_for()
    check(guest)
    guest.troubles.clear()


def focused(visitor: Visitor) -> str:
    """What has the keyboard: its name."""
    name: str = visitor.page.evaluate(
        "(document.activeElement.ariaLabel || document.activeElement.textContent || '').trim()"
    )
    return name


def tab_to(visitor: Visitor, name: str, most: int = 60) -> None:
    """Press Tab until something has the keyboard."""
    for _ in range(most):
        if focused(visitor) == name:
            return
        visitor.page.keyboard.press("Tab")
    raise AssertionError(f"{name!r} was not reached; {focused(visitor)!r} has the keyboard")


def test_the_keyboard_finds_the_dog(me: Visitor) -> None:
    """Typing, Enter, and Tab lead to an answer and into its record, and back."""
    keyboard = me.page.keyboard
    assert focused(me) == "Words to ask with"
    keyboard.type("a dog barking")
    keyboard.press("Enter")
    me.page.get_by_role("article").first.wait_for()
    tab_to(me, "Open dog bark")
    keyboard.press("Enter")
    me.page.get_by_role("heading", name="dog bark", level=1).wait_for()
    tab_to(me, "Back")
    keyboard.press("Enter")
    me.page.get_by_role("region", name="Answers").wait_for()


def test_the_keyboard_writes_edits_and_forgets(newcomer: Visitor) -> None:
    """A note from the first word to its end, without a pointer."""
    page, keyboard = newcomer.page, newcomer.page.keyboard
    tab_to(newcomer, "Add")
    keyboard.press("Enter")
    page.get_by_label("Words", exact=True).wait_for()
    for _ in range(20):
        keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "TEXTAREA":
            break
    keyboard.type("a note by keys alone")
    tab_to(newcomer, "Remember it")
    keyboard.press("Enter")
    page.get_by_text("Remembered.").wait_for()
    tab_to(newcomer, "a note by keys alone")
    keyboard.press("Enter")
    tab_to(newcomer, "Forget…")
    keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    assert focused(newcomer) == "Keep it"
    keyboard.press("Shift+Tab")
    keyboard.press("Enter")
    page.get_by_text("Forgotten.").wait_for()
