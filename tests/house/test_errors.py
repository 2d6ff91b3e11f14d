"""One tree of errors, each also the builtin a caller would catch."""

from __future__ import annotations

import builtins
import inspect
import pickle
import re
from dataclasses import fields
from typing import Any

import pytest

from sensorium import errors
from sensorium.errors import BatchError, SensoriumError

CLASSES = [
    cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, SensoriumError)
]


def example(cls: type[SensoriumError]) -> SensoriumError:
    extra = {"failures": {3: SensoriumError("a", "b", "c")}, "results": [None]}
    lists = {"missing": ["a"], "extra": ["b"], "done": 3, "seconds": 2.0}
    values: dict[str, Any] = {"came": "this", "needed": "that", "remedy": "do so"} | extra | lists
    return cls(**{field.name: values[field.name] for field in fields(cls)})


@pytest.mark.parametrize("cls", CLASSES)
def test_messages_say_three_things(cls: type[SensoriumError]) -> None:
    """What came, what was needed and what to do are in the message, whatever the builtin base."""
    assert str(example(cls)) == "this; needed that; do so"


@pytest.mark.parametrize("cls", CLASSES)
def test_errors_survive_pickling(cls: type[SensoriumError]) -> None:
    """A worker process can send any error home with all its facts."""
    sent = example(cls)
    received = pickle.loads(pickle.dumps(sent))
    assert type(received) is cls
    for field in fields(cls):
        assert str(getattr(received, field.name)) == str(getattr(sent, field.name))


def test_what_to_add_to_the_call_is_data() -> None:
    """A remedy reads as Python, and keeps its arguments; doors write them their own way."""
    ways = {"unit": "mm", "fx": 525}, {"columns": {"accel": ["a", 1]}, "trust": True}
    remedy = errors.Phrase("pass {0}, or {1} of {2}", *ways)
    said = 'pass unit="mm", fx=525, or columns={"accel": ["a", 1]}, trust=True of {2}'
    assert remedy == said
    error = pickle.loads(pickle.dumps(errors.UnitError("a", "b", remedy)))
    assert (str(error), error.ways) == (f"a; needed b; {said}", ways)
    assert error.remedy.written("+".join) == ("pass unit+fx, or columns+trust of {2}")
    assert errors.UnitError("a", "b", "c").ways == ()


def test_the_drawn_tree_is_the_tree() -> None:
    """The drawing at the top of `errors.py` names every class under its parent and its builtin."""
    drawn: dict[str, tuple[str, str | None]] = {}
    above = ["SensoriumError"]
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^([│ ├└─]*)─ (\w+)\s*(?:\((\w+)\))?", line)
        if match:
            depth = len(match[1]) // 4 + 1
            above[depth:] = [match[2]]
            drawn[match[2]] = (above[depth - 1], match[3])
    assert set(drawn) == {cls.__name__ for cls in CLASSES} - {"SensoriumError"}
    for name, (parent, builtin) in drawn.items():
        cls = getattr(errors, name)
        assert cls.__bases__[0].__name__ == parent
        if builtin:
            assert issubclass(cls, getattr(builtins, builtin))


def test_a_batch_error_keeps_what_succeeded() -> None:
    """Failures are found by index; the other results are held."""
    error = BatchError("x", "y", "z", {1: SensoriumError("a", "b", "c")}, ["first", None])
    assert list(error.failures) == [1]
    assert error.results == ["first", None]


@pytest.mark.parametrize("cls", CLASSES)
def test_a_long_value_is_shortened_in_the_middle(cls: type[SensoriumError]) -> None:
    """However much was given, a message keeps its beginning, its end and all three parts."""
    made = example(cls)
    values = {field.name: getattr(made, field.name) for field in fields(cls)}
    long = cls(**values | {"came": f"tags={'x' * 10**6!r}, a str", "remedy": "y" * 10**6})
    assert str(long).startswith("tags='xxx")
    assert "xxx', a str; needed that; yyy" in str(long)
    assert len(str(long)) < 1000
    assert str(pickle.loads(pickle.dumps(long))) == str(long)
    exact = cls(**values | {"came": "x" * 300, "needed": "y" * 600})
    assert (exact.came, exact.needed) == ("x" * 300, "y" * 600)
