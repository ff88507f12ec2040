"""The samples of the guide, as they stand there, against tables like those of `make run`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.clients import downloads
from tests.flight.clients import adbc, answer
from tests.flight.test_go import MODULE
from tests.flight.test_jdbc import VERSION
from tests.gateway_server import PASSWORD, GatewayServer

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "flight.md"
ADDRESS = "127.0.0.1:5434"
PRINTED = "7 300.51\n3 200.25\n5 100.99\n"
GO_ARGUMENTS = 'package main\n\nimport "os"\n\nvar address, password = os.Args[1], os.Args[2]\n'


@pytest.fixture(scope="module")
def demo(gateway: GatewayServer) -> GatewayServer:
    """With the user of the samples, and some orders."""
    gateway.add_user("demo", "demo", admin=True)
    with adbc(gateway, "demo", "demo") as connection:
        answer(connection, "CREATE SCHEMA sales")
        answer(
            connection,
            "CREATE TABLE sales.orders (o_orderkey bigint, o_orderstatus char(1), o_totalprice decimal(15,2))",
        )
        rows = "(1, 'O', 900), (3, 'F', 200.25), (5, 'F', 100.99), (7, 'F', 300.51), (9, 'F', 1)"
        answer(connection, f"INSERT INTO sales.orders VALUES {rows}")
    return gateway


def sample(language: str, **replaced: str) -> str:
    """The one block of this language, with `replaced` values."""
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    text = str(found)
    for name, value in replaced.items():
        what = {"quoted": f'"{ADDRESS}"', "address": ADDRESS, "password": '"PASSWORD"'}[name]
        assert text.count(what) == 1
        text = text.replace(what, value)
    return text


def printed(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_go(demo: GatewayServer, tmp_path: Path) -> None:
    sources = {name: (MODULE / name).read_text() for name in ("go.mod", "go.sum")}
    sources |= {"main.go": sample("go", quoted="address", password="password"), "arguments.go": GO_ARGUMENTS}
    program = downloads.go_built("flightsample", sources)
    assert printed(str(program), f"127.0.0.1:{demo.flight_port}", PASSWORD, cwd=tmp_path) == PRINTED


def test_java(demo: GatewayServer, tmp_path: Path) -> None:
    downloads.need("java", "javac")
    jar = downloads.maven_jar("org.apache.arrow", "flight-sql-jdbc-driver", VERSION)
    text = sample("java", address=f"127.0.0.1:{demo.flight_port}", password=f'"{PASSWORD}"')
    (tmp_path / "Orders.java").write_text(text, encoding="utf-8")
    told = f"java --add-opens=java.base/java.nio=ALL-UNNAMED -cp flight-sql-jdbc-driver-{VERSION}.jar Orders.java"
    assert told in GUIDE.read_text(encoding="utf-8")
    words = [str(jar) if word == jar.name else word for word in told.split()]
    assert printed(*words, cwd=tmp_path) == PRINTED
