"""ADBC's own suite of tests for drivers, and clients in Go: one module (go/), built once, and how its parts ended."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from gateway.version import VERSION
from tests.clients import downloads
from tests.gateway_server import PASSWORD, GatewayServer

MODULE = Path(__file__).with_name("go")
USER, DATABASE = "gopher", "gophers"
SUITE = ("TestDatabase", "TestConnection", "TestStatement")
CLIENTS = ("TestQuery", "TestParameters", "TestTransactions", "TestErrors", "TestCancel", "TestIngest")
TIMEOUT_S = 180


@dataclass(frozen=True)
class Run:
    """`ended`: PASS, FAIL or SKIP by the name of a test; `reasons`: what tests that were left out say."""

    ended: dict[str, str]
    reasons: dict[str, str]
    output: str


@pytest.fixture(scope="module")
def run(gateway: GatewayServer) -> Run:
    """All of the module's tests, against a database of their own."""
    program = downloads.go_built("flightchecks", go_sources(), tests=True)
    gateway.add_user(USER, DATABASE, admin=True)
    told = {
        "FLIGHT_URI": f"grpc://127.0.0.1:{gateway.flight_port}",
        "FLIGHT_USER": USER,
        "FLIGHT_PASSWORD": PASSWORD,
        "FLIGHT_DATABASE": DATABASE,
        "FLIGHT_VERSION": VERSION,
        "FLIGHT_ARROW": pa.__version__,
    }
    command = [str(program), "-test.v", f"-test.timeout={TIMEOUT_S}s"]
    done = subprocess.run(
        command, env=os.environ | told, capture_output=True, text=True, timeout=TIMEOUT_S + 20, check=False
    )
    ended = re.findall(r"^ *--- (PASS|FAIL|SKIP): (\S+) ", done.stdout, re.MULTILINE)
    reasons = re.findall(r"^=== RUN +(\S+)\n +quirks_test\.go:\d+: (.+)$", done.stdout, re.MULTILINE)
    return Run({name: how for how, name in ended}, dict(reasons), done.stdout + done.stderr)


def go_sources() -> dict[str, str]:
    """The module's files."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(MODULE.iterdir())}


@pytest.mark.parametrize("part", (*SUITE, *CLIENTS))
def test_part(run: Run, part: str) -> None:
    failed = [name for name, how in run.ended.items() if how == "FAIL" and name.partition("/")[0] == part]
    assert not failed, f"{', '.join(failed)}\n{run.output}"
    assert run.ended.get(part) == "PASS", run.output


def test_what_is_left_out_says_why(run: Run) -> None:
    left_out = {name for name, how in run.ended.items() if how == "SKIP"}
    assert left_out == set(run.reasons), run.output
    print(*(f"left out: {name}: {reason}" for name, reason in run.reasons.items()), sep="\n")
