"""The command line: help that needs no manual, and errors that say what to do."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from gateway.__main__ import main
from gateway.data_folder import DataFolder
from gateway.settings import declarations
from gateway.version import VERSION
from tests.cli.conftest import Run


def test_help(kadali: Run) -> None:
    top = kadali("--help")
    assert top.returncode == 0 and top.stderr == ""
    for word in ("serve", "demo", "user", "version", "kadali demo", "psql 'postgresql://"):
        assert word in top.stdout
    nothing = kadali()
    assert nothing.returncode == 2 and "usage: kadali" in nothing.stdout


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_help_names_every_setting_in_all_its_spellings(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    told = capsys.readouterr().out
    words = " ".join(told.split())
    own = {"demo": {"data_dir": "~/.local/share/kadali/demo", "log_level": "warning"}}.get(command, {})
    for entry in declarations():
        assert entry.option in told and f"[{entry.variable}]" in words
        default = own.get(entry.name, entry.shown_default)
        assert not default or f"(default: {default})" in words
    assert "--config" in told


def test_version(kadali: Run) -> None:
    assert kadali("version").stdout == f"kadali {VERSION}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sevre"], "invalid choice: 'sevre'"),
        (["serve", "--prot", "1"], "unrecognized arguments: --prot 1"),
        (["user"], "ACTION"),
        (["user", "add", "anna"], "--database"),
        (["demo", "--scale", "-1"], "argument --scale: invalid"),
    ],
)
def test_wrong_command_lines(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert told in capsys.readouterr().err


def test_a_wrong_value(kadali: Run) -> None:
    done = kadali("serve", "--memory-limit", "much")
    assert done.returncode == 1
    assert done.stderr == (
        'kadali: error: invalid value for parameter "memory_limit": "much"\n'
        "DETAIL:  Set by --memory-limit.\n"
        "HINT:  a size is expected, with a unit B, kB, MB, GB or TB, as in 2GB.\n"
    )


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_that_is_taken(kadali: Run, folder: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = ["--flight-port", "0", "--http-port", "0", "--data-dir", str(folder / "data")]
        done = kadali(command, "--pg-port", str(port), *ports)
    assert done.returncode == 1
    assert f"kadali: error: could not listen on 127.0.0.1, port {port}: address already in use" in done.stderr
    assert "--pg-port (or KADALI_PG_PORT)" in done.stderr and "Traceback" not in done.stderr


def test_an_address_that_is_not_ours(kadali: Run, folder: Path) -> None:
    done = kadali("serve", "--host", "203.0.113.1", "--data-dir", str(folder / "data"))
    assert done.returncode == 1 and "could not listen on 203.0.113.1" in done.stderr


def test_a_data_folder_that_has_a_server(kadali: Run, folder: Path) -> None:
    data = DataFolder(folder / "data")
    data.hold()
    ports = ["--pg-port", "0", "--flight-port", "0", "--http-port", "0"]
    done = kadali("serve", "--data-dir", str(folder / "data"), *ports)
    data.release()
    assert done.returncode == 1
    assert f'data directory "{folder}/data" is in use by a running server (pid ' in done.stderr


def test_a_data_folder_that_cannot_be(kadali: Run, folder: Path) -> None:
    (folder / "file").write_text("")
    done = kadali("user", "list", "--data-dir", str(folder / "file"))
    assert done.returncode == 1 and "could not use data directory" in done.stderr


def test_a_command_that_looks_for_a_server_keeps_none_from_starting(tmp_path: Path) -> None:
    data, visitor = DataFolder(tmp_path / "data"), DataFolder(tmp_path / "data")
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            visitor.has_server()

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(50):
            data.hold()
            data.release()
    finally:
        done.set()
        looking.join()
