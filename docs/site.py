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
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
CARDS = ("MODEL_CARD", "EVALUATION", "ATTRIBUTION")
WEIGHTS = "embedders/sensorium/mini/weights"
ELSEWHERE = {  # pages by their place in the repository
    "README.md": "index.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "NOTICE": "NOTICE.md",
    "benchmarks/README.md": "benchmarks/README.md",
    "embedders/sensorium/samples/media/ATTRIBUTION.md": "examples/media.md",
    **{f"{WEIGHTS}/{name}.md": f"mini/{name}.md" for name in CARDS},
    **{f"examples/{path.name}": f"examples/{path.stem}.md" for path in EXAMPLES},
}
LINK = re.compile(r"\[([^\]]*)\]\(([^):#\s]+)(#[^)]*)?\)")  # to a file, not to the web


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere; an example is a page of its code."""
    for source, place in ELSEWHERE.items():
        path = ROOT / source
        if path.suffix == ".md":
            files.append(File.generated(config, place, abs_src_path=str(path)))
        else:
            text = path.read_text(encoding="utf-8")
            page = f"# {source}\n\n```{'python' if path.suffix else 'text'}\n{text}```\n"
            files.append(File.generated(config, place, content=page))
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
