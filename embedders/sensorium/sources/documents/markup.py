"""The words of HTML, and of what is built of it: pages, mails, books."""

from __future__ import annotations

import re
from html.parser import HTMLParser

SILENT = frozenset(("script", "style", "noscript", "template", "svg", "head", "iframe", "object"))
BLOCKS = frozenset(
    (
        *("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote"),
        *("section", "article", "header", "footer", "main", "aside", "nav", "pre", "figure"),
        *("figcaption", "form", "fieldset", "address", "details", "summary", "dl", "hr", "body"),
    )
)
LINES = frozenset(("br", "li", "tr", "dt", "dd", "option", "caption", "legend"))
CELLS = frozenset(("td", "th"))
LONGEST_ALT = 300  # letters of the words that stand for a picture


def words_of_html(html: str) -> tuple[str | None, str]:
    """Return the title and the words of a page; paragraphs are parted by an empty line.

    Scripts, styles and what is marked as hidden are left out.

    Args:
        html: The page, or a piece of one, well-formed or not.
    """
    parser = _Words()
    parser.feed(html)
    parser.close()
    text = "".join(parser.pieces)
    text = re.sub(r"[ \t\f\v\u00a0]*\n[ \t\f\v\u00a0]*", "\n", text)
    title = " ".join("".join(parser.title).split()) or None
    return title, re.sub(r"\n{3,}", "\n\n", text).strip()


class _Words(HTMLParser):
    """Gathers the words of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.title: list[str] = []
        self._silent: list[str] = []  # the open elements whose words are left out
        self._in_title = False
        self._kept = 0  # open `pre`, in which blanks count

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "title" and "svg" not in self._silent:
            self._in_title = True
        elif tag == "body":
            self._silent.clear()  # a head that nobody closed
        elif self._silent:  # only elements of the same name can end what is left out
            self._silent += [tag] if tag == self._silent[-1] else []
        elif tag in SILENT or (_is_hidden(given) and tag not in VOID):
            self._silent.append(tag)
        if self._silent:
            return
        self._kept += tag == "pre"
        self._part(tag)
        if tag == "img" and (alt := (given.get("alt") or "").strip()):
            self.pieces.append(f" {alt[:LONGEST_ALT]} ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
            return
        self._kept -= tag == "pre" and self._kept > 0
        if tag not in LINES:
            self._part(tag)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
        elif not self._silent:
            text = data if self._kept else re.sub(r"[ \t\r\n\f]+", " ", data)
            if text == " " and self.pieces and self.pieces[-1].endswith(("\n", " ")):
                return
            self.pieces.append(text)

    def _part(self, tag: str) -> None:
        """Part what comes from what was."""
        if tag in BLOCKS:
            self.pieces.append("\n\n")
        elif tag in LINES:
            self.pieces.append("\n")
        elif tag in CELLS:
            self.pieces.append(" ")


VOID = frozenset(("br", "img", "hr", "input", "meta", "link", "wbr", "source", "area", "col"))


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return "hidden" in attributes or "display:none" in style
