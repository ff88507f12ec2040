"""Spark's rows of the tables of operators and functions: json and jsonb."""

from __future__ import annotations

from catalog.types import BOOL, INT4, JSON, JSONB, TEXT, PgType, array_of
from engine.dialect.operators import template
from engine.dialect.spark.tables import OPERATORS, SCALARS


def _register() -> None:
    texts = array_of(TEXT)
    rows: tuple[tuple[str, PgType, str], ...] = (
        ("->", TEXT, "field"), ("->", INT4, "item"), ("->>", TEXT, "field_text"), ("->>", INT4, "item_text"),
        ("#>", texts, "path"), ("#>>", texts, "path_text"),
    )  # fmt: skip
    for prefix, pg in (("json", JSON), ("jsonb", JSONB)):
        for symbol, right, name in rows:
            result = TEXT if symbol.endswith(">>") else pg
            OPERATORS.add(symbol, pg, right, template(f"pg_json_{name}({{0}}, {{1}})", result))
        SCALARS.plain(f"{prefix}_typeof", [pg], TEXT, "pg_json_typeof({0})")
        SCALARS.plain(f"{prefix}_array_length", [pg], INT4, "pg_json_array_length({0})")
    OPERATORS.add("?", JSONB, TEXT, template("pg_jsonb_has_key({0}, {1})", BOOL))
    OPERATORS.add("@>", JSONB, JSONB, template("pg_jsonb_contains({0}, {1})", BOOL))
    OPERATORS.add("<@", JSONB, JSONB, template("pg_jsonb_contains({1}, {0})", BOOL))


_register()
