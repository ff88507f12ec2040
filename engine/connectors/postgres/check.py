"""What stands in the way of reading a source and of following its changes, and the commands there that repair it."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from catalog.errors import CannotConnect
from catalog.names import always_quote, quote_ident, quote_literal
from engine.connectors.model import Endpoint, Finding
from engine.connectors.postgres.connection import connect
from engine.connectors.postgres.errors import source_error
from engine.dialect.keywords import COLUMN_NAME, RESERVED, TYPE_OR_FUNCTION

_READ_MIN, _CHANGES_MIN = 130000, 140000
_LISTED_MAX = 20
"""Tables named in one finding; each table in want of a replica identity has its own, up to so many."""
_LIMIT = "set statement_timeout = '30s'"
_USER_TABLES = """
    pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relpersistence = 'p'
        and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass
            and d.objid = c.oid and d.deptype = 'e')
"""
_ABOUT = """
    select current_user::text as role, current_database()::text as database, pg_catalog.pg_is_in_recovery() as standby,
        current_setting('wal_level') as wal_level, current_setting('max_replication_slots')::int as slots_max,
        current_setting('max_wal_senders')::int as senders_max, r.rolsuper, r.rolreplication, r.rolbypassrls,
        pg_catalog.has_database_privilege(current_database(), 'CREATE') as may_create,
        (select count(*) from pg_catalog.pg_replication_slots) as slots,
        (select count(*) from pg_catalog.pg_stat_replication) as senders,
        (select s.ssl from pg_catalog.pg_stat_ssl s where s.pid = pg_catalog.pg_backend_pid()) as ssl
    from pg_catalog.pg_roles r where r.rolname = current_user
"""
_UNREADABLE = f"""
    select n.nspname as schema, c.relname as table, pg_catalog.has_schema_privilege(n.oid, 'USAGE') as schema_open
    from {_USER_TABLES} and c.relkind in ('r', 'p', 'm', 'f') and not c.relispartition
        and not (pg_catalog.has_schema_privilege(n.oid, 'USAGE')
            and (pg_catalog.has_table_privilege(c.oid, 'SELECT') or (select bool_and(
                    pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'))
                from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)))
    order by 1, 2
"""
_HIDING = f"""
    select n.nspname as schema, c.relname as table from {_USER_TABLES} and c.relrowsecurity
        and pg_catalog.row_security_active(c.oid) order by 1, 2
"""
_NOT_OWNED = f"""
    select n.nspname as schema, c.relname as table, pg_catalog.pg_get_userbyid(c.relowner)::text as owner
    from {_USER_TABLES} and c.relkind in ('r', 'p') and not c.relispartition
        and not pg_catalog.pg_has_role(c.relowner, 'USAGE') order by 1, 2
"""
_WITHOUT_IDENTITY = f"""
    select n.nspname as schema, c.relname as table, c.relreplident::text as identity, (
            select x.relname from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid
            where i.indrelid = c.oid and i.indisunique and i.indimmediate and i.indisvalid and i.indpred is null
                and i.indexprs is null and not exists (select from pg_catalog.pg_attribute a
                    where a.attrelid = c.oid and a.attnum = any(i.indkey::int2[]) and not a.attnotnull)
            order by i.indisprimary desc, i.indnkeyatts, i.indexrelid limit 1) as index
    from {_USER_TABLES} and c.relkind = 'r' and c.relreplident <> 'f' and not exists (
        select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisvalid
            and case c.relreplident when 'd' then i.indisprimary and i.indimmediate
                when 'i' then i.indisreplident else false end)
    order by 1, 2
"""
_SLOTS = """
    select s.slot_name::text as slot, s.wal_status, s.active, pg_catalog.pg_size_pretty(pg_catalog.pg_wal_lsn_diff(
        case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_receive_lsn()
            else pg_catalog.pg_current_wal_lsn() end, s.confirmed_flush_lsn)) as behind
    from pg_catalog.pg_replication_slots s where s.database = current_database() order by 1
"""
Connection = psycopg.Connection[DictRow]


def findings(endpoint: Endpoint) -> list[Finding]:
    """Whether the source can be reached; if so, all that reading whole tables and following changes need. Only bad
    options of the endpoint are errors (22023).
    """
    try:
        plain = connect(endpoint)
    except CannotConnect as error:
        return [Finding("connection", False, error.detail or error.message)]
    with closing(plain) as connection:
        connection.row_factory = dict_row  # type: ignore[assignment]
        return _about(connection, endpoint)  # type: ignore[arg-type]


def _about(connection: Connection, endpoint: Endpoint) -> list[Finding]:
    try:
        connection.execute(_LIMIT)
        about = connection.execute(_ABOUT).fetchall()[0]
    except psycopg.Error as error:
        return [Finding("connection", False, source_error(error).message)]
    version = connection.info.server_version
    found = [
        Finding("connection", True, f"{endpoint}, as {about['role']}"),
        _version(version),
        _ssl(endpoint, about),
    ]
    checks: tuple[tuple[str, str, Callable[[Sequence[DictRow], DictRow], list[Finding]]], ...] = (
        ("select", _UNREADABLE, _select),
        ("row security", _HIDING, _row_security),
        ("table owner", _NOT_OWNED, _owners),
        ("replica identity", _WITHOUT_IDENTITY, _identities),
        ("slots", _SLOTS, _slots),
    )
    found += _replication(about, version)
    for name, sql, judge in checks:
        try:
            found += judge(connection.execute(sql.encode()).fetchall(), about)
        except psycopg.Error as error:
            found.append(Finding(name, False, source_error(error).message))
    return found


def _version(version: int) -> Finding:
    name = f"PostgreSQL {version // 10000}.{version % 10000}"
    if version < _READ_MIN:
        return Finding("version", False, f"{name}: tables can be read from PostgreSQL 13 on")
    if version < _CHANGES_MIN:
        return Finding("version", False, f"{name}: changes can be followed from PostgreSQL 14 on")
    return Finding("version", True, name)


def _ssl(endpoint: Endpoint, about: DictRow) -> Finding:
    if about["ssl"]:
        return Finding("ssl", True, "the connection is encrypted")
    if _on_this_machine(endpoint.host):
        return Finding("ssl", True, "the connection is not encrypted, but stays on this machine")
    fix = "ALTER SYSTEM SET ssl = on; SELECT pg_reload_conf()"
    return Finding("ssl", False, "the connection is not encrypted; the server needs a certificate for it", fix)


def _on_this_machine(host: str) -> bool:
    if host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _replication(about: DictRow, version: int) -> list[Finding]:
    role, database = _ident(about["role"]), _ident(about["database"])
    level, right = about["wal_level"], about["rolreplication"] or about["rolsuper"]
    free = about["slots_max"] - about["slots"]
    senders = about["senders_max"] - about["senders"]
    standby = "a standby: publications are made on its primary" if about["standby"] else "a primary server"
    may_read = f"{role} {'may' if right else 'may not'} start replication"
    return [
        Finding("primary", not about["standby"], standby),
        Finding(
            "replication",
            level == "logical",
            f"wal_level is {level}" + ("" if level == "logical" else "; the server must be restarted after the change"),
            None if level == "logical" else "ALTER SYSTEM SET wal_level = logical",
        ),
        Finding(
            "replication right",
            right,
            f"{may_read}; this right shows the changes of all tables, also of those that the role may not SELECT",
            None if right else f"ALTER ROLE {role} REPLICATION",
        ),
        Finding(
            "create publication",
            about["may_create"],
            f"{role} {'may' if about['may_create'] else 'may not'} create publications in {database}",
            None if about["may_create"] else f"GRANT CREATE ON DATABASE {database} TO {role}",
        ),
        Finding(
            "replication slots",
            free > 0,
            f"{free} of {about['slots_max']} are free" + ("" if free > 0 else "; needs a restart"),
            None if free > 0 else f"ALTER SYSTEM SET max_replication_slots = {about['slots_max'] + 5}",
        ),
        Finding(
            "wal senders",
            senders > 0,
            f"{senders} of {about['senders_max']} are free" + ("" if senders > 0 else "; needs a restart"),
            None if senders > 0 else f"ALTER SYSTEM SET max_wal_senders = {about['senders_max'] + 5}",
        ),
    ]


def _select(rows: Sequence[DictRow], about: DictRow) -> list[Finding]:
    if not rows:
        return [Finding("select", True, "all tables can be read")]
    role, schemas = _ident(about["role"]), defaultdict(list)
    for row in rows:
        schemas[row["schema"]].append(row)
    commands = []
    for schema, lacking in schemas.items():
        if not lacking[0]["schema_open"]:
            commands.append(f"GRANT USAGE ON SCHEMA {_ident(schema)} TO {role}")
        commands.append(f"GRANT SELECT ON {', '.join(map(_name, lacking))} TO {role}")
    return [Finding("select", False, f"no right to read {_listed(rows)}", "; ".join(commands))]


def _row_security(rows: Sequence[DictRow], about: DictRow) -> list[Finding]:
    if not rows:
        return [Finding("row security", True, "no rows are hidden")]
    fix = f"ALTER ROLE {_ident(about['role'])} BYPASSRLS"
    return [Finding("row security", False, f"row-level security may hide rows of {_listed(rows)}", fix)]


def _owners(rows: Sequence[DictRow], about: DictRow) -> list[Finding]:
    if not rows or about["rolsuper"]:
        return [Finding("table owner", True, "all tables can be put into a publication")]
    role = _ident(about["role"])
    fix = "; ".join(f"GRANT {_ident(owner)} TO {role}" for owner in sorted({row["owner"] for row in rows}))
    return [
        Finding(
            "table owner",
            False,
            f"only their owners can put tables into a publication: {_listed(rows)};"
            " or an owner makes the publication and the sync names it (PUBLICATION p)",
            fix,
        )
    ]


def _identities(rows: Sequence[DictRow], about: DictRow) -> list[Finding]:
    if not rows:
        return [Finding("replica identity", True, "all tables have one")]
    found = []
    for row in rows[:_LISTED_MAX]:
        name = _name(row)
        way = f"USING INDEX {_ident(row['index'])}" if row["index"] is not None else "FULL"
        why = "none" if row["identity"] == "n" else "no primary key" if row["identity"] == "d" else "its index is gone"
        detail = f"{name} has no replica identity ({why}): in a publication its UPDATE and DELETE would fail"
        found.append(Finding("replica identity", False, detail, f"ALTER TABLE {name} REPLICA IDENTITY {way}"))
    if len(rows) > _LISTED_MAX:
        rest = f"{len(rows) - _LISTED_MAX} more tables have no replica identity"
        found.append(Finding("replica identity", False, rest))
    return found


def _slots(rows: Sequence[DictRow], about: DictRow) -> list[Finding]:
    found = []
    for row in rows:
        ok = row["wal_status"] not in ("lost", "unreserved")
        use = "in use" if row["active"] else "not in use"
        detail = f"slot {row['slot']}: {use}, wal_status {row['wal_status']}, {row['behind']} behind"
        fix = None if ok else f"SELECT pg_drop_replication_slot({quote_literal(row['slot'])})"
        found.append(Finding("slot", ok, detail, fix))
    return found


def _name(row: DictRow) -> str:
    return f"{_ident(row['schema'])}.{_ident(row['table'])}"


def _listed(rows: Iterable[dict[str, Any]]) -> str:
    names = [_name(row) for row in rows]
    more = f" and {len(names) - _LISTED_MAX} more" if len(names) > _LISTED_MAX else ""
    return ", ".join(names[:_LISTED_MAX]) + more


def _ident(name: str) -> str:
    """As PostgreSQL's quote_ident, which knows the keywords."""
    return always_quote(name) if name in RESERVED | TYPE_OR_FUNCTION | COLUMN_NAME else quote_ident(name)
