"""The rows an UPDATE is about: computed once, with all others, and told apart by a mark.

One pass for the count, RETURNING and the new content, so that all three agree whatever the expressions are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from catalog.errors import FeatureNotSupported
from engine.dialect.scanner import Token

_VOLATILE = frozenset("RANDOM RANDOM_NORMAL CLOCK_TIMESTAMP TIMEOFDAY GEN_RANDOM_UUID NEXTVAL SETSEED".split())


class MarkedRows:
    """Rows whose last column, a boolean, marks those concerned. Read once, by `all_rows`.

    `keep`: collect the marked rows, for RETURNING.
    """

    def __init__(self, reader: pa.RecordBatchReader, *, keep: bool) -> None:
        self.count = 0
        """Marked rows among those read so far."""
        self._reader, self._keep = reader, keep
        self._schema = reader.schema.remove(len(reader.schema) - 1)
        self._kept: list[pa.RecordBatch] = []

    def all_rows(self) -> pa.RecordBatchReader:
        """Every row, without the mark."""
        return pa.RecordBatchReader.from_batches(self._schema, self._without_mark())

    def marked(self) -> pa.Table:
        """The marked rows, once all have been read (with `keep`)."""
        return pa.Table.from_batches(self._kept, self._schema)

    def _without_mark(self) -> Iterator[pa.RecordBatch]:
        for batch in self._reader:
            mark = batch.column(batch.num_columns - 1)
            rows = pa.RecordBatch.from_arrays(batch.columns[:-1], schema=self._schema)
            self.count += mark.true_count
            if self._keep and mark.true_count:
                self._kept.append(rows.filter(mark))
            yield rows


def refuse_volatile(tokens: Sequence[Token], command: str) -> None:
    """The condition may be evaluated for the count first and for the rows then: it must not change in between."""
    for token in tokens:
        if token.word in _VOLATILE:
            raise FeatureNotSupported(
                f"{token.text}() in the condition of {command} is not supported", position=token.start + 1
            )
