"""`sensorium demo`: remember real samples of six modalities, and ask across them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sensorium.cli.browsing import open_in_browser
from sensorium.cli.options import OWNER, AsJson
from sensorium.cli.session import Session
from sensorium.cli.terminal import counting, print_json, reporting

if TYPE_CHECKING:
    from sensorium.memory import Hit, Memory, Moment
    from sensorium.percepts import Percept

HITS = 3  # shown for each question
BATCH = 8  # samples encoded together: few enough for the bar to move
LIKELY = 0.5  # least confidence of a hit, where the right answer is "nothing"


@dataclass(frozen=True)
class Question:
    """A question of the demo.

    Attributes:
        title: The question in words, to print.
        query: Query for `Memory.recall`.
        modalities: Modalities to search; `None` for all.
        min_confidence: Least confidence of a hit.
    """

    title: str
    query: str | Percept | Sequence[Percept]
    modalities: Sequence[str] | None = None
    min_confidence: float | None = None


def questions() -> list[Question]:
    """Return the questions; each crosses modalities, so that no sample finds itself."""
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
    """Yield a moment for each sample and each note."""
    from sensorium.memory import Moment
    from sensorium.samples import FOLDER, NOTES, notes, sample

    for path in sorted(FOLDER.glob("[dipst]*_*.*")):
        yield Moment((sample(path.name),), source=path.name)
    for note in notes():
        yield Moment(text=note, source=NOTES.name)


def demo(
    *,
    memory: Annotated[
        str | None, typer.Option(metavar="PLACE", help="Where to keep the memory, to ask it more.")
    ] = None,
    page: Annotated[
        bool,
        typer.Option("--page", help="Open a page on the samples in the browser, to ask there."),
    ] = False,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="With --page: open the browser, or print only.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Remember the samples that come with the package, and ask across modalities."""
    if page and as_json:
        raise typer.BadParameter("a page is no JSON; leave one of the two out", param_hint="--json")
    with (
        reporting(as_json=as_json),
        nullcontext(memory) if memory else TemporaryDirectory(prefix="sensorium-") as place,
        Session(str(place)).opened(begin=True) as opened,
    ):
        from sensorium.samples import FOLDER

        samples, began = list(moments()), perf_counter()
        with counting("remembering", as_json=as_json) as progress:
            opened.remember_many(samples, batch_size=BATCH, progress=progress)
        seconds = perf_counter() - began
        if not as_json:
            typer.echo(f"Remembered {len(samples)} samples in {seconds:.1f} s, from {FOLDER}")
        if page:
            _show_page(opened, open_page=open_page)
            return
        answers: list[dict[str, Any]] = []
        for question in questions():
            hits = opened.recall(
                question.query,
                limit=HITS,
                modalities=question.modalities,
                min_confidence=question.min_confidence,
            )
            answers.append({"question": question.title, "hits": [hit.to_dict() for hit in hits]})
            if not as_json:
                _print_answer(question, hits)
    if as_json:
        print_json({"samples": len(samples), "seconds": round(seconds, 3), "answers": answers})
        return
    typer.echo(
        "\nconf is the probability that a hit is not a coincidence. The encoder was"
        "\ntrained on most of these samples: this is a demonstration, not a measurement."
    )
    if memory:
        typer.echo(f'Ask more: sensorium recall "rain" --memory {memory} --owner {OWNER}')


def _show_page(memory: Memory, *, open_page: bool) -> None:
    """Serve the page of a memory on this machine until Ctrl-C, and print the link to it."""
    from sensorium.server.serving import serve

    def announce(link: str) -> None:
        typer.echo(f"Open {link}\nIt works once, within ten minutes. Ctrl-C ends the page.")
        if open_page:
            open_in_browser(link)

    with suppress(KeyboardInterrupt):
        serve(memory, port=0, announce=announce)


def _print_answer(question: Question, hits: Sequence[Hit]) -> None:
    from sensorium.cli.tables import confidence, cut, print_table, span, table, what

    typer.echo(f"\n{question.title}")
    if not hits:
        typer.echo("  nothing, which is right: no sample is about that")
        return
    shown = table("score", "conf", "modality", "span", "what", right=("score", "conf"), wide="what")
    for hit in hits:
        shown.add_row(
            f"{hit.score:.2f}",
            confidence(hit.confidence),
            hit.modality,
            span(hit.span, hit.modality),
            cut(what(hit.record)),
        )
    print_table(shown, indent=2)
