"""A session's connection: streaming, formats, settings, cancel, deadline, loss and recycling of its backend."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from catalog.errors import (
    DivisionByZero,
    InvalidAuthorization,
    QueryCanceled,
    SqlError,
    UndefinedObject,
)
from catalog.shadow.answers import ShadowParam
from catalog.shadow.errors import GuardHit
from catalog.shadow.instance import ShadowInstance
from catalog.shadow.session import ShadowSession
from catalog.types import BOOL, INT4, NUMERIC, TEXT


@pytest.fixture
def session(shop: ShadowInstance) -> ShadowSession:
    return shop.session("bob")


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1733])
def test_rows_stream_in_blocks(session: ShadowSession, count: int) -> None:
    result = session.query("SELECT n, n::text || 'ä' FROM generate_series(1, $1) n", [ShadowParam(23, b"%d" % count)])
    assert result.rows is not None
    got = []
    while block := result.rows.next_block(77):
        assert len(block) <= 77
        got += block
    assert got == [(b"%d" % n, f"{n}ä".encode()) for n in range(1, count + 1)]
    assert result.rows.tag == f"SELECT {count}"
    assert result.rows.next_block(77) is None


def test_statements_without_rows(session: ShadowSession) -> None:
    result = session.query("SET application_name = 'x'")
    assert (result.columns, result.rows, result.tag) == (None, None, "SET")
    assert session.query("").columns is None


def test_columns_without_rows_and_rows_without_columns(session: ShadowSession) -> None:
    result = session.query("SELECT FROM generate_series(1, 3)")
    assert result.columns == ()
    assert result.rows is not None
    assert result.rows.all() == [(), (), ()]


PARAMS = [ShadowParam(23, (258).to_bytes(4, "big"), binary=True), ShadowParam(25, None), ShadowParam(1700, b"1.50")]


@pytest.mark.parametrize(
    ("formats", "expected"),
    [
        (False, (b"258", None, b"1.50", b"t", b"x")),
        (True, (b"\0\0\1\2", None, bytes.fromhex("00020000000000020001 1388"), b"\1", b"x")),
        ([True, False, False, True, True], (b"\0\0\1\2", None, b"1.50", b"\1", b"x")),
        ([False, True, False, False, False], (b"258", None, b"1.50", b"t", b"x")),
        ([True, True, False, False, False], (b"\0\0\1\2", None, b"1.50", b"t", b"x")),
    ],
)
def test_formats_of_parameters_and_results(
    session: ShadowSession, formats: bool | list[bool], expected: tuple[bytes | None, ...]
) -> None:
    result = session.query("SELECT $1 AS a, $2 AS b, $3 AS c, true AS d, 'x'::text;", PARAMS, formats)
    assert result.columns is not None
    assert result.rows is not None
    assert [column.name for column in result.columns] == ["a", "b", "c", "d", "text"]
    assert [column.type for column in result.columns] == [INT4, TEXT, NUMERIC, BOOL, TEXT]
    assert result.rows.all() == [expected]


def test_mixed_formats_keep_order_and_origin(session: ShadowSession) -> None:
    sql = "SELECT oid, reltuples, relname FROM pg_class ORDER BY relname DESC LIMIT 50"
    mixed, text = session.query(sql, (), [True, False, False]), session.query(sql)
    assert mixed.rows is not None
    assert text.rows is not None
    assert mixed.columns == text.columns
    assert mixed.binary == (True, False, False)
    left, right = mixed.rows.all(), text.rows.all()
    assert [(int.from_bytes(row[0] or b"", "big"), row[1:]) for row in left] == [
        (int(row[0] or b"0"), row[1:]) for row in right
    ]


def test_a_statement_while_rows_are_open_moves_them_to_memory(session: ShadowSession) -> None:
    result = session.query("SELECT generate_series(1, 5000)")
    assert result.rows is not None
    assert len(result.rows.next_block(10) or ()) == 10
    assert session.evaluate("SELECT 1") == [("1",)]
    assert len(result.rows.all()) == 4990
    assert result.rows.tag == "SELECT 5000"


def test_an_error_in_the_middle_of_rows(session: ShadowSession) -> None:
    result = session.query("SELECT 1 / (3000 - n) FROM generate_series(1, 5000) n")
    assert result.rows is not None
    with pytest.raises(DivisionByZero):
        result.rows.all()
    assert session.evaluate("SELECT 1") == [("1",)]
    spooled = session.query("SELECT 1 / (3000 - n) FROM generate_series(1, 5000) n")
    assert session.evaluate("SELECT 2") == [("2",)]
    assert spooled.rows is not None
    with pytest.raises(DivisionByZero):
        spooled.rows.all()


def test_closing_rows_early_stops_the_statement(session: ShadowSession) -> None:
    result = session.query("SELECT generate_series(1, 100000000)")
    assert result.rows is not None
    result.rows.next_block(5)
    started = time.monotonic()
    result.rows.close()
    assert time.monotonic() - started < 5
    assert session.evaluate("SELECT 1") == [("1",)]


def test_errors_carry_all_fields(session: ShadowSession) -> None:
    with pytest.raises(SqlError) as caught:
        session.query("SELECT relnam FROM pg_class")
    error = caught.value
    assert (error.code, error.position) == ("42703", 8)
    assert error.message == 'column "relnam" does not exist'
    assert error.hint == 'Perhaps you meant to reference the column "pg_class.relname" or the column "pg_class.relam".'


def test_notices_are_handed_back(session: ShadowSession) -> None:
    result = session.query("SET TRANSACTION READ ONLY")
    assert [(n.severity, n.sqlstate) for n in result.notices] == [("WARNING", "25P01")]


def test_settings_are_restored_on_a_new_connection(shop: ShadowInstance, session: ShadowSession) -> None:
    session.set("search_path", "sales, public")
    session.set("TimeZone", "Europe/Berlin")
    session.set("my.thing", "it's")
    assert session.parameter_status("TimeZone") == "Europe/Berlin"
    assert session.evaluate("SELECT set_config('datestyle', 'German', false), set_config('other.thing', 'y', false)")
    ((pid,),) = session.evaluate("SELECT pg_backend_pid()")
    with shop.admin() as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", [int(pid or 0)])
    assert session.show("search_path") == "sales, public"
    assert session.settings()["DateStyle"] == "German, DMY"
    assert session.settings()["TimeZone"] == "Europe/Berlin"
    assert session.evaluate("SELECT current_setting('my.thing'), current_setting('other.thing')") == [("it's", "y")]
    assert session.evaluate("SELECT pg_backend_pid()") != [(pid,)]
    session.reset("my.thing")
    assert session.show("my.thing") == ""
    session.reset()
    assert session.show("search_path") == '"$user", public'


def test_text_stays_utf8(session: ShadowSession) -> None:
    session.evaluate("SELECT set_config('client_encoding', 'LATIN1', false)")
    assert session.evaluate("SELECT 'äß€'") == [("äß€",)]
    session.set("client_encoding", "LATIN1")
    session.close()
    assert session.evaluate("SELECT 'äß€'") == [("äß€",)]


def test_bad_settings(session: ShadowSession) -> None:
    with pytest.raises(UndefinedObject):
        session.set("nope", "1")
    with pytest.raises(SqlError) as caught:
        session.set("TimeZone", "Mars/Olympus")
    assert caught.value.code == "22023"
    with pytest.raises(UndefinedObject):
        session.show("nope")
    assert session.show("TimeZone") == "UTC"


def test_cancel_from_another_thread(session: ShadowSession) -> None:
    timer = threading.Timer(0.2, session.cancel)
    timer.start()
    with pytest.raises(QueryCanceled, match="due to user request"):
        session.evaluate("SELECT count(*) FROM generate_series(1, 10000000000)")
    timer.join()
    session.cancel()
    assert session.evaluate("SELECT 1") == [("1",)]


def test_the_deadline_needs_no_statement_timeout(shop: ShadowInstance) -> None:
    session = ShadowSession(shop, "bob", {"statement_timeout": "0"}, deadline_s=0.3)
    with pytest.raises(QueryCanceled, match="statement timeout"):
        session.evaluate("SELECT count(*) FROM generate_series(1, 10000000000)")
    assert session.evaluate("SELECT 1") == [("1",)]


def test_an_unknown_user_cannot_connect(shop: ShadowInstance) -> None:
    with pytest.raises(InvalidAuthorization, match='role "eve" does not exist'):
        shop.session("eve").evaluate("SELECT 1")


def test_a_backend_that_grew_is_replaced(shop: ShadowInstance) -> None:
    session = ShadowSession(shop, "bob", backend_bytes_max=4 << 20)
    session.set("search_path", "sales")
    first = session.evaluate("SELECT pg_backend_pid()")
    assert session.evaluate("SELECT pg_backend_pid()") == first
    session.evaluate("SELECT count(x::text) FROM information_schema.columns x")
    assert session.evaluate("SELECT pg_backend_pid()") != first
    assert session.show("search_path") == "sales"


def test_sessions_survive_the_crash_of_the_server(fresh: ShadowInstance) -> None:
    """A killed backend makes PostgreSQL end them all; so does a killed postmaster."""
    victim, other = fresh.session("bob"), fresh.session("ada")
    ((pid,),) = victim.evaluate("SELECT pg_backend_pid()")
    other.evaluate("SELECT 1")
    os.kill(int(pid or 0), signal.SIGKILL)
    assert other.evaluate("SELECT count(*) FROM pg_class WHERE relname = 'orders'") == [("1",)]
    assert victim.describe("SELECT id FROM sales.orders").columns is not None
    assert fresh._server is not None
    assert fresh._server.pid is not None
    os.kill(fresh._server.pid, signal.SIGKILL)
    assert victim.check_rights("SELECT name FROM sales.customers") == []
    assert other.evaluate("SELECT count(*) FROM pg_class WHERE relname = 'orders'") == [("1",)]
    with pytest.raises(GuardHit):
        other.query("SELECT * FROM sales.orders")


def test_a_stopped_instance_starts_for_a_session(fresh: ShadowInstance) -> None:
    session = fresh.session("bob")
    session.evaluate("SELECT 1")
    fresh.stop()
    assert session.evaluate("SELECT relname FROM pg_class WHERE relname = 'orders'") == [("orders",)]


def test_many_threads_share_a_session(session: ShadowSession) -> None:
    answers: list[object] = []

    def ask(number: int) -> None:
        for _ in range(10):
            answers.append((number, session.evaluate(f"SELECT {number}")[0][0]))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 60
    assert all(number == int(told) for number, told in answers)  # type: ignore[misc]


def test_close_and_use_again(session: ShadowSession) -> None:
    session.set("search_path", "sales")
    session.close()
    session.close()
    assert session.show("search_path") == "sales"


def test_the_environment_does_not_steer_sessions(shop: ShadowInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c search_path=evil")
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    monkeypatch.setenv("PGAPPNAME", "evil")
    session = shop.session("bob")
    assert session.show("search_path") == '"$user", public'
    assert session.show("client_encoding") == "UTF8"
    assert session.show("application_name") == ""
