"""The words of subtitles that lie beside a video, which need no recognising."""

from __future__ import annotations

from collections.abc import Iterator

from sensorium.enrich.found import Found
from sensorium.percepts import Percept, Span, Video

BY = "subtitles"


class Subtitles:
    """Finds the words in `Video.subtitles`. A memory asks it without being told."""

    by = BY
    modalities = frozenset({Video.modality})

    def find(self, percept: Percept) -> Iterator[Found]:
        """Yield the words of each file of subtitles, up to 30 s at a time.

        Args:
            percept: A video; one without subtitles has no words.
        Raises:
            PerceptError: A file cannot be read any more.
        """
        # Most memories are opened without subtitles, and readers of files take a while to import
        from sensorium.sources.documents.subtitles import stretches_in

        for path in percept.subtitles if isinstance(percept, Video) else ():
            for each in stretches_in(path):
                yield Found(each.text, origin="subtitle", by=BY, span=Span(each.start, each.end))
