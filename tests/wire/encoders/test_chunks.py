"""How many rows are encoded at a time."""

from __future__ import annotations

import pyarrow as pa

from catalog import types as t
from engine.base import Field
from gateway.pgwire import rows
from gateway.pgwire.rows import ChunkRamp, RowEncoder, Style
from tests.wire.encoders.oracle import messages_of


def test_ramp_grows_to_its_last_step() -> None:
    ramp, seen = ChunkRamp(), []
    for _ in range(6):
        count = ramp.next_rows()
        seen.append(count)
        ramp.sent(count, count * 100)
    assert seen == [256, 1024, 4096, 8192, 8192, 8192]


def test_wide_rows_make_small_chunks() -> None:
    ramp = ChunkRamp(bytes_max=1 << 20)
    ramp.sent(256, 256 * 100_000)
    assert ramp.next_rows() == 10
    ramp.sent(1, 50 << 20)
    assert ramp.next_rows() == 1


def test_no_rows_and_no_columns() -> None:
    encoder = RowEncoder([Field("a", t.INT4)], [0], Style())
    assert bytes(encoder.encode(pa.record_batch({"a": pa.array([], pa.int32())}))) == b""
    none = RowEncoder([], [], Style())
    batch = pa.RecordBatch.from_arrays([pa.nulls(3)], names=["x"]).select([])
    assert len(messages_of(bytes(none.encode(batch)))) == batch.num_rows


def test_batches_that_would_overflow_a_join_are_halved(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    batch = pa.record_batch({"a": ["x" * 100] * 500})
    encoder = RowEncoder([Field("a", t.TEXT)], [0], Style())
    whole = bytes(encoder.encode(batch))
    monkeypatch.setattr(rows, "_JOIN_BYTES_MAX", 8 * 10_000)
    assert bytes(encoder.encode(batch)) == whole


def test_changing_schemas_are_noticed() -> None:
    encoder = RowEncoder([Field("a", t.NUMERIC)], [0], Style())
    first = bytes(encoder.encode(pa.record_batch({"a": ["1.50"]})))
    second = bytes(encoder.encode(pa.record_batch({"a": pa.array([1.5])})))
    assert first.endswith(b"1.50") and second.endswith(b"1.5")
