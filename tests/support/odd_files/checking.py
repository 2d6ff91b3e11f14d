"""The truth about the files beside what `sensorium remember --json` did with them."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.odd_files.odd import Odd

NEAR = 1e-4  # degrees
SAME = timedelta(milliseconds=2)  # fractions of a second are rounded


def disagreements(
    made: Sequence[Odd], folder: Path, done: Mapping[str, Any], stored: Iterable[Mapping[str, Any]]
) -> list[str]:
    """Return a line for each thing that is not as it should be.

    Args:
        made: The files of the folder.
        folder: The folder.
        done: What the command printed as JSON, of a memory that was empty before.
        stored: The records of the memory, as `sensorium timeline --json` prints them.
    """
    told = _told(folder, done)
    records = {record["id"]: record for record in stored}
    found = [f"{odd.name!r}: {line}" for odd in made for line in _of_one(odd, told, records)]
    files = [path.relative_to(folder).as_posix() for path in _files(folder)]
    found += [f"{name!r}: nothing is known of it" for name in _unknown(files, made, told)]
    ids = {record["id"] for record in done["records"]}
    if set(records) != ids:
        found.append(f"{len(records)} records stored, {len(ids)} told")
    if done["new"] != len(ids):
        found.append(f"{done['new']} counted as new, {len(ids)} told")
    account = done["account"]
    if not account["files"] == sum(line["count"] for line in account["lines"]) == len(files):
        found.append(f"{account['files']} accounted for, {len(files)} in the folder")
    return found


def _told(folder: Path, done: Mapping[str, Any]) -> dict[str, dict[str, list[Any]]]:
    """Return what the command said of each file: `read`, `failed`, `skipped`, `beside`."""
    told: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    fates = {"records": "read", "failures": "failed", "skipped": "skipped", "side_files": "beside"}
    for key, fate in fates.items():
        for each in done[key]:
            told[Path(each["file"]).relative_to(folder).as_posix()][fate].append(each)
    return told


def _of_one(
    odd: Odd, told: Mapping[str, Mapping[str, list[Any]]], records: Mapping[str, Any]
) -> Iterator[str]:
    fates = told.get(odd.name, {})
    if list(fates) != [odd.fate]:
        reasons = [
            each.get("why") or each.get("error") or "" for of in fates.values() for each in of
        ]
        yield f"{odd.fate} expected, but {', '.join(fates) or 'unmentioned'} {reasons[:2]}"
        return
    said = fates[odd.fate]
    if odd.fate == "read":
        yield from _as_read(odd, told, said, [records[each["id"]] for each in said])
    elif odd.fate == "beside":
        owner = Path(said[0]["of"]).name
        if owner != Path(odd.of).name:
            yield f"beside {owner!r}, not {odd.of!r}"
    elif len(said) != 1 or odd.why not in str(said[0].get("why") or said[0].get("error")):
        yield f"{odd.why!r} expected, but {said}"


def _as_read(
    odd: Odd, told: Mapping[str, Any], said: Sequence[Any], records: Sequence[Any]
) -> Iterator[str]:
    senses = [sense for record in records for sense in record["modalities"]]
    if senses != list(odd.senses):
        yield f"{odd.senses} expected, but {senses}"
    if odd.of:
        name = odd.of if "/" in odd.of else Path(odd.name).with_name(odd.of).as_posix()
        if {each["id"] for each in told[name]["read"]} != {each["id"] for each in said}:
            yield f"not one record with {odd.of!r}"
        return
    if odd.words not in "\n".join(str(record["text"]) for record in records):
        yield f"{odd.words!r} is in none of its records"
    if odd.says not in str(said[0]["reading"]):
        yield f"{odd.says!r} expected, but its reading is {said[0]['reading']}"
    at = datetime.fromisoformat(said[0]["at"]) if said[0]["at"] else None
    apart = at is None if odd.at is None else at is not None and abs(at - odd.at) <= SAME
    if not apart or said[0]["dated_by"] != odd.by:
        yield f"{odd.at} by {odd.by!r} expected, but {at} by {said[0]['dated_by']!r}"
    if at is not None and abs(datetime.fromisoformat(records[0]["at"]) - at) > SAME:
        yield f"stored at {records[0]['at']}, told {at}"
    place = records[0].get("place")
    here = None if place is None else (place["latitude"], place["longitude"])
    if (here is None) != (odd.place is None) or (
        here and odd.place and max(abs(a - b) for a, b in zip(here, odd.place, strict=True)) > NEAR
    ):
        yield f"place {odd.place} expected, but {here}"


def _unknown(files: Sequence[str], made: Sequence[Odd], told: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the command says nothing of, and what it says something of that is not there."""
    whole = {odd.name for odd in made if odd.whole}
    inside = {name for name in files if any(name.startswith(f"{each}/") for each in whole)}
    yield from sorted(({*files} - inside) ^ ({*told} - whole | {*files} & whole))


def _files(folder: Path) -> Iterator[Path]:
    """Yield everything in a folder but those folders that are listed; links are not followed."""
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_dir() or not os.access(path, os.R_OK):
            yield path
