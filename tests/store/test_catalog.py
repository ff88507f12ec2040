"""A tenant's catalog: changes are atomic, numbered, and seen by every gateway; what broke off is cleaned up."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from catalog.errors import (
    DependentObjectsStillExist,
    DuplicateSchema,
    DuplicateTable,
    InvalidCatalogName,
    InvalidSchemaName,
    SerializationFailure,
    UndefinedTable,
)
from catalog.model import Column, DefaultAcl, Relation, RelationKind, Schema, Statistics
from catalog.names import TableName
from catalog.store import Op, Store, TenantCatalog, Undo
from catalog.store import change as change_module
from catalog.types import INT4, numeric

SEEN_WITHIN_S = 1.0


@pytest.fixture
def catalog(store: Store) -> TenantCatalog:
    return store.catalog(store.create_tenant("demo"))


def table(name: str, catalog: TenantCatalog, **more: object) -> Relation:
    columns = (Column("id", INT4, nullable=False), Column("amount", numeric(15, 2)))
    made = Relation(TableName("public", name), RelationKind.TABLE, "alice", columns, location=catalog.new_location())
    return replace(made, **more)  # type: ignore[arg-type]


def eventually(holds: Callable[[], bool], within_s: float = SEEN_WITHIN_S) -> bool:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.01)
    return True


def test_a_change_is_seen_at_once_here_and_within_a_second_elsewhere(
    catalog: TenantCatalog, open_store: Callable[[], Store]
) -> None:
    other = open_store().catalog("demo")
    assert other.snapshot().relations == {}
    orders = table("orders", catalog)
    with catalog.change() as change:
        change.create_relation(orders)
    assert catalog.snapshot().relations == {orders.name: orders}
    assert eventually(lambda: other.snapshot().relations == {orders.name: orders})
    assert other.snapshot().seq == catalog.snapshot().seq == change.seq


def test_snapshots_do_not_change(catalog: TenantCatalog) -> None:
    before = catalog.snapshot()
    with catalog.change() as change:
        change.create_relation(table("t", catalog))
    catalog.record_statistics(TableName("public", "t"), "x", Statistics(1, 1, 1, 1))
    assert before.relations == {}


def test_several_objects_or_none(catalog: TenantCatalog) -> None:
    seq = catalog.snapshot().seq
    with pytest.raises(DuplicateTable, match='relation "a" already exists') as raised, catalog.change() as change:
        change.create_schema(Schema("sales", "alice"))
        change.create_relation(table("a", catalog))
        change.create_relation(table("a", catalog))
    assert raised.value.code == "42P07"
    assert catalog.snapshot().relations == {} and "sales" not in catalog.snapshot().schemas
    assert catalog.snapshot().seq == seq


def test_changes_of_one_tenant_come_one_after_the_other(
    catalog: TenantCatalog, open_store: Callable[[], Store]
) -> None:
    catalogs = [catalog, open_store().catalog("demo")]
    first = catalog.snapshot().seq

    def work(mine: TenantCatalog, number: int) -> None:
        for step in range(10):
            with mine.change() as change:
                change.create_relation(table(f"t{number}_{step}", mine))

    threads = [threading.Thread(target=work, args=(catalogs[number % 2], number)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    feed = catalog.changes_since(first)
    assert feed is not None
    assert [entry.seq for entry in feed] == list(range(first + 1, first + 41))
    for mine in catalogs:
        assert eventually(lambda mine=mine: len(mine.snapshot().relations) == 40)


def test_replacing_what_someone_else_changed_meanwhile(catalog: TenantCatalog) -> None:
    made = table("t", catalog)
    with catalog.change() as change:
        change.create_relation(made)
    planned_on = catalog.snapshot().seq
    with catalog.change() as change:
        change.put_relation(replace(made, comment="theirs"), expected=planned_on)
    with pytest.raises(SerializationFailure), catalog.change() as change:
        change.put_relation(replace(made, comment="ours"), expected=planned_on)
    with pytest.raises(SerializationFailure), catalog.change() as change:
        change.drop_relation(made.name, expected=planned_on)
    assert catalog.relation(made.name).comment == "theirs"


def test_missing_things(catalog: TenantCatalog, store: Store) -> None:
    gone = TableName("public", "gone")
    with pytest.raises(UndefinedTable, match=r'relation "public.gone" does not exist'):
        catalog.relation(gone)
    with pytest.raises(UndefinedTable), catalog.change() as change:
        change.drop_relation(gone)
    with pytest.raises(InvalidSchemaName, match='schema "nowhere" does not exist'), catalog.change() as change:
        change.create_relation(replace(table("t", catalog), name=TableName("nowhere", "t")))
    with pytest.raises(InvalidCatalogName, match='database "nobody" does not exist'):
        store.catalog("nobody")


def test_schemas(catalog: TenantCatalog) -> None:
    sales = Schema("sales", "alice", "what we sell", ("alice=UC/alice",))
    with catalog.change() as change:
        change.create_schema(sales)
        change.create_relation(replace(table("t", catalog), name=TableName("sales", "t")))
    assert catalog.snapshot().schemas["sales"] == sales
    with pytest.raises(DuplicateSchema), catalog.change() as change:
        change.create_schema(sales)
    with pytest.raises(DependentObjectsStillExist) as raised, catalog.change() as change:
        change.drop_schema("sales")
    assert "table sales.t" in str(raised.value.detail)
    with catalog.change() as change:
        change.rename_schema("sales", "shop")
    assert list(catalog.snapshot().relations) == [TableName("shop", "t")]
    assert set(catalog.snapshot().schemas) == {"public", "shop"}
    with catalog.change() as change:
        change.drop_relation(TableName("shop", "t"))
        change.drop_schema("shop")
    assert set(catalog.snapshot().schemas) == {"public"} and catalog.snapshot().relations == {}


def test_rename(catalog: TenantCatalog) -> None:
    with catalog.change() as change:
        change.create_relation(table("a", catalog))
        change.create_relation(table("b", catalog))
    with pytest.raises(DuplicateTable), catalog.change() as change:
        change.rename_relation(TableName("public", "a"), TableName("public", "b"))
    with catalog.change() as change:
        change.rename_relation(TableName("public", "a"), TableName("public", "c"))
    assert {name.name for name in catalog.snapshot().relations} == {"b", "c"}


def test_statistics_are_seen_at_once_and_saved_in_batches(
    catalog: TenantCatalog, open_store: Callable[[], Store]
) -> None:
    made = table("t", catalog)
    with catalog.change() as change:
        change.create_relation(made)
    other = open_store().catalog("demo")
    defined = catalog.seq
    new = Statistics(3, 100, 4096, 2)
    catalog.record_statistics(made.name, made.location, new)
    catalog.record_statistics(made.name, made.location, Statistics(2, 50, 2048, 1))
    assert catalog.relation(made.name).statistics == new
    assert eventually(lambda: other.relation(made.name).statistics == new, within_s=3)
    assert catalog.seq == defined == other.seq, "definitions have not changed"
    with catalog.change() as change:
        change.put_relation(replace(made, comment="c", statistics=None))
    assert catalog.relation(made.name).statistics == new


def test_statistics_of_a_table_dropped_meanwhile_are_forgotten(catalog: TenantCatalog) -> None:
    old, new = table("t", catalog), table("t", catalog)
    with catalog.change() as change:
        change.create_relation(old)
        change.drop_relation(old.name)
        change.create_relation(new)
    catalog.record_statistics(old.name, old.location, Statistics(9, 9, 9, 9))
    catalog.save_statistics()
    assert catalog.relation(new.name).statistics is None


def recovered(store: Store) -> list[str]:
    """What recovery finds, once PostgreSQL has noticed that the other gateway's connections are closed."""
    found: list[str] = []
    assert eventually(lambda: bool(found.extend(store.recover()) or found), within_s=10.0)
    return found


def test_pending_tables_of_a_dead_gateway(catalog: TenantCatalog, open_store: Callable[[], Store]) -> None:
    dying, watching = open_store(), open_store()
    lost = table("lost", dying.catalog("demo"), pending="tx-1")
    with dying.catalog("demo").change() as change:
        change.create_relation(lost)
    kept = table("kept", catalog, pending="tx-2")
    with catalog.change() as change:
        change.create_relation(kept)
    assert watching.recover() == [], "both gateways live"
    dying.close()
    assert recovered(watching) == [lost.location]
    assert watching.recover() == []
    assert set(catalog.snapshot().relations) == {kept.name}
    with catalog.change() as change:
        assert change.publish("tx-2") == [kept.name]
    assert catalog.relation(kept.name) == replace(kept, pending=None)


def test_a_dead_gateways_open_transaction_is_taken_back(
    catalog: TenantCatalog, open_store: Callable[[], Store]
) -> None:
    """It had renamed one table, dropped another, made a schema and a third: recovery goes back step by step."""
    dying, watching = open_store(), open_store()
    theirs = dying.catalog("demo")
    precious, moved = table("precious", catalog), table("moved", catalog)
    with catalog.change() as change:
        change.create_relation(precious)
        change.create_relation(moved)
    before = catalog.snapshot()
    elsewhere, made = TableName("made", "elsewhere"), table("new", theirs, pending="tx")
    with theirs.change() as change:
        change.create_schema(Schema("made", "alice"))
        change.rename_relation(moved.name, elsewhere)
        undo = Undo(created_schemas=("made",), relations=(moved,), renamed={elsewhere: moved.name})
        change.note_undo("tx", undo)
    theirs.reserve(made.location or "")
    with theirs.change() as change:
        change.drop_relation(precious.name)
        change.create_relation(made)
        change.note_undo("tx", Undo(created=(made.name,), relations=(precious,), dropped=frozenset({precious.name})))
    never_made = theirs.new_location()
    theirs.reserve(never_made)
    assert watching.recover() == [], "both gateways live"
    dying.close()
    assert sorted(recovered(watching)) == sorted([made.location, never_made])
    assert watching.catalog("demo").snapshot().relations == before.relations
    assert watching.catalog("demo").snapshot().schemas == before.schemas
    watching.removed([never_made])
    assert watching.recover() == [made.location], "its files are not gone yet"


def test_what_cannot_be_taken_back_stops_no_server(
    catalog: TenantCatalog, open_store: Callable[[], Store], caplog: pytest.LogCaptureFixture
) -> None:
    """A name that the dead gateway's transaction had dropped is taken meanwhile: it stays, the rest is taken back."""
    dying, watching = open_store(), open_store()
    theirs = dying.catalog("demo")
    old, kept, made = table("t", theirs), table("kept", theirs), table("made", theirs, pending="tx")
    with theirs.change() as change:
        change.create_relation(old)
        change.create_relation(kept)
    with theirs.change() as change:
        change.create_relation(made)
        change.note_undo("tx", Undo(created=(made.name,)))
    with theirs.change() as change:
        change.drop_relation(old.name)
        change.note_undo("tx", Undo(relations=(old,), dropped=frozenset({old.name})))
    other = table("t", catalog)
    with catalog.change() as change:
        change.create_relation(other)
    dying.close()
    assert recovered(watching) == [made.location]
    assert "cannot be taken back" in caplog.text
    assert watching.catalog("demo").snapshot().relations == {item.name: item for item in (other, kept)}


def test_a_settled_transaction_is_not_taken_back(catalog: TenantCatalog, open_store: Callable[[], Store]) -> None:
    dying, watching = open_store(), open_store()
    theirs = dying.catalog("demo")
    gone, made = table("gone", theirs), table("made", theirs, pending="tx")
    with theirs.change() as change:
        change.create_relation(gone)
    with theirs.change() as change:
        change.drop_relation(gone.name)
        change.create_relation(made)
        change.note_undo("tx", Undo(created=(made.name,), relations=(gone,), dropped=frozenset({gone.name})))
    assert theirs.settle("tx") == [gone.location]
    assert theirs.settle("tx") == []
    dying.close()
    assert recovered(watching) == [gone.location], "it had not said that the files are gone"
    assert watching.catalog("demo").snapshot().relations == {made.name: replace(made, pending=None)}


def test_discarding_a_transaction(catalog: TenantCatalog) -> None:
    mine = table("mine", catalog, pending="tx")
    with catalog.change() as change:
        change.create_relation(mine)
        change.create_relation(table("other", catalog, pending="tx-other"))
    with catalog.change() as change:
        assert change.discard("tx") == [mine.location]
    assert {name.name for name in catalog.snapshot().relations} == {"other"}


def test_default_privileges_and_roles_follow_the_feed(store: Store, catalog: TenantCatalog) -> None:
    seq = catalog.snapshot().seq
    default = DefaultAcl("alice", None, "r", ("bob=r/alice",))
    with catalog.change() as change:
        change.put_default_acls([default])
    assert catalog.snapshot().default_acls == (default,)
    store.users.add("alice", "demo", "secret", admin=True)
    assert eventually(lambda: catalog.snapshot().roles == {"alice": True})
    assert [entry.op for entry in catalog.changes_since(seq) or []] == [Op.DEFAULT_ACLS, Op.ROLE]


def test_the_feed_is_bounded_and_who_is_behind_loads_everything(
    catalog: TenantCatalog, open_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (change_module, __import__("catalog.store.tenant_catalog", fromlist=["x"])):
        monkeypatch.setattr(module, "FEED_KEPT", 3)
    slow = open_store().catalog("demo")
    start = slow.snapshot().seq
    for number in range(6):
        with catalog.change() as change:
            change.create_relation(table(f"t{number}", catalog))
    assert catalog.changes_since(start) is None
    assert [entry.name for entry in catalog.changes_since(start + 4) or []] == ["t4", "t5"]
    assert eventually(lambda: len(slow.snapshot().relations) == 6)


def test_very_many_changes_at_once_are_loaded_anew(
    catalog: TenantCatalog, open_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.store.tenant_catalog.FOLLOW_MAX", 2)
    other = open_store().catalog("demo")
    other.snapshot()
    with catalog.change() as change:
        for number in range(5):
            change.create_relation(table(f"t{number}", catalog))
    assert len(catalog.snapshot().relations) == 5
    assert eventually(lambda: len(other.snapshot().relations) == 5)


def test_statistics_that_cannot_be_saved_now_are_saved_later(catalog: TenantCatalog, store_url: str) -> None:
    made = table("t", catalog)
    with catalog.change() as change:
        change.create_relation(made)
    with psycopg.connect(store_url) as blocker:
        blocker.execute("ALTER TABLE kadali.relations RENAME COLUMN delta_version TO gone")
        blocker.commit()
        catalog.record_statistics(made.name, made.location, Statistics(1, 10, 100, 1))
        threading.Event().wait(0.6)
        blocker.execute("ALTER TABLE kadali.relations RENAME COLUMN gone TO delta_version")
        blocker.commit()

        def saved() -> bool:
            row = blocker.execute("SELECT delta_version FROM kadali.relations").fetchone()
            blocker.rollback()
            return row == (1,)

        assert eventually(saved, within_s=5)


def test_definitions_are_kept_in_the_schema_history(
    catalog: TenantCatalog, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_module, "HISTORY_KEPT", 3)
    made = table("t", catalog)
    with catalog.change() as change:
        change.create_relation(made)
    for number in range(4):
        with catalog.change() as change:
            change.put_relation(replace(made, comment=str(number)))
    with catalog.change() as change:
        change.drop_relation(made.name)
    with psycopg.connect(store_url) as connection:
        rows = connection.execute("SELECT document->>'comment' FROM kadali.schema_history ORDER BY seq").fetchall()
    assert rows == [("2",), ("3",), (None,)]


def test_locations_are_fresh_plain_and_below_the_tenants_root(catalog: TenantCatalog) -> None:
    places = {catalog.new_location() for _ in range(100)}
    assert len(places) == 100
    assert all(place.startswith(catalog.root + "/") and place.isascii() for place in places)


def test_everybody_sees_their_own_change_while_others_change_too(catalog: TenantCatalog) -> None:
    unseen: list[str] = []

    def work(worker: int) -> None:
        for number in range(40):
            made = table(f"t{worker}_{number}", catalog)
            with catalog.change() as change:
                change.create_relation(made)
            if made.name not in catalog.snapshot().relations:
                unseen.append(made.name.name)
            if catalog.seq < change.seq:
                unseen.append(f"{made.name.name}: {catalog.seq}")

    def look() -> None:
        while not over.is_set():
            catalog.refresh()

    over = threading.Event()
    lookers = [threading.Thread(target=look) for _ in range(3)]
    workers = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.00001)
    try:
        for thread in (*lookers, *workers):
            thread.start()
        for thread in workers:
            thread.join(60)
    finally:
        over.set()
        for thread in lookers:
            thread.join(60)
        sys.setswitchinterval(usual)
    assert unseen == []
