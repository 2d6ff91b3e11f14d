"""sensorium-mini as an `Encoder`: seven modalities in one space of 512 dimensions, on a laptop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import EmbeddingSpace
from sensorium.encoders.background import Background
from sensorium.encoders.batching import BatchedEncoder, Window, check_batch_size
from sensorium.encoders.encoder import Vectors
from sensorium.encoders.forking import Lock
from sensorium.encoders.handles import Remade
from sensorium.encoders.questions.frame_words import LANGUAGES
from sensorium.encoders.questions.frames import strip_frame
from sensorium.encoders.questions.negation import Exclusion, read_exclusion
from sensorium.errors import EncodingError, show
from sensorium.mini.background import read_background
from sensorium.mini.cells import regions
from sensorium.mini.inputs import REVISION, windows
from sensorium.mini.languages.emoji import name_emoji
from sensorium.mini.languages.multilingual import MultilingualTower
from sensorium.mini.languages.questions import check_question
from sensorium.mini.languages.reader import Language, language_of
from sensorium.mini.log_mel import log_mel
from sensorium.mini.manifest import DIRECTORY, manifest, read_listed
from sensorium.mini.names import names_by_modality
from sensorium.mini.tower import Tower
from sensorium.mini.wordpiece import batch, wordpiece
from sensorium.percepts import Percept

NAME = "sensorium-mini"
SEMANTIC, APPEARANCE = 384, 128  # dimensions of the two parts of a vector
DIMENSION = SEMANTIC + APPEARANCE
ALPHA = 1.2  # length of the appearance part; the semantic part has length 1
BATCH = 32  # windows in a forward pass
CHUNK = 8  # windows that go through convolutions at a time
TOWERS = {  # the tower that takes each modality
    "text": "text",
    "image": "pictures",
    "video": "pictures",
    "thermal": "maps",
    "depth": "maps",
    "audio": "audio",
    "imu": "imu",
}
ELSEWHERE = tuple(name for name in LANGUAGES if name != "en")  # where the other text tower reads
MAPS = ("thermal", "depth")  # in the order of the heads of their tower
FILES = ("text", "trunk", "image", "maps", "audio", "imu")  # names in the manifest


def join(meaning: Vectors, appearance: Vectors | None = None) -> Vectors:
    """Join the two parts of a vector: what a percept means, and what it looks like.

    Args:
        meaning: Unit vectors `(B, 384)`, float32.
        appearance: Unit vectors `(B, 128)`, float32; `None` if the modality has no appearance.
    Returns:
        Shape `(B, 512)`, float32, unit length; zeros in place of an appearance that is missing.
    """
    if appearance is None:
        return np.pad(meaning, ((0, 0), (0, APPEARANCE)))
    return _unit(np.concatenate([meaning, np.float32(ALPHA) * appearance], axis=-1))


def _unit(vectors: Vectors) -> Vectors:
    """Scale rows `(B, 512)` to unit length; one that has none is left to fail alone."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit: Vectors = (vectors / lengths).astype(np.float32)
    return unit


class MiniEncoder(Remade, BatchedEncoder):
    """Encodes text, images, video, audio, depth, thermal and IMU with the weights in the package.

    Each tower is opened when it is first used. Several threads may use one encoder. Pickled, it is
    made anew with the same options: no weights are in the pickle.
    """

    def __init__(self, *, batch_size: int = BATCH, directory: Path = DIRECTORY) -> None:
        """Read the list of weights; the weights themselves are read when they are first used.

        Args:
            batch_size: Windows in a forward pass.
            directory: Directory with the manifest and the weights files.
        Raises:
            EncodingError: A batch size below 1.
            WeightsError: The list of weights is missing or damaged.
        """
        self.batch_size = check_batch_size(batch_size)
        self._directory = directory
        self._lock = Lock()  # held while the background is read
        self._background: Background | None = None
        self._towers = {name: Tower(name, directory=directory) for name in FILES}
        self._multilingual = MultilingualTower(directory=directory)
        self._space = EmbeddingSpace(
            model=NAME,
            weights=manifest(directory).digest,
            preprocessing=f"r{REVISION}",
            dimension=DIMENSION,
        )

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its vectors."""
        return self._space

    @property
    def modalities(self) -> frozenset[str]:
        """The seven modalities of the package."""
        return frozenset(TOWERS)

    @property
    def background(self) -> Background:
        """Statistics of its vectors over the training data, to calibrate scores with.

        Raises:
            WeightsError: The file is missing or damaged.
        """
        with self._lock:
            if self._background is None:
                self._background = read_background(directory=self._directory)
            return self._background

    @property
    def names(self) -> Mapping[str, Sequence[str]]:
        """What the towers were taught to recognise, for each modality but text; in English."""
        return names_by_modality()

    def windows(self, percept: Percept) -> Iterable[Window]:
        """Preprocess one percept, lazily."""
        return windows(percept)

    def tower(self, modality: str) -> str:
        """Name the tower that takes a modality: pictures and video frames share one, maps too."""
        return TOWERS[modality]

    def forward(self, modalities: Sequence[str], inputs: Sequence[NDArray[Any]]) -> Vectors:
        """Map windows of one tower to unit vectors `(B, 512)`."""
        tower = TOWERS[modalities[0]]
        # A CPU's caches hold the layers of a few pictures; a batch of texts is one matrix.
        step = len(inputs) if tower == "text" else CHUNK
        parts = [
            self._encode(tower, modalities[start : start + step], inputs[start : start + step])
            for start in range(0, len(inputs), step)
        ]
        return np.concatenate(parts)

    def _encode(
        self, tower: str, modalities: Sequence[str], inputs: Sequence[NDArray[Any]]
    ) -> Vectors:
        if tower == "text":
            return self._encode_texts(inputs)
        if tower == "pictures":
            return self._encode_pictures(inputs)
        if tower == "maps":
            return self._encode_maps(modalities, inputs)
        if tower == "audio":
            return join(*self._towers["audio"](mels=log_mel(np.stack(inputs))))
        return join(*self._towers["imu"](motion=np.stack(inputs)))

    def _encode_texts(self, inputs: Sequence[NDArray[Any] | str]) -> Vectors:
        """Encode texts: ids of pieces are English, a `str` is of another language."""
        vectors = np.empty((len(inputs), SEMANTIC), np.float32)
        english = [place for place, given in enumerate(inputs) if not isinstance(given, str)]
        others = [place for place, given in enumerate(inputs) if isinstance(given, str)]
        if english:
            ids, mask = batch([inputs[place] for place in english])  # type: ignore[misc]  # no str
            [vectors[english]] = self._towers["text"](ids=ids, mask=mask)
        if others:
            vectors[others] = self._multilingual([str(inputs[place]) for place in others])
        return join(vectors)

    def check_question(self, text: str) -> None:
        """Check that a question can be understood; see `ChecksQuestions`.

        Raises:
            QueryError: It has no word, or is of letters that were not learned.
            MissingExtraError: It is of another language than English, and the tower for those is
                not installed.
        """
        check_question(text)

    def asked_for(self, question: str) -> str:
        """Return the words of a question that are to be encoded; see `ReadsQuestions`.

        The same tower reads what is left: "chat" alone, of a question in French, would be English.
        """
        reader = language_of(name_emoji(question))
        english = reader is Language.ENGLISH
        left = strip_frame(question, languages=("en",) if english else ELSEWHERE)
        return left if language_of(name_emoji(left)) is reader else question

    def exclusion_in(self, asked: str) -> Exclusion | None:
        """Return what is wanted and what is not, in English; see `ReadsQuestions`."""
        return read_exclusion(asked)

    def _encode_pictures(self, inputs: Sequence[NDArray[Any]]) -> Vectors:
        """Encode pictures, one or several frames each, which are averaged."""
        flat = list(chain.from_iterable(inputs))
        frames = np.empty((len(flat), DIMENSION), np.float32)
        for chosen, pictures in _of_one_size(flat):
            [features] = self._towers["trunk"](pictures=pictures)
            frames[chosen] = join(*self._towers["image"](features=regions(features)))
        ends = np.cumsum([len(part) for part in inputs])[:-1]
        return _unit(np.stack([part.mean(0) for part in np.split(frames, ends)]))

    def _encode_maps(self, modalities: Sequence[str], inputs: Sequence[NDArray[Any]]) -> Vectors:
        """Encode maps: thermal and depth share the trunk, and each has its own head for meaning."""
        own = np.array([MAPS.index(modality) for modality in modalities])
        vectors = np.empty((len(own), DIMENSION), np.float32)
        for chosen, maps in _of_one_size(inputs):
            *heads, appearance = self._towers["maps"](maps=maps)
            meaning = np.stack(heads)[own[chosen], np.arange(len(chosen))]
            vectors[chosen] = join(meaning, appearance)
        return vectors


def _of_one_size(pictures: Sequence[NDArray[Any]]) -> Iterator[tuple[list[int], NDArray[Any]]]:
    """Yield the places of pictures of one size, and the pictures as one array `(B, C, H, W)`."""
    sizes: dict[tuple[int, ...], list[int]] = {}
    for place, picture in enumerate(pictures):
        sizes.setdefault(picture.shape, []).append(place)
    for places in sizes.values():
        yield places, np.stack([pictures[place] for place in places])


def verify_files(directory: Path = DIRECTORY) -> list[str]:
    """Compare the files of the encoder with their digests, and return their names.

    Raises:
        CheckpointNotFoundError: A file is missing.
        CheckpointFormatError: A file, or the list of files, was changed or cut short.
    """
    names = [*FILES, "background", "languages"]
    for name in names:
        read_listed(name, directory)
    wordpiece(directory)
    return [*names, "vocabulary"]


def open_mini(*, device: str = "auto", dtype: str = "auto") -> MiniEncoder:
    """Open the encoder that comes with the package.

    Args:
        device: `"auto"` or `"cpu"`: a model of this size gains little elsewhere.
        dtype: `"auto"` or `"float32"`.
    Raises:
        EncodingError: Another device or dtype.
        WeightsError: The weights are missing or damaged.
    """
    for name, given, only in (("device", device, "cpu"), ("dtype", dtype, "float32")):
        if given not in ("auto", only):
            raise EncodingError(
                f"{name}={show(given)} for {NAME}", f"auto or {only}", f"leave {name} out"
            )
    return MiniEncoder()
