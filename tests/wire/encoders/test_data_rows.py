"""DataRows of every type, both formats, both paths, equal to PostgreSQL's byte for byte."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest

from engine.base import Field
from gateway.pgwire import rows as rows_module
from gateway.pgwire.rows import RowEncoder, Style
from tests.wire.encoders.oracle import Oracle, data_rows, messages_of
from tests.wire.encoders.samples import Sample, array_samples, plain_samples

PLAIN, ARRAYS = plain_samples(), array_samples()


def batch_of(samples: Sequence[Sample]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([s.array for s in samples], names=[s.name for s in samples])


def encoder_of(samples: Sequence[Sample], *, binary: bool, style: Style | None = None) -> RowEncoder:
    fields = [Field(s.name, s.pg) for s in samples]
    return RowEncoder(fields, [1 if binary else 0] * len(fields), style or Style())


def check(oracle: Oracle, samples: Sequence[Sample], *, binary: bool, style: Style | None = None) -> None:
    """Whole batch, small slices by the scalar path, odd slices by the vectorised path."""
    oracle.load("sample", samples)
    if style is not None:
        oracle.set(style)
    listed = ", ".join(f'"{s.name}"' for s in samples)
    wanted = data_rows(oracle.rows(f"SELECT {listed} FROM sample ORDER BY i", binary=binary))
    batch = batch_of(samples)
    for width in (batch.num_rows, 7, 77):
        got: list[bytes] = []
        encoder = encoder_of(samples, binary=binary, style=style)
        for start in range(0, batch.num_rows, width):
            got += messages_of(bytes(encoder.encode(batch.slice(start, width))))
        for row, (ours, theirs) in enumerate(zip(got, wanted, strict=True)):
            assert ours == theirs, f"row {row} in slices of {width}: {[s.texts[row] for s in samples]}"


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
@pytest.mark.parametrize("sample", [*PLAIN, *ARRAYS], ids=lambda s: s.name)
def test_one_type(oracle: Oracle, sample: Sample, binary: bool) -> None:
    check(oracle, [sample], binary=binary)


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_all_types_in_one_row(oracle: Oracle, binary: bool) -> None:
    check(oracle, [*PLAIN, *ARRAYS], binary=binary)


@pytest.mark.parametrize(
    "zone",
    [
        "Asia/Kolkata",
        "America/New_York",
        "Europe/London",
        "Africa/Monrovia",
        "UTC",
        "<+05>-05",
        "GMT-05:30",
        "Etc/GMT+3",
    ],
)
def test_time_zones(oracle: Oracle, zone: str) -> None:
    samples = [s for s in [*PLAIN, *ARRAYS] if s.name in ("tz", "a_tz")]
    check(oracle, samples, binary=False, style=Style(time_zone=zone))


STYLES = [
    Style(date_style=f"{kind}, {order}")
    for kind in ("ISO", "SQL", "Postgres", "German")
    for order in ("MDY", "DMY", "YMD")
] + [Style(interval_style=style) for style in ("postgres_verbose", "sql_standard", "iso_8601")]
STYLES += [Style(bytea_output="escape")] + [Style(extra_float_digits=digits) for digits in (-15, -3, 0, 3)]


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_other_settings(oracle: Oracle, style: Style) -> None:
    for zone in ("UTC", "America/New_York"):
        shown = Style(style.date_style, style.interval_style, zone, style.bytea_output, style.extra_float_digits)
        samples = [s for s in PLAIN if s.name in ("d", "ts", "tz", "iv", "by", "f4", "f8")]
        check(oracle, samples, binary=False, style=shown)
        oracle.connection.execute("RESET ALL")


def test_paths_are_both_used() -> None:
    assert 7 <= rows_module.SCALAR_ROWS_MAX < 77
