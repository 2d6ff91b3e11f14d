"""Fill the tables of arguments in docs/*.md from signatures and docstrings.

    python docs/signatures.py

A table stands between two comments of HTML, the first of which names what it describes:

    <!-- arguments of sensorium.memory.Memory.recall -->
    <!-- end -->

A test fails where a table is stale, so that no list of arguments is kept by hand.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints, is_typeddict

DOCS = Path(__file__).parent
TABLE = re.compile(r"(<!-- arguments of ([\w.]+) -->\n).*?(<!-- end -->)", re.DOTALL)
ENTRY = re.compile(r"^( *)(\*{0,2}\w+): (.+)$")
SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Yields|Source):")


def filled(text: str) -> str:
    """Return a document with every table made anew."""
    return TABLE.sub(lambda found: f"{found[1]}\n{table(found[2])}\n{found[3]}", text)


def table(name: str) -> str:
    """Return a table of the arguments of a function, or of the fields of a `TypedDict`.

    Args:
        name: Its full name, such as `"sensorium.memory.Memory.recall"`.
    """
    described = resolve(name)
    words = dict(entries(inspect.getdoc(described) or ""))
    rows = [f"| `{argument}` | {words[argument]} |" for argument in arguments(described, words)]
    return "\n".join(["| argument | meaning |", "| --- | --- |", *rows])


def resolve(name: str) -> Any:
    """Import what a full name means."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found
    raise LookupError(name)


def arguments(described: Any, words: dict[str, str]) -> Iterator[str]:
    """Yield the arguments in their order; those that the docstring passes over are an error."""
    if is_typeddict(described):
        yield from get_type_hints(described)
        return
    for parameter in inspect.signature(described).parameters.values():
        if parameter.name in {"self", "cls"} or parameter.kind is parameter.VAR_KEYWORD:
            continue
        if parameter.name not in words:
            raise LookupError(f"the docstring of {described} says nothing of {parameter.name}")
        yield parameter.name


def entries(docstring: str) -> Iterator[tuple[str, str]]:
    """Yield name and description of what the docstring lists under Args or Attributes."""
    listing, name, words = False, "", list[str]()
    for line in [*docstring.splitlines(), "Source:"]:
        entry = ENTRY.match(line) if listing else None
        starts = SECTION.match(line) is not None
        if name and (starts or (entry and len(entry[1]) == 4)):
            yield name, " ".join(words)
            name, words = "", []
        if starts:
            listing = line in {"Args:", "Attributes:"}
        elif entry and len(entry[1]) == 4:
            name, words = entry[2].lstrip("*"), [entry[3]]
        elif listing and line.strip():
            words.append(line.strip())


def main() -> None:
    """Write every document that has a table."""
    for path in sorted(DOCS.glob("*.md")):
        before = path.read_text(encoding="utf-8")
        after = filled(before)
        if after != before:
            path.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
