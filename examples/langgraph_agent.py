"""A graph whose agent is shown pictures in one conversation and recalls them in another, by sound.

The two conversations are threads of the checkpointer: neither sees the other's messages. What joins
them is the store. Where a language model would be, a few lines choose what to say, so that this
runs without a key and says the same every time.
"""

import base64
import json
from typing import Literal

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.messages.content import (
    ContentBlock,
    create_audio_block,
    create_image_block,
    create_text_block,
)
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.runtime import Runtime

from sensorium.langgraph import SensoriumStore
from sensorium.samples import FOLDER as MEDIA

SEEN = ("household", "seen")  # the namespace of what the agent was shown
NEAR = 0.3  # score from which something comes to mind


class State(MessagesState):
    """The messages of a thread, and what the last one reminds the agent of."""

    reminded: list[dict]


def with_file(words: str, name: str) -> HumanMessage:
    """A message that shows a picture or plays a sound."""
    content = base64.b64encode((MEDIA / name).read_bytes()).decode("ascii")
    if name.endswith(".jpg"):
        block: ContentBlock = create_image_block(base64=content, mime_type="image/jpeg")
    else:
        block = create_audio_block(base64=content, mime_type="audio/ogg")
    return HumanMessage(content_blocks=[create_text_block(words), block])


def words_of(message: AnyMessage) -> str:
    return " ".join(block["text"] for block in message.content_blocks if block["type"] == "text")


def media_of(message: AnyMessage) -> list[ContentBlock]:
    return [block for block in message.content_blocks if block["type"] in ("image", "audio")]


def route(state: State) -> Literal["remember", "recall"]:
    """What is shown is remembered; all else is a question."""
    shown = any(block["type"] == "image" for block in media_of(state["messages"][-1]))
    return "remember" if shown else "recall"


def remember(state: State, runtime: Runtime) -> dict:
    """Keep the words and the picture as one item: the block goes into the value as it is."""
    message = state["messages"][-1]
    [picture] = media_of(message)
    runtime.store.put(SEEN, message.id, {"said": words_of(message), "picture": picture})
    return {"messages": [AIMessage("I will remember that.")]}


def recall(state: State, runtime: Runtime) -> dict:
    """Ask the store with the sound if there is one, else with the words."""
    message = state["messages"][-1]
    queries = [json.dumps(block) for block in media_of(message)] or [words_of(message)]
    found = [one for query in queries for one in runtime.store.search(SEEN, query=query, limit=1)]
    return {"reminded": [one.value for one in found if one.score > NEAR]}


def answer(state: State) -> dict:
    """Stand in for a model: say what came to mind, and show the picture."""
    if not state["reminded"]:
        return {"messages": [AIMessage("Nothing comes to mind.")]}
    seen = state["reminded"][0]
    said = create_text_block(f"You showed me this, and said: {seen['said']!r}")
    return {"messages": [AIMessage(content_blocks=[said, seen["picture"]])]}


def built(store: SensoriumStore):
    """Compile the graph, with a checkpointer for each thread and a store for all."""
    graph = StateGraph(State)
    graph.add_node(remember)
    graph.add_node(recall)
    graph.add_node(answer)
    graph.add_conditional_edges(START, route)
    graph.add_edge("recall", "answer")
    graph.add_edge("remember", END)
    graph.add_edge("answer", END)
    return graph.compile(checkpointer=InMemorySaver(), store=store)


def main() -> None:
    with SensoriumStore.open(":memory:") as store:  # or a folder, or a server's URL
        agent = built(store)

        def say(thread: str, message: HumanMessage) -> None:
            config = {"configurable": {"thread_id": thread}}
            messages = agent.invoke({"messages": [message]}, config)["messages"]
            for who, one in zip(("you", "agent"), messages[-2:], strict=True):
                media = "".join(f" [{block['mime_type']}]" for block in media_of(one))
                print(f"{thread:7} {who:>5}: {words_of(one)}{media}")

        say("monday", with_file("This is Rex, our dog.", "photo_dog.jpg"))
        say("monday", with_file("The piano in the hall.", "photo_piano.jpg"))
        say("monday", with_file("Breakfast, sort of.", "photo_pizza.jpg"))
        print()
        say("friday", with_file("What is this?", "sound_dog_bark.ogg"))
        say("friday", with_file("And this?", "sound_piano.ogg"))
        say("friday", HumanMessage("What did I eat on Monday? A pizza?"))
        say("friday", HumanMessage("When is the tax report due?"))
        print()
        print("namespaces:", store.list_namespaces(), "items:", len(store.search(SEEN)))


if __name__ == "__main__":
    main()
