"""Places on clusters in the metadata store: who works on a cluster and who waits for it, over all gateways.

One row for each place that is held or waited for. Each change is one transaction in one round trip on a connection of
its own, alone for its cluster; a gateway that dies loses its places with its advisory lock. Who waits, and how, is
`engine.clusters.admission`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import ScalarSelect, column, func, select, text

from catalog.store.database import Database, store_errors
from catalog.store.listener import INSTANCE_LOCK
from catalog.store.tables import cluster_places, clusters

CHANNEL = "kadali_places"
"""Tells "instance number" of a place that another gateway has given to somebody who waits."""
PLACES_LOCK = 0x6B70
"""First key of the advisory lock under which the places of a cluster change; the second is made from its id."""
_KEPT = "interval '1 day'"
"""How long rows of dead gateways stay: one whose connection was lost for a moment still has its own."""

_ALIVE = f"""SELECT objid::bigint FROM pg_catalog.pg_locks
    WHERE locktype = 'advisory' AND classid::bigint = {INSTANCE_LOCK}
    AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())"""
_LIVING = f"""living AS (SELECT * FROM kadali.cluster_places
    WHERE cluster_id = %(cluster)s AND (instance = %(instance)s OR instance IN ({_ALIVE})))"""
_ORDER = "turn, since, instance, number"
_LOCK = f"SELECT pg_advisory_xact_lock({PLACES_LOCK}, hashtext(%(cluster)s::text))"
_JOIN = f"""WITH {_LIVING},
    seen AS (SELECT count(*) FILTER (WHERE admitted) AS running, count(*) FILTER (WHERE NOT admitted) AS waiting,
        greatest(max(turn) FILTER (WHERE admitted), max(turn) FILTER (WHERE "user" = %(user)s), 0) + 1 AS turn
        FROM living),
    place AS (SELECT *, waiting = 0 AND coalesce(running < %(limit)s::int, true) AS free FROM seen),
    made AS (INSERT INTO kadali.cluster_places (instance, number, cluster_id, "user", turn, admitted, started, since)
        SELECT %(instance)s, %(number)s, %(cluster)s, %(user)s, turn, free, %(started)s, clock_timestamp() FROM place
        WHERE free OR coalesce(waiting < %(queue)s::int, true) RETURNING admitted)
    SELECT (SELECT admitted FROM made), running, waiting,
        (SELECT count(*) + 1 FROM living WHERE NOT admitted AND living.turn <= place.turn) FROM place"""
"""A newcomer's turn comes after those of all who work, and after its user's other ones: so users take turns."""
_SERVE = f"""WITH {_LIVING},
    chosen AS (SELECT instance, number FROM living WHERE NOT admitted ORDER BY {_ORDER}
        LIMIT (SELECT greatest(%(limit)s::int - count(*), 0) FROM living WHERE admitted)),
    served AS (UPDATE kadali.cluster_places AS place SET admitted = true FROM chosen
        WHERE (place.instance, place.number) = (chosen.instance, chosen.number)
        RETURNING place.instance, place.number)
    SELECT number, instance = %(instance)s,
        CASE WHEN instance <> %(instance)s THEN pg_notify('{CHANNEL}', instance || ' ' || number) END FROM served"""
"""A limit that is null lets in everybody."""
_LOOK = f"""WITH {_LIVING},
    numbered AS (SELECT *, count(*) FILTER (WHERE NOT admitted) OVER (ORDER BY {_ORDER}) AS place,
        count(*) FILTER (WHERE NOT admitted) OVER () AS length FROM living)
    SELECT number, admitted, place, length FROM numbered WHERE instance = %(instance)s"""
_LEAVE = "DELETE FROM kadali.cluster_places WHERE instance = %(instance)s AND number = ANY (%(numbers)s)"
_START = "UPDATE kadali.cluster_places SET started = true WHERE instance = %(instance)s AND number = %(number)s"
_FORGET = f"""DELETE FROM kadali.cluster_places
    WHERE since < now() - {_KEPT} AND instance <> %(instance)s AND instance NOT IN ({_ALIVE})"""


@dataclass(frozen=True, slots=True)
class Joined:
    """What a newcomer finds. `admitted` None: too many wait already, it is not in the queue."""

    admitted: bool | None
    running: int
    waiting: int
    """Before it came."""
    place: int
    """In the queue, from 1, where it has to wait."""


@dataclass(frozen=True, slots=True)
class Place:
    """Of this gateway, as it stands."""

    admitted: bool
    place: int
    length: int


class Places:
    """Usable from any thread. `number` names a place among this gateway's. All raise SqlError (08006)."""

    def __init__(self, database: Database, instance: int) -> None:
        """Forgets places of gateways that died long ago."""
        self._database, self._instance = database, instance
        self._lock = threading.Lock()
        self._connection: psycopg.Connection | None = None
        with database.begin() as connection:
            forget = _FORGET.replace("%(instance)s", ":instance")
            connection.execute(text(forget), {"instance": instance})

    def join(
        self, cluster: UUID, number: int, user: str, limit: int | None, queue: int | None, *, started: bool
    ) -> Joined:
        """Take a place, or the end of the queue. `limit`: places at once; `queue`: how many may wait.

        `started`: the cluster answers, so that one who gets a place works at once.
        """
        given = {"number": number, "user": user, "limit": limit, "queue": queue, "started": started}
        told = self._change(cluster, (_LEAVE, _JOIN), given | {"numbers": [number]})
        return Joined(*told[1][0])

    def start(self, cluster: UUID, number: int) -> None:
        """Its holder has waited for the cluster to start, and works now."""
        self._change(cluster, (_START,), {"number": number})

    def leave(self, cluster: UUID, numbers: Sequence[int], limit: int | None) -> list[int]:
        """Give up places or give them back. Those of this gateway who get a place instead; others are told."""
        told = self._change(cluster, (_LEAVE, _SERVE), {"numbers": list(numbers), "limit": limit})
        return [number for number, mine, _ in told[1] if mine]

    def look(self, cluster: UUID, limit: int | None) -> dict[int, Place]:
        """This gateway's places on the cluster, after those have been served that there is room for by now: what a dead
        gateway held, or a higher limit gives.
        """
        told = self._change(cluster, (_SERVE, _LOOK), {"limit": limit})
        return {number: Place(*rest) for number, *rest in told[1]}

    def told(self, payload: str) -> int | None:
        """Which of our places a notification means; None: one of another gateway."""
        instance, _, number = payload.partition(" ")
        return int(number) if int(instance) == self._instance else None

    def close(self) -> None:
        """Idempotent; places that are still held are lost with this gateway's presence in the store."""
        with self._lock:
            self._close()

    def _change(self, cluster: UUID, steps: Sequence[str], given: Mapping[str, Any]) -> list[list[tuple[Any, ...]]]:
        """The rows of the steps, done in one transaction while no other gateway changes places on the cluster."""
        values = {**given, "cluster": cluster, "instance": self._instance}
        with self._lock, store_errors():
            connection = self._connection
            try:
                return self._tried(steps, values)
            except psycopg.OperationalError:
                if connection is None or not connection.broken:
                    raise
            # it was lost since the last time, or is now: once more, which does no harm where it was done
            return self._tried(steps, values)

    def _tried(self, steps: Sequence[str], values: Mapping[str, Any]) -> list[list[tuple[Any, ...]]]:
        """With the lock held. Raises psycopg.Error."""
        try:
            connection = self._connected()
            with connection.pipeline():
                connection.execute("BEGIN")
                connection.execute(_LOCK, values)
                told = [connection.execute(step, values) for step in steps]
                connection.execute("COMMIT")
            return [cursor.fetchall() if cursor.description is not None else [] for cursor in told]
        except BaseException:
            self._close()  # whatever state it is in
            raise

    def _connected(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = self._database.connect()
            self._connection.autocommit = True
            self._connection.execute("SET synchronous_commit = off")  # places end with the server that has them
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def counted(*, running: bool) -> ScalarSelect[Any]:
    """How many places of a row of `clusters` are at work, or else: wait for a place or for the cluster to start."""
    at_work = cluster_places.c.admitted & cluster_places.c.started
    alive = cluster_places.c.instance.in_(text(_ALIVE).columns(column("objid")))
    wanted = (cluster_places.c.cluster_id == clusters.c.id, at_work if running else ~at_work, alive)
    return select(func.count()).where(*wanted).correlate(clusters).scalar_subquery()
