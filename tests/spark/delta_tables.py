"""Delta tables as Spark writes them, one for each feature of the format, and what is to be read from them.

Every table has `id` and `v` (text), by which Spark and the embedded engine are compared in the same way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from catalog.types import (
    BOOL,
    BPCHAR,
    BYTEA,
    DATE,
    FLOAT4,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    JSON,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    PgType,
    array_of,
    numeric,
    varchar,
)

STEPS = ("append", "update", "delete", "rewrite", "optimize")
"""What the embedded writer tries on each table."""
Row = tuple[object, ...]
Columns = tuple[tuple[str, PgType], ...]
BASE: Columns = (("id", INT8), ("v", TEXT))
THREE: tuple[Row, ...] = ((1, "a"), (2, "b"), (3, "c"))
_THREE_SQL = "VALUES (1L, 'a'), (2L, 'b'), (3L, 'c') AS t(id, v)"


@dataclass(frozen=True)
class Feature:
    """`sql` makes the table, {t} being its name. Where reading, or a step of the embedded writer, is refused (0A000),
    `read_refused` and `refused` have words of the message.

    `appended`: values of the columns besides id and v, for rows that the embedded writer adds.
    """

    sql: tuple[str, ...]
    rows: tuple[Row, ...] = THREE
    columns: Columns = BASE
    read_refused: str | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    appended: Sequence[Any] = field(default_factory=tuple)

    def others(self, number: int) -> list[Any]:
        """`appended` for the row with this id: a function there computes from it."""
        return [value(number) if callable(value) else value for value in self.appended]


def _properties(*properties: str) -> tuple[str, ...]:
    given = ", ".join(properties)
    return (f"CREATE TABLE {{t}} USING delta TBLPROPERTIES ({given}) AS SELECT * FROM {_THREE_SQL}",)


def _columns(columns: str, *more: str, properties: str = "", clauses: str = "") -> tuple[str, ...]:
    given = f" TBLPROPERTIES ({properties})" if properties else ""
    return (f"CREATE TABLE {{t}} (id BIGINT, v STRING{columns}) USING delta {clauses}{given}", *more)


def _quoted(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


_INSERT = "INSERT INTO {t} VALUES (1, 'a'), (2, 'b'), (3, 'c')"
_INSERT_V = "INSERT INTO {t} (id, v) VALUES (1, 'a'), (2, 'b'), (3, 'c')"
_NAMES = "'delta.columnMapping.mode'='name', 'delta.minReaderVersion'='2', 'delta.minWriterVersion'='7'"
_NO_VECTORS = "'delta.enableDeletionVectors'='false'"
_MOMENT = dt.datetime(2024, 2, 29, 23, 59, 59, 999999)
ODD_VALUES = ("a b", "c%d", "e/f", "g=h", "i:j", "100%25", "'", "NULL", "k\\l", "under+score", "%41", "x?y#z", None)

FEATURES: dict[str, Feature] = {
    "plain": Feature(_properties(_NO_VECTORS)),
    "odd_partitions": Feature(
        _columns(
            "",
            "INSERT INTO {t} VALUES " + ", ".join(f"({i}, {_quoted(value)})" for i, value in enumerate(ODD_VALUES)),
            clauses="PARTITIONED BY (v)",
        ),
        tuple(enumerate(ODD_VALUES)),
    ),
    "foreign_partitions": Feature(
        _columns("", "INSERT INTO {t} VALUES (1, 'é'), (2, 'b')", clauses="PARTITIONED BY (v)"),
        ((1, "é"), (2, "b")),
        refused=dict.fromkeys(STEPS[1:], "outside ASCII"),
    ),
    "typed_partitions": Feature(
        _columns(
            ", d DATE, n DECIMAL(10,2), b BOOLEAN, z TIMESTAMP_LTZ, y TIMESTAMP_NTZ, i INT",
            "INSERT INTO {t} VALUES (1, 'a', DATE'2024-02-29', 1.50, true, TIMESTAMP_LTZ'2024-02-29 23:59:59.999999Z',"
            " TIMESTAMP_NTZ'2024-02-29 23:59:59.999999', -7), (2, 'b', NULL, NULL, NULL, NULL, NULL, NULL)",
            clauses="PARTITIONED BY (d, n, b, z, y, i)",
        ),
        (
            (1, "a", dt.date(2024, 2, 29), Decimal("1.50"), True, _MOMENT.replace(tzinfo=dt.UTC), _MOMENT, -7),
            (2, "b", None, None, None, None, None, None),
        ),
        (
            *BASE,
            ("d", DATE),
            ("n", numeric(10, 2)),
            ("b", BOOL),
            ("z", TIMESTAMPTZ),
            ("y", TIMESTAMP),
            ("i", INT4),
        ),
        appended=(dt.date(1999, 12, 31), Decimal("0.10"), False, _MOMENT.replace(tzinfo=dt.UTC), _MOMENT, 2**31 - 1),
    ),
    "negative_partition": Feature(
        _columns(
            ", n DECIMAL(10,2)",
            "INSERT INTO {t} VALUES (1, 'a', -1.50), (2, 'b', 2.50)",
            clauses="PARTITIONED BY (n)",
        ),
        ((1, "a", Decimal("-1.50")), (2, "b", Decimal("2.50"))),
        (*BASE, ("n", numeric(10, 2))),
        appended=(Decimal("-0.50"),),
        refused=dict.fromkeys(STEPS, "negative numbers with decimals"),
    ),
    "binary_partition": Feature(
        _columns(", x BINARY", "INSERT INTO {t} VALUES (1, 'a', X'4142')", clauses="PARTITIONED BY (x)"),
        read_refused="bytea",
    ),
    "deletion_vectors": Feature(
        (
            "CREATE TABLE {t} USING delta TBLPROPERTIES ('delta.enableDeletionVectors'='true')"
            " AS SELECT id, concat('v', id) AS v FROM range(0, 1000, 1, 1)",
            "DELETE FROM {t} WHERE id % 3 = 0 OR id > 30",
            "UPDATE {t} SET v = 'new' WHERE id = 4",
        ),
        tuple((i, "new" if i == 4 else f"v{i}") for i in range(31) if i % 3),
    ),
    "v2_checkpoint": Feature(
        _columns(
            "",
            _INSERT,
            "DELETE FROM {t} WHERE id = 2",
            "INSERT INTO {t} VALUES (4, 'd')",
            properties="'delta.checkpointPolicy'='v2', 'delta.checkpointInterval'='2'",
        ),
        ((1, "a"), (3, "c"), (4, "d")),
    ),
    "change_feed": Feature(
        (*_properties("'delta.enableChangeDataFeed'='true'", _NO_VECTORS), "UPDATE {t} SET v = 'B' WHERE id = 2"),
        ((1, "a"), (2, "B"), (3, "c")),
    ),
    "append_only": Feature(
        _properties("'delta.appendOnly'='true'"), refused=dict.fromkeys(("update", "delete", "rewrite"), "append-only")
    ),
    "check": Feature((*_properties(_NO_VECTORS), "ALTER TABLE {t} ADD CONSTRAINT positive CHECK (id > 0)")),
    "not_null": Feature(("CREATE TABLE {t} (id BIGINT NOT NULL, v STRING) USING delta", _INSERT)),
    "evolved": Feature(
        (
            *_properties(_NO_VECTORS),
            "ALTER TABLE {t} ADD COLUMN w INT",
            "INSERT INTO {t} VALUES (4, 'd', 40)",
        ),
        (*((*row, None) for row in THREE), (4, "d", 40)),
        (*BASE, ("w", INT4)),
        appended=(50,),
    ),
    "mapping_renamed": Feature(
        (
            f"CREATE TABLE {{t}} USING delta TBLPROPERTIES ({_NAMES})"
            f" AS SELECT id, v AS old, 'gone' AS gone FROM {_THREE_SQL}",
            "ALTER TABLE {t} DROP COLUMN gone",
            "ALTER TABLE {t} RENAME COLUMN old TO v",
            "INSERT INTO {t} VALUES (4, 'd')",
        ),
        (*THREE, (4, "d")),
        refused={"optimize": "column mapping"},
    ),
    "mapping_partitioned": Feature(
        (
            f"CREATE TABLE {{t}} USING delta PARTITIONED BY (old) TBLPROPERTIES ({_NAMES})"
            f" AS SELECT id, v AS old FROM {_THREE_SQL}",
            "ALTER TABLE {t} RENAME COLUMN old TO v",
        ),
        refused={"optimize": "column mapping"},
    ),
    "mapping_by_id": Feature(_properties("'delta.columnMapping.mode'='id'"), refused={"optimize": "column mapping"}),
    "mapping_nested": Feature(
        (
            f"CREATE TABLE {{t}} USING delta TBLPROPERTIES ({_NAMES})"
            " AS SELECT 1L AS id, 'a' AS v, named_struct('x', 1, 'y', 'z') AS s",
            "ALTER TABLE {t} RENAME COLUMN s.x TO w",
        ),
        ((1, "a", '{"w":1,"y":"z"}'),),
        (*BASE, ("s", JSON)),
        appended=("{}",),
        refused={"append": "nested", "rewrite": "nested", "optimize": "column mapping"},
    ),
    "generated": Feature(
        _columns(", g BIGINT GENERATED ALWAYS AS (id * 2)", _INSERT_V, properties=_NO_VECTORS),
        tuple((*row, 2 * int(str(row[0]))) for row in THREE),
        (*BASE, ("g", INT8)),
        appended=(lambda number: 2 * number,),
    ),
    "clustering": Feature(_columns("", _INSERT, clauses="CLUSTER BY (id)"), refused=dict.fromkeys(STEPS, "clustering")),
    "identity": Feature(
        _columns(", n BIGINT GENERATED ALWAYS AS IDENTITY", "INSERT INTO {t} (id, v) VALUES (1, 'a')"),
        ((1, "a", 1),),
        (*BASE, ("n", INT8)),
        appended=(7,),
        refused=dict.fromkeys(STEPS, "identityColumns"),
    ),
    "column_defaults": Feature(
        _columns(", w STRING DEFAULT 'x'", _INSERT_V, properties="'delta.feature.allowColumnDefaults'='supported'"),
        tuple((*row, "x") for row in THREE),
        (*BASE, ("w", TEXT)),
        appended=("y",),
        refused=dict.fromkeys(STEPS, "allowColumnDefaults"),
    ),
    "row_tracking": Feature(
        _properties("'delta.enableRowTracking'='true'"), refused=dict.fromkeys(STEPS, "rowTracking")
    ),
    "in_commit_timestamps": Feature(
        _properties("'delta.enableInCommitTimestamps'='true'"), refused=dict.fromkeys(STEPS, "inCommitTimestamp")
    ),
    "iceberg_compat": Feature(
        _properties("'delta.enableIcebergCompatV2'='true'", "'delta.columnMapping.mode'='name'", _NO_VECTORS),
        refused=dict.fromkeys(STEPS, "icebergCompatV2"),
    ),
    "checkpoint_protection": Feature(
        _properties("'delta.feature.checkpointProtection'='supported'"),
        refused=dict.fromkeys(STEPS, "checkpointProtection"),
    ),
    "type_widening": Feature(
        (
            "CREATE TABLE {t} USING delta TBLPROPERTIES ('delta.enableTypeWidening'='true')"
            " AS SELECT CAST(id AS INT) AS id, v FROM " + _THREE_SQL,
            "ALTER TABLE {t} ALTER COLUMN id TYPE BIGINT",
        ),
        read_refused="typeWidening",
    ),
    "vacuum_protocol_check": Feature(
        _properties("'delta.feature.vacuumProtocolCheck'='supported'"), read_refused="vacuumProtocolCheck"
    ),
    "variant": Feature(
        ("CREATE TABLE {t} USING delta AS SELECT 1L AS id, 'a' AS v, parse_json('{\"a\": 1}') AS j",),
        read_refused="variant",
    ),
    "char_varchar": Feature(
        _columns(", c CHAR(4), w VARCHAR(3)", "INSERT INTO {t} VALUES (1, 'a', 'x', 'abc'), (2, 'b', NULL, '')"),
        ((1, "a", "x   ", "abc"), (2, "b", None, "")),
        (*BASE, ("c", PgType(BPCHAR.oid, 8)), ("w", varchar(3))),
        appended=("y   ", "é漢"),
    ),
    "all_types": Feature(
        _columns(
            ", i1 TINYINT, i2 SMALLINT, i4 INT, n DECIMAL(38,10), f4 FLOAT, f8 DOUBLE, b BOOLEAN, x BINARY, d DATE,"
            " z TIMESTAMP_LTZ, y TIMESTAMP_NTZ, a ARRAY<STRING>",
            "INSERT INTO {t} VALUES (1, 'a', -128, -32768, -2147483648, -9999999999999999999999999999.9999999999,"
            " FLOAT('-Infinity'), DOUBLE('NaN'), true, X'00FF', DATE'0001-01-01', TIMESTAMP_LTZ'1582-10-04 00:00:00Z',"
            " TIMESTAMP_NTZ'9999-12-31 23:59:59.999999', array('x', NULL, '')),"
            " (9223372036854775807, '', 127, 32767, 2147483647, 0, FLOAT('0.1'), DOUBLE('-0.0'), false, X'',"
            " DATE'9999-12-31', TIMESTAMP_LTZ'1969-12-31 23:59:59.999999Z', TIMESTAMP_NTZ'0001-01-01 00:00:00',"
            " array()), (3, 'c', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        ),
        (
            (
                *(1, "a", -128, -32768, -(2**31), Decimal("-9999999999999999999999999999.9999999999")),
                *(float("-inf"), float("nan"), True, b"\x00\xff", dt.date(1, 1, 1)),
                *(dt.datetime(1582, 10, 4, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)),
                ["x", None, ""],
            ),
            (
                *(2**63 - 1, "", 127, 32767, 2**31 - 1, Decimal("0E-10"), 0.10000000149011612, -0.0, False, b""),
                *(dt.date(9999, 12, 31), dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC)),
                *(dt.datetime(1, 1, 1), []),
            ),
            (3, "c", *[None] * 12),
        ),
        (
            *BASE,
            *(("i1", INT2), ("i2", INT2), ("i4", INT4), ("n", numeric(38, 10)), ("f4", FLOAT4), ("f8", FLOAT8)),
            *(("b", BOOL), ("x", BYTEA), ("d", DATE), ("z", TIMESTAMPTZ), ("y", TIMESTAMP), ("a", array_of(TEXT))),
        ),
        appended=(
            *(1, 2, 3, Decimal("0.5"), 0.5, 1e300, True, b"x", dt.date(2024, 1, 1)),
            *(dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 1, 1), ["y"]),
        ),
    ),
}
