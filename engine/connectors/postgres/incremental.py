"""Positions: how far a table has been read, and which rows are new since.

A row is new if the transaction that wrote it (xmin) had not ended for certain when the table was read before, which
is from the oldest transaction then running (the snapshot's xmin) on. No cursor column can tell that: transactions do
not commit in the order of their numbers or clocks. `pg_visible_in_snapshot` is no help for transactions in between,
since a snapshot does not name subtransactions (SAVEPOINT, blocks with EXCEPTION), which also write rows. So rows that
were committed beside a transaction still running are read a second time, and must be merged by their key. Rows that
are deleted, or truncated, are seen by no such reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from catalog.errors import (
    FeatureNotSupported,
    ObjectNotInPrerequisiteState,
    UndefinedColumn,
)
from catalog.names import always_quote
from engine.connectors.model import Cut, Position
from engine.connectors.postgres import catalog

_WRAP, _HALF, _FIRST_NORMAL = 1 << 32, 1 << 31, 3
_NOW = """
    select pg_catalog.txid_snapshot_xmin(s), pg_catalog.txid_snapshot_xmax(s), s::text,
        (select system_identifier::text from pg_catalog.pg_control_system())
    from pg_catalog.txid_current_snapshot() as s
"""
_KIND = "select relkind::text from pg_catalog.pg_class where oid = %s"


def moment(connection: psycopg.Connection[Any], cut: Cut) -> dict[str, Any]:
    """The position in the cut's table that the snapshot of this transaction is. Raises SqlError.

    Keys: horizon, next (numbers of transactions, 64 bits), snapshot (text), system (which cluster), table (its id).
    """
    with catalog.asking(connection):
        horizon, following, snapshot, system = connection.execute(_NOW).fetchall()[0]
    return {"horizon": horizon, "next": following, "snapshot": snapshot, "system": system, "table": cut.table.id}


def with_cursor(connection: psycopg.Connection[Any], cut: Cut, now: Mapping[str, Any], rows: str) -> dict[str, Any]:
    """`now`, and for people also cursor and value: the highest of the cursor column among `rows` (FROM and WHERE), as
    text. Raises SqlError.
    """
    position = dict(now)
    if cut.cursor is not None:
        column = always_quote(cut.cursor)
        highest = f"select {column} as highest {rows} order by {column} desc nulls last limit 1"
        sql = f"select highest::pg_catalog.text from ({highest}) as q"
        with catalog.asking(connection):
            found = connection.execute(sql.encode()).fetchall()
        before = cut.since.get("value") if cut.since is not None and cut.since.get("cursor") == cut.cursor else None
        position |= {"cursor": cut.cursor, "value": found[0][0] if found else before}
    return position


def new_rows(connection: psycopg.Connection[Any], cut: Cut, now: Position) -> str | None:
    """The condition on rows that are new since `cut.since`; None: all are. `now` is from `moment`.

    Raises SqlError: 42703, 0A000 for what has no xmin, 55000 where `cut.since` says nothing of this table now.
    """
    if cut.cursor is not None:
        if cut.cursor not in {column.name for column in cut.table.columns}:
            raise UndefinedColumn(f'column "{cut.cursor}" of relation "{cut.table.name}" does not exist')
        _check_kind(connection, cut)
    if cut.since is None:
        return None
    _check_kind(connection, cut)
    since = cut.since
    if not isinstance(since.get("horizon"), int):
        raise ObjectNotInPrerequisiteState("the position is not one of a reading of this source's tables", hint=_ANEW)
    if since.get("system") != now["system"]:
        raise ObjectNotInPrerequisiteState(
            "the source is another cluster than the one that was read before", hint=_ANEW
        )
    if since.get("table") != now["table"]:
        raise ObjectNotInPrerequisiteState(f'table "{cut.table.name}" was made anew since it was read', hint=_ANEW)
    low, high = int(since["horizon"]), int(now["next"])
    if int(since.get("next", low)) > high:
        raise ObjectNotInPrerequisiteState("the source was set back to a time before it was read", hint=_ANEW)
    if high - low >= _HALF:
        raise ObjectNotInPrerequisiteState(
            "the position is too old: the source counts its transactions anew", hint=_ANEW
        )
    return _since(low % _WRAP, high % _WRAP)


_ANEW = "Read the table anew (MODE SNAPSHOT)."


def _since(low: int, high: int) -> str:
    """xmin has 32 bits and goes round: between `low` and `high`, which may have been passed zero in between."""
    number = "xmin::pg_catalog.text::pg_catalog.int8"
    if low <= high:
        return f"{number} >= {low}"
    return f"({number} >= {low} or {number} between {_FIRST_NORMAL} and {high})"


def _check_kind(connection: psycopg.Connection[Any], cut: Cut) -> None:
    if catalog.query_of(cut.table) is None:
        with catalog.asking(connection):
            rows = connection.execute(_KIND, [int(cut.table.id)]).fetchall()
        if rows and rows[0][0] in ("r", "p", "m"):
            return
    raise FeatureNotSupported(
        f'"{cut.table.name}" cannot be read incrementally: its rows do not say which transaction wrote them',
        hint="Read tables incrementally; views, foreign tables and queries as a whole.",
    )
