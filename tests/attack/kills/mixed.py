"""A writer that does everything an agent does, until it is killed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np

from sensorium.memory import Memory, Moment
from sensorium.percepts import Audio, Image, Text
from tests.attack.kills.ledger import Say, change
from tests.attack.tiny import opened, png, row, rows

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
RECENT = 40  # records among which those to change are drawn
LONG = (1100, 2100)  # rows: more than one point holds, and more than two do


class Life:
    """One life of the writer."""

    def __init__(self, memory: Memory, names: list[str], seed: int, say: Say) -> None:
        """Begin to write.

        Args:
            memory: The open memory.
            names: Ids of records that this writer changes.
            seed: Seed of its dice, which its new ids begin with.
            say: Says a line.
        """
        self.memory = memory
        self.seed, self.say, self.dice = seed, say, random.Random(seed)
        self.names = names
        self.dice.shuffle(self.names)
        self.adding: tuple[Callable[[str, int], None], ...] = (
            *(self.add_text, self.add_text, self.add_vectors, self.add_image, self.add_image),
            *(self.add_several, self.add_long, self.add_batch, self.add_stream),
        )
        self.changing: tuple[Callable[[str, str, int], None], ...] = (
            *(self.reword, self.describe, self.describe, self.join, self.replace, self.shorten),
            *(self.strip, self.forget),
        )

    def live(self) -> None:
        """Go on without an end."""
        for number in itertools.count():
            self.step(number)

    def step(self, number: int) -> None:
        """Add something, or change something."""
        name = f"{self.seed}-{number}"
        if self.names and self.dice.random() < 0.5:
            old = self.dice.choice(self.names[-RECENT:])
            self.dice.choice(self.changing)(old, name, number)
        else:
            self.dice.choice(self.adding)(name, number)

    def _new(self, name: str, act: Callable[[], object]) -> None:
        change(self.memory, self.say, [name], act)
        self.names.append(name)

    def add_text(self, name: str, _: int) -> None:
        """Words alone."""
        act = self.memory.remember
        self._new(name, lambda: act(text=f"words {name}", id=name, tags=["a"]))

    def add_vectors(self, name: str, _: int) -> None:
        """Vectors made elsewhere."""
        given = {"text": row(name), "image": row(f"{name}i")}
        self._new(name, lambda: self.memory.remember(text=f"given {name}", vectors=given, id=name))

    def add_image(self, name: str, number: int) -> None:
        """A picture whose file is kept."""
        picture = Image(png(name))
        self._new(name, lambda: self.memory.remember(picture, id=name, metadata={"n": number}))

    def add_several(self, name: str, number: int) -> None:
        """A picture, a sound and words."""
        wave = np.sin(np.arange(200) + number).astype(np.float32) * 0.5
        percepts = Image(png(name)), Audio(wave, rate=100)
        act = self.memory.remember
        self._new(name, lambda: act(*percepts, text=name, id=name, metadata={"done": True}))

    def add_long(self, name: str, _: int) -> None:
        """More rows than one point holds."""
        many = {"audio": rows(name, self.dice.choice(LONG))}
        self._new(name, lambda: self.memory.remember(text=name, vectors=many, id=name))

    def add_batch(self, name: str, _: int) -> None:
        """Six moments in two batches."""
        names = [f"{name}/{part}" for part in range(6)]
        moments = [Moment((Image(png(one)), Text(one)), id=one) for one in names]
        act = self.memory.remember_many
        change(self.memory, self.say, names, lambda: act(moments, batch_size=3))
        self.names += names

    def add_stream(self, _: str, number: int) -> None:
        """Frames of a camera."""
        tag, frames = f"s{self.seed}-{number}", self.dice.randint(1, 5)
        began = NOON + timedelta(seconds=self.seed % 100_000 * 1000 + number)
        stream = self.memory.stream("image", every=0.01, tags=[tag], source="stream")
        self.say(stream={tag: [0, frames]})
        for frame in range(frames):
            noise = np.random.default_rng(number * 10 + frame).integers(0, 255, (6, 6, 3), np.uint8)
            stream.push(noise, at=began + timedelta(seconds=frame * 0.1))
        stream.flush()
        self.say(stream={tag: [frames, frames]})
        stream.close()

    def reword(self, old: str, name: str, _: int) -> None:
        """Other words and tags for a record."""
        act = self.memory.update
        change(self.memory, self.say, [old], lambda: act(old, text=f"new {name}", tags=["b", name]))

    def describe(self, old: str, _: str, number: int) -> None:
        """Other metadata and tags, or none."""
        given = {"n": number, "done": self.dice.random() < 0.5}
        fields = self.dice.choice([given, {}, {"n": number}])
        tags = self.dice.choice([[], ["x"], ["x", "y"]])
        act = self.memory.update
        change(self.memory, self.say, [old], lambda: act(old, metadata=fields, tags=tags))

    def join(self, old: str, name: str, _: int) -> None:
        """One more picture for a record."""
        change(self.memory, self.say, [old], lambda: self.memory.update(old, Image(png(name))))

    def replace(self, old: str, name: str, _: int) -> None:
        """A record's id remembered again."""
        act, picture = self.memory.remember, Image(png(name))
        change(self.memory, self.say, [old], lambda: act(picture, text=f"again {name}", id=old))

    def shorten(self, old: str, name: str, _: int) -> None:
        """A record that needs fewer points than before."""
        act, given = self.memory.remember, {"audio": row(name)}
        change(self.memory, self.say, [old], lambda: act(text=name, vectors=given, id=old))

    def strip(self, old: str, _: str, __: int) -> None:
        """The files of a record removed."""
        change(self.memory, self.say, [old], lambda: self.memory.forget(old, media_only=True))

    def forget(self, old: str, _: str, __: int) -> None:
        """A record removed."""
        change(self.memory, self.say, [old], lambda: self.memory.forget(old), gone=True)
        self.names.remove(old)


def write_mixed(folder: Path, seed: int, say: Say) -> None:
    """Remember, update, replace and forget, without an end."""
    memory = opened(folder)
    names = [one.id for one in memory.timeline(limit=200) if one.source != "stream"]
    Life(memory, names, seed, say).live()
