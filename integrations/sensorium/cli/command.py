"""Commands whose options are gathered in dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any

# Python 3.10's own wraps a parameter whose default is None into Optional, which hides its option.
from typing_extensions import get_type_hints

from sensorium.cli.session import Session
from sensorium.cli.terminal import reporting


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Make a command for typer of a function.

    A parameter whose type is a dataclass becomes one option for each of its fields; the function
    receives the object. One of the parameters is a `Session`, or is `as_json`, in a command that
    needs no memory. Errors are reported as it asks.
    """
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}

    @wraps(function)
    def run(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        asked = [each.as_json for each in given.values() if isinstance(each, Session)]
        with reporting(as_json=asked[0] if asked else given["as_json"]):
            function(**given)

    options = [
        option
        for name, parameter in signature(function).parameters.items()
        for option in (
            _options(groups[name])
            if name in groups
            else [parameter.replace(annotation=hints[name], kind=Parameter.KEYWORD_ONLY)]
        )
    ]
    run.__signature__ = Signature(options)  # type: ignore[attr-defined]  # which inspect reads
    run.__annotations__ = {option.name: option.annotation for option in options}
    return run


def _options(group: Any) -> Iterator[Parameter]:
    """Yield a parameter for each field of a dataclass."""
    hints = get_type_hints(group, include_extras=True)
    for field in fields(group):
        default = Parameter.empty if field.default is MISSING else field.default
        yield Parameter(
            field.name, Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name]
        )
