"""What a request brings is remembered: all of it as one memory, or each signal as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from sensorium.agents.arguments import Remember, check_content
from sensorium.agents.time_arguments import Time, expiry
from sensorium.agents.wording import refusal, told
from sensorium.errors import RequestError, SensoriumError
from sensorium.memory import Memory, Moment, Remembered
from sensorium.memory.records import Origin as SaidBy
from sensorium.percepts import Percept, Place, Pose
from sensorium.server.answers import models
from sensorium.server.answers.progress import Step
from sensorium.server.routes.bodies import Body, Sent, Units

BATCH = 4  # moments remembered together: few enough for the progress to move


Expiring = Annotated[Time | None, Field(description="Forget it at this time; instead of ttl.")]


def _read_place(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """Read a place; say in words what is needed, not which fields of which class are missing."""
    try:
        return read(value)
    except ValidationError as error:
        raise refusal(
            "a place on Earth, in degrees, or a pose in a frame, in metres",
            'write {"latitude": 48.8584, "longitude": 2.2945}, or {"x": 1.5, "y": 2.0, "frame": '
            '"map"}',
        ) from error


Located = Annotated[models.Place | models.Pose, WrapValidator(_read_place)]
Where = Annotated[Located | None, Field(description="Where it was, on Earth or in a frame.")]
KeepMedia = Annotated[
    bool | None, Field(description="Keep the signals, not only their vectors; true by default.")
]
WithSound = Annotated[
    bool | None, Field(description="Remember the sounds of videos with them; true by default.")
]


class NewMemory(Remember):
    """What to remember."""

    media: Sent = None  # type: ignore[assignment]  # signals without paths, which are signals
    expires_at: Expiring = None
    dated: Time | None = Field(
        default=None, description="When it was, where nothing states it: the age of a file."
    )
    place: Where = None
    origin: SaidBy | None = Field(
        default=None,
        description="Who says so; if it is left out, file for media, and tool for words alone.",
    )
    keep_media: KeepMedia = None
    sound: WithSound = None
    enrich: bool | list[str] | None = Field(
        default=None, description="Find the words in it: true, or read, listen, subtitles."
    )
    id: str | None = Field(
        default=None, description="Id of the memory; one that has it is replaced."
    )
    units: Units = None


def remember(
    memory: Memory, body: Body[NewMemory], step: Step, *, together: bool
) -> tuple[Sequence[Remembered], list[dict[str, Any]]]:
    """Remember what a request brings.

    Args:
        memory: The memory.
        body: What came.
        step: Reports the progress.
        together: Whether all signals are one memory.
    Returns:
        What is kept; and which signals failed, by their places, and why.
    Raises:
        SensoriumError: Nothing could be kept; the first reason.
    """
    about = body.about
    check_content(about.text, body.places)
    body.check_text(about.text, "text")
    shared: dict[str, Any] = {
        "text": about.text if about.text.strip() else None,
        "at": about.at,
        "tags": tuple(about.tags or ()),
        "source": about.source or None,
        "metadata": about.metadata,
        "expires_at": expiry_of(about.ttl, about.expires_at),
        "dated": about.dated,
        "place": place_of(about.place),
        "supersedes": about.supersedes,
        "origin": _origin(body),
    }
    how: dict[str, Any] = {
        "keep_media": about.keep_media,
        "sound": about.sound,
        "enrich": about.enrich,
    }
    documents = any(map(body.is_document, body.places))
    if not documents and (together or len(body.places) < 2):
        percepts = read_all(body, step)
        kept = memory.remember(*percepts, id=about.id, **shared, **how)
        step(len(percepts) + 1, len(percepts) + 1, "kept")
        return [kept], []
    if about.id is not None:
        raise RequestError(
            "one id for several memories",
            "none, or one memory",
            "leave id out, or send together=true",
        )
    return _remember_each(memory, body, shared, how, step)


def _origin(body: Body[NewMemory]) -> SaidBy | None:
    """Return who says so; null is for nobody in particular."""
    if "origin" in body.about.model_fields_set:
        return body.about.origin
    return "file" if body.places else "tool"


def expiry_of(ttl: timedelta | None, expires_at: datetime | None) -> datetime | None:
    """Return when something expires, of which one way to say it was given at most.

    Raises:
        RequestError: Both were.
    """
    if ttl is not None and expires_at is not None:
        raise RequestError("ttl and expires_at", "one of them", "leave the other out")
    return expiry(ttl) or expires_at


def place_of(given: models.Place | models.Pose | None) -> Place | Pose | None:
    """Return a place that was given.

    Raises:
        PerceptValueError: One of its numbers is out of range.
    """
    if isinstance(given, models.Pose):
        return Pose(**given.model_dump())
    return None if given is None else Place(given.latitude, given.longitude, given.altitude)


def read_all(body: Body[Any], step: Step) -> list[Percept]:
    """Read all signals of a body, and report each."""
    count = len(body.places)
    percepts = []
    for place in body.places:
        step(place, count + 1, f"reading {body.name(place)}")
        percepts.append(body.percept(place))
    step(count, count + 1, "remembering")
    return percepts


def _remember_each(
    memory: Memory,
    body: Body[NewMemory],
    shared: dict[str, Any],
    how: dict[str, Any],
    step: Step,
) -> tuple[Sequence[Remembered], list[dict[str, Any]]]:
    """Remember each signal by itself; what fails does not keep the others from it."""
    failures: dict[int, SensoriumError] = {}
    places: list[int] = []  # of the moments' signals

    def moments() -> Iterator[Moment]:
        for place in body.places:
            try:
                for percept in body.percepts(place):
                    places.append(place)
                    yield Moment(percept, **shared)
            except SensoriumError as error:
                failures[place] = error

    total = len(body.places)
    report = memory.remember_many(
        moments(),
        batch_size=BATCH,
        progress=lambda done, _: step(done + len(failures), total, "remembering"),
        **how,
    )
    failures |= {places[failure.index]: failure.error for failure in report.failures}
    if not report.remembered:
        if not failures:
            raise RequestError("documents without contents", "words or pictures", "leave them out")
        raise failures[min(failures)]
    failed = [
        {"media": place, "error": f"{body.name(place)}: {told(error)}"}
        for place, error in sorted(failures.items())
    ]
    return report.remembered, failed
