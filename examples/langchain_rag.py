"""Ask a memory of photos, sounds, motion and notes by words and by sounds, with LangChain.

The chain is the usual one: retrieve, fill a prompt, ask a chat model, parse its answer. It needs no
API key and no download, because its model only quotes the first memory in the prompt. Any chat
model can take its place.
"""

import base64
from collections.abc import Iterator
from typing import Any

from langchain_core.documents import Document
from langchain_core.language_models import SimpleChatModel
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.messages.content import create_audio_block
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnablePassthrough

from sensorium.langchain import SensoriumRetriever
from sensorium.memory import Memory, Moment
from sensorium.samples import FOLDER, notes, sample, sample_names

QUESTIONS = (
    "what is the postman afraid of",
    "a pizza for dinner",
    "rain on the roof",
    "someone out for a run",
    "the tax report",
)
HEARD = ("sound_dog_bark", "sound_helicopter", "sound_sea_waves")  # questions
PROMPT = ChatPromptTemplate.from_template(
    "Answer only from these memories.\n\nMemories:\n{memories}\n\nQuestion: {question}"
)


class QuotingModel(SimpleChatModel):
    """A chat model that answers with the first memory in its prompt."""

    @property
    def _llm_type(self) -> str:
        return "quoting"

    def _call(self, messages: list[BaseMessage], *_: Any, **__: Any) -> str:
        lines = messages[-1].text.splitlines()
        first = lines[lines.index("Memories:") + 1]
        return f"I remember {first}" if first else "I remember nothing of the kind."


def moments() -> Iterator[Moment]:
    """Yield the samples, except the sounds to ask with. Their names are not searched."""
    for kind in ("photo", "sound", "imu"):
        for name in sample_names(kind):
            if name not in HEARD:
                yield Moment(sample(name), source=name)
    for note in notes():
        yield Moment(text=note, source="a note")


def describe(documents: list[Document]) -> str:
    """Write a line about each document, for a model that takes only text."""
    lines = []
    for document in documents:
        facts = document.metadata
        timed = facts["span"] and facts["modality"] != "text"
        span = "{:.0f} to {:.0f} s of ".format(*facts["span"]) if timed else ""
        words = f': "{document.page_content}"' if facts["modality"] == "text" else ""
        lines.append(f"{span}{facts['source']}, confidence {facts['confidence']:.0%}{words}")
    return "\n".join(lines)


def sound_message(name: str) -> HumanMessage:
    """Return a message with a sound in it, as a chat program sends it."""
    data = base64.b64encode((FOLDER / f"{name}.ogg").read_bytes()).decode("ascii")
    return HumanMessage(content_blocks=[create_audio_block(base64=data, mime_type="audio/ogg")])


def main() -> None:
    with Memory.open(":memory:", owner="demo") as memory:
        memory.remember_many(moments()).raise_first()
        retriever = SensoriumRetriever(memory=memory, k=3)

        confident = retriever.bind(min_confidence=0.5)
        answer: Runnable[Any, str] = (
            {"memories": confident | describe, "question": RunnablePassthrough()}
            | PROMPT
            | QuotingModel()
            | StrOutputParser()
        )
        for question, reply in zip(QUESTIONS, answer.batch(list(QUESTIONS)), strict=True):
            print(f"{question}?\n  {reply}")

        picture = retriever.bind(modalities=["image"]) | describe | str.splitlines
        for name in HEARD:
            print(f"what does {name} look like?")
            print(f"  {picture.invoke(sound_message(name))[0]}")

        shown = (retriever.bind(k=1) | retriever.content_blocks).invoke("a flower in the sun")
        print(
            "for a model that takes pictures:",
            [(block["type"], block["mime_type"]) for block in shown],
        )


if __name__ == "__main__":
    main()
