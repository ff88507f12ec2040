"""Rows of PostgreSQL's catalog as metadata commands send them, made while they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import pyarrow as pa

from gateway.flight.answers import Answer
from gateway.flight.errors import answering
from gateway.flight.statements import Request, Statements
from sql_extensions.call import Outcome

CATALOG = "pg_catalog.current_database()"
"""A session sees one catalog: its database."""
Turn = Callable[[pa.RecordBatch], Iterable[pa.RecordBatch]]


class CatalogRows(Iterator[pa.RecordBatch]):
    """What pyarrow pulls a command's rows through. It drops this when the client goes away, which ends the call."""

    def __init__(self, answer: Answer, turn: Turn) -> None:
        """`turn` makes the batches to send of one of the query's; it must not give any without rows."""
        self._answer, self._turn = answer, turn
        self._ready: Iterator[pa.RecordBatch] = iter(())

    def __next__(self) -> pa.RecordBatch:
        with answering():
            while (made := next(self._ready, None)) is None:
                batch = self._answer.next_batch()
                if batch is None:
                    break
                self._ready = iter(self._turn(batch))
        if made is None:
            raise StopIteration
        return made

    def __del__(self) -> None:
        self._answer.settle(Outcome.ABANDONED)  # nothing, if it was read to its end


def catalog_rows(
    request: Request,
    statements: Statements,
    sql: str,
    values: Sequence[str],
    schema: pa.Schema,
    turn: Turn | None = None,
) -> CatalogRows:
    """The query's rows; without `turn` its columns are those of `schema`, in order. Runs it; raises SqlError."""
    return CatalogRows(statements.catalog(request, sql, values), turn or (lambda batch: [_as(batch, schema)]))


def _as(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
