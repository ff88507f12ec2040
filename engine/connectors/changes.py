"""Changes as a source's log tells them, from whichever source: what connectors give and `engine.sync` applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from engine.connectors.model import Position, SourceTable

SEQ, OP, UNCHANGED, FROM_KEY = "__seq", "__op", "__unchanged", "__from_key"
"""Columns of `TableChanges.rows` beside the table's own."""
INSERT, UPDATE, DELETE, TRUNCATE = "i", "u", "d", "t"


@dataclass(frozen=True, slots=True)
class TableChanges:
    """What happened to one table, in order.

    `rows`: SEQ (int64, ascending), OP (string), the table's columns (canonical Arrow types), UNCHANGED (list<int16>:
    indexes of columns whose value the source did not send because it did not change; null: none) and FROM_KEY (struct
    of the key's columns: the row's key before, where the update changed it and UNCHANGED is not null; null otherwise).
    An update that changes the key comes as DELETE of the old key and INSERT of the new row. DELETE has the key's
    columns (without a key: all of them, if the source sends them), TRUNCATE none.
    """

    table: SourceTable
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Whole transactions of the source. `position` is behind the last of them; `schema_changed`: ids of tables whose
    columns are others from here on (their `TableChanges` have the new ones, changes before are in an earlier set).
    """

    tables: Mapping[str, TableChanges]
    """By `SourceTable.id`."""
    position: Position
    transactions: int
    schema_changed: frozenset[str] = field(default_factory=frozenset)


class ChangeStream(Protocol):
    """Used by one thread; `cancel` by any. All raise SqlError: 55000 if the source no longer has what comes next."""

    def next(self, max_rows: int, wait_s: float) -> ChangeSet | None:
        """The next transactions, up to about `max_rows` rows; None if there are none within `wait_s`. A transaction is
        never split; one that is larger than memory lies on disk until it is taken.
        """
        ...

    def confirm(self, position: Position) -> None:
        """Everything up to here is in the targets: the source may forget it."""
        ...

    def lag_bytes(self) -> int:
        """How much of its log the source has written that is not confirmed."""
        ...

    def cancel(self) -> None: ...

    def close(self) -> None:
        """The connection goes; slot and publication stay."""
        ...
