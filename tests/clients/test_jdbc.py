"""pgjdbc: one Java program (java/) run against both servers; what it prints must be the same."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients import downloads
from tests.clients.sides import DATABASE, Pair, Side

VERSION = "42.7.7"
SOURCES = sorted(Path(__file__).with_name("java").glob("*.java"))
SECTIONS = re.findall(r'section\("([^"]+)"', SOURCES[0].read_text())
SCHEMA = "jdbc"
Printed = dict[str, list[str]]


@pytest.fixture(scope="module")
def printed(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Printed, Printed]]:
    """Lines by section: (the gateway's, PostgreSQL's)."""
    downloads.need("java", "javac")
    jar = downloads.maven_jar("org.postgresql", "postgresql", VERSION)
    classes = tmp_path_factory.mktemp("classes")
    subprocess.run(["javac", "-encoding", "UTF-8", "-d", classes, "-cp", jar, *SOURCES], check=True, timeout=120)

    def run(side: Side) -> Printed:
        url = f"jdbc:postgresql://{side.host}:{side.port}/{DATABASE}"
        command = ["java", "-Duser.timezone=UTC", "-cp", f"{classes}:{jar}", "Checks"]
        command += [url, "alice", side.password, SCHEMA]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        parts = re.split(r"^== (.*)\n", done.stdout, flags=re.MULTILINE)
        return {name: text.splitlines() for name, text in zip(parts[1::2], parts[2::2], strict=True)}

    pair.run(f"CREATE SCHEMA {SCHEMA}")
    yield pair.ask(run)
    pair.run(f"DROP SCHEMA {SCHEMA} CASCADE")


@pytest.mark.parametrize("section", SECTIONS)
def test_section(printed: tuple[Printed, Printed], section: str) -> None:
    ours, theirs = printed
    assert not [line for line in theirs[section] if line.startswith("FAILED")], "the program itself is at fault"
    assert ours[section] == theirs[section]
