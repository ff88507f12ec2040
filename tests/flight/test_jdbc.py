"""The JDBC driver of Flight SQL: one Java program (java/), and what it must print.

What the driver itself cannot do is not in it: commit() and rollback() do nothing, getTypeInfo() is empty, parameters
are written $1, and BigDecimal cannot be bound to numeric without precision.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.clients import downloads
from tests.flight.clients import adbc, answer
from tests.gateway_server import PASSWORD, GatewayServer

VERSION = "18.3.0"
SOURCE = Path(__file__).with_name("java") / "FlightChecks.java"
TABLES = r"""
CREATE SCHEMA flight_jdbc;
SET search_path = flight_jdbc;
CREATE TABLE kinds (i int, l bigint, n numeric(12,3), f float8, b boolean, t text, d date, ts timestamp,
    tz timestamptz, y bytea, u uuid, j jsonb, a int[]);
INSERT INTO kinds VALUES (1, 2, 3.5, 4.25, true, 'text', '2026-01-02', '2026-01-02 03:04:05.678901',
    '2026-01-02 03:04:05.678901+00', '\x0102', '5b30857f-0bfa-48b5-ac0b-5c64e28078d1', '{"a": 1}', '{1,2,NULL}'),
    (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE bound (id int PRIMARY KEY, name varchar(10), price numeric(10,2), day date);
CREATE TABLE batch (id int REFERENCES bound ON DELETE CASCADE, name text);
CREATE TABLE moved (id int);
CREATE VIEW seen AS SELECT id FROM bound;
CREATE TABLE many AS SELECT i FROM generate_series(1, 300000) AS g (i);
"""
UUID_BYTES = "[91, 48, -123, 127, 11, -6, 72, -75, -84, 11, 92, 100, -30, -128, 120, -47]"
EXPECTED = {
    "connection": """
        Kadali " \\
        false true true 63
        true
        true true
        acme | alice
        --
        wrong password: SQLException 28P01
        no such database: SQLException 3D000""",
    "types": f"""
        i 4 INTEGER 0 0
        l -5 BIGINT 0 0
        n 3 DECIMAL 12 3
        f 8 DOUBLE 0 0
        b 16 BOOLEAN 0 0
        t 12 VARCHAR 0 0
        d 91 DATE 0 0
        ts 93 TIMESTAMP 0 0
        tz 2014 TIMESTAMP_WITH_TIMEZONE 0 0
        y -3 VARBINARY 0 0
        u -2 BINARY 0 0
        j 12 VARCHAR 0 0
        a 2003 ARRAY 0 0
        1 2 3.500 4.25 true false
        text 2026-01-02 2026-01-02 03:04:05.678901 2026-01-02 03:04:05.678901
        [1, 2] {UUID_BYTES} {{"a": 1}} [1, 2, null]
        2 0 null 0.0 false true
        null null null null
        null null null null""",
    "parameters": """
        question marks: SQLException 42601
        4
        1
        1
        1 | one | 12.50 | 2026-01-02
        2 | null | null | null
        --
        2 | null | null | null
        --
        --""",
    "batches": """
        3
        3 | row 2
        --
        2
        false 1""",
    "metadata": """
        acme
        --
        flight_jdbc | acme
        --
        SYSTEM TABLE
        SYSTEM VIEW
        TABLE
        VIEW
        --
        acme | flight_jdbc | seen | VIEW
        --
        batch
        bound
        --
        bound | id | 4 | integer | 10 | 0 | 0 | 1 | NO | NO
        bound | name | 12 | character varying(10) | 10 | null | 1 | 2 | YES | NO
        bound | price | 3 | numeric(10,2) | 10 | 2 | 1 | 3 | YES | NO
        bound | day | 91 | date | 13 | 0 | 1 | 4 | YES | NO
        --
        bound | id | 1 | bound_pkey
        --
        bound | id | batch | id | 3 | 0
        --
        batch | batch_id_fkey | bound_pkey
        --
        batch
        --""",
    "transactions": """
        1
        1
        --
        0
        --
        0
        --
        1
        2
        --""",
    "errors": """
        SELEC 1: SQLException 42601
        SELECT * FROM nothing: SQLException 42P01
        SELECT 1 / 0: SQLException 22012
        SELECT 'x'::int: SQLException 22P02
        1
        --""",
    "many rows": """
        300000 45000150000""",
}


@pytest.fixture(scope="module")
def printed(gateway: GatewayServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Lines by section."""
    downloads.need("java", "javac")
    jar = downloads.maven_jar("org.apache.arrow", "flight-sql-jdbc-driver", VERSION)
    with adbc(gateway) as connection:
        for text in TABLES.split(";\n")[:-1]:
            answer(connection, text)
    classes = tmp_path_factory.mktemp("classes")
    subprocess.run(["javac", "-encoding", "UTF-8", "-d", classes, SOURCE], check=True, timeout=120)
    command = ["java", "-Xmx512m", "--add-opens=java.base/java.nio=ALL-UNNAMED", "-Duser.timezone=UTC"]
    command += ["-cp", f"{classes}:{jar}", "FlightChecks"]
    command += [f"jdbc:arrow-flight-sql://127.0.0.1:{gateway.flight_port}", "alice", PASSWORD]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    parts = re.split(r"^== (.*)\n", done.stdout, flags=re.MULTILINE)
    return {name: text.splitlines() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.mark.parametrize("section", EXPECTED)
def test_section(printed: dict[str, list[str]], section: str) -> None:
    assert printed[section] == [line.strip() for line in EXPECTED[section].splitlines()[1:]]
