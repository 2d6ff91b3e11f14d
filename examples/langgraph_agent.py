"""An agent that is shown pictures in one conversation, and recalls them in another by their sounds.

The two conversations are threads of the checkpointer, so neither has the other's messages. Only the
store is common to both. A few lines stand in for the language model, so that the example needs no
API key and always prints the same.
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
from sensorium.samples import FOLDER

SEEN = ("household", "seen")  # namespace of the pictures that the agent was shown
NEAR = 0.3  # lowest score of an item that the agent mentions


class State(MessagesState):
    """The messages of a thread, and the stored values that answer the last one."""

    recalled: list[dict]


def with_file(words: str, name: str) -> HumanMessage:
    """Return a message with a picture or a sound."""
    content = base64.b64encode((FOLDER / name).read_bytes()).decode("ascii")
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
    """Remember a message with a picture; treat any other as a question."""
    shown = any(block["type"] == "image" for block in media_of(state["messages"][-1]))
    return "remember" if shown else "recall"


def remember(state: State, runtime: Runtime) -> dict:
    """Keep the text and the picture as one item. The value holds the content block itself."""
    message = state["messages"][-1]
    [picture] = media_of(message)
    runtime.store.put(SEEN, message.id, {"text": words_of(message), "picture": picture})
    return {"messages": [AIMessage("I will remember that.")]}


def recall(state: State, runtime: Runtime) -> dict:
    """Search the store by the sound in the message, or else by its text."""
    message = state["messages"][-1]
    queries = [json.dumps(block) for block in media_of(message)] or [words_of(message)]
    items = [item for query in queries for item in runtime.store.search(SEEN, query=query, limit=1)]
    return {"recalled": [item.value for item in items if item.score > NEAR]}


def answer(state: State) -> dict:
    """Stand in for a language model: quote the recalled text, and show the picture."""
    if not state["recalled"]:
        return {"messages": [AIMessage("Nothing comes to mind.")]}
    recalled = state["recalled"][0]
    reply = create_text_block(f"You showed me this, and said: {recalled['text']!r}")
    return {"messages": [AIMessage(content_blocks=[reply, recalled["picture"]])]}


def build_agent(store: SensoriumStore):
    """Compile the graph, with a checkpointer for the threads and one store for all of them."""
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
    with SensoriumStore.open(":memory:") as store:  # or a folder, or the URL of a server
        agent = build_agent(store)

        def say(thread: str, message: HumanMessage) -> None:
            config = {"configurable": {"thread_id": thread}}
            messages = agent.invoke({"messages": [message]}, config)["messages"]
            for speaker, spoken in zip(("you", "agent"), messages[-2:], strict=True):
                media = "".join(f" [{block['mime_type']}]" for block in media_of(spoken))
                print(f"{thread:7} {speaker:>5}: {words_of(spoken)}{media}")

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
