"""No piece of a secret survives redaction, however it is written, and wherever the text breaks off."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import SqlError
from catalog.history.record import TEXT_CHARACTERS_MAX
from sql_extensions import redaction
from sql_extensions.redaction import HIDDEN, concealed, redacted
from sql_extensions.statement import recognise

LETTERS = "ΩЖŁÞ"
"""Of secrets alone: where one of them is left, a piece of a secret is."""
SPECIAL = "'\"\\:/@=&;,()$ %\n{}[]|"
SECRETS = st.text(alphabet=LETTERS + SPECIAL, min_size=1, max_size=12).map(lambda text: f"Ω{text}Ж")


def plain(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def escaped(text: str) -> str:
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def dollars(text: str) -> str:
    return f"$q${text}$q$"


def unicode(text: str) -> str:
    return "U&'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def conninfo_value(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


QUOTES = st.sampled_from([plain, escaped, dollars, unicode])
SECRET_STATEMENTS = (
    "CREATE SECRET s AS {}",
    "create secret if not exists s as {}",
    "CREATE SECRET {}",
    "CREATE SECRET s {}",
    "CREATE SECRET AS {}",
    "CREATE OR REPLACE SECRET s = {}",
    "ALTER SECRET s AS {}",
    "ALTER SECRET s SET {}",
    "ALTER SECRET s SET (value = {})",
    "ALTER SECRET s /* new */ AS {} -- now",
    "CRATE SECRET s AS {}",
    "EXPLAIN CREATE SECRET s AS {}",
    "CREATE SECRET s FROM {}",
    "CREATE CONNECTION c TYPE postgres WITH (host = 'h', password = {}, port = 1)",
    "CREATE CONNECTION c TYPE postgres (password={})",
    "CREATE CONNECTION c TYPE s3 (secret_access_key = {}, session_token = {})",
    'CREATE CONNECTION c TYPE s3 ("Secret_Access_Key" = {})',
    "CREATE CONNECTION c TYPE postgres WITH (password = SECRET {})",
    "CREATE CONNECTION c TYPE postgres WITH (pasword = 1, my_password {})",
    "CREATE SERVER c FOREIGN DATA WRAPPER p OPTIONS (user 'u', password {})",
    "ALTER CONNECTION c SET (PASSWORD = {})",
    "ALTER CONNECTION c SET (pasword = {}, host = 'h')",
    "CREATE OR REPLACE CONNECTION c TYPE s3 OPTIONS (secert_acess_ky {})",
    "CREATE CLUSTER c (token = {}) WAIT",
    "CREATE CLUSTER c token = {} size = small",
    "CREATE USER u WITH PASSWORD {}",
    "ALTER ROLE u PASSWORD {}",
    "PREVIEW FROM CSV 's3://b/x' WITH (secret_key = {}, header = true)",
)
URI_STATEMENTS = (
    "SYNC FROM POSTGRES {} TABLE public.orders INTO sales.orders",
    "SYNC TABLE t TO {}",
    "CREATE CONNECTION c TYPE postgres WITH (uri = {})",
    "CREATE CONNECTION c TYPE postgres WITH (host = {}, database = 'd')",
    "PREVIEW FROM PARQUET {} LIMIT 5",
    "SINC FROM POSTGRES {}",
    "COPY t FROM {}",
)
AROUND = st.sampled_from(["{}", "SELECT 1; {}", "{}; SELECT 'b'", "-- why\n{}", "SELECT 'a' AS secret; {} ;"])


def check(sql: str) -> None:
    shown = redacted(sql)
    assert not any(letter in shown for letter in LETTERS), (sql, shown)
    assert redacted(shown) == shown or not any(letter in redacted(shown) for letter in LETTERS)
    try:
        recognise(sql)
    except SqlError as error:
        told = f"{error.message} {error.detail} {error.hint}"
        assert not any(letter in told for letter in LETTERS), (sql, told)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(secret=SECRETS, style=QUOTES, sql=st.sampled_from(SECRET_STATEMENTS), around=AROUND)
def test_values_of_statements(secret: str, style: object, sql: str, around: str) -> None:
    check(around.format(sql.format(style(secret), style(secret))))  # type: ignore[operator]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    secret=SECRETS,
    style=QUOTES,
    sql=st.sampled_from(URI_STATEMENTS),
    scheme=st.sampled_from(["postgresql", "postgres", "mysql", "mongodb+srv", "s3", "jdbc:postgresql"]),
    user=st.sampled_from(["u", "", "u%40x", "u@x"]),
    around=AROUND,
)
def test_passwords_in_uris(secret: str, style: object, sql: str, scheme: str, user: str, around: str) -> None:
    for password in (secret, quote(secret, safe="")):
        check(around.format(sql.format(style(f"{scheme}://{user}:{password}@host:1/db?sslmode=require"))))  # type: ignore[operator]
    uri = f"{scheme}://host/db?user=u&password={quote(secret, safe=LETTERS)}&sslmode=require"
    check(around.format(sql.format(style(uri))))  # type: ignore[operator]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(secret=SECRETS, style=QUOTES, sql=st.sampled_from(URI_STATEMENTS), equals=st.sampled_from(["=", " = "]))
def test_passwords_in_texts_of_libpq(secret: str, style: object, sql: str, equals: str) -> None:
    for value in (conninfo_value(secret), "".join(f"\\{c}" if c in SPECIAL else c for c in secret)):
        check(sql.format(style(f"host=h password{equals}{value} user=u")))  # type: ignore[operator]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(secret=SECRETS, style=QUOTES, sql=st.sampled_from(SECRET_STATEMENTS + URI_STATEMENTS), data=st.data())
def test_texts_that_break_off(secret: str, style: object, sql: str, data: st.DataObject) -> None:
    value = secret if sql in SECRET_STATEMENTS else f"postgresql://u:{secret}@host/db"
    whole = sql.format(style(value), style(value))  # type: ignore[operator]
    check(whole[: data.draw(st.integers(0, len(whole)))])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(before=st.text("'\"-*/$;aE&U(", max_size=8) | st.text(max_size=20), secret=SECRETS)
def test_anything_before_it(before: str, secret: str) -> None:
    """Whatever precedes a statement, it is not seen; nor does anything make redaction fail."""
    kept = "".join(c for c in before if c not in LETTERS)
    check(f"{kept} CREATE SECRET s AS {plain(secret)}")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT token, password FROM users WHERE password = 'a' AND url LIKE '%://%'",
        "INSERT INTO posts VALUES ('see http://localhost:8080/x', 'secret = 1')",
        "SELECT 1 -- the token of Ann",
        "CREATE SECRET s FROM ENV 'CRM_PW'",
        "CREATE SECRET s FROM KUBERNETES 'ns/name' KEY 'password'",
        "ALTER SECRET s OWNER TO ann",
        "DROP SECRET a, b",
        "COMMENT ON SECRET s IS 'of crm'",
        "SHOW SECRETS WHERE name = 'x'",
        "CREATE CONNECTION c TYPE postgres WITH (host = 'h', password = SECRET s, access_key_id = 'AKIA')",
        "COMMENT ON CONNECTION c IS 'sales'",
        "SHOW CONNECTIONS LIKE 'c%'",
        "SYNC FROM CONNECTION crm TABLE a WHERE status = 'open'",
        "CREATE SYNC s FROM CONNECTION crm TABLE a WHERE status = 'open'",
        "SYNC FROM POSTGRES 'postgresql://u@host/db' TABLE a, b INTO c KEY (id)",
        "CREATE TABLE secret (token text, password text NOT NULL)",
    ],
)
def test_what_is_no_secret_is_left_as_it_is(sql: str) -> None:
    assert redacted(sql) == sql


def test_what_is_shown_can_still_be_read() -> None:
    sql = "CREATE CONNECTION c TYPE postgres WITH (host = 'h', password = 'x y', database = 'd')"
    assert redacted(sql) == sql.replace("'x y'", HIDDEN)
    uri = "SYNC FROM POSTGRES 'postgresql://u:p%40w@h:1/d?sslmode=require' TABLE t"
    assert redacted(uri) == uri.replace("p%40w", "***")


def test_comments() -> None:
    assert redacted("-- CREATE SECRET s AS 'geheim'\nSELECT 1") == " /* *** */ SELECT 1"
    assert redacted("SELECT 1 /* password = 'geheim' */, 2 -- ok") == "SELECT 1 /* *** */ , 2 -- ok"
    assert redacted("SELECT 1 -- ALTER SECRET s AS 'geheim'") == "SELECT 1 /* *** */ "


LONG = 60_000


@pytest.mark.parametrize(
    "text",
    [
        "x" * LONG,
        "password" * (LONG // 8),
        "password=" * (LONG // 9),
        "http://h:1/" * (LONG // 11),
        "@" + "://a:" * (LONG // 5),
        "password" + " " * LONG,
        "\\" * LONG,
        "'" * LONG,
        "create " * (LONG // 7),
    ],
)
def test_it_takes_no_time(text: str) -> None:
    """Nothing that a client sends makes it slow: it runs three times for each statement."""
    for sql in (f"SELECT {plain(text)}", f"INSERT INTO secret VALUES ({plain(text)})", f"CREATE SECRET s {text}"):
        began = time.process_time()
        redacted(sql)
        concealed('near "x"', sql)
        assert time.process_time() - began < 2


def test_rows_of_insert_are_not_read_token_by_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(redaction, "scan")
    rows = "('https://example.org/a', 'C:\\x', 'pass')," * 1000
    assert redacted(f"INSERT INTO t VALUES {rows}") == f"INSERT INTO t VALUES {rows}"


def test_long_texts_break_off() -> None:
    shown = redacted("CREATE SECRET s AS " + plain("Ω" * 100_000))
    assert shown == "CREATE SECRET s AS'***'…"
    assert len(redacted("SELECT " + "1" * 100_000)) == TEXT_CHARACTERS_MAX


def test_errors() -> None:
    sql = "CREATE CONNECTION c TYPE postgres (host = 'h', password = 'geheim')"
    assert concealed("syntax error at or near \"'geheim'\"", sql) == 'syntax error at or near "***"'
    assert concealed('relation "t" does not exist', sql) == 'relation "t" does not exist'
    other = "CREATE CONNECTION c TYPE postgres (password = 'connection')"
    assert concealed("permission denied to create connection", other) == "permission denied to create connection"
