"""Spoken words in sounds and videos, heard by Whisper (faster-whisper), where there is speech."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders.forking import Lock
from sensorium.enrich.found import Found, Word
from sensorium.enrich.whisper_weights import find_weights
from sensorium.errors import CheckpointFormatError, MissingExtraError
from sensorium.percepts import Audio, Percept, Span, Video

RATE = 16_000  # Hz, what the models hear
BLOCK = 300.0  # seconds that are heard at once
PAUSE = 500  # ms without speech that end a stretch of it
SPEECH = 30.0  # seconds of speech without a pause that are heard as one, at most
AT_THE_END = 0.5  # seconds before the end of a block; speech that goes on there may be cut
LEAST_SURE = math.exp(-1.0)  # mean chance of a word; below, Whisper's authors leave a stretch out
LONGEST = 240  # letters that are kept as one stretch
BREAK = 2.0  # seconds without words that end a stretch

Wave = NDArray[np.float32]  # (n,), mono at RATE


class SpeechListener:
    """Hears what is said. Silence, noise and music are left to the gate, which knows speech.

    The gate takes about 3 ms of one processor for each second of sound; Whisper tiny about 0.3 s
    for each second of speech, base three times as long.
    """

    modalities = frozenset({"audio", "video"})

    def __init__(
        self,
        *,
        model: str | os.PathLike[str] | None = None,
        language: str | None = None,
        threads: int = 0,
    ) -> None:
        """Find the weights; they are opened when something is said for the first time.

        Args:
            model: A folder with a converted model, or the name of one, which is downloaded when it
                is first used (`"small"`); by default what the variable SENSORIUM_WHISPER says, else
                an installed package that brings weights.
            language: Two letters of the language that is spoken, such as `"de"`; by default it is
                told from the first half minute of speech.
            threads: Processors to use; 0 leaves it to CTranslate2.
        Raises:
            MissingExtraError: `faster-whisper` is not installed: `pip install "sensorium[speech]"`.
            CheckpointNotFoundError: There are no weights; the message says where to get them.
        """
        try:
            import faster_whisper  # noqa: F401  # now, so that the error comes when it is opened
        except ImportError as error:
            raise MissingExtraError.for_package("faster-whisper", "speech") from error
        self._given = model
        self._weights = find_weights(model)
        self._language, self._threads = language, threads
        self.by = f"{self._weights.name}, faster-whisper {version('faster-whisper')}"
        self._lock = Lock()
        self._model: tuple[int, Any] | None = None  # of this process: a fork cannot use it

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._given, self._language, self._threads)

    def find(self, percept: Percept) -> Iterator[Found]:
        """Yield what is said in a sound, or in the sound of a video, a few sentences at a time.

        Memory holds five minutes of sound, however long it is.

        Args:
            percept: An `Audio` or a `Video`; a video without sound has no words.
        Raises:
            PerceptError: The percept cannot be read.
            CheckpointFormatError: The weights cannot be opened.
        """
        if isinstance(percept, Video):
            if not percept.has_sound:
                return
            percept = percept.sound()
        if isinstance(percept, Audio):
            yield from self._stretches(self._segments(percept))

    def _segments(self, sound: Audio) -> Iterator[Any]:
        """Yield what Whisper heard, with times from the start of the sound."""
        language = self._language
        for offset, wave in _whole_stretches(sound):
            with self._lock:
                segments, info = self._open().transcribe(
                    wave,
                    language=language,
                    temperature=(0.0, 0.2, 0.4),
                    condition_on_previous_text=False,  # a mistake would go on to the next stretch
                    vad_filter=True,
                    vad_parameters=_speech(),
                    word_timestamps=True,
                )
                heard = list(segments)
            language = language or info.language
            for segment in heard:
                if math.exp(segment.avg_logprob) >= LEAST_SURE and segment.words:
                    yield offset, segment

    def _stretches(self, segments: Iterator[Any]) -> Iterator[Found]:
        """Join what follows closely, up to a few sentences."""
        words: list[Word] = []
        chances: list[float] = []
        for offset, segment in segments:
            own = [Word(w.word, offset + w.start, offset + w.end) for w in segment.words]
            letters = sum(len(word.text) for word in [*words, *own])
            if words and (letters > LONGEST or own[0].start - words[-1].end > BREAK):
                yield self._found(words, chances)
                words, chances = [], []
            words += own
            chances.append(math.exp(segment.avg_logprob))
        if words:
            yield self._found(words, chances)

    def _found(self, words: list[Word], chances: list[float]) -> Found:
        return Found(
            "".join(word.text for word in words).strip(),
            "heard",
            self.by,
            Span(round(float(words[0].start), 2), round(float(words[-1].end), 2)),
            confidence=min(1.0, sum(chances) / len(chances)),
            words=tuple(
                Word(word.text.strip(), round(float(word.start), 2), round(float(word.end), 2))
                for word in words
            ),
        )

    def _open(self) -> Any:
        """Return the model, opened in this process."""
        if self._model is None or self._model[0] != os.getpid():
            from faster_whisper import WhisperModel

            try:
                model = WhisperModel(
                    self._weights.model,
                    device="cpu",
                    compute_type="int8",
                    cpu_threads=self._threads,
                    files=self._weights.files(),
                )
            except MemoryError:
                raise
            except Exception as error:  # CTranslate2 raises RuntimeError, its readers anything
                raise CheckpointFormatError(
                    f"the weights of {self._weights.name}, which cannot be opened ({error})",
                    "a model of Whisper that was converted for CTranslate2",
                    "get it anew, or name another one: model=",
                ) from error
            self._model = os.getpid(), model
        return self._model[1]


def _speech() -> Any:
    from faster_whisper.vad import VadOptions

    return VadOptions(min_silence_duration_ms=PAUSE, max_speech_duration_s=SPEECH)


def _whole_stretches(sound: Audio) -> Iterator[tuple[float, Wave]]:
    """Yield the parts of a sound that have speech, with their start; none cuts through a word."""
    from faster_whisper.vad import get_speech_timestamps

    held: Wave = np.empty(0, np.float32)
    start = 0  # samples before those held
    for block in sound.blocks(RATE, seconds=BLOCK):
        held = np.concatenate([held, block])
        speech = get_speech_timestamps(held, _speech())
        last = speech[-1] if speech else {"start": 0, "end": 0}
        goes_on = last["end"] > len(held) - AT_THE_END * RATE
        end = last["start"] if goes_on and last["start"] > 0 else len(held)
        if any(stretch["end"] <= end for stretch in speech):
            yield start / RATE, held[:end]
        held, start = held[end:], start + end
    if len(held) and get_speech_timestamps(held, _speech()):
        yield start / RATE, held


def _again(
    model: str | os.PathLike[str] | None, language: str | None, threads: int
) -> SpeechListener:
    """Return a listener that was pickled."""
    return SpeechListener(model=model, language=language, threads=threads)
