"""Opening the store: migrations, several gateways at once, a PostgreSQL that goes away; tenants."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from catalog.errors import ConfigFileError, ConnectionFailure, DuplicateDatabase, InvalidName, ReservedName
from catalog.postgres import EmbeddedPostgres
from catalog.store import Store
from catalog.store import upgrade as upgrade_module
from catalog.store.tables import SCHEMA, metadata


def test_migrations_lead_to_the_declared_tables(store: Store, store_url: str) -> None:
    in_public = "-c search_path=public"  # else the schema named like the role is the default one, and has no name
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(store_url, options=in_public))
    options = {
        "version_table_schema": SCHEMA,
        "include_schemas": True,
        "include_name": lambda name, kind, parents: kind != "schema" or name == SCHEMA,
        "compare_server_default": True,
    }
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()


def test_head_is_the_newest_migration() -> None:
    folder = Path(upgrade_module.__file__).with_name("migrations")
    assert ScriptDirectory(str(folder)).get_current_head() == upgrade_module.HEAD


def test_migrations_can_be_undone(store_url: str, tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    Store(store_url, str(tmp_path)).close()
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(store_url))
    config = Config()
    config.set_main_option("script_location", str(Path(upgrade_module.__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with engine.begin() as connection:
        left = connection.exec_driver_sql("SELECT relname FROM pg_class WHERE relnamespace = 'kadali'::regnamespace")
        assert {row[0] for row in left} == {"alembic_version", "alembic_version_pkc"}
    engine.dispose()
    Store(store_url, str(tmp_path)).close()


def test_gateways_that_start_at_the_same_moment(open_store: Callable[[], Store]) -> None:
    gate = threading.Barrier(4)

    def start(_: int) -> bytes:
        gate.wait()
        return open_store().secret("shared")

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(start, range(4)))) == 1


def test_a_store_written_by_a_newer_kadali_is_left_alone(store: Store, store_url: str, tmp_path: Path) -> None:
    with psycopg.connect(store_url) as connection:
        connection.execute("UPDATE kadali.alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigFileError, match="version 9999"):
        Store(store_url, str(tmp_path))


def test_an_ordinary_database_owner_is_enough(metadata_postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with psycopg.connect(metadata_postgres.conninfo("postgres"), autocommit=True) as connection:
        connection.execute("CREATE ROLE plain LOGIN NOSUPERUSER")
        connection.execute("CREATE DATABASE plain OWNER plain")
    store = Store(metadata_postgres.conninfo("plain", user="plain"), str(tmp_path))
    store.create_tenant("demo")
    store.close()
    with psycopg.connect(metadata_postgres.conninfo("postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE plain")
        connection.execute("DROP ROLE plain")


def test_no_server_there(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailure, match="metadata store cannot be reached") as raised:
        Store(f"host={tmp_path} dbname=x", str(tmp_path))
    assert raised.value.code == "08006"


def test_a_postgres_that_goes_away_and_comes_back(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("pg") / "m", durable=True).start()
    store = Store(server.conninfo("postgres"), str(tmp_path))
    try:
        catalog = store.catalog(store.create_tenant("demo"))
        before = catalog.snapshot()
        server.stop()
        threading.Event().wait(0.6)
        assert catalog.snapshot() == before, "known catalogs are still answered"
        with pytest.raises(ConnectionFailure), catalog.change():
            pass
        server.start()
        with catalog.change() as change:
            change.put_default_acls([])
        assert catalog.snapshot().seq == before.seq + 1
    finally:
        store.close()
        server.stop()


def test_tenants(store: Store) -> None:
    made = store.create_tenant("Sales Ärger")
    assert store.tenant("Sales Ärger") == made
    assert store.ensure_tenant("Sales Ärger") == made
    assert store.ensure_tenant("b") in store.tenants()
    assert [tenant.name for tenant in store.tenants()] == ["Sales Ärger", "b"]
    assert store.catalog("b") is store.catalog(store.tenant("b"))
    assert set(store.catalog("b").snapshot().schemas) == {"public"}
    with pytest.raises(DuplicateDatabase):
        store.create_tenant("b")
    with pytest.raises(ReservedName):
        store.create_tenant("template1")
    for bad in ("", "x" * 64, "a\0b", "line\nbreak"):
        with pytest.raises(InvalidName):
            store.create_tenant(bad)


def test_making_a_tenant_at_the_same_moment(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(lambda store: store.ensure_tenant("demo"), stores))) == 1


def test_secrets_differ_by_name_and_stay(store: Store) -> None:
    assert store.secret("a") == store.secret("a") != store.secret("b")
    assert len(store.secret("a")) == 32
