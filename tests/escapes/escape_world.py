"""Two tenants with something to steal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.gateway_server import GatewayServer

SECRET = "s3cr3t of another tenant"

ACME = """
CREATE SCHEMA s;
CREATE TABLE s.t (a int, b text);
INSERT INTO s.t VALUES (1, 'x'), (2, 'y');
CREATE TABLE s.unreadable (a int, b text);
INSERT INTO s.unreadable VALUES (41, 'z'), (42, 'z'), (43, 'z');
GRANT USAGE ON SCHEMA s TO bob;
GRANT SELECT ON s.t TO bob;
CREATE SCHEMA priv;
CREATE TABLE priv.secret (a int);
INSERT INTO priv.secret VALUES (42);
CREATE SCHEMA mine;
GRANT ALL ON SCHEMA mine TO bob;
"""
OTHER = f"""
CREATE SCHEMA theirs;
CREATE TABLE theirs.t (a text);
INSERT INTO theirs.t VALUES ('{SECRET}');
"""


@dataclass(frozen=True)
class World:
    """`own` and `foreign` are folders of Delta tables of acme and of the other tenant."""

    server: GatewayServer
    own: Path
    foreign: Path
    secret: str = SECRET


def make(server: GatewayServer) -> World:
    server.add_user("alice", "acme", admin=True)
    server.add_user("bob", "acme")
    server.add_user("mallory", "other", admin=True)
    server.start()
    with server.connect("mallory", "other") as mallory:
        mallory.execute(OTHER)
    with server.connect("alice") as alice:
        alice.execute(ACME)
    with server.connect("bob") as bob:
        bob.execute("CREATE TABLE mine.own (a int)")
    return World(server, _folder(server, "alice", "acme", "s.t"), _folder(server, "mallory", "other", "theirs.t"))


def _folder(server: GatewayServer, user: str, database: str, table: str) -> Path:
    schema, name = table.split(".")
    with server.connect(user, database) as connection:
        sql = "SELECT location FROM kadali.tables WHERE schema = %s AND name = %s"
        found = connection.execute(sql, [schema, name]).fetchone()
    assert found is not None
    return Path(str(found[0]).removeprefix("file://"))
