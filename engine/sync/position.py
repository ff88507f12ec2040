"""How far a sync has come, kept in the target's Delta log: in the same commit as the rows that it is behind.

A commit carries a `txn` action (application id and number), by which a replay is known, and the position as JSON in
userMetadata, the one place that every writer of Delta has.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from deltalake import CommitProperties, DeltaTable, Transaction

from catalog.errors import DataCorrupted, InvalidParameterValue, ObjectNotInPrerequisiteState
from engine.connectors.model import Position
from engine.delta.errors import delta_errors
from engine.delta.log import last_of_application
from engine.delta.snapshot import has_log, open_table
from engine.delta.table import CommitInfo, noted_by_spark
from engine.storage.storage import LOCAL, Storage

_NUMBER_MAX = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Step:
    """One commit of a sync: behind it the source is read from `position`.

    `sync` names the sync in the target's log for as long as it exists. `number` grows from step to step: where the
    source has numbers of its own (a log's) it is that one, else the step's own (`next_step`).
    """

    sync: str
    number: int
    position: Position

    def __post_init__(self) -> None:
        """Raises InvalidParameterValue for a number that Delta cannot hold."""
        if not 0 <= self.number <= _NUMBER_MAX:
            raise InvalidParameterValue(f"number {self.number} of a sync's step is out of range")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a target's log has of a sync: its last step, and the table's version that it made."""

    number: int
    position: Position
    version: int


def read_mark(uri: str, sync: str, storage: Storage = LOCAL) -> Mark | None:
    """Where the sync stands; None if there is no table, or nothing of the sync in it.

    Raises ObjectNotInPrerequisiteState (55000) if the log knows that there was a step, but its entry is gone (log
    clean-up, after weeks without one): only reading everything again can go on from there.
    """
    if not has_log(storage.place(uri), storage):
        return None
    number = number_of(open_table(uri, None, storage), sync)
    if number is None:
        return None
    commit = last_of_application(uri, sync, storage)
    if commit is None:
        raise ObjectNotInPrerequisiteState(
            "the position of the sync is no longer in the log of its table",
            detail="The log has been cleaned up since the sync last ran.",
            hint="RESYNC the table.",
        )
    return Mark(number, _position(noted_by_spark(commit.info).get("userMetadata"), sync), commit.version)


def next_step(sync: str, mark: Mark | None, position: Position) -> Step:
    """The step after `mark`, for sources without numbers of their own. Of two that start from one mark, one counts."""
    return Step(sync, 1 if mark is None else mark.number + 1, position)


def number_of(table: DeltaTable, sync: str) -> int | None:
    """The number of the sync's last step in this version of the table."""
    with delta_errors():
        found = table.transaction_version(sync)
    return None if found is None else int(found)


def is_done(table: DeltaTable, step: Step) -> bool:
    """Whether this version has the step, or a later one. Delta itself refuses neither."""
    number = number_of(table, step.sync)
    return number is not None and number >= step.number


def properties(commit: CommitInfo, step: Step) -> CommitProperties:
    """Of the commit that takes the step. Another commit with the sync's name, made meanwhile, makes it fail (40001)."""
    told: dict[str, object] = {"sync": step.sync, "position": dict(step.position)}
    if commit.metadata is not None:
        told["note"] = commit.metadata
    made = replace(commit, metadata=json.dumps(told)).properties()
    return CommitProperties(
        custom_metadata=made.custom_metadata, app_transactions=[Transaction(step.sync, step.number)]
    )


def commit_alone(table: DeltaTable, commit: CommitInfo, step: Step) -> None:
    """Take the step without any rows, through the handle that was asked whether it is done."""
    with delta_errors():
        table.create_write_transaction([], "append", table.schema(), [], commit_properties=properties(commit, step))
        table.update_incremental()


def _position(metadata: object, sync: str) -> Position:
    try:
        told = json.loads(metadata) if isinstance(metadata, str) else None
    except ValueError:
        told = None
    position = told.get("position") if isinstance(told, dict) and told.get("sync") == sync else None
    if not isinstance(position, dict):
        raise DataCorrupted("a commit of the sync in its table's log does not tell the position")
    return position
