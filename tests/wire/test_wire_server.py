"""Cancel, hang-up, limits, slow readers and broken messages, on a running gateway."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.gateway_process import GatewayProcess
from tests.wire.raw_client import Closed, RawClient, build, message, show

LONG = {
    "metadata": "select count(*) from generate_series(1, 1000000000)",
    "embedded": "select count(*) from w.big a, w.big b where a.label < b.label || 'y'",
}
ROWS = "select a.n, a.label from w.big a, (select n from w.big where n <= 100) b"
"""Twenty million rows of a hundred bytes."""


@pytest.fixture(scope="module", autouse=True)
def big(gateway: GatewayProcess) -> None:
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        connection.execute("create table w.big (n bigint, label text)")
        connection.execute("insert into w.big select g, repeat('x', 100) from generate_series(1, 200000) g")


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[RawClient]:
    with RawClient(gateway.address) as raw:
        raw.log_in()
        yield raw


def eventually(condition: Callable[[], bool], what: str, within_s: float = 10.0) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.02)


def states(gateway: GatewayProcess, marker: str) -> list[str]:
    """The states of the statements whose text contains `marker`, the latest first."""
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        cursor = connection.execute("show queries all")
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    sql = next(name for name in names if name in ("sql", "query", "statement"))
    return [row["state"] for row in rows if marker in row[sql]]


def after(seconds: float, action: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(seconds, action)
    timer.start()
    return timer


@pytest.mark.parametrize("engine", LONG)
def test_cancel_stops_a_running_statement(gateway: GatewayProcess, client: RawClient, engine: str) -> None:
    client.send(build("Query", {"sql": LONG[engine].replace("(*)", f"(*) as cancel_{engine}")}))
    eventually(lambda: "running" in states(gateway, f"cancel_{engine}"), "not running")
    started = time.monotonic()
    client.cancel()
    heard = [show(*each) for each in client.until(b"Z")]
    assert heard[-2:] == [
        'ErrorResponse ERROR 57014 "canceling statement due to user request"', "ReadyForQuery I"
    ]  # fmt: skip
    assert time.monotonic() - started < 5
    assert client.query("select 1")[1] == 'DataRow ["1"]'
    eventually(lambda: states(gateway, f"cancel_{engine}") == ["canceled"], "not recorded")


@pytest.mark.parametrize("version", [196608, 196610])
def test_cancel_in_the_extended_protocol_and_with_long_keys(gateway: GatewayProcess, version: int) -> None:
    with RawClient(gateway.address) as client:
        client.log_in(version)
        cycle = [("Parse", {"sql": LONG["embedded"]}), ("Bind", {}), ("Execute", {}), ("Sync", {})]
        client.send(*(build(name, fields) for name, fields in cycle))
        timer = after(0.3, client.cancel)
        heard = [show(*each) for each in client.until(b"Z")]
        timer.join()
        assert heard[:2] == ["ParseComplete", "BindComplete"]
        assert heard[-2:] == [
            'ErrorResponse ERROR 57014 "canceling statement due to user request"', "ReadyForQuery I"
        ]  # fmt: skip


def test_cancel_at_any_moment_leaves_the_session_in_step(client: RawClient) -> None:
    for step in range(25):
        client.send(build("Query", {"sql": "select n, label from w.big limit 5000"}))
        time.sleep(step * 0.002)
        client.cancel()
        last = [show(*each) for each in client.until(b"Z")][-2]
        assert last in (
            'CommandComplete "SELECT 5000"',
            'ErrorResponse ERROR 57014 "canceling statement due to user request"',
        )
        assert client.query(f"select {step}")[1] == f'DataRow ["{step}"]'


def test_cancel_while_rows_stream(client: RawClient) -> None:
    client.send(build("Query", {"sql": ROWS}))
    assert client.until(b"D")
    client.cancel()
    heard = client.until(b"Z")
    assert show(*heard[-2]).startswith("ErrorResponse ERROR 57014")
    assert client.query("select 1")[1] == 'DataRow ["1"]'


def test_cancel_while_copy_waits_for_data(client: RawClient) -> None:
    client.send(build("Query", {"sql": "copy w.sink from stdin"}))
    client.until(b"G")
    client.send(build("CopyData", {"data": "1\tone\n"}))
    client.cancel()
    assert show(*client.until(b"E")[-1]).startswith("ErrorResponse ERROR 57014")
    client.until(b"Z")
    assert client.query("select count(*) from w.sink")[1] == 'DataRow ["0"]'


def test_a_late_cancel_has_no_effect_on_the_next_statement(client: RawClient) -> None:
    for _ in range(10):
        assert client.query("select 1")[-1] == "ReadyForQuery I"
        client.cancel()
        assert client.query("select count(*) from w.orders")[1] == 'DataRow ["5"]'


def test_a_wrong_key_cancels_nothing(client: RawClient) -> None:
    client.send(build("Query", {"sql": "select count(*) from w.big a, w.orders b"}))
    right = client.key
    for wrong in (b"\0\0\0\0", right[:3] + bytes([right[3] ^ 1]), right + b"\0", right[:2]):
        client.key = wrong
        client.cancel()
    assert show(*client.until(b"C")[-1]) == 'CommandComplete "SELECT 1"'


def test_cancel_over_tls(gateway: GatewayProcess) -> None:
    with psycopg.connect(gateway.dsn(sslmode="require"), autocommit=True) as connection:
        timer = after(0.3, connection.cancel_safe)
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute(LONG["embedded"])
        timer.join()
    with RawClient(gateway.address) as other, RawClient(gateway.address) as canceler:
        other.log_in()
        other.send(build("Query", {"sql": LONG["embedded"]}))
        canceler.start_tls()
        time.sleep(0.2)
        canceler.send(struct.pack("!iii", 12 + len(other.key), 80877102, other.pid) + other.key)
        assert show(*other.until(b"E")[-1]).startswith("ErrorResponse ERROR 57014")


def test_pg_cancel_backend_and_pg_terminate_backend(gateway: GatewayProcess, client: RawClient) -> None:
    with psycopg.connect(gateway.dsn(), autocommit=True) as other:
        client.send(build("Query", {"sql": LONG["embedded"]}))
        time.sleep(0.2)
        assert other.execute("select pg_cancel_backend(%s)", (client.pid,)).fetchone() == (True,)
        assert show(*client.until(b"E")[-1]).startswith("ErrorResponse ERROR 57014")
        client.until(b"Z")
        client.send(build("Query", {"sql": LONG["embedded"]}))
        time.sleep(0.2)
        assert other.execute("select pg_terminate_backend(%s)", (client.pid,)).fetchone() == (True,)
        assert show(*client.until(b"E")[-1]) == (
            'ErrorResponse FATAL 57P01 "terminating connection due to administrator command"'
        )
        assert client.is_closed()
        idle = psycopg.connect(gateway.dsn(), autocommit=True)
        assert other.execute("select pg_terminate_backend(%s)", (idle.info.backend_pid,)).fetchone() == (True,)
        with pytest.raises(psycopg.errors.AdminShutdown):
            idle.execute("select 1")


@pytest.mark.parametrize("engine", LONG)
def test_a_hang_up_stops_the_statement(gateway: GatewayProcess, engine: str) -> None:
    with RawClient(gateway.address) as client:
        client.log_in()
        client.send(build("Query", {"sql": LONG[engine].replace("(*)", f"(*) as hangup_{engine}")}))
        eventually(lambda: "running" in states(gateway, f"hangup_{engine}"), "not running")
    eventually(lambda: states(gateway, f"hangup_{engine}") == ["abandoned"], "the statement goes on")


@pytest.mark.parametrize("reset", [False, True])
def test_a_hang_up_while_rows_stream(gateway: GatewayProcess, reset: bool) -> None:
    marker = f"streaming_{reset}"
    with RawClient(gateway.address) as client:
        client.log_in()
        client.send(build("Query", {"sql": ROWS.replace("a.label", f"a.label as {marker}", 1)}))
        client.until(b"D")
        if reset:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    eventually(lambda: states(gateway, marker) == ["abandoned"], "the statement goes on")


def test_a_hang_up_with_a_suspended_portal(gateway: GatewayProcess) -> None:
    with RawClient(gateway.address) as client:
        client.log_in()
        client.query("begin")
        cycle = [
            ("Parse", {"sql": "select n as suspended_portal from w.big"}),
            ("Bind", {}),
            ("Execute", {"max_rows": 5}),
        ]
        client.send(*(build(name, fields) for name, fields in [*cycle, ("Sync", {})]))
        client.until(b"Z")
    eventually(lambda: states(gateway, "suspended_portal") == ["abandoned"], "not recorded")


def test_a_hang_up_rolls_back(gateway: GatewayProcess) -> None:
    with RawClient(gateway.address) as client:
        client.log_in()
        client.query("begin; insert into w.sink values (1, 'lost')")
    with RawClient(gateway.address) as client:
        client.log_in()
        client.send(build("Query", {"sql": "copy w.sink from stdin"}))
        client.until(b"G")
        client.send(build("CopyData", {"data": "1\tone\n"}))
    with RawClient(gateway.address) as client:
        client.log_in()
        assert client.query("select count(*) from w.sink")[1] == 'DataRow ["0"]'


def test_a_slow_reader_costs_no_memory(gateway: GatewayProcess, client: RawClient) -> None:
    assert client.query("select count(*) from w.big")[-1] == "ReadyForQuery I"
    client.send(build("Query", {"sql": f"{ROWS} limit 200000"}))
    client.until(b"Z")
    before = gateway.resident_bytes
    client.send(build("Query", {"sql": ROWS}))
    client.until(b"D")
    grown = []
    for _ in range(20):
        for _ in range(200):
            client.receive()
        time.sleep(0.05)
        grown.append(gateway.resident_bytes - before)
    assert max(grown) < 32 << 20, grown
    client.cancel()


def test_a_commit_that_fails_at_sync_is_an_error_there(gateway: GatewayProcess, client: RawClient) -> None:
    client.query("insert into w.sink values (1, 'start')")
    change = build("Parse", {"sql": "update w.sink set label = 'ours' where id = 1"})
    client.send(change, build("Bind", {}), build("Execute", {}), build("Flush", {}))
    assert show(*client.until(b"C")[-1]) == 'CommandComplete "UPDATE 1"'
    with psycopg.connect(gateway.dsn(), autocommit=True) as other:
        other.execute("update w.sink set label = 'theirs' where id = 1")
    client.send(build("Sync", {}))
    heard = [show(*each) for each in client.until(b"Z")]
    assert heard[0].startswith("ErrorResponse ERROR 40001 ") and heard[1:] == ["ReadyForQuery I"]
    assert client.query("select label from w.sink")[1] == 'DataRow ["theirs"]'
    client.query("truncate w.sink")


def test_statement_timeout(client: RawClient) -> None:
    client.query("set statement_timeout = '200ms'")
    for sql in LONG.values():
        started = time.monotonic()
        assert client.query(sql)[-2:] == [
            'ErrorResponse ERROR 57014 "canceling statement due to statement timeout"', "ReadyForQuery I"
        ]  # fmt: skip
        assert 0.15 < time.monotonic() - started < 5
    assert client.query("select 1")[1] == 'DataRow ["1"]'


def test_idle_timeouts(client: RawClient, gateway: GatewayProcess) -> None:
    client.query("set idle_in_transaction_session_timeout = '200ms'")
    time.sleep(0.4)
    assert client.query("begin")[-1] == "ReadyForQuery T"
    assert show(*client.receive()) == (
        'ErrorResponse FATAL 25P03 "terminating connection due to idle-in-transaction timeout"'
    )
    assert client.is_closed()
    with RawClient(gateway.address) as other:
        other.log_in(options="-c idle_session_timeout=200ms")
        assert show(*other.receive()) == (
            'ErrorResponse FATAL 57P05 "terminating connection due to idle-session timeout"'
        )
        assert other.is_closed()


@pytest.mark.parametrize(
    "broken",
    [
        b"Q" + struct.pack("!i", 2_000_000_000),
        b"Q" + struct.pack("!i", 1),
        b"S" + struct.pack("!i", 50_000),
        b"\0" * 10,
        b"p" + struct.pack("!i", 8) + b"pass",
    ],
)
def test_broken_frames_end_the_connection_only(gateway: GatewayProcess, client: RawClient, broken: bytes) -> None:
    client.send(broken)
    assert client.receive()[1].startswith(b"SFATAL\0VFATAL\0C08P01\0")
    assert client.is_closed()
    with RawClient(gateway.address) as other:
        other.log_in()
        assert other.query("select 1")[1] == 'DataRow ["1"]'


def test_a_cut_off_message_is_only_a_hang_up(gateway: GatewayProcess) -> None:
    whole = build("Parse", {"sql": "select 1"}) + build("Query", {"sql": "select 2"})
    for cut in range(1, len(whole), 3):
        with RawClient(gateway.address) as client:
            client.log_in()
            client.send(whole[:cut])
    with RawClient(gateway.address) as client:
        client.log_in()
        assert client.query("select 1")[1] == 'DataRow ["1"]'


@settings(max_examples=60, deadline=None)
@given(messages=st.lists(st.tuples(st.sampled_from(b"QPBDECSHdcfF"), st.binary(max_size=40)), min_size=1, max_size=6))
def test_well_framed_nonsense_leaves_the_session_in_step(
    gateway: GatewayProcess, messages: list[tuple[int, bytes]]
) -> None:
    with RawClient(gateway.address) as client:
        client.log_in()
        client.send(*(message(bytes([code]), body) for code, body in messages), build("Sync", {}))
        client.send(build("Query", {"sql": "select 'in step'"}))
        heard = [client.receive()]
        while show(*heard[-1]) != 'DataRow ["in step"]':
            heard.append(client.receive())
        assert not any(code == b"E" and body.startswith(b"SFATAL") for code, body in heard)
        assert [show(*each) for each in client.until(b"Z")] == ['CommandComplete "SELECT 1"', "ReadyForQuery I"]


def test_a_large_statement_in_small_pieces(client: RawClient) -> None:
    text = "x" * 3_000_000
    sent = build("Query", {"sql": f"select length('{text}')"})
    for at in range(0, len(sent), 100_000):
        client.send(sent[at : at + 100_000])
    assert [show(*each) for each in client.until(b"Z")][1] == f'DataRow ["{len(text)}"]'


def test_a_deep_pipeline(client: RawClient) -> None:
    """More than the inbox takes at once, while nobody reads: all of it is answered in order."""
    count = 3000
    cycle = b"".join(
        build("Parse", {"sql": f"select {number} -- {'pad' * 200}"}) + build("Bind", {}) + build("Execute", {})
        for number in range(count)
    )
    sender = threading.Thread(target=client.send, args=(cycle + build("Sync", {}),))
    sender.start()
    rows = [show(*each) for each in client.until(b"Z") if each[0] == b"D"]
    sender.join()
    assert rows == [f'DataRow ["{number}"]' for number in range(count)]


def test_pipeline_mode_of_psycopg(gateway: GatewayProcess) -> None:
    with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
        with connection.pipeline():
            cursors = [connection.execute("select %s::int + 1", (number,)) for number in range(50)]
            assert [cursor.fetchone() for cursor in cursors] == [(number + 1,) for number in range(50)]
        with pytest.raises(psycopg.errors.UndefinedColumn), connection.pipeline() as pipeline:
            connection.execute("select 1")
            connection.execute("select nosuch")
            connection.execute("select 2")
            pipeline.sync()
        assert connection.execute("select 3").fetchone() == (3,)


def test_a_thousand_prepared_statements(client: RawClient) -> None:
    for number in range(1000):
        client.send(build("Parse", {"name": f"s{number}", "sql": f"select {number}"}))
    client.send(build("Sync", {}))
    assert len([each for each in client.until(b"Z") if each[0] == b"1"]) == 1000
    for number in (0, 500, 999):
        cycle = [("Bind", {"statement": f"s{number}"}), ("Execute", {}), ("Sync", {})]
        client.send(*(build(name, fields) for name, fields in cycle))
        assert [show(*each) for each in client.until(b"Z")][1] == f'DataRow ["{number}"]'


def test_many_sessions_at_once(gateway: GatewayProcess) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with psycopg.connect(gateway.dsn(), autocommit=True) as connection:
                for step in range(10):
                    assert connection.execute("select %s::int", (number * step,)).fetchone() == (number * step,)
                    assert connection.execute("select count(*) from w.orders").fetchone() == (5,)
        except BaseException as error:  # noqa: BLE001 - reported below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_idle_connections_are_cheap(gateway: GatewayProcess) -> None:
    def opened(count: int) -> list[RawClient]:
        clients = [RawClient(gateway.address) for _ in range(count)]
        for each in clients:
            each.log_in()
        return clients

    warm = opened(20)
    before = gateway.resident_bytes
    clients = opened(150)
    grown = (gateway.resident_bytes - before) / len(clients)
    for each in warm + clients:
        each.socket.close()
    assert grown < 100 << 10, grown


def test_function_calls_are_refused(client: RawClient) -> None:
    client.send(build("FunctionCall", {}), build("Query", {"sql": "select 1"}))
    assert [show(*each) for each in client.until(b"Z")] == [
        'ErrorResponse ERROR 0A000 "function call messages are not supported"', "ReadyForQuery I"
    ]  # fmt: skip
    assert show(*client.until(b"Z")[-1]) == "ReadyForQuery I"


def test_terminate_closes(client: RawClient) -> None:
    client.send(message(b"X"))
    with pytest.raises(Closed):
        client.receive()
