"""Subtitles: SRT and WebVTT, in stretches of some seconds of the video that they belong to.

Source: WebVTT (W3C), 4; SRT is what SubRip writes. The fragment `t=` is that of Media Fragments URI
1.0 (W3C), which players of videos know.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sensorium.percepts.locations import is_there
from sensorium.percepts.percept import Percept
from sensorium.percepts.video import Video
from sensorium.sources.documents.parts import GENERAL, TEXT, Part, as_percepts, read_text
from sensorium.sources.reader import check_options

SUFFIXES = frozenset((".srt", ".vtt"))
LONGEST = 30.0  # seconds of a stretch
PAUSE = 5.0  # seconds without words that end one
LETTERS = 800  # of a stretch: one window of the encoder
CUE = re.compile(
    r"\s*(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})\s*-->\s*(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
)
SPEAKER = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
TAG = re.compile(r"<[^>]{0,100}>|\{\\[^}]{0,100}\}")


class Cue(NamedTuple):
    """Words, and when they are shown, in seconds."""

    start: float
    end: float
    text: str


class SubtitleReader:
    """Reads subtitles in stretches of up to 30 s, of the video beside them if there is one."""

    options = (*GENERAL, "encoding")
    modalities = TEXT

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether the name says so."""
        return path.suffix.lower() in SUFFIXES

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Yield the words in stretches, each with its seconds.

        Raises:
            PerceptFormatError: An option is unknown.
            MediaDecodeError: It is not text, or nothing tells its encoding.
            EmptyPerceptError: There are no words with times in it.
        """
        check_options(options, self.options, f"the subtitles {str(path)!r}")
        return as_percepts(_parts(path, options), path, options)


def _parts(path: Path, options: Mapping[str, Any]) -> Iterator[Part]:
    read = read_text(path, options)
    video = _video_of(path)
    of = {"of": video.name} if video else {}
    for start, end, text in _joined(read.text):
        reading = {"seconds": [start, end], **of, **read.reading}
        yield Part(text, f"t={start:g},{end:g}", reading, None, video)


def stretches_in(path: Path, options: Mapping[str, Any] | None = None) -> Iterator[Cue]:
    """Yield the words of a file of subtitles in stretches of up to 30 s.

    Args:
        path: Path of the file.
        options: Those of the reader.
    Raises:
        MediaDecodeError: It is not text, or nothing tells its encoding.
    """
    return _joined(read_text(path, options or {}).text)


def _joined(text: str) -> Iterator[Cue]:
    for cues in _stretches(cues_of(text)):
        # Recognisers of speech show each line twice, while it rolls up
        lines = dict.fromkeys(line for cue in cues for line in cue.text.split("\n"))
        yield Cue(cues[0].start, max(cue.end for cue in cues), "\n".join(lines))


def cues_of(text: str) -> Iterator[Cue]:
    """Yield the cues of a file of subtitles, in their order; those without words are left out."""
    times: tuple[float, float] | None = None
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        found = CUE.match(line)
        if found or not line.strip():
            if times and lines:
                yield Cue(*times, "\n".join(lines))
            times, lines = None, []
        if found:
            times = (_seconds(*found.groups()[:4]), _seconds(*found.groups()[4:]))
        elif times and (words := _plain(line)):
            lines.append(words)


def _stretches(cues: Iterable[Cue]) -> Iterator[list[Cue]]:
    held: list[Cue] = []
    letters = 0
    for cue in cues:
        full = held and (
            cue.end - held[0].start > LONGEST
            or cue.start - held[-1].end > PAUSE
            or letters + len(cue.text) > LETTERS
        )
        if full:
            yield held
            held, letters = [], 0
        held.append(cue)
        letters += len(cue.text)
    if held:
        yield held


def _plain(line: str) -> str:
    """Return a line without marks of its looks; who speaks stays."""
    return html.unescape(TAG.sub("", SPEAKER.sub(r"\1: ", line))).strip()


def _seconds(hours: str | None, minutes: str, seconds: str, part: str) -> float:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + int(part.ljust(3, "0")) / 1000


def _video_of(path: Path) -> Path | None:
    """Return the video beside subtitles: `film.mp4` for `film.srt`, also for `film.en.srt`."""
    for stem in dict.fromkeys((path.stem, Path(path.stem).stem)):
        for suffix in Video.suffixes:
            for each in (suffix, suffix.upper()):
                video = path.with_name(stem + each)
                if is_there(video):
                    return video
    return None
