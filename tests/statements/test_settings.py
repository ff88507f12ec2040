"""SessionSettings against PostgreSQL: values, spellings, errors, undoing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from catalog.errors import (
    FeatureNotSupported,
    InvalidName,
    InvalidParameterValue,
    SqlError,
    SqlSyntaxError,
    UndefinedObject,
)
from engine.dialect.scanner import split, tokenize
from sql_extensions.settings import SessionSettings, find_calls, parse_options

Opener = Callable[..., SessionSettings]

VALUES = [
    ("TimeZone", "Europe/Berlin"),
    ("timezone", "utc"),
    ("timezone", "gmt"),
    ("timezone", "-8"),
    ("timezone", "5.5"),
    ("timezone", "INTERVAL '-08:00'"),
    ("TIMEZONE", "Nowhere/Land"),
    ("DateStyle", "iso"),
    ("datestyle", "German, DMY"),
    ("datestyle", "wrong"),
    ("IntervalStyle", "ISO_8601"),
    ("intervalstyle", "x"),
    ("statement_timeout", "60000"),
    ("statement_timeout", "1 min"),
    ("statement_timeout", "1.5s"),
    ("statement_timeout", "-1"),
    ("statement_timeout", "1 lightyear"),
    ("lock_timeout", "3h"),
    ("work_mem", "65536"),
    ("work_mem", "4GB"),
    ("work_mem", "1kB"),
    ("extra_float_digits", "3"),
    ("extra_float_digits", "99"),
    ("bytea_output", "ESCAPE"),
    ("application_name", "métabase [x]\n"),
    ("client_min_messages", "WARNING"),
    ("client_encoding", "utf-8"),
    ("client_encoding", "unicode"),
    ("client_encoding", "sql_ascii"),
    ("client_encoding", "klingon"),
    ("standard_conforming_strings", "yes"),
    ("standard_conforming_strings", "maybe"),
    ("default_transaction_isolation", "REPEATABLE READ"),
    ("default_transaction_isolation", "fast"),
    ("default_transaction_read_only", "1"),
    ("enable_seqscan", "of"),
    ("random_page_cost", "1.1"),
    ("search_path", 'public, "$user", nowhere'),
    ("search_path", "a b"),
    ("my.setting", "x"),
    ("My.Other", ""),
    ("nonsense", "1"),
    ("server_version", "99"),
    ("log_statement", "all"),
    ("session_replication_role", "replica"),
    ("shared_buffers", "1GB"),
    ("role", "nobody_here"),
    ("role", "bob"),
    ("role", "none"),
    ("session_authorization", "bob"),
    ("data_directory", "/x"),
    ("lc_messages", "C"),
    ("a.b-c", "1"),
    (".x", "1"),
    ("transaction_isolation", "nonsense"),
    ("transaction_read_only", "nonsense"),
]


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_set_gives_what_postgres_gives(
    settings: SessionSettings, oracle: psycopg.Connection[Any], name: str, value: str
) -> None:
    assert _ours(settings, name, value) == _theirs(oracle, name, value)


def _ours(settings: SessionSettings, name: str, value: str) -> tuple[object, ...]:
    try:
        settings.set(name, value)
        return ("ok", settings.show(name)[1])
    except SqlError as error:
        return (error.code, error.message, error.hint, error.detail)


def _theirs(oracle: psycopg.Connection[Any], name: str, value: str) -> tuple[object, ...]:
    """By SET, for set_config() may not touch a transaction's own settings."""
    quoted = psycopg.sql.SQL("SET {} TO {}").format(
        psycopg.sql.SQL(".").join(psycopg.sql.Identifier(part) for part in name.lower().split(".") if part)
        if name not in ("My.Other",)
        else psycopg.sql.Identifier("My", "Other"),
        psycopg.sql.Literal(value),
    )
    try:
        if name.lower() in ("search_path", ".x", "a.b-c"):
            oracle.execute("SELECT set_config(%s, %s, false)", [name, value])
        else:
            oracle.execute(quoted)
        shown = oracle.execute("SELECT current_setting(%s)", [name]).fetchone()
        text = shown[0] if shown else None
        return ("ok", text.decode() if isinstance(text, bytes) else text)
    except psycopg.Error as error:
        return (error.sqlstate, error.diag.message_primary, error.diag.message_hint, error.diag.message_detail)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client_encoding", "LATIN1"),
        ("standard_conforming_strings", "off"),
        ("transform_null_equals", "on"),
        ("array_nulls", "off"),
        ("seed", "0.5"),
    ],
)
def test_what_cannot_be_honoured_is_refused(settings: SessionSettings, name: str, value: str) -> None:
    before = settings.show(name)
    with pytest.raises(FeatureNotSupported):
        settings.set(name, value)
    assert settings.show(name) == before


def test_every_refusal_is_checked_before_it_takes_effect() -> None:
    from sql_extensions.settings import rules

    assert set(rules.HONOURED) <= set(rules.WITHHELD)


def test_show_all_is_postgres_and_ours(settings: SessionSettings, oracle: psycopg.Connection[Any]) -> None:
    ours = {row.name: row.value for row in settings.show_all() if not row.name.startswith("kadali.")}
    theirs = {name: value for name, value, _ in oracle.execute("SHOW ALL").fetchall()}
    differing = {name for name in ours if ours[name] != theirs.get(name)}
    assert list(ours) == list(theirs)
    assert differing <= {"application_name", "client_encoding"}


def test_spellings_of_names(settings: SessionSettings) -> None:
    assert settings.show("timezone")[0] == "TimeZone"
    assert settings.show("DATESTYLE")[0] == "DateStyle"
    settings.set("App.Tenant", "7")
    assert settings.show("app.tenant") == ("App.Tenant", "7")
    with pytest.raises(UndefinedObject, match=r'unrecognized configuration parameter "app\.other"'):
        settings.show("app.other")


def test_lists(settings: SessionSettings, oracle: psycopg.Connection[Any]) -> None:
    settings.set_list("search_path", ("Sales", "a, b", "select", "public"))
    oracle.execute('SET search_path TO "Sales", \'a, b\', "select", public')
    assert settings.show("search_path")[1] == oracle.execute("SHOW search_path").fetchone()[0]  # type: ignore[index]
    assert settings.search_path == ("public",)
    with pytest.raises(SqlError, match="SET timezone takes only one argument") as caught:
        settings.set_list("timezone", ("a", "b"))
    assert caught.value.code == "22023"


def test_rollback_savepoints_and_local(settings: SessionSettings) -> None:
    start = settings.mark()
    settings.set("timezone", "Asia/Tokyo")
    savepoint = settings.mark()
    settings.set("timezone", "Asia/Kolkata", local=True)
    settings.set("bytea_output", "escape")
    assert settings.time_zone == "Asia/Kolkata"
    settings.restore(savepoint)
    assert (settings.time_zone, settings.bytea_output) == ("Asia/Tokyo", "hex")
    settings.set("timezone", "Asia/Kolkata", local=True)
    settings.end_transaction()
    assert settings.time_zone == "Asia/Tokyo"
    settings.restore(start)
    assert settings.time_zone == "UTC"


def test_set_overrides_set_local(settings: SessionSettings) -> None:
    settings.set("timezone", "Asia/Tokyo", local=True)
    settings.set("timezone", "Asia/Kolkata")
    settings.end_transaction()
    assert settings.time_zone == "Asia/Kolkata"


def test_the_shadow_follows(open_settings: Opener) -> None:
    settings = open_settings(("timezone", "Asia/Tokyo"))
    shadow = settings._server

    def in_shadow(name: str) -> str | None:
        return shadow.read_text("SELECT current_setting($1)", (name,))[0][0]

    assert in_shadow("TimeZone") == "Asia/Tokyo"
    mark = settings.mark()
    settings.set("timezone", "Asia/Kolkata")
    settings.set("my.x", "1", local=True)
    settings.set("work_mem", "100MB")
    assert (in_shadow("TimeZone"), in_shadow("my.x")) == ("Asia/Kolkata", "1")
    assert in_shadow("work_mem") != "100MB", "memory is the server's"
    settings.restore(mark)
    assert (in_shadow("TimeZone"), in_shadow("my.x")) == ("Asia/Tokyo", "")
    settings.set("datestyle", "German")
    shadow.close()  # type: ignore[attr-defined]
    assert (in_shadow("TimeZone"), in_shadow("DateStyle")) == ("Asia/Tokyo", "German, DMY"), "a new connection"
    settings.reset_all()
    assert (in_shadow("TimeZone"), in_shadow("DateStyle")) == ("Asia/Tokyo", "ISO, MDY")


def test_set_config_in_a_query_is_taken_over(settings: SessionSettings) -> None:
    sql = (
        "SELECT set_config('jit', 'off', false), set_config('datestyle', 'SQL', false), set_config('my.y', '5', false)"
    )
    settings._server.read_text(sql)
    calls = find_calls(sql, tokenize(sql), 0)
    assert calls is not None and calls.names == ("jit", "datestyle", "my.y") and calls.sql == sql
    settings.follow(calls)
    assert settings.date_style == "SQL, MDY"
    assert settings.show("my.y") == ("my.y", "5")
    query = "SELECT current_setting('my.y')"
    assert find_calls(query, tokenize(query), 0) is None


def test_set_config_for_the_transaction_only(settings: SessionSettings) -> None:
    """The shadow knows no transactions: it sets the value for good, and we take it back."""
    sql = "; SELECT set_config('my.z', (SELECT 'a,b'), true), set_config($1, 'x', false)"
    calls = find_calls(sql[2:], split(sql)[0], 2)
    assert calls is not None and calls.local == {"my.z"}
    assert calls.sql == "SELECT set_config('my.z', (SELECT 'a,b'), null), set_config($1, 'x', false)"
    settings._server.read_text(calls.sql.replace("$1", "'datestyle'").replace("'x'", "'SQL'"))
    settings.follow(calls)
    assert (settings.show("my.z")[1], settings.date_style) == ("a,b", "SQL, MDY")
    settings.end_transaction()
    assert (settings.show("my.z")[1], settings.date_style) == ("", "SQL, MDY")
    assert settings._server.read_text("SELECT current_setting('my.z')") == [("",)]


def test_set_config_brings_nothing_into_the_shadow_that_set_keeps_out(settings: SessionSettings) -> None:
    def run(sql: str) -> None:
        settings._server.read_text(sql)
        calls = find_calls(sql, tokenize(sql), 0)
        assert calls is not None
        settings.follow(calls)

    run("SELECT set_config('work_' || 'mem', '100MB', false)")
    assert settings.show("work_mem")[1] == "100MB"
    assert settings._server.read_text("SELECT current_setting('work_mem')") == [("8MB",)]
    for sql in (
        "SELECT set_config('standard_conforming_strings', 'off', false)",
        "SELECT set_config('transaction_read_only', 'on', false)",
    ):
        with pytest.raises(FeatureNotSupported):
            run(sql)
    assert settings.show("standard_conforming_strings")[1] == "on"
    assert settings._server.read_text("SELECT current_setting('standard_conforming_strings')") == [("on",)]


def test_reset_goes_back_to_the_start(open_settings: Opener) -> None:
    settings = open_settings(("datestyle", "German"), ("kadali.cluster", "embedded"), ("my.x", "start"))
    for name, value in (("datestyle", "ISO"), ("cluster", "auto"), ("my.x", "new"), ("work_mem", "1GB")):
        settings.set(name, value)
    settings.set_default("datestyle")
    assert settings.date_style == "German, DMY"
    settings.reset_all()
    assert settings.show("cluster") == ("kadali.cluster", "embedded")
    assert settings.show("my.x")[1] == "start"
    assert settings.show("work_mem")[1] == "8MB"
    with pytest.raises(UndefinedObject):
        settings.set_default("nonsense")
    with pytest.raises(SqlError, match='parameter "transaction_isolation" cannot be reset') as caught:
        settings.set_default("transaction_isolation")
    assert caught.value.code == "0A000"


def test_bad_start_values(open_settings: Opener) -> None:
    with pytest.raises(UndefinedObject):
        open_settings(("nonsense", "1"))
    with pytest.raises(SqlError, match='invalid value for parameter "TimeZone": "Mars"'):
        open_settings(("timezone", "Mars"))


def test_own_settings(settings: SessionSettings) -> None:
    settings.set("cluster", "EMBEDDED")
    assert settings.cluster == "embedded"
    with pytest.raises(UndefinedObject, match='cluster "etl" does not exist'):
        settings.set("kadali.cluster", "etl")
    with pytest.raises(InvalidName, match=r'invalid configuration parameter name "kadali\.nonsense"'):
        settings.set("kadali.nonsense", "1")
    assert settings.as_of is None
    settings.set("as_of", "2026-01-31 12:00:00+01")
    assert settings.as_of is not None and settings.as_of.startswith("2026-01-31 11:00:00")
    assert settings._server.read_text("SELECT current_setting('kadali.as_of')") == [(settings.as_of,)]


def test_reports(open_settings: Opener, oracle: psycopg.Connection[Any]) -> None:
    settings = open_settings(("application_name", "first"))
    first = dict(settings.initial_reports())
    for name, value in first.items():
        if name not in ("application_name",):
            assert value == oracle.info.parameter_status(name), name
    assert first["application_name"] == "first"
    assert settings.take_reports() == []
    settings.set("extra_float_digits", "3")
    assert settings.take_reports() == []
    mark = settings.mark()
    settings.set("application_name", "second")
    settings.set("timezone", "Asia/Tokyo")
    assert settings.take_reports() == [("application_name", "second"), ("TimeZone", "Asia/Tokyo")]
    settings.restore(mark)
    assert settings.take_reports() == [("application_name", "first"), ("TimeZone", "UTC")]


def test_timeouts_and_transactions(settings: SessionSettings) -> None:
    assert settings.statement_timeout_s is None
    settings.set("statement_timeout", "1500")
    settings.set("lock_timeout", "2min")
    assert (settings.statement_timeout_s, settings.lock_timeout_s) == (1.5, 120.0)
    settings.set("default_transaction_read_only", "on")
    assert settings.transaction_read_only
    settings.begin_block()
    settings.set("default_transaction_read_only", "off")
    assert settings.transaction_read_only, "a transaction keeps what it began with"
    settings.end_transaction()
    assert not settings.transaction_read_only


@pytest.mark.parametrize(("least", "passing"), [("notice", "NOTICE WARNING INFO"), ("warning", "WARNING INFO")])
def test_client_min_messages(settings: SessionSettings, least: str, passing: str) -> None:
    settings.set("client_min_messages", least)
    wanted = [severity for severity in ("DEBUG1", "NOTICE", "WARNING", "INFO") if settings.wants_notice(severity)]
    assert wanted == passing.split()


def test_options_of_the_startup_packet() -> None:
    assert parse_options("-c a=b  --work-mem=1MB -cx.y=z\\ w") == [("a", "b"), ("work_mem", "1MB"), ("x.y", "z w")]
    assert parse_options("") == []
    for bad in ("-B 3", "-c novalue", "--x"):
        with pytest.raises(SqlSyntaxError):
            parse_options(bad)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("worker_memory", "16Gi", "16Gi"),
        ("worker_memory", "1024MB", "1000000Ki"),
        ("worker_memory", "much", None),
        ("worker_cores", "0.50", "0.5"),
        ("worker_cores", "0", None),
        ("workers", "03", "3"),
        ("workers", "1.5", None),
        ("workers", "0", None),
        ("worker_ttl", "20m", "20 minutes"),
        ("worker_ttl", "1200", "20 minutes"),
        ("worker_ttl", "2 hours", "2 hours"),
        ("worker_ttl", "never", "never"),
        ("worker_ttl", "soon", None),
        ("worker_ttl", "-1", None),
    ],
)
def test_sizes_of_ones_own_cluster(settings: SessionSettings, name: str, value: str, shown: str | None) -> None:
    key = f"kadali.{name}"
    assert settings.show(key) == (key, "")
    assert settings.sizing == {}
    if shown is None:
        with pytest.raises(InvalidParameterValue, match=key):
            settings.set(key, value)
        return
    settings.set(key, value)
    assert settings.show(key) == (key, shown)
    settings.set(key, shown)
    assert settings.sizing == {name: shown}
    settings.set_default(key)
    assert settings.sizing == {}
