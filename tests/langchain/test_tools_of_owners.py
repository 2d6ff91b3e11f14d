"""One set of tools serves many users: each run has its own user's memories, or fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, ToolRuntime
from langgraph.runtime import Runtime
from tests.support.planted import PlantedEncoder

from sensorium.errors import OwnerError, QueryError
from sensorium.langchain import SensoriumRetriever, memory_tools
from sensorium.memory import Memory

USERS = ("ada", "bob")


@dataclass
class User:
    """LangGraph's context of a run."""

    name: Any


def of_context(runtime: ToolRuntime[User]) -> str:
    name: str = runtime.context.name
    return name


def of_config(runtime: ToolRuntime[User]) -> str:
    name: str = runtime.config["configurable"]["user"]
    return name


def of_keys(run: Any) -> str:
    """As a retriever's `owner` reads its config."""
    name: str = run["configurable"]["user"]
    return name


WAYS: tuple[Callable[[Any], str], ...] = (of_context, of_config, of_keys)


@pytest.fixture
def server() -> Iterator[Memory]:
    """A server's own memory, which knows a dog that is nobody's business."""
    with Memory.open(":memory:", owner="server", encoder=PlantedEncoder()) as memory:
        memory.remember(text="dog of the server", id="dog of the server")
        yield memory


def graph_of(tools: list[BaseTool]) -> Any:
    """A graph that calls what its last message calls."""
    graph = StateGraph(MessagesState, context_schema=User)
    graph.add_node("tools", ToolNode(tools))
    graph.add_edge(START, "tools")
    graph.add_edge("tools", END)
    return graph.compile()


def calling(name: str, **args: Any) -> dict[str, Any]:
    return {"messages": [AIMessage("", tool_calls=[{"name": name, "args": args, "id": "1"}])]}


def as_user(name: Any) -> dict[str, Any]:
    """How a run names its user, in both ways."""
    return {"context": User(name), "config": {"configurable": {"user": name}}}


def answer(state: dict[str, Any]) -> ToolMessage:
    message = state["messages"][-1]
    assert isinstance(message, ToolMessage)
    return message


def found(message: ToolMessage) -> list[str]:
    return sorted(hit["record"]["text"] for hit in message.artifact["hits"])


@pytest.mark.parametrize("way", WAYS)
async def test_each_run_has_its_own_user_s_memories(
    server: Memory, way: Callable[[Any], str]
) -> None:
    """What one remembers another does not find, nor does the server: called and awaited."""
    graph = graph_of(memory_tools(server, owner=way))
    for user in USERS:
        graph.invoke(calling("remember", text=f"dog of {user}"), **as_user(user))
        await graph.ainvoke(calling("remember", text=f"sea of {user}"), **as_user(user))
    for user in USERS:
        expected = [f"dog of {user}", f"sea of {user}"]
        assert found(answer(graph.invoke(calling("recall", query="dog"), **as_user(user)))) == (
            expected
        )
        awaited = await graph.ainvoke(calling("recall", query="dog"), **as_user(user))
        assert found(answer(awaited)) == expected
    assert [record.text for record in server.timeline()] == ["dog of the server"]


async def test_without_a_graph_the_config_names_the_user(server: Memory) -> None:
    """In a chain, or called by a program."""
    remember, recall = memory_tools(server, owner=of_config)
    for user in USERS:
        config: Any = as_user(user)["config"]
        remember.invoke({"text": f"dog of {user}"}, config)
        assert f"dog of {user}" in recall.invoke({"query": "dog"}, config)
        assert f"dog of {user}" in await recall.ainvoke({"query": "dog"}, config)
        assert "server" not in recall.invoke({"query": "dog"}, config)


def test_threads_and_tasks_keep_users_apart(server: Memory) -> None:
    """Forty runs at once, of two users."""
    graph = graph_of(memory_tools(server, owner=of_context))

    def run(number: int) -> None:
        user = USERS[number % 2]
        graph.invoke(calling("remember", text=f"note {number} of {user}"), **as_user(user))

    async def run_all() -> None:
        await asyncio.gather(
            *(
                graph.ainvoke(
                    calling("remember", text=f"task {number} of {USERS[number % 2]}"),
                    **as_user(USERS[number % 2]),
                )
                for number in range(20)
            )
        )

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(run, range(20)))
    asyncio.run(run_all())
    for user in USERS:
        with server.for_owner(user) as own:
            texts = [record.text for record in own.timeline(limit=100)]
            assert len(texts) == 20
            assert all(text.endswith(f"of {user}") for text in texts)
    assert server.count() == 1


NOBODY: dict[str, dict[str, Any]] = {
    "no context and no config": {},
    "a context of None": {"context": None},
    "none": as_user(None),
    "an empty name": as_user(""),
    "a number": as_user(7),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("run", NOBODY)
async def test_nobody_is_an_error(server: Memory, way: Callable[[Any], str], run: str) -> None:
    """The run fails, as no model can mend it; nothing is read or written, least the server's."""
    tools = memory_tools(server, owner=way)
    graph = graph_of(tools)
    for call in (calling("remember", text="sea"), calling("recall", query="dog")):
        with pytest.raises(OwnerError):
            graph.invoke(call, **NOBODY[run])
        with pytest.raises(OwnerError):
            await graph.ainvoke(call, **NOBODY[run])
    for tool, args in zip(tools, ({"text": "sea"}, {"query": "dog"}), strict=True):
        with pytest.raises(OwnerError):
            tool.invoke(args, NOBODY[run].get("config"))
    assert server.count() == 1


def test_an_error_of_the_caller_s_function_is_its_own(server: Memory) -> None:
    """Not knowing the user is one thing, a fault in looking it up another."""

    def failing(_: Any) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        graph_of(memory_tools(server, owner=failing)).invoke(calling("recall", query="dog"))


def test_a_name_is_an_owner(server: Memory) -> None:
    """Tools, and retrievers, of one user who is known beforehand."""
    remember, recall = memory_tools(server, owner="ada")
    remember.invoke({"text": "dog of ada"})
    assert "server" not in recall.invoke({"query": "dog"})
    [document] = SensoriumRetriever(memory=server, owner="ada").invoke("dog")
    assert document.page_content == "dog of ada"
    with pytest.raises(OwnerError):
        memory_tools(server, owner="")[0].invoke({"text": "dog"})


def test_a_model_cannot_name_the_user(server: Memory) -> None:
    """No schema has a place for it; what is forged is refused, or thrown away."""
    tools = memory_tools(server, owner=of_context)
    forged = {"context": {"name": "bob"}, "config": as_user("bob")["config"]}
    for tool in tools:
        told = convert_to_openai_tool(tool)["function"]["parameters"]["properties"]
        assert not {"runtime", "owner", "memory", "config"} & told.keys()
        for value in (forged, "bob", ["bob"], 7):
            said = tool.invoke({"text": "x", "runtime": value}, as_user("ada")["config"])
            assert "leave it out" in said
    graph = graph_of(tools)
    graph.invoke(calling("remember", text="dog of ada", runtime=forged), **as_user("ada"))
    with server.for_owner("ada") as ada, server.for_owner("bob") as bob:
        assert (ada.count(), bob.count()) == (1, 0)


def test_the_id_of_another_user_s_memory_finds_nothing(server: Memory) -> None:
    """Nor does that of the server's."""
    graph = graph_of(memory_tools(server, owner=of_context))
    kept = answer(graph.invoke(calling("remember", text="dog of ada"), **as_user("ada")))
    for other in (kept.artifact["id"], "dog of the server"):
        said = answer(graph.invoke(calling("recall", like=other), **as_user("bob")))
        assert said.status == "error"
        assert "use an id that recall or timeline has given" in str(said.content)


def test_a_retriever_in_a_graph_reads_the_context() -> None:
    """The same function serves tools and retrievers."""
    with Memory.open(":memory:", owner="server", encoder=PlantedEncoder()) as server:
        for user in USERS:
            with server.for_owner(user) as own:
                own.remember(text=f"dog of {user}")
        retriever = SensoriumRetriever(memory=server, owner=of_context)

        def recall(state: MessagesState, runtime: Runtime[User]) -> dict[str, Any]:
            [document] = retriever.invoke("dog")
            return {"messages": [AIMessage(document.page_content)]}

        graph: Any = StateGraph(MessagesState, context_schema=User)
        graph.add_node(recall)
        graph.add_edge(START, "recall")
        compiled = graph.compile()
        for user in USERS:
            state = compiled.invoke({"messages": []}, context=User(user))
            assert state["messages"][-1].content == f"dog of {user}"
        with pytest.raises(OwnerError):
            compiled.invoke({"messages": []})


def test_only_a_memory_has_tools() -> None:
    """The remedy says how to open one."""
    with pytest.raises(QueryError, match="open"):
        memory_tools("folder")  # type: ignore[arg-type]  # wrong on purpose
