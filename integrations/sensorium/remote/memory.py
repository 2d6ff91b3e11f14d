"""A memory on a Sensorium server, with the verbs of one that is here."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, BinaryIO, Literal, NoReturn
from urllib.parse import quote

from numpy.typing import ArrayLike
from typing_extensions import Self, Unpack

from sensorium.encoders.noting import note
from sensorium.encoders.registry import DEFAULT
from sensorium.encoders.supervision import Cancel, check_cancelled, supervised
from sensorium.enrich import Enrichers
from sensorium.errors import (
    MemoryAccessError,
    OwnerError,
    QueryError,
    RecordNotFoundError,
    SensoriumError,
    StoreError,
    UnsupportedModalityError,
    show,
)
from sensorium.memory.checks import are_names, check_limit, check_place, check_several
from sensorium.memory.chronology.counting import By, Occurrences, check_by
from sensorium.memory.chronology.ends import SURE, hit_of_time
from sensorium.memory.chronology.sequences import check_within, recall_sequence
from sensorium.memory.chronology.zones import read_zone
from sensorium.memory.digesting.wish import Keep, Wish
from sensorium.memory.episodes.finder import Asked
from sensorium.memory.episodes.grouping import check_group
from sensorium.memory.filters import Filters, parse_age
from sensorium.memory.holding.conflicts import Conflict
from sensorium.memory.holding.links import check_former
from sensorium.memory.layout.ids import check_id
from sensorium.memory.lengths import parse_span
from sensorium.memory.media.signals import open_percepts
from sensorium.memory.memory import COMPARED, LIMIT, NAMED_RADIUS, WITHIN, Memory
from sensorium.memory.places import Area
from sensorium.memory.places.area import read_area
from sensorium.memory.recalling.options import RecallOptions
from sensorium.memory.recalling.query import Query
from sensorium.memory.receipts import DigestReceipt
from sensorium.memory.recipe import Recipe
from sensorium.memory.records import (
    Episode,
    Failure,
    Hit,
    Medium,
    Moment,
    Origin,
    Progress,
    Record,
    Remembered,
    Report,
    Timeline,
    Whereabouts,
)
from sensorium.memory.sharing.shares import Share, checked_share, chosen_tags
from sensorium.memory.times import limit_by_times
from sensorium.memory.watching.watch import check_timeout
from sensorium.memory.watching.watches import check_beside_nothing, check_least, check_start
from sensorium.memory.writing.draft import check_fields, each_moment, expiry
from sensorium.memory.writing.editor import changes
from sensorium.memory.writing.writer import BATCH
from sensorium.percepts import Percept
from sensorium.qdrant.filters import Shared, names_a_place
from sensorium.remote.answers import (
    area_of,
    conflict_of,
    episode_of,
    hit_of,
    occurrences_of,
    receipt_of,
    record_of,
    remembered_of,
    share_of,
    timeline_of,
    written_time,
    zone_name,
)
from sensorium.remote.connection import Connection
from sensorium.remote.downloads import Downloads
from sensorium.remote.sending import Form, filters_of, question_parts, split_text
from sensorium.remote.watching import RemoteWatch

MOST = 10_000  # records of one answer
# Filters that a query repeats
IN_QUERIES = {
    **{"tags": "tag", "with_modalities": "modality", "origins": "origin", "owners": "owner"},
}
DECIDED = (
    *("schema", "collection", "prefer_grpc", "grpc_port", "timeout"),
    *("media", "media_quota", "read_only", "share"),
)


class RemoteMemory(Memory):
    """All that one owner perceived, kept by a Sensorium server.

    The server encodes and keeps; here are only the connection and the media that were opened. What
    needs the store or the encoder itself raises `MemoryAccessError`.
    """

    _parts = frozenset({"_connection", "_downloads", "_given"})

    def __init__(self, recipe: Recipe, connection: Connection) -> None:
        """Use `Memory.open` with the address of a server."""
        self._given, self._connection = recipe, connection
        self._downloads = Downloads(connection)

    @classmethod
    def _opened(cls, recipe: Recipe) -> Self:
        """Ask the server whose memories its token opens.

        Raises:
            OwnerError: The token is not known, or of another owner.
            StoreUnavailableError: There is no Sensorium server.
        """
        connection = Connection(str(recipe.place), recipe.token)
        owner = str(connection.ask("GET", "/session")["owner"])
        if recipe.owner not in ("", owner):
            connection.close()
            raise OwnerError(
                f"owner={recipe.owner!r} with a token of {owner!r}",
                "the owner of the token",
                "leave owner= out, or pass the token of that owner",
            )
        return cls(replace(recipe, owner=owner), connection)

    def _recipe(self) -> Recipe:
        return self._given

    def __repr__(self) -> str:
        return f"Memory({(self._unopened or self._given).shown!r}, owner={self.owner!r})"

    @property
    def owner(self) -> str:
        """Owner of the memories, whom the token names."""
        return (self._unopened or self._given).owner

    @property
    def shared(self) -> tuple[Shared, ...]:
        """Nothing: the server looks through what others share by itself."""
        return ()

    @property
    def read_only(self) -> bool:
        """Whether the token gives no right to write."""
        return "write" not in self._connection.ask("GET", "/session")["rights"]

    @property
    def keeps_media(self) -> bool:
        """Whether the server keeps the signals themselves."""
        return bool(self._connection.ask("GET", "/session")["keeps_media"])

    def remember(
        self,
        *percepts: Percept,
        text: str | None = None,
        at: datetime | None = None,
        tags: Sequence[str] = (),
        source: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        expires_at: datetime | None = None,
        ttl: str | timedelta | None = None,
        id: str | None = None,
        keep_media: bool | None = None,
        enrich: Enrichers | None = None,
        sound: bool | None = None,
        vectors: Mapping[str, ArrayLike] | None = None,
        dated: datetime | None = None,
        place: Whereabouts | None = None,
        supersedes: str | Sequence[str] | None = None,
        origin: Origin | None = None,
        cancel: Cancel | None = None,
    ) -> Remembered:
        """Keep percepts that belong together as one record; see `Memory.remember`.

        Raises:
            MemoryAccessError: `vectors`, which a server does not take.
        """
        if ttl is not None:
            expires_at = expiry(ttl, expires_at)
        moment = Moment(
            percepts=percepts,
            text=text,
            at=at,
            tags=tags,
            source=source,
            metadata=metadata,
            expires_at=expires_at,
            id=id,
            vectors=vectors,
            dated=dated,
            place=place,
            supersedes=supersedes,
            origin=origin,
        )
        with supervised(cancel=cancel):
            check_cancelled()
            return self._send(moment, keep_media=keep_media, enrich=enrich, sound=sound)

    @property
    def _usual(self) -> dict[str, Any]:
        """What a call that does not say otherwise asks of the server, if it was opened so."""
        given = self._given
        return {
            "keep_media": None if given.keep_media else False,
            "enrich": given.enrich or None,
            "sound": None if given.sound else False,
        }

    def _send(self, moment: Moment, **choices: Any) -> Remembered:
        _refuse(vectors=moment.vectors)
        check_fields(moment)
        given = moment.percepts
        percepts, text = split_text([given] if isinstance(given, Percept) else given, moment.text)
        said = {
            "text": text,
            "at": written_time(moment.at),
            "tags": list(moment.tags) or None,
            "source": moment.source,
            "metadata": moment.metadata,
            "expires_at": written_time(moment.expires_at),
            "id": moment.id,
            "dated": written_time(moment.dated),
            "place": _written(moment.place),
            "supersedes": list(check_former(moment.supersedes)) or None,
            "origin": moment.origin,
            **{
                name: choices[name] if choices[name] is not None else usual
                for name, usual in self._usual.items()
            },
        }
        with Form("about") as form:
            units = [form.add(percept) for percept in percepts]
            request = form.request({**said, "units": units or None}, null=("origin",))
            answer = self._connection.ask("POST", "/memories", **request)
        return remembered_of(answer["records"][0])

    def remember_many(
        self,
        moments: Iterable[Moment | Percept],
        *,
        batch_size: int = BATCH,
        progress: Progress | None = None,
        keep_media: bool | None = None,
        enrich: Enrichers | None = None,
        sound: bool | None = None,
        cancel: Cancel | None = None,
    ) -> Report:
        """Keep a stream of moments, each in a request of its own; see `Memory.remember_many`."""
        total = len(moments) if isinstance(moments, Sequence) else None
        report = Report()
        with supervised(cancel=cancel):
            for index, moment in enumerate(each_moment(moments)):
                check_cancelled(report.done)
                try:
                    kept = self._send(moment, keep_media=keep_media, enrich=enrich, sound=sound)
                    report.remembered.append(kept)
                except StoreError:
                    raise
                except SensoriumError as error:
                    report.failures.append(Failure(index, error))
                if progress is not None:
                    progress(report.done, total)
        return report

    def recall(
        self,
        query: Query | None = None,
        *,
        like: str | None = None,
        limit: int = LIMIT,
        modalities: Collection[str] | None = None,
        weights: Sequence[float] | None = None,
        keywords: str | None = None,
        min_confidence: float | None = None,
        half_life: timedelta | None = None,
        diversity: float | None = None,
        ranking: str = "centred",
        read_times: bool = False,
        sequence: Sequence[Query] | None = None,
        within: str | timedelta | None = None,
        group: str | None = None,
        **filters: Unpack[Filters],
    ) -> list[Hit]:
        """Find the memories that answer a question best; see `Memory.recall`.

        Raises:
            QueryError: A vector, or a condition in `where`, which a server does not take.
        """
        check_group(group)
        check_within(sequence, within)
        if sequence is not None:
            beside = {
                "query": query,
                "group": group,
                "like": like,
                "keywords": keywords,
                "weights": weights,
                "half_life": half_life,
                "diversity": diversity,
            }
            return recall_sequence(
                self.recall,
                sequence,
                WITHIN if within is None else within,
                beside=beside,
                ranking=ranking,
                limit=limit,
                min_confidence=min_confidence,
                modalities=modalities,
                read_times=read_times,
                filters=filters,
            )
        if read_times:
            query, filters, _ = limit_by_times(query, filters)
        RecallOptions(
            limit=limit,
            ranking=ranking,
            keywords=keywords,
            min_confidence=min_confidence,
            half_life=half_life,
            diversity=diversity,
        )  # which checks them
        options = {
            "limit": limit,
            "modalities": None if modalities is None else _known(modalities),
            "keywords": keywords,
            "min_confidence": min_confidence,
            "half_life": half_life and _age(half_life),
            "diversity": diversity,
            "ranking": ranking,
            "group": group,
            "read_times": False,  # they are read here, by the clock of whoever asks
            **filters_of("recall", filters),
        }
        with Form("ask") as form:
            parts = question_parts(form, query, like, weights)
            request = form.request({**options, "parts": parts})
            answer = self._connection.ask("POST", "/recall", **request)
        for words in answer.get("notes", ()):
            note(words)
        return [hit_of(hit) for hit in answer["hits"]]

    def get(self, id: str) -> Record:
        """Return a record; see `Memory.get`."""
        return record_of(self._connection.ask("GET", _path(id)))

    def get_many(self, ids: Iterable[str]) -> list[Record]:
        """Return records in the order of their ids, each asked for by itself."""
        check_several(ids, "the ids of records", "write get_many([id])")
        found = []
        for name in ids:
            with suppress(RecordNotFoundError):
                found.append(self.get(name))
        return found

    def timeline(
        self,
        *,
        limit: int = 50,
        newest_first: bool = True,
        cursor: str | None = None,
        **filters: Unpack[Filters],
    ) -> Timeline:
        """List records in order of time, a page at a time; see `Memory.timeline`."""
        order = "desc" if newest_first else "asc"
        asked = {"limit": limit, "order": order, "cursor": cursor}
        return timeline_of(self._listed("/memories", asked, filters_of("timeline", filters)))

    def update(
        self,
        id: str,
        *percepts: Percept,
        text: str | None = None,
        tags: Sequence[str] | None = None,
        source: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        expires_at: datetime | None = None,
        at: datetime | None = None,
        place: Whereabouts | tuple[()] | None = None,
        origin: Origin | None = None,
        keep_media: bool | None = None,
        sound: bool | None = None,
        vectors: Mapping[str, ArrayLike | None] | None = None,
        retain: Collection[str] | None = None,
        history: bool = False,
    ) -> Record:
        """Change a record, or add percepts to it; see `Memory.update`.

        Raises:
            MemoryAccessError: `vectors` or `retain`, which a server does not take.
        """
        _refuse(vectors=vectors, retain=retain)
        changes(
            tags=tags,
            metadata=metadata,
            source=source,
            expires_at=expires_at,
            place=place,
            at=at,
            origin=origin,
        )
        nowhere = place == ()  # which is written as null
        files, words = split_text(percepts, text)
        said = {
            "text": words,
            "tags": None if tags is None else list(tags),
            "source": source,
            "metadata": metadata,
            "expires_at": written_time(expires_at),
            "at": written_time(at),
            "place": None if nowhere else _written(place),
            "origin": origin,
            "history": history or None,
            "keep_media": keep_media,
            "sound": sound,
        }
        with Form("about") as form:
            units = [form.add(percept) for percept in files]
            null = ("place",) if nowhere else ()
            request = form.request({**said, "units": units or None}, null=null)
            return record_of(self._connection.ask("PATCH", _path(id), **request))

    def forget(  # type: ignore[override]  # a purge answers with a receipt, which stays there
        self,
        *ids: str,
        older_than: str | timedelta | None = None,
        everything: bool = False,
        media_only: bool = False,
        purge: bool = False,
        progress: Progress | None = None,
        **filters: Unpack[Filters],
    ) -> int:
        """Remove records, or only their media, and return how many; see `Memory.forget`.

        Raises:
            MemoryAccessError: `purge`, whose receipt stays on the server: send `"purge": true` to
                `/v1/forget`, with a token that has the right `admin`.
        """
        _refuse(purge=purge or None)
        said = {
            "ids": list(ids) or None,
            "older_than": None if older_than is None else _age(parse_age(older_than)),
            "everything": everything,
            "media_only": media_only,
            "filters": filters_of("forget", filters) or None,
        }
        given = {name: value for name, value in said.items() if value is not None}
        return int(self._connection.ask("POST", "/forget", json=given)["removed"])

    def digest(
        self,
        *,
        older_than: str | timedelta = "90d",
        keep: Keep = "episodes",
        most_bytes: str | int | None = None,
        protect: Collection[str] = (),
        dry_run: bool = False,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
        **filters: Unpack[Filters],
    ) -> DigestReceipt:
        """Let the telling moments of old streams stay; see `Memory.digest`.

        With `most_bytes` the token needs the right `admin`.

        Raises:
            MemoryAccessError: `progress` or `cancel`, of which the server hears nothing.
        """
        _refuse(progress=progress, cancel=cancel)
        Wish.parsed(older_than, keep, most_bytes, protect)  # which checks them
        said = {
            "older_than": _age(parse_span(older_than, name="older_than")),
            "keep": keep,
            "most_bytes": most_bytes,
            "protect": sorted(protect),
            "dry_run": dry_run,
            "filters": filters_of("digest", filters) or None,
        }
        given = {name: value for name, value in said.items() if value is not None}
        return receipt_of(self._connection.ask("POST", "/digest", json=given))

    def count(self, **filters: Unpack[Filters]) -> int:
        """Count records; see `Memory.count`."""
        asked = {"field": "modalities", "limit": 1}  # the answer has the number of all, too
        return int(self._listed("/tally", asked, filters_of("count", filters))["count"])

    def tally(self, field: str, *, limit: int = 100, **filters: Unpack[Filters]) -> dict[str, int]:
        """Count records by their tags, sources or modalities; see `Memory.tally`."""
        asked = {"field": field, "limit": limit}
        counted = self._listed("/tally", asked, filters_of("tally", filters))["values"]
        return {str(each["value"]): int(each["count"]) for each in counted}

    def stats(self) -> dict[str, Any]:
        """Describe this owner's memories; see `Memory.stats`."""
        return dict(self._connection.ask("GET", "/stats"))

    def percepts(self, record: Record | Hit) -> list[Percept]:
        """Fetch and open the signals of a record; see `Memory.percepts`."""
        record = record.record if isinstance(record, Hit) else record
        return open_percepts(record, self.open_medium)

    def open_medium(self, medium: Medium) -> Percept:
        """Fetch and open one kept percept; its file is kept until this memory is closed."""
        return self._downloads.open(medium)

    def open_file(self, medium: Medium) -> BinaryIO:
        """Fetch one kept file, and open it for reading; see `Memory.open_file`."""
        return self._downloads.path(medium).open("rb")

    def flush(self) -> None:
        """Do nothing: the server answers once what it was sent is kept."""

    def close(self) -> None:
        """End the connection, and remove the media that were fetched."""
        if not self._close_unopened():
            self._downloads.close()
            self._connection.close()

    def _listed(
        self, path: str, asked: Mapping[str, Any], filters: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        said = {**asked, **{IN_QUERIES.get(name, name): value for name, value in filters.items()}}
        if "where" in said:
            said["where"] = json.dumps(said["where"])
        given = {name: value for name, value in said.items() if value is not None}
        answer: Mapping[str, Any] = self._connection.ask("GET", path, params=given)
        return answer

    @property
    def encoder(self) -> NoReturn:
        """Not here: the server has the encoder."""
        raise _on_the_server("the encoder")

    @property
    def backend(self) -> NoReturn:
        """Not here: the server has the store."""
        raise _on_the_server("the store")

    def for_owner(self, owner: str) -> Self:
        """Refuse: a token opens the memories of its owner alone."""
        raise _on_the_server(f"the memories of {owner!r}", "open them with a token of theirs")

    def enrich(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: the server finds words in what it is sent."""
        raise _on_the_server("enrich")

    def _end(
        self,
        query: Query | None,
        modalities: Collection[str] | None,
        min_confidence: float,
        filters: Filters,
        *,
        last: bool,
    ) -> Hit | None:
        call = "last" if last else "first"
        if query is None:
            return hit_of_time(self._listed_events(limit=1, newest_first=last, **filters).records)
        known = None if modalities is None else _known(modalities)
        said = {"modalities": known, "min_confidence": min_confidence}
        answer = self._told(call, query, **said, **filters_of(call, filters))
        return hit_of(answer["hit"]) if answer["hit"] else None

    def _listed_events(
        self,
        *,
        limit: int,
        newest_first: bool,
        cursor: str | None = None,
        **filters: Unpack[Filters],
    ) -> Timeline:
        """List records but for named places, which a server lists among them."""
        found: list[Record] = []
        while len(found) < limit:
            order: dict[str, Any] = {"limit": limit - len(found), "newest_first": newest_first}
            page = self.timeline(**order, cursor=cursor, **filters)
            found += [record for record in page if not names_a_place(record.__dict__)]
            cursor = page.cursor
            if cursor is None:
                break
        return Timeline(found, cursor)

    def how_often(
        self,
        query: Query,
        *,
        by: By | None = None,
        apart: str | timedelta | None = None,
        zone: tzinfo | str = timezone.utc,
        modalities: Collection[str] | None = None,
        **filters: Unpack[Filters],
    ) -> Occurrences:
        """Count the memories that match a question, with an interval; see `Memory.how_often`.

        Raises:
            QueryError: A zone that has neither a name nor one offset, too.
        """
        check_by(by)
        said = {
            "by": by,
            "within": None if apart is None else _length(parse_span(apart, name="apart")),
            "zone": zone_name(read_zone(zone)),
            "modalities": None if modalities is None else _known(modalities),
        }
        answer = self._told("how_often", query, **said, **filters_of("how_often", filters))
        return occurrences_of(answer["occurrences"])

    def watch(
        self,
        query: Query | None = None,
        *,
        min_confidence: float = SURE,
        modalities: Collection[str] | None = None,
        weights: Sequence[float] | None = None,
        cursor: str | None = None,
        after: datetime | None = None,
        timeout: float | None = None,
        **filters: Unpack[Filters],
    ) -> RemoteWatch:
        """Tell what matches a question as it arrives; see `Memory.watch`.

        The server looks. An answer that was cut off is asked for again from the last hit on.
        """
        check_least(min_confidence)
        check_timeout(timeout)
        check_start(cursor, after)
        check_beside_nothing(query, modalities=modalities, weights=weights)
        said = {
            "min_confidence": min_confidence,
            "modalities": None if modalities is None else _known(modalities),
            **filters_of("watch", filters),
        }

        @contextmanager
        def ask(position: str | None, wait: float) -> Iterator[Iterator[str]]:
            begin = {"cursor": cursor, "after": written_time(after)}
            begin = begin if position is None else {"cursor": position}
            with Form("ask") as form:
                parts = question_parts(form, query, None, weights)
                request = form.request({**said, **begin, "parts": parts, "timeout": wait})
                with self._connection.events("/watch", **request) as lines:
                    yield lines

        return RemoteWatch(self._connection, ask, timeout)

    def history(self, id: str) -> list[Record]:
        """Return a record with its former versions and what it supersedes; see `Memory.history`."""
        answer = self._told("history", moment=check_id(id), limit=MOST)
        return [record_of(record) for record in answer["records"]]

    def conflicts(
        self, *, limit: int = 50, among: int = COMPARED, **filters: Unpack[Filters]
    ) -> list[Conflict]:
        """List records that may contradict each other; see `Memory.conflicts`."""
        said: dict[str, Any] = {"limit": check_limit(limit), "among": check_limit(among)}
        answer = self._told("conflicts", **said, **filters_of("conflicts", filters))
        return [conflict_of(each) for each in answer["conflicts"]]

    def _told(self, what: str, query: Query | None = None, **said: Any) -> Mapping[str, Any]:
        """Ask when something was; times in the words are read by whoever calls."""
        with Form("ask") as form:
            parts = question_parts(form, query, None, None)
            asked = {"what": what, "parts": parts, "read_times": False, **said}
            answer = self._connection.ask("POST", "/when", **form.request(asked))
        for words in answer["notes"]:
            note(words)
        told: Mapping[str, Any] = answer
        return told

    def name_place(
        self, name: str, place: Whereabouts, radius: str | float = NAMED_RADIUS
    ) -> Remembered:
        """Give a place a name; see `Memory.name_place`."""
        area = read_area(place, radius)
        said = {"name": check_id(name), "place": area.place.to_dict(), "radius": area.radius}
        return remembered_of(self._connection.ask("POST", "/places", json=said))

    def places(self) -> dict[str, Area]:
        """Return the places that have a name, by name."""
        answer = self._connection.ask("GET", "/places")["places"]
        return {name: area_of(area) for name, area in answer.items()}

    def share(
        self,
        *,
        with_: str,
        tags: Collection[str] | None = None,
        everything: bool = False,
        rights: Literal["read"] = "read",
    ) -> Share:
        """Let another owner read, by a token with the right `share`; see `Memory.share`."""
        now = datetime.now(timezone.utc)
        asked = checked_share(
            self.owner, with_, tags, everything=everything, rights=rights, since=now
        )
        said = {"with": with_, "tags": list(asked.tags) or None, "everything": everything}
        return share_of(self._connection.ask("POST", "/shares", json=said))

    def unshare(
        self,
        *,
        with_: str | None = None,
        from_: str | None = None,
        tags: Collection[str] | None = None,
        everything: bool = False,
    ) -> int:
        """End shares, by a token with the right `share`; see `Memory.unshare`."""
        named = None if tags is None else chosen_tags(tags, everything=False)
        given = {"with": with_, "from": from_, "tag": named, "everything": everything or None}
        params = {name: value for name, value in given.items() if value is not None}
        return int(self._connection.ask("DELETE", "/shares", params=params)["ended"])

    def shares(self) -> list[Share]:
        """List shares, given and received; see `Memory.shares`."""
        return [share_of(each) for each in self._connection.ask("GET", "/shares")["shares"]]

    def episodes(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 20,
        newest_first: bool = True,
        moments: int = 3,
    ) -> list[Episode]:
        """List episodes; see `Memory.episodes`."""
        Asked(since, until, limit, newest_first, moments)  # which checks them
        asked = {
            "since": written_time(since),
            "until": written_time(until),
            "limit": limit,
            "order": "desc" if newest_first else "asc",
            "moments": moments,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        answer = self._connection.ask("GET", "/episodes", params=given)
        return [episode_of(each) for each in answer["episodes"]]

    def sweep(self) -> NoReturn:
        """Refuse: the server sweeps."""
        raise _on_the_server("sweep")

    def verify(self, **_: Any) -> NoReturn:
        """Refuse: the server has the files."""
        raise _on_the_server("verify")

    def stream(self, modality: str, **_: Any) -> NoReturn:
        """Refuse: samples go to the WebSocket `/v1/streams`, see docs/server.md."""
        raise _on_the_server("a stream", "send its samples to /v1/streams, see docs/server.md")

    def backup(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: a backup is made where the memory is."""
        raise _on_the_server("backup")

    def export(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: an export is made where the memory is."""
        raise _on_the_server("export")

    def import_(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: an export is read where the memory is."""
        raise _on_the_server("import_")

    def promote(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: a memory is copied from where it is."""
        raise _on_the_server("promote")

    def reembed(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: vectors are made anew where they are."""
        raise _on_the_server("reembed")

    def compact(self) -> NoReturn:
        """Refuse: the server indexes."""
        raise _on_the_server("compact")


def open_remote(recipe: Recipe) -> RemoteMemory:
    """Open the memories of a token's owner on a server; `Memory.open` calls it.

    Args:
        recipe: What `Memory.open` was given; an owner of no letters is whoever the token names.
    Raises:
        MemoryAccessError: Something was given that the server decides, such as an encoder.
        OwnerError: The token is not known, or of another owner.
        StoreUnavailableError: There is no Sensorium server.
    """
    usual = Recipe(recipe.place, recipe.owner, recipe.source)
    for name in DECIDED:
        if getattr(recipe, name) != getattr(usual, name):
            raise _on_the_server(f"{name}=", "leave it out: the server decides it")
    if recipe.source.given != DEFAULT:
        raise _on_the_server("encoder=", "leave it out: the server has one")
    return RemoteMemory._opened(recipe)


def _written(place: Whereabouts | tuple[()] | None) -> dict[str, Any] | None:
    """Write a place as a server reads it."""
    found = check_place(place)
    return None if found is None else found.to_dict()


def _known(modalities: Collection[str]) -> list[str]:
    """Return modalities as a list; the server checks that its encoder has them.

    Raises:
        QueryError: It is no list of names.
        UnsupportedModalityError: One of them is no modality.
    """
    if not are_names(modalities):
        raise QueryError(
            f"modalities={show(modalities)}", "a list of names", 'write modalities=["image"]'
        )
    unknown = sorted(set(modalities) - Percept.modalities.keys())
    if unknown:
        raise UnsupportedModalityError(
            f"modalities={sorted(modalities)!r}",
            f"some of {', '.join(sorted(Percept.modalities))}",
            f"leave out {', '.join(unknown)}",
        )
    return list(modalities)


def _length(length: timedelta) -> str:
    """Write a length of time as a server reads it, to the microsecond."""
    return f"{length.total_seconds():.6f} s"


def _age(length: timedelta) -> str:
    """Write a length of time as a server reads it: whole seconds, at least one."""
    return f"{max(1, math.ceil(length.total_seconds()))}s"


def _path(id: str) -> str:
    check_id(id)
    return f"/memories/{quote(id, safe='')}"


def _refuse(**given: Any) -> None:
    """Refuse arguments that a server does not take.

    Raises:
        MemoryAccessError: One of them is given.
    """
    for name, value in given.items():
        if value is not None:
            raise _on_the_server(f"{name}=", "leave it out, or call it where the memory is")


def _on_the_server(what: str, remedy: str = "call it where the memory is") -> MemoryAccessError:
    return MemoryAccessError(f"{what} of a memory on a server", "a memory of this machine", remedy)
