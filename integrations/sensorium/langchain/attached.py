"""The pictures, sounds, videos and files that the user of a run has sent in its conversation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Annotated, Any, Literal, TypeAlias

from langchain_core.messages import BaseMessage, HumanMessage
from pydantic import BeforeValidator, Field

from sensorium.agents.wording import worded
from sensorium.errors import SensoriumError, ToolArgumentError
from sensorium.langchain.blocks import Roots, is_signal, parts_of
from sensorium.langchain.owners import Run
from sensorium.percepts import Limits, Percept, Text

LAST, EARLIER = "last message", "earlier message"
Attached: TypeAlias = Annotated[
    Literal["last message", "earlier message"] | None,
    BeforeValidator(lambda value: value or None),
    Field(
        description="Also the pictures, sounds, videos and files that the user sent in the last "
        "message, or in an earlier message: the latest one before it that had any."
    ),
]
TELL = "tell the user what is missing, or leave attached out"


def attached(run: Run, which: str | None, *, roots: Roots, limits: Limits) -> list[Percept]:
    """Return the signals of a message that the user sent, as percepts.

    What the model or a tool said is never taken, nor what somebody of another name said in the
    same conversation.

    Args:
        run: The run of a tool in a graph, whose state has `messages`.
        which: `"last message"`, `"earlier message"`, or `None` for none.
        roots: Folders in which the paths of blocks may lead.
        limits: Largest sizes of what a signal decodes to.
    Raises:
        ToolArgumentError: There is no such message, or a signal in it that cannot be taken.
    """
    if which is None:
        return []
    turns = list(_turns(_messages(run)))
    if which == LAST:
        blocks = _signals(turns[0]) if turns else []
    else:
        blocks = next(filter(None, map(_signals, turns[1:])), [])
    if not blocks:
        raise _nothing(which, has_earlier=any(map(_signals, turns[1:])))
    return [
        _percept(block, f"part {number} of the {which}", roots, limits)
        for number, block in enumerate(blocks, start=1)
    ]


def _messages(run: Run) -> Sequence[BaseMessage]:
    """Return the messages of the graph's state."""
    state = getattr(run, "state", None)
    messages = state
    if not isinstance(state, (list, tuple)):
        messages = state.get("messages") if isinstance(state, dict) else None
        messages = getattr(state, "messages", messages)
    if not isinstance(messages, (list, tuple)):
        raise ToolArgumentError("attached outside of a conversation", "a graph's messages", TELL)
    return messages


def _turns(messages: Sequence[BaseMessage]) -> Iterator[list[HumanMessage]]:
    """Yield what the user said between other messages, the latest first."""
    user = next((one.name for one in reversed(messages) if isinstance(one, HumanMessage)), None)

    def is_own(message: BaseMessage) -> bool:
        return isinstance(message, HumanMessage) and message.name == user

    for own, group in groupby(reversed(messages), is_own):
        if own:
            said = [message for message in group if isinstance(message, HumanMessage)]
            yield said[::-1]


def _signals(turn: Sequence[HumanMessage]) -> list[Any]:
    return [block for message in turn for block in message.content_blocks if is_signal(block)]


def _percept(block: Any, name: str, roots: Roots, limits: Limits) -> Percept:
    try:
        [part] = parts_of(block, roots=roots or (), limits=limits)
    except SensoriumError as error:
        wrong = worded(error)
        remedy = f"ask the user to send it again as a picture, sound, video or text, or {TELL}"
        raise ToolArgumentError(f"{name}: {wrong.came}", wrong.needed, remedy) from error
    return Text(part) if isinstance(part, str) else part


def _nothing(which: str, *, has_earlier: bool) -> ToolArgumentError:
    came = f"no picture, sound, video or file in the user's {which}"
    if which == EARLIER:
        return ToolArgumentError(came, "one that the user has sent", "ask the user to send it")
    remedy = f'write attached "{EARLIER}" for what came before' if has_earlier else TELL
    return ToolArgumentError(came, "one that the user has just sent", remedy)
