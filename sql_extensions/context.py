"""What a statement is given to run with."""

from __future__ import annotations

from dataclasses import dataclass

from engine.delta.table import CommitInfo
from sql_extensions.call import Call
from sql_extensions.session import Session
from sql_extensions.statement import Statement


@dataclass(frozen=True, slots=True)
class Context:
    """One statement's surroundings. `statement` may be a part of `call.statement` (the query of an EXPLAIN or COPY)."""

    call: Call
    session: Session
    statement: Statement
    rights_checked: bool = False
    """The statement is generated from one whose rights PostgreSQL has checked as a whole: it is not asked again."""

    @property
    def commit(self) -> CommitInfo:
        """What a commit of the statement notes."""
        return CommitInfo(self.session.principal.user, self.call.id)
