"""The layouts Arrow has for lists: which is which, and views made into plain lists. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_kind = pa.types


def is_list(arrow: pa.DataType) -> bool:
    """Lists of every layout."""
    return bool(
        _kind.is_list(arrow) or _kind.is_large_list(arrow) or _kind.is_fixed_size_list(arrow) or is_list_view(arrow)
    )


def is_list_view(arrow: pa.DataType) -> bool:
    return bool(_kind.is_list_view(arrow) or _kind.is_large_list_view(arrow))


def in_order(array: Any) -> pa.ListArray:
    """A list view as a list: Arrow's own cast loses the last offset."""
    valid = array.is_valid()
    sizes = np.where(valid.to_numpy(zero_copy_only=False), np.asarray(array.sizes), 0)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), array.flatten(), mask=pc.invert(valid))
