"""What worker processes are handed, and do with it: they return what they found."""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from sensorium.encoders import Encoder, FunctionEncoder
from sensorium.memory import AsyncMemory, Memory
from sensorium.percepts import Text
from sensorium.samples import sample
from tests.support.planted import PlantedEncoder, direction, picture

T = TypeVar("T")
PATIENCE = 120  # seconds that a worker may take


def again(given: T) -> T:
    """What another process would get: what was pickled, unpickled."""
    other: T = pickle.loads(pickle.dumps(given))
    return other


@contextmanager
def workers(method: str = "spawn", count: int = 1) -> Iterator[Callable[..., Any]]:
    """A function that has another function called in a worker, and returns what that returns."""
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        yield lambda work, *given: pool.submit(work, *given).result(PATIENCE)


def recalled(memory: Memory, words: str) -> str | None:
    """What the best hit of some words was called."""
    [hit] = memory.recall(words, limit=1)
    return hit.record.text


def remembered(memory: Memory, words: str) -> str:
    """Remember a picture; return its id."""
    with memory:
        return memory.remember(picture(words), text=words).id


def counted(memory: Memory) -> int:
    with memory:
        return memory.count()


def handed_on(memory: Memory) -> int:
    """What a worker of this worker counts."""
    with workers() as call:
        return int(call(counted, memory))


def described_memory(memory: Memory) -> str:
    """What is shown of a memory that was not used yet."""
    return repr(memory)


async def _counted_later(memory: AsyncMemory) -> int:
    async with memory:
        return await memory.count()


def counted_later(memory: AsyncMemory) -> int:
    return asyncio.run(_counted_later(memory))


def heard(memory: Memory) -> str | None:
    """What a rooster's crow reminds of."""
    with memory:
        [hit] = memory.recall(sample("sound_rooster.ogg"), limit=1)
        return hit.record.text


def named_encoder(**_: Any) -> Encoder:
    """An opener that a worker can import."""
    return PlantedEncoder(model="named")


class Sealed(PlantedEncoder):
    """An encoder that holds what cannot be pickled."""

    def __init__(self, **_: Any) -> None:
        super().__init__(model="sealed")
        self.function = lambda: None


def sealed_encoder(**_: Any) -> Encoder:
    return Sealed()


def texts_encoder() -> FunctionEncoder:
    """An encoder made of a function of this module."""
    return FunctionEncoder("texts", {"text": rows}, dimension=8)


def rows(texts: Sequence[Text]) -> list[list[float]]:
    return [direction(text.text, 8).tolist() for text in texts]


class Recalling:
    """A data set whose items are what a memory recalls, as PyTorch's `DataLoader` takes it."""

    def __init__(self, memory: Memory, questions: list[str]) -> None:
        self.memory, self.questions = memory, questions

    def __len__(self) -> int:
        return len(self.questions)

    def __getitem__(self, index: int) -> str | None:
        return recalled(self.memory, self.questions[index])
