"""pg_dump and pgbench: the dump equals PostgreSQL's, and can be played into the gateway again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from catalog.postgres import find_binaries
from tests.clients.sides import Pair, Side, run_psql


def run(side: Side, program: str, *words: str) -> str:
    command = [str(find_binaries().bin_dir / program), *words, side.conninfo()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env={"LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def statements(dump: str) -> list[str]:
    """The lines without what differs by nature (row order, a key of each dump, languages), sorted."""
    hidden = ("\\restrict", "\\unrestrict", "REVOKE ALL ON LANGUAGE", "GRANT ALL ON LANGUAGE", "--")
    return sorted(line for line in dump.splitlines() if line and not line.startswith(hidden))


@pytest.mark.parametrize(
    "options", [(), ("--column-inserts", "--rows-per-insert=500"), ("--schema-only", "--no-owner")]
)
def test_a_dump_is_postgres_dump(pair: Pair, options: tuple[str, ...]) -> None:
    if "--column-inserts" in options:
        options = (*options, "--exclude-table=shop.numbers")  # its rows come in another order, in other statements
    ours, theirs = pair.ask(lambda side: run(side, "pg_dump", "-n", "shop", *options, "-d"))
    assert statements(ours) == statements(theirs)


def test_a_dump_comes_back(pair: Pair, schema: str, tmp_path: Path) -> None:
    """Into another schema of the gateway, with keys, comments, rights and rows."""
    dump = tmp_path / "dump.sql"
    text = run(pair.kadali, "pg_dump", "-n", "shop", "-d").replace(" shop", f" {schema}")
    lines = text.replace("shop.", f"{schema}.").splitlines(keepends=True)
    dump.write_text("".join(line for line in lines if "LANGUAGE" not in line and "CREATE SCHEMA" not in line))
    done = run_psql(pair.kadali, "-q", "-v", "ON_ERROR_STOP=1", "-f", os.fspath(dump))
    assert (done.returncode, done.stderr) == (0, "")
    question = "SELECT (SELECT count(*) FROM S.numbers), (SELECT sum(total) FROM S.revenue), count(*) FROM S.orders"
    told = [run_psql(pair.kadali, "-qAt", "-c", question.replace("S.", f"{name}.")).stdout for name in ("shop", schema)]
    assert told[0] == told[1] != ""
    told = [run_psql(pair.kadali, "-q", "-c", f"\\d+ {name}.orders").stdout for name in ("shop", schema)]
    assert told[0].replace("shop", "S").split() == told[1].replace(schema, "S").split()


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
def test_pgbench_runs_a_script(pair: Pair, tmp_path: Path, mode: str) -> None:
    script = tmp_path / "script.sql"
    script.write_text("\\set n random(1, 5000)\nSELECT n FROM shop.numbers WHERE n = :n;\n")
    told = run(pair.kadali, "pgbench", "-n", "-c", "2", "-t", "10", "-M", mode, "-f", os.fspath(script))
    assert "number of transactions actually processed: 20/20" in told
    assert "failed transactions: 0" in told
