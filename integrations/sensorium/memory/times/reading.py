"""Reading the times in a question, so that they limit where it is looked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sensorium.errors import QueryError, show
from sensorium.memory.times import spans
from sensorium.memory.times.joining import CLOCKS, from_clock, hour, together
from sensorium.memory.times.languages import is_word_elsewhere, languages_of
from sensorium.memory.times.own_words import LANGUAGES, OwnWords, own_words
from sensorium.memory.times.phrases import Phrase, latest, phrases
from sensorium.memory.times.spans import Span
from sensorium.memory.times.vocabulary import any_of, vocabulary

LONGEST = 2000  # characters of a question that is read for times
SMALL_LETTERS = ("en", "fr", "es", "it", "pt", "nl", "ru")  # languages that write "night" small
WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class TimesRead:
    """What a question says of times.

    Attributes:
        text: The question without the words that name a time; all of it if nothing else is left.
        since: Beginning of what is meant, with its zone; `None` if it is open.
        until: End of what is meant, which is not part of it; `None` if it is open.
        words: The words that were understood.
        language: Language in which they were read, such as `"en"`.
    """

    text: str
    since: datetime | None
    until: datetime | None
    words: str
    language: str

    def __str__(self) -> str:
        """Say what was understood: "yesterday: since 2026-07-14 00:00, before 2026-07-15 00:00"."""
        bounds = (("since", self.since), ("before", self.until))
        said = ", ".join(f"{name} {time:%Y-%m-%d %H:%M}" for name, time in bounds if time)
        return f"{self.words}: {said}"

    def to_dict(self) -> dict[str, Any]:
        """Return what was read, ready for JSON."""
        return {
            "words": self.words,
            "language": self.language,
            "text": self.text,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
        }


def read_times(
    question: str, *, now: datetime | None = None, languages: Sequence[str] | None = None
) -> TimesRead | None:
    """Read the times in a question: "yesterday morning", "last summer", "between two and three".

    Times are of the past: a weekday is the latest, "at three" was today or yesterday. Days begin
    at midnight, weeks on Monday, seasons with March, June, September and December. The future is
    not read. The words are those of dateparser and some of our own, in English, German, French,
    Spanish, Italian, Portuguese, Dutch, Russian, Arabic, Hindi, Chinese and Japanese.

    Args:
        question: Words of a question.
        now: The present; by default that of this machine, in its zone.
        languages: Codes of the languages to try; by default those that the question may be in.
    Returns:
        What was read, or `None` if the question names no time.
    Raises:
        QueryError: `now` has no zone, or a language is not known.
    """
    if now is not None and now.tzinfo is None:
        raise QueryError(
            f"now={show(now)}", "a time with its zone", "write datetime.now().astimezone()"
        )
    unknown = sorted(set(languages or ()) - set(LANGUAGES))
    if unknown:
        raise QueryError(
            f"languages={show(languages)}", f"some of {', '.join(LANGUAGES)}", "leave it out"
        )
    best = _best(question, now, languages or languages_of(question), alone=False)
    if best is None or is_word_elsewhere(best.words, best.language, question):
        return None
    return best.read(now)


def read_time(words: str, *, now: datetime | None = None) -> TimesRead | None:
    """Read words that are a time and nothing else: "yesterday", "last summer", "May 2024".

    Args:
        words: Words in one of the languages of `read_times`.
        now: The present; by default that of this machine, in its zone.
    Returns:
        What was read, or `None` if the words, or some of them, are no time.
    """
    best = _best(words, now, languages_of(words), alone=True)
    if best is None or best.rest() != words:  # something is left beside the time
        return None
    return best.read(now)


def _best(
    question: str, now: datetime | None, languages: Sequence[str], *, alone: bool
) -> _Reading | None:
    """Return the reading that understands most of a question, if one understands any."""
    if len(question) > LONGEST:
        return None
    local = (now or datetime.now()).replace(tzinfo=None)
    tried = [_Reading(question, each, local, alone=alone) for each in languages]
    if any(each.altered for each in tried):  # in another language the same words may not be
        return None
    best = max(tried, key=lambda each: len(each.words))
    return best if best.words else None


def _zoned(time: datetime | None, now: datetime | None) -> datetime | None:
    if time is None:
        return None
    return time.astimezone() if now is None else time.replace(tzinfo=now.tzinfo)


class _Reading:
    """A question as it is read in one language; `alone` if it should be a time and no more."""

    def __init__(self, question: str, language: str, now: datetime, *, alone: bool) -> None:
        self.question, self.language, self.now, self.is_time = question, language, now, alone
        self.own = own_words(language)
        self.since: datetime | None = None
        self.until: datetime | None = None
        self.begin = self.end = 0
        joined = self._joined(phrases(question, language, now))
        self.altered = any(map(self._is_altered, joined))
        found = not self.altered and (self._between(joined) or self._single(joined))
        if not found:
            self.words = ""
            return
        self.words = question[self.begin : self.end].strip()

    def read(self, now: datetime | None) -> TimesRead:
        """Return what was read, in the zone of the present."""
        since, until = (_zoned(each, now) for each in (self.since, self.until))
        return TimesRead(self.rest(), since, until, self.words, self.language)

    def rest(self) -> str:
        """Return the question without what was read."""
        parts = [self.question[: self.begin].rstrip(" ,"), self.question[self.end :].lstrip(" ,")]
        text = (" " if self.own.spaced else "").join(part for part in parts if part)
        text = re.sub(r"\s+([?.!\uff1f\u3002])", r"\1", text).strip()
        return text if any(letter.isalnum() for letter in text) else self.question

    def _joined(self, found: list[Phrase]) -> list[Phrase]:
        """Join a day and its part or its hour, a month and its year, and what needs a neighbour."""
        joined: list[Phrase] = []
        for phrase in found:
            pair = self._pair(joined[-1], phrase) if joined else None
            if pair is None:
                joined.append(phrase)
            else:
                joined[-1] = pair
        return joined

    def _pair(self, first: Phrase, second: Phrase) -> Phrase | None:
        if not _matches(self.own.joins, self.question[first.end : second.begin]):
            return None
        for one, other in ((first, second), (second, first)):
            span = together(one, other, self.now)
            if span is not None:
                # "Friday night" may be of a name as well as "Friday"
                bare = one.open and (one.kind, other.kind) == ("weekday", "part")
                return Phrase(first.begin, second.end, span, "evening" if bare else "span", 0, bare)
        return None

    def _single(self, found: list[Phrase]) -> bool:
        """Read the first time, and whether it is meant since then or until then."""
        for phrase in found:
            span = self._alone(phrase, led=self.is_time)
            if span is None:
                continue
            self.begin, self.end = phrase.begin, phrase.end
            for words, since, until in (
                (self.own.since, span.start, None),
                (self.own.after, span.start if span.grain == "hour" else span.end, None),
                (self.own.until, None, span.end),
                (self.own.before, None, span.start),
            ):
                if self._take(*words):
                    self.since, self.until = since, until
                    break
            else:
                self._take_leads()
                self.since, self.until = span.start, span.end
            self._take("", self.own.trails)
            return True
        return False

    def _between(self, found: list[Phrase]) -> bool:
        """Read two times with a word between them, such as "from May to July"."""
        opening, middle, closing = self.own.between
        for first, second in pairwise(found):
            if not _matches(middle, self.question[first.end : second.begin], needed=True):
                continue
            self.begin, self.end = first.begin, second.end
            if first.kind == second.kind == "number":  # not "from one to five"
                opening = opening.split("|")[0]
            opened, closed = self._take(opening, ""), self._take("", closing)
            if not (opened or closed) or (opening and not opened and not closing):
                continue
            pair = self._bounds(first, second)
            if pair is not None:
                self.since, self.until = pair
                return True
        return False

    def _bounds(self, first: Phrase, second: Phrase) -> tuple[datetime, datetime] | None:
        if first.kind == second.kind == "number" and not self._ends_at(self.end):
            return None  # between two and three trees
        if first.kind in CLOCKS:
            return from_clock(first, second, self.now)
        begin, end = self._alone(first, led=True), self._alone(second, led=True)
        if begin is None or end is None or begin.start >= end.end:
            return None
        return begin.start, end.end

    def _ends_at(self, end: int) -> bool:
        """Return whether nothing but signs follows in the question."""
        return not any(letter.isalnum() for letter in self.question[end:])

    def _alone(self, phrase: Phrase, *, led: bool = False) -> Span | None:
        """Return the span of a phrase that has no neighbour, if a small word says it is a time."""
        if self._is_name(phrase):
            return None
        if phrase.span is not None:
            return phrase.span if led or self._is_plain(phrase) else None
        during = led or self._is_bound(phrase) or self._is_behind(phrase, self.own.during)
        of = during or self._is_behind(phrase, self.own.of) or not self.own.spaced
        span: Span | None = None
        if phrase.kind == "clock" and (during or self._is_behind(phrase, self.own.leads)):
            span = hour(phrase, self.now)
        elif phrase.kind == "year" and of:
            span = spans.year(int(phrase.value))
        elif (phrase.kind == "season" and during) or (phrase.kind == "month" and of):
            span = latest(phrase.kind, phrase.value, self.now)
        return span

    def _is_plain(self, phrase: Phrase) -> bool:
        """Return whether a phrase is a time wherever it stands, or stands where one does.

        "Monday" in the middle of a question may be a name; at its end, or behind "on", it is a day.
        """
        if not (phrase.open and self.own.on):
            return True
        return (
            self._ends_at(phrase.end)
            or self._is_before(phrase, self.own.trails)
            or self._is_bound(phrase)
            or self._is_behind(phrase, self.own.on)
            or (phrase.kind == "evening" and self._is_before(phrase, self._small))
        )

    @property
    def _small(self) -> str:
        """An expression of the frequent short words of the language."""
        return "|".join(map(re.escape, self.own.hints.split()))

    def _is_name(self, phrase: Phrase) -> bool:
        """Return whether capitals say that a time is of a title: "Last Night in Soho".

        The first word of a question has one anyway, and so may days, months and seasons.
        """
        ends = self._ends_at(phrase.end) and self._is_behind(phrase, self.own.on)
        capitals = self.language not in SMALL_LETTERS or self.question.isupper()
        if capitals or ends or self.is_time:
            return False
        known = vocabulary(self.language)
        named = any_of([*known.months, *known.weekdays, *self.own.seasons, *self.own.halves])
        return any(
            word[0][0].isupper()
            and phrase.begin + word.start() > 0
            and not re.fullmatch(f"(?:{named})", word[0], re.IGNORECASE)
            for word in WORD.finditer(self.question[phrase.begin : phrase.end])
        )

    def _is_behind(self, phrase: Phrase, words: str) -> bool:
        """Return whether a phrase stands right behind some words."""
        ending = _ending(words, self.own)
        return bool(re.search(ending, self.question[: phrase.begin], re.IGNORECASE))

    def _is_before(self, phrase: Phrase, words: str) -> bool:
        """Return whether a phrase stands right before some words."""
        beginning = _beginning(words, self.own)
        return bool(re.match(beginning, self.question[phrase.end :], re.IGNORECASE))

    def _is_bound(self, phrase: Phrase) -> bool:
        """Return whether a phrase is a bound: "since March"."""
        own = self.own
        return any(
            self._is_behind(phrase, before) or self._is_before(phrase, behind)
            for before, behind in (own.since, own.after, own.until, own.before)
        )

    def _is_altered(self, phrase: Phrase) -> bool:
        """Return whether a word makes another time of one: "half an hour ago", "every Monday"."""
        before, behind = self.own.alters
        led = rf"(?:{before})(?:\s*(?:{self.own.leads}))?" if before else ""
        return self._alone(phrase) is not None and (
            self._is_behind(phrase, led)
            or self._is_before(phrase, behind)
            or self._is_vague(phrase)
        )

    def _is_vague(self, phrase: Phrase) -> bool:
        """Return whether a time is more, or less, than the one that is named: "over a year ago"."""
        before, holding = self.own.vague
        named = self.question[phrase.begin : phrase.end]
        return self._is_behind(phrase, before) and bool(re.search(holding, named, re.IGNORECASE))

    def _take(self, before: str, behind: str) -> bool:
        """Widen what was read by a word before it, or behind; return whether one was there."""
        taken = False
        if before:
            leads = rf"(?:(?:{self.own.leads})\s*)?"
            ending = _ending(before, self.own)[:-1] + leads + "$"
            match = re.search(ending, self.question[: self.begin], re.IGNORECASE)
            if match:
                self.begin, taken = match.start(), True
        beginning = _beginning(behind, self.own)
        match = re.match(beginning, self.question[self.end :], re.IGNORECASE)
        if match:
            self.end, taken = self.end + match.end(), True
        return taken

    def _take_leads(self) -> None:
        """Widen what was read by the small words before it: "on", "in the"."""
        for _ in range(2):
            ending = _ending(self.own.leads, self.own)
            match = re.search(ending, self.question[: self.begin], re.IGNORECASE)
            if not match:
                return
            self.begin = match.start()


def _beginning(words: str, own: OwnWords) -> str:
    """Return an expression of words at the beginning of what follows a time."""
    edge = r"(?!\w)" if own.spaced else ""
    return rf"\s*(?:{words}){edge}" if words else r"(?!)"


def _ending(words: str, own: OwnWords) -> str:
    """Return an expression of words at the end of what precedes a time."""
    edge = r"(?<!\w)" if own.spaced else ""
    return rf"{edge}(?:{words})\s*$" if words else r"(?!)"


def _matches(words: str, between: str, *, needed: bool = False) -> bool:
    text = between.strip()
    if not text:
        return not needed
    return bool(re.fullmatch(f"(?:{words})", text, re.IGNORECASE))
