"""Rows of the tables of operators and functions: json and jsonb."""

from __future__ import annotations

from catalog.types import BOOL, INT4, JSON, JSONB, TEXT, PgType, array_of
from engine.dialect.context import Context
from engine.dialect.duckdb.operators import add_operator
from engine.dialect.duckdb.tables import SCALARS
from engine.dialect.operators import Emit
from engine.dialect.value import Value, value


def _text(v: Value) -> str:
    return f"CAST({v.sql} AS VARCHAR)" if v.oid in (JSON.oid, JSONB.oid) else v.sql


def _call(name: str, result: PgType) -> Emit:
    """An operator that is one Python function of texts."""

    def emit(context: Context, left: Value, right: Value) -> Value:
        sql = f"{name}({_text(left)}, {_text(right)})"
        return value(f"CAST({sql} AS JSON)" if result.oid in (JSON.oid, JSONB.oid) else sql, result)

    return emit


def _register() -> None:
    texts = array_of(TEXT)
    for pg in (JSON, JSONB):
        add_operator("->", pg, TEXT, _call("pg_json_field", pg))
        add_operator("->", pg, INT4, _call("pg_json_item", pg))
        add_operator("->>", pg, TEXT, _call("pg_json_field_text", TEXT))
        add_operator("->>", pg, INT4, _call("pg_json_item_text", TEXT))
        add_operator("#>", pg, texts, _call("pg_json_path", pg))
        add_operator("#>>", pg, texts, _call("pg_json_path_text", TEXT))
    add_operator("?", JSONB, TEXT, _call("pg_jsonb_has_key", BOOL))
    add_operator("@>", JSONB, JSONB, _call("pg_jsonb_contains", BOOL))
    add_operator("<@", JSONB, JSONB, lambda c, a, b: _call("pg_jsonb_contains", BOOL)(c, b, a))
    for prefix, pg in (("json", JSON), ("jsonb", JSONB)):
        SCALARS.plain(f"{prefix}_typeof", [pg], TEXT, "pg_json_typeof(CAST({0} AS VARCHAR))")
        SCALARS.plain(
            f"{prefix}_array_length", [pg], INT4, "CAST(pg_json_array_length(CAST({0} AS VARCHAR)) AS INTEGER)"
        )


_register()
