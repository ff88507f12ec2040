"""Sessions of Flight clients: who came in by which token, their transactions, prepared statements; ended when unused.

Flight has no connections: a session is what a bearer token stands for, from the handshake to CloseSession or until
nobody has used it for long. Its statements run one at a time; rows are read beside them. A transaction begun by
BeginTransaction has a session of PostgreSQL's kind of its own: statements without its id commit by themselves.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from pyarrow import flight

from catalog.errors import (
    ConfigurationLimitExceeded,
    InvalidAuthorization,
    InvalidSqlStatementName,
    NoActiveSqlTransaction,
    QueryCanceled,
    TooManyConnections,
)
from catalog.principal import Principal
from engine.base import Param
from gateway.calls import CallRegister
from sql_extensions.session import Prepared, Session
from sql_extensions.transaction import TransactionState

PID_MAX = (1 << 31) - 1
TRANSACTIONS_MAX, PREPARED_MAX = 8, 1000
"""Of one session."""
EVICTABLE_S = 60.0
"""When there are too many sessions, the one unused the longest makes room, if it has been so for this long."""
TURN_S = 0.1
log = logging.getLogger(__name__)
OpenSession = Callable[[Principal, Mapping[str, str], int], Session]


@dataclass(slots=True, eq=False)
class PreparedStatement:
    """One made by CreatePreparedStatement; `rows` are the parameters bound last: one tuple for each execution.

    `bound`: prepared with the types of those, where they tell more than the text.
    """

    handle: bytes
    sql: str
    prepared: Prepared
    transaction: bytes
    numeric: str = "auto"
    rows: tuple[tuple[Param, ...], ...] = ((),)
    bound: Prepared | None = None


@dataclass(slots=True, eq=False)
class Core:
    """A session as statements see it, with the lock that makes its statements take turns."""

    session: Session
    lock: threading.Lock = field(default_factory=threading.Lock)
    used: float = field(default_factory=time.monotonic)
    """When its last statement ended."""

    @contextmanager
    def turn(self, context: flight.ServerCallContext) -> Iterator[Session]:
        """The session for oneself. Raises QueryCanceled if the client goes away while waiting."""
        while not self.lock.acquire(timeout=TURN_S):
            if context.is_cancelled():
                raise QueryCanceled("canceling statement due to user request")
        try:
            yield self.session
        finally:
            self.used = time.monotonic()
            self.lock.release()

    def abandon_if_idle(self) -> bool:
        """Roll back a transaction that has been idle for longer than idle_in_transaction_session_timeout, and refuse
        all that follows in it: True if it was. Nothing while a statement runs.
        """
        if not self.lock.acquire(blocking=False):
            return False
        try:
            transaction, limit = self.session.transaction, self.session.settings.idle_in_transaction_timeout_s
            late = limit is not None and time.monotonic() - self.used >= limit
            if not late or transaction.state is not TransactionState.OPEN:
                return False
            transaction.abandon()
            return True
        finally:
            self.lock.release()

    def close(self) -> None:
        """Roll back and let go; waits for a statement that runs. Blocking."""
        with self.lock:
            self.session.close()


class FlightSession:
    """What a token stands for. Safe for many threads."""

    def __init__(self, principal: Principal, pid: int, open_core: Callable[[Mapping[str, str]], Session]) -> None:
        self.principal, self.pid = principal, pid
        self.used = time.monotonic()
        self.busy = 0
        """Requests under way and answers still to be read."""
        self._open_core = open_core
        self._lock, self._counting = threading.Lock(), threading.Lock()
        self._core: Core | None = None
        self._transactions: dict[bytes, Core] = {}
        self._prepared: dict[bytes, PreparedStatement] = {}
        self._closed = False

    def touch(self) -> None:
        self.used = time.monotonic()

    def hold(self) -> None:
        """It is in use, until `release`: by a request, or an answer that waits or is read."""
        with self._counting:
            self.busy += 1

    def release(self) -> None:
        with self._counting:
            self.busy -= 1
        self.touch()

    @property
    def in_transaction(self) -> bool:
        return bool(self._transactions) or (self._core is not None and self._core.session.transaction.in_block)

    def core(self, transaction: bytes = b"") -> Core:
        """The session that statements of this transaction (b"": of none) run in. Raises SqlError."""
        with self._lock:
            self._check_open()
            if transaction:
                found = self._transactions.get(transaction)
                if found is None:
                    raise NoActiveSqlTransaction("there is no such transaction")
                return found
            if self._core is None:
                self._core = Core(self._open_core({}))
            return self._core

    def begin(self) -> tuple[bytes, Core]:
        """The id of a new transaction, and the session it runs in, with the settings now in force; BEGIN is still to
        be said. Raises ConfigurationLimitExceeded."""
        settings = self.core().session.settings.chosen()
        with self._lock:
            if len(self._transactions) >= TRANSACTIONS_MAX:
                raise ConfigurationLimitExceeded(f"a session has at most {TRANSACTIONS_MAX} transactions at once")
        core, handle = Core(self._open_core(settings)), secrets.token_bytes(16)
        with self._lock:
            self._transactions[handle] = core
        return handle, core

    def aside(self, settings: Mapping[str, str]) -> Core:
        """A session for one statement, begun with these settings. The caller closes it."""
        return Core(self._open_core(settings))

    def only_transaction(self) -> bytes:
        """The id of the one open transaction; b"" if there is none, or several."""
        with self._lock:
            return next(iter(self._transactions)) if len(self._transactions) == 1 else b""

    def end(self, transaction: bytes) -> Core:
        """Take a transaction out, to be committed or rolled back, and closed. Raises NoActiveSqlTransaction."""
        with self._lock:
            self._check_open()
            core = self._transactions.pop(transaction, None)
        if core is None:
            raise NoActiveSqlTransaction("there is no such transaction")
        return core

    def abandon_idle(self) -> None:
        """Roll back transactions that have been idle for too long. Blocking."""
        if self.busy:
            return
        with self._lock:
            cores = [*self._transactions.values(), *([] if self._core is None else [self._core])]
        for core in cores:
            if core.abandon_if_idle():
                log.info("transaction of %s rolled back: idle for too long", self.principal.user)

    def add_prepared(self, statement: PreparedStatement) -> None:
        """Raises ConfigurationLimitExceeded."""
        with self._lock:
            self._check_open()
            if len(self._prepared) >= PREPARED_MAX:
                raise ConfigurationLimitExceeded(
                    f"a session has at most {PREPARED_MAX} prepared statements", hint="Close those not needed."
                )
            self._prepared[statement.handle] = statement

    def prepared(self, handle: bytes) -> PreparedStatement:
        """Raises InvalidSqlStatementName (26000)."""
        with self._lock:
            found = self._prepared.get(handle)
        if found is None:
            raise InvalidSqlStatementName("the prepared statement does not exist")
        return found

    def drop_prepared(self, handle: bytes) -> None:
        with self._lock:
            self._prepared.pop(handle, None)

    def close(self) -> None:
        """Roll back and let go; waits for a statement that runs. Blocking."""
        with self._lock:
            self._closed = True
            cores = [*self._transactions.values(), *([self._core] if self._core is not None else [])]
            self._transactions.clear()
            self._prepared.clear()
            self._core = None
        with ExitStack() as closing:
            for core in cores:
                closing.callback(core.close)

    def _check_open(self) -> None:
        if self._closed:
            raise InvalidAuthorization("the session has ended")


class FlightSessions:
    """Sessions by token."""

    def __init__(self, open_session: OpenSession, calls: CallRegister, limit: int, idle_s: float) -> None:
        """`limit`: at most so many; `idle_s`: one unused for so long ends."""
        self._open_session, self._calls, self._limit, self._idle_s = open_session, calls, limit, idle_s
        self._lock = threading.Lock()
        self._by_token: dict[str, FlightSession] = {}

    def __len__(self) -> int:
        with self._lock:
            return len(self._by_token)

    def enter(self, principal: Principal) -> tuple[str, FlightSession]:
        """A new session and its token. Raises TooManyConnections (53300)."""
        leaving = None
        with self._lock:
            if len(self._by_token) >= self._limit:
                leaving = self._longest_unused()
            token, pid = secrets.token_urlsafe(32), secrets.randbelow(PID_MAX) + 1
            session = FlightSession(principal, pid, lambda settings: self._open_session(principal, settings, pid))
            self._by_token[token] = session
        self._calls.connected(pid, lambda: self.leave(token))
        self._calls.logged_in(pid, principal)
        if leaving is not None:
            self.leave(leaving)
        return token, session

    def find(self, token: str) -> FlightSession:
        """Raises InvalidAuthorization (28000) for one that is unknown, closed or expired."""
        with self._lock:
            session = self._by_token.get(token)
        if session is None:
            raise InvalidAuthorization("the token is not valid, or its session has ended", hint="Log in again.")
        session.touch()
        return session

    def leave(self, token: str) -> None:
        """End a session; nothing if there is none. Blocking."""
        with self._lock:
            session = self._by_token.pop(token, None)
        if session is not None:
            self._calls.disconnected(session.pid)
            for call in self._calls.running():
                if call.pid == session.pid:
                    call.cancel("user request")
            session.close()

    def leave_session(self, session: FlightSession) -> None:
        """`leave`, for one who has the session."""
        with self._lock:
            tokens = [token for token, one in self._by_token.items() if one is session]
        for token in tokens:
            self.leave(token)

    def pids(self) -> set[int]:
        """Of all sessions."""
        with self._lock:
            return {one.pid for one in self._by_token.values()}

    def expire(self) -> None:
        """End those that nobody has used for long, and transactions that are idle for too long."""
        now = time.monotonic()
        with self._lock:
            sessions = list(self._by_token.values())
            due = [token for token, one in self._by_token.items() if not one.busy and now - one.used > self._idle_s]
        for token in due:
            log.info("session unused for %g s: ended", self._idle_s)
            self.leave(token)
        for session in sessions:
            session.abandon_idle()

    def close(self) -> None:
        with self._lock:
            tokens = list(self._by_token)
        with ExitStack() as closing:
            for token in tokens:
                closing.callback(self.leave, token)

    def _longest_unused(self) -> str:
        now = time.monotonic()
        unused = [
            (one.used, token)
            for token, one in self._by_token.items()
            if not one.busy and not one.in_transaction and now - one.used >= EVICTABLE_S
        ]
        if not unused:
            raise TooManyConnections("sorry, too many clients already")
        return min(unused)[1]
