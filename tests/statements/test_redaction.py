"""What the history and the log keep of statements with secrets."""

from __future__ import annotations

import psycopg
import pytest

from sql_extensions.redaction import redacted
from tests.gateway_server import GatewayServer

CASES = {
    "CREATE CLUSTER c (url = 'sc://h:1', token = 'geheim', size = 'small')": (
        "CREATE CLUSTER c (url = 'sc://h:1', token = '***', size = 'small')"
    ),
    "create cluster c with TOKEN = geheim url = 'x'": "create cluster c with TOKEN = '***' url = 'x'",
    "ALTER CLUSTER c SET (\"token\" = 'ge''heim')": "ALTER CLUSTER c SET (\"token\" = '***')",
    "ALTER CLUSTER c SET (token/* = */= $$geheim$$)": "ALTER CLUSTER c SET (token/* = */= '***')",
    "ALTER CLUSTER c SET (token = E'ge\\'heim')": "ALTER CLUSTER c SET (token = '***')",
    "ALTER CLUSTER c SET (token 'geheim')": "ALTER CLUSTER c SET (token '***')",
    "ALTER CLUSTER c SET (token = 'geheim": "ALTER CLUSTER c SET (token ='***'",
    "SELECT 1; ALTER CLUSTER c SET (token = 'geheim')": "SELECT 1; ALTER CLUSTER c SET (token = '***')",
    "SELECT token FROM t WHERE token = 'a'": "SELECT token FROM t WHERE token = 'a'",
    "CREATE CLUSTER tokens (size = 'small')": "CREATE CLUSTER tokens (size = 'small')",
}


@pytest.mark.parametrize("sql", CASES)
def test_values_of_tokens_are_hidden(sql: str) -> None:
    assert redacted(sql) == CASES[sql]


def test_neither_history_nor_log_hold_a_token(gateway: GatewayServer) -> None:
    with gateway.connect() as connection:
        for sql in (
            "CREATE CLUSTER redacted (url = 'sc://127.0.0.1:1', token = 'geheim-1')",
            "ALTER CLUSTER redacted SET (token = 'geheim-2', nonsense = 1)",
            "ALTER CLUSTER nothing SET (token = 'geheim-3')",
        ):
            try:
                connection.execute(sql)
            except psycopg.Error as error:
                told = (error.diag.message_primary, error.diag.message_detail, error.diag.message_hint)
                assert "geheim" not in str(told)
        [(created,)] = [row[1:2] for row in connection.execute("SHOW CREATE CLUSTER redacted").fetchall()]
        assert "sc://127.0.0.1:1" in created and "geheim" not in created
        rows = connection.execute("SELECT query FROM kadali.queries WHERE query ILIKE '%token%'").fetchall()
        connection.execute("DROP CLUSTER redacted FORCE")
    assert any("token = '***'" in query for (query,) in rows) and not any("geheim" in query for (query,) in rows)
    assert "geheim" not in gateway.log()
