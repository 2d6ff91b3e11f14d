"""What a Qdrant server does with a request, done by a local client in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel
from qdrant_client import QdrantClient, models

DONE = {"operation_id": 1, "status": "completed"}
NO_OTHERS: dict[str, Any] = {"remote_shards": [], "shard_transfers": []}
Answer = Callable[[str, Any], Any]


class Store:
    """Collections, points and aliases, as far as Sensorium asks for them."""

    def __init__(self, client: QdrantClient) -> None:
        """Answer from a local client."""
        self._client = client
        self._answers: dict[tuple[str, str], Answer] = {
            ("GET", "exists"): lambda name, _: {"exists": client.collection_exists(name)},
            ("GET", ""): lambda name, _: _plain(client.get_collection(name)),
            ("GET", "aliases"): lambda name, _: _plain(client.get_collection_aliases(name)),
            ("DELETE", ""): lambda name, _: client.delete_collection(name),
            ("PUT", ""): self._create,
            ("PATCH", ""): self._change,
            ("PUT", "points"): self._upsert,
            ("POST", "points"): self._retrieve,
            ("POST", "points/scroll"): self._scroll,
            ("POST", "points/count"): self._count,
            ("POST", "points/facet"): self._facet,
            ("POST", "points/delete"): self._delete,
            ("POST", "points/batch"): self._batch,
            ("POST", "points/payload"): self._set_payload,
            ("PUT", "points/payload"): self._overwrite_payload,
            ("POST", "points/query"): self._query,
            ("POST", "points/query/batch"): self._query_many,
        }

    def apply(self, method: str, path: str, body: Any) -> Any:
        """Answer a request, as the server does.

        Raises:
            Exception: Whatever the client raises; a server answers that with status 400.
        """
        parts = path.strip("/").split("/")
        if path.endswith("/cluster"):
            copy = {"shard_id": 0, "points_count": 0, "state": "Active"}
            return {"peer_id": 1, "shard_count": 1, "local_shards": [copy], **NO_OTHERS}
        if path == "/collections/aliases":
            return self._change_aliases(body)
        if parts[0] == "aliases":
            return _plain(self._client.get_aliases())
        if path == "/collections":
            return _plain(self._client.get_collections())
        answer = self._answers.get((method, "/".join(parts[2:])))
        if answer is None:  # an index of the payload, or changes of the collection's parameters
            return DONE if "points" in path or "index" in path else True
        return answer(parts[1], body)

    def _change_aliases(self, body: Any) -> bool:
        actions = models.ChangeAliasesOperation(**body).actions
        return bool(self._client.update_collection_aliases(actions))

    def _create(self, name: str, body: Any) -> bool:
        made = models.CreateCollection(**body)
        options: Any = {"vectors_config": made.vectors, "metadata": made.metadata}
        return bool(self._client.create_collection(name, **options))

    def _change(self, name: str, body: Any) -> bool:
        """Change the metadata; of the other settings a local client has none."""
        return bool(self._client.update_collection(name, metadata=body.get("metadata") or {}))

    def _upsert(self, name: str, body: Any) -> Any:
        self._client.upsert(name, [models.PointStruct(**one) for one in body["points"]])
        return DONE

    def _retrieve(self, name: str, body: Any) -> Any:
        return _plain_all(self._client.retrieve(name, body["ids"], **_wanted(body)))

    def _scroll(self, name: str, body: Any) -> Any:
        order = body.get("order_by")
        points, offset = self._client.scroll(
            name,
            scroll_filter=_filter(body),
            limit=body.get("limit") or 10,
            offset=body.get("offset"),
            order_by=models.OrderBy(**order) if isinstance(order, dict) else order,
            **_wanted(body),
        )
        return {"points": _plain_all(points), "next_page_offset": offset}

    def _count(self, name: str, body: Any) -> Any:
        return {"count": self._client.count(name, _filter(body), exact=True).count}

    def _facet(self, name: str, body: Any) -> Any:
        limit = body.get("limit") or 10
        found = self._client.facet(name, body["key"], facet_filter=_filter(body), limit=limit)
        return {"hits": _plain_all(found.hits)}

    def _delete(self, name: str, body: Any) -> Any:
        where = _filter(body)
        chosen: Any = models.FilterSelector(filter=where) if where else body["points"]
        self._client.delete(name, chosen)
        return DONE

    def _set_payload(self, name: str, body: Any) -> Any:
        self._client.set_payload(name, body["payload"], points=_points(body))
        return DONE

    def _overwrite_payload(self, name: str, body: Any) -> Any:
        self._client.overwrite_payload(name, body["payload"], points=_points(body))
        return DONE

    def _batch(self, name: str, body: Any) -> Any:
        for one in body["operations"]:
            for kind, operation in one.items():
                self._operate(name, kind, operation)
        return [DONE] * len(body["operations"])

    def _operate(self, name: str, kind: str, operation: Any) -> None:
        if kind == "set_payload":
            self._set_payload(name, operation)
        elif kind == "overwrite_payload":
            self._overwrite_payload(name, operation)
        elif kind == "delete_payload":
            self._client.delete_payload(name, operation["keys"], points=_points(operation))
        elif kind == "upsert":
            self._upsert(name, operation)
        elif kind == "delete":
            self._delete(name, operation)
        else:
            raise NotImplementedError(kind)

    def _query_many(self, name: str, body: Any) -> Any:
        return [self._search(name, one, one["query"]) for one in body["searches"]]

    def _query(self, name: str, body: Any) -> Any:
        query = body["query"]
        sample = isinstance(query, dict) and "sample" in query
        return self._search(name, body, models.SampleQuery(**query) if sample else query)

    def _search(self, name: str, body: Any, query: Any) -> Any:
        found = self._client.query_points(
            name,
            query=query,
            using=body.get("using"),
            query_filter=_filter(body),
            limit=body["limit"],
            with_payload=body.get("with_payload") or False,
            with_vectors=body.get("with_vector", False),
        )
        return {"points": _plain_all(found.points)}


def _filter(body: Any) -> models.Filter | None:
    return models.Filter(**body["filter"]) if body and body.get("filter") else None


def _points(body: Any) -> Any:
    where = _filter(body)
    return where if where is not None else body["points"]


def _wanted(body: Any) -> dict[str, Any]:
    """The arguments that say what of a point is asked for."""
    vectors = body.get("with_vector", False)
    return {"with_payload": body.get("with_payload", True), "with_vectors": vectors}


def _plain(answer: BaseModel) -> Any:
    return json.loads(answer.model_dump_json())


def _plain_all(answers: Sequence[BaseModel]) -> list[Any]:
    return [_plain(one) for one in answers]
