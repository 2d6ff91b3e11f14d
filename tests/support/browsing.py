"""A server of the demo's memory in a process of its own, and people who look at its page."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
LEFT_OUT = "browser tests are left out: they need chromium and the Python package playwright"
ALL = ("read", "write", "forget")
PATIENCE = 10_000  # milliseconds that a page may take for anything
# A violation of the policy is told to the console by itself; this makes sure of it.
WATCH = """addEventListener("securitypolicyviolation",
    (event) => console.error("policy violated:", event.violatedDirective, event.blockedURI));"""


def can_browse() -> bool:
    """Whether there is a Chromium and what drives it."""
    return CHROMIUM is not None and importlib.util.find_spec("playwright") is not None


@dataclass
class Visitor:
    """Somebody at the page.

    Attributes:
        page: The page in a browser of their own.
        token: What they signed in with.
        troubles: Errors of the console, and of scripts.
    """

    page: Page
    address: str
    token: str
    troubles: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Collect errors from now on."""
        self.page.add_init_script(WATCH)
        self.page.on(
            "console",
            lambda said: self.troubles.append(said.text) if said.type == "error" else None,
        )
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def enter(self) -> None:
        """Sign in, as a person does it."""
        self.page.goto(self.address)
        self.page.get_by_label("Token").fill(self.token)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("navigation").wait_for()
        # The first question who is there was answered with 401, which a browser reports
        self.troubles[:] = [each for each in self.troubles if "401" not in each]

    def go(self, view: str) -> None:
        """Open one of the views by the navigation."""
        self.page.get_by_role("navigation").get_by_role("link", name=view, exact=True).click()

    def remember(self, **about: Any) -> str:
        """Remember something through the server, not through the page; return its id."""
        answer = self._api("POST", "/v1/memories", about)
        name: str = answer["records"][0]["id"]
        return name

    def forget(self, name: str) -> None:
        """Forget a record through the server."""
        self._api("POST", "/v1/forget", {"ids": [name]})

    def _api(self, method: str, path: str, data: Any) -> Any:
        answer = self.page.context.request.fetch(
            urljoin(self.address, path),
            method=method,
            data=data,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=6 * PATIENCE,  # a long text has many windows
        )
        assert answer.ok, answer.text()
        return answer.json()


def visit(context: BrowserContext, address: str, token: str) -> Visitor:
    """Open the page in a browser and sign in."""
    context.set_default_timeout(PATIENCE)
    visitor = Visitor(context.new_page(), address, token)
    visitor.watch()
    visitor.enter()
    return visitor


def run(*arguments: str) -> None:
    """Run a command of Sensorium to its end."""
    subprocess.run([sys.executable, "-m", "sensorium.cli", *arguments], check=True)


if __name__ == "__main__" and not can_browse():
    print(LEFT_OUT)
