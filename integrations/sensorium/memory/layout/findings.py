"""Words that were found in a record's percepts: beside its own words, in payload and rows.

`page_content` holds the owner's words and then those that were found, so that keywords look in
both; `written` says where the first end. The last rows of text are those of what was found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sensorium.encoders import Encoding
from sensorium.enrich import Box, Found
from sensorium.memory.records import Finding
from sensorium.percepts import Span
from sensorium.qdrant.points import Payload, Vectors
from sensorium.qdrant.schema import TEXT as CONTENT

TEXT = "text"
WRITTEN, FOUND, ENRICHED = "written", "found", "enriched"
KEYS = (WRITTEN, FOUND, ENRICHED)


@dataclass(frozen=True, eq=False)
class Findings:
    """What was found in the percepts of one record, apart from the record's own words.

    Attributes:
        items: What was found, in order; their rows count from 0.
        rows: Their rows `(W, D)`; `None` if there are none.
        by: What has looked for words, whether it found any or not.
    """

    items: tuple[Finding, ...] = ()
    rows: Vectors | None = None
    by: tuple[str, ...] = ()

    @classmethod
    def made(cls, found: Sequence[tuple[str, Found, Encoding]], by: Sequence[str] = ()) -> Findings:
        """Return what enrichers found.

        Args:
            found: The digest of a percept, what was found in it, and the encoding of its words.
            by: What has looked.
        """
        items = [
            (
                Finding(
                    each.text,
                    each.origin,
                    each.by,
                    of=digest,
                    span=each.span,
                    box=each.box,
                    confidence=each.confidence,
                ),
                encoding,
            )
            for digest, each, encoding in found
        ]
        return cls._of(items, by)

    @classmethod
    def renewed(cls, found: Iterable[tuple[Finding, Encoding]], payload: Payload) -> Findings:
        """Return what a payload's record has, with new encodings."""
        return cls._of(found, payload.get(ENRICHED, ()))

    @classmethod
    def _of(cls, found: Iterable[tuple[Finding, Encoding]], by: Sequence[str]) -> Findings:
        items: list[Finding] = []
        blocks: list[Vectors] = []
        for finding, encoding in found:
            items.append(replace(finding, row=sum(map(len, blocks)), rows=len(encoding.vectors)))
            blocks.append(encoding.vectors)
        return cls(tuple(items), np.concatenate(blocks) if blocks else None, tuple(by))

    def among(self, digests: Collection[str]) -> Findings:
        """Return those that were found in some percepts."""
        return self._chosen([item for item in self.items if item.of in digests])

    def without(self, digests: Collection[str], by: Collection[str]) -> Findings:
        """Return these without what some enrichers found in some percepts."""
        return self._chosen([i for i in self.items if not (i.of in digests and i.by in by)])

    def joined_by(self, newer: Findings) -> Findings:
        """Return these with newer ones, which replace those of the same percept and origin."""
        renewed = {(item.of, item.origin) for item in newer.items}
        kept = self._chosen([i for i in self.items if (i.of, i.origin) not in renewed])
        first = 0 if kept.rows is None else len(kept.rows)
        blocks = [rows for rows in (kept.rows, newer.rows) if rows is not None]
        return Findings(
            (*kept.items, *(replace(item, row=item.row + first) for item in newer.items)),
            np.concatenate(blocks) if blocks else None,
            tuple(dict.fromkeys((*self.by, *newer.by))),
        )

    def _chosen(self, items: Sequence[Finding]) -> Findings:
        if len(items) == len(self.items):
            return self
        assert self.rows is not None
        blocks = [self.rows[item.row : item.row + item.rows] for item in items]
        starts = np.cumsum([0, *map(len, blocks)])
        moved = tuple(replace(i, row=int(row)) for i, row in zip(items, starts, strict=False))
        return Findings(moved, np.concatenate(blocks) if blocks else None, self.by)

    def lay_out(self, payload: Payload, rows: dict[str, Vectors]) -> None:
        """Add them to the payload and the rows of a record that has its own words alone."""
        if self.by:
            payload[ENRICHED] = list(self.by)
        if not self.items:
            return
        text = str(payload[CONTENT])
        payload[WRITTEN] = len(text)
        own = len(rows[TEXT]) if TEXT in rows else 0
        payload[FOUND] = []
        for item in self.items:
            text += "\n" if text else ""
            start = len(text)
            text += item.text
            told: dict[str, Any] = {
                "of": item.of,
                "origin": item.origin,
                "by": item.by,
                "confidence": round(item.confidence, 4),
                "letters": [start, len(text)],
                "row": own + item.row,
                "rows": item.rows,
            }
            if item.span is not None:
                told["span"] = [item.span.start, item.span.end]
            if item.box is not None:
                told["box"] = list(item.box)
            payload[FOUND].append(told)
        payload[CONTENT] = text
        assert self.rows is not None
        rows[TEXT] = np.concatenate([rows[TEXT], self.rows]) if TEXT in rows else self.rows


def own_words(payload: Mapping[str, Any]) -> str:
    """Return the words of a record that its owner wrote."""
    text = str(payload.get(CONTENT, ""))
    return text[: payload[WRITTEN]] if WRITTEN in payload else text


def findings_in(payload: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Read what was found in a record's percepts; rows count among all its rows of text."""
    text = str(payload.get(CONTENT, ""))
    return tuple(_finding(told, text) for told in payload.get(FOUND, ()))


def _finding(told: Mapping[str, Any], text: str) -> Finding:
    start, end = told["letters"]
    return Finding(
        text[start:end],
        told["origin"],
        told["by"],
        of=told["of"],
        span=Span(*told["span"]) if "span" in told else None,
        box=Box(*told["box"]) if "box" in told else None,
        confidence=told["confidence"],
        row=told["row"],
        rows=told["rows"],
    )


def taken_apart(
    payload: Payload, rows: Mapping[str, Vectors]
) -> tuple[Payload, dict[str, Vectors], Findings]:
    """Return a record's payload and rows with its own words alone, and what was found in it.

    Without rows, what was found comes without them.
    """
    found = findings_in(payload)
    own: Payload = {key: value for key, value in payload.items() if key not in KEYS}
    own[CONTENT] = own_words(payload)
    by = tuple(payload.get(ENRICHED, ()))
    if not found:
        return own, dict(rows), Findings(by=by)
    first = found[0].row
    items = tuple(replace(item, row=item.row - first) for item in found)
    left, text = dict(rows), rows.get(TEXT)
    if text is None:
        return own, left, Findings(items, None, by)
    left[TEXT] = text[:first]
    if not first:
        del left[TEXT]
    return own, left, Findings(items, text[first:], by)
