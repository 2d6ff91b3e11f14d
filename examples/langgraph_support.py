"""A support desk as a graph: two users send pictures, voice notes and files. It needs no key.

One set of tools serves both, as each call reads its user from the run. What was sent is kept
without passing through the model, which names it as `attached`. A script stands in for the model.
"""

import base64
import re

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from sensorium.langchain import artifact_blocks, memory_tools
from sensorium.memory import Memory
from sensorium.samples import FOLDER

NOTE = base64.b64encode(b"order 4711: one kennel, blue").decode()


class Script(BaseChatModel):
    """Calls the tool that the user's first word names, and then says what the tool answered."""

    @property
    def _llm_type(self):
        return "script"

    def _generate(self, messages, stop=None, run_manager=None, **options):
        if isinstance(messages[-1], ToolMessage):
            said = AIMessage(messages[-1].text)
        else:
            name, _, words = messages[-1].text.partition(" ")
            known = re.findall(r"\(id (\S+)\)", " ".join(message.text for message in messages))
            attached = "last message" if len(messages[-1].content_blocks) > 1 else None
            args = {
                "remember": {"text": words, "attached": attached},
                "recall": {"query": words, "attached": attached, "limit": 1},
                "update": {"id": known[-1] if known else "", "text": words},
                "forget": {"ids": known[-1:]},
            }
            said = AIMessage("", tool_calls=[{"name": name, "args": args[name], "id": "1"}])
        return ChatResult(generations=[ChatGeneration(message=said)])


def desk_of(memory):
    tools = memory_tools(
        memory, owner=lambda run: run.context["user"], attached=True, update=True, forget=True
    )
    model = Script()
    graph = StateGraph(MessagesState, context_schema=dict)
    graph.add_node("model", lambda state: {"messages": [model.invoke(state["messages"])]})
    graph.add_node("tools", ToolNode(tools))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    return graph.compile(checkpointer=InMemorySaver())


def sent(kind, name, mime_type):
    data = base64.b64encode((FOLDER / name).read_bytes()).decode()
    return {"type": kind, "base64": data, "mime_type": mime_type}


def main() -> None:
    with Memory.open(":memory:", owner="desk") as memory:
        desk = desk_of(memory)

        def say(user, words, *media):
            message = HumanMessage([{"type": "text", "text": words}, *media])
            thread = {"configurable": {"thread_id": user}}
            state = desk.invoke({"messages": [message]}, thread, context={"user": user})
            print(f"{user}: {words}\n  {re.sub(r' .id .*?[)]', '', state['messages'][-1].text)}")
            return state["messages"][-2].artifact

        say("ada", "remember my dog Rex", sent("image", "photo_dog.jpg", "image/jpeg"))
        say("ada", "remember order", {"type": "file", "base64": NOTE, "mime_type": "text/plain"})
        say("bob", "remember a note", sent("audio", "sound_sea_waves.ogg", "audio/ogg"))
        found = say("ada", "recall", sent("audio", "sound_dog_bark.ogg", "audio/ogg"))
        with memory.for_owner("ada") as ada:
            print("  shown:", [block["type"] for block in artifact_blocks(ada, found)])
        say("ada", "update my dog is called Max")
        say("bob", "recall a dog")
        say("bob", "forget that")
        print("left:", [memory.for_owner(user).count() for user in ("ada", "bob", "desk")])


if __name__ == "__main__":
    main()
