"""Columns of sample data made at once with numpy: money, dates, numbered names, phone numbers, random prose."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gateway.demo import words

Ints = npt.NDArray[np.int64]
POOL_CHARACTERS = 300_000
_ALPHABET = np.frombuffer(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,  ", dtype=np.uint8)


def cents(values: Ints) -> pa.Array:
    """decimal(15,2) from hundredths."""
    halves = np.empty((len(values), 2), dtype=np.int64)
    halves[:, 0] = values
    halves[:, 1] = values >> 63
    return pa.Array.from_buffers(pa.decimal128(15, 2), len(values), [None, pa.py_buffer(halves)])


def dates(days: Ints) -> pa.Array:
    """Dates from days since 1970."""
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def choose(random: np.random.Generator, choices: Sequence[str], count: int) -> pa.Array:
    return pa.array(choices).take(pa.array(random.integers(0, len(choices), count)))


def joined(separator: str, *parts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(*parts, separator)


def numbered(prefix: str, keys: Ints) -> pa.Array:
    """ "Customer#000000042": nine digits."""
    digits = pc.utf8_lpad(pa.array(keys).cast(pa.string()), 9, "0")
    return joined("", pa.array([prefix] * len(keys), pa.string()), digits)


def phones(random: np.random.Generator, nations: Ints) -> pa.Array:
    """ "25-989-741-2988": the country code is the nation's key plus 10."""
    parts = [nations + 10, *(random.integers(low, high, len(nations)) for low, high in _PHONE_PARTS)]
    return joined("-", *(pa.array(part).cast(pa.string()) for part in parts))


def random_text(random: np.random.Generator, count: int, shortest: int, longest: int) -> pa.Array:
    """Letters, digits, commas and blanks, of random length."""
    lengths = random.integers(shortest, longest, count, endpoint=True)
    return _strings(_ALPHABET[random.integers(0, len(_ALPHABET), int(lengths.sum()))], lengths)


def sentences(random: np.random.Generator, count: int, shortest: int, longest: int) -> pa.Array:
    """Pieces of one long text of sentences, of random length, as the specification asks."""
    pool = _pool()
    lengths = random.integers(shortest, longest, count, endpoint=True)
    starts = random.integers(0, len(pool) - longest, count)
    ends = np.cumsum(lengths)
    places = np.arange(int(ends[-1]) if count else 0) + np.repeat(starts - (ends - lengths), lengths)
    return _strings(pool[places], lengths)


_PHONE_PARTS = ((100, 1_000), (100, 1_000), (1_000, 10_000))


def _strings(characters: npt.NDArray[np.uint8], lengths: Ints) -> pa.Array:
    offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.Array.from_buffers(
        pa.string(), len(lengths), [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(characters))]
    )


@lru_cache(maxsize=1)
def _pool() -> npt.NDArray[np.uint8]:
    """The long text. Its sentences have the specification's grammar, simplified."""
    random = np.random.default_rng(19_920_101)
    kinds = (
        words.ADVERBS,
        words.ADJECTIVES,
        words.NOUNS,
        words.VERBS,
        words.PREPOSITIONS,
        words.ADJECTIVES,
        words.NOUNS,
    )
    count = POOL_CHARACTERS // 40
    picked = [random.integers(0, len(kind), count) for kind in kinds]
    text = []
    for number in range(count):
        sentence = [kind[picks[number]] for kind, picks in zip(kinds, picked, strict=True)]
        text.append(" ".join(sentence if number % 3 else sentence[1:]) + ". ")
    return np.frombuffer("".join(text).encode(), dtype=np.uint8)
