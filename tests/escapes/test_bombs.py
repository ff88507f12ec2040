"""Queries made to exhaust the server: each ends by itself or at its deadline, and others go on meanwhile."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import psycopg
import pytest

from tests.escapes.escape_world import World

TIMEOUT_S = 2
ENDS_WITHIN_S = 15.0
"""Generous: the machine may be busy."""

BOMBS = [
    ("SELECT count(*) FROM generate_series(1, 1000000000000)", {"53400", "57014"}),
    ("SELECT length(repeat('x', 1000000000))", {None, "57014", "53200"}),
    ("WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT count(*) FROM r", {"57014", "53400"}),
    ("SELECT array_agg(x) FROM generate_series(1, 1000000000) x", {"57014", "53200", "54000", "53400"}),
    ("SELECT string_agg(repeat('x', 1000000), '') FROM generate_series(1, 3000)", {"54000", "53200", "57014"}),
    ("SELECT array_fill(0, ARRAY[130000000])", {"53200", "57014", "54000"}),
    ("SELECT factorial(32177)", {None, "57014"}),
    ("SELECT repeat('a', 1000000) ~ '(a*)*(a*)*(a*)*(b|c)\\1'", {None, "57014", "2201B"}),
    ("SELECT count(*) FROM pg_class a, pg_class b, pg_class c, pg_class d, pg_class e", {"57014"}),
    ("SELECT x FROM generate_series(1, 1000000) x ORDER BY repeat(x::text, 10000)", {"53400", "57014"}),
    ("EXPLAIN SELECT repeat('x', 1000000000)", {None, "57014", "53200"}),
    ("SELECT (repeat('[', 1000000))::json", {"54001"}),
    ("SELECT repeat('(', 1000000)::tsquery", {"54001"}),
    ("SELECT count(*) FROM s.t, generate_series(1, 1000000000000)", {"57014", "22023"}),
    ("SELECT count(*) FROM s.t a, generate_series(1, 3000000) b, generate_series(1, 3000000) c", {"57014"}),
    ("SELECT a, repeat('x', 1000000000) FROM s.t", {None, "57014", "53200", "54000", "0A000"}),
    ("SELECT string_agg(repeat('x', 1000000), '') FROM s.t, generate_series(1, 100000) b", {"57014", "53200", "54000"}),
    (
        "WITH RECURSIVE r AS (SELECT a FROM s.t UNION ALL SELECT a FROM r) SELECT count(*) FROM r",
        {"57014", "0A000", "53200", "53100"},
    ),
    ("SELECT a FROM s.t WHERE repeat(b, 100000) ~ '(x*)*(x*)*(x*)*y'", {None, "57014", "0A000"}),
]


@pytest.mark.parametrize(("sql", "codes"), BOMBS)
def test_a_bomb(world: World, sql: str, codes: set[str | None]) -> None:
    with world.server.connect("bob") as bomber, world.server.connect("alice") as other:
        other.execute("SELECT a FROM s.t")
        stop, slowest = threading.Event(), [0.0]
        beside = threading.Thread(target=_work, args=(other, stop, slowest), daemon=True)
        beside.start()
        bomber.execute(f"SET statement_timeout = '{TIMEOUT_S}s'".encode())
        began = time.monotonic()
        code: str | None = None
        try:
            bomber.execute(sql.encode())
        except psycopg.Error as error:
            code = error.sqlstate
            assert code is not None, "the connection was lost"
        took = time.monotonic() - began
        stop.set()
        beside.join(30)
        assert code in codes
        assert took < TIMEOUT_S + ENDS_WITHIN_S
        assert not other.closed
        assert slowest[0] < ENDS_WITHIN_S, f"a small query beside it took {slowest[0]:.1f} s"
        assert bomber.execute("SELECT 1").fetchone() == (1,)
        assert bomber.execute("SELECT a FROM s.t ORDER BY a").fetchall() == [(1,), (2,)]


def _work(connection: psycopg.Connection[Any], stop: threading.Event, slowest: list[float]) -> None:
    while not stop.is_set():
        began = time.monotonic()
        connection.execute("SELECT 1")
        with contextlib.suppress(psycopg.errors.OutOfMemory):  # the memory is the tenant's: the bomb may have it all
            connection.execute("SELECT count(*) FROM s.t")
        slowest[0] = max(slowest[0], time.monotonic() - began)
