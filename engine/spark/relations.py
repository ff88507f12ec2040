"""What a query reads, put in front of it as common table expressions over Delta paths and rows sent along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import pyarrow as pa

from catalog.errors import FeatureNotSupported, InternalError, UndefinedColumn
from catalog.names import TableLocation
from catalog.types import BPCHAR, JSON, JSONB, NUMERIC, PgType, char_length, precision_scale, spark_type
from engine.base import ArrowSource, DeltaSource, StagedSource, TableRead
from engine.common_tables import with_common_tables
from engine.delta.rows import uuid_text
from engine.delta.spilled import batches_of
from engine.dialect import needs_library
from engine.spark.literals import quote_name
from engine.spark.proto import base_pb2 as connect
from engine.spark.proto import relations_pb2 as relations
from engine.spark.session import ConnectSession
from engine.storage.place import s3a

SENT_BYTES_MAX = 64 << 20
"""Rows of the gateway (a transaction's own, a view of the catalog) that may be sent along with a query."""
_TEXTS = ("string", "char", "var_char", "null")


@dataclass(frozen=True, slots=True)
class Bound:
    """SQL with everything it reads: `sent` are the relations whose rows go along with it."""

    sql: str
    sent: tuple[relations.Relation, ...] = ()

    def plan(self) -> connect.Plan:
        """As one relation to execute or to analyse."""
        return connect.Plan(root=self.relation())

    def relation(self) -> relations.Relation:
        root = relations.Relation(sql=relations.SQL(query=self.sql))
        if not self.sent:
            return root
        return relations.Relation(with_relations=relations.WithRelations(root=root, references=self.sent))


def bind(session: ConnectSession, sql: str, reads: Sequence[TableRead]) -> Bound:
    """`sql` with its relations in front, each column in the Spark type of its PostgreSQL type (`spark_type`).

    Raises UndefinedColumn for a column the version has not, FeatureNotSupported for what Spark cannot show, or what
    needs our library on a driver that is not ours.
    """
    if needs_library(sql) and not session.driver().has_library:
        raise FeatureNotSupported(
            "this query needs functions that the Spark driver of the cluster does not have",
            hint="Use a cluster whose driver Kadali runs, or SET kadali.cluster = embedded.",
        )
    if not reads:
        return Bound(sql)
    sent: list[relations.Relation] = []
    own = uuid4().hex  # names of rows sent along are the session's: queries at the same time must not share them
    shown = []
    for number, read in enumerate(reads):
        legs = list(_legs(session, read, f"kadali_{own}_{number}", sent))
        shown.append(f"{quote_name(read.view)} AS ({' UNION ALL '.join(legs) or _nothing(read)})")
    _check_size(sent)
    return Bound(with_common_tables(sql, shown), tuple(sent))


def delta_path(uri: str) -> str:
    """A table's location as Spark is to see it: a plain path of this machine, or s3a:// for s3://."""
    return unquote(urlsplit(uri).path) if uri.startswith("file://") else s3a(uri)


def delta_table(location: TableLocation) -> str:
    """A table at its version, as an item of FROM."""
    version = "" if location.version is None else f" VERSION AS OF {int(location.version)}"
    return f"delta.{quote_name(delta_path(location.uri))}{version}"


def _legs(session: ConnectSession, read: TableRead, alias: str, sent: list[relations.Relation]) -> Iterator[str]:
    """SELECTs whose union is the relation; rows to send are added to `sent`."""
    source = read.source
    if isinstance(source, DeltaSource):
        yield _delta(session, read, source)
    elif isinstance(source, ArrowSource):
        if source.table.num_columns != len(read.columns):
            raise InternalError(f"a relation has {source.table.num_columns} columns, not {len(read.columns)}")
        sent.append(_sent(source.table, alias))
        yield _select(read, [quote_name(f"c{i}") for i in range(len(read.columns))], quote_name(alias))
    else:
        if source.base is not None:
            yield _delta(session, read, source.base)
        rows = _staged_rows(read, source)
        if rows is not None and rows.num_rows:
            sent.append(_sent(rows, alias))
            yield _select(read, [quote_name(f"c{i}") for i in range(len(read.columns))], quote_name(alias))


def _delta(session: ConnectSession, read: TableRead, source: DeltaSource) -> str:
    table = delta_table(source.location)
    stored = None
    if source.absent_as_null or any(pg.oid in (JSON.oid, JSONB.oid) for _, pg in read.columns):
        stored = _stored_kinds(session, table)
    columns = []
    for name, pg in read.columns:
        if stored is None or name in stored:
            if stored is not None and pg.oid in (JSON.oid, JSONB.oid) and stored[name] not in _TEXTS:
                raise FeatureNotSupported(
                    f'column "{name}" of relation "{read.name.name}" holds nested data: not supported on Spark',
                    hint="SET kadali.cluster = embedded",
                )
            columns.append(quote_name(name))
        elif source.absent_as_null:
            columns.append("NULL")
        else:
            version = source.location.version
            raise UndefinedColumn(f'column "{name}" of relation "{read.name.name}" does not exist in version {version}')
    return _select(read, columns, table)


def _stored_kinds(session: ConnectSession, table: str) -> dict[str, str]:
    """The kind of type (as the protocol calls it) of each column of a table at one version."""
    plan = Bound(f"SELECT * FROM {table}").plan()
    schema = session.schema(table, plan)
    return {item.name: item.data_type.WhichOneof("kind") or "" for item in schema.struct.fields}


def _select(read: TableRead, columns: Sequence[str], source: str) -> str:
    shown = ", ".join(
        f"{_shown(column, pg)} AS {quote_name(name)}" for column, (name, pg) in zip(columns, read.columns, strict=True)
    )
    return f"SELECT {shown or '1 AS `?column?`'} FROM {source}"


def _shown(column: str, pg: PgType) -> str:
    """A stored column in the Spark type of its PostgreSQL type."""
    if pg.oid == NUMERIC.oid and precision_scale(pg) is None and column != "NULL":
        return column
    length = char_length(pg)
    if pg.oid == BPCHAR.oid and length is not None:  # other writers store char(n) without its padding
        text = f"CAST({column} AS STRING)"
        return f"CASE WHEN char_length({text}) < {length} THEN rpad({text}, {length}, ' ') ELSE {text} END"
    return f"CAST({column} AS {spark_type(pg)})"


def _nothing(read: TableRead) -> str:
    """A relation without rows."""
    shown = ", ".join(f"CAST(NULL AS {spark_type(pg)}) AS {quote_name(name)}" for name, pg in read.columns)
    return f"SELECT {shown or '1 AS `?column?`'} WHERE false"


def _staged_rows(read: TableRead, source: StagedSource) -> pa.Table | None:
    """The open transaction's own rows, by the read's columns."""
    tables: list[pa.Table] = []
    size = 0
    for table in _staged_tables(source, [name for name, _ in read.columns]):
        size += table.nbytes
        if size > SENT_BYTES_MAX:
            raise _too_many_rows()
        tables.append(table)
    if not tables:
        return None
    return pa.concat_tables([table.cast(tables[0].schema) for table in tables])


def _staged_tables(source: StagedSource, names: list[str]) -> Iterator[pa.Table]:
    """Part by part: what has been spilled may be larger than memory."""
    for path in source.files:
        for batch in batches_of(path):
            yield pa.Table.from_batches([batch]).select(names)
    if source.rows is not None:
        yield source.rows.select(names)


def _sent(table: pa.Table, alias: str) -> relations.Relation:
    """Rows as a relation that SQL calls `alias`, its columns c0, c1, ..."""
    columns = [_sendable(column) for column in table.columns]
    named = pa.table(columns, names=[f"c{i}" for i in range(len(columns))])
    if table.num_columns == 0:  # rows without columns
        named = pa.table({"c0": pa.nulls(table.num_rows, pa.int32())})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, named.schema) as writer:
        writer.write_table(named)
    local = relations.Relation(local_relation=relations.LocalRelation(data=sink.getvalue().to_pybytes()))
    return relations.Relation(subquery_alias=relations.SubqueryAlias(input=local, alias=alias))


def _sendable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column in an Arrow type that Spark takes; raises FeatureNotSupported."""
    t, arrow = pa.types, column.type
    if t.is_dictionary(arrow):
        return _sendable(pa.chunked_array([chunk.dictionary_decode() for chunk in column.chunks], arrow.value_type))
    if t.is_fixed_size_binary(arrow) and arrow.byte_width == 16:
        return pa.chunked_array([uuid_text(chunk) for chunk in column.chunks], pa.string())
    if t.is_large_string(arrow) or t.is_string_view(arrow):
        return column.cast(pa.string())
    if t.is_large_binary(arrow) or t.is_binary_view(arrow):
        return column.cast(pa.binary())
    if t.is_time(arrow) or t.is_interval(arrow) or t.is_duration(arrow) or t.is_decimal256(arrow):
        raise FeatureNotSupported(
            "columns of time, interval or numeric of more than 38 digits are not supported on Spark"
        )
    return column


def _check_size(sent: Sequence[relations.Relation]) -> None:
    if sum(len(each.subquery_alias.input.local_relation.data) for each in sent) > SENT_BYTES_MAX:
        raise _too_many_rows()


def _too_many_rows() -> FeatureNotSupported:
    return FeatureNotSupported(
        "the open transaction has too many rows of its own for a query on Spark",
        hint="COMMIT first, or SET kadali.cluster = embedded.",
    )
