"""The two servers a client is run against: the gateway, and a PostgreSQL 16 with the same roles, tables and rows."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from catalog.names import quote_literal
from catalog.postgres import EmbeddedPostgres, find_binaries
from tests.gateway_server import PASSWORD
from tests.ports import free_port

DATABASE = "acme"
SHOP = Path(__file__).with_name("sql") / "shop.sql"


@dataclass(frozen=True, slots=True)
class Side:
    """A server as clients name it: `name` is "kadali" or "postgres". alice may create schemas, bob may not."""

    name: str
    port: int
    host: str = "127.0.0.1"
    password: str = PASSWORD

    def conninfo(self, user: str = "alice", **options: str) -> str:
        given = {"host": self.host, "port": str(self.port), "user": user, "dbname": DATABASE, "password": self.password}
        return psycopg.conninfo.make_conninfo(**(given | options))

    def connect(self, user: str = "alice", *, autocommit: bool = True, **options: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(self.conninfo(user), autocommit=autocommit, **options)

    def url(self, driver: str, user: str = "alice") -> str:
        """As SQLAlchemy wants it."""
        return f"postgresql+{driver}://{user}:{self.password.replace(' ', '%20')}@{self.host}:{self.port}/{DATABASE}"

    def keywords(self, user: str = "alice") -> dict[str, Any]:
        """As asyncpg wants it."""
        return {
            "host": self.host,
            "port": self.port,
            "user": user,
            "password": self.password,
            "database": DATABASE,
            "timeout": 30,
        }


@dataclass(frozen=True, slots=True)
class Pair:
    """Both servers. Iterating gives the gateway first."""

    kadali: Side
    postgres: Side

    def __iter__(self) -> Iterator[Side]:
        return iter((self.kadali, self.postgres))

    def run(self, *statements: str) -> None:
        """The same statements on both, as alice, each committed."""
        for side in self:
            with side.connect() as connection:
                for sql in statements:
                    connection.execute(sql)

    def ask(self, question: Callable[[Side], Any]) -> tuple[Any, Any]:
        """(the gateway's answer, PostgreSQL's)."""
        return question(self.kadali), question(self.postgres)


@contextmanager
def postgres_side(folder: Path) -> Iterator[Side]:
    """A PostgreSQL that listens on loopback, with the roles the gateway has, for as long as the block lasts."""
    port = free_port()
    options = {"listen_addresses": "127.0.0.1", "port": str(port)}
    server = EmbeddedPostgres(folder, durable=False, options=options)
    server.start()
    try:
        side = Side("postgres", port)
        with psycopg.connect(side.conninfo("kadali", dbname="postgres"), autocommit=True) as admin:
            for role in ("alice", "bob"):
                admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD {quote_literal(PASSWORD)}")
            admin.execute(f"CREATE DATABASE {DATABASE}")
            admin.execute(f"REVOKE TEMPORARY ON DATABASE {DATABASE} FROM PUBLIC")
            admin.execute(f"GRANT CREATE ON DATABASE {DATABASE} TO alice")
        yield side
    finally:
        server.stop()


def psql_program() -> str:
    """The psql of the same installation as the servers; always there."""
    return str(find_binaries().psql)


def run_psql(
    side: Side, *words: str, user: str = "alice", script: str | None = None, program: str | None = None
) -> subprocess.CompletedProcess[str]:
    """psql with `words` as further arguments, reading `script`. Neither a pager nor a start-up file of the machine."""
    command = [program or psql_program(), "-X", "-P", "pager=off", *words, side.conninfo(user)]
    return subprocess.run(
        command, input=script or "", capture_output=True, text=True, timeout=120, check=False, env={"LC_ALL": "C.UTF-8"}
    )


def load_shop(side: Side) -> None:
    """The schema `shop`: tables with every kind of constraint, views, grants, odd names, and rows."""
    done = run_psql(side, "-q", "-v", "ON_ERROR_STOP=1", "-f", str(SHOP))
    assert (done.returncode, done.stderr) == (0, ""), (side.name, done.stderr)


def sorted_rows(rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """In an order of their own, NULL last, for results without ORDER BY."""
    return sorted((tuple(row) for row in rows), key=lambda row: [(v is None, str(v)) for v in row])


def outcome(connection: psycopg.Connection[Any], sql: str, params: Any = None, **options: Any) -> Any:
    """Rows, or SQLSTATE, message and position."""
    try:
        cursor = connection.execute(sql, params, **options)
    except psycopg.Error as error:
        return error.sqlstate, error.diag.message_primary, error.diag.statement_position
    return cursor.fetchall() if cursor.description else cursor.statusmessage
