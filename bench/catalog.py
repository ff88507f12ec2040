"""A tenant of 10,000 tables: listings against a PostgreSQL with the same tables, opening it, defining one more."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import psycopg
import sqlalchemy

from bench import peers
from bench.measure import Figure, Report, alternate, latency, seconds
from catalog.model import Column, Relation, RelationKind, Schema
from catalog.names import TableName
from catalog.types import INT8, TEXT, TIMESTAMPTZ
from gateway.configuration import load
from gateway.metadata import visited_store

TABLES = 10_000
SCHEMA = "many"
COLUMNS = (Column("id", INT8, nullable=False), Column("name", TEXT), Column("at", TIMESTAMPTZ))
BACKSLASH_DT = """SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table'
 WHEN 'v' THEN 'view' WHEN 'p' THEN 'partitioned table' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner"
 FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam WHERE c.relkind IN ('r','p','')
 AND c.relname OPERATOR(pg_catalog.~) '^(.*)$' COLLATE pg_catalog.default
 AND n.nspname OPERATOR(pg_catalog.~) '^(many)$' COLLATE pg_catalog.default ORDER BY 1,2"""
GET_TABLES = """SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, c.relname AS TABLE_NAME,
 CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'v' THEN 'VIEW' ELSE NULL END AS TABLE_TYPE, d.description AS REMARKS,
 '' as TYPE_CAT, '' as TYPE_SCHEM, '' as TYPE_NAME, '' AS SELF_REFERENCING_COL_NAME, '' AS REF_GENERATION
 FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_description d ON
 (c.oid = d.objoid AND d.objsubid = 0 and d.classoid = 'pg_class'::regclass)
 WHERE c.relnamespace = n.oid AND n.nspname LIKE 'many' AND c.relkind IN ('r', 'v')
 ORDER BY TABLE_TYPE, TABLE_SCHEM, TABLE_NAME"""


def run(report: Report, rounds: int) -> None:
    folder = peers.cache_folder() / f"catalog-{peers.CACHE_VERSION}-{TABLES}"
    state = folder / "loaded.json"
    if not state.exists():
        with peers.gateway(folder / "data"):
            pass
        _register(folder / "data")
    start = time.perf_counter()
    with peers.gateway(folder / "data") as ours:
        begun = time.perf_counter()
        with ours.connect() as connection:
            connection.execute(f"SELECT count(*) FROM pg_tables WHERE schemaname = '{SCHEMA}'").fetchall()
        kind = "cold (10,000 shells made)" if not state.exists() else "warm"
        state.write_text(json.dumps({"tables": TABLES}))
        start_part = (begun - start) / max(time.perf_counter() - begun, 1e-9)
        report.add(Figure(f"first login, {kind}, over the server's own start", 1 / start_part, "x"))
    with peers.gateway(folder / "data") as ours, peers.postgres() as peer, peers.gateway() as empty:
        with peer.connect() as connection:
            connection.execute(f"CREATE SCHEMA {SCHEMA}")
            for first in range(0, TABLES, 500):
                connection.execute(
                    ";".join(
                        f"CREATE TABLE {SCHEMA}.table_{number:05} (id bigint NOT NULL, name text, at timestamptz)"
                        for number in range(first, first + 500)
                    )
                )
            connection.execute("ANALYZE")
        _listings(report, rounds, ours, peer)
        _define(report, rounds, ours, peer, empty)


def _register(data_dir: object) -> None:
    """The catalog's entries only: no query reads these tables."""
    with visited_store(load({"data_dir": str(data_dir)})) as store:
        catalog = store.catalog(peers.DATABASE)
        with catalog.change() as change:
            change.create_schema(Schema(SCHEMA, peers.USER))
        for first in range(0, TABLES, 1000):
            with catalog.change() as change:
                for number in range(first, first + 1000):
                    name = TableName(SCHEMA, f"table_{number:05}")
                    location = catalog.new_location()
                    change.create_relation(Relation(name, RelationKind.TABLE, peers.USER, COLUMNS, location))


def _listings(report: Report, rounds: int, ours: peers.Server, peer: peers.Server) -> None:
    engines = [sqlalchemy.create_engine("postgresql+psycopg://", creator=server.connect) for server in (ours, peer)]
    with ours.connect() as mine, peer.connect() as theirs:
        works: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
            "\\dt many.*": (lambda: _rows(mine, BACKSLASH_DT), lambda: _rows(theirs, BACKSLASH_DT)),
            "pgjdbc's getTables": (lambda: _rows(mine, GET_TABLES), lambda: _rows(theirs, GET_TABLES)),
            "SQLAlchemy get_table_names": (lambda: _names(engines[0]), lambda: _names(engines[1])),
            "one table's columns": (
                lambda: _rows(mine, "SELECT * FROM information_schema.columns WHERE table_name = 'table_00077'"),
                lambda: _rows(theirs, "SELECT * FROM information_schema.columns WHERE table_name = 'table_00077'"),
            ),
        }
        for name, (our_work, peer_work) in works.items():
            report.add(latency(name, "PostgreSQL", alternate(seconds(our_work), seconds(peer_work), rounds)))
    for engine in engines:
        engine.dispose()


def _define(report: Report, rounds: int, ours: peers.Server, peer: peers.Server, empty: peers.Server) -> None:
    """CREATE TABLE and DROP TABLE: against PostgreSQL, and against a gateway with no other table."""
    with ours.connect() as mine, peer.connect() as theirs, empty.connect() as alone:
        alone.execute(f"CREATE SCHEMA {SCHEMA}")

        def work(connection: psycopg.Connection) -> None:
            connection.execute(f"CREATE TABLE {SCHEMA}.one_more (id bigint)")
            connection.execute(f"DROP TABLE {SCHEMA}.one_more")

        costs = alternate(seconds(lambda: work(mine)), seconds(lambda: work(theirs)), rounds)
        report.add(latency("CREATE TABLE, DROP TABLE", "PostgreSQL (fsync off)", costs))
        costs = alternate(seconds(lambda: work(mine)), seconds(lambda: work(alone)), rounds)
        report.add(latency("CREATE TABLE, DROP TABLE", "gateway without tables", costs))


def _rows(connection: psycopg.Connection, sql: str) -> int:
    return len(connection.execute(sql).fetchall())


def _names(engine: sqlalchemy.Engine) -> int:
    names = sqlalchemy.inspect(engine).get_table_names(schema=SCHEMA)
    if len(names) < TABLES:
        raise RuntimeError(f"only {len(names)} tables are listed")
    return len(names)
