"""Documentation is tested: its links lead somewhere, its SQL runs, every statement has its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sql_extensions.registry import specs
from tests.architecture.sources import ROOT, tracked
from tests.gateway_server import GatewayServer

PAGES = [path for path in tracked() if path.suffix == ".md"]
_LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    dead = []
    for target in _LINK.findall(text):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        if not place.exists() or (anchor and place.suffix == ".md" and anchor not in _anchors(place)):
            dead.append(target)
    assert dead == []


def test_every_statement_has_examples_and_a_page() -> None:
    folder = ROOT / "docs" / "reference" / "sql"
    index = (folder / "README.md").read_text(encoding="utf-8")
    linked = "".join((folder / name).read_text(encoding="utf-8") for name in set(re.findall(r"\((\w+\.md)\)", index)))
    for spec in specs():
        assert spec.examples, spec.heads
        assert spec.syntax.splitlines()[0] in linked, spec.heads


def test_the_readme_runs(gateway: GatewayServer, tmp_path: Path) -> None:
    """The five minutes of the README, statement by statement, on tables in the shape of the demo's."""
    (tmp_path / "readings.csv").write_text("at,sensor,value\n2024-05-01 12:00:00+00,roof,21.5\n")
    with gateway.connect(database="globex") as connection:
        for sql in _DEMO:
            connection.execute(sql)
        for sql in _statements(_sql_of(ROOT / "README.md")):
            _run(connection, sql, tmp_path)
        assert connection.execute("SELECT count(*) FROM mine.readings").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM sales.lineitem WHERE l_orderkey = 1").fetchone() == (1,)
        for schema in ("sales", "mine"):
            connection.execute(f"DROP SCHEMA {schema} CASCADE")


_DEMO = (
    "CREATE SCHEMA sales",
    "CREATE TABLE sales.nation (n_nationkey int, n_name text)",
    "CREATE TABLE sales.customer (c_custkey bigint, c_nationkey int, c_acctbal numeric(15,2))",
    "CREATE TABLE sales.orders (o_orderkey bigint, o_orderpriority text, o_totalprice numeric(15,2))",
    "CREATE TABLE sales.lineitem (l_orderkey bigint, l_quantity numeric(15,2))",
    "INSERT INTO sales.nation VALUES (1, 'INDIA'), (2, 'PERU')",
    "INSERT INTO sales.customer VALUES (1, 1, 10.50), (2, 2, 20.25), (3, 1, 1.00)",
    "INSERT INTO sales.orders VALUES (1, '5-LOW', 100), (200, '5-LOW', 500000)",
    "INSERT INTO sales.lineitem VALUES (1, 2), (200, 3)",
)
_PSQL = {
    r"\dt+": "SELECT c.relname, pg_catalog.pg_size_pretty(pg_catalog.pg_table_size(c.oid)) FROM pg_catalog.pg_class c",
    r"\d": "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a",
}
"""What psql asks for commands of its own; tests/clients runs psql itself."""


def _run(connection: psycopg.Connection[object], sql: str, folder: Path) -> None:
    command = sql.split(maxsplit=1)[0]
    if command == r"\copy":
        table, file = re.match(r"\\copy (\S+) FROM '([^']+)'", sql).groups()  # type: ignore[union-attr]
        options = sql.partition("WITH ")[2]
        with connection.cursor().copy(f"COPY {table} FROM STDIN WITH {options}") as copy:
            copy.write((folder / file).read_bytes())
    else:
        connection.execute(_PSQL.get(command, sql))


def _sql_of(page: Path) -> str:
    found = re.search(r"^```sql\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found.group(1)


def _statements(text: str) -> Iterator[str]:
    """What psql would send: lines of its own commands, and statements up to their semicolon."""
    waiting = ""
    for line in text.splitlines():
        if not waiting.strip() and line.startswith("\\"):
            yield line
            continue
        waiting += line + "\n"
        if re.search(r";\s*(--.*)?$", line):
            yield waiting.rstrip()
            waiting = ""
    assert not re.sub(r"--.*", "", waiting).strip()


def _anchors(page: Path) -> set[str]:
    """Headings' anchors as code hosts make them."""
    titles = _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
