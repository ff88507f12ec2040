"""The execution guard: what holds, and the holes that are known. A hole more or less, in a new minor, fails here."""

from __future__ import annotations

import psycopg
import pytest

from catalog.errors import InternalError
from catalog.shadow.errors import GuardHit
from catalog.shadow.instance import ShadowInstance

HOLDS = [
    "SELECT * FROM sales.orders",
    "SELECT 1 FROM sales.orders LIMIT 0",
    "SELECT count(*) FROM sales.orders",
    "SELECT * FROM ONLY sales.orders",
    "SELECT * FROM sales.orders TABLESAMPLE system (1)",
    "SELECT * FROM sales.orders WHERE id = 1",
    "SELECT * FROM sales.orders WHERE id = 1 FOR UPDATE",
    "SELECT 1 WHERE EXISTS (SELECT FROM sales.orders)",
    "SELECT * FROM sales.revenue",
    "SELECT * FROM sales.spark_view",
    "WITH x AS (SELECT * FROM sales.orders) SELECT * FROM x",
    "SELECT 1 UNION ALL SELECT id FROM sales.orders",
    "TABLE sales.orders",
    "SELECT * FROM kadali.queries",
    "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM sales.orders",
    "UPDATE sales.orders SET ratio = 1",
    "DELETE FROM sales.orders",
    "MERGE INTO sales.orders o USING sales.customers c ON o.id = c.id WHEN MATCHED THEN DELETE",
    "CREATE TABLE sales.copied AS SELECT * FROM sales.orders",
    "SELECT * INTO sales.copied FROM sales.orders",
    "COPY (SELECT * FROM sales.orders) TO STDOUT",
    "EXPLAIN ANALYZE SELECT * FROM sales.orders",
]
HOLES = [
    "COPY sales.orders TO STDOUT",
    "INSERT INTO sales.customers VALUES (1) RETURNING id",
    "WITH x AS (INSERT INTO sales.customers VALUES (2) RETURNING id) SELECT * FROM x",
    "INSERT INTO sales.customers VALUES (2) ON CONFLICT DO NOTHING",
    "TRUNCATE sales.orders",
]


def run(instance: ShadowInstance, sql: str) -> str | None:
    """As superuser, undone; the SQLSTATE if it failed."""
    with instance.admin() as connection, connection.transaction(force_rollback=True):
        result = connection.pgconn.exec_(sql.encode())
        if result.status == psycopg.pq.ExecStatus.COPY_OUT:
            while connection.pgconn.get_copy_data(0)[0] > 0:
                pass
            result = connection.pgconn.get_result() or result
        code = result.error_field(psycopg.pq.DiagnosticField.SQLSTATE)
        return code.decode() if code else None


@pytest.mark.parametrize("sql", HOLDS)
def test_scans_fail(shop: ShadowInstance, sql: str) -> None:
    assert run(shop, sql) == "55000"


@pytest.mark.parametrize("sql", HOLES)
def test_known_holes(shop: ShadowInstance, sql: str) -> None:
    """These never reach the shadow: the gateway forwards reads only."""
    assert run(shop, sql) is None


CHANGES = [
    "ALTER TABLE sales.customers ALTER secret TYPE bytea USING NULL",
    "ALTER TABLE sales.customers ADD COLUMN more int DEFAULT 1",
    "ALTER TABLE sales.customers ADD COLUMN more double precision DEFAULT random()",
    "ALTER TABLE sales.customers DROP COLUMN secret",
    "ALTER TABLE sales.customers ALTER name SET NOT NULL",
    "CREATE INDEX ON sales.customers (name)",
    "ALTER TABLE sales.customers ADD UNIQUE (name)",
    "COMMENT ON TABLE sales.customers IS 'x'",
    "GRANT SELECT ON sales.customers TO bob",
    "ALTER TABLE sales.customers OWNER TO bob",
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_guard_survives_changes(shop: ShadowInstance, change: str) -> None:
    assert run(shop, f"{change}; SELECT * FROM sales.customers") == "55000"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("ALTER TABLE sales.customers RENAME TO people", "sales.people"),
        ("ALTER TABLE sales.customers SET SCHEMA public", "public.customers"),
    ],
)
def test_the_guard_survives_renaming(shop: ShadowInstance, change: str, name: str) -> None:
    assert run(shop, f"{change}; SELECT * FROM {name}") == "55000"


def test_a_session_tells_a_guard_hit_from_other_errors(shop: ShadowInstance) -> None:
    with pytest.raises(GuardHit) as caught:
        shop.session("ada").query("SELECT * FROM sales.orders")
    assert caught.value.code == "XX000"
    assert "orders" in caught.value.message


def test_an_instance_whose_guard_does_not_hold_does_not_serve(fresh: ShadowInstance) -> None:
    with fresh.admin() as connection:
        connection.execute("UPDATE pg_class SET relispopulated = true WHERE oid = 'kadali_internal.guard'::regclass")
    fresh.stop()
    with pytest.raises(InternalError, match="guard"):
        fresh.start()
    assert not fresh.running
