"""psql: every backslash command, scripts, errors, \\copy, interrupts; its output is compared with PostgreSQL's."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.clients.sides import Pair, Side, psql_program, run_psql

PROGRAMS = sorted({psql_program(), shutil.which("psql") or psql_program()})
FAMILIES = (
    "d dt di dv ds dm dE dn df da db dc dC dd dD des det deu dew dF dFd dFp dFt dg dl dL do dO dp ddp drds dRp dRs dT"
    " du dx dy dX dP dAc dAf dAo dAp dconfig l z"
).split()
ANSWERED = [
    *(f"\\{name}{plus}" for name in FAMILIES for plus in ("", "+")),
    *(f"\\{name}S+" for name in ("d", "dt", "di", "dv", "df", "dn", "dT", "du", "do")),
    *(f"\\d{kind} *.*" for kind in ("t", "v", "i")),
    "\\d+ kadali.*",
    "\\d+ information_schema.columns",
    "\\df+ kadali.*",
    "\\df pg_catalog.pg_table_size",
    "\\dC+ int4",
    "\\dAc btree int4",
    "\\sf pg_catalog.pg_table_size",
    "\\dconfig *",
    "\\conninfo",
    "\\encoding",
    "\\lo_list",
]
"""Must answer without an error; what they show need not equal PostgreSQL's (databases, sizes, views of our own)."""

SAME = [
    *(f"\\d{plus} {pattern}" for plus in ("", "+") for pattern in ("shop.orders", "shop.*", 'shop."Odd ""Name"""')),
    *(f"\\d{kind} shop.*" for kind in ("t", "v", "i", "n", "d", "p", "D", "T", "f", "o", "E", "s", "m")),
    *(f"\\d{kind}+ shop.*" for kind in ("v", "f")),
    "\\dn+ shop",
    "\\z shop.*",
    "\\dd shop.*",
    "\\d+ shop.revenue",
    "\\d shop.orders_pkey",
    "\\sv shop.revenue",
    "\\sv+ shop.revenue",
    "\\d shop.nothing",
    "\\dt nothing",
    "\\dT+ int4",
    "\\da sum",
    "\\dx",
]
"""Must show what PostgreSQL shows."""


def script(commands: list[str]) -> str:
    return "".join(f"\\echo -- {command}\n\\warn -- {command}\n{command}\n" for command in commands)


def parts(shown: str) -> dict[str, str]:
    found = re.split(r"^-- (.*)\n", shown, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("user", ["alice", "bob"])
def test_backslash_commands_answer(kadali: Side, user: str, program: str) -> None:
    done = run_psql(kadali, "-q", user=user, script=script(ANSWERED + SAME), program=program)
    complaints = {command: text for command, text in parts(done.stderr).items() if text}
    denied = {"\\db+", "\\dRs+"}  # to an ordinary role of any PostgreSQL
    silent = {command for command, text in complaints.items() if "Did not find any" in text}
    assert {c: t for c, t in complaints.items() if c not in silent | denied} == {}
    assert silent <= {"\\d shop.nothing", "\\dt nothing", *(c for c in SAME + ANSWERED if re.match(r"\\d\S*( |$)", c))}


@pytest.mark.parametrize("user", ["alice", "bob"])
def test_backslash_commands_show_what_postgres_shows(pair: Pair, user: str) -> None:
    ours, theirs = pair.ask(lambda side: run_psql(side, "-q", user=user, script=script(SAME)))
    assert parts(ours.stdout) == parts(theirs.stdout)
    assert parts(ours.stderr) == parts(theirs.stderr)


def test_sizes_are_the_delta_tables(kadali: Side) -> None:
    lines = run_psql(kadali, "-qAt", "-c", "\\dt+ shop.*").stdout.splitlines()
    sizes = {line.split("|")[1]: line.split("|")[6] for line in lines}
    assert sizes["numbers"].endswith("kB")
    rows = run_psql(kadali, "-qAt", "-c", "SELECT reltuples FROM pg_class WHERE oid = 'shop.numbers'::regclass").stdout
    assert float(rows) == 5000


def test_versions_agree(kadali: Side) -> None:
    shown = run_psql(
        kadali,
        "-qAt",
        script="\\echo :SERVER_VERSION_NUM\nSHOW server_version_num;\nSHOW server_version;\nSELECT version();\n",
    ).stdout.splitlines()
    assert shown[0] == shown[1]
    assert int(shown[1]) // 10000 == 16
    assert shown[3].startswith(f"PostgreSQL {shown[2]} ")


SCRIPTS = {
    "gdesc": """
        SELECT * FROM shop.orders \\gdesc
        SELECT sum(amount), avg(ratio), count(*), max(day) - min(day) AS days, now() FROM shop.orders \\gdesc
        INSERT INTO shop.orders (id) VALUES (77) \\gdesc
        SELECT $1::int + id FROM shop.orders \\gdesc
        SHOW TimeZone \\gdesc
        SELECT nothing \\gdesc
        """,
    "errors": """
        \\set VERBOSITY verbose
        SELECT 'é', nope FROM shop.orders;
        \\errverbose
        SELECT * FROM shop.nothing;
        SELECT id FROM shop.orders WHERE;
        SELECT amount + tags FROM shop.orders;
        SELECT 1/0;
        SELECT 1/(id - id) FROM shop.orders;
        SELECT nofunction(id) FROM shop.orders;
        SELECT 'x'::int;
        SELECT note::int FROM shop.orders;
        INSERT INTO shop.lines VALUES (1, 3, NULL);
        INSERT INTO shop.orders (id, amount) VALUES (9, -1);
        INSERT INTO shop.orders (id, amount, note)
          VALUES (8, 1, repeat('é', 36)), (9, -1, repeat('é', 36)), (NULL, -2, 'x');
        UPDATE shop.orders SET amount = amount - 5 WHERE id = 2;
        INSERT INTO shop.lines VALUES (7, 7, 'x'), (7, 8, NULL), (NULL, 9, NULL);
        INSERT INTO shop.orders (id, id) VALUES (9, 9);
        INSERT INTO shop.customers VALUES (9, repeat('x', 41));
        \\errverbose
        """,
    "several": """
        SELECT 1 \\; SELECT 2 AS two \\; SELECT count(*) FROM shop.numbers;
        SELECT 1 \\; SELECT 1/0 \\; SELECT 3;
        ;
        SELECT 'after' -- comment
        ;
        """,
    "variables": """
        \\set who ann
        SELECT id FROM shop.customers WHERE name = :'who';
        SELECT id, name FROM shop.customers ORDER BY id \\gset last_
        SELECT max(n) AS top FROM shop.numbers \\gset
        \\echo :top
        SELECT n FROM shop.numbers WHERE n = :top;
        SELECT 'SELECT ' || n FROM shop.numbers WHERE n < 4 ORDER BY n \\gexec
        SELECT paid, note, count(*) FROM shop.orders GROUP BY 1, 2 ORDER BY 1, 2 \\crosstabview
        SELECT * FROM shop.orders ORDER BY id LIMIT 2 \\gx
        """,
    "watch": "SELECT 42 AS answer \\watch 0.05 2\n",
    "transactions": """
        \\set AUTOCOMMIT off
        CREATE TABLE SCHEMA.t (a int);
        INSERT INTO SCHEMA.t VALUES (1), (2);
        SELECT count(*) FROM SCHEMA.t;
        ROLLBACK;
        SELECT count(*) FROM SCHEMA.t;
        ROLLBACK;
        CREATE TABLE SCHEMA.t (a int);
        COMMIT;
        \\set ON_ERROR_ROLLBACK on
        INSERT INTO SCHEMA.t VALUES (3);
        SELECT 1/0;
        INSERT INTO SCHEMA.t VALUES (4);
        COMMIT;
        SELECT * FROM SCHEMA.t ORDER BY a;
        COMMIT;
        """,
    "fetch_count": "\\set FETCH_COUNT 1000\nSELECT n FROM shop.numbers ORDER BY n;\n",
    "bind": "SELECT name FROM shop.customers WHERE id = $1 OR name = $2 ORDER BY id \\bind 1 zoë \\g\n",
}


NOT_COMPARED = re.compile(
    r"^(LOCATION|DETAIL:  Failing row|SCHEMA NAME|TABLE NAME|COLUMN NAME|CONSTRAINT NAME).*\n|^.*\(every .*\n",
    re.MULTILINE,
)
"""Places in PostgreSQL's sources, which row broke a constraint and its names (not told here), and \\watch's clock."""


@pytest.mark.parametrize("name", list(SCRIPTS))
def test_scripts_answer_as_on_postgres(pair: Pair, schema: str, name: str) -> None:
    text = SCRIPTS[name].replace("SCHEMA", schema)
    ours, theirs = pair.ask(lambda side: run_psql(side, script=text))
    assert NOT_COMPARED.sub("", ours.stdout) == NOT_COMPARED.sub("", theirs.stdout)
    assert NOT_COMPARED.sub("", ours.stderr) == NOT_COMPARED.sub("", theirs.stderr)


def test_one_query_string_is_one_transaction(pair: Pair, schema: str) -> None:
    pair.run(f"CREATE TABLE {schema}.t (a int)")

    def answer(side: Side) -> tuple[int, str, str]:
        failing = f"INSERT INTO {schema}.t VALUES (1); SELECT count(*) FROM {schema}.t; SELECT 1/0"
        done = run_psql(side, "-c", failing)
        kept = run_psql(side, "-qAt", "-c", f"SELECT count(*) FROM {schema}.t")
        return done.returncode, done.stdout + done.stderr, kept.stdout

    ours, theirs = pair.ask(answer)
    assert ours == theirs
    assert ours[2] == "0\n"


@pytest.mark.parametrize("options", ["", "(FORMAT csv, HEADER)", "(FORMAT binary)", "(DELIMITER '|', NULL 'none')"])
def test_copy_in_and_out(pair: Pair, schema: str, tmp_path: Path, options: str) -> None:
    pair.run(f"CREATE TABLE {schema}.t (id int, label text, amount numeric(10,2), at timestamptz, tags text[])")
    rows = (
        "(1, E'tab\\t|nl\\nq\"', 1.50, '2024-01-01 00:00:00+00', '{a,NULL}'), "
        "(2, NULL, NULL, NULL, NULL), (3, '', -0.01, NULL, '{}')"
    )

    def answer(side: Side) -> list[bytes | str]:
        first, second = tmp_path / f"{side.name}.1", tmp_path / f"{side.name}.2"
        text = f"""
            INSERT INTO {schema}.t VALUES {rows};
            \\copy (SELECT * FROM {schema}.t ORDER BY id) TO '{first}' {options}
            \\copy {schema}.t FROM '{first}' {options}
            \\copy {schema}.t (label, id) FROM STDIN (FORMAT csv)
            "x, y",7
            \\.
            \\copy (SELECT * FROM {schema}.t ORDER BY id, label) TO '{second}' {options}
            \\copy {schema}.t FROM '{first}' (FORMAT csv, DELIMITER '#')
            \\copy {schema}.nothing FROM '{first}'
            """
        done = run_psql(side, script="\n".join(line.strip() for line in text.splitlines()) + "\n")
        return [done.stdout, done.stderr, first.read_bytes(), second.read_bytes()]

    ours, theirs = pair.ask(answer)
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]
    assert ours[2:] == theirs[2:]


def test_control_c_cancels_and_the_session_goes_on(kadali: Side) -> None:
    """The query would run for hours; psql, on a terminal, sends CancelRequest on a second connection."""
    terminal, end = pty.openpty()
    command = [psql_program(), "-X", "-n", "-qAt", "-P", "pager=off", kadali.conninfo()]
    process = subprocess.Popen(command, stdin=end, stdout=end, stderr=end, start_new_session=True)
    os.close(end)
    try:
        os.write(terminal, b"SELECT 'be' || 'gun';\n")
        read_until(terminal, "begun")
        os.write(
            terminal,
            b"SELECT count(*) FROM shop.numbers a, shop.numbers b, shop.numbers c WHERE a.n + b.n * c.n % 7 = 3;\n",
        )
        with kadali.connect() as watcher:
            running = "SHOW QUERIES WHERE state = 'running' AND query LIKE 'SELECT count(*) FROM shop.numbers a%'"
            deadline = time.monotonic() + 30
            while not watcher.execute(running).fetchall():
                assert time.monotonic() < deadline
            process.send_signal(signal.SIGINT)
            read_until(terminal, "canceling statement due to user request")
            assert watcher.execute(running).fetchall() == []
        os.write(terminal, b"SELECT 'af' || 'ter';\n")
        read_until(terminal, "after")
    finally:
        process.kill()
        process.wait(30)
        os.close(terminal)


def read_until(terminal: int, wanted: str, timeout_s: float = 30) -> None:
    shown, deadline = "", time.monotonic() + timeout_s
    while wanted not in shown:
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"{wanted!r} was not shown within {timeout_s:g} s, but {shown!r}"
        shown += os.read(terminal, 65536).decode(errors="replace")
