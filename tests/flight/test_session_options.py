"""Session options of Flight, as settings of SQL: by a bare client, and by ADBC's options."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow.flight as flight
import pytest

from gateway.flight.messages import base
from tests.flight.clients import Bare, adbc, answer, flight_sqlstate
from tests.gateway_server import GatewayServer

PREFIX = "adbc.flight.sql.session."
ERRORS = base.SetSessionOptionsResult


class Options(Bare):
    def set(self, **values: Any) -> dict[str, int]:
        """What could not be set, with the reason."""
        asked = base.SetSessionOptionsRequest()
        for name, value in values.items():
            option = asked.session_options[name.replace("__", ".")]
            if isinstance(value, bool):
                option.bool_value = value
            elif isinstance(value, int):
                option.int64_value = value
            elif isinstance(value, float):
                option.double_value = value
            elif isinstance(value, list):
                option.string_list_value.values.extend(value)
            elif value is not None:
                option.string_value = value
        [body] = self.act("SetSessionOptions", asked.SerializeToString())
        return {name: error.value for name, error in ERRORS.FromString(body).errors.items()}

    def get(self) -> dict[str, str]:
        [body] = self.act("GetSessionOptions", base.GetSessionOptionsRequest().SerializeToString())
        options = base.GetSessionOptionsResult.FromString(body).session_options
        return {name: value.string_value for name, value in options.items()}

    def show(self, name: str) -> str:
        [row] = self.read(self.query(f"SHOW {name}")).to_pylist()
        [value] = row.values()
        return str(value)


@pytest.fixture
def bare(gateway: GatewayServer) -> Iterator[Options]:
    made = Options(gateway)
    yield made
    made.close()


def test_options_are_settings(bare: Options) -> None:
    wanted = {"TimeZone": "Asia/Tokyo", "statement_timeout": 5000, "default_transaction_read_only": True}
    assert bare.set(**wanted, search_path=["a b", "public"], extra_float_digits=2, my__own="x") == {}
    assert bare.show("TimeZone") == "Asia/Tokyo"
    assert bare.show("statement_timeout") == "5s"
    assert bare.show("default_transaction_read_only") == "on"
    assert bare.show("search_path") == '"a b", public'
    assert bare.show("my.own") == "x"
    found = bare.get()
    assert found["TimeZone"] == "Asia/Tokyo" and found["search_path"] == '"a b", public'
    assert found["schema"] == "public", "the first that exists"
    assert found["catalog"] == "acme" and found["extra_float_digits"] == "2"
    assert bare.set(TimeZone=None) == {}
    assert bare.show("TimeZone") != "Asia/Tokyo"
    assert bare.set(schema="public", catalog="acme") == {}
    assert bare.show("search_path") == "public"


def test_what_cannot_be_set_is_told(bare: Options) -> None:
    wrong = bare.set(no_such_setting="x", TimeZone="nowhere", catalog="globex", kadali__nothing="x", work_mem="1MB")
    assert wrong == {
        "no_such_setting": ERRORS.INVALID_NAME,
        "TimeZone": ERRORS.INVALID_VALUE,
        "catalog": ERRORS.INVALID_VALUE,
        "kadali.nothing": ERRORS.INVALID_NAME,
    }
    assert bare.show("work_mem") == "1MB", "the others are set"
    assert bare.set(kadali__cluster="no_such_cluster") == {"kadali.cluster": ERRORS.INVALID_VALUE}
    with pytest.raises(flight.FlightError) as caught:
        bare.act("SetSessionOptions", b"\xff\xff")
    assert flight_sqlstate(caught.value) == "08P01"


def test_statements_and_options_are_of_one_session(bare: Options) -> None:
    bare.read(bare.query("SET search_path = pg_catalog"))
    assert bare.get()["schema"] == "pg_catalog"
    bare.read(bare.query("USE CLUSTER EMBEDDED"))
    assert bare.get()["kadali.cluster"] == "embedded"
    bare.read(bare.query("BEGIN"))
    assert bare.set(work_mem="2MB") == {}
    with pytest.raises(flight.FlightError):
        bare.query("SELECT 1 / 0")
    assert bare.get()["schema"] == "pg_catalog", "told in a failed transaction too"
    bare.read(bare.query("ROLLBACK"))
    assert bare.show("work_mem") != "2MB", "undone with the transaction, as SET is"


def test_a_closed_session_is_over(gateway: GatewayServer, bare: Options) -> None:
    waiting = bare.query("SELECT 1")
    [body] = bare.act("CloseSession", base.CloseSessionRequest().SerializeToString())
    assert base.CloseSessionResult.FromString(body).status == base.CloseSessionResult.CLOSED
    for use in (lambda: bare.query("SELECT 1"), lambda: bare.read(waiting), bare.get):
        with pytest.raises(flight.FlightUnauthenticatedError) as caught:
            use()
        assert flight_sqlstate(caught.value) == "28000"


def test_options_of_adbc(gateway: GatewayServer) -> None:
    with adbc(gateway) as connection:
        driver = connection.adbc_connection
        driver.set_options(**{f"{PREFIX}option.TimeZone": "Asia/Tokyo", f"{PREFIX}optionbool.jit": "false"})
        assert answer(connection, "SHOW TimeZone").to_pylist() == [{"TimeZone": "Asia/Tokyo"}]
        assert driver.get_option(f"{PREFIX}option.TimeZone") == "Asia/Tokyo"
        assert json.loads(driver.get_option(f"{PREFIX}options"))["TimeZone"] == "Asia/Tokyo"
        driver.set_options(**{f"{PREFIX}optionstringlist.search_path": '["public", "a b"]'})
        assert answer(connection, "SHOW search_path").to_pylist() == [{"search_path": 'public, "a b"'}]
        driver.set_options(**{f"{PREFIX}optionerase.TimeZone": ""})
        assert answer(connection, "SHOW TimeZone").to_pylist() != [{"TimeZone": "Asia/Tokyo"}]
        driver.set_options(**{f"{PREFIX}optionerase.search_path": ""})
        assert connection.adbc_current_db_schema == "public"
        driver.set_options(**{"adbc.connection.db_schema": "pg_catalog"})
        assert connection.adbc_current_catalog == "acme"
        assert connection.adbc_current_db_schema == "pg_catalog"
        assert answer(connection, "SHOW search_path").to_pylist() == [{"search_path": "pg_catalog"}]
