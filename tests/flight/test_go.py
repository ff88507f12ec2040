"""Clients in Go, arrow-go's own and its driver of database/sql: a module (go/), built once, and how its parts ended."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients import downloads
from tests.gateway_server import PASSWORD, GatewayServer

MODULE = Path(__file__).with_name("go")
USER, DATABASE = "gopher", "gophers"
CLIENT = ("TestQuery", "TestParameters", "TestTransactions", "TestErrors", "TestCancel", "TestIngest", "TestMetadata")
DRIVER = (
    *("TestSQLQuery", "TestSQLParameters", "TestSQLTransactions", "TestSQLErrors", "TestSQLCancel"),
    "TestSQLPassword",
)
TIMEOUT_S = 180


@dataclass(frozen=True)
class Run:
    """`ended`: PASS, FAIL or SKIP by the name of a test."""

    ended: dict[str, str]
    output: str


@pytest.fixture(scope="module")
def run(gateway: GatewayServer) -> Run:
    """All of the module's tests, against a database of their own."""
    program = downloads.go_built("flightchecks", go_sources(), tests=True)
    gateway.add_user(USER, DATABASE, admin=True)
    told = {
        "FLIGHT_ADDRESS": f"127.0.0.1:{gateway.flight_port}",
        "FLIGHT_USER": USER,
        "FLIGHT_PASSWORD": PASSWORD,
        "FLIGHT_DATABASE": DATABASE,
    }
    command = [str(program), "-test.v", f"-test.timeout={TIMEOUT_S}s"]
    done = subprocess.run(
        command, env=os.environ | told, capture_output=True, text=True, timeout=TIMEOUT_S + 20, check=False
    )
    ended = re.findall(r"^ *--- (PASS|FAIL|SKIP): (\S+) ", done.stdout, re.MULTILINE)
    return Run({name: how for how, name in ended}, done.stdout + done.stderr)


def go_sources() -> dict[str, str]:
    """The module's files."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(MODULE.iterdir())}


@pytest.mark.parametrize("part", (*CLIENT, *DRIVER))
def test_part(run: Run, part: str) -> None:
    assert run.ended.get(part) == "PASS", run.output


def test_all_parts_are_known(run: Run) -> None:
    assert {name.partition("/")[0] for name in run.ended} == {*CLIENT, *DRIVER}, run.output
