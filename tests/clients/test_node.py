"""node-postgres with its cursor and COPY packages: one program (node/checks.js) run against both servers."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients import downloads
from tests.clients.sides import DATABASE, Pair, Side

PACKAGES = ("pg@8.23.1", "pg-cursor@2.22.0", "pg-copy-streams@7.0.0")
SOURCE = Path(__file__).with_name("node") / "checks.js"
SECTIONS = re.findall(r"^  async (\w+)\(", SOURCE.read_text(), flags=re.MULTILINE)
SCHEMA = "node"


@pytest.fixture(scope="module")
def told(pair: Pair) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What the program says, by section: (on the gateway, on PostgreSQL)."""
    downloads.need("node")
    packages = downloads.npm_packages("node-pg-8.23.1", *PACKAGES)

    def run(side: Side) -> dict[str, Any]:
        url = f"postgresql://alice:{side.password.replace(' ', '%20')}@{side.host}:{side.port}/{DATABASE}"
        environment = os.environ | {"NODE_PATH": str(packages / "node_modules"), "TZ": "UTC"}
        done = subprocess.run(
            ["node", SOURCE, url, SCHEMA], capture_output=True, text=True, timeout=200, check=False, env=environment
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    pair.run(f"CREATE SCHEMA {SCHEMA}")
    yield pair.ask(run)
    pair.run(f"DROP SCHEMA {SCHEMA} CASCADE")


@pytest.mark.parametrize("section", SECTIONS)
def test_section(told: tuple[dict[str, Any], dict[str, Any]], section: str) -> None:
    ours, theirs = told
    assert "failed" not in theirs[section], "the program itself is at fault"
    assert ours[section] == theirs[section]
