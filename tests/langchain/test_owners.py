"""One retriever serves many users: each run recalls its own user's memories, or fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.planted import PlantedEncoder, picture

from sensorium.errors import OwnerError
from sensorium.langchain import SensoriumRetriever
from sensorium.memory import Memory


@pytest.fixture(scope="module")
def server() -> Iterator[Memory]:
    """Two users and the server's own, which all know a dog."""
    with Memory.open(":memory:", owner="server", encoder=PlantedEncoder()) as memory:
        for owner in ("server", "ada", "bob"):
            with memory.for_owner(owner) as own:
                own.remember(picture("dog"), text=f"dog of {owner}", id=f"dog of {owner}")
        yield memory


def run_of(user: object) -> Any:
    return {"configurable": {"user_id": user}}


def texts(documents: list[Any]) -> list[str]:
    return [document.page_content for document in documents]


@pytest.fixture
def retriever(server: Memory) -> SensoriumRetriever:
    return SensoriumRetriever(
        memory=server, owner=lambda config: config["configurable"]["user_id"], k=5
    )


async def test_a_run_recalls_its_owner_s_memories(retriever: SensoriumRetriever) -> None:
    """Invoked, awaited, in batches and in a chain that ends in a message."""
    for user in ("ada", "bob"):
        expected = [f"dog of {user}"]
        assert texts(retriever.invoke("dog", run_of(user))) == expected
        assert texts(await retriever.ainvoke("dog", run_of(user))) == expected
        blocks = (retriever | retriever.content_blocks).invoke("dog", run_of(user))
        assert blocks[0]["text"] == expected[0]  # type: ignore[typeddict-item]  # of a text block
        assert {block["type"] for block in blocks} == {"text", "image"}
    both = retriever.batch(["dog", "dog"], [run_of("ada"), run_of("bob")])
    assert [texts(one) for one in both] == [["dog of ada"], ["dog of bob"]]


@pytest.mark.parametrize("config", [None, {}, run_of(None), run_of(""), run_of(7)])
async def test_nobody_is_an_error(retriever: SensoriumRetriever, config: Any) -> None:
    """Never the server's own memory."""
    with pytest.raises(OwnerError):
        retriever.invoke("dog", config)
    with pytest.raises(OwnerError):
        await retriever.ainvoke("dog", config)
    found = retriever.invoke("dog", run_of("ada"))
    with pytest.raises(OwnerError):
        retriever.content_blocks(found, config=config)


def test_another_error_of_the_caller_s_function_is_its_own(server: Memory) -> None:
    """Only a missing key means that nobody was named."""

    def failing(_: Any) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        SensoriumRetriever(memory=server, owner=failing).invoke("dog")
