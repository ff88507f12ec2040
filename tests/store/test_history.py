"""The query history: a start is on record before the query runs, nothing is lost, and it does not grow for ever."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from catalog.errors import ConnectionFailure
from catalog.history import QUERIES_SCHEMA, QueryHistory, QueryRecord, QueryState
from catalog.history import history as history_module
from catalog.history.record import TEXT_CHARACTERS_MAX, to_line
from catalog.postgres import EmbeddedPostgres
from catalog.store import Store

Opener = Callable[..., QueryHistory]
BEGAN = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def open_history(store: Store, tmp_path: Path) -> Iterator[Opener]:
    opened: list[QueryHistory] = []

    def opener(owner: Store = store, **more: object) -> QueryHistory:
        opened.append(QueryHistory(owner.database, owner.instance, journal=tmp_path / "journal", **more))  # type: ignore[arg-type]
        return opened[-1]

    yield opener
    for history in opened:
        history.close()


def record(number: int, state: QueryState = QueryState.RUNNING, **more: object) -> QueryRecord:
    at = BEGAN + timedelta(seconds=number)
    made = QueryRecord(
        id=f"q_{number:06}", tenant="demo", user="anna", query=f"SELECT {number}", state=state, queued_at=at, pid=42
    )
    return replace(made, **more)  # type: ignore[arg-type]


def test_from_start_to_end(open_history: Opener) -> None:
    history = open_history()
    start = record(1)
    history.started(start)
    shown = history.queries("demo")
    assert shown.schema == QUERIES_SCHEMA
    assert shown.to_pylist()[0] | {"queued_at": None} == dict.fromkeys(QUERIES_SCHEMA.names) | {
        "id": "q_000001",
        "pid": 42,
        "user": "anna",
        "tenant": "demo",
        "database": "demo",
        "state": "running",
        "query": "SELECT 1",
    }
    ended = start.queued_at + timedelta(seconds=1.5)
    done = replace(start, state=QueryState.FAILED, ended_at=ended, engine="embedded", route_reason="because", rows=3)
    history.finished(replace(done, bytes=99, sqlstate="22012", error="division by zero"))
    row = history.queries("demo").to_pylist()[0]
    assert (row["state"], row["ended_at"], row["engine"], row["route"]) == ("failed", ended, "embedded", "embedded")
    assert (row["rows"], row["bytes"], row["sqlstate"], row["error"]) == (3, 99, "22012", "division by zero")
    history.started(replace(start, query="late"))
    assert history.queries("demo").to_pylist()[0] == row, "an end is final"


def test_choosing(open_history: Opener) -> None:
    history = open_history()
    history.started(record(1))
    history.finished(record(2, QueryState.FINISHED, ended_at=datetime.now(UTC), user="bob"))
    history.finished(record(3, QueryState.FINISHED, ended_at=datetime.now(UTC), tenant="other"))

    def ids(**how: object) -> list[str]:
        return [str(i) for i in history.queries("demo", **how)["id"].to_pylist()]  # type: ignore[arg-type]

    assert ids() == ["q_000002", "q_000001"], "newest first, other tenants' never"
    assert ids(user="bob") == ["q_000002"]
    assert ids(states=[QueryState.QUEUED, QueryState.RUNNING]) == ["q_000001"]
    assert ids(query_id="q_000001") == ["q_000001"]
    assert ids(limit=1) == ["q_000002"]


def test_text_of_any_kind_and_length(open_history: Opener) -> None:
    history = open_history()
    history.started(record(1, query="SELECT '\u20ac \\ \" \n \t ''" + "\U0001f600", error="nul \0 byte"))
    history.started(record(2, query="x" * (TEXT_CHARACTERS_MAX + 1)))
    long, odd = history.queries("demo").to_pylist()
    assert odd["query"] == "SELECT '\u20ac \\ \" \n \t ''" + "\U0001f600" and odd["error"] == "nul  byte"
    assert len(long["query"]) == TEXT_CHARACTERS_MAX and long["query"].endswith("x…")


def test_many_threads(open_history: Opener) -> None:
    history = open_history()

    def work(first: int) -> None:
        for number in range(first, first + 250):
            history.started(record(number))
            history.finished(record(number, QueryState.FINISHED, ended_at=datetime.now(UTC)))

    threads = [threading.Thread(target=work, args=(n * 250,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = history.queries("demo")["state"].to_pylist()
    assert states == ["finished"] * 2000


def test_an_orderly_stop_loses_nothing(open_history: Opener, store_url: str) -> None:
    history = open_history()
    for number in range(500):
        history.started(record(number))
    history.close()
    history.close()
    with psycopg.connect(store_url) as connection:
        assert connection.execute("SELECT count(*) FROM kadali.queries").fetchone() == (500,)


_KILLED = """
import os, sys, threading
from pathlib import Path
from catalog.history import QueryHistory, history
from catalog.store import Store
sys.path.insert(0, sys.argv[3])
from test_history import record
history.BATCH_S = 60.0
store = Store(sys.argv[1], "lake")
writer = QueryHistory(store.database, store.instance, journal=Path(sys.argv[2]))
for number in range(10):
    writer.started(record(number))
os.kill(os.getpid(), 9)
"""


def test_a_killed_process_loses_nothing(open_history: Opener, store_url: str, tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", _KILLED, store_url, str(tmp_path / "journal"), str(Path(__file__).parent)]
    root = str(Path(__file__).parents[2])
    done = subprocess.run(arguments, env=os.environ | {"PYTHONPATH": root}, timeout=60, check=False)
    assert done.returncode == -9
    shown = open_history().queries("demo").to_pylist()
    assert [row["id"] for row in shown] == [f"q_{number:06}" for number in reversed(range(10))]
    assert {row["state"] for row in shown} == {"lost"} and {row["ended_at"] for row in shown} == {None}


def test_a_damaged_journal_does_not_stop_the_start(open_history: Opener, tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    whole = to_line(record(1), 7)
    (folder / "aside").write_text(whole + "\n{broken\n" + whole[:20])
    assert open_history().queries("demo")["id"].to_pylist() == ["q_000001"]
    assert not (folder / "aside").exists()


def test_queries_of_gateways_alive_are_not_lost(open_store: Callable[[], Store]) -> None:
    one, two = open_store(), open_store()
    first = QueryHistory(one.database, one.instance)
    first.started(record(1))
    first.flush()
    second = QueryHistory(two.database, two.instance)
    assert second.queries("demo")["state"].to_pylist() == ["running"]
    first.close()
    second.close()


def test_a_backlog_is_pruned_bit_by_bit(open_history: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "PRUNE_BATCH", 2)
    history = open_history(retention_s=3600.0)
    for number in range(5):
        history.finished(record(number, QueryState.FINISHED, ended_at=BEGAN))
    history.flush()
    for number in range(3):
        history.started(record(10 + number, queued_at=datetime.now(UTC)))
        history.flush()
    assert len(history.queries("demo")) == 3


def test_retention(open_history: Opener, store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "PRUNE_EVERY_S", 0.0)
    now = datetime.now(UTC)
    history = open_history(retention_s=3600.0, rows_max=5)
    history.finished(record(1, QueryState.FINISHED, queued_at=now - timedelta(hours=2), ended_at=now))
    history.started(record(2, queued_at=now - timedelta(hours=2)))
    for number in range(10, 20):
        at = now + timedelta(seconds=number)
        history.finished(record(number, QueryState.FINISHED, queued_at=at, ended_at=at))
    history.flush()
    history.finished(record(20, QueryState.FINISHED, queued_at=now + timedelta(minutes=1), ended_at=now))
    history.close()
    with psycopg.connect(store_url) as connection:
        kept = [row[0] for row in connection.execute("SELECT id FROM kadali.queries ORDER BY id")]
    assert kept == ["q_000002", *(f"q_{number:06}" for number in range(16, 21))]


def test_a_store_that_is_away_holds_up_nobody(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "RETRY_S", 0.05)
    monkeypatch.setattr(history_module, "QUEUE_MAX", 20)
    monkeypatch.setattr(history_module, "FLUSH_S", 0.5)
    server = EmbeddedPostgres(tmp_path_factory.mktemp("pg") / "m", durable=True).start()
    store = Store(server.conninfo("postgres"), str(tmp_path))
    history = QueryHistory(store.database, store.instance, journal=tmp_path / "journal")
    try:
        server.stop()
        began = time.monotonic()
        for number in range(10):
            history.started(record(number))
        assert time.monotonic() - began < 1
        with pytest.raises(ConnectionFailure):
            history.queries("demo")
        server.start()
        assert history.flush(10)
        assert len(history.queries("demo")) == 10
    finally:
        history.close()
        store.close()
        server.stop()


def test_a_record_that_the_store_refuses_does_not_stop_the_others(open_history: Opener) -> None:
    history = open_history()
    with history._wake:  # so that they are written together
        for number, query in ((1, "SELECT 1"), (2, "SELECT '\ud800'"), (3, "SELECT 3")):
            history.started(record(number, query=query))
    assert history.flush(5.0)
    assert [row["query"] for row in history.queries("demo").to_pylist()] == ["SELECT 3", "SELECT 1"]


def test_a_refused_record_in_the_journal_does_not_stop_the_next_start(open_history: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    lines = [to_line(record(1, query="SELECT '\ud800'"), 1), to_line(record(2), 1)]
    (folder / "current").write_text("".join(line + "\n" for line in lines))
    assert [row["query"] for row in open_history().queries("demo").to_pylist()] == ["SELECT 2"]


def test_a_full_disk_under_the_journal_stops_no_statement(
    open_history: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    history = open_history()
    assert history._journal is not None
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, history._journal._handle)
    os.close(full)
    history.started(record(1))
    history.started(record(2))
    assert history.queries("demo").num_rows == 2
    assert [text for text in caplog.messages if "journal" in text] == [
        "the history's journal cannot be written: [Errno 28] No space left on device"
    ]
