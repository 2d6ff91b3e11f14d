"""What the server answers, typed, so that the OpenAPI is complete."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from sensorium.agents.chronicle import What
from sensorium.memory.certainty import Certainty
from sensorium.memory.records import Origin


class Answer(BaseModel):
    """What every answer is: nothing in it is unknown to the description of the interface."""

    model_config = ConfigDict(extra="forbid")


class Problem(Answer):
    """An error, as `application/problem+json`.

    Attributes:
        type: Always `"about:blank"`: the code says which error it is.
        title: The status in words.
        status: The status of the answer.
        detail: What came, and what was needed.
        came: Description of what was sent.
        needed: Description of what would be accepted.
        remedy: Instruction that corrects the mistake.
        code: Name of the class of the error.
    """

    type: Literal["about:blank"] = "about:blank"
    title: str
    status: int
    detail: str
    came: str
    needed: str
    remedy: str
    code: str


class Health(Answer):
    """Whether the server runs."""

    status: Literal["ok"] = "ok"


class SessionState(Answer):
    """Who is signed in, and what the memory can do.

    Attributes:
        owner: Owner whose memories are reached.
        rights: Some of read, write, forget and admin, sorted.
        encoder: Name and version of the memory's encoder.
        modalities: Modalities that can be remembered, sorted.
        keeps_media: Whether the signals themselves are kept.
        version: Version of Sensorium.
    """

    owner: str
    rights: list[str]
    encoder: str
    modalities: list[str]
    keeps_media: bool
    version: str


class Place(Answer):
    """Where something was, in degrees and metres of WGS 84; in requests, too."""

    latitude: float
    longitude: float
    altitude: float | None = None


class Pose(Answer):
    """Where something was in a frame, in metres and radians; in requests, too."""

    x: float
    y: float
    z: float = 0.0
    yaw: float | None = None
    frame: str = "map"


class Medium(Answer):
    """One percept of a record; see `sensorium.memory.Medium`."""

    modality: str
    digest: str
    file: str | None
    mime: str | None
    bytes: int
    units: dict[str, Any]
    duration: float | None
    uri: str | None
    at: str | None
    row: int
    rows: int
    spans: list[list[float]]
    of: str | None


class Finding(Answer):
    """Words that were found in a percept; see `sensorium.memory.Finding`."""

    text: str
    origin: str
    by: str
    of: str
    span: tuple[float, float] | None
    box: list[float] | None
    confidence: float
    row: int
    rows: int


class Record(Answer):
    """A memory; see `sensorium.memory.Record`."""

    id: str
    owner: str
    at: datetime
    until: datetime
    created_at: datetime
    expires_at: datetime | None
    text: str
    tags: list[str]
    source: str | None
    metadata: dict[str, Any]
    modalities: list[str]
    media: list[Medium]
    place: Place | Pose | None
    findings: list[Finding]
    origin: Origin | None
    supersedes: list[str]
    superseded_by: list[str]
    version_of: str | None
    shared: bool


class Hit(Answer):
    """A memory that was recalled, and why; see `sensorium.memory.Hit`.

    Attributes:
        medium: Digest of the percept that matched, if the record lists it.
        then: What followed it, in order, of a sequence.
        episode: The episode it is the best hit of, where hits are grouped.
    """

    record: Record
    score: float
    confidence: float | None
    certainty: Certainty | None
    calibrated: bool
    modality: str
    span: tuple[float, float] | None
    file: str | None
    similarity: float | None
    age: float
    finding: Finding | None
    then: list[Hit] = []
    medium: str | None
    episode: Episode | None = None


class Estimate(Answer):
    """A number that was estimated, and the ends of its interval of 90 %."""

    expected: float
    low: int
    high: int


class Occurrences(Estimate):
    """How often something was; see `sensorium.memory.Occurrences`."""

    by: dict[str, Estimate]
    looked_at: int


class Conflict(Answer):
    """Two memories that may contradict each other; see `sensorium.memory.Conflict`."""

    earlier: Record
    later: Record
    differences: list[Literal["numbers", "names", "negation"]]
    similarity: float


class Area(Answer):
    """A place with a name, and how many metres it reaches."""

    place: Place | Pose
    radius: float


class Share(Answer):
    """What an owner lets somebody else read; see `Memory.share`."""

    owner: str
    with_: str = Field(alias="with")
    tags: list[str]
    rights: str
    since: datetime


class Shares(Answer):
    """What the caller shares, then what others share with the caller."""

    shares: list[Share]


class EndedShares(Answer):
    """How many shares have ended."""

    ended: int


class NamedPlaces(Answer):
    """The places that have a name, by name."""

    places: dict[str, Area]


class Told(Answer):
    """What was found about times: what was not asked for is empty or null.

    Attributes:
        what: Kind of the question.
        hit: The first or last match, or the moment that the question named.
        rows: Of a sequence, the first memory of each row, with the others in its `then`.
        records: Memories in the order of the answer.
        occurrences: How often something was.
        conflicts: Memories that may contradict each other.
        places: Places by their names.
        arrived: Memories that arrived since the cursor, in order.
        cursor: Where the next question of what arrived goes on.
        times: The times that were read in the words.
        notes: What makes the answer doubtful.
    """

    what: What
    hit: Hit | None
    rows: list[Hit]
    records: list[Record]
    occurrences: Occurrences | None
    conflicts: list[Conflict]
    places: dict[str, Area]
    arrived: list[Hit]
    cursor: str | None
    times: str | None
    notes: list[str]


class Episode(Answer):
    """A stretch that belongs together; see `sensorium.memory.Episode`."""

    id: str
    start: datetime
    end: datetime
    records: int
    modalities: dict[str, int]
    places: list[Place | Pose]
    moments: list[Record]
    is_last: bool


class Episodes(Answer):
    """Episodes in order of time."""

    episodes: list[Episode]


class MemoriesPage(Answer):
    """A page of memories in order of time.

    Attributes:
        records: The memories.
        cursor: Parameter of the next page; null after the last.
    """

    records: list[Record]
    cursor: str | None


class RememberedMemory(Answer):
    """A memory that is kept; see `sensorium.memory.Remembered`."""

    id: str
    status: Literal["new", "replaced", "known"]


class FailedMedium(Answer):
    """A signal that could not be remembered.

    Attributes:
        media: Its place: those of the JSON first, then the files.
        error: Why, and what to do.
    """

    media: int
    error: str


class RememberedMemories(Answer):
    """What became of what was sent."""

    records: list[RememberedMemory]
    failed: list[FailedMedium]


class Forgotten(Answer):
    """What was forgotten.

    Attributes:
        removed: How many memories, or of how many the media.
        kept: What is kept of them, in words; empty if nothing is.
        done: What was erased from the disk, in sentences.
        not_promised: Where something may still be left, in sentences.
    """

    removed: int
    kept: str
    done: list[str] = []
    not_promised: list[str] = []


class DigestedSpan(Answer):
    """A month of what a digest looked at: its frames, and how many of them stay."""

    start: datetime
    end: datetime
    frames: int
    kept: int


class Digest(Answer):
    """What a digest dropped and what stays; with `dry_run`, what it would be.

    Attributes:
        owner: Owner of the memories.
        at: When the digest was begun.
        before: Start of a day, UTC: memories that ended before it were looked at.
        dry_run: Whether nothing was changed.
        looked_at: How many memories were that old, and met the conditions.
        frames: How many of them were frames, which may go.
        kept: How many frames stay.
        dropped: How many frames went.
        stayed: How many of all stay, by the reason.
        media_files: Number of media files that went.
        media_bytes: The sum of their sizes.
        store_bytes: Bytes of the store that the frames took, about.
        bytes: The sum of both.
        bytes_left: Bytes that all memories of the owner take now, about.
        spans: The months of the frames, in order of time.
    """

    owner: str
    at: datetime
    before: datetime
    dry_run: bool
    looked_at: int
    frames: int
    kept: int
    dropped: int
    stayed: dict[str, int]
    media_files: int
    media_bytes: int
    store_bytes: int
    bytes: int
    bytes_left: int
    spans: list[DigestedSpan]


class WouldForget(Answer):
    """What would be forgotten: how many memories, and the first of them."""

    would_remove: int
    records: list[Record]


class Recalled(Answer):
    """What a question found, best first.

    Attributes:
        hits: The memories.
        notes: What makes the hits doubtful, or how the question was understood.
        summary: What holds of all hits, such as that none is probably related; else empty.
        took_ms: Milliseconds that it took.
    """

    hits: list[Hit]
    notes: list[str]
    summary: str
    took_ms: float


class Bin(Answer):
    """When an hour, a day or a month begins, and how many memories begin in it."""

    at: datetime
    count: int


class Density(Answer):
    """Memories by time; bins without one are left out."""

    by: Literal["hour", "day", "month"]
    bins: list[Bin]


class Counted(Answer):
    """A value, and how many memories have it."""

    value: str
    count: int


class Tally(Answer):
    """Memories by the values of a field, the most frequent first.

    Attributes:
        field: The field.
        count: How many memories there are, with or without a value.
        values: The values.
    """

    field: Literal["tags", "source", "modalities"]
    count: int
    values: list[Counted]


class Waveform(Answer):
    """The outline of a sound.

    Attributes:
        rate: Samples per second.
        duration: Seconds.
        low: Lowest sample of each of many equal stretches.
        high: Highest sample of each.
        sampled: Whether only a piece of each stretch was read, as of a very long sound.
    """

    kind: Literal["waveform"]
    modality: str
    rate: float
    duration: float
    low: list[float]
    high: list[float]
    sampled: bool


class Curves(Answer):
    """The curves of a motion; three where there is no gyroscope.

    Attributes:
        rate: Samples per second.
        duration: Seconds.
        names: Name of each curve.
        units: Unit of each curve.
        t: Seconds of the values.
        values: A list for each curve.
        gaps: Stretches without a sample, in seconds.
    """

    kind: Literal["curves"]
    modality: str
    rate: float
    duration: float
    names: list[str]
    units: list[str]
    t: list[float]
    values: list[list[float]]
    gaps: list[tuple[float, float]]


class Grid(Answer):
    """The values of a map.

    Attributes:
        width: Columns that are sent.
        height: Rows that are sent.
        of: Width and height of the whole map.
        unit: m; relative or px of depth without a scale; degC, counts or share of heat.
        low: Least value of the whole map; null if it has none.
        high: Greatest value.
        data: Base64 of float32, little-endian, row by row from the top; NaN where nothing was
            measured.
    """

    kind: Literal["grid"]
    modality: str
    width: int
    height: int
    of: tuple[int, int]
    unit: Literal["m", "px", "relative", "degC", "counts", "share"]
    low: float | None
    high: float | None
    data: str


class TextSignal(Answer):
    """A text."""

    kind: Literal["text"]
    modality: str
    text: str


class Frames(Answer):
    """A picture, or a film by its moments.

    Attributes:
        duration: Seconds; null for a picture.
        times: Seconds, evenly spread, for `start` of a preview.
        size: Width and height in pixels; null if there is none.
        fps: Frames per second of a film.
        sound: Whether a film has sound.
    """

    kind: Literal["frames"]
    modality: str
    duration: float | None
    times: list[float]
    size: tuple[int, int] | None
    fps: float | None
    sound: bool


Signal = Annotated[Waveform | Curves | Grid | TextSignal | Frames, Field(discriminator="kind")]
SIGNAL: TypeAdapter[Waveform | Curves | Grid | TextSignal | Frames] = TypeAdapter(Signal)


class LookedFile(Answer):
    """What a file would be.

    Attributes:
        name: Its name.
        modality: Its modality; null if it is not known.
        reading: How it was read: units, columns, rates.
        units_needed: Units that must be said, and values of each that may fit.
        at: When it was taken, if it says so.
        seconds: Its length.
        error: Why it cannot be read yet, and what to do.
    """

    name: str
    modality: str | None
    reading: dict[str, Any] = {}
    units_needed: dict[str, list[Any]]
    at: datetime | None = None
    seconds: float | None = None
    error: str | None = None


class Looked(Answer):
    """What each file would be, in order."""

    files: list[LookedFile]


class Labelled(Answer):
    """A label, and how probable it is among the others."""

    label: str
    probability: float


class Classified(Answer):
    """How well labels fit, the best first.

    Attributes:
        labels: The labels, over all modalities.
        by_modality: The same for each modality.
    """

    labels: list[Labelled]
    by_modality: dict[str, list[Labelled]]


class PlanePoint(Answer):
    """A memory on the plane."""

    id: str
    modality: str
    x: float
    y: float


class Plane(Answer):
    """Memories on a plane.

    Attributes:
        points: The memories.
        sampled: Whether some were chosen at random, because there are too many.
        explained: Shares of what differs that the two directions show.
    """

    points: list[PlanePoint]
    sampled: bool
    explained: tuple[float, float]


class Statistics(Answer):
    """What a memory holds; see `sensorium.memory.Memory.stats`."""

    owner: str
    records: int
    modalities: dict[str, int]
    tags: dict[str, int]
    first: datetime | None
    last: datetime | None
    media_bytes: int | None
    encoder: str
    store: dict[str, str]
