"""What is refused before the source is touched, and what is cleaned up."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from catalog.errors import (
    CannotConnect,
    InsufficientPrivilege,
    ObjectInUse,
    ObjectNotInPrerequisiteState,
    SqlError,
    UndefinedObject,
    UndefinedTable,
)
from catalog.postgres import EmbeddedPostgres
from engine.connectors.model import ConnectorKind, Endpoint
from engine.connectors.postgres.connection import connect
from engine.connectors.postgres.hand_over import HandOver, forget_changes
from engine.connectors.postgres.publication import add_tables, published_tables, remove_tables
from engine.connectors.postgres.stream import PostgresStream
from tests.connectors.conftest import PostgresSource
from tests.connectors.following import PUBLICATION, SLOT, drained, following, handed_over, tables_of


def made_at(source: PostgresSource) -> tuple[int, int]:
    """How many slots and publications there are."""
    with source.admin() as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database()), "
            "(SELECT count(*) FROM pg_publication)"
        ).fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.mark.parametrize(
    ("statements", "table"),
    [
        (("CREATE TABLE t (id int)",), "t"),
        (("CREATE TABLE t (id int PRIMARY KEY)", "ALTER TABLE t REPLICA IDENTITY NOTHING"), "t"),
        (("CREATE TABLE t (id int PRIMARY KEY DEFERRABLE)",), "t"),
        (
            (
                "CREATE TABLE t (id int) PARTITION BY LIST (id)",
                "CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)",
                "ALTER TABLE t REPLICA IDENTITY FULL",
            ),
            "t1",
        ),
    ],
)
def test_tables_without_identity(postgres_source: PostgresSource, statements: tuple[str, ...], table: str) -> None:
    """The source's own UPDATE goes on working, and the command that is told helps."""
    source = postgres_source
    source.execute(*statements, "INSERT INTO t VALUES (1)")
    with pytest.raises(ObjectNotInPrerequisiteState) as caught:
        handed_over(source.endpoint, "t")
    assert made_at(source) == (0, 0)
    command = f'ALTER TABLE "public"."{table}" REPLICA IDENTITY FULL'
    assert command in (caught.value.hint or "")
    source.execute("UPDATE t SET id = 1", command)
    handed_over(source.endpoint, "t")
    assert made_at(source) == (1, 1)
    source.execute("UPDATE t SET id = 1")


def test_publications_of_others(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY, a int)", "CREATE TABLE u (id int PRIMARY KEY)")

    def refused(kind: type[SqlError]) -> SqlError:
        with pytest.raises(kind) as caught:
            handed_over(source.endpoint, "t", ours=False)
        return caught.value

    assert refused(UndefinedObject).message == f'publication "{PUBLICATION}" does not exist'
    for made in (
        "FOR TABLE t WITH (publish = 'insert')",
        "FOR TABLE u",
        "FOR TABLE t (id)",
        "FOR TABLE t WHERE (id > 3)",
    ):
        source.execute(f"CREATE PUBLICATION {PUBLICATION} {made}")
        hint = refused(ObjectNotInPrerequisiteState).hint or ""
        source.execute(hint.removeprefix("At the source: "))
        handed_over(source.endpoint, "t", ours=False)
        forget_changes(source.endpoint, SLOT, PUBLICATION)
    assert made_at(source) == (0, 0)


def test_rights(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY)")
    plain = source.login("plain")
    source.execute(f"GRANT SELECT ON t TO {plain.user}")
    with pytest.raises(InsufficientPrivilege) as caught:
        handed_over(plain, "t")
    assert "CREATE on the source's database" in (caught.value.hint or "")
    source.execute(f"CREATE PUBLICATION {PUBLICATION} FOR TABLE t")
    with pytest.raises(InsufficientPrivilege) as caught:
        handed_over(plain, "t", ours=False)
    assert "REPLICATION" in (caught.value.hint or "")
    source.execute(f"ALTER ROLE {plain.user} REPLICATION")
    tables = handed_over(plain, "t", ours=False)
    with following(plain, tables) as stream:
        source.execute("INSERT INTO t VALUES (1)")
        assert len(drained(stream, source)) == 1
    with pytest.raises(CannotConnect):
        PostgresStream(replace(plain, password="wrong"), SLOT, PUBLICATION, tables)
    forget_changes(plain, SLOT, None)
    source.execute(f"DROP OWNED BY {plain.user}", f"DROP ROLE {plain.user}")


def test_slot_in_use_missing_and_dropped_under_a_reader(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY)")
    tables = handed_over(source.endpoint, "t")
    with following(source.endpoint, tables) as stream:
        with pytest.raises(ObjectInUse):
            PostgresStream(source.endpoint, SLOT, PUBLICATION, tables)
        forget_changes(source.endpoint, SLOT, PUBLICATION)
        assert made_at(source) == (0, 0)
        with pytest.raises(SqlError) as caught:
            drained(stream, source)
        assert caught.value.code == "08006"
    forget_changes(source.endpoint, SLOT, PUBLICATION)
    source.execute(f"CREATE PUBLICATION {PUBLICATION} FOR TABLE t")
    with pytest.raises(ObjectNotInPrerequisiteState) as missing:
        PostgresStream(source.endpoint, SLOT, PUBLICATION, tables)
    assert "RESYNC" in (missing.value.hint or "")


def test_publication_dropped_under_a_reader(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY)")
    tables = handed_over(source.endpoint, "t")
    with following(source.endpoint, tables) as stream:
        source.execute(f"DROP PUBLICATION {PUBLICATION}", "INSERT INTO t VALUES (1)")
        with pytest.raises(ObjectNotInPrerequisiteState) as caught:
            drained(stream, source)
        assert "RESYNC" in (caught.value.hint or "")


def test_table_dropped_and_made_anew(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY)", "CREATE TABLE u (id int PRIMARY KEY)")
    tables = handed_over(source.endpoint, "t", "u")
    source.execute("DROP TABLE t", "CREATE TABLE t (id int PRIMARY KEY)")
    with pytest.raises(UndefinedTable):
        PostgresStream(source.endpoint, SLOT, PUBLICATION, tables)


def test_tables_of_a_publication(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute('CREATE TABLE "select" (id int PRIMARY KEY)', "CREATE TABLE u (id int PRIMARY KEY)")
    handed_over(source.endpoint, "select")
    both = tables_of(source.endpoint, "select", "u")
    with connect(source.endpoint) as connection:
        add_tables(connection, PUBLICATION, both)
        assert set(published_tables(connection, PUBLICATION)) == {table.id for table in both}
        remove_tables(connection, PUBLICATION, both)
        remove_tables(connection, PUBLICATION, both)
        assert published_tables(connection, PUBLICATION) == {}


def test_hand_over_that_cannot_settle_leaves_nothing(postgres_source: PostgresSource) -> None:
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY)")
    tables = tables_of(source.endpoint, "t")
    with source.admin() as writer:
        writer.execute("BEGIN")
        writer.execute("INSERT INTO t VALUES (1)")
        with (
            HandOver(source.endpoint, SLOT, PUBLICATION) as hand,
            pytest.raises(ObjectNotInPrerequisiteState) as caught,
        ):
            hand.begin(tables, 0.5)
        assert str(writer.info.backend_pid) in (caught.value.detail or "")
        assert made_at(source) == (0, 0)
        writer.execute("ROLLBACK")


def test_slots_that_cannot_be_made(postgres_source: PostgresSource, metadata_postgres: EmbeddedPostgres) -> None:
    """Because of their name, or because the source's log is not made for it."""
    source = postgres_source
    source.execute("CREATE TABLE t (id int PRIMARY KEY)")
    with HandOver(source.endpoint, "Not A Slot", PUBLICATION) as hand, pytest.raises(SqlError) as caught:
        hand.begin(tables_of(source.endpoint, "t"), 5)
    assert caught.value.code == "42602"
    assert made_at(source) == (0, 0)
    conninfo = metadata_postgres.conninfo("postgres")
    told = psycopg.conninfo.conninfo_to_dict(conninfo)
    where = (str(told["host"]), int(str(told["port"])), "postgres", str(told["user"]))
    plain = PostgresSource(Endpoint(ConnectorKind.POSTGRES, *where), conninfo, metadata_postgres)
    plain.execute("CREATE TABLE t (id int PRIMARY KEY)")
    try:
        with pytest.raises(ObjectNotInPrerequisiteState) as level:
            handed_over(plain.endpoint, "t")
        assert "wal_level = 'logical'" in (level.value.hint or "")
        assert made_at(plain) == (0, 0)
    finally:
        plain.execute("DROP TABLE t")


def test_source_is_usable_without_us(postgres_source: PostgresSource) -> None:
    """The tests' own premise: a published table without identity cannot be updated."""
    source = postgres_source
    source.execute("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)", "CREATE PUBLICATION bad FOR TABLE t")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        source.execute("UPDATE t SET id = 2")
