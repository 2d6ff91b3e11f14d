"""Checking what LangChain programs pass, in LangChain's words, before the memory is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from uuid import uuid4

from langchain_core.documents import Document

from sensorium.errors import QueryError, RecordError, VectorError
from sensorium.langchain.filters import condition_of
from sensorium.memory.checks import MOST
from sensorium.memory.filters import Filters
from sensorium.percepts import Text
from sensorium.qdrant import Condition

if TYPE_CHECKING:
    from qdrant_client.models import Filter as QdrantFilter

K = 4  # documents, as everywhere in LangChain
FETCH_K = 20  # candidates of a search for diversity, as everywhere in LangChain
FILTERS = tuple(Filters.__annotations__)

T = TypeVar("T")
Wanted: TypeAlias = "Mapping[str, Any] | Condition | QdrantFilter | None"


def limit_of(k: object, name: str = "k") -> int:
    """Return how many documents are wanted, at most as many as a memory finds at once.

    Args:
        k: The number that a caller passed.
        name: Name of the argument, for the error.
    Raises:
        QueryError: `k` is not a whole number from 0.
    """
    if not isinstance(k, int) or isinstance(k, bool) or k < 0:
        raise QueryError(
            f"{name}={k!r}", "a whole number from 0", f"write {name}={K}, without quotes"
        )
    return min(k, MOST)


def check_lambda(share: object) -> None:
    """Check that `lambda_mult` is a number from 0 to 1.

    Raises:
        QueryError: It is not.
    """
    numeric = isinstance(share, (int, float)) and not isinstance(share, bool)
    if not numeric or not 0 <= share <= 1:  # type: ignore[operator]  # numeric
        raise QueryError(
            f"lambda_mult={share!r}",
            "a number from 0 to 1",
            "write 1 for likeness alone, 0 for difference",
        )


def keywords_of(keywords: object, question: Iterable[object]) -> str | None:
    """Return the words that a recall looks for in texts.

    Args:
        keywords: The words; True for those of the question; None or False for none.
        question: Parts of the question.
    Raises:
        QueryError: Something else, or True for a question without words.
    """
    if keywords is None or keywords is False:
        return None
    if isinstance(keywords, str):
        return keywords
    texts = [part.text if isinstance(part, Text) else part for part in question]
    words = " ".join(text for text in texts if isinstance(text, str) and text.strip())
    if keywords is not True or not words:
        raise QueryError(
            f"keywords={keywords!r}" + (" for a question without words" if not words else ""),
            "words, or True for those of the question",
            'write keywords="E4711", or leave it out',
        )
    return words


def checked_filters(filters: object) -> Filters:
    """Return a retriever's `filters` as those of `Memory.recall`, `where` as a condition.

    Raises:
        QueryError: Not a dictionary, or a name that is not a filter's.
        FilterError: `where` has an operator or a value that cannot be used.
    """
    if not isinstance(filters, Mapping):
        raise QueryError(f"filters={filters!r}", "a dictionary", 'write filters={"tags": ["pets"]}')
    unknown = {name: value for name, value in filters.items() if name not in FILTERS}
    if unknown:
        raise QueryError(
            f"the filters {', '.join(map(str, unknown))}",
            f"known ones: {', '.join(FILTERS)}",
            f'metadata go into filters={{"where": {unknown!r}}}',
        )
    found = Filters(**filters)  # type: ignore[typeddict-item]  # its names are those of filters
    if "where" in found:
        found["where"] = condition_of(found["where"])
    return found


def refuse(
    unknown: Mapping[str, Any],
    *,
    needed: str = "arguments this store knows",
    remedy: str = "leave them out; what restricts a search is filter=",
) -> None:
    """Check that LangChain's signatures have let no unknown arguments through.

    Raises:
        QueryError: There is such an argument.
    """
    if unknown:
        raise QueryError(f"the arguments {', '.join(sorted(unknown))}", needed, remedy)


def as_list(items: Iterable[T], kind: type[T]) -> list[T]:
    """Return the texts or documents to add as a list.

    Raises:
        RecordError: A single one, or an item of another type.
    """
    alone = isinstance(items, (str, Document))
    listed = [] if alone else list(items)
    wrong = [items] if alone else [item for item in listed if not isinstance(item, kind)]
    if wrong:
        raise RecordError(
            f"a {type(wrong[0]).__name__}, {'alone' if alone else 'among what to add'}",
            f"a list of {kind.__name__}",
            "use add_texts for texts, add_documents for documents, add_images for pictures",
        )
    return listed


def ids_of(own: Sequence[str | None], given: Sequence[str | None] | None) -> list[str]:
    """Return an id for each document.

    Args:
        own: The documents' own ids.
        given: Ids that take their place. Where there is neither, a new one is made.
    Raises:
        RecordError: Not one each.
    """
    if given is not None:
        own = one_each("ids", given, len(own))
    return [name or str(uuid4()) for name in own]


def one_each(name: str, values: Sequence[Any] | None, count: int) -> Sequence[Any]:
    """Return the values of an argument, one for each document; `None` for each without any.

    Raises:
        RecordError: Not one each.
    """
    if values is None:
        return [None] * count
    if isinstance(values, (str, bytes)) or len(values) != count:
        raise RecordError(
            f"{name} of {len(values)} for {count} documents", "one each", "leave them out, or add"
        )
    return values


def metadata_of(
    metadatas: Sequence[Mapping[str, Any] | None] | None, count: int
) -> list[dict[str, Any]]:
    """Return the metadata of each document, empty where there is none.

    Raises:
        RecordError: Not one each, or something else than dictionaries.
    """
    given = one_each("metadatas", metadatas, count)
    for metadata in given:
        if not isinstance(metadata, (Mapping, type(None))):
            raise RecordError(
                f"a {type(metadata).__name__} among the metadatas", "dictionaries", "write [{...}]"
            )
    return [dict(metadata or {}) for metadata in given]


def vectors_of(
    modality: str, rows: Sequence[Sequence[float]], count: int
) -> Sequence[Mapping[str, Any]]:
    """Return the vectors of each document, as a `Moment` takes them.

    Args:
        modality: Modality of every row.
        rows: The rows that embeddings returned.
        count: Number of documents that were embedded.
    Raises:
        VectorError: Not one row for each document.
    """
    if len(rows) != count:
        raise VectorError(
            f"{len(rows)} vectors of {count} documents",
            "one each",
            "mend the embeddings: they must return a row for each text",
        )
    return [{modality: row} for row in rows]
