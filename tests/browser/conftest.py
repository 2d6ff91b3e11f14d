"""One server for all browser tests; each visitor has an owner and a browser of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.browsing import ALL, CHROMIUM, LEFT_OUT, Visitor, can_browse, run, visit
from tests.support.page_server import PageServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HERE = Path(__file__).parent
SCREEN = {"width": 1200, "height": 900}
SHOWN = "me"  # owner of the demo's samples, which tests leave as they are


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and leave them out where there is no browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not can_browse():
                item.add_marker(pytest.mark.skip(reason=LEFT_OUT))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    """A server of the samples of `sensorium demo`."""
    place = tmp_path_factory.mktemp("page")
    run("demo", "--memory", str(place / "memory"), "--json")
    with PageServer(place) as started:
        yield started


@pytest.fixture(scope="module")  # its event loop would stand in the way of tests of other files
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def visitors(server: PageServer, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Open the page as an owner; at the end of the test, no console may have told an error."""
    opened: list[Visitor] = []

    def enter(owner: str = SHOWN, rights: tuple[str, ...] = ALL, **options: object) -> Visitor:
        context = browser.new_context(**({"viewport": SCREEN} | options))  # type: ignore[arg-type] # what Playwright takes
        opened.append(visit(context, server.address, server.token(owner, rights)))
        return opened[-1]

    yield enter
    troubles = [each for visitor in opened for each in visitor.troubles]
    for visitor in opened:
        visitor.page.context.close()
    assert troubles == []


@pytest.fixture
def me(visitors: Callable[..., Visitor]) -> Visitor:
    """Somebody who looks at the samples."""
    return visitors()


@pytest.fixture
def newcomer(visitors: Callable[..., Visitor], request: pytest.FixtureRequest) -> Visitor:
    """Somebody whose memory is empty."""
    return visitors(owner=request.node.name.replace("[", "-").replace("]", "")[:60])
