"""What a session gives to its shadow and gets from it, as plain data: parameters, descriptions, answers."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.shadow.channel import ShadowNotice
from catalog.shadow.rows import RowBlocks
from catalog.types import PgType


@dataclass(frozen=True, slots=True)
class DescribedColumn:
    """A column as RowDescription tells it; `table_oid` and `attnum` are 0 for an expression."""

    name: str
    type: PgType
    table_oid: int = 0
    attnum: int = 0


@dataclass(frozen=True, slots=True)
class Described:
    """`columns` None: the statement returns no rows."""

    param_oids: tuple[int, ...]
    columns: tuple[DescribedColumn, ...] | None


@dataclass(frozen=True, slots=True)
class ShadowParam:
    """A bound parameter as it came over the wire: `data` None is NULL."""

    type_oid: int
    data: bytes | None
    binary: bool = False


@dataclass(frozen=True, slots=True)
class ShadowResult:
    """An answer. `rows` (None: no rows) are read from the server as they are asked for.

    `tag` is complete for statements without rows; with rows it is known when they are read: `rows.tag`.
    """

    columns: tuple[DescribedColumn, ...] | None
    binary: tuple[bool, ...]
    tag: str
    rows: RowBlocks | None
    notices: list[ShadowNotice]
