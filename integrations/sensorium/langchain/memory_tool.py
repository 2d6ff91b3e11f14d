"""What every tool on a memory has: the run's owner, what its user sent, and errors in words."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from langchain_core.messages.content import ContentBlock
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, InjectedToolArg, ToolException
from pydantic import AfterValidator, BaseModel, Field, PlainSerializer, ValidationError

from sensorium.agents.arguments import Signal
from sensorium.agents.limits import MEDIA_LIMITS
from sensorium.agents.owners import OwnersMemories
from sensorium.agents.signals import SignalReader
from sensorium.agents.wording import refusal, refused, told
from sensorium.errors import SensoriumError
from sensorium.langchain.attached import Attached, attached
from sensorium.langchain.owners import Owner, Run, memory_of
from sensorium.memory import Memory, Record
from sensorium.percepts import Limits, Percept
from sensorium.percepts.forms import MAX_BYTES

Shown: TypeAlias = bool | Literal["first"]
Answer: TypeAlias = "tuple[str | list[Any], dict[str, Any]]"  # the message and the artifact
TOGETHER = 4  # times `max_bytes`: the size of all pictures of a message


def _explained(error: Any) -> str:
    """Say which argument was refused, and why."""
    return refused(error) if isinstance(error, ValidationError) else str(error)


def _of_program(runtime: Any) -> Any:
    """Check that a runtime is not an argument that a model wrote."""
    if isinstance(runtime, (dict, list, str, int, float)):
        raise refusal("only arguments that are described", "leave it out")
    return runtime


class InRun(BaseModel):
    """What a tool of LangGraph is given beside its arguments; no model is told of it."""

    runtime: Annotated[
        Any,
        InjectedToolArg,
        AfterValidator(_of_program),
        PlainSerializer(lambda _: None),  # which would copy the whole state, and is not used
    ] = None


class InTalk(InRun):
    """The same, and what the user of the conversation has sent."""

    attached: Attached = None


class MemoryTool(BaseTool):
    """A tool on a memory."""

    memory: Memory = Field(exclude=True)
    memories: OwnersMemories = Field(exclude=True)
    owner: Owner | None = Field(default=None, exclude=True)
    roots: tuple[str | Path, ...] = ()
    show_media: Shown = False
    max_bytes: int = MAX_BYTES
    limits: Limits = MEDIA_LIMITS
    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"
    handle_tool_error: Any = True
    handle_validation_error: Any = _explained

    def _run(
        self, *words: str, config: RunnableConfig, runtime: Any = None, **arguments: Any
    ) -> tuple[str | list[Any], dict[str, Any]]:
        """Do what the tool is for in the memory of the run's owner.

        Raises:
            OwnerError: The run names nobody.
            ToolException: The call cannot be done, in words for a model.
        """
        if self.memories.place is not self.memory:  # a copy of a tool, on another memory
            self.memories = OwnersMemories(self.memory)
        run = Run(config, runtime)
        with memory_of(self.memories, self.owner, run) as memory:
            try:
                if "attached" in arguments:
                    arguments["attached"] = attached(
                        run, arguments["attached"], roots=self.roots, limits=self.limits
                    )
                return self._done(memory, *words, **arguments)
            except SensoriumError as error:
                raise ToolException(told(error)) from error

    @abstractmethod
    def _done(self, memory: Memory, /, *args: Any, **kwargs: Any) -> Answer:
        """Do what the tool is for."""

    @property
    def _reader(self) -> SignalReader:
        return SignalReader(self.roots, limits=self.limits)

    def _percepts(
        self, media: Sequence[Signal] | None, attached: Sequence[Percept] = ()
    ) -> list[Percept]:
        return [*self._reader.read_all(media or ()), *attached]

    def _message(self, text: str, blocks: Iterable[ContentBlock]) -> str | list[Any]:
        """Write the message to the model, with as many pictures as it may hold."""
        media: list[Any] = []
        left = TOGETHER * self.max_bytes
        for block in blocks:
            size = len(str(block.get("base64", ""))) * 3 // 4
            if block["type"] == "image" and size <= left:
                left -= size
                media.append(block)
        return [{"type": "text", "text": text}, *media] if media else text


def name_of(record: Record) -> str:
    """Name a record: "image, text (id 7c1...)"."""
    return f"{', '.join(record.modalities)} (id {record.id})"
