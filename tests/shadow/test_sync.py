"""Following the store: idempotent, by version, in place, through kills, drift and rebuilding."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from catalog.errors import ReservedName, SqlError
from catalog.model import CatalogSnapshot, Column, DefaultAcl, Identity, Relation, RelationKind, Schema, Statistics
from catalog.names import TableName
from catalog.shadow import introspect
from catalog.shadow.errors import GuardHit
from catalog.shadow.instance import ShadowInstance
from catalog.types import INT4, INT8, INTERVAL, TEXT, PgType, array_of
from tests.shadow.shop_catalog import CUSTOMERS, FOREIGN_TEXT, ODD, ORDERS, RELATIONS, REVENUE, ROLES, SNAPSHOT


def with_relations(
    snapshot: CatalogSnapshot, *changed: Relation, seq: int, without: tuple[Relation, ...] = ()
) -> CatalogSnapshot:
    relations = {name: item for name, item in snapshot.relations.items() if item not in without}
    return replace(snapshot, seq=seq, relations=relations | {item.name: item for item in changed})


def shown(relation: Relation) -> Relation:
    return replace(relation, location=None, statistics=None, query=None, search_path=())


def read_back(instance: ShadowInstance, name: TableName) -> Relation | None:
    with instance.admin() as connection:
        connection.execute("SET search_path = ''")
        oids = {told: oid for oid, told in introspect.names(connection).relations.items()}
        return introspect.read_relations(connection, [oids[name]])[oids[name]] if name in oids else None


def oid_of(instance: ShadowInstance, name: str) -> str | None:
    return instance.session("ada").evaluate(f"SELECT '{name}'::regclass::oid")[0][0]


def test_everything_arrives_as_it_was_told(shop: ShadowInstance) -> None:
    for relation in RELATIONS:
        told = read_back(shop, relation.name)
        assert told is not None
        assert replace(told, constraints=tuple(sorted(told.constraints))) == shown(
            replace(relation, constraints=tuple(sorted(relation.constraints)))
        )


def test_a_second_time_nothing_is_done(fresh: ShadowInstance) -> None:
    report = fresh.apply_snapshot(SNAPSHOT)
    assert (report.created, report.altered, report.dropped, report.lost) == ([], [], [], [])
    assert report.stand_ins == [FOREIGN_TEXT.name], "tried again each time"
    assert fresh.repair(SNAPSHOT) == []


CHANGED = replace(
    CUSTOMERS,
    columns=(
        replace(CUSTOMERS.columns[0], comment="n"),
        replace(CUSTOMERS.columns[1], nullable=False, default="'x'::text", acl=()),
        replace(CUSTOMERS.columns[2], type=array_of(TEXT)),
        Column("since", PgType(1114, 3), comment="when"),
        Column("left", INTERVAL),
    ),
    comment="People",
    acl=("ada=arwdDxt/ada", "bob=rw/ada"),
    indexes=("CREATE INDEX customers_since ON sales.customers USING btree (since)",),
    constraints=(*CUSTOMERS.constraints, ("named", "CHECK ((name <> ''::text))")),
)


def test_changes_are_made_in_place(fresh: ShadowInstance) -> None:
    before = oid_of(fresh, "sales.customers")
    report = fresh.apply_snapshot(with_relations(SNAPSHOT, CHANGED, seq=11))
    assert (report.created, report.altered) == ([], [CUSTOMERS.name])
    assert oid_of(fresh, "sales.customers") == before
    told = read_back(fresh, CUSTOMERS.name)
    assert told == shown(replace(CHANGED, constraints=CHANGED.constraints))
    back = fresh.apply_snapshot(with_relations(SNAPSHOT, seq=12))
    assert back.altered == [CUSTOMERS.name]
    assert read_back(fresh, CUSTOMERS.name) == shown(CUSTOMERS)
    assert oid_of(fresh, "sales.customers") == before
    with pytest.raises(GuardHit):
        fresh.session("ada").query("SELECT * FROM sales.customers")


def test_a_new_column_order_takes_a_new_shell_and_keeps_views(fresh: ShadowInstance) -> None:
    turned = replace(CUSTOMERS, columns=tuple(reversed(CUSTOMERS.columns)))
    report = fresh.apply_snapshot(with_relations(SNAPSHOT, turned, seq=11))
    assert CUSTOMERS.name in report.created
    assert report.lost == []
    told = read_back(fresh, CUSTOMERS.name)
    assert told is not None
    assert [column.name for column in told.columns] == ["secret", "name", "id"]
    assert read_back(fresh, REVENUE.name) == shown(REVENUE)


def test_dropping_a_column_a_view_needs(fresh: ShadowInstance) -> None:
    smaller = replace(CUSTOMERS, columns=(CUSTOMERS.columns[0], Column("nick", TEXT)))
    view = replace(
        REVENUE, query="SELECT c.nick AS name, o.amount FROM orders o JOIN customers c ON c.id = o.customer_id"
    )
    report = fresh.apply_snapshot(with_relations(SNAPSHOT, smaller, view, seq=11))
    assert (report.failed, report.lost, report.stand_ins) == ([], [], [FOREIGN_TEXT.name])
    assert read_back(fresh, REVENUE.name) == shown(REVENUE)
    assert "c.nick" in (fresh.session("ada").evaluate("SELECT pg_get_viewdef('sales.revenue')")[0][0] or "")


def test_drops_and_new_schemas(fresh: ShadowInstance) -> None:
    other = Relation(TableName("other", "t"), RelationKind.TABLE, "bob", (Column("a", INT4),))
    snapshot = replace(
        SNAPSHOT,
        seq=11,
        schemas={"other": Schema("other", "bob", "x", ("bob=UC/bob",))},
        relations={other.name: other},
        default_acls=(DefaultAcl("bob", "other", "r", ("ada=r/bob",)), DefaultAcl("ada", None, "f", ("ada=X/ada",))),
    )
    report = fresh.apply_snapshot(snapshot)
    assert set(report.dropped) == set(SNAPSHOT.relations)
    session = fresh.session("bob")
    assert session.evaluate("SELECT to_regnamespace('sales'), 'other.t'::regclass") == [(None, "other.t")]
    with fresh.ddl("bob", ("other",)) as ddl:
        ddl.run("CREATE TABLE made (a int)")
        (made,) = ddl.changes().relations
    assert set(made.acl or ()) == {"bob=arwdDxt/bob", "ada=r/bob"}
    fresh.apply_snapshot(replace(snapshot, seq=12, default_acls=()))
    assert session.evaluate("SELECT count(*) FROM pg_default_acl") == [("0",)]


def test_an_older_change_is_passed_over(fresh: ShadowInstance) -> None:
    fresh.apply_relations(20, [CHANGED])
    assert fresh.apply_relations(19, [CUSTOMERS]).altered == []
    assert fresh.apply_snapshot(SNAPSHOT).altered == []
    assert read_back(fresh, CUSTOMERS.name) == shown(CHANGED)
    fresh.apply_relations(22, [], [ODD.name])
    assert fresh.apply_relations(21, [ODD]).created == []
    assert read_back(fresh, ODD.name) is None
    assert fresh.apply_relations(23, [ODD]).created == [ODD.name]


def test_two_writers_apply_each_version_once(fresh: ShadowInstance) -> None:
    versions = [replace(ODD, comment=str(number)) for number in range(30)]
    altered: list[int] = []
    failures: list[SqlError] = []

    def apply_all() -> None:
        try:
            for number, relation in enumerate(versions):
                if fresh.apply_relations(100 + number, [relation]).altered:
                    altered.append(number)
        except SqlError as error:
            failures.append(error)

    threads = [threading.Thread(target=apply_all) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert sorted(altered) == list(range(30))
    told = read_back(fresh, ODD.name)
    assert told is not None
    assert told.comment == "29"


def test_lost_views_call_for_a_snapshot(fresh: ShadowInstance) -> None:
    generation = fresh.generation
    turned = replace(CUSTOMERS, columns=tuple(reversed(CUSTOMERS.columns)))
    report = fresh.apply_relations(11, [turned])
    assert set(report.lost) == {REVENUE.name, ORDERS.name}
    assert fresh.generation != generation
    report = fresh.apply_snapshot(with_relations(SNAPSHOT, turned, seq=11))
    assert (report.created, report.altered) == ([REVENUE.name], [ORDERS.name])
    told = read_back(fresh, ORDERS.name)
    assert told is not None
    assert set(told.constraints) == set(ORDERS.constraints)


def test_foreign_keys_wait_for_their_target(make_instance: Callable[..., ShadowInstance]) -> None:
    instance = make_instance()
    instance.apply_snapshot(with_relations(SNAPSHOT, seq=1, without=(CUSTOMERS, REVENUE)))
    told = read_back(instance, ORDERS.name)
    assert told is not None
    assert "orders_customer_id_fkey" not in dict(told.constraints)
    instance.apply_snapshot(SNAPSHOT)
    told = read_back(instance, ORDERS.name)
    assert told is not None
    assert "orders_customer_id_fkey" in dict(told.constraints)
    sql = "SELECT convalidated FROM pg_constraint WHERE conname = 'orders_customer_id_fkey'"
    assert instance.session("ada").evaluate(sql) == [("t",)]


def test_columns_that_get_values_by_themselves(fresh: ShadowInstance) -> None:
    """They arrive, stay under changes of others, and come and go with a new shell."""
    own = Relation(
        TableName("sales", "counted"),
        RelationKind.TABLE,
        "ada",
        (
            Column("up", INT8, nullable=False, identity=Identity(True)),
            Column("down", INT8, nullable=False, identity=Identity(False, 5, -3)),
            Column("low", INT8, nullable=False, identity=Identity(False, -7, 2)),
            Column("n", INT4),
            Column("twice", INT4, generated="(n * 2)"),
        ),
    )
    fresh.apply_snapshot(with_relations(SNAPSHOT, own, seq=11))
    assert read_back(fresh, own.name) == own
    grown = replace(own, columns=(*own.columns, Column("more", TEXT, default="'x'::text")))
    report = fresh.apply_snapshot(with_relations(SNAPSHOT, grown, seq=12))
    assert (report.altered, read_back(fresh, own.name)) == ([own.name], grown)
    plain = replace(
        own, columns=tuple(replace(column, identity=None, generated=None, type=INT8) for column in own.columns)
    )
    report = fresh.apply_snapshot(with_relations(SNAPSHOT, plain, seq=13))
    assert (report.created, read_back(fresh, own.name)) == ([own.name], plain)


def test_views_come_in_any_order(make_instance: Callable[..., ShadowInstance]) -> None:
    views = [
        Relation(
            TableName("sales", f"v{number}"),
            RelationKind.VIEW,
            "ada",
            (Column("id", INT8),),
            query=f"SELECT id FROM {f'v{number + 1}' if number < 5 else 'orders'}",
            search_path=("sales",),
        )
        for number in range(6)
    ]
    instance = make_instance()
    report = instance.apply_snapshot(with_relations(SNAPSHOT, *views, seq=1))
    assert report.stand_ins == [FOREIGN_TEXT.name]
    assert instance.session("ada").describe("SELECT id FROM sales.v0").columns is not None


def test_the_owners_own_schema_in_a_search_path(make_instance: Callable[..., ShadowInstance]) -> None:
    table = Relation(TableName("ada", "mine"), RelationKind.TABLE, "ada", (Column("a", INT4),))
    view = Relation(
        TableName("ada", "v"),
        RelationKind.VIEW,
        "ada",
        (Column("a", INT4),),
        query="SELECT a FROM mine",
        search_path=("$user",),
    )
    instance = make_instance()
    snapshot = CatalogSnapshot(1, {"ada": Schema("ada", "ada")}, {table.name: table, view.name: view}, ROLES)
    assert instance.apply_snapshot(snapshot).stand_ins == []


def test_a_bad_relation_does_not_keep_others_out(make_instance: Callable[..., ShadowInstance]) -> None:
    name = TableName("sales", "bad")
    bad = Relation(
        name, RelationKind.TABLE, "ada", (Column("a", INT4, default="nope.f(1)"),), acl=("nobody_here=r/ada",)
    )
    worse = Relation(TableName("sales", "worse"), RelationKind.TABLE, "ada", (Column("a", INT4), Column("a", INT4)))
    instance = make_instance()
    report = instance.apply_snapshot(with_relations(SNAPSHOT, bad, worse, seq=1))
    assert report.failed == [worse.name]
    assert {bad.name, ORDERS.name, CUSTOMERS.name} <= set(report.created)
    told = read_back(instance, bad.name)
    assert told is not None
    assert (told.owner, told.columns) == ("kadali", (Column("a", INT4),))


@pytest.mark.parametrize("delay_s", [0.0, 0.02, 0.06, 0.15])
def test_a_kill_in_the_middle_is_made_good(make_instance: Callable[..., ShadowInstance], delay_s: float) -> None:
    many = [
        Relation(
            TableName("sales", f"t{number}"),
            RelationKind.TABLE,
            "ada",
            (Column("a", INT4),),
            statistics=Statistics(1, 5, 6, 7),
        )
        for number in range(500)
    ]
    snapshot = with_relations(SNAPSHOT, *many, seq=1)
    instance = make_instance()
    assert instance._server is not None
    victim = instance._server.pid

    def kill() -> None:
        time.sleep(delay_s)
        os.kill(victim or 0, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with contextlib.suppress(SqlError):  # or it had gone before the first word, and the next server was waited for
        while killer.is_alive() or instance._server.pid == victim:
            instance.apply_snapshot(snapshot)
    killer.join()
    instance.ensure_running()
    instance.apply_snapshot(snapshot)
    session = instance.session("ada")
    sql = (
        "SELECT count(*), count(*) FILTER (WHERE relispopulated), sum(reltuples) FROM pg_class"
        " WHERE relname ~ '^t[0-9]+$'"
    )
    assert session.evaluate(sql) == [("500", "0", "2500")]
    assert instance.repair(snapshot) == []


PLANTED = [
    "ALTER TABLE sales.customers ADD COLUMN planted int",
    "ALTER TABLE sales.customers ALTER secret TYPE varchar(3)",
    "ALTER TABLE sales.customers ALTER secret SET NOT NULL",
    "ALTER TABLE sales.customers OWNER TO bob",
    "GRANT ALL ON sales.customers TO bob",
    "ALTER TABLE sales.customers DROP CONSTRAINT customers_pkey CASCADE",
    "UPDATE pg_class SET relispopulated = true WHERE oid = 'sales.customers'::regclass",
    "DROP TABLE sales.customers CASCADE",
    "CREATE OR REPLACE VIEW sales.revenue AS SELECT NULL::text AS name, 1::numeric(18,2) AS total",
    "DROP VIEW sales.revenue",
]


@pytest.mark.parametrize("sql", PLANTED)
def test_drift_is_found_and_mended(fresh: ShadowInstance, sql: str) -> None:
    with fresh.admin() as connection:
        connection.execute(sql.encode())
    assert fresh.repair(SNAPSHOT) != []
    assert fresh.repair(SNAPSHOT) == []
    for relation in (CUSTOMERS, REVENUE):
        assert read_back(fresh, relation.name) == shown(relation)
    with pytest.raises(GuardHit):
        fresh.session("ada").query("SELECT * FROM sales.customers")


def test_statistics_follow_alone(fresh: ShadowInstance) -> None:
    fresh.set_statistics({ORDERS.name: Statistics(8, 5, 16384, 1), TableName("sales", "nope"): Statistics(1, 1, 1, 1)})
    sql = "SELECT reltuples, relpages, pg_table_size(oid) FROM pg_class WHERE oid = 'sales.orders'::regclass"
    assert fresh.session("bob").evaluate(sql) == [("5", "2", "16384")]
    assert fresh.repair(SNAPSHOT) == []


def test_users_come_and_go(fresh: ShadowInstance) -> None:
    session = fresh.session("bob")
    session.evaluate("SELECT 1")
    fresh.apply_snapshot(
        replace(
            with_relations(SNAPSHOT, replace(REVENUE, acl=None), seq=11),
            roles={"ada": False, "eve": True, 'O"Brien': False},
        )
    )
    with pytest.raises(SqlError, match='role "bob" does not exist'):
        fresh.session("bob").evaluate("SELECT 1")
    sql = (
        "SELECT has_database_privilege(current_database(), 'CREATE'), rolsuper, rolcreaterole"
        " FROM pg_roles WHERE rolname = current_user"
    )
    assert fresh.session("eve").evaluate(sql) == [("t", "f", "f")]
    assert fresh.session("ada").evaluate(sql) == [("f", "f", "f")]
    rights = fresh.session("ada").evaluate("SELECT relacl::text FROM pg_class WHERE relacl::text ~ '[0-9]{5}'")
    assert rights == []


@pytest.mark.parametrize("name", ["kadali", "pg_monitor", "pg_x"])
def test_reserved_users(fresh: ShadowInstance, name: str) -> None:
    with pytest.raises(ReservedName):
        fresh.set_roles({name: True})


@pytest.mark.parametrize("tenant", ['Tenant "x" ü', "postgres", "with space", "a" * 63])
def test_any_tenant_name(make_instance: Callable[..., ShadowInstance], tenant: str) -> None:
    instance = make_instance(tenant=tenant)
    instance.apply_snapshot(SNAPSHOT)
    assert instance.session("bob").evaluate("SELECT current_database()") == [(tenant,)]
    assert instance.session("ada").evaluate("SELECT has_database_privilege(current_database(), 'CREATE')") == [("t",)]


def test_reserved_tenant_names(make_instance: Callable[..., ShadowInstance]) -> None:
    with pytest.raises(SqlError, match="reserved"):
        make_instance(tenant="template1")


def test_declared_objects_are_seen(shop: ShadowInstance) -> None:
    session = shop.session("bob")
    sql = (
        "SELECT pg_get_function_arguments(oid), pg_get_function_result(oid), obj_description(oid)"
        " FROM pg_proc WHERE proname = 'time_travel'"
    )
    assert session.evaluate(sql) == [
        ("name text, version bigint DEFAULT NULL::bigint", "SETOF record", "An older version")
    ]
    with pytest.raises(SqlError) as caught:
        session.query("SELECT * FROM kadali.tables()")
    assert caught.value.code == "0A000"


def test_a_blocked_change_is_told_and_can_be_tried_again(
    fresh: ShadowInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.shadow.state._LOCK_TIMEOUT", "200ms")
    with fresh.admin() as blocker:
        blocker.execute("BEGIN; LOCK TABLE sales.customers IN ACCESS SHARE MODE")
        with pytest.raises(SqlError) as caught:
            fresh.apply_relations(11, [CHANGED])
        assert caught.value.code == "55P03"
    assert fresh.apply_relations(11, [CHANGED]).altered == [CUSTOMERS.name]


def test_thousands_of_tables(make_instance: Callable[..., ShadowInstance]) -> None:
    """Bounds that a slow machine keeps too; a load by single transactions would take minutes."""
    many = [
        Relation(
            TableName(f"s{number % 20}", f"t{number}"),
            RelationKind.TABLE,
            "ada",
            (Column("a", INT4), Column("b", TEXT)),
        )
        for number in range(3000)
    ]
    snapshot = CatalogSnapshot(
        1, {f"s{n}": Schema(f"s{n}", "ada") for n in range(20)}, {r.name: r for r in many}, ROLES
    )
    instance = make_instance()
    started = time.monotonic()
    assert len(instance.apply_snapshot(snapshot).created) == 3000
    assert time.monotonic() - started < 60
    started = time.monotonic()
    assert instance.apply_snapshot(snapshot).created == []
    assert (
        len(instance.session("bob").evaluate("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^t'"))
        == 3000
    )
    assert time.monotonic() - started < 5
