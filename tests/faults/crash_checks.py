"""What must hold after a crash: compared with the clients' evidence, the Delta logs, the files and the processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from tests.faults.crash_writers import COPY_ROWS, LEFT_ROWS, RIGHT_ROWS, Evidence

Connection = psycopg.Connection[Any]


def check_rows(connection: Connection, evidence: Evidence) -> None:
    """No acknowledged row lost, none doubled, the others there wholly or not at all. Settles what was in doubt."""
    for kind, table, size in (
        ("single", "single", 1),
        ("pairs", "lefts", LEFT_ROWS),
        ("pairs", "rights", RIGHT_ROWS),
        ("copied", "copied", COPY_ROWS),
        ("doomed", "doomed", 1),
    ):
        sql = f"SELECT id, count(*) FROM crash.{table} GROUP BY id"
        found = dict(connection.execute(sql.encode()).fetchall())
        kept, doubtful = evidence.kept[kind], evidence.doubtful[kind]
        assert kept <= found.keys(), f"{table}: acknowledged rows lost: {sorted(kept - found.keys())[:5]}"
        unknown = sorted(found.keys() - kept - doubtful)
        assert not unknown, f"{table}: rows nobody wrote: {unknown[:5]}"
        wrong = {key: count for key, count in found.items() if count != size}
        assert not wrong, f"{table}: half a statement or doubled rows: {wrong}"
    for kind, tables in (("single", ("single",)), ("copied", ("copied",)), ("doomed", ("doomed",))):
        present = {key for (key,) in connection.execute(f"SELECT DISTINCT id FROM crash.{tables[0]}".encode())}
        evidence.kept[kind] |= present & evidence.doubtful[kind]
        evidence.doubtful[kind].clear()
    assert connection.execute("SELECT count(*) FROM crash.precious").fetchone() == (10,)


def check_counters(connection: Connection, evidence: Evidence) -> None:
    found = dict(connection.execute("SELECT id, value FROM crash.counters").fetchall())
    assert found.keys() == evidence.counters.keys()
    for key, value in found.items():
        possible = {evidence.counters[key], evidence.counters[key] + (key in evidence.counters_doubtful)}
        assert value in possible, f"counter {key} is {value}, not one of {possible}"
    evidence.counters = found
    evidence.counters_doubtful.clear()


def check_tables(connection: Connection, evidence: Evidence, lake: Path) -> None:
    """The catalog, the shadow, the logs and the folders tell of the same tables."""
    shown = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'crash'::regnamespace"
    names = {name for (name,) in connection.execute(shown).fetchall()}
    rows = connection.execute("SELECT name, location FROM kadali.tables WHERE schema = 'crash'").fetchall()
    locations = {name: Path(location.removeprefix("file://")) for name, location in rows}
    assert names == locations.keys()
    assert not {name for name in names if name.startswith("never_")}, "tables of transactions that died"
    assert evidence.made.keys() <= names, f"acknowledged tables lost: {evidence.made.keys() - names}"
    assert not evidence.dropped & names, f"dropped tables are back: {evidence.dropped & names}"
    for name in evidence.made:
        assert _count(connection, name) == evidence.made[name]
    for name in (evidence.made_doubtful | evidence.dropped_doubtful) & names:
        evidence.made[name] = _count(connection, name)
    evidence.made_doubtful.clear()
    evidence.dropped_doubtful.clear()
    folders = {folder for tenant in lake.iterdir() for folder in tenant.iterdir()}
    assert {folder.resolve() for folder in folders} == {path.resolve() for path in locations.values()}
    connection.execute("ANALYZE")
    for name in names:
        planned = connection.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [f"crash.{name}"]
        ).fetchone()
        assert planned == (_count(connection, name),), name
        history = [row[0] for row in connection.execute(f"DESCRIBE HISTORY crash.{name}".encode()).fetchall()]
        assert history == list(range(len(history) - 1, -1, -1)), f"{name}: versions {history}"
    assert _columns(connection, "single") == [("id", "bigint"), ("note", "text")]


def check_remains(data_dir: Path, server_pid: int) -> None:
    """No process but the server's own works in the data folder, and no temporary file is left there."""
    for tenant in (data_dir / "tenants").iterdir():
        assert not list((tenant / "staging").glob("*"))
        spill = list((tenant / "spill").rglob("*"))
        assert len(spill) == 2, f"the running engine has one folder, with its lock in it: {spill}"
    strangers = {pid: _command(pid) for pid in processes_in(data_dir) if server_pid not in ancestors(pid)}
    living = {pid: command for pid, command in strangers.items() if command}  # not a backend that has just ended
    assert not living, f"processes of an earlier server: {living}"


def processes_in(data_dir: Path) -> list[int]:
    """Processes whose working directory lies in the data folder: the PostgreSQLs of a server."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            place = (entry / "cwd").readlink()
        except OSError:
            continue
        if place.is_relative_to(data_dir.resolve()):
            found.append(int(entry.name))
    return found


def ancestors(pid: int) -> list[int]:
    """The process itself, its parent, and so on."""
    line = [pid]
    while line[-1] > 1:
        try:
            status = Path(f"/proc/{line[-1]}/stat").read_text()
        except OSError:
            break
        line.append(int(status.rpartition(")")[2].split()[1]))
    return line


def _command(pid: int) -> str:
    """Empty for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def _count(connection: Connection, name: str) -> int:
    found = connection.execute(f"SELECT count(*) FROM crash.{name}".encode()).fetchone()
    assert found is not None
    return int(found[0])


def _columns(connection: Connection, name: str) -> list[tuple[str, str]]:
    sql = (
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum"
    )
    return connection.execute(sql, [f"crash.{name}"]).fetchall()
