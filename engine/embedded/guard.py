"""The last check before SQL reaches DuckDB: one SELECT over known relations. It guards against our own mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import duckdb

from catalog.errors import InsufficientPrivilege, InternalError
from engine.storage.recent import Recent

TABLE_FUNCTIONS = frozenset({"unnest", "generate_series", "range", "generate_subscripts", "json_each", "json_tree"})
"""Table functions that touch neither files nor the instance."""

FORBIDDEN_FUNCTIONS = frozenset({"getenv", "write_log", "current_setting", "getvariable", "query", "query_table"})


_CHECKED_CHARACTERS_MAX = 10_000
_CHECKED_MAX = 500


class Checked:
    """Texts that have passed `check_select`, which depends on nothing but them. Safe for many threads."""

    def __init__(self) -> None:
        self._passed: Recent[tuple[str, tuple[str, ...]], bool] = Recent(_CHECKED_MAX)

    def check(self, cursor: duckdb.DuckDBPyConnection, sql: str, relations: Sequence[str]) -> None:
        """As `check_select`, at no cost for a text seen before."""
        key = sql, tuple(relations)
        if self._passed.get(key):
            return
        check_select(cursor, sql, relations)
        if len(sql) <= _CHECKED_CHARACTERS_MAX:
            self._passed.put(key, True)


def check_select(cursor: duckdb.DuckDBPyConnection, sql: str, relations: Iterable[str]) -> None:
    """Raise InternalError or InsufficientPrivilege unless `sql` is one SELECT over `relations` and its CTEs."""
    answer = cursor.execute("SELECT json_serialize_sql($1)", [sql]).fetchall()
    tree = json.loads(answer[0][0])
    if tree["error"] or len(tree["statements"]) != 1:  # "error" also for any statement that is not a SELECT
        raise InternalError("only a single SELECT may be sent to the embedded engine")
    known = {name.lower() for name in relations}
    nodes = list(_nodes(tree))
    known |= {entry["key"].lower() for node in nodes if "cte_map" in node for entry in node["cte_map"]["map"]}
    for node in nodes:
        _check_node(node, known)


def _check_node(node: dict[str, Any], known: set[str]) -> None:
    kind = node.get("type")
    if kind == "BASE_TABLE":
        if node.get("schema_name") or node.get("catalog_name") or node["table_name"].lower() not in known:
            raise InsufficientPrivilege(f'relation "{node["table_name"]}" is not part of the query')
    elif kind == "TABLE_FUNCTION":
        name = node["function"]["function_name"].lower()
        if name not in TABLE_FUNCTIONS:
            raise InsufficientPrivilege(f"table function {name} is not permitted")
    elif kind == "SHOW_REF":
        raise InsufficientPrivilege("SHOW is not permitted here")
    elif kind == "FUNCTION" and node["function_name"].lower() in FORBIDDEN_FUNCTIONS:
        raise InsufficientPrivilege(f"function {node['function_name']} is not permitted")


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    """Every object of the syntax tree, without recursion (expressions may nest deeply)."""
    pending = [tree]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
