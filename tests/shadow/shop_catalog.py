"""A small shop as the metadata store tells it: tables with every kind of constraint, views, grants, an odd name."""

from __future__ import annotations

from catalog.model import CatalogSnapshot, Column, Relation, RelationKind, Schema, Statistics
from catalog.names import TableName
from catalog.shadow.objects import KadaliFunction, KadaliRelation
from catalog.types import BOOL, DATE, FLOAT8, INT4, INT8, JSONB, TEXT, TIMESTAMPTZ, UUID, array_of, numeric, varchar

OBJECTS = (
    KadaliRelation("queries", (Column("id", TEXT, nullable=False, comment="of the query"),), "History"),
    KadaliFunction("time_travel", "name text, version bigint DEFAULT NULL", "SETOF record", "An older version"),
    KadaliFunction("tables", "", "TABLE(name text, row_count bigint)"),
)
ORDERS = Relation(
    TableName("sales", "orders"),
    RelationKind.TABLE,
    "ada",
    (
        Column("id", INT8, nullable=False, comment="the key"),
        Column("amount", numeric(18, 2)),
        Column("customer_id", INT4),
        Column("tags", array_of(TEXT)),
        Column("note", varchar(40), default="'none'::character varying"),
        Column("day", DATE),
        Column("at", TIMESTAMPTZ),
        Column("ratio", FLOAT8),
        Column("paid", BOOL, nullable=False, default="false"),
        Column("extra", JSONB),
        Column("token", UUID),
    ),
    location="file:///data/orders",
    comment="All orders",
    constraints=(
        ("orders_pkey", "PRIMARY KEY (id)"),
        ("orders_token_key", "UNIQUE (token)"),
        ("orders_customer_id_fkey", "FOREIGN KEY (customer_id) REFERENCES sales.customers(id)"),
        ("orders_amount_check", "CHECK ((amount >= (0)::numeric))"),
    ),
    indexes=("CREATE INDEX orders_day ON sales.orders USING btree (day)",),
    statistics=Statistics(7, 1_234_567, 99_000_001, 12),
)
CUSTOMERS = Relation(
    TableName("sales", "customers"),
    RelationKind.TABLE,
    "ada",
    (Column("id", INT4, nullable=False), Column("name", TEXT, acl=("bob=r/ada",)), Column("secret", TEXT)),
    constraints=(("customers_pkey", "PRIMARY KEY (id)"),),
    statistics=Statistics(1, 10, 5000, 1),
)
ODD = Relation(
    TableName("sales", 'Odd "Name"'),
    RelationKind.TABLE,
    "ada",
    (Column("select", INT4), Column("Größe", TEXT)),
    acl=("ada=arwdDxt/ada", "bob=r/ada"),
)
REVENUE = Relation(
    TableName("sales", "revenue"),
    RelationKind.VIEW,
    "ada",
    (Column("name", TEXT), Column("total", numeric(18, 2), comment="in euro")),
    query="SELECT c.name, o.amount FROM orders o JOIN customers c ON c.id = o.customer_id -- ends in a comment",
    search_path=("sales", "public"),
    comment="By customer",
    acl=("ada=arwdDxt/ada", "bob=r/ada"),
)
FOREIGN_TEXT = Relation(
    TableName("sales", "spark_view"),
    RelationKind.VIEW,
    "ada",
    (Column("id", INT8), Column("amount", numeric(18, 2))),
    query="SELECT * EXCLUDE (tags) FROM orders",
    search_path=("sales",),
    acl=("ada=arwdDxt/ada", "bob=r/ada"),
)
RELATIONS = (REVENUE, FOREIGN_TEXT, ORDERS, CUSTOMERS, ODD)
ROLES = {"ada": True, "bob": False, 'O"Brien': False}
SNAPSHOT = CatalogSnapshot(
    10,
    {"sales": Schema("sales", "ada", "The shop", ("ada=UC/ada", "bob=U/ada"))},
    {relation.name: relation for relation in RELATIONS},
    ROLES,
)
