"""Attack a memory: `python -m tests.attack [NAME ...] --minutes 10 --seed 1`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict

from tests.attack.attacks import ATTACKS, find_attacks
from tests.attack.running import Plan, Result, run_all

MINUTES = 9.0  # so that all is over within ten
TOLD_EVERY = 15.0  # seconds between lines of progress where there is no terminal
WIDTH = 118  # characters of a line of progress


class Progress:
    """A line that is written over on a terminal, and from time to time elsewhere."""

    def __init__(self) -> None:
        """Begin with the first line."""
        self._last = 0.0
        self._terminal = sys.stderr.isatty()

    def tell(self, line: str) -> None:
        """Show what is going on."""
        if self._terminal:
            print(f"\r{line[:WIDTH]:{WIDTH}}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self._last > TOLD_EVERY:
            self._last = time.monotonic()
            print(f"  {line}", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._terminal:
            print(f"\r{'':{WIDTH}}\r", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Run what the command line asks for; return 1 where there is a problem."""
    parser = _parser()
    arguments = parser.parse_args()
    try:
        attacks = find_attacks(arguments.names, arguments.variant)
    except ValueError as error:
        parser.error(str(error))
    plan = Plan(
        attacks,
        arguments.minutes,
        arguments.seed,
        at_once=arguments.at_once,
        first=arguments.first,
        rounds=arguments.rounds,
    )
    progress = Progress()

    def finished(result: Result) -> None:
        progress.clear()
        if not arguments.json:
            print(f"{result.attack.label:24} {result.findings}", flush=True)

    results = run_all(plan, progress=progress.tell, finished=finished)
    progress.clear()
    print(as_json(results, plan.seed) if arguments.json else as_text(results, plan.seed))
    return int(any(result.findings.kinds for result in results))


def _parser() -> argparse.ArgumentParser:
    known = ", ".join(dict.fromkeys(attack.name for attack in ATTACKS))
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"by default all of: {known}")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="time for all together")
    parser.add_argument("--seed", type=int, default=1, help="seed of all dice")
    parser.add_argument("--variant", help="one variant of the attacks named")
    parser.add_argument("--rounds", type=int, help="most rounds or cases of each attack")
    parser.add_argument("--first", type=int, default=0, help="number of the first round or case")
    parser.add_argument("--at-once", type=int, default=2, help="attacks side by side")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    return parser


def as_text(results: list[Result], seed: int) -> str:
    """A table of what was done, and the details of all problems."""
    lines = ["", f"{'attack':24} {'seconds':>8} {'problems':>9}  done"]
    for result in results:
        found, name = result.findings, result.attack.label
        done = ", ".join(f"{number:,} {what}" for what, number in found.done.items())
        wrong = "skipped" if found.skipped else str(found.kinds.total())
        lines.append(f"{name:24} {result.seconds:8.0f} {wrong:>9}  {found.skipped or done}")
    for result in results:
        for problem in result.findings.problems:
            lines += ["", f"{result.attack.label}, {problem.kind}: {problem.detail}"]
            lines.append(f"  again: {again(result, problem.case, seed)}")
    return "\n".join(lines)


def again(result: Result, case: int, seed: int) -> str:
    """The command that repeats a round."""
    variant = f" --variant {result.attack.variant}" if result.attack.variant else ""
    name = f"python -m tests.attack {result.attack.name}{variant}"
    return f"{name} --seed {seed} --first {case} --rounds 1"


def as_json(results: list[Result], seed: int) -> str:
    """The same as one JSON object."""
    told = [
        {
            "attack": result.attack.label,
            "seconds": round(result.seconds, 1),
            "skipped": result.findings.skipped,
            "done": dict(result.findings.done),
            "kinds": dict(result.findings.kinds),
            "problems": [asdict(problem) for problem in result.findings.problems],
        }
        for result in results
    ]
    return json.dumps({"seed": seed, "attacks": told}, indent=2)


if __name__ == "__main__":
    sys.exit(main())
