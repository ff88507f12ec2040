"""One query in the history, as a value, as a line of JSON, and as a row of SHOW QUERIES."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import pyarrow as pa

TEXT_CHARACTERS_MAX = 65_536
"""Longer query and error texts are cut, with an ellipsis at the end."""

_MOMENT = pa.timestamp("us", tz="UTC")
QUERIES_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("pid", pa.int32()),
        ("user", pa.string()),
        ("tenant", pa.string()),
        ("cluster", pa.string()),
        ("engine", pa.string()),
        ("state", pa.string()),
        ("queued_at", _MOMENT),
        ("started_at", _MOMENT),
        ("ended_at", _MOMENT),
        ("rows", pa.int64()),
        ("bytes_scanned", pa.int64()),
        ("cache_hit", pa.bool_()),
        ("sqlstate", pa.string()),
        ("query", pa.string()),
        ("database", pa.string()),
        ("route", pa.string()),
        ("route_reason", pa.string()),
        ("bytes", pa.int64()),
        ("error", pa.string()),
        ("progress", pa.string()),
    ]
)
"""Columns of SHOW QUERIES and of kadali.queries; `bytes` are those sent to the client, `route` is the engine.
`progress` is known of queries under way only.
"""


class QueryState(Enum):
    """Where a query stands. LOST: its gateway died; it has a start and no end."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELED = "canceled"
    ABANDONED = "abandoned"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRecord:
    """Everything known of a query at one moment; a later record of the same `id` replaces an earlier one.

    `tenant` is the database name. `sqlstate` and `error` (its message) are None when it went well.
    """

    id: str
    tenant: str
    user: str
    query: str
    state: QueryState
    queued_at: datetime
    pid: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    cluster: str | None = None
    engine: str | None = None
    route_reason: str | None = None
    rows: int | None = None
    bytes: int | None = None
    bytes_scanned: int | None = None
    cache_hit: bool | None = None
    sqlstate: str | None = None
    error: str | None = None


def to_line(record: QueryRecord, instance: int) -> str:
    """A JSON object without line breaks: the columns of the store's table `queries`."""
    return json.dumps(
        {
            "id": record.id,
            "instance": instance,
            "pid": record.pid,
            "user": record.user,
            "tenant": record.tenant,
            "cluster": record.cluster,
            "engine": record.engine,
            "route_reason": record.route_reason,
            "state": record.state.value,
            "queued_at": record.queued_at.isoformat(),
            "started_at": record.started_at.isoformat() if record.started_at else None,
            "ended_at": record.ended_at.isoformat() if record.ended_at else None,
            "rows": record.rows,
            "bytes": record.bytes,
            "bytes_scanned": record.bytes_scanned,
            "cache_hit": record.cache_hit,
            "sqlstate": record.sqlstate,
            "error": None if record.error is None else _bounded(record.error),
            "query": _bounded(record.query),
        }
    )


def to_table(rows: Iterable[Mapping[Any, Any]]) -> pa.Table:
    """Rows of the store's table `queries` in the shape of QUERIES_SCHEMA."""
    shown = [dict(row) | {"database": row["tenant"], "route": row["engine"]} for row in rows]
    return pa.Table.from_pylist(shown, QUERIES_SCHEMA)


def _bounded(text: str) -> str:
    text = text.replace("\0", "")
    return text if len(text) <= TEXT_CHARACTERS_MAX else text[: TEXT_CHARACTERS_MAX - 1] + "…"
