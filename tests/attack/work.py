"""The process of one attack; its arguments are those of `main`, in order."""

from __future__ import annotations

import resource
import sys
import time
import warnings
from pathlib import Path

from tests.attack.attacks import ATTACKS
from tests.attack.children import where
from tests.attack.findings import Findings
from tests.attack.task import Task

MEMORY = 6 * 2**30  # bytes that one process of an attack may use
FOUND = "findings.json"


def main(label: str, folder: str, *numbers: str) -> None:
    """Run an attack; its findings are in a file of the folder at any time.

    Args:
        label: Name and variant of the attack.
        folder: An empty folder.
        numbers: Seconds, seed, first round, and how many rounds, which may be empty.
    """
    seconds, seed, first, rounds = numbers
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    home = Path(folder) / "home"
    home.mkdir()
    findings = Findings(file=Path(folder) / FOUND)
    limit = int(rounds) if rounds else None
    task = Task(home, findings, float(seconds), int(seed), int(first), limit)
    began = time.monotonic()
    (attack,) = (one for one in ATTACKS if one.label == label)
    try:
        attack.run(task)
    except Exception as error:  # whatever it is, the attack did not do its work
        findings.report("broken", sum(findings.done.values()), where(error))
        raise
    finally:
        findings.save()
    print(f"{time.monotonic() - began:.1f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
