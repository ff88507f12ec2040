"""SECRET and CONNECTION through a real gateway: rights, errors, what is shown and what never is, restarts and keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.gateway_server import GatewayServer

VALUE = "Geheim4711"


class Client:
    """One session; `told` are the notices of the last statement."""

    def __init__(self, server: GatewayServer, user: str, database: str = "acme") -> None:
        self.connection = server.connect(user, database)
        self.told: list[tuple[str | None, str | None]] = []
        self.connection.add_notice_handler(lambda d: self.told.append((d.severity, d.message_primary)))

    def tag(self, sql: str) -> str | None:
        self.told.clear()
        return self.connection.execute(sql).statusmessage

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def refused(self, sql: str) -> str:
        """The SQLSTATE. Nothing that is said holds the value."""
        with pytest.raises(psycopg.Error) as caught:
            self.connection.execute(sql)
        diag = caught.value.diag
        assert VALUE not in f"{diag.message_primary} {diag.message_detail} {diag.message_hint} {diag.context}"
        return str(caught.value.sqlstate)


@pytest.fixture(scope="module")
def sessions(gateway: GatewayServer) -> Iterator[tuple[Client, Client]]:
    """alice, administrator, and bob."""
    opened = Client(gateway, "alice"), Client(gateway, "bob")
    yield opened
    for client in opened:
        client.connection.close()


@pytest.fixture
def clients(sessions: tuple[Client, Client]) -> Iterator[tuple[Client, Client]]:
    """Nothing is left at the end."""
    yield sessions
    for kind in ("CONNECTION", "SECRET"):
        names = [f'"{name}"' for (name,) in sessions[0].rows(f"SELECT name FROM kadali.{kind.lower()}s")]
        if names:
            sessions[0].tag(f"DROP {kind} {', '.join(names)}")


@pytest.fixture
def alice(clients: tuple[Client, Client]) -> Client:
    return clients[0]


@pytest.fixture
def bob(clients: tuple[Client, Client]) -> Client:
    return clients[1]


def test_secrets(alice: Client) -> None:
    assert alice.tag(f"CREATE SECRET pw AS '{VALUE}'") == "CREATE SECRET"
    assert alice.refused(f"CREATE SECRET pw AS '{VALUE}'") == "42710"
    alice.tag(f"CREATE SECRET IF NOT EXISTS pw AS '{VALUE}'")
    assert alice.told == [("NOTICE", 'secret "pw" already exists, skipping')]
    alice.tag("COMMENT ON SECRET pw IS 'of crm'")
    shown = alice.rows("SHOW SECRETS")
    assert [(*row[:4], row[6]) for row in shown] == [("pw", "VALUE", None, "alice", "of crm")]
    assert alice.rows("SELECT * FROM kadali.secrets") == shown == alice.rows("SHOW SECRETS LIKE 'p%'")
    assert alice.rows("SHOW SECRETS WHERE source = 'ENV'") == []
    assert alice.tag(f"ALTER SECRET pw AS '{VALUE}2'") == "ALTER SECRET"
    assert alice.rows("SELECT changed_at > created_at FROM kadali.secrets") == [(True,)]
    alice.tag('ALTER SECRET pw RENAME TO "P w"')
    for sql in ("ALTER SECRET pw AS 'x'", "DROP SECRET pw", "COMMENT ON SECRET pw IS 'x'"):
        assert alice.refused(sql) == "42704"
    assert alice.tag("DROP SECRET IF EXISTS pw") == "DROP SECRET"
    assert alice.told == [("NOTICE", 'secret "pw" does not exist, skipping')]
    assert alice.tag('DROP SECRET "P w"') == "DROP SECRET"


def test_connections(alice: Client) -> None:
    alice.tag(f"CREATE SECRET pw AS '{VALUE}'")
    where = "host = 'db.example.org', database = 'crm', user = 'sync'"
    assert alice.tag(f"CREATE CONNECTION crm TYPE postgres WITH ({where}, password = SECRET pw)") == "CREATE CONNECTION"
    assert alice.refused(f"CREATE CONNECTION crm TYPE postgres WITH ({where})") == "42710"
    assert alice.refused("DROP SECRET pw") == "2BP01"
    columns = 'name, type, host, port, database, "user", owner'
    row = ("crm", "postgres", "db.example.org", 5432, "crm", "sync", "alice")
    assert alice.rows(f"SELECT {columns} FROM kadali.connections") == [row]
    assert [shown[:7] for shown in alice.rows("SHOW CONNECTIONS WHERE port = 5432")] == [row]
    assert (
        alice.tag("ALTER CONNECTION crm SET (port = 5433, sslmode = 'require', comment = 'it''s')")
        == "ALTER CONNECTION"
    )
    [(_, statement)] = alice.rows("SHOW CREATE CONNECTION crm")
    assert statement == (
        "CREATE CONNECTION crm TYPE postgres WITH (host = 'db.example.org', port = 5433, database = 'crm', "
        "user = 'sync', password = SECRET pw, sslmode = 'require', comment = 'it''s')"
    )
    alice.tag("DROP CONNECTION crm")
    alice.tag(statement)
    assert alice.rows("SHOW CREATE CONNECTION crm") == [("crm", statement)]
    alice.tag(f"ALTER CONNECTION crm SET (password = '{VALUE}')")
    [(_, statement)] = alice.rows("SHOW CREATE CONNECTION crm")
    assert "password =" not in statement and statement.endswith("/* password: not shown */")
    assert alice.rows("SELECT name FROM kadali.secrets") == [("pw",)]
    alice.tag("DROP SECRET pw")
    alice.tag('ALTER CONNECTION crm RENAME TO "C 1"')
    assert alice.refused("DROP CONNECTION crm") == "42704"
    assert alice.tag('DROP CONNECTION IF EXISTS crm, "C 1" CASCADE') == "DROP CONNECTION"


def test_spellings_and_kinds(alice: Client) -> None:
    for sql, tag in {
        "CREATE CONNECTION a TO POSTGRES (host = 'h', dbname = 'd')": "CREATE CONNECTION",
        f"CREATE CONNECTION b TYPE mysql OPTIONS (host 'h', port '3307', password '{VALUE}')": "CREATE CONNECTION",
        "CREATE SERVER c FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h', dbname 'd')": "CREATE SERVER",
        "CREATE CONNECTION d TYPE s3 (endpoint = 'https://s3.example.org', bucket = 'raw')": "CREATE CONNECTION",
        "CREATE CONNECTION e TYPE mongodb (host = 'h', tls = true)": "CREATE CONNECTION",
        "CREATE OR REPLACE CONNECTION e TYPE s3 (region = 'eu-west-1')": "CREATE CONNECTION",
        "CREATE CONNECTION IF NOT EXISTS e TYPE s3 (region = 'eu-west-1')": "CREATE CONNECTION",
    }.items():
        assert alice.tag(sql) == tag
    shown = alice.rows("SELECT name, type, host, port, database FROM kadali.connections ORDER BY name")
    assert shown == [
        ("a", "postgres", "h", 5432, "d"),
        ("b", "mysql", "h", 3307, None),
        ("c", "postgres", "h", 5432, "d"),
        ("d", "s3", "https://s3.example.org", None, "raw"),
        ("e", "s3", None, None, None),
    ]


@pytest.mark.parametrize(
    ("sql", "code"),
    {
        "CREATE CONNECTION x TYPE postgres (host = 'h')": "22023",
        "CREATE CONNECTION x TYPE postgres (host = '/tmp', database = 'd')": "22023",
        "CREATE CONNECTION x TYPE postgres (host = 'h,i', database = 'd')": "22023",
        "CREATE CONNECTION x TYPE postgres (host = '169.254.169.254', database = 'd')": "42501",
        "CREATE CONNECTION x TYPE postgres (host = '::ffff:169.254.169.254', database = 'd')": "42501",
        "CREATE CONNECTION x TYPE s3 (endpoint = 'http://169.254.169.254')": "42501",
        f"CREATE CONNECTION x TYPE s3 (endpoint = 'http://u:{VALUE}@h')": "22023",
        f"CREATE CONNECTION x TYPE postgres (host = 'postgresql://u:{VALUE}@h/d', database = 'd')": "22023",
        "CREATE CONNECTION x TYPE postgres (host = 'h', database = 'd', port = 0)": "22023",
        "CREATE CONNECTION x TYPE postgres (host = 'h', database = 'd', sslmode = 'maybe')": "22023",
        "CREATE CONNECTION x TYPE postgres (host = 'h', database = 'd', sslrootcert = '/etc/passwd')": "22023",
        "CREATE CONNECTION x TYPE postgres (host = 'h', database = 'd', user = SECRET s)": "22023",
        "CREATE CONNECTION x TYPE postgres (host = 'h', database = 'd', password = SECRET none)": "42704",
        "CREATE CONNECTION x TYPE postgres (host = 'h', database = 'd', password = '')": "22023",
        f"CREATE CONNECTION x TYPE postgres (host = 'h', database = 'd', password = {VALUE})": "42601",
        f"CREATE SECRET x AS {VALUE}": "42601",
        f"CREATE SECRET x '{VALUE}'": "42601",
        f"CREATE SECRET x AS '{VALUE}": "42601",
        f"CREATE SECRET x AS '{VALUE}' '{VALUE}'": "42601",
        f"CRATE SECRET x AS '{VALUE}'": "42601",
        "CREATE SECRET x AS ''": "22023",
        "CREATE SECRET x FROM ENV 'HOME'": "42501",
        "CREATE SECRET x FROM FILE '/etc/hostname'": "42501",
        "CREATE SECRET x FROM KUBERNETES 'kadali-acme/s' KEY 'k'": "0A000",
        f"CREATE SECRET \"{'x' * 64}é\" AS '{VALUE}'": "00000",
        "ALTER CONNECTION none SET (port = 1)": "42704",
        "SHOW CREATE CONNECTION none": "42704",
        "SELECT * FROM (SHOW SECRETS) s": "42601",
    }.items(),
)
def test_what_is_refused(alice: Client, sql: str, code: str) -> None:
    if code == "00000":
        assert alice.tag(sql) == "CREATE SECRET"
    else:
        assert alice.refused(sql) == code


def test_rights(alice: Client, bob: Client, gateway: GatewayServer) -> None:
    assert bob.refused(f"CREATE SECRET mine AS '{VALUE}'") == "42501"
    assert bob.refused("CREATE CONNECTION mine TYPE s3 (bucket = 'b')") == "42501"
    alice.tag(f"CREATE SECRET pw AS '{VALUE}'")
    alice.tag(f"CREATE SECRET own AS '{VALUE}'")
    alice.tag("CREATE CONNECTION crm TYPE postgres (host = 'h', database = 'd', password = SECRET pw)")
    for relation in ("kadali.secrets", "kadali.connections"):
        assert bob.rows(f"SELECT * FROM {relation}") == []
    for sql in (
        f"ALTER SECRET pw AS '{VALUE}'",
        "ALTER SECRET pw RENAME TO x",
        "ALTER SECRET pw OWNER TO bob",
        "DROP SECRET pw",
        "COMMENT ON SECRET pw IS 'x'",
        "ALTER CONNECTION crm SET (port = 1)",
        "ALTER CONNECTION crm OWNER TO bob",
        "DROP CONNECTION crm",
        "SHOW CREATE CONNECTION crm",
        "COMMENT ON CONNECTION crm IS 'x'",
    ):
        assert bob.refused(sql) == "42501", sql
    assert alice.refused("ALTER CONNECTION crm OWNER TO nobody") == "42704"
    alice.tag("ALTER CONNECTION crm OWNER TO bob")
    alice.tag("ALTER SECRET own OWNER TO bob")
    assert [row[0] for row in bob.rows("SHOW CONNECTIONS")] == ["crm"]
    assert [row[0] for row in bob.rows("SHOW SECRETS")] == ["own"]
    for sql in (
        "ALTER CONNECTION crm SET (host = 'evil.example')",
        "ALTER CONNECTION crm SET (port = 1)",
        "ALTER CONNECTION crm SET (password = SECRET pw)",
        "ALTER SECRET own FROM ENV 'HOME'",
    ):
        assert bob.refused(sql) == "42501", sql
    bob.tag("ALTER CONNECTION crm SET (password = SECRET own, user = 'bob')")
    bob.tag(f"ALTER SECRET own AS '{VALUE}'")
    with gateway.connect("alice", "globex") as other:
        assert other.execute("SELECT count(*) FROM kadali.secrets").fetchall() == [(0,)]
        assert other.execute("SHOW CONNECTIONS").fetchall() == []
        for sql in ("DROP SECRET pw", "DROP CONNECTION crm", f"ALTER SECRET pw AS '{VALUE}'"):
            with pytest.raises(psycopg.Error) as caught:
                other.execute(sql)
            assert caught.value.sqlstate == "42704"


def test_nothing_that_is_kept_or_told_holds_a_value(alice: Client, gateway: GatewayServer) -> None:
    statements = [
        f"CREATE SECRET told AS '{VALUE}'",
        f"CREATE SECRET told AS {VALUE}",
        f"ALTER SECRET told AS E'{VALUE}\\n'",
        f"CREATE CONNECTION told TYPE postgres (host = 'h', database = 'd', password = '{VALUE}')",
        f"CREATE CONNECTION told TYPE postgres (host = 'h', database = 'd', password = {VALUE})",
        f"CREATE CONNECTION told TYPE postgres (host = 'h', pasword = '{VALUE}', password = '{VALUE}')",
        f"SYNC FROM POSTGRES 'postgresql://u:{VALUE}@h/d' TABLE told INTO told",
        f"SYNC FROM POSTGRES 'host=h password={VALUE}' TABLE told INTO told",
        f"PREVIEW FROM CSV 's3://told:{VALUE}@bucket/x'",
        f"CREATE USER told PASSWORD '{VALUE}'",
    ]
    for sql in statements:
        for execute in (alice.connection.execute, lambda sql: alice.connection.execute(sql, prepare=True)):
            try:
                execute(sql)
            except psycopg.Error as error:
                diag = error.diag  # str(error) has the line of the statement: the client's own
                assert VALUE not in f"{diag.message_primary} {diag.message_detail} {diag.message_hint}"
    kept = [query for (query,) in alice.rows("SELECT query FROM kadali.queries WHERE query ILIKE '%told%'")]
    assert len(kept) >= len(statements) and sum("***" in query for query in kept) >= len(statements)
    assert VALUE not in str(kept) and VALUE not in gateway.log()
    for path in gateway.data_dir.glob("history/**/*"):
        assert not path.is_file() or VALUE.encode() not in path.read_bytes()
    alice.tag("DROP CONNECTION told")


def test_in_a_transaction(alice: Client) -> None:
    with alice.connection.transaction():
        alice.tag(f"CREATE SECRET s AS '{VALUE}'")
        assert alice.told == [("WARNING", "CREATE SECRET was executed immediately, not undone by ROLLBACK")]
    assert alice.rows("SELECT name FROM kadali.secrets") == [("s",)]


def test_the_server_keeps_its_key_and_reads_what_is_listed(tmp_path: Path) -> None:
    """Restarted, with another key, and with the right one again."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "pw").write_text(f"{VALUE}\n")
    options = ("--secret-env", "acme:KADALI_TEST_PW", "--secret-paths", str(tmp_path / "run"))
    options += ("--connect-to", "*.example.org:5432")
    server = GatewayServer(tmp_path / "data", options, {"KADALI_TEST_PW": VALUE})
    server.add_user("alice", "acme", admin=True)
    key = tmp_path / "data" / "secrets.key"
    try:
        server.start()
        alice = Client(server, "alice")
        assert not key.exists()
        alice.tag("CREATE SECRET env FROM ENV 'KADALI_TEST_PW'")
        alice.tag(f"CREATE SECRET file FROM FILE '{tmp_path}/run/pw'")
        assert not key.exists()
        alice.tag(f"CREATE SECRET value AS '{VALUE}'")
        assert key.stat().st_mode & 0o777 == 0o600
        shown = [("env", "ENV"), ("file", "FILE"), ("value", "VALUE")]
        assert alice.rows("SELECT name, source FROM kadali.secrets ORDER BY 1") == shown
        for where in ("FILE '/etc/hostname'", "ENV 'HOME'"):
            assert alice.refused(f"ALTER SECRET env FROM {where}") == "42501"
        assert alice.refused(f"ALTER SECRET env FROM FILE '{tmp_path}/run/none'") == "55000"
        alice.tag("CREATE CONNECTION c TYPE postgres (host = 'db.example.org', database = 'd', password = SECRET env)")
        assert alice.refused("CREATE CONNECTION d TYPE postgres (host = 'db.example.com', database = 'd')") == "42501"
        assert alice.refused("ALTER CONNECTION c SET (port = 5433)") == "42501"
        server.stop()
        right = key.read_bytes()
        key.write_bytes(b"A" * 43 + b"=\n")
        server.start()
        alice = Client(server, "alice")
        assert alice.rows("SELECT name, source FROM kadali.secrets ORDER BY 1") == shown
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as caught:
            alice.tag("ALTER SECRET value AS 'new'")
        assert "secret_key_file" in str(caught.value.diag.message_hint)
        alice.tag(f"ALTER SECRET env FROM FILE '{tmp_path}/run/pw'")
        key.write_bytes(right)
        alice.tag("ALTER SECRET value AS 'new'")
        assert VALUE not in server.log()
    finally:
        server.stop()
