"""A session's transaction: PostgreSQL's states over staged Delta writes, settings and catalog changes.

Statements outside BEGIN run in an implicit transaction that ends with the message cycle (Sync, or the end of a simple
Query), as in PostgreSQL: several INSERTs of one pipeline are one commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from uuid import uuid4

from catalog.errors import InFailedSqlTransaction, InvalidSavepoint, NoActiveSqlTransaction
from catalog.names import TableName
from engine.base import Notice
from engine.delta.transaction import DeltaTransaction


class TransactionState(Enum):
    """The value is ReadyForQuery's status byte."""

    IDLE = "I"
    OPEN = "T"
    FAILED = "E"


@dataclass(slots=True)
class Savepoint:
    """Where to come back to: how much there was to undo, and to do after a commit."""

    name: str
    undo_length: int
    commit_length: int


@dataclass(slots=True)
class Transaction:
    """One session's; reused from transaction to transaction. Not for several threads at once."""

    new_delta: Callable[[], DeltaTransaction]
    state: TransactionState = TransactionState.IDLE
    started_at: datetime | None = None
    """now() of the transaction: set by its first statement."""
    several: bool = False
    """Set by the door while it runs a query string of several statements: PostgreSQL's implicit transaction block."""
    alone: bool = False
    """Set by the door while it runs a statement behind which the implicit transaction ends for certain."""
    queried: bool = False
    """Whether a statement other than those on the session has run: PostgreSQL's "first snapshot"."""
    committed: Callable[[tuple[tuple[TableName, int], ...]], None] | None = None
    """Told after each commit which Delta tables have which new version."""
    deferred: dict[TableName, Callable[[], None]] = field(default_factory=dict)
    """Tables with a change by predicate: how to compute it at once, should the transaction read or write them again."""
    altered: dict[str, set[int]] = field(default_factory=dict)
    """Delta versions that definitions of this transaction have made already, by location."""
    id: str = ""
    """Names the transaction in the catalog once it has created something (see Relation.pending)."""
    _delta: DeltaTransaction | None = None
    _savepoints: list[Savepoint] = field(default_factory=list)
    _undo: list[tuple[Callable[[], None], bool]] = field(default_factory=list)
    _before_commit: list[Callable[[], None]] = field(default_factory=list)
    _on_commit: list[Callable[[], None]] = field(default_factory=list)
    _on_end: list[Callable[[bool], None]] = field(default_factory=list)
    """Told, for the life of the session, that a transaction has ended: True for committed."""

    @property
    def in_block(self) -> bool:
        return self.state is not TransactionState.IDLE

    @property
    def in_any_block(self) -> bool:
        """Whether SET LOCAL and cursors make sense: in a block, or among several statements of one query string."""
        return self.in_block or self.several

    @property
    def delta(self) -> DeltaTransaction:
        """The staged Delta writes and pinned versions of this transaction."""
        if self._delta is None:
            self._delta = self.new_delta()
        return self._delta

    @property
    def has_written(self) -> bool:
        return any(writes for _, writes in self._undo) or (self._delta is not None and bool(self._delta.changed))

    def name(self) -> str:
        """This transaction's id in the catalog, made when first asked for."""
        if not self.id:
            self.id = uuid4().hex
        return self.id

    def settle_deferred(self, name: TableName) -> None:
        """Before a table is read or written again: its change by predicate becomes a content that can be read."""
        compute = self.deferred.pop(name, None)
        if compute is not None:
            compute()

    @property
    def has_savepoints(self) -> bool:
        return bool(self._savepoints)

    def touch(self) -> datetime:
        """The transaction's now(): begins the (implicit) transaction with the first statement."""
        if self.started_at is None:
            self.started_at = datetime.now(UTC)
        return self.started_at

    def undo_with(self, action: Callable[[], None], *, writes: bool = True) -> None:
        """Register how to take back a change made already, should the transaction roll back.

        `writes` False: the change is the session's own (a setting, a cursor), which leaves R7's actions allowed.
        """
        self._undo.append((action, writes))

    def after_commit(self, action: Callable[[], None]) -> None:
        """Have `action` run once the transaction has committed (drop files, delete a location)."""
        self._on_commit.append(action)

    def before_commit(self, action: Callable[[], None]) -> None:
        """Have `action` run, for the life of the session, before each commit; its error aborts the transaction."""
        self._before_commit.append(action)

    def at_end(self, action: Callable[[bool], None]) -> None:
        self._on_end.append(action)

    def begin(self) -> list[Notice]:
        self.touch()
        if self.in_block:
            return [Notice("WARNING", "there is already a transaction in progress", "25001")]
        self.state = TransactionState.OPEN
        return []

    def fail(self) -> None:
        """A statement failed: inside a block everything but ROLLBACK is refused from here; outside, undo at once.

        As in PostgreSQL, what can be undone is so at once, back to the last savepoint: settings, cursors, definitions.
        """
        if self.in_block:
            self.state = TransactionState.FAILED
            self._undo_to(self._savepoints[-1].undo_length if self._savepoints else 0)
        else:
            self._end(committed=False)

    def abandon(self) -> None:
        """Roll the open block back at once; as after a failure, all is refused until somebody ends it."""
        self._end(committed=False)
        self.state = TransactionState.FAILED

    def check_usable(self) -> None:
        if self.state is TransactionState.FAILED:
            raise InFailedSqlTransaction(
                "current transaction is aborted, commands ignored until end of transaction block"
            )

    def end_implicit(self) -> None:
        """The message cycle is over: commit what ran outside a block. Raises SqlError if the commit fails."""
        if not self.in_block:
            self._commit()

    def commit(self) -> tuple[str, list[Notice]]:
        """COMMIT: the command tag (ROLLBACK if the transaction had failed) and notices."""
        if not self.in_block:
            self._commit()
            return "COMMIT", [Notice("WARNING", "there is no transaction in progress", "25P01")]
        if self.state is TransactionState.FAILED:
            return self.rollback()
        self.state = TransactionState.IDLE
        self._commit()
        return "COMMIT", []

    def rollback(self) -> tuple[str, list[Notice]]:
        notices = [] if self.in_block else [Notice("WARNING", "there is no transaction in progress", "25P01")]
        self.state = TransactionState.IDLE
        self._end(committed=False)
        return "ROLLBACK", notices

    def savepoint(self, name: str) -> None:
        self._require_block("SAVEPOINT")
        self.check_usable()
        self.delta.savepoint(self._level_name())
        self._savepoints.append(Savepoint(name, len(self._undo), len(self._on_commit)))

    def release(self, name: str) -> None:
        self._require_block("RELEASE SAVEPOINT")
        self.check_usable()
        index = self._find(name)
        self.delta.release(self._level_name(index))
        del self._savepoints[index:]

    def rollback_to(self, name: str) -> None:
        self._require_block("ROLLBACK TO SAVEPOINT")
        index = self._find(name)
        self.delta.rollback_to(self._level_name(index))
        self.deferred = {name: compute for name, compute in self.deferred.items() if name in self.delta.changed}
        self._undo_to(self._savepoints[index].undo_length)
        del self._on_commit[self._savepoints[index].commit_length :]
        del self._savepoints[index + 1 :]
        self.state = TransactionState.OPEN

    def _level_name(self, index: int | None = None) -> str:
        """Savepoints may share a name: to the Delta transaction each is known by its depth."""
        return f"level {len(self._savepoints) if index is None else index}"

    def _find(self, name: str) -> int:
        for index in range(len(self._savepoints) - 1, -1, -1):
            if self._savepoints[index].name == name:
                return index
        raise InvalidSavepoint(f'savepoint "{name}" does not exist')

    def _require_block(self, command: str) -> None:
        if not self.in_block:
            raise NoActiveSqlTransaction(f"{command} can only be used in transaction blocks")

    def _commit(self) -> None:
        try:
            for prepare in self._before_commit:
                prepare()
            versions = self._delta.commit() if self._delta is not None else ()
        except BaseException:
            self._end(committed=False)
            raise
        actions = self._on_commit[:]
        if versions and self.committed is not None:
            actions.append(partial(self.committed, versions))
        self._end(committed=True)
        _run_all(actions)

    def _end(self, *, committed: bool) -> None:
        told = [partial(action, committed) for action in self._on_end]
        if committed:
            _run_all([self._forget, *told])
        else:
            discard = [] if self._delta is None else [self._delta.rollback]
            _run_all([partial(self._undo_to, 0), *discard, self._forget, *told])

    def _forget(self) -> None:
        self._delta = None
        self.started_at = None
        self.queried = False
        self._savepoints.clear()
        self._undo.clear()
        self._on_commit.clear()
        self.deferred.clear()
        self.altered.clear()
        self.id = ""

    def _undo_to(self, length: int) -> None:
        due = [action for action, _ in reversed(self._undo[length:])]
        del self._undo[length:]
        _run_all(due)


def _run_all(actions: Sequence[Callable[[], None]]) -> None:
    """One after the other, whether or not those before it failed; what was raised last is raised at the end."""
    with ExitStack() as stack:
        for action in reversed(actions):
            stack.callback(action)
