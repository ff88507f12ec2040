"""What a MERGE says, as data. How it is carried out is in `merging` and, on a cluster, in `native_rows`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sql_extensions.set_list import Assignments

MADE_TWICE = "MERGE command cannot affect row a second time"
MADE_TWICE_HINT = "Ensure that not more than one source row matches any one target row."


class Kind(Enum):
    """What a clause does with a row."""

    UPDATE = "update"
    DELETE = "delete"
    INSERT = "insert"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class When:
    """One clause. `values`: texts, None in them for DEFAULT; None: DEFAULT VALUES."""

    matched: bool
    condition: str | None
    kind: Kind
    assignments: Assignments = ()
    columns: tuple[str, ...] | None = None
    values: tuple[str | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """Texts as written; `prefix` is the WITH list, `source` all that stands between USING and ON."""

    prefix: str
    table: tuple[str, ...]
    table_at: int
    alias: str | None
    source: str
    on: str
    whens: tuple[When, ...]
