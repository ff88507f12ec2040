"""Delta tables, one for each protocol feature: by deltalake where it can, else log and Parquet files by hand."""

from __future__ import annotations

import datetime as dt
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from catalog.model import Column
from catalog.names import TableName
from catalog.types import (
    BOOL,
    BYTEA,
    DATE,
    FLOAT4,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    JSON,
    JSONB,
    NUMERIC,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    UUID,
    PgType,
    array_of,
    numeric,
    varchar,
)
from engine.delta.snapshot import Snapshots
from engine.delta.table import CommitInfo, create
from engine.delta.transaction import DeltaTransaction
from tests.delta.delta_files import add, bitmap, field, metadata, protocol, write_log, write_parquet, z85

NAME = TableName("public", "t")
COMMIT = CommitInfo("tester", "query-1")


@dataclass(frozen=True)
class DeltaCase:
    """A table as it must be read. `refused`: words of the 0A000 message instead of rows."""

    uri: str
    columns: tuple[tuple[str, PgType], ...]
    rows: tuple[tuple[object, ...], ...] = ()
    refused: str | None = None


def plain(root: Path) -> DeltaCase:
    table = pa.table({"id": pa.array([1, 2, 3], pa.int64()), "name": ["a", None, "ü"]})
    write_deltalake(str(root), table)
    return DeltaCase(str(root), (("id", INT8), ("name", TEXT)), ((1, "a"), (2, None), (3, "ü")))


def all_types(root: Path) -> DeltaCase:
    utc = dt.UTC
    columns = {
        "b": (BOOL, pa.array([True, None])),
        "i1": (INT2, pa.array([-128, None], pa.int8())),
        "i2": (INT2, pa.array([-5, None], pa.int16())),
        "i4": (INT4, pa.array([2**31 - 1, None], pa.int32())),
        "i8": (INT8, pa.array([-(2**63), None], pa.int64())),
        "f4": (FLOAT4, pa.array([1.5, None], pa.float32())),
        "f8": (FLOAT8, pa.array([-0.1, None], pa.float64())),
        "n": (
            numeric(38, 10),
            pa.array([Decimal("1234567890123456789012345678.0123456789"), None], pa.decimal128(38, 10)),
        ),
        "s": (TEXT, pa.array(["", None])),
        "x": (BYTEA, pa.array([b"\x00\xff", None])),
        "d": (DATE, pa.array([dt.date(1, 1, 1), None])),
        "t": (TIMESTAMP, pa.array([dt.datetime(1969, 12, 31, 23, 59, 59, 999999), None], pa.timestamp("us"))),
        "tz": (
            TIMESTAMPTZ,
            pa.array([dt.datetime(2038, 1, 19, 3, 14, 8, tzinfo=utc), None], pa.timestamp("us", "UTC")),
        ),
        "l": (array_of(INT4), pa.array([[1, None], None], pa.list_(pa.int32()))),
    }
    write_deltalake(str(root), pa.table({name: data for name, (_, data) in columns.items()}))
    rows = tuple(zip(*(data.to_pylist() for _, data in columns.values()), strict=True))
    return DeltaCase(str(root), tuple((name, pg) for name, (pg, _) in columns.items()), rows)


def partitioned(root: Path) -> DeltaCase:
    """Odd characters, NULL, digits that must stay text, and more than one partition column."""
    texts = ["a b", "x%2F/=é", "*[x]?{}", "q'uote\"", "007", "%", "..", None, "__HIVE_DEFAULT_PARTITION__x", " "]
    days = [dt.date(2020, 1, 1), None] * 5
    table = pa.table({"id": pa.array(range(10), pa.int32()), "p": texts, "d": pa.array(days, pa.date32())})
    write_deltalake(str(root), table, partition_by=["p", "d"])
    rows = tuple(zip(range(10), texts, days, strict=True))
    return DeltaCase(str(root), (("id", INT4), ("p", TEXT), ("d", DATE)), rows)


def partitioned_by_types(root: Path) -> DeltaCase:
    moment = dt.datetime(2020, 1, 1, 12, 30, 0, 123456, tzinfo=dt.UTC)
    columns = {
        "id": (INT4, pa.array([1, 2], pa.int32())),
        "tz": (TIMESTAMPTZ, pa.array([moment, None], pa.timestamp("us", "UTC"))),
        "n": (numeric(10, 2), pa.array([Decimal("1.50"), None], pa.decimal128(10, 2))),
        "b": (BOOL, pa.array([True, None])),
        "f": (FLOAT8, pa.array([0.1, None])),
        "i": (INT8, pa.array([-7, None], pa.int64())),
    }
    table = pa.table({name: data for name, (_, data) in columns.items()})
    write_deltalake(str(root), table, partition_by=[name for name in columns if name != "id"])
    rows = tuple(zip(*(data.to_pylist() for _, data in columns.values()), strict=True))
    return DeltaCase(str(root), tuple((name, pg) for name, (pg, _) in columns.items()), rows)


def many_partitions(root: Path) -> DeltaCase:
    """Enough partition tuples for another form of the scan, some NULL, in two columns, one of them late."""
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=i) if i % 7 else None for i in range(40)]
    texts = [f"it's {i}" if i % 5 else None for i in range(40)]
    table = pa.table({"id": pa.array(range(40), pa.int32()), "d": pa.array(days, pa.date32()), "p": texts})
    write_deltalake(str(root), table, partition_by=["d", "p"])
    later = pa.table({"id": pa.array([99], pa.int32()), "d": pa.array([None], pa.date32()), "p": ["x"], "n": ["new"]})
    write_deltalake(str(root), later, mode="append", schema_mode="merge")
    rows = (*zip(range(40), days, texts, [None] * 40, strict=True), (99, None, "x", "new"))
    return DeltaCase(str(root), (("id", INT4), ("d", DATE), ("p", TEXT), ("n", TEXT)), rows)


def evolved(root: Path) -> DeltaCase:
    """A column added after the first file, and files with their columns in another order."""
    write_deltalake(str(root), pa.table({"id": pa.array([1], pa.int64())}))
    later = pa.table({"id": pa.array([2], pa.int64()), "extra": ["x"]})
    write_deltalake(str(root), later, mode="append", schema_mode="merge")
    return DeltaCase(str(root), (("id", INT8), ("extra", TEXT)), ((1, None), (2, "x")))


def checkpointed(root: Path) -> DeltaCase:
    """The log's first entries are gone: only the checkpoint knows the first files."""
    for number in range(5):
        write_deltalake(str(root), pa.table({"id": pa.array([number], pa.int64())}), mode="append")
    DeltaTable(str(root)).create_checkpoint()
    for number in range(4):
        (root / "_delta_log" / f"{number:020d}.json").unlink()
    return DeltaCase(str(root), (("id", INT8),), tuple((number,) for number in range(5)))


def empty(root: Path) -> DeltaCase:
    columns = [Column("id", INT8), Column("tags", array_of(TEXT))]
    create(str(root), columns, commit=COMMIT)
    return DeltaCase(str(root), tuple((column.name, column.type) for column in columns))


def postgres_types(root: Path) -> DeltaCase:
    """uuid, json, jsonb, varchar and bare numeric: stored as Delta can, shown as declared."""
    types = {"u": UUID, "j": JSON, "jb": JSONB, "v": varchar(5), "n": NUMERIC, "us": array_of(UUID)}
    create(str(root), [Column(name, pg) for name, pg in types.items()], commit=COMMIT)
    one = bytes(range(16))
    batch = pa.record_batch(
        [
            pa.array([one, None], pa.binary(16)),
            pa.array(['{"a": 1}', None]),
            pa.array(["[1, 2]", None]),
            pa.array(["abcde", None]),
            pa.array([Decimal("1.5"), None], pa.decimal128(10, 2)),
            pa.array([[one, None], None], pa.list_(pa.binary(16))),
        ],
        names=list(types),
    )
    transaction = DeltaTransaction(root.parent / "staging", Snapshots(), COMMIT)
    transaction.append(NAME, str(root), batch.schema, [batch])
    transaction.commit()
    rows = ((one, '{"a": 1}', "[1, 2]", "abcde", Decimal("1.500000000000000000"), [one, None]), (None,) * 6)
    return DeltaCase(str(root), tuple(types.items()), rows)


def nested(root: Path) -> DeltaCase:
    """Shown as PostgreSQL's row_to_json prints: scale kept, "T" in timestamps, NaN quoted."""
    members = {
        "a": (pa.int32(), 1),
        "b": (pa.list_(pa.string()), ["x", None, 'q"/\\é']),
        "n": (pa.decimal128(10, 2), Decimal("1.50")),
        "f4": (pa.float32(), 0.1),
        "f8": (pa.float64(), 1e20),
        "nan": (pa.float64(), float("nan")),
        "t": (pa.timestamp("us"), dt.datetime(2020, 1, 1, 1, 2, 3)),
        "tz": (pa.timestamp("us", "UTC"), dt.datetime(2020, 1, 1, 1, 2, 3, 500000, tzinfo=dt.UTC)),
        "d": (pa.date32(), dt.date(2020, 1, 1)),
        "x": (pa.binary(), b"\x00\xff"),
        'i"s': (pa.struct([("y", pa.bool_())]), {"y": None}),
        "ls": (pa.list_(pa.struct([("z", pa.int64())])), [{"z": 1}, None]),
    }
    struct_type = pa.struct([(name, arrow) for name, (arrow, _) in members.items()])
    value = {name: item for name, (_, item) in members.items()}
    map_type = pa.map_(pa.string(), pa.struct([("v", pa.int64())]))
    table = pa.table(
        {
            "s": pa.array([value, None], struct_type),
            "m": pa.array([[("k", {"v": 1}), ("l", None)], None], map_type),
            "e": pa.array([[], None], pa.list_(pa.struct([("z", pa.int64())]))),
        }
    )
    write_deltalake(str(root), table)
    text = (
        '{"a":1,"b":["x",null,"q\\"/\\\\é"],"n":1.50,"f4":0.1,"f8":1e+20,"nan":"NaN","t":"2020-01-01T01:02:03",'
        '"tz":"2020-01-01T01:02:03.5+00:00","d":"2020-01-01","x":"\\\\x00ff","i\\"s":{"y":null},"ls":[{"z":1},null]}'
    )
    rows = ((text, '{"k":{"v":1},"l":null}', "[]"), (None, None, None))
    return DeltaCase(str(root), (("s", JSON), ("m", JSONB), ("e", JSON)), rows)


def deletion_vectors(root: Path) -> DeltaCase:
    """One vector in the log, one in a file, one file without; the first file lacks a column added later."""
    write_parquet(root / "part-a.parquet", {"id": pa.array(range(5), pa.int64())})
    write_parquet(root / "part-b.parquet", {"id": pa.array(range(10, 15), pa.int64()), "n": ["x"] * 5})
    write_parquet(root / "part-c.parquet", {"id": pa.array([20], pa.int64()), "n": ["y"]})
    inline = {"storageType": "i", "pathOrInlineDv": z85(bitmap([0, 3])), "sizeInBytes": 40, "cardinality": 2}
    data = bitmap([4])
    vectors = b"\x01" + struct.pack(">i", len(data)) + data + struct.pack(">I", zlib.crc32(data))
    (root / "deletion_vector.bin").write_bytes(vectors)
    filed = {
        "storageType": "p",
        "pathOrInlineDv": (root / "deletion_vector.bin").as_uri(),
        "offset": 1,
        "sizeInBytes": len(data),
        "cardinality": 1,
    }
    fields = [field("id", "long"), field("n", "string")]
    write_log(
        root,
        0,
        [
            protocol(["deletionVectors"], ["deletionVectors"]),
            metadata(fields, configuration={"delta.enableDeletionVectors": "true"}),
            add(root, "part-a.parquet", 5, deletion_vector=inline | {"sizeInBytes": len(bitmap([0, 3]))}),
            add(root, "part-b.parquet", 5, deletion_vector=filed),
            add(root, "part-c.parquet", 1),
        ],
    )
    rows = ((1, None), (2, None), (4, None), (10, "x"), (11, "x"), (12, "x"), (13, "x"), (20, "y"))
    return DeltaCase(str(root), (("id", INT8), ("n", TEXT)), rows)


def many_deletion_vectors(root: Path) -> DeltaCase:
    """A vector in each of many files and partitions, half of the files without the later column."""
    actions: list[Mapping[str, object]] = [
        protocol(["deletionVectors"], ["deletionVectors"]),
        metadata([field("id", "long"), field("n", "string"), field("p", "string")], partition_by=["p"]),
    ]
    rows: list[tuple[object, ...]] = []
    for number in range(20):
        columns: dict[str, object] = {"id": pa.array(range(number * 10, number * 10 + 3), pa.int64())}
        if number % 2:
            columns["n"] = ["x", "y", "z"]
        write_parquet(root / f"f{number}.parquet", columns)
        data = bitmap([number % 3])
        vector = {"storageType": "i", "pathOrInlineDv": z85(data), "sizeInBytes": len(data), "cardinality": 1}
        part = None if number == 7 else f"p'{number}"
        actions.append(add(root, f"f{number}.parquet", 3, partition={"p": part}, deletion_vector=vector))
        rows += [(number * 10 + i, "xyz"[i] if number % 2 else None, part) for i in range(3) if i != number % 3]
    write_log(root, 0, actions)
    return DeltaCase(str(root), (("id", INT8), ("n", TEXT), ("p", TEXT)), tuple(rows))


def spark_char(root: Path) -> DeltaCase:
    """char(n) and varchar(n) as Spark notes them, stored without padding."""
    write_parquet(root / "f1.parquet", {"c": ["a", None, "äöüxy"], "v": ["b", "", None]})
    marked = {"c": "char(5)", "v": "varchar(3)"}
    fields = [
        field(name, "string") | {"metadata": {"__CHAR_VARCHAR_TYPE_STRING": text}} for name, text in marked.items()
    ]
    protocol_2 = {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}
    write_log(root, 0, [protocol_2, metadata(fields), add(root, "f1.parquet", 3)])
    return DeltaCase(
        str(root), (("c", PgType(1042, 9)), ("v", varchar(3))), (("a    ", "b"), (None, ""), ("äöüxy", None))
    )


def column_mapping(root: Path, mode: str = "name") -> DeltaCase:
    """Physical names, a renamed and a dropped column, a partition under mapping."""
    columns = {
        "col-1": pa.array([1, 2], pa.int64()),
        "col-9": pa.array(["dropped"] * 2),
        "old name": pa.array(["x", None]),
    }
    write_parquet(root / "f1.parquet", columns, ids={"col-1": 1, "col-9": 9, "old name": 2})
    fields = [
        field("ID", "long", mapped=(1, "col-1")),
        field("renamed to", "string", mapped=(2, "old name")),
        field("Part", "string", mapped=(3, "col-3")),
    ]
    write_log(
        root,
        0,
        [
            {"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}},
            metadata(
                fields,
                partition_by=["Part"],
                configuration={"delta.columnMapping.mode": mode, "delta.columnMapping.maxColumnId": "9"},
            ),
            add(root, "f1.parquet", 2, partition={"col-3": "p 1"}),
        ],
    )
    rows = ((1, "x", "p 1"), (2, None, "p 1"))
    return DeltaCase(str(root), (("ID", INT8), ("renamed to", TEXT), ("Part", TEXT)), rows)


def column_mapping_by_id(root: Path) -> DeltaCase:
    return column_mapping(root, "id")


def mapped_nested(root: Path) -> DeltaCase:
    """A struct under mapping: its members have physical names as well."""
    data = pa.array([{"col-2": 1}], pa.struct([("col-2", pa.int64())]))
    write_parquet(root / "f1.parquet", {"col-1": data})
    inner = field("a", "long", mapped=(2, "col-2"))
    fields = [field("s", {"type": "struct", "fields": [inner]}, mapped=(1, "col-1"))]
    configuration = {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "2"}
    write_log(
        root,
        0,
        [
            {"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}},
            metadata(fields, configuration=configuration),
            add(root, "f1.parquet", 1),
        ],
    )
    return DeltaCase(str(root), (("s", JSON),), (('{"a":1}',),))


def odd_root(root: Path) -> DeltaCase:
    """A location with a blank and a letter outside ASCII, where deltalake's own file names are wrong."""
    return plain(root / "odd plàce")


def variant_feature_only(root: Path) -> DeltaCase:
    """variantType in the protocol, but no such column."""
    write_parquet(root / "f1.parquet", {"id": pa.array([1], pa.int64())})
    actions = [protocol(["variantType"], ["variantType"]), metadata([field("id", "long")]), add(root, "f1.parquet", 1)]
    write_log(root, 0, actions)
    return DeltaCase(str(root), (("id", INT8),), ((1,),))


def variant_column(root: Path) -> DeltaCase:
    write_parquet(root / "f1.parquet", {"id": pa.array([1], pa.int64())})
    fields = [field("id", "long"), field("v", "variant")]
    write_log(root, 0, [protocol(["variantType"], ["variantType"]), metadata(fields), add(root, "f1.parquet", 1)])
    return DeltaCase(str(root), (("id", INT8),), refused="variant")


def type_widening(root: Path) -> DeltaCase:
    return _with_feature(root, "typeWidening")


def unknown_feature(root: Path) -> DeltaCase:
    return _with_feature(root, "featureOfTheFuture")


def vacuumed(root: Path) -> DeltaCase:
    """Version 1 lost its files; the newest version reads well."""
    for number in range(2):
        write_deltalake(str(root), pa.table({"id": pa.array([number], pa.int64())}), mode="append")
    table = DeltaTable(str(root))
    table.optimize.compact()
    table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    return DeltaCase(str(root), (("id", INT8),), ((0,), (1,)))


CASES: dict[str, Callable[[Path], DeltaCase]] = {
    build.__name__: build
    for build in (
        plain,
        all_types,
        partitioned,
        partitioned_by_types,
        many_partitions,
        evolved,
        checkpointed,
        empty,
        postgres_types,
        nested,
        deletion_vectors,
        many_deletion_vectors,
        spark_char,
        column_mapping,
        column_mapping_by_id,
        mapped_nested,
        odd_root,
        variant_feature_only,
        variant_column,
        type_widening,
        unknown_feature,
        vacuumed,
    )
}


def _with_feature(root: Path, name: str) -> DeltaCase:
    write_parquet(root / "f1.parquet", {"id": pa.array([1], pa.int64())})
    write_log(root, 0, [protocol([name], [name]), metadata([field("id", "long")]), add(root, "f1.parquet", 1)])
    return DeltaCase(str(root), (("id", INT8),), refused=name)
