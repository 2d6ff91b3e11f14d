"""Memories and errors in words for a model: errors without Python, with a remedy in its reach."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from sensorium.agents.escaping import quoted_json
from sensorium.agents.limits import LONGEST_TEXT
from sensorium.errors import (
    BatchError,
    EmptyPerceptError,
    FilterError,
    MediaDecodeError,
    MediaQuotaError,
    NonFiniteError,
    PerceptShapeError,
    PerceptTooShortError,
    Phrase,
    ReadOnlyError,
    RecordNotFoundError,
    SensoriumError,
    SourceTooLargeError,
    SourceTypeError,
    StoreError,
    ToolArgumentError,
    TooManyPixelsError,
    UnitError,
    UnsupportedModalityError,
)
from sensorium.memory import Hit, Record
from sensorium.memory.certainty import written
from sensorium.memory.places.words import place_text
from sensorium.memory.times import TimesRead
from sensorium.percepts import Percept, Text

WHERE = {  # words were found, by their origin
    "read": "read in the picture",
    "heard": "heard in the sound",
    "subtitle": "in the subtitles",
}
ORIGIN_WORDS = {  # what a model noted itself goes without saying
    "person": "in a person's own words",
    "sensor": "from a sensor",
    "file": "from a file",
    "tool": "from a tool",
    "web": "from the web",
}
SHOWN = 80  # characters of a refused value
MOST_PROBLEMS = 3  # refused arguments that are told
KEYWORD = re.compile(r"\b([A-Za-z_]\w*)= ?(?=\S)")
SHOULD = re.compile(r"^\w+ should (?:be|have) ")  # how messages of pydantic begin
# What only a programmer can use: calls, attributes, names_like_this, documents.
CALL = re.compile(r"\w\(|\b[A-Z]\w*\.\w|\b_?\w+_\w+\b|\bNone\b|docs/")
# Lengths of time are fields of a call, not of a signal; one of Python has another name there
LENGTHS = {"older_than": "older_than", "ttl": "ttl", "within": "within", "apart": "within"}
FIELDS = ("modality", "mime_type", "at", "uri", "times")  # of a signal, beside its units
AGAIN = "correct it and call again"

TOO_LARGE = (
    "send it in parts, or ask the user to add the whole file with the command line: "
    "sensorium remember FILE"
)
ANY_UNITS = "say the modality (depth, thermal, imu or image) and its units"
REMEDIES: Mapping[type[SensoriumError], str] = {
    TooManyPixelsError: "scale it down and send it again",
    SourceTooLargeError: TOO_LARGE,
    SourceTypeError: "send the whole file as base64, or samples as rows of numbers",
    EmptyPerceptError: "leave it out, or send one that holds something",
    MediaDecodeError: "send the whole file in a common format (JPEG, PNG, WAV, FLAC, MP3, MP4), "
    "and say its modality or mime type",
    NonFiniteError: "leave those samples out, and give the times of the others",
    PerceptShapeError: "send one picture, sound or map at a time; of motion, six numbers a sample",
    PerceptTooShortError: "send a longer one, or leave it out",
    UnsupportedModalityError: "leave that modality out: this memory's encoder does not know it",
    RecordNotFoundError: "use an id that recall or timeline has given",
    FilterError: "write it as timeline gave it",
    MediaQuotaError: "forget what is not needed, or ask the user for more room",
    ReadOnlyError: "do not try again: this memory can only be asked; tell the user",
    StoreError: "try again; if it stays, tell the user",
}


def worded(error: SensoriumError, *, modality: str | None = None) -> ToolArgumentError:
    """Return an error in words for a model.

    Args:
        error: The error to word. One that is worded already is returned as it is.
        modality: Modality of what was being read, for the units it needs.
    """
    if isinstance(error, ToolArgumentError):
        return error
    if isinstance(error, BatchError) and error.failures:
        index, failure = min(error.failures.items())
        inner = worded(failure, modality=modality)
        part = f"(in part {index + 1} of {len(error.results)})"
        return ToolArgumentError(inner.came, inner.needed, f"{inner.remedy} {part}")
    return ToolArgumentError(_plain(error.came), _plain(error.needed), _remedy(error, modality))


def told(error: SensoriumError, *, modality: str | None = None) -> str:
    """Tell a model what came, what was needed and what to do; arguments as of `worded`."""
    return str(worded(error, modality=modality))


def _remedy(error: SensoriumError, modality: str | None) -> str:
    if isinstance(error.remedy, Phrase):
        return _plain(error.remedy)
    if isinstance(error, UnitError):
        needing = (name for name, sense in Percept.modalities.items() if sense.needs)
        named = modality or next((name for name in needing if name in error.came), None)
        plain = _plain(error.remedy)
        return f"{plain}; {_units_of(named)}" if _is_specific(error) else _units_of(named)
    for kind in type(error).__mro__:
        if kind in REMEDIES:
            return REMEDIES[kind]
    plain = _plain(error.remedy)
    return AGAIN if CALL.search(plain) else plain


def _is_specific(error: SensoriumError) -> bool:
    """Return whether a remedy names a unit with its value, in words that a model can follow."""
    return "trust=" in error.remedy and not CALL.search(_plain(error.remedy))


def _units_of(modality: str | None) -> str:
    """Say how the units of a modality are given."""
    sense = Percept.modalities.get(modality or "")
    if sense is None or not sense.needs:
        return ANY_UNITS
    example = {name: unit.example for name, unit in sense.needs.items() if unit.required}
    meanings = "; ".join(f"{name}: {unit.meaning}" for name, unit in sense.needs.items())
    return f"give modality {modality} with units such as {json.dumps(example)}; {meanings}"


def times_line(
    times: TimesRead | None, *, remedy: str = "; give since or until to change it"
) -> list[str]:
    """Say how times in a question were understood, so that a model can correct it: one line."""
    if times is None:
        return []
    return [f"only memories of the time that was asked for ({times}){remedy}"]


def confidence_words(hit: Hit, *, keywords: bool = False) -> str:
    """Write a confidence with its certainty: "confidence 0.62, uncertain".

    Args:
        hit: The hit.
        keywords: Whether words were looked for: a memory that has them is no coincidence, however
            little it resembles the question, so that it is not called unrelated.
    """
    if hit.confidence is None:
        return "not calibrated"
    certainty = "" if keywords and is_unlikely(hit) else f", {hit.certainty}"
    return f"confidence {written(hit.confidence)}{certainty}"


def related_line(hits: Sequence[Hit], *, keywords: bool = False) -> list[str]:
    """Say that no hit is probably related, if that is so: one line."""
    if keywords or not hits or not all(map(is_unlikely, hits)):
        return []
    return ["nothing here is probably related; these are the nearest"]


def hit_line(hit: Hit, *, keywords: bool = False) -> str:
    """Describe a hit in one line: time, modality that matched, confidence, tags, id and text.

    Quoted, what a memory says cannot be mistaken for a line of the answer itself.


    Args:
        hit: The hit.
        keywords: Whether words were looked for; see `confidence_words`.
    """
    record = hit.record
    stretch = stretch_of(hit)
    matched = hit.modality if hit.finding is None else f"words {hit.finding.origin}"
    parts = [
        f"{record.at:%Y-%m-%d %H:%M:%S} UTC",
        f"{matched} at {stretch}" if stretch.endswith(" s") else matched,
    ]
    if hit.confidence is not None:
        parts.append(confidence_words(hit, keywords=keywords))
    return f"{_facts(record, parts)}{_finding(hit)}"


def record_line(record: Record) -> str:
    """Describe a memory in one line: time, modalities, tags, id and text."""
    parts = [f"{record.at:%Y-%m-%d %H:%M:%S} UTC", *record.modalities]
    return _facts(record, parts)


def _facts(record: Record, parts: list[str]) -> str:
    """Write what is known of a memory behind some parts of its line."""
    parts = [*parts, *standing(record)]
    if record.tags:
        parts.append(f"tags {', '.join(map(_one_line, record.tags))}")
    text = f": {quoted_json(cut(record.text, '(cut)'))}" if record.text else ""
    return f"{', '.join(parts)} (id {_one_line(record.id)}){text}"


def _one_line(name: str) -> str:
    """Return a name as it is, or between quotes if it could end a line."""
    return name if name.isprintable() else quoted_json(name)


def standing(record: Record) -> list[str]:
    """Say whose a memory is and where it was, who says so, and what it stands in the place of.

    All as far as it is known; whose it is, where it is another's.
    """
    said = [f"shared by {quoted_json(record.owner)}"] if record.shared else []
    if record.place is not None:
        said.append(f"place {place_text(record.place)}")
    if record.origin in ORIGIN_WORDS:
        said.append(ORIGIN_WORDS[record.origin])
    if record.supersedes:
        said.append(f"earlier: {', '.join(record.supersedes)}")
    if record.superseded_by:
        said.append(f"does not hold any more, now: {', '.join(record.superseded_by)}")
    return said


def _finding(hit: Hit) -> str:
    """Quote the words that were found in a percept: they are never the owner's, or an order."""
    if hit.finding is None:
        return ""
    where = WHERE.get(hit.finding.origin, hit.finding.origin)
    return f"; {where}: {quoted_words(cut(hit.finding.text, '(cut)'))}"


def quoted_words(text: str) -> str:
    """Write words on one line between quotes."""
    return quoted_json(" ".join(text.split()))


def stretch_of(hit: Hit) -> str:
    """Write the stretch that matched: "1.0 to 2.0 s", "characters 0 to 24", or "" for a still."""
    if hit.span is None:
        return ""
    start, end = hit.span.start, hit.span.end
    if hit.modality == Text.modality and hit.finding is None:
        return f"characters {start:.0f} to {end:.0f}"
    return f"{start:.1f} to {end:.1f} s"


def cut(text: str, remark: str) -> str:
    """Return a text, or the beginning of a long one, "..." and a remark on the rest."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}... {remark}"


def is_unlikely(hit: Hit) -> bool:
    """Return whether a hit is probably coincidence."""
    return hit.certainty == "probably unrelated"


def memories(count: int) -> str:
    """Write a number of memories."""
    return "1 memory" if count == 1 else f"{count} memories"


def _plain(text: str) -> str:
    """Write `fx=525` as `fx 525`, and the arguments of a `Phrase` as fields of a signal."""
    if isinstance(text, Phrase):
        return text.written(_fields_of)
    return KEYWORD.sub(r"\1 ", text)


def _fields_of(way: Mapping[str, Any]) -> str:
    """Write arguments as the fields of a signal: `modality "depth", units {"unit": "mm"}`."""
    if "source" in way:
        return "one zip archive of the files"
    own = {LENGTHS.get(n, n): value for n, value in way.items() if n in FIELDS or n in LENGTHS}
    units = {n: value for n, value in way.items() if n not in (*FIELDS, *LENGTHS, "units")}
    units |= way.get("units", {})
    parts = [f"{name} {json.dumps(value, default=str)}" for name, value in own.items()]
    given = {name: value for name, value in units.items() if value is not None}
    if given:
        parts.append(f"units {json.dumps(given, ensure_ascii=False, default=str)}")
    parts += [f"no {name} in units" for name in units if name not in given]
    return " and ".join(parts)


def refusal(needed: str, remedy: str) -> PydanticCustomError:
    """Build the error of an argument that pydantic validates, in words for a model."""
    return PydanticCustomError("refused", "{needed}", {"needed": needed, "remedy": remedy})


def refused(error: ValidationError) -> str:
    """Say which arguments were wrong, how, and what to do; long values are cut."""
    problems = error.errors(include_url=False)
    lines = list(map(str, problems_of(problems[:MOST_PROBLEMS])))
    if len(problems) > MOST_PROBLEMS:
        lines.append(f"and {len(problems) - MOST_PROBLEMS} more")
    return "\n".join(lines)


def problems_of(problems: Iterable[Any]) -> list[ToolArgumentError]:
    """Word problems of `ValidationError.errors`, one error for each."""
    return [_problem(problem) for problem in problems]


def _problem(problem: Any) -> ToolArgumentError:
    name, kind = where(problem["loc"]), problem["type"]
    if kind == "missing":
        return ToolArgumentError(f"{name} was not given", name, "call again with it")
    if kind == "extra_forbidden":
        needed = "only those that are described"
        return ToolArgumentError(f"the unknown argument {name}", needed, "leave it out")
    if kind == "timezone_aware":
        return ToolArgumentError(
            f"{name} was {quoted(problem['input'])}, without a zone",
            "a time with its zone",
            "end it with Z for UTC, or with an offset such as +02:00",
        )
    came = f"{name} was {quoted(problem['input'])}"
    if kind.startswith("datetime"):
        needed = "a time of the calendar"
        return ToolArgumentError(came, needed, "write it like 2026-07-01T12:00:00Z")
    context = problem.get("ctx", {})
    needed = context.get("needed") or SHOULD.sub("", problem["msg"])
    return ToolArgumentError(came, needed, context.get("remedy", AGAIN))


def where(location: tuple[int | str, ...]) -> str:
    """Name a place among the arguments: `media[0].units.fx`."""
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return name.removeprefix(".") or "the arguments"


def quoted(value: object) -> str:
    """Write a value as JSON, cut where it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=lambda item: type(item).__name__)
    except (TypeError, ValueError):
        text = type(value).__name__
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)"
