"""Ask a memory of photos, sounds, motion and notes, in words and by sound, with LangChain.

The chain is the usual one: retrieve, write a prompt, ask a chat model, parse its answer. No key and
no download is needed: the model here makes nothing up, it quotes the first memory it was given. Put
any chat model in its place.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
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
from sensorium.percepts import IMU, Audio, Image
from sensorium.samples import FOLDER as MEDIA
from sensorium.samples import notes

QUESTIONS = (
    "what is the postman afraid of",
    "a pizza for dinner",
    "rain on the roof",
    "someone out for a run",
    "the tax report",
)
HEARD = ("sound_dog_bark.ogg", "sound_helicopter.ogg", "sound_sea_waves.ogg")  # to ask with
PROMPT = ChatPromptTemplate.from_template(
    "Answer from these memories alone.\n\nMemories:\n{memories}\n\nQuestion: {question}"
)


class Quoting(SimpleChatModel):
    """A chat model that answers with the first memory in its prompt."""

    @property
    def _llm_type(self) -> str:
        return "quoting"

    def _call(self, messages: list[BaseMessage], *_: Any, **__: Any) -> str:
        lines = messages[-1].text.splitlines()
        first = lines[lines.index("Memories:") + 1]
        return f"I remember {first}" if first else "I remember nothing of the kind."


def moments() -> Iterator[Moment]:
    """The samples but those to ask with. What is in them is not said: file names are no words."""
    for path in sorted(MEDIA.glob("photo_*")):
        yield Moment(Image(path), source=path.name)
    for path in sorted(MEDIA.glob("sound_*")):
        if path.name not in HEARD:
            yield Moment(Audio(path), source=path.name)
    for path in sorted(MEDIA.glob("imu_*")):
        yield Moment(IMU(path, accel="m/s^2", gyro="rad/s"), source=path.name)
    for note in notes():
        yield Moment(text=note, source="a note")


def written(documents: list[Document]) -> str:
    """A line for each document: what a model that only reads can be told of it."""
    lines = []
    for document in documents:
        facts = document.metadata
        timed = facts["span"] and facts["modality"] != "text"
        span = "{:.0f} to {:.0f} s of ".format(*facts["span"]) if timed else ""
        words = f': "{document.page_content}"' if document.page_content else ""
        lines.append(f"{span}{facts['source']}, sure to {facts['confidence']:.0%}{words}")
    return "\n".join(lines)


def sound_message(path: Path) -> HumanMessage:
    """A message as a chat program sends it, with a sound in it."""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return HumanMessage(content_blocks=[create_audio_block(base64=data, mime_type="audio/ogg")])


def main() -> None:
    with Memory.open(":memory:", owner="demo") as memory:
        memory.remember_many(moments()).raise_first()
        retriever = SensoriumRetriever(memory=memory, k=3)

        sure = retriever.bind(min_confidence=0.5)
        answer: Runnable[Any, str] = (
            {"memories": sure | written, "question": RunnablePassthrough()}
            | PROMPT
            | Quoting()
            | StrOutputParser()
        )
        for question, said in zip(QUESTIONS, answer.batch(list(QUESTIONS)), strict=True):
            print(f"{question}?\n  {said}")

        pictured = retriever.bind(modalities=["image"]) | written | str.splitlines
        for name in HEARD:
            print(f"what does {name} look like?")
            print(f"  {pictured.invoke(sound_message(MEDIA / name))[0]}")

        shown = (retriever.bind(k=1) | retriever.content_blocks).invoke("a flower in the sun")
        print("for a model that sees:", [(block["type"], block["mime_type"]) for block in shown])


if __name__ == "__main__":
    main()
