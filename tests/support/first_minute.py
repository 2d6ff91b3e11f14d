"""Do what the README asks of a new user: install the package, run its first block, run the demo.

    python -m tests.support.first_minute PYTHON

PYTHON belongs to an environment in which the package was installed from its wheel. The block runs
in an empty directory, so nothing of a checkout can help it, and must print what the README shows.
The environment must be as small as the README says, and have no torch.
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

LARGEST = 490  # MB
ABSENT = """
from importlib.util import find_spec
print(*(name for name in ("torch", "torchaudio", "triton", "nvidia") if find_spec(name)))
"""
README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"```python\n(.*?)```\s*```text\n(.*?)```", re.DOTALL)


def first_block(readme: str) -> tuple[str, str]:
    """Return the README's first block of Python, and the output shown below it."""
    found = BLOCK.search(readme)
    assert found is not None, "the README shows no block of Python with its output"
    return found[1], found[2]


def run(command: list[str], folder: str) -> str:
    """Run a command in a folder, away from any checkout; return what it prints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        command, cwd=folder, env=clean, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def megabytes(python: str) -> float:
    """Return the size of what was installed, without pip and setuptools."""
    [place] = run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], "."
    ).split()
    tools = re.compile(r"(pip|setuptools|pkg_resources|_distutils_hack)\b")
    files = (file for file in Path(place).rglob("*") if file.is_file() and not file.is_symlink())
    own = (file for file in files if not tools.match(file.relative_to(place).parts[0]))
    return sum(file.stat().st_size for file in own) / 1e6


def main(python: str) -> int:
    """Run all of it; return 0 if everything printed what it should."""
    code, expected = first_block(README.read_text(encoding="utf-8"))
    with TemporaryDirectory() as folder:
        place = run([python, "-c", "import sensorium.memory as m; print(m.__file__)"], folder)
        print(f"installed: {place}", end="")
        if str(README.parent) in place and "site-packages" not in place:
            print("this is the checkout, not an installed package")
            return 1
        size = megabytes(python)
        print(f"size: {size:.0f} MB")
        found = run([python, "-c", ABSENT], folder).split()
        if size > LARGEST or found:
            print(f"needed at most {LARGEST} MB, and none of {found}")
            return 1
        printed = run([python, "-c", code], folder)
        print(printed, end="")
        if printed != expected:
            print(*difflib.unified_diff(expected.splitlines(), printed.splitlines(), lineterm=""))
            return 1
        demo = run([str(Path(python).with_name("sensorium")), "demo"], folder)
        print(demo.splitlines()[0])
        return 0 if "Remembered" in demo else 1


if __name__ == "__main__":
    sys.exit(main(str(Path(sys.argv[1]).absolute())))
