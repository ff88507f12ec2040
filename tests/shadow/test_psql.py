"""psql's backslash commands straight on the shadow: none fails, and sizes and shapes are the Delta tables' own."""

from __future__ import annotations

import subprocess

import pytest

from catalog.postgres import find_binaries
from catalog.shadow.instance import ShadowInstance

FAMILIES = (
    "d dt di dv ds dm dE dn df da db dc dC dd dD des det deu dew dF dFd dFp dFt dg dl dL do dO dp ddp drds dRp dRs dT"
    " du dx dy dX dP dAc dAf dAo dAp dconfig l"
).split()
COMMANDS = [
    *(f"\\{name}{plus}" for name in FAMILIES for plus in ("", "+")),
    *(f"\\{name}S+" for name in ("d", "dt", "di", "dv", "df", "dn", "dT", "du", "do")),
    *(f"\\d{plus} {pattern}" for plus in ("", "+") for pattern in ("sales.*", "*.*", 'sales."Odd ""Name"""')),
    "\\d sales.orders",
    "\\d+ sales.orders",
    "\\d+ sales.revenue",
    "\\d+ sales.orders_pkey",
    "\\d+ kadali.queries",
    "\\dt *.*",
    "\\dt+ sales.*",
    "\\dv+ sales.*",
    "\\di+ sales.*",
    "\\dn+ sales",
    "\\df+ kadali.*",
    "\\df pg_catalog.pg_table_size",
    "\\dp sales.*",
    "\\z",
    "\\z sales.*",
    "\\dT+ int4",
    "\\dC+ int4",
    "\\dAc btree int4",
    "\\sv sales.revenue",
    "\\sf pg_catalog.pg_table_size",
    "\\dconfig *",
    "\\l+",
    "\\conninfo",
    "\\encoding",
    "\\lo_list",
]
DENIED_EVERYWHERE = {"\\db+", "\\dRs+"}
"""An unprivileged role may not ask for these on any PostgreSQL."""


def psql(instance: ShadowInstance, user: str, *commands: str) -> subprocess.CompletedProcess[str]:
    arguments = [word for command in commands for word in ("-c", command)]
    binary = str(find_binaries().psql)
    return subprocess.run(
        [binary, "-XqP", "pager=off", "-v", "ON_ERROR_STOP=1", instance.conninfo(user), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("user", ["ada", "bob"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_answers(shop: ShadowInstance, command: str, user: str) -> None:
    done = psql(shop, user, command)
    if command in DENIED_EVERYWHERE:
        assert "permission denied" in done.stderr
        return
    assert "ERROR" not in done.stderr
    assert "nvalid command" not in done.stderr


def test_a_tables_description(shop: ShadowInstance) -> None:
    shown = psql(shop, "bob", "\\d sales.orders").stdout
    assert shown.splitlines() == [
        '                                   Table "sales.orders"',
        "   Column    |           Type           | Collation | Nullable |          Default          ",
        "-------------+--------------------------+-----------+----------+---------------------------",
        " id          | bigint                   |           | not null | ",
        " amount      | numeric(18,2)            |           |          | ",
        " customer_id | integer                  |           |          | ",
        " tags        | text[]                   |           |          | ",
        " note        | character varying(40)    |           |          | 'none'::character varying",
        " day         | date                     |           |          | ",
        " at          | timestamp with time zone |           |          | ",
        " ratio       | double precision         |           |          | ",
        " paid        | boolean                  |           | not null | false",
        " extra       | jsonb                    |           |          | ",
        " token       | uuid                     |           |          | ",
        "Indexes:",
        '    "orders_pkey" PRIMARY KEY, btree (id)',
        '    "orders_day" btree (day)',
        '    "orders_token_key" UNIQUE CONSTRAINT, btree (token)',
        "Check constraints:",
        '    "orders_amount_check" CHECK (amount >= 0::numeric)',
        "Foreign-key constraints:",
        '    "orders_customer_id_fkey" FOREIGN KEY (customer_id) REFERENCES sales.customers(id)',
        "",
    ]


@pytest.mark.parametrize("user", ["ada", "bob"])
def test_sizes_are_the_delta_tables(shop: ShadowInstance, user: str) -> None:
    rows = [line.split("|") for line in psql(shop, user, "\\dt+ sales.orders").stdout.splitlines()]
    (row,) = [cells for line in rows if (cells := [cell.strip() for cell in line])[1:2] == ["orders"]]
    assert row[1:4] == ["orders", "table", "ada"]
    assert "94 MB" in row
    assert "All orders" in row


@pytest.mark.parametrize("user", ["ada", "bob"])
def test_planted_statistics(shop: ShadowInstance, user: str) -> None:
    session = shop.session(user)
    sql = """
        SELECT c.reltuples, c.relpages, pg_table_size(c.oid), pg_total_relation_size(c.oid), pg_relation_size(c.oid),
               pg_relation_size(c.oid, 'main'), pg_indexes_size(c.oid), s.n_live_tup
        FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE c.oid = 'sales.orders'::regclass
    """
    assert session.evaluate(sql) == [
        ("1.234567e+06", "12085", "99000001", "99000001", "99000001", "99000001", "0", "1234567")
    ]
    (row,) = session.evaluate("SELECT pg_database_size(current_database()) > 99000001, pg_table_size(1259::oid) > 0")
    assert row == ("t", "t")
    (row,) = session.evaluate("SELECT n_live_tup FROM pg_stat_all_tables WHERE relname = 'customers'")
    assert row == ("10",)
    assert session.evaluate("SELECT pg_total_relation_size(1::oid), pg_table_size(NULL)") == [(None, None)]
