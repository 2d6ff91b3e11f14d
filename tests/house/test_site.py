"""The documentation builds strictly, and its links lead to what they name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.golden_files import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(
        command, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return folder


def test_every_document_is_a_page(site: Path) -> None:
    """Nothing in docs/ is forgotten, and what explains the site is not on it."""
    names = {path.stem for path in (ROOT / "docs").glob("*.md")} | {"index", "CONTRIBUTING"}
    assert {path.stem for path in site.glob("*.html")} == {*names, "CHANGELOG", "NOTICE", "404"}
    examples = {path.stem for path in (ROOT / "examples").glob("*.py")}
    assert {path.stem for path in (site / "examples").glob("*.html")} == {*examples, "media"}
    assert not list(site.rglob("*.py"))


def test_links_out_of_docs_are_led_right(site: Path) -> None:
    """The README's links to docs/ lead to pages; what is not on the site is left as words."""
    index = (site / "index.html").read_text(encoding="utf-8")
    assert 'href="memory.html"' in index
    assert 'href="benchmarks/index.html"' in index
    assert "docs/memory" not in index
    assert 'href="mini/MODEL_CARD.html"' in index
    assert 'href="examples/langchain_rag.html"' in index
    assert 'href="../CONTRIBUTING.html"' not in (site / "percepts.html").read_text("utf-8")
    assert 'href="CONTRIBUTING.html"' in (site / "percepts.html").read_text("utf-8")


def test_the_site_asks_nobody_for_anything(site: Path) -> None:
    """No page loads a font, a script or a picture from another host."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert 'src="http' not in text, page
        assert "fonts.googleapis" not in text, page
