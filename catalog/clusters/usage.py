"""What clusters use, by day (UTC): seconds of registered workers and of drivers. Budgets and bills are made from it.

A row of `clusters` says what there is since `usage_at`. Whoever changes what there is adds what was used until then, in
the same transaction; in between, the part not yet added is computed as it is read. So nothing is counted twice, and
nothing is lost, whoever dies when.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from catalog.clusters.model import ClusterState, Spending, UsageDay

Prices = Mapping[str, float]
"""Of a worker for an hour, by the name of the size; of those that have one."""
ADDED_EVERY_S = 30
"""How often the leader adds what running clusters have used."""
UNSEEN_S = 90
"""Drivers of a server's own machine end with it: of a longer time without a leader only so much is counted."""
KEPT_DAYS = 400
_UP = ", ".join(f"'{state.value}'" for state in (ClusterState.RUNNING, ClusterState.SCALING, ClusterState.SUSPENDING))
_USES = f"c.spec ->> 'backend' <> 'external' AND (c.workers > 0 OR c.state IN ({_UP}))"
_UNADDED = f"""
    SELECT c.id AS cluster_id, d.day::date AS day, c.tenant_id, c.name AS cluster, s.until,
        c.workers * s.seconds AS worker_s,
        CASE WHEN c.state IN ({_UP}) THEN s.seconds ELSE 0 END AS driver_s,
        c.workers * s.seconds / 3600 * coalesce((CAST(:prices AS jsonb) ->> (c.spec ->> 'size'))::float8, 0) AS cost
    FROM kadali.clusters AS c
    CROSS JOIN LATERAL (SELECT least(:at, c.usage_at + CASE c.spec ->> 'backend' WHEN 'local'
        THEN interval '{UNSEEN_S} seconds' ELSE interval '100 years' END) AS until) AS e
    CROSS JOIN LATERAL generate_series(date_trunc('day', c.usage_at), e.until, interval '1 day') AS d(day)
    CROSS JOIN LATERAL (SELECT least(e.until, d.day + interval '1 day') AS until,
        greatest(0, extract(epoch FROM least(e.until, d.day + interval '1 day') - greatest(c.usage_at, d.day)))::float8
        AS seconds) AS s
    WHERE {_USES}"""
"""Of all clusters; `at` is now, `prices` a JSON object."""
_LOCK = "SELECT FROM kadali.clusters WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE"
_ADD = f"""
    INSERT INTO kadali.cluster_usage AS u (cluster_id, day, tenant_id, cluster, worker_s, driver_s, cost)
    SELECT cluster_id, day, tenant_id, cluster, worker_s, driver_s, cost FROM ({_UNADDED} AND c.id = ANY (:ids)) AS n
    WHERE worker_s + driver_s > 0
    ON CONFLICT (cluster_id, day) DO UPDATE SET cluster = excluded.cluster, worker_s = u.worker_s + excluded.worker_s,
        driver_s = u.driver_s + excluded.driver_s, cost = u.cost + excluded.cost"""
_ADDED = "UPDATE kadali.clusters SET usage_at = greatest(usage_at, :at) WHERE id = ANY (:ids)"
_FORGET = """
    DELETE FROM kadali.cluster_usage WHERE (cluster_id, day) IN (
        SELECT cluster_id, day FROM kadali.cluster_usage WHERE day < CAST(:at AS date) - CAST(:kept AS integer)
        AND tenant_id IN (SELECT tenant_id FROM kadali.clusters WHERE id = ANY (:ids)) FOR UPDATE SKIP LOCKED)"""
_DUE = f"""
    SELECT c.id FROM kadali.clusters AS c WHERE {_USES} AND c.usage_at < now() - interval '{ADDED_EVERY_S} seconds'
    FOR NO KEY UPDATE SKIP LOCKED"""
_SPENT = f"""
    SELECT c.id, b.since, coalesce(sum(u.worker_s), 0) / 3600 AS hours, coalesce(sum(u.cost), 0) AS cost
    FROM kadali.clusters AS c
    CROSS JOIN LATERAL (SELECT date_trunc(c.spec ->> 'budget_period', :at)::date AS since) AS b
    LEFT JOIN (
        SELECT cluster_id, day, worker_s, cost FROM kadali.cluster_usage WHERE cluster_id = ANY (:ids)
        UNION ALL SELECT cluster_id, day, worker_s, cost FROM ({_UNADDED} AND c.id = ANY (:ids)) AS n
    ) AS u ON u.cluster_id = c.id AND u.day >= b.since
    WHERE c.id = ANY (:ids) GROUP BY c.id, b.since"""
_DAYS = f"""
    SELECT cluster_id, max(cluster) AS cluster, day, max(until) AS until, sum(worker_s) AS worker_s,
        sum(driver_s) AS driver_s, sum(cost) AS cost FROM (
        SELECT cluster_id, cluster, day, least(day + interval '1 day', :at) AS until, worker_s, driver_s, cost
        FROM kadali.cluster_usage WHERE tenant_id = :tenant AND day >= :since
        UNION ALL SELECT cluster_id, cluster, day, until, worker_s, driver_s, cost
        FROM ({_UNADDED} AND c.tenant_id = :tenant AND d.day >= :since) AS n
    ) AS u GROUP BY cluster_id, day HAVING sum(worker_s + driver_s) > 0 ORDER BY day DESC, 2, 1 LIMIT :most"""
_IDS = bindparam("ids", type_=ARRAY(Uuid))


def add(connection: Connection, ids: Sequence[UUID], prices: Prices) -> datetime:
    """Add what these clusters have used until now, which is returned; called before what there is of them changes.

    Their rows are locked until the transaction ends.
    """
    named: dict[str, object] = {"ids": list(ids)}
    connection.execute(text(_LOCK).bindparams(_IDS), named)
    at = _now(connection)
    given = named | {"at": at}
    connection.execute(text(_ADD).bindparams(_IDS), given | {"prices": json.dumps(dict(prices))})
    connection.execute(text(_ADDED).bindparams(_IDS), given)
    connection.execute(text(_FORGET).bindparams(_IDS), given | {"kept": KEPT_DAYS})
    return at


def due(connection: Connection) -> list[UUID]:
    """Clusters whose use has not been added for a while; locks their rows, but for those that others have locked."""
    return [row.id for row in connection.execute(text(_DUE))]


def spending(connection: Connection, budgeted: Mapping[UUID, bool], prices: Prices) -> dict[UUID, Spending]:
    """What these clusters, which have budgets, have used in their present periods; by id, with whether it is money."""
    if not budgeted:
        return {}
    given = {"ids": list(budgeted), "at": _now(connection), "prices": json.dumps(dict(prices))}
    found = connection.execute(text(_SPENT).bindparams(_IDS), given)
    return {row.id: Spending(row.cost if budgeted[row.id] else row.hours, row.since, budgeted[row.id]) for row in found}


def days(connection: Connection, tenant: UUID, prices: Prices, since: date, most: int) -> list[UsageDay]:
    """A tenant's from a day on, the newest `most`, newest day first, up to now."""
    given = {"tenant": tenant, "since": since, "at": _now(connection), "prices": json.dumps(dict(prices)), "most": most}
    found = connection.execute(text(_DAYS).bindparams(bindparam("tenant", type_=Uuid)), given)
    return [
        UsageDay(
            row.cluster_id, row.cluster, row.day, row.until, row.worker_s, row.driver_s, row.cost if prices else None
        )
        for row in found
    ]


def _now(connection: Connection) -> datetime:
    """By the store's clock."""
    at: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return at
