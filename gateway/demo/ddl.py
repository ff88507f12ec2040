"""The sample tables as SQL: types, keys and comments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.names import quote_literal


@dataclass(frozen=True, slots=True)
class DemoTable:
    """`columns` are (name, type, comment); all are NOT NULL. `foreign_keys` are (columns, table, columns)."""

    name: str
    comment: str
    columns: tuple[tuple[str, str, str], ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = ()


_COMMENT = "varchar(199)", "Free text"
TABLES = (
    DemoTable(
        "region",
        "Parts of the world",
        (
            ("r_regionkey", "integer", "Key"),
            ("r_name", "varchar(25)", "Name in capitals"),
            ("r_comment", *_COMMENT),
        ),
        ("r_regionkey",),
    ),
    DemoTable(
        "nation",
        "Countries of customers and suppliers",
        (
            ("n_nationkey", "integer", "Key"),
            ("n_name", "varchar(25)", "Name in capitals"),
            ("n_regionkey", "integer", "Region it lies in"),
            ("n_comment", *_COMMENT),
        ),
        ("n_nationkey",),
        ((("n_regionkey",), "region", ("r_regionkey",)),),
    ),
    DemoTable(
        "supplier",
        "Companies that supply parts",
        (
            ("s_suppkey", "integer", "Key"),
            ("s_name", "varchar(25)", "Name"),
            ("s_address", "varchar(40)", "Address"),
            ("s_nationkey", "integer", "Country"),
            ("s_phone", "varchar(15)", "Phone number; the first two digits tell the country"),
            ("s_acctbal", "decimal(15,2)", "Account balance"),
            ("s_comment", *_COMMENT),
        ),
        ("s_suppkey",),
        ((("s_nationkey",), "nation", ("n_nationkey",)),),
    ),
    DemoTable(
        "customer",
        "Who buys; one in three has never ordered",
        (
            ("c_custkey", "integer", "Key"),
            ("c_name", "varchar(25)", "Name"),
            ("c_address", "varchar(40)", "Address"),
            ("c_nationkey", "integer", "Country"),
            ("c_phone", "varchar(15)", "Phone number; the first two digits tell the country"),
            ("c_acctbal", "decimal(15,2)", "Account balance"),
            ("c_mktsegment", "varchar(10)", "Industry"),
            ("c_comment", *_COMMENT),
        ),
        ("c_custkey",),
        ((("c_nationkey",), "nation", ("n_nationkey",)),),
    ),
    DemoTable(
        "part",
        "What is sold",
        (
            ("p_partkey", "integer", "Key"),
            ("p_name", "varchar(55)", "Five colours"),
            ("p_mfgr", "varchar(25)", "Manufacturer"),
            ("p_brand", "varchar(10)", "Brand of the manufacturer"),
            ("p_type", "varchar(25)", "Grade, finish, metal"),
            ("p_size", "integer", "Size, 1 to 50"),
            ("p_container", "varchar(10)", "Packing"),
            ("p_retailprice", "decimal(15,2)", "List price"),
            ("p_comment", *_COMMENT),
        ),
        ("p_partkey",),
    ),
    DemoTable(
        "partsupp",
        "Which supplier has which part, and at what cost",
        (
            ("ps_partkey", "integer", "Part"),
            ("ps_suppkey", "integer", "Supplier"),
            ("ps_availqty", "integer", "Pieces in stock"),
            ("ps_supplycost", "decimal(15,2)", "Cost of a piece"),
            ("ps_comment", *_COMMENT),
        ),
        ("ps_partkey", "ps_suppkey"),
        ((("ps_partkey",), "part", ("p_partkey",)), (("ps_suppkey",), "supplier", ("s_suppkey",))),
    ),
    DemoTable(
        "orders",
        "One row for each order",
        (
            ("o_orderkey", "bigint", "Key; not every number is used"),
            ("o_custkey", "integer", "Who ordered"),
            ("o_orderstatus", "varchar(1)", "F: all shipped, O: nothing shipped, P: in part"),
            ("o_totalprice", "decimal(15,2)", "Sum of the lines with discount and tax"),
            ("o_orderdate", "date", "Day of the order, 1992 to 1998"),
            ("o_orderpriority", "varchar(15)", "1-URGENT to 5-LOW"),
            ("o_clerk", "varchar(15)", "Who took the order"),
            ("o_shippriority", "integer", "Always 0"),
            ("o_comment", *_COMMENT),
        ),
        ("o_orderkey",),
        ((("o_custkey",), "customer", ("c_custkey",)),),
    ),
    DemoTable(
        "lineitem",
        "The lines of the orders, one to seven each",
        (
            ("l_orderkey", "bigint", "Order"),
            ("l_partkey", "integer", "What was ordered"),
            ("l_suppkey", "integer", "From whom"),
            ("l_linenumber", "integer", "Number within the order, from 1"),
            ("l_quantity", "decimal(15,2)", "Pieces, 1 to 50"),
            ("l_extendedprice", "decimal(15,2)", "Quantity times list price"),
            ("l_discount", "decimal(15,2)", "0.00 to 0.10"),
            ("l_tax", "decimal(15,2)", "0.00 to 0.08"),
            ("l_returnflag", "varchar(1)", "R: returned, A: accepted, N: not yet received"),
            ("l_linestatus", "varchar(1)", "F: shipped, O: open"),
            ("l_shipdate", "date", "Day of shipping"),
            ("l_commitdate", "date", "Day it was promised for"),
            ("l_receiptdate", "date", "Day of arrival"),
            ("l_shipinstruct", "varchar(25)", "Instructions for shipping"),
            ("l_shipmode", "varchar(10)", "Means of transport"),
            ("l_comment", *_COMMENT),
        ),
        ("l_orderkey", "l_linenumber"),
        (
            (("l_orderkey",), "orders", ("o_orderkey",)),
            (("l_partkey", "l_suppkey"), "partsupp", ("ps_partkey", "ps_suppkey")),
        ),
    ),
)
"""In an order in which every foreign key points backwards."""


def create_table(table: DemoTable, schema: str) -> str:
    """CREATE TABLE with its keys."""
    lines = [f"{name} {kind} NOT NULL" for name, kind, _ in table.columns]
    lines.append(f"PRIMARY KEY ({', '.join(table.primary_key)})")
    lines += [
        f"FOREIGN KEY ({', '.join(here)}) REFERENCES {schema}.{other} ({', '.join(there)})"
        for here, other, there in table.foreign_keys
    ]
    return f"CREATE TABLE {schema}.{table.name} (\n    " + ",\n    ".join(lines) + "\n)"


def comments(table: DemoTable, schema: str) -> Iterator[str]:
    """COMMENT ON the table and its columns."""
    yield f"COMMENT ON TABLE {schema}.{table.name} IS {quote_literal(table.comment)}"
    for name, _, comment in table.columns:
        yield f"COMMENT ON COLUMN {schema}.{table.name}.{name} IS {quote_literal(comment)}"
