"""What is public is listed here; a change of it is meant."""

from __future__ import annotations

import importlib

import pytest

SURFACE = {
    "sensorium.percepts": "IMU Audio Depth Image Limits Percept Place Pose Series Span Text "
    "Thermal Unit Video fill_holes percept_from_dict percept_from_media",
    "sensorium.sources": "Account MessageFailure Reader Reason Snapshot bag check_options "
    "moments open register_reader walk",
    "sensorium.samples": "FOLDER NOTES notes sample sample_names",
    "sensorium.encoders": "Background CarriedEncoder EmbeddingSpace Encoder EncoderBase Encoding "
    "FewShotProbe FunctionEncoder Pair Prediction ZeroShotClassifier check_cancelled combine "
    "encoder_names load_encoder normalise register_encoder report_windows supervised",
    "sensorium.encoders.binding": "BoundEncoder BoundSense Features RandomConvolutions bind "
    "load_bound",
    "sensorium.encoders.questions": "Exclusion named_modalities read_exclusion strip_frame",
    "sensorium.enrich": "Box Enricher Enrichers Found Word enricher_names find_words load_enricher "
    "named_enrichers register_enricher",
    "sensorium.imagebind": "ImageBind ImageBindConfig ImageBindEncoder Profile Tower open_huge",
    "sensorium.mini": "MiniEncoder open_mini",
    "sensorium.decoders": "Decoder NearWord imagine nearest_words",
    "sensorium.qdrant": "Backend ClientBackend CollectionSchema Condition EdgeBackend Either Equal "
    "Every Filter Ids Not OneOf Page Point Present Range Scored Search StoredPoint Words",
    "sensorium.qdrant.client": "ClientBackend add_modality create_collection",
    "sensorium.qdrant.edge": "EdgeBackend",
    "sensorium.memory": "Area AsyncMemory Conflict CopySummary Counted DigestReceipt Enriched "
    "Episode ExportSummary Failure Filters Finding Hit ImportSummary Medium Memory Moment "
    "NearestMedia Occurrences Progress PurgeReceipt Query Record Reembedded Remembered Report "
    "Stream StreamOptions Sweep Timeline Verification Watch",
    "sensorium.moving": "RowFailure ShardReport ShardWriter ShardsSummary encode_dataset "
    "join_shards list_files",
    "sensorium.langchain": "SensoriumEmbeddings SensoriumRetriever SensoriumVectorStore "
    "artifact_blocks memory_tools owner_filter",
    "sensorium.langgraph": "SensoriumStore index_encoder",
    "sensorium.llama_index": "SensoriumEmbedding SensoriumMemoryBlock SensoriumReader "
    "SensoriumRetriever SensoriumVectorStore",
    "sensorium.mcp": "Grant Issuer ServerLimits build_server grants_of serve_http serve_stdio",
    "sensorium.server": "ServerOptions TokenFile build_app serve",
    "sensorium.remote": "RemoteMemory open_remote",
    "sensorium.bench": "TABLES Figure Report Table bench",
    "sensorium.memory.times": "TimesRead limit_by_times read_time read_times",
    "sensorium.memory.streams": "Gap Statistics Stream StreamOptions StreamReport open_stream",
}


@pytest.mark.parametrize("package", SURFACE)
def test_the_public_names_are_these(package: str) -> None:
    """`__all__` is sorted as the formatter sorts it, short, complete, and exists."""
    module = importlib.import_module(package)
    assert module.__all__ == SURFACE[package].split()
    # A memory's methods return many kinds, and all of them are exported
    assert len(module.__all__) <= (36 if package == "sensorium.memory" else 20)
    for name in module.__all__:
        assert hasattr(module, name)
