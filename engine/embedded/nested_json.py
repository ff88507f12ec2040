"""SQL that prints a nested column (struct, map, list of them) as PostgreSQL's row_to_json would."""

from __future__ import annotations

import json

import pyarrow as pa

from catalog.names import quote_literal


def json_text(expression: str, arrow: pa.DataType, depth: int = 0) -> str:
    """A DuckDB expression of type VARCHAR with the JSON of `expression`; NULL for NULL.

    DuckDB's own to_json rounds decimals and float4, prints NaN bare and timestamps without "T". Uses the dialect's
    macros for floats; `depth` keeps the names of nested lambdas apart.
    """
    t = pa.types
    if t.is_struct(arrow):
        parts = [f"{quote_literal(_key(item.name))} || {_member(expression, item, depth)}" for item in arrow]
        body = " || ',' || ".join(parts) or "''"
        return f"CASE WHEN ({expression}) IS NULL THEN NULL ELSE '{{' || {body} || '}}' END"
    if t.is_map(arrow):
        entry = f"e{depth}"
        key = f"to_json(CAST({entry}.key AS VARCHAR))"
        value = _or_null(f"{entry}.value", arrow.item_type, depth + 1)
        return _joined(f"map_entries({expression})", entry, f"{key} || ':' || {value}", "{}")
    if t.is_list(arrow) or t.is_large_list(arrow):
        item_name = f"e{depth}"
        return _joined(expression, item_name, _or_null(item_name, arrow.value_type, depth + 1), "[]")
    return _scalar(expression, arrow)


def _scalar(expression: str, arrow: pa.DataType) -> str:
    t = pa.types
    if t.is_integer(arrow) or t.is_decimal(arrow) or t.is_boolean(arrow):
        return f"CAST({expression} AS VARCHAR)"
    if t.is_floating(arrow):
        text = f"pg_float{4 if t.is_float32(arrow) else 8}_text({expression})"
        return f"CASE WHEN isfinite({expression}) THEN {text} ELSE '\"' || {text} || '\"' END"
    if t.is_timestamp(arrow):
        text = f"replace(CAST({expression} AS VARCHAR), ' ', 'T')"
        if arrow.tz is not None:  # the offset has minutes at least
            text = f"regexp_replace({text}, '([+-][0-9]{{2}})$', '\\1:00')"
        return f"'\"' || {text} || '\"'"
    if t.is_date(arrow):
        return f"'\"' || CAST({expression} AS VARCHAR) || '\"'"
    if t.is_binary(arrow):
        return f"'\"\\\\x' || lower(hex({expression})) || '\"'"
    return f"CAST(to_json(CAST({expression} AS VARCHAR)) AS VARCHAR)"


def _joined(values: str, name: str, element: str, brackets: str) -> str:
    texts = f"list_transform({values}, lambda {name}: {element})"
    return (
        f"CASE WHEN ({values}) IS NULL THEN NULL "
        f"ELSE '{brackets[0]}' || coalesce(array_to_string({texts}, ','), '') || '{brackets[1]}' END"
    )


def _member(expression: str, item: pa.Field, depth: int) -> str:
    return _or_null(f"struct_extract(({expression}), {quote_literal(item.name)})", item.type, depth)


def _or_null(expression: str, arrow: pa.DataType, depth: int) -> str:
    return f"coalesce({json_text(expression, arrow, depth)}, 'null')"


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False) + ":"
