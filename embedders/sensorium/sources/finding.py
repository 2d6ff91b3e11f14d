"""Finding files: which of a folder are read, how, and why others are not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from sensorium.errors import PerceptError, PerceptFormatError, SensoriumError
from sensorium.percepts.image import Image
from sensorium.percepts.locations import allowed_path, exists, looking_at
from sensorium.percepts.percept import Percept
from sensorium.percepts.readers import Reader, known_options, reader_of, why_skipped
from sensorium.percepts.recognising import is_known_file, modality_of_file
from sensorium.percepts.video import Video
from sensorium.sources.account import BESIDE, RULES, WAITING, Account
from sensorium.sources.belonging import live_films, subtitles
from sensorium.sources.documents.chat_files import messages_of_files, sent_in_chat
from sensorium.sources.documents.chats import ChatReader
from sensorium.sources.documents.messages import Message
from sensorium.sources.reasons import (
    OUTSIDE,
    TO_FOLDER,
    UNKNOWN_KIND,
    Reason,
    as_reason,
    no_file,
    read_with,
    unknown_kind,
)
from sensorium.sources.registry import open as open_source
from sensorium.sources.registry import open_with
from sensorium.sources.rules import RULES_FILE, SKIP, Rule, options_of, read_rules
from sensorium.sources.side_files import (
    SIDE_SUFFIXES,
    SideFile,
    find_side_file,
    left_over,
    read_side_file,
    said_beside,
)
from sensorium.sources.single_file import GENERAL, companions
from sensorium.sources.system_files import left_file, left_folder

OnSkip: TypeAlias = Callable[[Path, Reason], object]  # with what is skipped, and the reason
OnFailure: TypeAlias = Callable[[Path, "SensoriumError | OSError"], object]


@dataclass(frozen=True)
class FoundFile:
    """A file to read, or a folder that is one recording.

    Attributes:
        path: Its path, as it was given or found.
        reader: The reader that takes it; `None` if it is read as one percept.
        rule: The rule that matches it.
        given: Whether it was named itself, and not found in a folder.
        side: The file beside it in which a photo library may say when and where it was taken.
        film: The film of a live photo, a file beside it.
        subtitles: Those of a video, files beside it.
        message: The message of a chat beside it with which it was sent.
    """

    path: Path
    reader: Reader | None = None
    rule: Rule | None = None
    given: bool = False
    side: Path | None = None
    film: Path | None = None
    subtitles: tuple[Path, ...] = ()
    message: Message | None = None

    def modality(self, asked: str | None = None) -> str | None:
        """Return the modality asked for, or that of the rule, or that which the name says.

        Raises:
            MediaDecodeError: Nothing says the modality of a file that no reader takes.
            UnitError: A picture of 16 bits or more, which may be depth, heat or a picture.
        """
        said = asked or (self.rule.modality if self.rule else None)
        return said if said or self.reader else self._own_modality

    @cached_property  # for which the header is read
    def _own_modality(self) -> str:
        return modality_of_file(self.path)

    def options(
        self, given: Mapping[str, Any] | None = None, *, modality: str | None = None
    ) -> dict[str, Any]:
        """Return the options that the file is read with, the `modality` among them.

        Args:
            given: Options for files of several kinds, of which those count that this one has. They
                go before those of the rule.
            modality: Modality that is asked for. If it is not that of the rule, the options of the
                rule do not count.
        Raises:
            PerceptError: As of `modality`.
        """
        found = self.modality(modality)
        rule = self.rule if self.rule and self.rule.modality in (None, found) else None
        if self.reader is not None:
            names = {*known_options(self.reader, self.path.absolute())}
        else:
            names = {*GENERAL, *(options_of(found) if found in Percept.modalities else ())}
        fitting = {name: each for name, each in (given or {}).items() if name in names}
        return {**(rule.options if rule else {}), **fitting, "modality": found}

    def takes(self, option: str) -> bool:
        """Return whether its reader says that it knows an option."""
        return self.reader is not None and option in known_options(
            self.reader, self.path.absolute()
        )

    def open(
        self,
        options: Mapping[str, Any],
        *,
        roots: Sequence[Path] | None = None,
        on_skip: OnSkip | None = None,
    ) -> Iterator[Percept]:
        """Yield the percepts of the file, taken when and where its side file says.

        Args:
            options: What `options` returned, and others of the reader.
            roots: Directories that the paths must lie in.
            on_skip: Called with the side file if it cannot be read, or is none.
        Raises:
            PerceptError: As of `sensorium.sources.open`.
        """
        if self.given:  # it may not be there, or be of another kind than was asked for
            percepts = open_source(self.path, roots=roots, **options)
        else:
            place = self.path.absolute() if roots is None else allowed_path(self.path, roots)
            percepts = open_with(self.reader, place, options, roots=roots)
        side = self._beside(roots, on_skip) if self.side is not None else None
        if side is not None:
            percepts = (said_beside(each, side) for each in percepts)
        message = self.message
        if message is not None:
            percepts = (sent_in_chat(each, message) for each in percepts)
        return map(self._whole, percepts) if self.parts else percepts

    @property
    def parts(self) -> tuple[Path, ...]:
        """The files beside it that belong to its record."""
        return self.subtitles if self.film is None else (self.film, *self.subtitles)

    def _whole(self, percept: Percept) -> Percept:
        if self.film is not None and isinstance(percept, Image):
            return percept.with_film(self.film)
        if self.subtitles and isinstance(percept, Video):
            return percept.with_subtitles(*self.subtitles)
        return percept

    def _beside(self, roots: Sequence[Path] | None, on_skip: OnSkip | None) -> SideFile | None:
        """Read the side file; the file itself is read whatever is wrong with that."""
        assert self.side is not None
        try:
            if roots is not None:
                allowed_path(self.side, roots)
            side = read_side_file(self.side)
            why = UNKNOWN_KIND
        except PerceptError as error:
            side = None
            why = Reason(f"a side file of {self.path.name} that cannot be read, {error.came}")
        if side is None and on_skip is not None:
            on_skip(self.side, why)
        return side


@dataclass
class Search:
    """One search of files and folders.

    Attributes:
        rules: Rules that go before those of the folders.
        modality: Modality of the files; by default their names say it.
        on_skip: Called with each file that is skipped, and the reason.
        on_failure: Called with a file that may not be read, or a folder that cannot be listed.
        roots: Directories that the files must lie in, links followed; `None` allows all.
        account: Notes what became of each file.
        options: Those of the call, by which chats are read that say when files were sent.
    """

    rules: Sequence[Rule]
    modality: str | None
    on_skip: OnSkip
    on_failure: OnFailure
    roots: Sequence[Path] | None = None
    account: Account = field(default_factory=Account)
    options: Mapping[str, Any] = field(default_factory=dict)
    _unread: set[Path] = field(default_factory=set)  # of no kind that is read; perhaps side files
    _top: Path | None = None  # the folder that is walked, all links followed
    _used: set[Rule] = field(default_factory=set)
    _walked: list[Path] = field(default_factory=list)
    _by_folder: dict[Path, list[Rule]] = field(default_factory=dict)

    def find(self, paths: Iterable[Path]) -> list[FoundFile]:
        """Return the files to read, in the order of the paths, those of folders sorted.

        Raises:
            PerceptFormatError: A rule is not as it should be, or none of the files is for a rule
                of the caller.
            PerceptError: As of `reader_of`, for a path that was given.
        """
        found: dict[Path, FoundFile] = {}
        for path in paths:
            for each in self._walked_through(path) if _is_folder(path) else self._given(path):
                found.setdefault(each.path, each)
        self._report_unused()
        belonging = {
            other: each.path
            for each in found.values()
            if each.rule
            for other in companions(each.path, each.rule.options)
        }
        for path, owner in belonging.items():
            if found.pop(path, None):
                self._skip(path, read_with(owner.name))
        whole = _with_messages(
            self._with_parts(self._with_side_files(found.values())), self.options
        )
        for each in whole:
            self.account.put(each.path, WAITING)
        return whole

    def _with_parts(self, found: Sequence[FoundFile]) -> list[FoundFile]:
        """Return files without the films and subtitles that come with their photos and videos."""
        plain = [each.path for each in found if not each.rule]
        single = {each.path for each in found if each.reader is None}
        films = live_films(path for path in plain if path in single)
        words = subtitles(path for path in plain if path not in films)
        for part in (*films, *words):
            self.account.put(part, BESIDE)
        film_of = {photo: film for film, photo in films.items()}
        words_of: dict[Path, tuple[Path, ...]] = {}
        for path, video in words.items():
            words_of[video] = (*words_of.get(video, ()), path)
        return [
            replace(each, film=film_of.get(each.path), subtitles=words_of.get(each.path, ()))
            for each in found
            if each.path not in films and each.path not in words
        ]

    def _with_side_files(self, found: Iterable[FoundFile]) -> list[FoundFile]:
        """Return files with their side files; what nothing reads and is no side file is skipped."""
        names: dict[Path, set[str]] = {}
        for path in self._unread:
            if path.suffix.lower() in SIDE_SUFFIXES:
                names.setdefault(path.parent, set()).add(path.name)
        paired: list[FoundFile] = []
        for each in found:
            side = None
            among = None if each.given else names.get(each.path.parent)
            if each.reader is None and (each.given or among):
                side = find_side_file(each.path, among)
            paired.append(each if side is None else replace(each, side=side))
        used = {each.side for each in paired}
        for path in sorted(self._unread):
            if path in used:
                self.account.put(path, BESIDE)
            elif self.modality is not None:
                self._skip(path, Reason(f"not {self.modality}", by_suffix=True))
            else:
                self._skip(path, left_over(path) or unknown_kind(path))
        return paired

    def _skip(self, path: Path, why: Reason) -> None:
        self.account.skip(path, why)
        self.on_skip(path, why)

    def _given(self, path: Path) -> Iterator[FoundFile]:
        """Yield a file that was given, with the rule of its folder."""
        if not exists(path):  # whoever reads it says so
            yield FoundFile(path, given=True)
            return
        rules = [*self.rules, *self._rules_in(path.parent)]
        rule = self._rule_for(path, rules)
        if not self._skips(path, rule):
            with self._reporting(path):
                reader = reader_of(path.absolute(), self._asked(rule))
                yield FoundFile(path, reader, rule, given=True)

    def _walked_through(self, folder: Path) -> Iterator[FoundFile]:
        """Yield the files of a folder that was given."""
        self._top = folder.resolve()
        yield from self._of_folder(folder, self.rules)

    def _asked(self, rule: Rule | None) -> str | None:
        """Return the modality that a file has to be of, if the caller or a rule says one."""
        return self.modality or (rule.modality if rule else None)

    def _of_folder(self, folder: Path, outer: Sequence[Rule]) -> Iterator[FoundFile]:
        """Yield a folder that is one recording, or else the files in it.

        Where a rule is for a file in it, it is read file by file.
        """
        rule = self._rule_for(folder, outer)
        if self._skips(folder, rule):
            return
        entries: list[Path] | None = None
        with self._reporting(folder), looking_at(folder, "a folder that can be listed"):
            entries = sorted(folder.iterdir())
        if entries is None:
            return
        reader = None
        with self._reporting(folder):
            reader = reader_of(folder.absolute())
        self._walked.append(folder)
        own = self._rules_in(folder)
        rules = [*outer[: len(self.rules)], *own, *outer[len(self.rules) :]]
        telling = [each for each in rules if each.modality != SKIP]
        if reader is not None and not (telling and _is_for_one(telling, folder)):
            yield FoundFile(folder, reader, rule)
            return
        for path in entries:
            with self._reporting(path):
                yield from self._entry(path, rules)

    def _entry(self, path: Path, rules: Sequence[Rule]) -> Iterator[FoundFile]:
        linked = path.is_symlink()
        if path.is_dir() and not linked:
            if (left := left_folder(path)) is not None:
                self._skip(path, left)
            else:
                yield from self._of_folder(path, rules)
        elif (left := left_file(path)) is not None:
            self._skip(path, left)
        elif path.is_dir():
            self._skip(path, OUTSIDE if self._leads_out(path) else TO_FOLDER)
        elif not path.is_file():
            self._skip(path, no_file(path))
        elif path.name == RULES_FILE:
            self.account.put(path, RULES)
        else:
            if self.roots is not None:
                allowed_path(path, self.roots)
            rule = self._rule_for(path, rules)
            if linked and self._leads_out(path):
                self._skip(path, OUTSIDE)
            elif not self._skips(path, rule):
                yield from self._known(path, rule)

    def _leads_out(self, path: Path) -> bool:
        """Return whether a link leads out of the folder that is walked."""
        return self._top is not None and not path.resolve().is_relative_to(self._top)

    @contextmanager
    def _reporting(self, path: Path) -> Iterator[None]:
        """Report what is wrong with a path, and go on; but not what is wrong with the call."""
        try:
            yield
        except PerceptFormatError:  # of a rule, or of what is installed
            raise
        except (SensoriumError, OSError) as error:
            self.account.fail(path, error)
            self.on_failure(path, error)

    def _known(self, path: Path, rule: Rule | None) -> Iterator[FoundFile]:
        """Yield a file of a folder if something says what it is."""
        said, asked = rule.modality if rule else None, self.modality
        reader = reader_of(path.absolute(), self._asked(rule))
        known = said == asked if said and asked else bool(said) or self._named(path)
        why = None if self._asked(rule) else why_skipped(reader, path)
        if why is not None:
            self._skip(path, as_reason(why))
        elif reader is not None or known:
            yield FoundFile(path, reader, rule)
        else:
            self._unread.add(path)

    def _named(self, path: Path) -> bool:
        """Return whether a file may be of the modality asked for, or else is of a known kind."""
        suffix = path.suffix.lower()
        if self.modality is None:
            return is_known_file(path)
        cls = Percept.modalities[self.modality]
        return suffix in cls.suffixes or (suffix in cls.doubted_suffixes and cls.may_be(path))

    def _rules_in(self, folder: Path) -> list[Rule]:
        if folder not in self._by_folder:
            if self.roots is not None and (folder / RULES_FILE).exists():
                allowed_path(folder / RULES_FILE, self.roots)
            self._by_folder[folder] = []  # whatever is wrong with it is reported once
            self._by_folder[folder] = read_rules(folder.absolute())
        return self._by_folder[folder]

    def _rule_for(self, path: Path, rules: Sequence[Rule]) -> Rule | None:
        absolute = path.absolute()
        rule = next((each for each in rules if each.matches(absolute)), None)
        if rule is not None:
            self._used.add(rule)
        return rule

    def _skips(self, path: Path, rule: Rule | None) -> bool:
        if rule is None or rule.modality != SKIP:
            return False
        self._skip(path, Reason(f"by {rule}"))
        return True

    def _report_unused(self) -> None:
        """Report the rules that no file is read by.

        Raises:
            PerceptFormatError: One of the caller's is among them.
        """
        unused = [rule for rule in self.rules if rule not in self._used]
        if unused:
            raise PerceptFormatError(
                f"{unused[0]}, which is for no file",
                "a pattern that the end of a path matches, before other rules do",
                "correct the pattern, or leave the rule out",
            )
        for folder in self._walked:
            for rule in self._rules_in(folder):
                if rule not in self._used:
                    self._skip(folder / RULES_FILE, Reason(f"{rule.match!r} is for no file"))


def _with_messages(found: Sequence[FoundFile], given: Mapping[str, Any]) -> list[FoundFile]:
    """Return files with the messages of the chats that name them."""
    sent: dict[Path, Message] = {}
    for each in found:
        if isinstance(each.reader, ChatReader):
            options = each.options(given)
            for path, message in messages_of_files(each.path, options).items():
                sent.setdefault(path, message)
    return [
        replace(each, message=sent[each.path])
        if each.reader is None and not each.rule and each.path in sent
        else each
        for each in found
    ]


def _is_folder(path: Path) -> bool:
    return exists(path) and path.is_dir()


def _is_for_one(rules: Sequence[Rule], folder: Path) -> bool:
    """Return whether a rule is for a file in a folder, or in the folders in it."""
    files = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return any(rule.matches(file.absolute()) for file in files for rule in rules)
