"""PostgreSQL interprets DDL on the shells: what is read back, failures, rights, notices, two writers at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from catalog.errors import FeatureNotSupported, SqlError
from catalog.model import Column, DefaultAcl, Relation, RelationKind, Schema, Statistics
from catalog.names import TableName
from catalog.shadow.ddl import Changes
from catalog.shadow.errors import GuardHit
from catalog.shadow.instance import ShadowInstance
from catalog.types import INT4, INT8, TEXT, numeric, varchar
from tests.shadow.shop_catalog import CUSTOMERS, ORDERS, REVENUE, SNAPSHOT


def changes_of(
    instance: ShadowInstance,
    *statements: str,
    role: str = "ada",
    path: Sequence[str] = ("sales", "public"),
    view_query: str | None = None,
) -> Changes:
    """What statements would change; undone."""
    with instance.ddl(role, path) as ddl:
        for sql in statements:
            ddl.run(sql, view_query=view_query)
        return ddl.changes()


def only(changes: Changes) -> Relation:
    (relation,) = changes.relations
    return relation


def bare(relation: Relation) -> Relation:
    """As the shadow tells it: without what only the store knows."""
    return replace(relation, location=None, statistics=None, query=None, search_path=())


def test_create_table(shop: ShadowInstance) -> None:
    changes = changes_of(
        shop,
        "CREATE TABLE items (id bigint PRIMARY KEY, price numeric(8,2) DEFAULT 1.5 CHECK (price > 0), name varchar(9)"
        " NOT NULL DEFAULT lower('X'), \"order\" int REFERENCES customers, UNIQUE (name, price))",
    )
    relation = only(changes)
    assert relation == Relation(
        name=TableName("sales", "items"),
        kind=RelationKind.TABLE,
        owner="ada",
        columns=(
            Column("id", INT8, nullable=False),
            Column("price", numeric(8, 2), default="1.5"),
            Column("name", varchar(9), nullable=False, default="lower('X'::text)"),
            Column("order", INT4),
        ),
        constraints=(
            ("items_name_price_key", "UNIQUE (name, price)"),
            ("items_pkey", "PRIMARY KEY (id)"),
            ("items_order_fkey", 'FOREIGN KEY ("order") REFERENCES sales.customers(id)'),
            ("items_price_check", "CHECK ((price > (0)::numeric))"),
        ),
    )
    assert changes.created == {relation.name}
    assert (changes.dropped, changes.renamed, changes.schemas) == ((), {}, ())


def with_columns(*columns: Column) -> Relation:
    return bare(replace(CUSTOMERS, columns=columns))


ID, NAME, SECRET = CUSTOMERS.columns
PKEY = CUSTOMERS.constraints


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "ALTER TABLE customers ADD COLUMN x int DEFAULT 3",
            with_columns(ID, NAME, SECRET, Column("x", INT4, default="3")),
        ),
        ("ALTER TABLE customers DROP COLUMN secret", with_columns(ID, NAME)),
        ("ALTER TABLE customers RENAME COLUMN secret TO s", with_columns(ID, NAME, Column("s", TEXT))),
        (
            "ALTER TABLE customers ALTER secret SET DEFAULT 'a'",
            with_columns(ID, NAME, replace(SECRET, default="'a'::text")),
        ),
        ("ALTER TABLE customers ALTER secret SET NOT NULL", with_columns(ID, NAME, replace(SECRET, nullable=False))),
        (
            "ALTER TABLE customers ALTER secret TYPE varchar(5)",
            with_columns(ID, NAME, replace(SECRET, type=varchar(5))),
        ),
        ("COMMENT ON COLUMN customers.secret IS 'hush'", with_columns(ID, NAME, replace(SECRET, comment="hush"))),
        ("COMMENT ON TABLE customers IS 'all'", replace(bare(CUSTOMERS), comment="all")),
        ("GRANT SELECT (secret) ON customers TO bob", with_columns(ID, NAME, replace(SECRET, acl=("bob=r/ada",)))),
        ("REVOKE SELECT (name) ON customers FROM bob", with_columns(ID, replace(NAME, acl=()), SECRET)),
        (
            'GRANT SELECT, UPDATE ON customers TO "O""Brien" WITH GRANT OPTION',
            replace(bare(CUSTOMERS), acl=("ada=arwdDxt/ada", '"O""Brien"=r*w*/ada')),
        ),
        (
            "ALTER TABLE customers ADD CONSTRAINT short CHECK (length(name) < 9)",
            replace(bare(CUSTOMERS), constraints=(*PKEY, ("short", "CHECK ((length(name) < 9))"))),
        ),
        (
            "CREATE INDEX ON customers (lower(name)) WHERE id > 5",
            replace(
                bare(CUSTOMERS),
                indexes=(
                    "CREATE INDEX customers_lower_idx ON sales.customers USING btree (lower(name)) WHERE (id > 5)",
                ),
            ),
        ),
    ],
)
def test_changes_of_a_table(shop: ShadowInstance, sql: str, expected: Relation) -> None:
    changes = changes_of(shop, sql)
    assert only(changes) == expected
    assert changes.created == frozenset()


@pytest.mark.parametrize(
    ("sql", "gone"),
    [
        ("DROP INDEX orders_day", {"indexes": ()}),
        ("COMMENT ON TABLE orders IS NULL", {"comment": None}),
        ("ALTER TABLE orders ALTER note DROP DEFAULT", None),
        ("ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey", {"constraints": None}),
        ("COMMENT ON COLUMN orders.id IS NULL", None),
    ],
)
def test_removals_are_seen(shop: ShadowInstance, sql: str, gone: dict[str, object] | None) -> None:
    relation = next(item for item in changes_of(shop, sql).relations if item.name == ORDERS.name)
    if (gone is not None and None not in gone.values()) or "comment" in (gone or {}):
        assert relation == replace(bare(ORDERS), **(gone or {}), constraints=relation.constraints)  # type: ignore[arg-type]
    assert relation != bare(ORDERS)


def test_renames(shop: ShadowInstance) -> None:
    changes = changes_of(shop, "ALTER TABLE customers RENAME TO people")
    assert only(changes).name == TableName("sales", "people")
    assert changes.renamed == {TableName("sales", "people"): CUSTOMERS.name}
    assert (changes.created, changes.dropped) == (frozenset(), ())
    changes = changes_of(shop, "CREATE SCHEMA other", "ALTER TABLE customers SET SCHEMA other")
    assert changes.renamed == {TableName("other", "customers"): CUSTOMERS.name}
    assert changes.created_schemas == {"other"}
    assert changes.schemas == (Schema("other", "ada"),)
    changes = changes_of(shop, "ALTER VIEW revenue RENAME TO income")
    assert changes.renamed == {TableName("sales", "income"): REVENUE.name}
    changes = changes_of(shop, "ALTER SCHEMA sales RENAME TO shop")
    assert changes.renamed_schemas == {"shop": "sales"}
    assert {name.schema for name in changes.renamed} == {"shop"}
    assert len(changes.relations) == len(SNAPSHOT.relations)


def test_drops(shop: ShadowInstance) -> None:
    with pytest.raises(SqlError) as caught:
        changes_of(shop, "DROP TABLE customers")
    assert caught.value.code == "2BP01"
    assert "view revenue depends on table customers" in (caught.value.detail or "")
    with shop.ddl("ada", ("sales",)) as ddl:
        assert ddl.run("DROP TABLE customers CASCADE") == "DROP TABLE"
        changes = ddl.changes()
        assert set(changes.dropped) == {CUSTOMERS.name, REVENUE.name}
        (orders,) = changes.relations
        assert "orders_customer_id_fkey" not in dict(orders.constraints)
        assert [notice.message for notice in ddl.notices] == ["drop cascades to 2 other objects"]
    changes = changes_of(shop, "DROP SCHEMA sales CASCADE")
    assert changes.dropped_schemas == ("sales",)
    assert set(changes.dropped) == set(SNAPSHOT.relations)


def test_views_keep_the_users_text(shop: ShadowInstance) -> None:
    relation = only(changes_of(shop, "CREATE VIEW v (a, b) AS SELECT id, name FROM customers", view_query="text"))
    assert (relation.kind, relation.query, relation.search_path) == (RelationKind.VIEW, "text", ("sales", "public"))
    assert [(column.name, column.type) for column in relation.columns] == [("a", INT4), ("b", TEXT)]
    with shop.ddl("ada", ("sales",)) as ddl:
        ddl.run("CREATE VIEW v1 AS SELECT 1 AS a", view_query="one")
        ddl.run("CREATE VIEW v2 AS SELECT 2 AS a", view_query="two")
        ddl.run("CREATE OR REPLACE VIEW v1 AS SELECT 3 AS a, 4 AS b", view_query="three")
        texts = {item.name.name: item.query for item in ddl.changes().relations}
    assert texts == {"v1": "three", "v2": "two"}
    replaced = only(
        changes_of(
            shop,
            "CREATE OR REPLACE VIEW revenue AS SELECT NULL::text AS name, 1.0::numeric(18,2) AS total",
            view_query="x",
        )
    )
    assert replaced.query == "x"
    assert only(changes_of(shop, "COMMENT ON VIEW revenue IS 'y'")).query is None


def test_schemas(shop: ShadowInstance) -> None:
    changes = changes_of(shop, "CREATE SCHEMA a", "COMMENT ON SCHEMA a IS 'x'", "GRANT USAGE ON SCHEMA a TO bob")
    assert changes.schemas == (Schema("a", "ada", "x", ("ada=UC/ada", "bob=U/ada")),)
    assert changes_of(shop, "COMMENT ON SCHEMA sales IS NULL").schemas[0].comment is None
    assert changes_of(shop, "REVOKE USAGE ON SCHEMA sales FROM bob").schemas[0].acl == ("ada=UC/ada",)
    assert changes_of(shop, "CREATE TABLE t (a int)").schemas == ()


def test_default_privileges(shop: ShadowInstance) -> None:
    changes = changes_of(
        shop, "ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT SELECT ON TABLES TO bob", "CREATE TABLE t (a int)"
    )
    assert changes.default_acls == (DefaultAcl("ada", "sales", "r", ("bob=r/ada",)),)
    assert only(changes).acl == ("ada=arwdDxt/ada", "bob=r/ada")
    assert changes_of(shop, "CREATE TABLE t (a int)").default_acls is None


def test_nothing_changed(shop: ShadowInstance) -> None:
    with shop.ddl("ada", ("sales",)) as ddl:
        ddl.run("CREATE TABLE IF NOT EXISTS orders (a int)")
        assert [notice.sqlstate for notice in ddl.notices] == ["42P07"]
        changes = ddl.changes()
    assert (changes.relations, changes.dropped, changes.default_acls) == ((), (), None)


def test_a_foreign_key_on_tables_with_rows_elsewhere(shop: ShadowInstance) -> None:
    """PostgreSQL's check of the key would scan the guarded shells."""
    sql = "ALTER TABLE orders ADD CONSTRAINT again FOREIGN KEY (customer_id) REFERENCES customers"
    relation = next(item for item in changes_of(shop, sql).relations if item.name == ORDERS.name)
    assert dict(relation.constraints)["again"] == "FOREIGN KEY (customer_id) REFERENCES sales.customers(id)"
    with pytest.raises(GuardHit):
        shop.session("ada").query("SELECT * FROM sales.customers")


@pytest.mark.parametrize(
    ("sql", "code", "position"),
    [
        ("CREATE TABLE orders (a int)", "42P07", None),
        ("CREATE TABLE t (a nope)", "42704", 19),
        ("CREATE TABLE t (a int, a int)", "42701", None),
        ("CREATE TABL t (a int)", "42601", 8),
        ("CREATE TABLE t (a int); DROP TABLE orders", "42601", None),
        ("ALTER TABLE nope ADD x int", "42P01", None),
        ("ALTER TABLE orders ADD COLUMN id int", "42701", None),
        ("CREATE VIEW v AS SELECT nope FROM orders", "42703", 25),
        ("CREATE SCHEMA pg_mine", "42939", None),
        ("DROP TABLE nope", "42P01", None),
        ("CREATE TABLE kadali.x (a int)", "42501", 14),
        ("DROP TABLE kadali.queries", "42501", None),
        ("ALTER TABLE kadali_internal.state ADD x int", "42501", None),
        ("DROP SCHEMA kadali CASCADE", "42501", None),
        ("CREATE TABLE pg_catalog.x (a int)", "42501", 14),
        ("ALTER TABLE pg_catalog.pg_class ADD x int", "42501", None),
        ("CREATE TEMP TABLE x (a int)", "42501", 19),
        ("ALTER TABLE orders OWNER TO bob", "42501", None),
    ],
)
def test_errors_are_postgresqls_and_leave_nothing(
    shop: ShadowInstance, sql: str, code: str, position: int | None
) -> None:
    with pytest.raises(SqlError) as caught:
        changes_of(shop, sql)
    assert (caught.value.code, caught.value.position) == (code, position), caught.value.message
    assert changes_of(shop, "DROP TABLE IF EXISTS nope").relations == ()


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (a serial)",
        "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY)",
        "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) STORED)",
        "CREATE UNLOGGED TABLE t (a int)",
        "CREATE TABLE t (a int) PARTITION BY RANGE (a)",
        "CREATE TABLE t () INHERITS (customers)",
        "CREATE TABLE t (a sales.orders)",
        "CREATE MATERIALIZED VIEW t AS SELECT 1 AS a",
        "CREATE SEQUENCE t",
    ],
)
def test_what_the_model_cannot_hold_is_refused(shop: ShadowInstance, sql: str) -> None:
    with pytest.raises(FeatureNotSupported, match="supported"):
        changes_of(shop, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE customers ADD x int",
        "CREATE TABLE t (a int)",
        "DROP VIEW revenue",
        "COMMENT ON TABLE orders IS 'x'",
        "CREATE SCHEMA mine",
        "GRANT SELECT ON orders TO bob",
    ],
)
def test_rights_are_the_roles(shop: ShadowInstance, sql: str) -> None:
    with pytest.raises(SqlError) as caught:
        changes_of(shop, sql, role="bob")
        raise AssertionError
    assert caught.value.code == "42501"


def test_a_statement_cannot_leave_its_role(shop: ShadowInstance) -> None:
    with pytest.raises(SqlError) as caught:
        changes_of(shop, "CREATE TABLE t AS SELECT set_config('role', 'none', true) AS a")
    assert caught.value.code == "42501"


def test_finish_guards_plants_and_keeps(fresh: ShadowInstance) -> None:
    with fresh.ddl("ada", ("sales",)) as ddl:
        ddl.run("CREATE TABLE t (a int)")
        (relation,) = ddl.changes().relations
        stored = replace(relation, location="file:///t", statistics=Statistics(0, 42, 1000, 1))
        ddl.finish(11, [stored])
    session = fresh.session("ada")
    with pytest.raises(GuardHit):
        session.query("SELECT * FROM sales.t")
    assert session.evaluate("SELECT reltuples, pg_table_size(oid) FROM pg_class WHERE relname = 't'") == [
        ("42", "1000")
    ]
    report = fresh.apply_snapshot(replace(SNAPSHOT, seq=11, relations=SNAPSHOT.relations | {stored.name: stored}))
    assert (report.created, report.altered, report.dropped) == ([], [], [])
    assert fresh.repair(SNAPSHOT) == []
    with fresh.ddl("ada", ("sales",)) as ddl:
        ddl.run("DROP TABLE t")
        ddl.finish(12)
    assert fresh.session("ada").evaluate("SELECT to_regclass('sales.t')") == [(None,)]
    fresh.apply_snapshot(replace(SNAPSHOT, seq=11, relations=SNAPSHOT.relations | {stored.name: stored}))
    assert fresh.session("ada").evaluate("SELECT to_regclass('sales.t')") == [(None,)], "an older snapshot won"


def test_finish_wants_every_changed_relation(fresh: ShadowInstance) -> None:
    with fresh.ddl("ada", ("sales",)) as ddl:
        ddl.run("CREATE TABLE t (a int)")
        with pytest.raises(SqlError, match=r"sales\.t"):
            ddl.finish(11)
    assert fresh.session("ada").evaluate("SELECT to_regclass('sales.t')") == [(None,)]


def test_leaving_without_finish_undoes_everything(fresh: ShadowInstance) -> None:
    with pytest.raises(ZeroDivisionError), fresh.ddl("ada", ("sales",)) as ddl:
        ddl.run("ALTER TABLE orders ADD COLUMN x int")
        ddl.run("DROP TABLE customers CASCADE")
        raise ZeroDivisionError
    assert fresh.repair(SNAPSHOT) == []
    assert fresh.session("ada").describe("SELECT * FROM sales.customers").columns is not None


def test_an_uncommitted_change_does_not_block_catalog_queries(fresh: ShadowInstance) -> None:
    session = fresh.session("bob")
    with fresh.ddl("ada", ("sales",)) as ddl:
        ddl.run("CREATE TABLE t (a int)")
        ddl.run("ALTER TABLE customers ADD COLUMN x int")
        assert session.evaluate("SELECT count(*) FROM pg_class WHERE relname = 't'") == [("0",)]
        assert session.evaluate("SELECT count(*) FROM information_schema.tables") != []


def test_two_writers_take_turns(fresh: ShadowInstance) -> None:
    seq = iter(range(11, 100))
    failures: list[SqlError] = []

    def add_columns(prefix: str) -> None:
        try:
            for number in range(8):
                with fresh.ddl("ada", ("sales",)) as ddl:
                    ddl.run(f"ALTER TABLE customers ADD COLUMN {prefix}{number} int")
                    ddl.finish(next(seq), ddl.changes().relations)
        except SqlError as error:
            failures.append(error)

    threads = [threading.Thread(target=add_columns, args=(prefix,)) for prefix in ("x", "y")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    sql = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'sales.customers'::regclass AND attname ~ '^[xy][0-9]'"
    assert fresh.session("ada").evaluate(sql) == [("16",)]
    assert fresh.repair(SNAPSHOT) == []
