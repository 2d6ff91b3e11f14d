"""Takes the pictures of docs/page.md: the page on the samples of `sensorium demo`, in Chromium.

python -m docs.screenshots
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from tests.support.browsing import ALL, CHROMIUM, LEFT_OUT, Visitor, can_browse, run, visit
from tests.support.page_server import PageServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES = Path(__file__).with_name("pictures")
SCREEN, PHONE = {"width": 1100, "height": 760}, {"width": 390, "height": 780}
QUALITY = 80  # of WebP: every picture is far below 150 kB
DRAWN = 900  # milliseconds until pictures and plots stand


def bark(visitor: Visitor) -> None:
    """Ask with the bark of a dog."""
    visitor.page.get_by_role("button", name="dog bark", exact=True).click()
    visitor.page.get_by_role("article").first.wait_for()


def record(visitor: Visitor) -> None:
    """Look at the heat of the dog."""
    bark(visitor)
    visitor.page.get_by_role("link", name="Open dog", exact=True).first.click()
    visitor.page.get_by_text("Everything known of it").wait_for()


def sort(visitor: Visitor) -> None:
    """Sort the bark by labels."""
    visitor.go("Sort")
    visitor.page.get_by_role("button", name="dog bark", exact=True).click()
    visitor.page.locator(".bars li").first.wait_for()


def view(name: str) -> Callable[[Visitor], None]:
    """Open a view."""
    return lambda visitor: visitor.go(name)


SHOTS: dict[str, tuple[Callable[[Visitor], None], str]] = {  # what is shown, and how
    "page-ask": (lambda visitor: None, "light"),
    "page-answers": (bark, "light"),
    "page-answers-dark": (bark, "dark"),
    "page-answers-phone": (bark, "phone"),
    "page-record": (record, "light"),
    "page-timeline": (view("Timeline"), "light"),
    "page-map-dark": (view("Map"), "dark"),
    "page-sort": (sort, "light"),
    "page-add-phone": (view("Add"), "phone"),
}


def take(browser: Browser, server: PageServer, name: str) -> None:
    """Take one picture."""
    show, kind = SHOTS[name]
    context = browser.new_context(
        viewport=PHONE if kind == "phone" else SCREEN,  # type: ignore[arg-type] # what Playwright takes
        color_scheme="dark" if kind == "dark" else "light",
    )
    visitor = visit(context, server.address, server.token("me", ALL))
    show(visitor)
    visitor.page.wait_for_timeout(DRAWN)
    picture = Image.open(io.BytesIO(visitor.page.screenshot()))
    picture.convert("RGB").save(PICTURES / f"{name}.webp", quality=QUALITY, method=6)
    context.close()


def main() -> None:
    """Take all pictures."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        run("demo", "--memory", str(Path(folder) / "memory"), "--json")
        with PageServer(Path(folder)) as server:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            for name in SHOTS:
                take(browser, server, name)
            browser.close()


if __name__ == "__main__":
    if not can_browse():
        raise SystemExit(LEFT_OUT)
    main()
