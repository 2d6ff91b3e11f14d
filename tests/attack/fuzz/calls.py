"""Calls of a memory with wild arguments; the memory must be as usable as before."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from sensorium.errors import SensoriumError
from sensorium.memory import Memory, Moment
from sensorium.percepts import Image
from sensorium.qdrant import Either, Equal, Every, Ids, Not, OneOf, Present, Range, Words
from tests.attack.fuzz.cases import Case, Maker, attack
from tests.attack.fuzz.damage import WILD, deep
from tests.attack.task import Task
from tests.attack.tiny import D, opened, png, row, walk

KEPT = 20  # records that stay
CROWD = 200  # records from which on the others are forgotten
FIELDS = (
    *("metadata.a", "metadata.n", "tags", "owner", "at", "", ".", "a..b", '"', 'metadata."a.b"'),
    *("x" * 2000, "metadata.a[0]", "metadata.a[]", "\0"),
)
STREAMS: dict[str, dict[str, Any]] = {
    "imu": {"rate": 50, "accel": "m/s^2", "gyro": "rad/s"},
    "audio": {"rate": 8000},
    "image": {},
    "depth": {"unit": "m"},
    "thermal": {"unit": "kelvin"},
}
STREAM_OPTIONS = (
    *("rate", "window", "stride", "queue", "policy", "lateness", "gap", "every", "min_change"),
    *("name", "tags", "source", "metadata", "unit", "annotate"),
)
FRAMES = ((300, 6), (6,), (8000,), (2, 8000), (6, 6), (6, 6, 3), (0, 6))


def attacking(task: Task) -> None:
    """Call a memory until the time is over."""

    def start(folder: Path) -> Maker:
        memory = opened(folder / "memory")
        names = [f"w{number}" for number in range(KEPT)]
        moments = [
            Moment(text=name, id=name, metadata={"a": number, "n": [number]})
            for number, name in enumerate(names)
        ]
        memory.remember_many(moments)
        calls = Calls(memory, names)
        return lambda number: calls.case(number, task.dice(number))

    attack(task, start, what="calls")


class Calls:
    """What can be called, and with what."""

    def __init__(self, memory: Memory, names: list[str]) -> None:
        """Take a memory with a few records."""
        self.memory, self.names = memory, names
        pages = memory.timeline(limit=3), memory.timeline(limit=5, newest_first=False)
        self.cursors = [page.cursor or "" for page in pages]

    def case(self, number: int, dice: random.Random) -> Case:
        """Make one call ready."""
        if number % 200 == 199:
            return Case("use the memory", self.use)
        kinds = (
            *(self.timeline, self.filters, self.recall, self.like, self.get, self.remember),
            *(self.update, self.forget, self.tally, self.many, self.stream),
        )
        kind: Callable[[random.Random], Callable[[], object]] = dice.choice(kinds)
        return Case(kind.__name__, kind(dice))

    def use(self) -> None:
        """Read all of it; whatever was taken in can be read again."""
        for record in walk(self.memory):
            self.memory.get(record.id).to_dict()
            try:
                self.memory.percepts(record)
            except SensoriumError:
                continue
        self.memory.recall(row("x"), limit=50)
        self.memory.stats()
        if self.memory.count() > CROWD:
            strangers = [one.id for one in walk(self.memory) if one.id not in self.names]
            self.memory.forget(*strangers)

    def timeline(self, dice: random.Random) -> Callable[[], object]:
        """Wild cursors and limits."""
        known = dice.choice(self.cursors)
        cursor = dice.choice([known, known[:-3], known[::-1], "====", "A" * 100, dice.choice(WILD)])
        limit, newest = (
            dice.choice([1, 10, dice.choice(WILD)]),
            dice.choice([True, dice.choice(WILD)]),
        )
        return lambda: list(self.memory.timeline(limit=limit, cursor=cursor, newest_first=newest))

    def filters(self, dice: random.Random) -> Callable[[], object]:
        """Wild filters."""
        key = dice.choice(["since", "until", "tags", "source", "with_modalities", "text_contains"])
        field = dice.choice(["a", "n", "a.b", "", '"', dice.choice(WILD)])
        wild = dice.choice(WILD)
        where = condition(dice)
        if field.__hash__ and dice.random() < 0.4:
            where = {field: wild}
        given: Any = {"where": where} if dice.random() < 0.7 else {key: wild}
        call: Any = dice.choice([self.memory.count, self.memory.timeline])
        return lambda: call(**given)

    def recall(self, dice: random.Random) -> Callable[[], object]:
        """Wild questions and options."""
        wild = dice.choice(WILD)
        questions = [
            *(row("x"), "x", [row("a"), "b"], wild, [wild], np.full(D, np.nan), np.zeros(D)),
            *(np.ones(D - 1), np.ones((2, D))),
        ]
        options = {
            "weights": [[1.0], [wild], wild],
            "min_confidence": [0.5, wild],
            "half_life": [timedelta(days=1), wild],
            "diversity": [0.5, wild],
            "ranking": ["centred", "raw", "rrf", "dbsf", "z", wild],
            "keywords": ["word", wild],
            "modalities": [["text"], wild, [wild]],
            "limit": [3, wild],
        }
        question = dice.choice(questions)
        chosen = dice.sample(list(options), dice.choice([0, 1, 1, 2]))
        given: Any = {key: dice.choice(options[key]) for key in chosen}
        return lambda: self.memory.recall(question, **given)

    def like(self, dice: random.Random) -> Callable[[], object]:
        """What is like a record, or like a wild value."""
        name = dice.choice([*self.names, *WILD])
        return lambda: self.memory.recall(like=name)

    def get(self, dice: random.Random) -> Callable[[], object]:
        """Wild ids."""
        wild = dice.choice(WILD)
        if dice.random() < 0.5:
            return lambda: self.memory.get(wild)
        return lambda: self.memory.get_many([wild])

    def remember(self, dice: random.Random) -> Callable[[], object]:
        """Wild moments."""
        wild = dice.choice(WILD)
        fields = ["at", "tags", "source", "metadata", "expires_at", "ttl", "id", "keep_media"]
        rows = np.full((2, D), dice.choice([0, np.nan, 1e38, 1e-40, np.inf]))
        nested = deep(dice.choice([3, 40, 1500]), mapping=True)
        options: list[dict[str, Any]] = [
            *({key: wild} for key in fields),
            *({"metadata": {"a": wild}}, {"metadata": nested}, {"vectors": {"text": rows}}),
            *({"vectors": wild}, {"vectors": {"text": wild}}, {"text": wild}),
        ]
        percepts: Any = dice.choice([(), (wild,), (Image(png("x")),)])
        given: Any = {"text": "x", **dice.choice(options)}
        return lambda: self.memory.remember(*percepts, **given)

    def update(self, dice: random.Random) -> Callable[[], object]:
        """Wild changes."""
        name: Any = dice.choice([*self.names, dice.choice(WILD)])
        fields = ["text", "tags", "source", "metadata", "expires_at", "vectors", "retain"]
        wild = dice.choice(WILD)
        given: Any = {dice.choice(fields): dice.choice([wild, {"a": wild}, {"text": wild}])}
        return lambda: self.memory.update(name, **given)

    def forget(self, dice: random.Random) -> Callable[[], object]:
        """Wild ids and ages; nothing fulfils the condition."""
        names: Any = dice.choice([(dice.choice(WILD),), ()])
        age: Any = dice.choice([None, timedelta(days=9999), dice.choice(WILD)])
        return lambda: self.memory.forget(*names, older_than=age, where={"a": "nobody's"})

    def tally(self, dice: random.Random) -> Callable[[], object]:
        """Wild fields."""
        field, limit = dice.choice(["tags", "source", *WILD]), dice.choice([3, dice.choice(WILD)])
        return lambda: self.memory.tally(field, limit=limit)

    def many(self, dice: random.Random) -> Callable[[], object]:
        """Wild batches."""
        wild: Any = dice.choice(WILD)
        batch = dice.choice([[wild], [Moment(text="x")], [Moment((Image(png("y")),))]])
        size: Any = dice.choice([2, 2, wild])
        return lambda: self.memory.remember_many(batch, batch_size=size)

    def stream(self, dice: random.Random) -> Callable[[], object]:
        """Wild options and frames of a stream."""
        sense = dice.choice(list(STREAMS))
        options = dict(STREAMS[sense])
        if dice.random() < 0.5:
            options[dice.choice(STREAM_OPTIONS)] = dice.choice(WILD)
        frames = np.random.default_rng(0).normal(size=dice.choice(FRAMES))
        data: Any = dice.choice([frames * dice.choice([1, 9.8, 1e30, np.nan]), dice.choice(WILD)])
        name: Any = dice.choice([sense, sense, sense, dice.choice(WILD)])

        def act() -> None:
            with self.memory.stream(name, **options) as stream:
                stream.push(data)
                stream.push(data)

        return act


def condition(dice: random.Random, levels: int = 0) -> Any:
    """A condition of wild parts."""
    field: Any = dice.choice([*FIELDS, dice.choice(WILD)])
    wild: Any = dice.choice(WILD)
    lists: list[Any] = [wild, (wild,), [1, 2], tuple(range(500))]
    simple: tuple[Callable[[], Any], ...] = (
        lambda: Equal(field, wild),
        lambda: OneOf(field, dice.choice(lists)),
        lambda: Range(field, **{dice.choice(["gt", "gte", "lt", "lte"]): wild}),
        lambda: Words(field, wild),
        lambda: Present(field),
        lambda: Ids(dice.choice([(wild,), wild, ("x",), ()])),
    )
    if levels > 3:
        return dice.choice(simple)()
    nested: tuple[Callable[[], Any], ...] = (
        *simple,
        lambda: Not(dice.choice([condition(dice, levels + 1), wild])),
        lambda: Either((condition(dice, levels + 1), condition(dice, levels + 1))),
        lambda: Either(dice.choice([(wild,), wild])),
        lambda: Every((condition(dice, levels + 1),)),
        lambda: condition(dice, levels + 1) & condition(dice, levels + 1),
    )
    return dice.choice(nested)()
