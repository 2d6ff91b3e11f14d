"""Spans and metrics of a memory: operations, numbers and errors, and content only if asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.support.planted import PlantedEncoder

from sensorium.errors import RecordNotFoundError
from sensorium.memory import AsyncMemory, Memory
from sensorium.memory.telemetry import CAPTURE, DURATION

NAME, COUNT = "gen_ai.operation.name", "gen_ai.memory.record.count"
RECORD, STORE = "gen_ai.memory.record.id", "gen_ai.memory.store.id"
SECRET = "the code is 4711"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    return exporter


@pytest.fixture
def memory() -> Iterator[Memory]:
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as opened:
        yield opened


def facts(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


def test_each_operation_is_a_span(memory: Memory, spans: InMemorySpanExporter) -> None:
    """With its name, its owner and how many records it was about; nothing of what they hold."""
    kept = memory.remember(text=SECRET)
    memory.recall(SECRET)
    memory.update(kept.id, text=f"{SECRET}!")
    assert memory.forget(kept.id) == 1
    done = spans.get_finished_spans()
    operations = ["upsert_memory", "search_memory", "update_memory", "delete_memory"]
    assert [span.name for span in done] == [facts(span)[NAME] for span in done] == operations
    for span in done:
        assert (facts(span)[STORE], facts(span)[COUNT]) == ("rex", 1)
        assert SECRET not in span.to_json()
    assert facts(done[0])[RECORD] == facts(done[2])[RECORD] == kept.id


def test_an_error_is_named_without_its_message(memory: Memory, spans: InMemorySpanExporter) -> None:
    """As the class of the error, and the status of the span; the caller gets it as ever."""
    with pytest.raises(RecordNotFoundError):
        memory.update("nobody", text=SECRET)
    [span] = spans.get_finished_spans()
    assert facts(span)["error.type"] == "RecordNotFoundError"
    assert span.status.status_code is trace.StatusCode.ERROR
    assert SECRET not in span.to_json()


@pytest.mark.parametrize("said", ["true", "True", "false", ""])
def test_content_is_recorded_if_it_is_asked_for(
    memory: Memory, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """The question and the records, as the conventions write them."""
    monkeypatch.setenv(CAPTURE, said)
    kept = memory.remember(text=SECRET)
    memory.recall("the code")
    written, found = map(facts, spans.get_finished_spans())
    if said.lower() != "true":
        assert not any("query" in key or "records" in key for key in (*written, *found))
        return
    assert found["gen_ai.memory.query.text"] == "the code"
    [record] = json.loads(str(found["gen_ai.memory.records"]))
    assert (record["id"], record["content"]) == (kept.id, SECRET)
    assert json.loads(str(written["gen_ai.memory.records"])) == [{"id": kept.id, "content": SECRET}]


async def test_spans_lie_within_those_of_the_program(spans: InMemorySpanExporter) -> None:
    """Also those of the asynchronous memory, which works in a thread."""
    memory = await AsyncMemory.open(":memory:", owner="rex", encoder=PlantedEncoder())
    async with memory:
        with trace.get_tracer("program").start_as_current_span("turn") as outer:
            await memory.recall("dog")
    inner = next(span for span in spans.get_finished_spans() if span.name == "search_memory")
    assert inner.parent is not None
    assert inner.parent.span_id == outer.get_span_context().span_id


def test_durations_are_measured(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """By operation and by kind of error, in seconds."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: provider)
    for words in ("dog", "sea"):
        memory.remember(text=words)
    memory.recall("dog")
    with pytest.raises(RecordNotFoundError):
        memory.update("nobody", text="x")
    read = reader.get_metrics_data()
    assert read is not None
    [metric] = read.resource_metrics[0].scope_metrics[0].metrics
    assert (metric.name, metric.unit) == (DURATION, "s")
    counts = {
        (point.attributes or {})[NAME]: (point.count, (point.attributes or {}).get("error.type"))
        for point in metric.data.data_points
        if isinstance(point, HistogramDataPoint)
    }
    assert counts == {
        "upsert_memory": (2, None),
        "search_memory": (1, None),
        "update_memory": (1, "RecordNotFoundError"),
    }
    provider.shutdown()


@pytest.mark.slow
def test_without_opentelemetry_nothing_is_imported() -> None:
    """A memory works without it, and does not load it where nobody uses it."""
    code = (
        "import sys\nfrom sensorium.memory import Memory\n"
        "with Memory.open(':memory:', owner='rex') as memory:\n"
        "    memory.remember(text='dog'); memory.recall('dog')\n"
        "print(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
