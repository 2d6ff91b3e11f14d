"""`sensorium demo`: remember real samples of six senses, then ask across the senses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.opening import opened
from sensorium.cli.options import ENCODER, OWNER, AsJson
from sensorium.cli.terminal import counting, print_json, reporting

if TYPE_CHECKING:
    from sensorium.memory import Hit, Moment
    from sensorium.percepts import Percept

HITS = 3  # of each question
BATCH = 8  # samples encoded together: few enough for the bar to move
LIKELY = 0.5  # the confidence asked for where nothing may be the answer


@dataclass(frozen=True)
class Question:
    """What the demo asks.

    Attributes:
        asked: In words, for whoever watches.
        query: What `Memory.recall` is given.
        modalities: The senses to search; all, where `None`.
        min_confidence: Leave out what may well be coincidence.
    """

    asked: str
    query: str | Percept | Sequence[Percept]
    modalities: Sequence[str] | None = None
    min_confidence: float | None = None


def questions() -> list[Question]:
    """Return the questions, each across two senses or more; a sample never finds itself."""
    from sensorium.samples import sample

    bark, sea = sample("sound_dog_bark"), sample("sound_sea_waves")
    return [
        Question('the words "a dog barking"', "a dog barking"),
        Question('the words "a helicopter"', "a helicopter"),
        Question('the words "someone walking"', "someone walking"),
        Question("the sound of a piano, to pictures", sample("sound_piano"), ["image"]),
        Question("a photo of a dog, to sounds", sample("photo_dog"), ["audio"]),
        Question("a bark + the sea, to notes and pictures", [bark, sea], ["image", "text"]),
        Question("a thermal picture of a dog, to photos", sample("thermal_dog"), ["image"]),
        Question("a depth map of a helicopter, to photos", sample("depth_helicopter"), ["image"]),
        Question(
            f'the words "quarterly tax report", with a confidence of {LIKELY} at least',
            "quarterly tax report",
            min_confidence=LIKELY,
        ),
    ]


def moments() -> Iterator[Moment]:
    """Give every sample as a memory of its own, and the notes."""
    from sensorium.memory import Moment
    from sensorium.samples import FOLDER, NOTES, notes, sample

    for path in sorted(FOLDER.glob("[dipst]*_*.*")):
        yield Moment((sample(path.name),), source=path.name)
    for note in notes():
        yield Moment(text=note, source=NOTES.name)


def demo(
    *,
    memory: Annotated[
        str | None, typer.Option(metavar="PLACE", help="Keep the memory here, to ask it more.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Remember the samples that came with the package, and ask across the senses."""
    with (
        reporting(as_json=as_json),
        nullcontext(memory) if memory else TemporaryDirectory(prefix="sensorium-") as place,
        opened(str(place), owner=OWNER, encoder=ENCODER, begin=True) as mine,
    ):
        from sensorium.samples import FOLDER

        samples, began = list(moments()), perf_counter()
        with counting("remembering", as_json=as_json) as bar:
            mine.remember_many(samples, batch_size=BATCH, progress=bar)
        seconds = perf_counter() - began
        if not as_json:
            typer.echo(f"Remembered {len(samples)} samples in {seconds:.1f} s, from {FOLDER}")
        answers: list[dict[str, Any]] = []
        for question in questions():
            hits = mine.recall(
                question.query,
                limit=HITS,
                modalities=question.modalities,
                min_confidence=question.min_confidence,
            )
            answers.append({"question": question.asked, "hits": [hit.to_dict() for hit in hits]})
            if not as_json:
                _show(question, hits)
    if as_json:
        print_json({"samples": len(samples), "seconds": round(seconds, 3), "answers": answers})
        return
    typer.echo(
        "\nconf is the chance that a hit is no coincidence. The encoder was trained on most"
        "\nof these samples: this is a demonstration, not a measurement."
    )
    if memory:
        typer.echo(f'Ask more: sensorium recall "rain" --memory {memory} --owner {OWNER}')


def _show(question: Question, hits: Sequence[Hit]) -> None:
    from sensorium.cli.tables import confidence, cut, show, span, table, what

    typer.echo(f"\n{question.asked}")
    if not hits:
        typer.echo("  nothing: rightly, there is no such thing here")
        return
    shown = table("score", "conf", "sense", "span", "what", right=("score", "conf"), wide="what")
    for hit in hits:
        shown.add_row(
            f"{hit.score:.2f}",
            confidence(hit.confidence),
            hit.modality,
            span(hit.span, hit.modality),
            cut(what(hit.record)),
        )
    show(shown, indent=2)
