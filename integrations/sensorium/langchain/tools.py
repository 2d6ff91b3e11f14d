"""Tools with which an agent remembers, recalls, corrects and forgets, through LangChain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_core.tools import BaseTool

from sensorium.agents.limits import MEDIA_LIMITS
from sensorium.agents.opening import check_memory
from sensorium.agents.owners import OwnersMemories
from sensorium.langchain.changing_tools import (
    ForgetTool,
    RememberInRun,
    RememberInTalk,
    RememberTool,
    UpdateInRun,
    UpdateInTalk,
    UpdateTool,
)
from sensorium.langchain.memory_tool import InRun, Shown
from sensorium.langchain.owners import Owner
from sensorium.langchain.recall_tool import RecallInRun, RecallInTalk, RecallTool
from sensorium.langchain.when_tool import WhenTool
from sensorium.memory import Memory
from sensorium.percepts import Limits
from sensorium.percepts.forms import MAX_BYTES
from sensorium.percepts.locations import directories


def memory_tools(
    memory: Memory,
    *,
    owner: Owner | None = None,
    update: bool = False,
    forget: bool = False,
    when: bool = False,
    attached: bool = False,
    roots: Sequence[str | Path] = (),
    show_media: Shown = False,
    max_bytes: int = MAX_BYTES,
    limits: Limits = MEDIA_LIMITS,
) -> list[BaseTool]:
    """Make the tools `remember` and `recall` of the memory of one owner, or of each run's owner.

    A call that fails raises a `ToolException` that says what to do. It becomes the tool's message
    to the model, unless `handle_tool_error` of a tool is set to False.

    Args:
        memory: An open memory. No argument of a tool leads to the memories of another owner.
        owner: Whose memories are meant: a name, or a function that reads it from the run, from
            LangGraph's context (`lambda runtime: runtime.context.user_id`) or the config
            (`lambda runtime: runtime.config["configurable"]["user_id"]`). A run that names nobody
            raises `OwnerError`. By default the memory's owner.
        update: Add the tool `update`, which corrects a memory.
        forget: Add the tool `forget`. It does not ask anybody: let your graph do so.
        when: Add the tool `when`: first and last, how often, what was around a moment, what held
            before, contradictions and named places.
        attached: Give the tools the argument `attached`, for what the user has sent in the
            conversation: pictures, sounds, videos and files. It needs a graph whose state has
            `messages`, such as that of `create_agent`.
        roots: Directories from which the tools, and the blocks that a user sent, may read files;
            by default none.
        show_media: What is put into the messages themselves, for models that take it there.
            `"first"` is a small picture of the first hit, if that is sure; `True` the pictures of
            all that is not probably unrelated. Sounds are not: LangChain writes the content of a
            tool that holds one as text, with all its base64.
        max_bytes: Largest size of one picture; all in one message have four times that.
        limits: Largest sizes of a text, and of what files and samples decode to.
    Returns:
        `remember`, `recall`, and `update`, `forget` and `when` if asked for. Their artifacts are
        JSON-ready and refer to the record or the hits; `artifact_blocks` shows those.
    Raises:
        QueryError: Not an open memory.
    """
    options: dict[str, Any] = {
        "memory": check_memory(memory, remedy="pass Memory.open(...)"),
        "memories": OwnersMemories(memory),
        "owner": owner,
        "roots": tuple(directories(roots)),
        "show_media": show_media,
        "max_bytes": max_bytes,
        "limits": limits,
    }
    schemas: tuple[type[InRun], ...] = (RememberInTalk, RecallInTalk, UpdateInTalk)
    if not attached:
        schemas = (RememberInRun, RecallInRun, UpdateInRun)
    tools: list[BaseTool] = [
        RememberTool(args_schema=schemas[0], **options),
        RecallTool(args_schema=schemas[1], **options),
    ]
    tools += [UpdateTool(args_schema=schemas[2], **options)] if update else []
    tools += [ForgetTool(**options)] if forget else []
    tools += [WhenTool(**options)] if when else []
    return tools
