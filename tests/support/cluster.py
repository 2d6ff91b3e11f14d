"""Two nodes of a cluster in memory, one of which hears of the metadata late."""

from __future__ import annotations

from typing import Any

from httpx import Headers
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from tests.support.cut_short import WatchedClient

# A server answers these when all nodes know what they change, and all that was changed before
WAITING = frozenset({"create_collection", "create_vector_name", "update_collection_aliases"})


class Cluster:
    """What the nodes share.

    Attributes:
        client: All collections, as the first node knows them.
        heard: Descriptions of the collections, as the second node knows them.
    """

    def __init__(self) -> None:
        self.client = QdrantClient(":memory:")
        self.heard: dict[str, models.CollectionInfo] = {}

    def node(self, *, late: bool = False) -> WatchedClient:
        """A client of the first node, or of the late one."""
        return _Node(self, late=late)

    def tell(self, _: int, request: str) -> None:
        """Have all nodes know everything, where a request waits for that."""
        if request in WAITING:
            names = [found.name for found in self.client.get_collections().collections]
            self.heard = {name: self.client.get_collection(name) for name in names}


class _Node(WatchedClient):
    def __init__(self, cluster: Cluster, *, late: bool) -> None:
        super().__init__(cluster.client, before=cluster.tell)
        self._init_options = {**self._init_options, "location": None, "url": "http://node"}
        self.cluster, self.late = cluster, late

    def get_collection(self, collection_name: str, **options: Any) -> models.CollectionInfo:
        known = self.cluster.heard.get(collection_name) if self.late else None
        try:
            return known or super().get_collection(collection_name, **options)
        except ValueError as error:  # as a client without a server says it
            raise UnexpectedResponse(404, "", str(error).encode(), Headers()) from error

    def create_payload_index(self, *_: Any, **__: Any) -> Any:
        """Do nothing: without a server there is no index."""

    def collection_cluster_info(self, *_: Any, **__: Any) -> models.CollectionClusterInfo:
        shard = models.LocalShardInfo(shard_id=0, points_count=0, state=models.ReplicaState.ACTIVE)
        return models.CollectionClusterInfo(
            peer_id=1, shard_count=1, local_shards=[shard], remote_shards=[], shard_transfers=[]
        )
