"""Columns made canonical: round trips of generated data, slices, NULLs; many queries and cancels at once."""

from __future__ import annotations

import random
import threading
import time
import uuid

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import NumericValueOutOfRange, QueryCanceled
from catalog.types import FLOAT4, INT4, INT8, TEXT, UUID, PgType, array_of, numeric
from engine.base import Field
from engine.conform import Conformer, uuid_bytes
from engine.delta.rows import uuid_text
from engine.embedded.engine import EmbeddedEngine
from tests.engines.engine_queries import ask, query, rows

UUIDS = st.lists(st.none() | st.uuids(), max_size=20)


@given(values=UUIDS, start=st.integers(0, 5))
def test_uuid_both_ways(values: list[uuid.UUID | None], start: int) -> None:
    texts = pa.array([None if v is None else str(v) for v in values], pa.string()).slice(start)
    packed = uuid_bytes(texts)
    assert packed.to_pylist() == [None if v is None else v.bytes for v in values[start:]]
    assert uuid_text(packed).to_pylist() == texts.to_pylist()
    packed.validate(full=True)
    uuid_text(packed).validate(full=True)


@given(values=st.lists(st.none() | UUIDS, max_size=8), start=st.integers(0, 3))
@settings(max_examples=50)
def test_lists_of_uuids(values: list[list[uuid.UUID | None] | None], start: int) -> None:
    texts = [None if v is None else [None if u is None else str(u) for u in v] for v in values]
    column = pa.array(texts, pa.list_(pa.string())).slice(start)
    conform = Conformer(pa.schema([("x", column.type)]), [Field("x", array_of(UUID))])
    done = conform(pa.record_batch([column], names=["x"])).column(0)
    done.validate(full=True)
    expected = [None if v is None else [None if u is None else u.bytes for u in v] for v in values]
    assert done.to_pylist() == expected[start:]


@pytest.mark.parametrize(
    ("column", "pg"),
    [
        (pa.array([2**31], pa.int64()), INT4),
        (pa.array([10**30], pa.decimal128(38, 0)), INT8),
        (pa.array([1e39], pa.float64()), FLOAT4),
        (pa.array([[2**40]], pa.list_(pa.int64())), array_of(INT4)),
        (pa.array(["1e3x"]), numeric(5, 2)),
    ],
)
def test_what_does_not_fit(column: pa.Array, pg: PgType) -> None:
    conform = Conformer(pa.schema([("x", column.type)]), [Field("x", pg)])
    with pytest.raises(NumericValueOutOfRange):
        conform(pa.record_batch([column], names=["x"]))


def test_infinite_float_stays(engine: EmbeddedEngine) -> None:
    assert rows(ask(engine, "SELECT CAST('inf' AS DOUBLE)", [FLOAT4])) == [(float("inf"),)]


def test_queries_and_cancels_at_random(engine: EmbeddedEngine) -> None:
    """Each query ends in time with its rows or with 57014, however the cancel falls."""
    dice = random.Random(7)
    outcomes: list[str] = []
    lock = threading.Lock()

    def work(delays: list[float]) -> None:
        for delay in delays:
            running = engine.start(query("SELECT i, CAST(i AS VARCHAR) FROM range(400000) t(i)", [INT8, TEXT]))
            timer = threading.Timer(delay, running.cancel)
            timer.start()
            try:
                outcome = "all" if running.result().reader.read_all().num_rows == 400_000 else "some"
            except QueryCanceled:
                outcome = "canceled"
            timer.join()
            with lock:
                outcomes.append(outcome)

    threads = [threading.Thread(target=work, args=([dice.uniform(0, 0.15) for _ in range(12)],)) for _ in range(6)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert time.monotonic() - started < 60
    assert len(outcomes) == 72
    assert "some" not in outcomes
    assert "canceled" in outcomes
    assert rows(ask(engine, "SELECT 1", [INT8])) == [(1,)]
    assert not [thread for thread in threading.enumerate() if thread.name == "embedded-cancel" and thread.is_alive()]
