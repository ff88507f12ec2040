"""VALIDATE CONNECTION: what stands in the way, and that the commands it names remove it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from catalog.postgres import EmbeddedPostgres
from engine.connectors.model import ConnectorKind, Endpoint, Finding
from engine.connectors.postgres.check import _ssl, _version
from engine.connectors.postgres.connector import POSTGRES
from tests.connectors.conftest import PostgresSource
from tests.ports import free_port


def failing(endpoint: Endpoint) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for each in POSTGRES.check(endpoint):
        if not each.ok:
            found.setdefault(each.check, []).append(each)
    return found


def test_a_source_that_lacks_nothing(postgres_source: PostgresSource) -> None:
    postgres_source.execute(
        "CREATE TABLE t (id integer PRIMARY KEY)",
        "CREATE TABLE f (id integer)",
        "ALTER TABLE f REPLICA IDENTITY FULL",
        "CREATE TABLE i (id integer NOT NULL CONSTRAINT u UNIQUE)",
        "ALTER TABLE i REPLICA IDENTITY USING INDEX u",
        "SELECT pg_create_logical_replication_slot('healthy', 'pgoutput')",
    )
    found = POSTGRES.check(postgres_source.endpoint)
    assert [each for each in found if not each.ok] == []
    assert [each.check for each in found] == [
        *("connection", "version", "ssl", "primary", "replication", "replication right", "create publication"),
        *("replication slots", "wal senders", "select", "row security", "table owner", "replica identity", "slot"),
    ]
    details = {each.check: each.detail for each in found}
    assert details["version"].startswith("PostgreSQL 16.")
    assert details["slot"].startswith("slot healthy: not in use, wal_status reserved, ")
    assert "also of those that the role may not SELECT" in details["replication right"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": "wrong"}, "password authentication failed"),
        ({"database": "missing"}, 'database "missing" does not exist'),
        ({"port": free_port()}, "Connection refused"),
    ],
)
def test_a_source_that_cannot_be_reached(postgres_source: PostgresSource, change: dict[str, str], words: str) -> None:
    found = POSTGRES.check(replace(postgres_source.endpoint, **change))  # type: ignore[arg-type]
    assert [(each.check, each.ok) for each in found] == [("connection", False)]
    assert words in found[0].detail


def test_missing_rights_and_the_commands_that_give_them(postgres_source: PostgresSource) -> None:
    lowly = postgres_source.login("lowly")
    owner = postgres_source.login("owner")
    postgres_source.execute(
        f'CREATE SCHEMA "Odd one" AUTHORIZATION {owner.user}',
        'CREATE TABLE "Odd one"."order" (id integer PRIMARY KEY)',
        f'ALTER TABLE "Odd one"."order" OWNER TO {owner.user}',
        "CREATE TABLE part (id integer PRIMARY KEY, secret text)",
        "CREATE TABLE columns_only (id integer PRIMARY KEY)",
        f"GRANT SELECT (id) ON part, columns_only TO {lowly.user}",
        f"ALTER TABLE part OWNER TO {owner.user}",
        f"ALTER TABLE columns_only OWNER TO {owner.user}",
        "ALTER TABLE columns_only ENABLE ROW LEVEL SECURITY",
    )
    found = failing(lowly)
    assert found.keys() == {"replication right", "create publication", "select", "row security", "table owner"}
    assert found["select"][0].detail == 'no right to read "Odd one"."order", public.part'
    assert found["row security"][0].detail.endswith("may hide rows of public.columns_only")
    for findings in found.values():
        for each in findings:
            assert each.fix is not None
            postgres_source.execute(each.fix)
    assert failing(lowly) == {}


def test_tables_without_replica_identity(postgres_source: PostgresSource) -> None:
    postgres_source.execute(
        "CREATE TABLE keyless (id integer)",
        "CREATE TABLE nothing (id integer PRIMARY KEY)",
        "ALTER TABLE nothing REPLICA IDENTITY NOTHING",
        'CREATE TABLE "Unique" (id integer NOT NULL UNIQUE, b integer UNIQUE)',
        "CREATE TABLE late (id integer PRIMARY KEY DEFERRABLE)",
        "CREATE TABLE parted (id integer) PARTITION BY LIST (id)",
        "CREATE TABLE parted_1 PARTITION OF parted DEFAULT",
        "CREATE UNLOGGED TABLE unlogged (id integer)",
        "CREATE PUBLICATION p FOR ALL TABLES",
        "INSERT INTO keyless VALUES (1)",
    )
    found = failing(postgres_source.endpoint)["replica identity"]
    assert [each.fix for each in found] == [
        'ALTER TABLE public."Unique" REPLICA IDENTITY USING INDEX "Unique_id_key"',
        "ALTER TABLE public.keyless REPLICA IDENTITY FULL",
        "ALTER TABLE public.late REPLICA IDENTITY FULL",
        "ALTER TABLE public.nothing REPLICA IDENTITY USING INDEX nothing_pkey",
        "ALTER TABLE public.parted_1 REPLICA IDENTITY FULL",
    ]
    with postgres_source.admin() as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute("UPDATE keyless SET id = 2")  # as the finding says
    assert caught.value.sqlstate == "55000"
    postgres_source.execute(*(str(each.fix) for each in found), "UPDATE keyless SET id = 2")
    assert failing(postgres_source.endpoint) == {}


@pytest.fixture(scope="module")
def poor_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A source as it comes: not made for replication; a slot of it gets lost at once."""
    server = EmbeddedPostgres(
        tmp_path_factory.mktemp("poor") / "pg",
        durable=False,
        options={"wal_level": "logical", "max_replication_slots": "1", "max_wal_senders": "1"}
        | {"max_slot_wal_keep_size": "1MB", "min_wal_size": "2MB", "max_wal_size": "2MB"},
        initdb_options=("--wal-segsize=1",),
    )
    server.start()
    yield server
    server.stop()


def test_a_lost_slot_and_none_free(poor_server: EmbeddedPostgres) -> None:
    info = psycopg.conninfo.conninfo_to_dict(poor_server.conninfo("postgres"))
    endpoint = Endpoint(ConnectorKind.POSTGRES, str(info["host"]), int(info["port"]), "postgres", str(info["user"]))
    with psycopg.connect(poor_server.conninfo("postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_create_logical_replication_slot('forgotten', 'pgoutput')")
        connection.execute("CREATE TABLE t (id integer PRIMARY KEY, x text)")
        for _ in range(4):
            connection.execute("INSERT INTO t SELECT g, repeat('x', 500) FROM generate_series(1, 4000) g")
            connection.execute("DELETE FROM t")
            connection.execute("SELECT pg_switch_wal()")
            connection.execute("CHECKPOINT")
        found = failing(endpoint)
        assert found.keys() == {"replication slots", "slot"}
        assert "wal_status lost" in found["slot"][0].detail
        assert found["replication slots"][0].fix == "ALTER SYSTEM SET max_replication_slots = 6"
        assert found["slot"][0].fix == "SELECT pg_drop_replication_slot('forgotten')"
        connection.execute(found["slot"][0].fix)
        assert failing(endpoint) == {}


def test_a_server_not_made_for_replication(metadata_postgres: EmbeddedPostgres) -> None:
    info = psycopg.conninfo.conninfo_to_dict(metadata_postgres.conninfo("postgres"))
    endpoint = Endpoint(ConnectorKind.POSTGRES, str(info["host"]), int(info["port"]), "postgres", str(info["user"]))
    found = failing(endpoint)
    assert found["replication"][0].detail.startswith("wal_level is minimal")
    assert found["replication"][0].fix == "ALTER SYSTEM SET wal_level = logical"
    assert found["wal senders"][0].fix == "ALTER SYSTEM SET max_wal_senders = 5"


def test_old_versions_and_open_wires(postgres_source: PostgresSource) -> None:
    assert [_version(v).ok for v in (120018, 130012, 140001, 180000)] == [False, False, True, True]
    there = replace(postgres_source.endpoint, host="db.example.org")
    open_wire = _ssl(there, {"ssl": False})
    assert (open_wire.ok, open_wire.fix) == (False, "ALTER SYSTEM SET ssl = on; SELECT pg_reload_conf()")
    assert _ssl(there, {"ssl": True}).ok
    assert _ssl(postgres_source.endpoint, {"ssl": False}).ok
