"""One plan under way on a driver: its messages in order, each once, over cuts of the network; stopped for certain."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from dataclasses import replace

import grpc

from catalog.errors import ConnectionFailure, QueryCanceled, SqlError
from engine.spark.client import ConnectClient, SessionKey, Stream
from engine.spark.errors import CANCELED, Told, told, translate
from engine.spark.progress import Watcher, progress_of
from engine.spark.proto import base_pb2 as connect

logger = logging.getLogger(__name__)

INTERRUPT_EVERY_S = 0.1
"""An interrupt that arrives before the driver has begun is lost: it is repeated until the driver says it has ended."""
INTERRUPT_FOR_S = 60.0
SETTLE_S = 3.0
"""An interrupt that arrives while Spark submits the first stages leaves them running: a job that nobody owns, under an
operation told as cancelled (Spark 4.2, adaptive execution). So it waits, this long at most, for tasks or rows.
"""
RECONNECT_S = 10.0
"""How long a stream that was cut is tried to be taken up again."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0
_STREAMS_MAX = 1000
"""Streams asked for to get one message."""
_State = connect.GetStatusResponse.OperationStatus
# an operation that has succeeded is told as "terminating" for ever by Spark 4.2
_OVER = {_State.OPERATION_STATE_SUCCEEDED, _State.OPERATION_STATE_FAILED, _State.OPERATION_STATE_CANCELLED}


class SessionLost(ConnectionFailure):
    """The driver does not know the session. `begun`: the statement may have run, or part of it."""

    def __init__(self, error: SqlError, *, begun: bool) -> None:
        super().__init__(error.message, detail=error.detail, hint=error.hint)
        self.begun = begun


class Cancelable:
    """Something whose execution can be canceled from anywhere, also before it has begun."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._canceled = False
        self._execution: Execution | None = None

    def cancel(self) -> None:
        """Returns at once; the operation is interrupted until the driver says that it has ended."""
        with self._lock:
            self._canceled = True
            execution = self._execution
        if execution is not None:
            execution.stop()

    def _begin(self, execution: Execution) -> Execution:
        """From here on `cancel` stops it; raises QueryCanceled if that was called before."""
        with self._lock:
            if self._canceled:
                raise QueryCanceled(CANCELED)
            self._execution = execution
        return execution


class Execution:
    """`next` is called by one thread at a time; `stop` from anywhere, any number of times.

    An error of the driver is raised as SqlError, once. After it, or the end, the driver keeps nothing of the operation.
    """

    def __init__(
        self,
        client: ConnectClient,
        key: SessionKey,
        plan: connect.Plan,
        *,
        watch: Watcher | None = None,
        own_text: str | None = None,
        reconnect_s: float = RECONNECT_S,
    ) -> None:
        self.operation_id = str(uuid.uuid4())
        self._client, self._key, self._plan = client, key, plan
        self._watch, self._own_text, self._reconnect_s = watch, own_text, reconnect_s
        self._gate = threading.Lock()
        """Held to decide whether the plan is sent, or no more."""
        self._stopped, self._ended, self._settled = threading.Event(), threading.Event(), threading.Event()
        self._stopper: threading.Thread | None = None
        self._stream: Stream | None = None
        self._last: str | None = None
        self._tried_again = False

    @property
    def ended(self) -> bool:
        """The driver has answered to the end, or failed, or is known to have stopped."""
        return self._ended.is_set()

    def next(self) -> connect.ExecutePlanResponse | None:
        """The next message, progress left out; None at the end. Raises SqlError (57014 when stopped)."""
        while not self._ended.is_set():
            message = self._receive()
            if message is None or message.HasField("result_complete"):
                self._end()
                return None
            if message.HasField("arrow_batch") or message.execution_progress.num_inflight_tasks:
                self._settled.set()
            if message.HasField("execution_progress"):
                if self._watch is not None and message.execution_progress.stages:
                    self._watch(progress_of(message.execution_progress))
                continue
            return message
        return None

    def stop(self) -> None:
        """Returns at once; a thread interrupts the operation until the driver says that it has ended."""
        with self._gate:
            self._stopped.set()
            if self._stream is None or self._ended.is_set() or self._stopper is not None:
                return
            self._stopper = threading.Thread(target=self._interrupt, name="spark-cancel", daemon=True)
            self._stopper.start()

    def wait_stopped(self, timeout_s: float) -> bool:
        """After `stop`: whether the operation has ended within the time."""
        stopper = self._stopper
        if stopper is not None:
            stopper.join(timeout_s)
        return stopper is None or not stopper.is_alive()

    def _receive(self) -> connect.ExecutePlanResponse | None:
        """One message of the stream, taken up again after cuts until `reconnect_s` have passed without any."""
        cut_at: float | None = None
        pause_s = _FIRST_PAUSE_S
        for _ in range(_STREAMS_MAX):
            try:
                message = next(self._current())
            except StopIteration:
                self._again()  # the server ends long streams and expects to be asked for the rest
                continue
            except grpc.RpcError as error:
                what = told(error)
                self._give_up_unless_cut(what)
                now = time.monotonic()
                cut_at = cut_at or now
                if now + pause_s > cut_at + self._reconnect_s:
                    raise self._failed(what) from error
                self._stopped.wait(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
                self._again(anew=what.operation_gone)
                continue
            self._last = message.response_id or self._last
            return message
        self._end()
        raise ConnectionFailure("the Spark driver ends the stream of the statement again and again")

    def _current(self) -> Stream:
        with self._gate:
            if self._stopped.is_set():
                if self._stream is None:
                    self._ended.set()
                raise QueryCanceled(CANCELED)
            if self._stream is None:
                self._stream = self._client.execute(self._key, self.operation_id, self._plan)
            return self._stream

    def _again(self, *, anew: bool = False) -> None:
        """`anew`: the driver never got the plan."""
        with self._gate:
            if self._stopped.is_set():
                raise QueryCanceled(CANCELED)
            self._tried_again = True
            if anew:
                self._stream = self._client.execute(self._key, self.operation_id, self._plan)
            else:
                self._stream = self._client.reattach(self._key, self.operation_id, self._last)

    def _give_up_unless_cut(self, what: Told) -> None:
        if self._stopped.is_set():
            if not what.cut:
                self._end()
            raise QueryCanceled(CANCELED)
        if what.cut or (what.operation_gone and self._last is None):
            return
        raise self._failed(what)

    def _failed(self, what: Told) -> SqlError:
        what = self._with_cause(what)
        self._end()
        error = translate(what, own_text=self._own_text)
        if what.session_gone or isinstance(error, ConnectionFailure):
            begun = self._tried_again or self._last is not None or not what.session_gone
            return SessionLost(error, begun=begun)
        return error

    def _with_cause(self, what: Told) -> Told:
        """What made a task fail that writes rows: the error itself tells only that it failed."""
        if what.code != "TASK_WRITE_FAILED" or not what.error_id:
            return what
        try:
            details = self._client.error_details(self._key, what.error_id)
        except grpc.RpcError as error:
            logger.info("the cause of an error was not to be had: %s", error)
            return what
        for item in details.errors[1:]:
            if item.message and not item.message.startswith("[TASK_WRITE_FAILED]"):
                thrown = item.spark_throwable
                return replace(
                    what,
                    text=item.message,
                    code=thrown.error_class,
                    sqlstate="",
                    params=dict(thrown.message_parameters),
                )
        return what

    def _end(self) -> None:
        if self._ended.is_set():
            return
        self._ended.set()
        self._settled.set()
        self._client.release(self._key, self.operation_id)

    def _interrupt(self) -> None:
        """Until the driver says that the operation is over; then whoever reads the stream is told."""
        self._settled.wait(SETTLE_S)
        deadline = time.monotonic() + INTERRUPT_FOR_S
        while not self._ended.is_set() and time.monotonic() < deadline:
            try:
                running = self._client.interrupt(self._key, self.operation_id)
                states = self._client.states(self._key, (self.operation_id,))
            except grpc.RpcError as error:
                if told(error).session_gone:
                    break
                logger.info("an interrupt did not reach the driver, it is repeated: %s", error)
                running, states = True, {}
            state = states.get(self.operation_id)
            if state in _OVER or (state == _State.OPERATION_STATE_TERMINATING and not running):
                break
            self._ended.wait(INTERRUPT_EVERY_S)
        self._end()
        if self._stream is not None:
            self._stream.cancel()
