"""What a client's role cannot do in the shadow, tried as an unprivileged user and as an administrator."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from catalog.errors import SqlError
from catalog.shadow.instance import ShadowInstance

DENIED = [
    ("SELECT pg_read_file('/etc/passwd')", "42501"),
    ("SELECT pg_ls_dir('.')", "42501"),
    ("SELECT pg_stat_file('/etc/passwd')", "42501"),
    ("SELECT * FROM pg_ls_logdir()", "42501"),
    ("SELECT pg_current_logfile()", "42501"),
    ("SELECT pg_relation_filepath('pg_class')", "42501"),
    ("SELECT lo_create(0)", "42501"),
    ("SELECT lo_import('/etc/passwd')", "42501"),
    ("SELECT lo_from_bytea(0, 'x')", "42501"),
    ("SELECT lo_get(1)", "42501"),
    ("SELECT loread(0, 1)", "42501"),
    ("SELECT pg_sleep(0)", "42501"),
    ("SELECT pg_sleep_for('1 s')", "42501"),
    ("SELECT pg_advisory_lock(1)", "42501"),
    ("SELECT pg_try_advisory_xact_lock(1)", "42501"),
    ("SELECT pg_notify('a', 'b')", "42501"),
    ("SELECT pg_logical_emit_message(true, 'a', 'b')", "42501"),
    ("SELECT pg_export_snapshot()", "42501"),
    ("SELECT pg_terminate_backend(1)", "42501"),
    ("SELECT pg_cancel_backend(1)", "42501"),
    ("SELECT pg_reload_conf()", "42501"),
    ("SELECT pg_switch_wal()", "42501"),
    ("SELECT pg_create_restore_point('x')", "42501"),
    ("SELECT pg_log_backend_memory_contexts(1)", "42501"),
    ("SELECT pg_stat_reset()", "42501"),
    ("SELECT query_to_xml('SELECT 1', true, true, '')", "42501"),
    ("SELECT table_to_xml('pg_class', true, true, '')", "42501"),
    ("SELECT database_to_xml(true, true, '')", "42501"),
    ("SELECT * FROM ts_stat('SELECT ''a''::tsvector')", "42501"),
    ("SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ''b''::tsquery')", "42501"),
    ("SELECT rolpassword FROM pg_authid", "42501"),
    ("SELECT * FROM pg_hba_file_rules", "42501"),
    ("SELECT * FROM kadali_internal.state", "42501"),
    ("SELECT * FROM kadali_internal.delta_size", "42501"),
    ("SELECT kadali_internal.fingerprint(1::oid)", "42501"),
    ("SELECT set_config('role', 'kadali', false)", "42501"),
    ("SELECT set_config('session_authorization', 'kadali', false)", "42501"),
    ("SELECT set_config('session_preload_libraries', 'x', false)", "42501"),
    ("SELECT set_config('allow_system_table_mods', 'on', false)", "42501"),
    ("SELECT set_config('zero_damaged_pages', 'on', false)", "42501"),
    ("SELECT set_config('temp_file_limit', '-1', false)", "42501"),
    ("SET ROLE kadali", "42501"),
    ("SET SESSION AUTHORIZATION kadali", "42501"),
    ("DO $$ BEGIN END $$", "42501"),
    ("CREATE TEMP TABLE x (a int)", "42501"),
    ("CREATE TABLE public.x (a int)", "42501"),
    ("CREATE TABLE sales.x (a int)", "42501"),
    ("SELECT 1 AS a INTO sales.x", "42501"),
    ("CREATE TABLE sales.x AS SELECT 1 AS a", "42501"),
    ("CREATE VIEW sales.x AS SELECT 1 AS a", "42501"),
    ("CREATE FUNCTION sales.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "42501"),
    ("CREATE SCHEMA mine", "42501"),
    ("DROP TABLE sales.customers", "42501"),
    ("ALTER TABLE sales.customers ADD COLUMN x int", "42501"),
    ("COMMENT ON TABLE sales.customers IS 'x'", "42501"),
    ("GRANT SELECT ON sales.customers TO bob", "42501"),
    ("CREATE EXTENSION vector", "42501"),
    ("CREATE DATABASE other", "42501"),
    ("CREATE ROLE eve", "42501"),
    ("COPY (SELECT 1) TO '/tmp/x'", "42501"),
    ("COPY (SELECT 1) TO PROGRAM 'id'", "42501"),
    ("LOAD 'plpgsql'", "42501"),
    ("ALTER SYSTEM SET work_mem = '1GB'", "42501"),
    ("CHECKPOINT", "42501"),
    ("UPDATE pg_class SET relispopulated = true", "42501"),
    ("DELETE FROM kadali_internal.delta_size", "42501"),
    ("SELECT dblink_connect('x')", "42883"),
    ("SHOW data_directory", "42501"),
    ("SHOW unix_socket_directories", "42501"),
    ("SELECT * FROM kadali.time_travel('x') AS t (a int)", "0A000"),
]


@pytest.mark.parametrize("user", ["bob", "ada"])
@pytest.mark.parametrize(("sql", "code"), DENIED)
def test_denied(shop: ShadowInstance, user: str, sql: str, code: str) -> None:
    with pytest.raises(SqlError) as caught:
        result = shop.session(user).query(sql)
        if result.rows is not None:
            result.rows.all()
    assert caught.value.code == code, caught.value.message


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_advisory_unlock_all()",
        "SELECT set_config('application_name', 'x', false)",
        "SELECT pg_stat_get_live_tuples('sales.orders'::regclass)",
        "SELECT pg_backend_pid(), txid_current(), now(), version()",
        "SELECT * FROM pg_stat_activity",
        "SELECT * FROM pg_settings",
        "SELECT ts_rewrite('a'::tsquery, 'a'::tsquery, 'b'::tsquery)",
    ],
)
def test_still_allowed(shop: ShadowInstance, sql: str) -> None:
    assert len(shop.session("bob").evaluate(sql)) > 0


def test_only_the_tenants_database_can_be_used(shop: ShadowInstance) -> None:
    databases = shop.session("bob").evaluate("SELECT datname FROM pg_database WHERE NOT datistemplate")
    assert databases == [("acme",)]
    assert shop.session("bob").evaluate("SELECT has_database_privilege('template1', 'CONNECT')") == [("f",)]


def test_a_session_is_its_own_user(shop: ShadowInstance) -> None:
    session = shop.session('O"Brien')
    (row,) = session.evaluate("SELECT current_user, session_user, current_database(), pg_has_role('kadali', 'MEMBER')")
    assert row == ('O"Brien', 'O"Brien', "acme", "f")
    assert session.parameter_status("is_superuser") == "off"


def test_memory_is_bounded(make_instance: Callable[..., ShadowInstance]) -> None:
    """Address space runs out in this session alone, and the server goes on."""
    instance = make_instance(memory_max_bytes=400 << 20)
    instance.set_roles({"bob": False})
    pieces = ", ".join(f"repeat('{letter}', 90000000)" for letter in "abcdefg")
    session, other = instance.session("bob"), instance.session("bob")
    other.evaluate("SELECT 1")
    with pytest.raises(SqlError) as caught:
        session.evaluate(f"SELECT length(x.a) FROM (SELECT ARRAY[{pieces}]::text[] OFFSET 0) y (z), unnest(z) x (a)")
    assert caught.value.code == "53200"
    assert session.evaluate("SELECT 1") == [("1",)]
    assert other.evaluate("SELECT 1") == [("1",)]


def test_administrators_may_create_and_others_not(shop: ShadowInstance) -> None:
    sql = "SELECT has_database_privilege('acme', 'CREATE'), has_database_privilege('acme', 'TEMP')"
    assert shop.session("ada").evaluate(sql) == [("t", "f")]
    assert shop.session("bob").evaluate(sql) == [("f", "f")]
