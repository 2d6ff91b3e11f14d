"""One owner against another, on Edge and on a client, through all doors there are."""

from __future__ import annotations

import shutil

from tests.attack.owners import agents, asking
from tests.attack.owners.doors import two_owners
from tests.attack.task import Task


def attack(task: Task) -> None:
    """Try all doors, in turn on both kinds of store."""
    for number in task.turns("passes"):
        kind, home = ("edge", "client")[number % 2], task.home / f"{number}"
        home.mkdir()
        with two_owners(kind, home, task.findings, number) as doors:
            agents.ask(doors)
            asking.ask(doors)
        if kind == "edge":
            agents.type_commands(doors, home / "memory")
        shutil.rmtree(home)
