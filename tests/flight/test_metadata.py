"""The metadata commands by the bare client: schemas against the words of FlightSql.proto, rows, filters, tenants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.flight as flight
import pytest

from gateway.flight import messages as m
from gateway.flight.messages import sql
from tests.flight.clients import Bare, adbc, answer, flight_sqlstate
from tests.gateway_server import GatewayServer

SCHEMA = "flight_metadata"
TABLES = f"""
CREATE SCHEMA {SCHEMA};
CREATE SCHEMA "flight%metadata_2";
SET search_path = {SCHEMA};
CREATE TABLE parents (a int, b varchar(7), PRIMARY KEY (b, a));
CREATE TABLE children (
    id bigint CONSTRAINT children_key PRIMARY KEY, pb varchar(7), pa int, at timestamptz NOT NULL, price numeric(10,2),
    u uuid, j jsonb, tags text[], other bigint REFERENCES children ON UPDATE RESTRICT ON DELETE SET DEFAULT,
    CONSTRAINT of_parent FOREIGN KEY (pb, pa) REFERENCES parents ON UPDATE SET NULL ON DELETE CASCADE);
CREATE TABLE "Odd_name%" ("The column" text);
CREATE TABLE "n" ("relname" int);
CREATE TABLE relname ("kc" int);
CREATE VIEW overview AS SELECT id, price FROM children;
COMMENT ON COLUMN children.at IS 'when';
CREATE TABLE "flight%metadata_2".elsewhere (a int);
"""
FOREIGN = [
    *["pk_catalog_name: string", "pk_db_schema_name: string", "pk_table_name: string not null"],
    *["pk_column_name: string not null", "fk_catalog_name: string", "fk_db_schema_name: string"],
    *["fk_table_name: string not null", "fk_column_name: string not null", "key_sequence: int32 not null"],
    *["fk_key_name: string", "pk_key_name: string", "update_rule: uint8 not null", "delete_rule: uint8 not null"],
]
NAMED = ["catalog_name: string", "db_schema_name: string", "table_name: string not null", "table_type: string not null"]
VALUE = (
    "dense_union<string_value: string=0, bool_value: bool=1, bigint_value: int64=2, int32_bitmask: int32=3, "
    "string_list: list<string_data: string>=4, int32_to_int32_list_map: map<int32, list<$data$: int32>>=5>"
)
EXPECTED: list[tuple[Any, list[str]]] = [
    (sql.CommandGetSqlInfo(), ["info_name: uint32 not null", f"value: {VALUE}"]),
    (sql.CommandGetCatalogs(), ["catalog_name: string not null"]),
    (sql.CommandGetDbSchemas(), ["catalog_name: string", "db_schema_name: string not null"]),
    (sql.CommandGetTables(), NAMED),
    (sql.CommandGetTables(include_schema=True), [*NAMED, "table_schema: binary not null"]),
    (sql.CommandGetTableTypes(), ["table_type: string not null"]),
    (
        sql.CommandGetPrimaryKeys(table="parents"),
        [
            *NAMED[:3],
            *["column_name: string not null", "key_name: string", "key_sequence: int32 not null"],
        ],
    ),
    (sql.CommandGetExportedKeys(table="parents"), FOREIGN),
    (sql.CommandGetImportedKeys(table="children"), FOREIGN),
    (sql.CommandGetCrossReference(pk_table="parents", fk_table="children"), FOREIGN),
    (
        sql.CommandGetXdbcTypeInfo(),
        [
            *["type_name: string not null", "data_type: int32 not null", "column_size: int32"],
            *["literal_prefix: string", "literal_suffix: string", "create_params: list<item: string not null>"],
            *["nullable: int32 not null", "case_sensitive: bool not null", "searchable: int32 not null"],
            *["unsigned_attribute: bool", "fixed_prec_scale: bool not null", "auto_increment: bool"],
            *["local_type_name: string", "minimum_scale: int32", "maximum_scale: int32"],
            *["sql_data_type: int32 not null", "datetime_subcode: int32", "num_prec_radix: int32"],
            "interval_precision: int32",
        ],
    ),
]


@pytest.fixture(scope="module")
def tables(gateway: GatewayServer) -> Iterator[Bare]:
    """A client of the database that has TABLES."""
    with adbc(gateway) as connection:
        for text in TABLES.split(";")[:-1]:
            answer(connection, text)
    with adbc(gateway, database="globex") as connection:
        answer(connection, "CREATE SCHEMA flight_foreign")
        answer(connection, "CREATE TABLE flight_foreign.formulas (a int PRIMARY KEY)")
    made = Bare(gateway)
    yield made
    made.close()


def ask(client: Bare, command: Any) -> list[dict[str, Any]]:
    """Its rows, the info's schema being that of the stream and of GetSchema."""
    info = client.info(command)
    rows = client.read(info)
    rows.validate(full=True)
    described = client.client.get_schema(flight.FlightDescriptor.for_command(m.pack(command)), client.options).schema
    assert info.schema == rows.schema == described
    found: list[dict[str, Any]] = rows.to_pylist()
    return found


@pytest.mark.parametrize(("command", "expected"), EXPECTED, ids=lambda value: type(value).__name__)
def test_schemas_are_those_of_the_proto(tables: Bare, command: Any, expected: list[str]) -> None:
    rows = ask(tables, command)
    schema = tables.info(command).schema
    assert [str(field).removeprefix("pyarrow.Field<").removesuffix(">") for field in schema] == expected
    assert rows
    absent = [(field.name, row) for row in rows for field in schema if not field.nullable and row[field.name] is None]
    assert not absent


def test_catalogs_and_schemas(tables: Bare) -> None:
    assert ask(tables, sql.CommandGetCatalogs()) == [{"catalog_name": "acme"}]
    schemas = [row["db_schema_name"] for row in ask(tables, sql.CommandGetDbSchemas())]
    assert schemas == sorted(schemas)
    assert {"information_schema", "kadali", "pg_catalog", "public", SCHEMA} <= set(schemas)
    assert "flight_foreign" not in schemas


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"db_schema_filter_pattern": "flight_metadata%"}, ["flight%metadata_2", SCHEMA]),
        ({"db_schema_filter_pattern": r"flight\_metadata%"}, [SCHEMA]),
        ({"db_schema_filter_pattern": "flight_metadata"}, [SCHEMA]),
        ({"db_schema_filter_pattern": r"flight\_metadat_"}, [SCHEMA]),
        ({"db_schema_filter_pattern": r"flight\%metadata%"}, ["flight%metadata_2"]),
        ({"db_schema_filter_pattern": "FLIGHT_METADATA"}, []),
        ({"db_schema_filter_pattern": ""}, []),
        ({"db_schema_filter_pattern": "flight%metadata%"}, ["flight%metadata_2", SCHEMA]),
        ({"db_schema_filter_pattern": SCHEMA, "catalog": "acme"}, [SCHEMA]),
        ({"db_schema_filter_pattern": SCHEMA, "catalog": "acm_"}, []),
        ({"catalog": ""}, []),
        ({"catalog": "globex"}, []),
        ({"db_schema_filter_pattern": "x' OR 'a' LIKE 'a"}, []),
    ],
)
def test_filters_of_schemas(tables: Bare, filters: dict[str, str], expected: list[str]) -> None:
    rows = ask(tables, sql.CommandGetDbSchemas(**filters))
    assert [row["db_schema_name"] for row in rows] == expected
    assert all(row["catalog_name"] == "acme" for row in rows)


ALL = ["Odd_name%", "children", "n", "overview", "parents", "relname"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ALL),
        ({"table_name_filter_pattern": "%"}, ALL),
        ({"table_name_filter_pattern": "p%"}, ["parents"]),
        ({"table_name_filter_pattern": r"Odd\_name\%"}, ["Odd_name%"]),
        ({"table_name_filter_pattern": "odd%"}, []),
        ({"table_name_filter_pattern": ""}, []),
        ({"table_types": ["VIEW"]}, ["overview"]),
        ({"table_types": ["TABLE", "VIEW"]}, ALL),
        ({"table_types": ["SYSTEM TABLE"]}, []),
        ({"table_types": ["view", "no such type"]}, []),
        ({"catalog": "acme", "table_types": ["TABLE"], "table_name_filter_pattern": "_"}, ["n"]),
        ({"catalog": ""}, []),
    ],
)
@pytest.mark.parametrize("include_schema", [False, True])
def test_filters_of_tables(tables: Bare, filters: dict[str, Any], expected: list[str], include_schema: bool) -> None:
    command = sql.CommandGetTables(db_schema_filter_pattern=SCHEMA, include_schema=include_schema, **filters)
    assert [row["table_name"] for row in ask(tables, command)] == expected


def test_types_of_tables(tables: Bare) -> None:
    types = [row["table_type"] for row in ask(tables, sql.CommandGetTableTypes())]
    assert types == ["SYSTEM TABLE", "SYSTEM VIEW", "TABLE", "VIEW"]
    rows = ask(tables, sql.CommandGetTables())
    found = {(row["db_schema_name"], row["table_name"]): row["table_type"] for row in rows}
    assert found["pg_catalog", "pg_class"] == "SYSTEM TABLE"
    assert found["information_schema", "columns"] == "SYSTEM VIEW"
    assert found[SCHEMA, "children"] == "TABLE"
    assert found[SCHEMA, "overview"] == "VIEW"
    assert set(types) == set(found.values())
    order = [tuple(row.values()) for row in rows]
    assert order == sorted(order)


def test_a_pattern_that_ends_in_its_escape_is_refused(tables: Bare) -> None:
    with pytest.raises(flight.FlightServerError) as caught:
        ask(tables, sql.CommandGetTables(table_name_filter_pattern="%\\"))
    assert flight_sqlstate(caught.value) == "22025"


def table_schemas(client: Bare, pattern: str) -> dict[tuple[str, str], pa.Schema]:
    rows = ask(client, sql.CommandGetTables(db_schema_filter_pattern=pattern, include_schema=True))
    return {(r["db_schema_name"], r["table_name"]): pa.ipc.read_schema(pa.py_buffer(r["table_schema"])) for r in rows}


@pytest.mark.parametrize("pattern", [SCHEMA, "kadali", "information_schema", r"pg\_catalog"])
def test_schemas_of_tables_are_those_of_their_rows(tables: Bare, pattern: str) -> None:
    found = table_schemas(tables, pattern)
    assert found
    mine = sorted(found)[:: 12 if len(found) > 20 else 1]
    for schema, table in mine:
        text = f'SELECT * FROM {schema}."{table}"'
        if (schema, table) == ("pg_catalog", "pg_authid"):
            continue
        command = flight.FlightDescriptor.for_command(m.pack(sql.CommandStatementQuery(query=text)))
        rows = tables.client.get_schema(command, tables.options).schema
        told = found[schema, table]
        assert [(field.name, field.type) for field in told] == [(field.name, field.type) for field in rows], table
        for ours, theirs in zip(told, rows, strict=True):
            assert theirs.metadata.items() <= ours.metadata.items(), (table, ours.name)
    if pattern == SCHEMA:
        text = f"SELECT * FROM {SCHEMA}.children"
        assert tables.read(tables.query(text)).schema.types == found[SCHEMA, "children"].types


def test_what_is_told_of_columns(tables: Bare) -> None:
    found = table_schemas(tables, SCHEMA)

    def told(table: str, column: str) -> dict[str, str]:
        field = found[SCHEMA, table].field(column)
        return {k.decode().removeprefix("ARROW:FLIGHT:SQL:"): v.decode() for k, v in field.metadata.items()}

    assert [field.nullable for field in found[SCHEMA, "children"]] == [False, True, True, False, *[True] * 5]
    common = {"CATALOG_NAME": "acme", "DB_SCHEMA_NAME": SCHEMA, "IS_AUTO_INCREMENT": "0", "IS_SEARCHABLE": "1"}
    assert told("children", "at") == {
        **common,
        "TABLE_NAME": "children",
        "TYPE_NAME": "timestamp with time zone",
        "PRECISION": "35",
        "SCALE": "6",
        "IS_CASE_SENSITIVE": "0",
        "IS_READ_ONLY": "0",
        "REMARKS": "when",
    }
    assert told("overview", "price") == {
        **common,
        "TABLE_NAME": "overview",
        "TYPE_NAME": "numeric(10,2)",
        "PRECISION": "10",
        "SCALE": "2",
        "IS_CASE_SENSITIVE": "0",
        "IS_READ_ONLY": "1",
    }
    with pytest.raises(flight.FlightError):
        tables.query(f"INSERT INTO {SCHEMA}.overview VALUES (1, 2)")
    assert told("children", "pb").items() >= {"PRECISION": "7", "IS_CASE_SENSITIVE": "1"}.items()


def test_primary_keys(tables: Bare) -> None:
    row = {"catalog_name": "acme", "db_schema_name": SCHEMA, "table_name": "parents", "key_name": "parents_pkey"}
    expected = [
        {**row, "column_name": "b", "key_sequence": 1},
        {**row, "column_name": "a", "key_sequence": 2},
    ]
    for filters in ({}, {"db_schema": SCHEMA}, {"catalog": "acme", "db_schema": SCHEMA}):
        assert ask(tables, sql.CommandGetPrimaryKeys(table="parents", **filters)) == expected
    for filters in ({"db_schema": ""}, {"catalog": ""}, {"db_schema": "flight%"}, {"catalog": "globex"}):
        assert ask(tables, sql.CommandGetPrimaryKeys(table="parents", **filters)) == []
    assert ask(tables, sql.CommandGetPrimaryKeys(table="parent_")) == []
    assert ask(tables, sql.CommandGetPrimaryKeys(table="relname")) == []


def test_foreign_keys(tables: Bare) -> None:
    places: dict[str, object] = {"pk_catalog_name": "acme", "pk_db_schema_name": SCHEMA, "fk_catalog_name": "acme"}
    places |= {"fk_db_schema_name": SCHEMA, "fk_table_name": "children"}
    of_parent = {**places, "pk_table_name": "parents", "fk_key_name": "of_parent", "pk_key_name": "parents_pkey"}
    of_parent |= {"update_rule": sql.SET_NULL, "delete_rule": sql.CASCADE}
    pair = [
        {**of_parent, "pk_column_name": "b", "fk_column_name": "pb", "key_sequence": 1},
        {**of_parent, "pk_column_name": "a", "fk_column_name": "pa", "key_sequence": 2},
    ]
    own = {**places, "pk_table_name": "children", "pk_column_name": "id", "fk_column_name": "other", "key_sequence": 1}
    own |= {"fk_key_name": "children_other_fkey", "pk_key_name": "children_key"}
    own |= {"update_rule": sql.RESTRICT, "delete_rule": sql.SET_DEFAULT}
    assert ask(tables, sql.CommandGetExportedKeys(table="parents")) == pair
    assert ask(tables, sql.CommandGetExportedKeys(table="children", db_schema=SCHEMA)) == [own]
    assert ask(tables, sql.CommandGetImportedKeys(table="children", catalog="acme")) == [own, *pair]
    assert ask(tables, sql.CommandGetImportedKeys(table="parents")) == []
    cross = sql.CommandGetCrossReference(pk_table="parents", fk_table="children", fk_db_schema=SCHEMA)
    assert ask(tables, cross) == pair
    assert ask(tables, sql.CommandGetCrossReference(pk_table="children", fk_table="children")) == [own]
    assert ask(tables, sql.CommandGetCrossReference(pk_table="children", fk_table="parents")) == []
    assert ask(tables, sql.CommandGetCrossReference(pk_table="parents", fk_table="children", pk_catalog="")) == []


def test_tenants_see_their_own_only(tables: Bare, gateway: GatewayServer) -> None:
    assert ask(tables, sql.CommandGetTables(table_name_filter_pattern="formulas")) == []
    assert ask(tables, sql.CommandGetPrimaryKeys(table="formulas")) == []
    other = Bare(gateway, database="globex")
    assert [row["key_name"] for row in ask(other, sql.CommandGetPrimaryKeys(table="formulas"))] == ["formulas_pkey"]
    assert ask(other, sql.CommandGetCatalogs()) == [{"catalog_name": "globex"}]
    assert ask(other, sql.CommandGetTables(db_schema_filter_pattern=SCHEMA)) == []
    other.close()


def test_both_doors_tell_the_same(tables: Bare, gateway: GatewayServer) -> None:
    text = """SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.relkind IN ('r', 'v') ORDER BY 1, 2"""
    with gateway.connect("bob") as connection:
        expected = connection.execute(text).fetchall()
    bob = Bare(gateway, "bob")
    rows = ask(bob, sql.CommandGetTables())
    assert [(row["db_schema_name"], row["table_name"]) for row in rows] == expected
    bob.close()


def test_the_search_path_has_no_say(tables: Bare, gateway: GatewayServer) -> None:
    with adbc(gateway) as connection:
        answer(connection, "CREATE SCHEMA flight_hiding")
        answer(connection, "CREATE TABLE flight_hiding.pg_namespace (nspname text)")
    client = Bare(gateway)
    client.read(client.query("SET search_path = flight_hiding, pg_catalog"))
    rows = ask(client, sql.CommandGetDbSchemas(db_schema_filter_pattern=SCHEMA))
    client.close()
    assert [row["db_schema_name"] for row in rows] == [SCHEMA]


def test_commands_are_in_the_history(tables: Bare, gateway: GatewayServer) -> None:
    pattern = "flight_metadata_in_history"
    ask(tables, sql.CommandGetDbSchemas(db_schema_filter_pattern=pattern))
    with adbc(gateway) as connection:
        rows = answer(connection, "SELECT query FROM kadali.queries WHERE query LIKE '/* Flight SQL: schemas */%'")
    assert rows.num_rows
