"""What observers make of calls: metrics, log lines, history records."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest

from catalog.errors import DivisionByZero, InternalError, SqlSyntaxError
from catalog.history import QueryState
from catalog.principal import Principal
from engine.base import Route, RouteReason
from gateway.configuration import load
from gateway.observers.history import record_of
from gateway.observers.log import LogObserver, set_up_logging
from gateway.observers.metrics import Metrics
from sql_extensions.call import Call, Outcome
from sql_extensions.statement import recognise

ANNA = Principal("anna", "shop", False, "127.0.0.1:5")


def ended(sql: str = "SELECT 1", **more: object) -> Call:
    call = Call("q_1", ANNA, 42, sql)
    try:
        call.statement = recognise(sql)[0]
        call.route = Route("embedded", RouteReason.DELTA_READ)
    except SqlSyntaxError as error:
        call.error = error
    for name, value in more.items():
        setattr(call, name, value)
    call.ended = call.started + 0.25
    return call


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = list(root.handlers), root.level
    stream = io.StringIO()
    yield stream
    root.handlers[:], root.level = before


def test_metrics() -> None:
    metrics = Metrics("1")
    metrics.watch_running(lambda: 3)
    metrics(ended(rows=7, bytes=70), Outcome.DONE)
    metrics(ended(error=DivisionByZero("division by zero")), Outcome.FAILED)
    metrics(ended("SELEC"), Outcome.FAILED)
    text = metrics.text().decode()
    labels = 'action="read",engine="embedded"'
    count = "kadali_statements_total{" + labels
    assert f'{count},outcome="done",reason="delta_read",sqlstate="00000"}} 1.0' in text
    assert f'{count},outcome="failed",reason="delta_read",sqlstate="22012"}} 1.0' in text
    assert 'action="unknown",engine="none",outcome="failed",reason="none",sqlstate="42601"} 1.0' in text
    assert f"kadali_statement_seconds_sum{{{labels}}} 0.5" in text
    assert f'kadali_statement_seconds_bucket{{{labels},le="0.25"}} 2.0' in text
    assert 'kadali_rows_sent_total{engine="embedded"} 7.0' in text
    assert 'kadali_bytes_sent_total{engine="embedded"} 70.0' in text
    assert "kadali_statements_running 3.0" in text
    Metrics("1")  # a second one in the same process is independent


def test_only_failures_are_logged_unless_all_are_wanted(log: io.StringIO) -> None:
    set_up_logging(load({"log_format": "json"}, environment={}), log)
    LogObserver(every_statement=False)(ended(), Outcome.DONE)
    assert log.getvalue() == ""
    LogObserver(every_statement=True)(ended(), Outcome.DONE)
    LogObserver(every_statement=False)(ended(error=DivisionByZero("division by zero")), Outcome.FAILED)
    done, failed = (json.loads(line) for line in log.getvalue().splitlines())
    assert done.pop("time").endswith("+00:00") and done == {
        "level": "info",
        "logger": "kadali.statements",
        "message": "statement done",
        "id": "q_1",
        "user": "anna",
        "database": "shop",
        "peer": "127.0.0.1:5",
        "pid": 42,
        "outcome": "done",
        "engine": "embedded",
        "seconds": 0.25,
        "rows": 0,
        "bytes": 0,
        "sql": "SELECT 1",
    }
    assert (failed["sqlstate"], failed["error"]) == ("22012", "division by zero")


def test_text_lines_stay_lines(log: io.StringIO) -> None:
    set_up_logging(load({}, environment={}), log)
    LogObserver(every_statement=False)(ended("SELECT\n1 forged=1", error=DivisionByZero("a\nb")), Outcome.FAILED)
    (line,) = log.getvalue().splitlines()
    assert line.endswith(r'error="a\nb" sql="SELECT\n1 forged=1"')
    assert " UTC [INFO] kadali.statements: statement failed id=q_1 user=anna" in line


def test_text_lines_move_no_cursor(log: io.StringIO) -> None:
    set_up_logging(load({}, environment={}), log)
    logging.getLogger("kadali.test").warning("told\r\x1b[2Jforged\u2028line")
    assert log.getvalue().endswith("told\\r\\x1b[2Jforged\\u2028line\n")


def test_bugs_are_errors_with_a_traceback(log: io.StringIO) -> None:
    set_up_logging(load({}, environment={}), log)
    try:
        raise InternalError("boom")
    except InternalError as error:
        LogObserver(every_statement=False)(ended(error=error), Outcome.FAILED)
    assert "[ERROR]" in log.getvalue() and "Traceback" in log.getvalue() and "boom" in log.getvalue()


def test_history_records() -> None:
    call = ended(rows=3, bytes=30)
    start = record_of(call, QueryState.RUNNING)
    assert (start.state, start.ended_at, start.rows) == (QueryState.RUNNING, None, None)
    end = record_of(call, QueryState.FINISHED)
    assert end.ended_at == call.queued_at + timedelta(seconds=0.25)
    assert (end.tenant, end.user, end.pid, end.engine, end.rows, end.bytes) == ("shop", "anna", 42, "embedded", 3, 30)
    refused = record_of(ended("SELEC"), QueryState.FAILED)
    assert (refused.sqlstate, refused.query, refused.engine) == ("42601", "SELEC", None)
