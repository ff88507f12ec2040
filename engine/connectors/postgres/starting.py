"""From where each table's changes count: behind a position, and not those that its snapshot has seen already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.errors import DataCorrupted
from engine.connectors.model import Position
from engine.connectors.postgres.replication import lsn_text, parse_lsn

_LSN, _SNAPSHOTS, _AHEAD = "lsn", "snapshots", "ahead"
_XID_BITS = 32
_NONE: frozenset[int] = frozenset()


def stream_position(
    lsn: int, snapshots: Mapping[str, tuple[str, int]] | None = None, ahead: Mapping[str, int] | None = None
) -> Position:
    """Behind the transactions that end at `lsn`. `snapshots`, by table: what was read of it (pg_current_snapshot) and
    a position behind all that it shows; `ahead`: of tables that are further than `lsn`.
    """
    position: dict[str, Any] = {_LSN: lsn_text(lsn)}
    if ahead:
        position[_AHEAD] = {table: lsn_text(further) for table, further in ahead.items()}
    if snapshots:
        position[_SNAPSHOTS] = {table: [text, lsn_text(until)] for table, (text, until) in snapshots.items()}
    return position


def position_number(position: Position) -> int:
    """How far a position of a stream is, as a number that grows."""
    return parse_lsn(position[_LSN])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A pg_snapshot: `text` is xmin:xmax:xid,xid..."""

    text: str
    xmin: int
    xmax: int
    running: frozenset[int]

    def shows(self, xid: int) -> bool:
        """What pg_visible_in_snapshot says of a transaction that committed; of `xid` the lower 32 bits are told."""
        near = self.xmax & -(1 << _XID_BITS) | xid
        half = 1 << (_XID_BITS - 1)
        full = near - (1 << _XID_BITS) if near - self.xmax > half else near
        full = near + (1 << _XID_BITS) if self.xmax - near > half else full
        return full < self.xmin or (full < self.xmax and full not in self.running)


def parse_snapshot(text: str) -> Snapshot:
    xmin, xmax, running = text.split(":")
    return Snapshot(text, int(xmin), int(xmax), frozenset(int(xid) for xid in running.split(",") if xid))


class Starts:
    """Of the tables of one stream, by id. Raises DataCorrupted for a position that is not one of a stream."""

    def __init__(self, positions: Mapping[str, Position]) -> None:
        try:
            lsns = {
                table: parse_lsn(position.get(_AHEAD, {}).get(table, position[_LSN]))
                for table, position in positions.items()
            }
            self._snapshots = {
                table: (parse_snapshot(text), parse_lsn(until))
                for table, position in positions.items()
                for text, until in _own(position, table)
            }
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataCorrupted(f"a position in the source's log cannot be read: {dict(positions)}") from error
        self._behind = dict(lsns)
        self.first_lsn = min(lsns.values(), default=0)

    def skipped(self, commit_lsn: int, xid: int) -> frozenset[int]:
        """The oids of tables to which a transaction is nothing new. Transactions come in the order of their commits."""
        if not self._behind and not self._snapshots:
            return _NONE
        self._behind = {table: lsn for table, lsn in self._behind.items() if commit_lsn < lsn}
        self._snapshots = {table: pair for table, pair in self._snapshots.items() if commit_lsn < pair[1]}
        seen = (table for table, (snapshot, _) in self._snapshots.items() if snapshot.shows(xid))
        return frozenset(int(table) for table in (*self._behind, *seen))

    def position(self, lsn: int) -> Position:
        """Behind what ends at `lsn`, for any of the tables."""
        pending = {t: (snapshot.text, until) for t, (snapshot, until) in self._snapshots.items() if lsn < until}
        return stream_position(
            lsn, pending, {table: further for table, further in self._behind.items() if lsn < further}
        )


def _own(position: Position, table: str) -> Sequence[Sequence[str]]:
    found = position.get(_SNAPSHOTS, {}).get(table)
    return [] if found is None else [found]
