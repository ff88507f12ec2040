"""Each type of PostgreSQL comes as the source prints it, or as NULL that is counted where Delta has no image."""

from __future__ import annotations

import datetime
import json
import math
import re
import uuid
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pytest

from catalog import types
from catalog.types import PgType
from engine.connectors.model import Cut, Reading, SourceName, SourceTable
from engine.connectors.postgres.connector import POSTGRES
from tests.connectors.conftest import PostgresSource
from tests.connectors.every_type import ARRAYS_NOT, LISTS, SETUP, VALUES, written

NO_DATE = "infinite, or outside of the years 1 to 9999"
NO_NUMBER = "NaN"
NO_LIST = "arrays of more than one dimension"
PRINTED = "case when num_nulls({c}) = 0 then format('%s', {c}) end"
"""As the output function of the type says: a cast to text drops the padding of character(n)."""
PARTS = f"(select array_agg({PRINTED.format(c='({c})[i]')} order by i) from generate_subscripts({{c}}, 1) i)"
COLUMNS = {
    **{f"c{n}": kind for n, kind in enumerate(VALUES)},
    **{f"a{n}": f"{kind}[]" for n, kind in enumerate(VALUES) if kind not in ARRAYS_NOT},
    **{f"l{n}": kind for n, kind in enumerate(LISTS)},
}


def fill(connection: psycopg.Connection[Any]) -> None:
    """Row n has the n-th value of each type; the arrays hold all values and NULL, an empty one, NULL."""
    for statement in SETUP:
        connection.execute(statement)
    connection.execute(f"CREATE TABLE every (id integer, {', '.join(f'{c} {t}' for c, t in COLUMNS.items())})")
    for row in range(12):
        items: dict[str, tuple[str, Any]] = {"id": ("%s", row)}
        for n, (kind, values) in enumerate(VALUES.items()):
            if row < len(values):
                items[f"c{n}"] = (written(kind), values[row])
            if row < 2 and kind not in ARRAYS_NOT:
                # Cast as a whole, where it can be: array_agg of an int2vector is one.
                gathered = f"(SELECT array_agg({written(kind, 'x')}) FROM unnest(%s::text[]) x)"
                array = gathered if kind == "xml" else f"%s::text[]::{kind}[]"
                items[f"a{n}"] = (array, [*values, None]) if row == 0 else (f"%s::text[]::{kind}[]", [])
        for n, (kind, values) in enumerate(LISTS.items()):
            if row < len(values):
                items[f"l{n}"] = (written(kind), values[row])
        expressions = ", ".join(expression for expression, _ in items.values())
        connection.execute(
            f"INSERT INTO every ({', '.join(items)}) VALUES ({expressions})", [value for _, value in items.values()]
        )


class Read:
    """What came, and what the source prints: of each column its values, its own text and that of its elements."""

    def __init__(self, source: PostgresSource) -> None:
        with source.admin() as connection:
            fill(connection)
        with POSTGRES.connect(source.endpoint) as session:
            self.table = session.table(SourceName("public", "every"))
            self.reading: Reading = session.read(Cut(self.table), 5)
            self.rows: pa.Table = self.reading.reader.read_all().sort_by("id")
        with source.admin() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            # A database's own text form: the reader must have set all that it depends on.
            self.text = self._printed(connection, PRINTED)
            lists = [column.name for column in self.table.columns if types.element(column.type) is not None]
            self.lists = self._printed(connection, PARTS, lists)
            self.depth = self._printed(connection, "array_ndims({c})", lists)

    def _printed(
        self, connection: psycopg.Connection[Any], expression: str, columns: Sequence[str] = tuple(COLUMNS)
    ) -> dict[str, list[Any]]:
        items = ", ".join(expression.format(c=column) for column in columns)
        rows = connection.execute(f"SELECT {items} FROM every ORDER BY id").fetchall()
        return dict(zip(columns, zip(*rows, strict=True), strict=True))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def read(module_source: PostgresSource) -> Iterator[Read]:
    yield Read(module_source)


def test_the_list_is_whole(module_source: PostgresSource, read: Read) -> None:
    with module_source.admin() as connection:
        known = connection.execute(
            "SELECT DISTINCT a.atttypid FROM pg_attribute a WHERE attrelid = 'every'::regclass AND attnum > 0"
        ).fetchall()
        all_types = connection.execute(
            "SELECT t.oid, t.typname FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem"
            " WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype IN ('b', 'r', 'm')"
            " AND coalesce(e.typtype, 'b') NOT IN ('c', 'p')"
        ).fetchall()
    missing = {name for oid, name in all_types if (oid,) not in known}
    internal = {"aclitem", "gtsvector", "pg_node_tree", "pg_ndistinct", "pg_dependencies", "pg_mcv_list"}
    internal |= {"pg_brin_bloom_summary", "pg_brin_minmax_multi_summary"}
    assert {name.lstrip("_") for name in missing} <= internal


@pytest.mark.parametrize("column", COLUMNS)
def test_values(read: Read, column: str) -> None:
    pg = next(each.type for each in read.table.columns if each.name == column)
    values = read.rows[column]
    assert values.type == types.arrow_type(pg)
    element = types.element(pg)
    wanted: list[Any]
    if element is None:
        wanted = [expected(pg, text) for text in read.text[column]]
    else:
        wanted = [
            None if text is None or (depth or 1) > 1 else [expected(element, each) for each in (parts or [])]
            for text, depth, parts in zip(read.text[column], read.depth[column], read.lists[column], strict=True)
        ]
    assert [same(value) for value in raw(values)] == [same(value) for value in wanted]


def expected(pg: PgType, text: str | None) -> Any:
    """The value of a text of PostgreSQL's, None if it has no image."""
    if text is None:
        return None
    if pg.oid in (types.DATE.oid, types.TIMESTAMP.oid, types.TIMESTAMPTZ.oid):
        if "infinity" in text or "BC" in text or not re.match(r"\d{4}-", text):
            return None
        day = datetime.datetime.fromisoformat(text.removesuffix("+00"))
        return day.date() if pg.oid == types.DATE.oid else day
    if pg.oid == types.NUMERIC.oid:
        number = re.sub(r"[$,]", "", text)
        return None if number in ("NaN", "Infinity", "-Infinity") else Decimal(number)
    match pg.oid:
        case types.BOOL.oid:
            return {"true": True, "false": False, "t": True, "f": False}[text]
        case types.INT2.oid | types.INT4.oid | types.INT8.oid:
            return int(text)
        case types.FLOAT4.oid:
            return float(np.float32(text))
        case types.FLOAT8.oid:
            return float(text)
        case types.BYTEA.oid:
            return bytes.fromhex(text[2:])
        case types.UUID.oid:
            return uuid.UUID(text).bytes
        case _:
            return text


def raw(values: pa.ChunkedArray) -> list[Any]:
    return [_plain(value) for value in values.to_pylist()]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.replace(tzinfo=None) if isinstance(value, datetime.datetime) else value


def same(value: Any) -> Any:
    """Something that is equal only for the same value: NaN is, -0.0 and 0.0 are not."""
    if isinstance(value, list):
        return [same(each) for each in value]
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else (value, math.copysign(1, value))
    return (type(value).__name__, value)


def test_what_has_no_image_is_counted(read: Read) -> None:
    told: dict[tuple[str, str], int] = {}
    for warning in read.reading.warnings:
        match = re.fullmatch(r'(\d+) values? of column "(\w+)" became NULL, having no image in Delta: (.*)', warning)
        assert match is not None, warning
        told[match[2], match[3]] = int(match[1])
    wanted: dict[tuple[str, str], int] = {}
    for column in read.table.columns:
        element = types.element(column.type)
        if element is None:
            texts = list(read.text[column.name]) if column.name != "id" else []
        else:
            deep = sum((depth or 1) > 1 for depth in read.depth[column.name])
            if deep:
                wanted[column.name, NO_LIST] = deep
            parts = zip(read.lists[column.name], read.depth[column.name], strict=True)
            texts = [each for list_, depth in parts for each in (list_ or []) if depth == 1]
        lost = sum(text is not None and expected(element or column.type, text) is None for text in texts)
        if lost:
            why = NO_NUMBER if (element or column.type).oid == types.NUMERIC.oid else NO_DATE
            wanted[column.name, why] = lost
    assert told == wanted
    assert len(told) > 10


def test_types_that_targets_get(read: Read) -> None:
    """Those that are not simply the source's own, and why values may differ."""
    kinds = {COLUMNS[c.name]: (types.format_type(c.type), c.lossy) for c in read.table.columns if c.name != "id"}
    no_date, no_number = f"values that are {NO_DATE} become NULL", f"values that are {NO_NUMBER} become NULL"
    assert kinds["numeric"] == ("text", "type numeric without a precision has no image in Delta: text")
    assert kinds["numeric(3,5)"] == ("numeric(5,5)", no_number)
    assert kinds["numeric(3,-2)"] == ("numeric(5,0)", no_number)
    assert kinds["numeric(39,2)"] == ("text", "type numeric of more than 38 digits has no image in Delta: text")
    assert kinds["numeric(38,-5)"][0] == "text"
    assert kinds["money"] == ("numeric(20,2)", None)
    assert kinds["money[]"] == ("numeric(20,2)[]", None)
    assert kinds["oid"] == ("bigint", None)
    assert kinds["price"] == ("numeric(10,2)", no_number)
    assert kinds["five"] == ("character varying(5)", None)
    assert kinds["day[]"] == ("date[]", no_date)
    assert kinds["timestamp(0)"] == ("timestamp without time zone", no_date)
    assert kinds["mood"] == ("text", None)
    assert kinds["interval"] == ("text", "type interval has no image in Delta: text")
    assert kinds["uuid[]"] == ("uuid[]", None)
    assert kinds["integer[][]"] == ("text", "arrays of 2 dimensions have no image in Delta: text")
    assert kinds["numbers[]"][0] == "text"
    sources = {c.source_type for c in read.table.columns}
    assert {"numeric(3,-2)", "mood[]", "interval day to second(2)", '"In ner"'} <= sources


def test_text_does_not_depend_on_the_sources_settings(module_source: PostgresSource, read: Read) -> None:
    database = module_source.endpoint.database
    odd = {"DateStyle": "SQL, DMY", "IntervalStyle": "iso_8601", "TimeZone": "Asia/Kolkata", "bytea_output": "escape"}
    columns = tuple(f"c{n}" for n, kind in enumerate(VALUES) if kind in (*"interval timetz tstzrange".split(), "bytea"))
    columns += tuple(f"c{n}" for n, kind in enumerate(VALUES) if kind in ("daterange", "outer_row", "timestamptz"))
    module_source.execute(*(f"ALTER DATABASE {database} SET {key} = '{value}'" for key, value in odd.items()))
    try:
        with POSTGRES.connect(module_source.endpoint) as session:
            again = session.read(Cut(read.table, columns=("id", *columns)), 1000).reader.read_all().sort_by("id")
    finally:
        module_source.execute(*(f"ALTER DATABASE {database} RESET {key}" for key in odd))
    assert again.select(columns).to_pylist() == read.rows.select(columns).to_pylist()


def test_of_a_query(module_source: PostgresSource, read: Read) -> None:
    with POSTGRES.connect(module_source.endpoint) as session:
        items = ", ".join(f"{c} AS {c}" for c, kind in COLUMNS.items() if kind not in ARRAYS_NOT and kind != "grid")
        table: SourceTable = session.query(f"SELECT {items} FROM every ORDER BY id -- and so on")
        reading = session.read(Cut(table), 1000)
        rows = reading.reader.read_all()
    assert [c.lossy for c in table.columns] == [
        next(o.lossy for o in read.table.columns if o.name == c.name) for c in table.columns
    ]
    for name in rows.column_names:
        assert list(map(same, raw(rows[name]))) == list(map(same, raw(read.rows[name]))), name
    assert json.loads(json.dumps(dict(reading.position))) == reading.position
