"""What mkdocs needs to know of this repository: pages outside of docs/, and links between them.

In the repository links are relative to their file, so that they work where it is read. The site
has its own layout: docs/ is its top, and the README its first page.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
ELSEWHERE = {  # pages by their place in the repository
    "README.md": "index.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "benchmarks/README.md": "benchmarks/README.md",
}
LINK = re.compile(r"\[([^\]]*)\]\(([^):#\s]+)(#[^)]*)?\)")  # to a file, not to the web


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere."""
    for source, place in ELSEWHERE.items():
        files.append(File.generated(config, place, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to where their targets are on the site; what is not there stays as words."""
    source = next(
        (name for name, place in ELSEWHERE.items() if place == page.file.src_uri),
        f"docs/{page.file.src_uri}",
    )

    def led(link: re.Match[str]) -> str:
        words, target, anchor = link[1], link[2], link[3] or ""
        meant = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        place = ELSEWHERE.get(meant, meant.removeprefix("docs/"))
        if meant not in ELSEWHERE and not meant.startswith("docs/"):
            return words if (ROOT / meant).exists() else link[0]
        start = posixpath.dirname(page.file.src_uri)
        return f"[{words}]({posixpath.relpath(place, start or '.')}{anchor})"

    return LINK.sub(led, markdown)
