"""TPC-H-shaped tables generated with numpy: the same bytes each time for the same scale, streamed in batches.

Keys, ranges and derived columns follow the specification's section 4.2; the random numbers are our own, so figures
differ from dbgen's. Scale factor 1 has about 6 million rows in lineitem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gateway.demo import words
from gateway.demo.columns import (
    cents,
    choose,
    dates,
    joined,
    numbered,
    phones,
    random_text,
    sentences,
)

Ints = npt.NDArray[np.int64]
CHUNK = 16_384
"""Rows of a batch (orders for lineitem); the numbers drawn depend on it."""
SEED = 20_260_103
EPOCH = date(1970, 1, 1)
FIRST_ORDER = (date(1992, 1, 1) - EPOCH).days
LAST_ORDER = (date(1998, 12, 31) - EPOCH).days - 151
TODAY = (date(1995, 6, 17) - EPOCH).days
"""The specification's CURRENTDATE: what shipped before it is finished."""

_MONEY = pa.decimal128(15, 2)
SCHEMAS: dict[str, pa.Schema] = {
    "region": pa.schema([("r_regionkey", pa.int32()), ("r_name", pa.string()), ("r_comment", pa.string())]),
    "nation": pa.schema(
        [("n_nationkey", pa.int32()), ("n_name", pa.string()), ("n_regionkey", pa.int32()), ("n_comment", pa.string())]
    ),
    "supplier": pa.schema(
        [
            ("s_suppkey", pa.int32()),
            ("s_name", pa.string()),
            ("s_address", pa.string()),
            ("s_nationkey", pa.int32()),
            ("s_phone", pa.string()),
            ("s_acctbal", _MONEY),
            ("s_comment", pa.string()),
        ]
    ),
    "customer": pa.schema(
        [
            ("c_custkey", pa.int32()),
            ("c_name", pa.string()),
            ("c_address", pa.string()),
            ("c_nationkey", pa.int32()),
            ("c_phone", pa.string()),
            ("c_acctbal", _MONEY),
            ("c_mktsegment", pa.string()),
            ("c_comment", pa.string()),
        ]
    ),
    "part": pa.schema(
        [
            ("p_partkey", pa.int32()),
            ("p_name", pa.string()),
            ("p_mfgr", pa.string()),
            ("p_brand", pa.string()),
            ("p_type", pa.string()),
            ("p_size", pa.int32()),
            ("p_container", pa.string()),
            ("p_retailprice", _MONEY),
            ("p_comment", pa.string()),
        ]
    ),
    "partsupp": pa.schema(
        [
            ("ps_partkey", pa.int32()),
            ("ps_suppkey", pa.int32()),
            ("ps_availqty", pa.int32()),
            ("ps_supplycost", _MONEY),
            ("ps_comment", pa.string()),
        ]
    ),
    "orders": pa.schema(
        [
            ("o_orderkey", pa.int64()),
            ("o_custkey", pa.int32()),
            ("o_orderstatus", pa.string()),
            ("o_totalprice", _MONEY),
            ("o_orderdate", pa.date32()),
            ("o_orderpriority", pa.string()),
            ("o_clerk", pa.string()),
            ("o_shippriority", pa.int32()),
            ("o_comment", pa.string()),
        ]
    ),
    "lineitem": pa.schema(
        [
            ("l_orderkey", pa.int64()),
            ("l_partkey", pa.int32()),
            ("l_suppkey", pa.int32()),
            ("l_linenumber", pa.int32()),
            ("l_quantity", _MONEY),
            ("l_extendedprice", _MONEY),
            ("l_discount", _MONEY),
            ("l_tax", _MONEY),
            ("l_returnflag", pa.string()),
            ("l_linestatus", pa.string()),
            ("l_shipdate", pa.date32()),
            ("l_commitdate", pa.date32()),
            ("l_receiptdate", pa.date32()),
            ("l_shipinstruct", pa.string()),
            ("l_shipmode", pa.string()),
            ("l_comment", pa.string()),
        ]
    ),
}
"""Columns of each table, in an order in which every foreign key points backwards."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows of the tables at a scale factor (at least what keeps the formulas sound)."""

    supplier: int
    customer: int
    part: int
    orders: int
    clerks: int


def sizes(scale: float) -> Sizes:
    """Raises ValueError unless 0 < scale <= 100."""
    if not 0 < scale <= 100:
        raise ValueError(f"scale {scale:g} is outside the valid range (0 .. 100)")
    supplier = max(8, round(10_000 * scale))
    customer = max(10, round(150_000 * scale))
    part = max(16, round(200_000 * scale))
    return Sizes(supplier, customer, part, customer * 10, max(1, round(1_000 * scale)))


def generate(scale: float) -> dict[str, pa.RecordBatchReader]:
    """A reader for each table of SCHEMAS, in that order; each can be read once, independently of the others."""
    size = sizes(scale)
    counts = {
        "region": len(words.REGIONS),
        "nation": len(words.NATIONS),
        "supplier": size.supplier,
        "customer": size.customer,
        "part": size.part,
        "partsupp": size.part,
        "orders": size.orders,
        "lineitem": size.orders,
    }
    return {name: _reader(name, size, counts[name]) for name in SCHEMAS}


def _reader(name: str, size: Sizes, count: int) -> pa.RecordBatchReader:
    schema, columns = SCHEMAS[name], _TABLES[name]
    stream = "orders" if name == "lineitem" else name

    def batches() -> Iterator[pa.RecordBatch]:
        for number, first in enumerate(range(0, count, CHUNK)):
            random = np.random.default_rng([SEED, list(SCHEMAS).index(stream), number])
            keys = np.arange(first, min(first + CHUNK, count), dtype=np.int64) + 1
            arrays = columns(keys, size, random)
            yield pa.record_batch([array.cast(kind.type) for array, kind in zip(arrays, schema, strict=True)], schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _region(keys: Ints, size: Sizes, random: np.random.Generator) -> list[pa.Array]:
    return [pa.array(keys - 1), pa.array(words.REGIONS), sentences(random, len(keys), 31, 115)]


def _nation(keys: Ints, size: Sizes, random: np.random.Generator) -> list[pa.Array]:
    names, regions = zip(*words.NATIONS, strict=True)
    return [pa.array(keys - 1), pa.array(names), pa.array(regions), sentences(random, len(keys), 31, 114)]


def _supplier(keys: Ints, size: Sizes, random: np.random.Generator) -> list[pa.Array]:
    nations = random.integers(0, len(words.NATIONS), len(keys))
    comments = sentences(random, len(keys), 25, 100).to_pylist()
    for place in np.flatnonzero(keys % 199 == 7):
        verdict = "Complaints" if keys[place] % 2 else "Recommends"
        comments[place] = f"{comments[place][:20]} Customer {comments[place][20:40]} {verdict}"[:101]
    return [
        pa.array(keys),
        numbered("Supplier#", keys),
        random_text(random, len(keys), 10, 40),
        pa.array(nations),
        phones(random, nations),
        cents(random.integers(-99_999, 999_999, len(keys), endpoint=True)),
        pa.array(comments),
    ]


def _customer(keys: Ints, size: Sizes, random: np.random.Generator) -> list[pa.Array]:
    nations = random.integers(0, len(words.NATIONS), len(keys))
    return [
        pa.array(keys),
        numbered("Customer#", keys),
        random_text(random, len(keys), 10, 40),
        pa.array(nations),
        phones(random, nations),
        cents(random.integers(-99_999, 999_999, len(keys), endpoint=True)),
        choose(random, words.SEGMENTS, len(keys)),
        sentences(random, len(keys), 29, 116),
    ]


def _part(keys: Ints, size: Sizes, random: np.random.Generator) -> list[pa.Array]:
    n = len(keys)
    colors = random.permuted(np.tile(np.arange(len(words.COLORS)), (n, 1)), axis=1)[:, :5]
    palette = pa.array(words.COLORS)
    maker = random.integers(1, 6, n)
    brand = maker * 10 + random.integers(1, 6, n)
    return [
        pa.array(keys),
        joined(" ", *(palette.take(pa.array(colors[:, place])) for place in range(5))),
        joined("", pa.array(["Manufacturer#"] * n), pa.array(maker).cast(pa.string())),
        joined("", pa.array(["Brand#"] * n), pa.array(brand).cast(pa.string())),
        joined(" ", *(choose(random, syllables, n) for syllables in words.TYPES)),
        pa.array(random.integers(1, 51, n)),
        joined(" ", *(choose(random, syllables, n) for syllables in words.CONTAINERS)),
        cents(_retail_cents(keys)),
        sentences(random, n, 5, 22),
    ]


def _partsupp(keys: Ints, size: Sizes, random: np.random.Generator) -> list[pa.Array]:
    parts, numbers = np.repeat(keys, 4), np.tile(np.arange(4), len(keys))
    return [
        pa.array(parts),
        pa.array(_supplier_of(parts, numbers, size)),
        pa.array(random.integers(1, 10_000, len(parts))),
        cents(random.integers(100, 100_001, len(parts))),
        sentences(random, len(parts), 49, 198),
    ]


@dataclass(frozen=True, slots=True)
class _Lines:
    """What orders and lineitem have in common: the lines of a chunk of orders, one entry a line but `of_order`."""

    of_order: Ints
    first: Ints
    ordered: Ints
    part: Ints
    supplier: Ints
    quantity: Ints
    price: Ints
    discount: Ints
    tax: Ints
    shipped: Ints


def _lines(keys: Ints, size: Sizes, random: np.random.Generator) -> _Lines:
    of_order = random.integers(1, 8, len(keys))
    order_dates = random.integers(FIRST_ORDER, LAST_ORDER, len(keys), endpoint=True)
    n = int(of_order.sum())
    part = random.integers(1, size.part, n, endpoint=True)
    quantity = random.integers(1, 51, n)
    ordered = np.repeat(order_dates, of_order)
    return _Lines(
        of_order=of_order,
        first=np.cumsum(of_order) - of_order,
        ordered=ordered,
        part=part,
        supplier=_supplier_of(part, random.integers(0, 4, n), size),
        quantity=quantity,
        price=quantity * _retail_cents(part),
        discount=random.integers(0, 11, n),
        tax=random.integers(0, 9, n),
        shipped=ordered + random.integers(1, 122, n),
    )


def _orders(keys: Ints, size: Sizes, random: np.random.Generator) -> list[pa.Array]:
    lines = _lines(keys, size, random)
    n = len(keys)
    open_lines = np.add.reduceat((lines.shipped > TODAY).astype(np.int64), lines.first)
    status = np.where(open_lines == 0, 0, np.where(open_lines == lines.of_order, 1, 2))
    gross = lines.price * (100 - lines.discount) * (100 + lines.tax)
    buyers = random.integers(0, size.customer - size.customer // 3, n)
    return [
        pa.array(_order_keys(keys)),
        pa.array(buyers // 2 * 3 + buyers % 2 + 1),
        pa.array(("F", "O", "P")).take(pa.array(status)),
        cents((np.add.reduceat(gross, lines.first) + 5_000) // 10_000),
        dates(lines.ordered[lines.first]),
        choose(random, words.PRIORITIES, n),
        numbered("Clerk#", random.integers(1, size.clerks, n, endpoint=True)),
        pa.array(np.zeros(n, dtype=np.int32)),
        sentences(random, n, 19, 78),
    ]


def _lineitem(keys: Ints, size: Sizes, random: np.random.Generator) -> list[pa.Array]:
    lines = _lines(keys, size, random)
    n = len(lines.part)
    received = lines.shipped + random.integers(1, 31, n)
    flags = np.where(received > TODAY, 2, random.integers(0, 2, n))
    return [
        pa.array(np.repeat(_order_keys(keys), lines.of_order)),
        pa.array(lines.part),
        pa.array(lines.supplier),
        pa.array(np.arange(n) - np.repeat(lines.first, lines.of_order) + 1),
        cents(lines.quantity * 100),
        cents(lines.price),
        cents(lines.discount),
        cents(lines.tax),
        pa.array(("R", "A", "N")).take(pa.array(flags)),
        pa.array(("F", "O")).take(pa.array((lines.shipped > TODAY).astype(np.int64))),
        dates(lines.shipped),
        dates(lines.ordered + random.integers(30, 91, n)),
        dates(received),
        choose(random, words.INSTRUCTIONS, n),
        choose(random, words.MODES, n),
        sentences(random, n, 10, 43),
    ]


def _order_keys(numbers: Ints) -> Ints:
    """The first eight of every 32 keys are used (specification 4.2.3)."""
    return (numbers - 1) // 8 * 32 + (numbers - 1) % 8 + 1


def _retail_cents(part: Ints) -> Ints:
    return 90_000 + part // 10 % 20_001 + 100 * (part % 1_000)


def _supplier_of(part: Ints, number: Ints, size: Sizes) -> Ints:
    """The supplier of a part by its number 0 to 3: four different ones for each part."""
    return (part + number * (size.supplier // 4 + (part - 1) // size.supplier)) % size.supplier + 1


_TABLES: dict[str, Callable[[Ints, Sizes, np.random.Generator], list[pa.Array]]] = {
    "region": _region,
    "nation": _nation,
    "supplier": _supplier,
    "customer": _customer,
    "part": _part,
    "partsupp": _partsupp,
    "orders": _orders,
    "lineitem": _lineitem,
}
