"""Settings: precedence, units, errors that say what would be right, and the page that describes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import ConfigFileError
from gateway.cli.reference import PAGES
from gateway.configuration import load
from gateway.settings import Settings, TlsMode, declarations
from gateway.units import Unit, parse_value

DOCS = Path(__file__).parents[2] / "docs" / "reference"


def test_the_last_one_wins(tmp_path: Path) -> None:
    config = tmp_path / "kadali.toml"
    config.write_text('pg_port = 1001\nhttp_port = 1001\nflight_port = 1001\ntls = "required"\nlog_statements = true\n')
    environment = {"KADALI_HTTP_PORT": "1002", "KADALI_FLIGHT_PORT": "1002", "KADALI_UNKNOWN": "x"}
    settings = load({"flight_port": "1003", "host": None}, config=config, environment=environment)
    assert (settings.pg_port, settings.http_port, settings.flight_port) == (1001, 1002, 1003)
    assert settings.tls is TlsMode.REQUIRED and settings.log_statements
    assert settings.host == "127.0.0.1"


def test_defaults_are_what_the_declarations_show() -> None:
    shown = {entry.name: entry.shown_default for entry in declarations() if entry.shown_default}
    assert load(shown, environment={}) == load({}, environment={})
    assert [entry.name for entry in declarations()] == list(Settings.__dataclass_fields__)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("pg_port", "x", "a whole number is expected"),
        ("pg_port", "65536", "outside the valid range (0 .. 65535)"),
        ("pg_port", "-1", "a whole number is expected"),
        ("memory_limit", "2 parsecs", "with a unit B, kB, MB, GB or TB"),
        ("memory_limit", "1MB", "outside the valid range"),
        ("statement_timeout", "30", "with a unit ms, s, min, h or d"),
        ("tls", "maybe", "one of off, optional, required is expected"),
        ("log_statements", "perhaps", "on or off is expected"),
        ("host", " ", "it must not be empty"),
    ],
)
def test_bad_values(name: str, text: str, told: str) -> None:
    with pytest.raises(ConfigFileError, match=f'invalid value for parameter "{name}"') as raised:
        load({name: text}, environment={})
    assert told in str(raised.value.hint)
    assert raised.value.detail == f"Set by --{name.replace('_', '-')}."
    with pytest.raises(ConfigFileError) as raised:
        load({}, environment={f"KADALI_{name.upper()}": text})
    assert raised.value.detail == f"Set by KADALI_{name.upper()}."


def test_bad_files(tmp_path: Path) -> None:
    config = tmp_path / "kadali.toml"
    with pytest.raises(ConfigFileError, match="could not open configuration file"):
        load({}, config=config, environment={})
    config.write_text("pg_port = = 1")
    with pytest.raises(ConfigFileError, match="is not valid TOML"):
        load({}, config=config, environment={})
    config.write_text("pg_prot = 1")
    with pytest.raises(ConfigFileError, match='unrecognized configuration parameter "pg_prot"') as raised:
        load({}, config=config, environment={})
    assert raised.value.hint == 'Perhaps you meant "pg_port".'
    config.write_text("[pg_port]\nx = 1")
    with pytest.raises(ConfigFileError, match="pg_port"):
        load({}, config=config, environment={})
    with pytest.raises(ConfigFileError, match="go together"):
        load({"tls_cert": "x.pem"}, environment={})


def test_units() -> None:
    assert parse_value("1.5GB", Unit.BYTES) == 3 << 29
    assert parse_value("64", Unit.BYTES) == 64
    assert parse_value("512 kb", Unit.BYTES) == 512 << 10
    assert parse_value("250ms", Unit.SECONDS) == 0.25
    assert parse_value("7d", Unit.SECONDS) == 7 * 86_400
    assert parse_value("0", Unit.SECONDS) == 0


@given(st.text(max_size=20), st.sampled_from([entry.name for entry in declarations()]))
def test_any_text_gives_a_value_or_a_clear_error(text: str, name: str) -> None:
    try:
        load({name: text}, environment={})
    except ConfigFileError as error:
        assert error.hint


def test_paths_are_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load({"data_dir": "here"}, environment={})
    assert settings.data_dir == tmp_path / "here" and settings.lake == str(tmp_path / "here" / "lake")


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_pages_are_in_step(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run: make docs"
