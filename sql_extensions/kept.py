"""Queries that have been answered, as the engine had them, for kadali.flight_endpoint: their rows can be had once more.

Not the rows are kept but the engine's own query: with the versions of the tables it read, its parameters, and what
now(), current_user and their like were. Bounded in number, size and time; of this process only.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from catalog.errors import InsufficientPrivilege, ObjectNotInPrerequisiteState, UndefinedObject
from catalog.history import QueryState
from catalog.principal import Principal
from engine.base import DeltaSource, Field, Param, Query, Route
from sql_extensions.call import Call, Outcome

if TYPE_CHECKING:
    from sql_extensions.context import Context

KEPT_S, KEPT_MAX, BYTES_MAX = 3600.0, 1000, 64 << 10
"""For so long after its end, so many at most, none with more text and parameters than that."""
_OPEN = re.compile(r"random|uuid|\brand|shuffle|sample|clock|timeofday|\bnow\b|\bcurrent_|get_current|today|nextval")
"""What an engine's text has where two runs on the same versions may differ; where it is but a text, nothing is lost."""
_HINT = "Run the query again, or run it by Flight SQL."


@dataclass(frozen=True, slots=True)
class Answered:
    """A query as it went to its engine. `sql`, `params` and `settings` (by name) are those of the user."""

    sql: str
    params: tuple[Param, ...]
    settings: Mapping[str, str]
    route: Route
    query: Query
    wide: Query | None
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """One that can be had by its `handle`, by `principal`, until `expires`."""

    id: str
    principal: Principal
    answered: Answered
    handle: bytes
    expires: datetime


class KeptQueries:
    """Those of one process. Safe for many threads."""

    def __init__(self) -> None:
        self.address: Callable[[bytes], tuple[bytes, str]] | None = None
        """Set by the door: a Flight ticket and a location for a handle."""
        self._lock = threading.Lock()
        self._by_id: OrderedDict[str, Kept] = OrderedDict()
        self._by_handle: dict[bytes, Kept] = {}

    def note(self, call: Call, outcome: Outcome) -> None:
        """An observer of calls: keeps those that have been answered to the end."""
        if outcome is not Outcome.DONE or call.answered is None or call.pinned is not None:
            return
        expires = datetime.now(UTC) + timedelta(seconds=KEPT_S)
        kept = Kept(call.id, call.principal, call.answered, secrets.token_bytes(16), expires)
        with self._lock:
            self._by_id[kept.id] = self._by_handle[kept.handle] = kept
            while len(self._by_id) > KEPT_MAX or next(iter(self._by_id.values())).expires < datetime.now(UTC):
                _, oldest = self._by_id.popitem(last=False)
                del self._by_handle[oldest.handle]

    def by_handle(self, handle: bytes, principal: Principal) -> Kept | None:
        """None for one that is unknown, has expired, or is another user's."""
        with self._lock:
            return _usable(self._by_handle.get(handle), principal)

    def by_id(self, query_id: str, principal: Principal) -> Kept | None:
        with self._lock:
            return _usable(self._by_id.get(query_id), principal)


def _usable(kept: Kept | None, principal: Principal) -> Kept | None:
    if kept is None or kept.expires < datetime.now(UTC):
        return None
    same = (kept.principal.tenant, kept.principal.user) == (principal.tenant, principal.user)
    return kept if same else None


def answered(context: Context, route: Route, query: Query, wide: Query | None) -> Answered | None:
    """The query that `context` has given to an engine; None if it cannot be had again as it was: it reads what is not
    a version of a table, has no one answer, or is too large.
    """
    call, settings = context.call, context.session.settings
    size = len(query.sql) + len(call.sql) + sum(len(param.data or b"") for param in call.params)
    pinned = all(isinstance(read.source, DeltaSource) for read in query.tables)
    if not pinned or size > BYTES_MAX or _OPEN.search(query.sql.lower()):
        return None
    return Answered(call.sql, call.params, settings.chosen(), route, query, wide, query.fields)


def endpoint(context: Context, query_id: str) -> tuple[bytes, str, datetime]:
    """Ticket, location and expiry of a query's rows. Raises UndefinedObject (42704), InsufficientPrivilege (42501),
    ObjectNotInPrerequisiteState (55000).
    """
    principal, tenant = context.session.principal, context.session.tenant
    kept = tenant.kept.by_id(query_id, principal)
    if kept is not None and tenant.kept.address is not None:
        return (*tenant.kept.address(kept.handle), kept.expires)
    call = tenant.calls.find(query_id)
    if call is not None and call.principal.tenant == tenant.name:
        user, state = call.principal.user, QueryState.RUNNING.value
    else:
        found = tenant.history.queries(tenant.name, query_id=query_id).to_pylist()
        if not found:
            raise UndefinedObject(f'query "{query_id}" does not exist')
        user, state = found[0]["user"], found[0]["state"]
    if user != principal.user:
        raise InsufficientPrivilege(f'permission denied for the result of query "{query_id}"')
    if state in (QueryState.QUEUED.value, QueryState.RUNNING.value):
        raise ObjectNotInPrerequisiteState(f'query "{query_id}" has not ended', hint="Read it to its end first.")
    raise ObjectNotInPrerequisiteState(
        f'the result of query "{query_id}" cannot be had again',
        detail=f"It has ended ({state}). Kept are queries of the last hour on tables, read to their end on this "
        "server, that have one answer: no random(), no changes of their own transaction, no catalog.",
        hint=_HINT,
    )
