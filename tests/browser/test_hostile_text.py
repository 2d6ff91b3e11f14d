"""Text is shown as text, whatever it holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.browsing import Visitor

SCRIPT = "<script>document.title = 'taken'</script>"
TEXTS = {
    "script": SCRIPT,
    "svg": "<svg onload=\"document.title='taken'\"><image href='x' onerror='1'/></svg>",
    "image": "<img src=x onerror=\"document.title='taken'\">",
    "markup": "</textarea></p></main><h1>taken</h1>",
    "bidi": "invoice \u202egpj.exe\u202c and \u2066more\u2069",
    "braces": "${document.title='taken'} {{7*7}} %s",
    "unbroken": "w" * 3000,
}
LONG = 100_000  # characters


def check_whole(visitor: Visitor) -> None:
    """Nothing ran, nothing was made of it, and nothing is wider than the screen."""
    page = visitor.page
    assert page.title() == "Sensorium"
    assert page.get_by_role("heading", name="taken", exact=True).count() == 0
    assert page.locator("main script, main svg image, main img[src='x']").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_text_is_text_in_every_view(newcomer: Visitor, name: str) -> None:
    """In answers, the timeline, the record, its form and the dialog that forgets it."""
    text = TEXTS[name]
    page = newcomer.page
    record = newcomer.remember(text=f"dog {text}", tags=[text[:60]], source=text[:90])
    page.get_by_label("Words to ask with").fill("dog")
    page.keyboard.press("Enter")
    page.get_by_role("article").first.wait_for()
    assert text[:30] in (page.get_by_role("article").first.text_content() or "")
    check_whole(newcomer)
    newcomer.go("Timeline")
    page.locator(".line a").first.wait_for()
    check_whole(newcomer)
    page.goto(f"{newcomer.address}#/record/{record}")
    page.get_by_text("Everything known of it").click()
    page.get_by_role("button", name="Edit").click()
    assert page.get_by_label("Text").input_value() == f"dog {text}"
    page.get_by_role("button", name="Forget…").click()
    check_whole(newcomer)


def test_a_text_of_100_000_characters_is_shown_in_part_and_whole(newcomer: Visitor) -> None:
    """The card has some of it, the record all."""
    page = newcomer.page
    record = newcomer.remember(text="a dog and a cat. " * (LONG // 17))
    page.get_by_label("Words to ask with").fill("a dog and a cat")
    page.keyboard.press("Enter")
    card = page.get_by_role("article").first
    card.wait_for()
    assert len(card.inner_text()) < 3000
    page.goto(f"{newcomer.address}#/record/{record}")
    page.locator(".text").wait_for()
    assert len(page.locator(".text").inner_text()) > LONG - 100
    check_whole(newcomer)


def test_names_of_files_are_text(newcomer: Visitor, tmp_path: Path) -> None:
    """A file may be called like a script."""
    path = tmp_path / "<img src=x onerror=alert(1)>.txt"
    path.write_text("a note in a file", encoding="utf-8")
    newcomer.go("Add")
    newcomer.page.get_by_label("Files to add").set_input_files(path)
    newcomer.page.get_by_text("<img src=x onerror=alert(1)>.txt").wait_for()
    newcomer.page.get_by_role("button", name="Add 1 file").click()
    newcomer.page.get_by_role("link", name="added").click()
    newcomer.page.get_by_role("article").first.wait_for()
    check_whole(newcomer)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a b/c?d#e&f=%2F", "<b>x</b>", "ключ 鍵"])
def test_ids_are_any_text(newcomer: Visitor, name: str) -> None:
    """A record is opened and found by an id that needs every kind of encoding."""
    newcomer.remember(text="a strange name", id=name)
    newcomer.go("Timeline")
    newcomer.page.get_by_role("link", name="a strange name").first.click()
    newcomer.page.get_by_text("Everything known of it").click()
    assert name in newcomer.page.get_by_role("row", name="id").inner_text()
