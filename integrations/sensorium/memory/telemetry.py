"""What a memory does, as spans and metrics of OpenTelemetry, for programs that use it.

Names and attributes are those of "Memory" in the semantic conventions for generative AI client
spans (opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans, in development). Stores are owners.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from typing_extensions import ParamSpec

from sensorium.memory.records import Hit, Record, Remembered, Report

if TYPE_CHECKING:
    from opentelemetry.metrics import Histogram, MeterProvider

API = "opentelemetry.trace"  # module of opentelemetry-api that every user of it has imported
NAME = "sensorium"
SEARCH, STORE, UPDATE, DELETE = "search_memory", "upsert_memory", "update_memory", "delete_memory"
DURATION = "gen_ai.client.operation.duration"  # seconds
CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"  # true: content is recorded, too
P = ParamSpec("P")
R = TypeVar("R")


def observed(operation: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make the calls of a method of a memory spans, if the program uses OpenTelemetry.

    Args:
        operation: Name of the operation in the conventions.
    """

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        @wraps(method)
        def call(*args: P.args, **named: P.kwargs) -> R:
            if API not in sys.modules:
                return method(*args, **named)
            return cast(R, _observe(operation, method, args, named))

        return call

    return decorate


def _observe(
    operation: str, method: Callable[..., Any], args: tuple[Any, ...], named: Mapping[str, Any]
) -> Any:
    from opentelemetry import metrics, trace

    memory, *others = args
    about = {"gen_ai.operation.name": operation, "gen_ai.memory.store.id": memory.owner}
    if operation == UPDATE:
        about["gen_ai.memory.record.id"] = str(named.get("id", *others[:1]))
    spans = trace.get_tracer(NAME).start_as_current_span(
        operation,
        kind=trace.SpanKind.INTERNAL,
        attributes=about,
        record_exception=False,  # its message may repeat content
        set_status_on_exception=False,
    )
    measured = {"gen_ai.operation.name": operation}
    began = time.perf_counter()
    with spans as span:
        try:
            result = method(*args, **named)
        except BaseException as error:
            measured["error.type"] = type(error).__name__
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(trace.StatusCode.ERROR)
            raise
        finally:
            seconds = time.perf_counter() - began
            _histogram(metrics.get_meter_provider()).record(seconds, measured)
        if span.is_recording():
            span.set_attributes(_results(result))
            if os.environ.get(CAPTURE, "").strip().lower() == "true":
                span.set_attributes(_content(others, named, result))
        return result


@lru_cache(maxsize=4)
def _histogram(provider: MeterProvider) -> Histogram:
    meter = provider.get_meter(NAME)
    return meter.create_histogram(DURATION, unit="s", description="Duration of an operation.")


def _results(result: object) -> dict[str, Any]:
    """Return how many records an operation was about, and the id of one alone."""
    if isinstance(result, (Remembered, Record)):
        return {"gen_ai.memory.record.count": 1, "gen_ai.memory.record.id": result.id}
    if isinstance(result, Report):
        return {"gen_ai.memory.record.count": result.done}
    if isinstance(result, (list, int)):
        count = len(result) if isinstance(result, list) else result
        return {"gen_ai.memory.record.count": count}
    return {}


def _content(others: list[Any], named: Mapping[str, Any], result: object) -> dict[str, str]:
    """Return the words of a question, and those of the records that were found or written."""
    asked = [*others, named.get("query"), named.get("keywords")]
    query = next((each for each in asked if isinstance(each, str)), None)
    hits = result if isinstance(result, list) else []
    records: list[dict[str, Any]] = [
        {"id": hit.record.id, "content": hit.record.text, "score": hit.score}
        for hit in hits
        if isinstance(hit, Hit)
    ]
    if isinstance(result, Record):
        records = [{"id": result.id, "content": result.text}]
    if isinstance(result, Remembered) and named.get("text") is not None:
        records = [{"id": result.id, "content": named["text"]}]
    content = {"gen_ai.memory.records": json.dumps(records, ensure_ascii=False)} if records else {}
    if isinstance(result, list) and query is not None:
        content["gen_ai.memory.query.text"] = query
    return content
