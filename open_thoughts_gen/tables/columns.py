"""Make Arrow columns of Python values without pandas.

`pa.array` of a list imports pandas where it is installed, to see whether the list is one of its objects: half a second
of each start for nothing. `Array.from_buffers` takes the memory of a column as the Arrow format lays it out
(https://arrow.apache.org/docs/format/Columnar.html): which values are there, where each begins, and the values. Only
values of exactly the Python type that goes with a column are laid out here; all else is left to `pa.array`, which
converts or refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def record_batch(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    """Return rows as columns; what a row does not have is null.

    Raises:
        pyarrow.ArrowException: a value does not fit its column.

    """
    columns = [array_of([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def array_of(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Return values, or None for null, as an array of that type.

    Raises:
        pyarrow.ArrowException: a value does not fit.

    """
    types = {type(value) for value in values} - {type(None)}
    if types <= {list, tuple} and pa.types.is_list(kind):
        items = array_of(list(chain.from_iterable(value or () for value in values)), kind.value_type)
        return pa.Array.from_buffers(
            kind, len(values), [_validity(values), _offsets([value or () for value in values])], children=[items]
        )
    if types <= {dict} and pa.types.is_struct(kind):
        rows = [value or {} for value in values]
        fields = [array_of([row.get(field.name) for row in rows], field.type) for field in kind]
        return pa.Array.from_buffers(kind, len(values), [_validity(values)], children=fields)
    try:
        buffers = _buffers(values, kind, types)
    except OverflowError:
        buffers = None
    if buffers is None:
        return pa.array(values, kind)
    return pa.Array.from_buffers(kind, len(values), [_validity(values), *buffers])


def _buffers(values: Sequence[Any], kind: pa.DataType, types: set[type]) -> list[pa.Buffer] | None:
    """Return what holds plain values, all of some Python types or None; None where these do not go with the column."""
    if types <= {str} and pa.types.is_string(kind):
        encoded = [(value or "").encode() for value in values]
        return [_offsets(encoded), pa.py_buffer(b"".join(encoded))]
    if types <= {int} and pa.types.is_int64(kind):
        return [_numbers(values, np.int64)]
    if types <= {float} and pa.types.is_float64(kind):
        return [_numbers(values, np.float64)]
    if types <= {bool} and pa.types.is_boolean(kind):
        return [_bits([value is True for value in values])]
    return None


def _validity(values: Sequence[Any]) -> pa.Buffer | None:
    """Return which values are there; None if all are."""
    present = [value is not None for value in values]
    return None if all(present) else _bits(present)


def _bits(flags: Sequence[bool]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.array(flags, dtype=bool), bitorder="little").tobytes())


def _numbers(values: Sequence[Any], dtype: type[np.generic]) -> pa.Buffer:
    numbers: NDArray[Any] = np.array([0 if value is None else value for value in values], dtype=dtype)
    return pa.py_buffer(numbers.tobytes())


def _offsets(parts: Sequence[Sequence[Any]]) -> pa.Buffer:
    """Return where each part begins, with the end of the last. Arrow has 32 bits for that."""
    ends = np.cumsum([0, *map(len, parts)])
    if ends[-1] > np.iinfo(np.int32).max:
        raise pa.ArrowCapacityError("more than 2 GB in a column of one batch")
    return pa.py_buffer(ends.astype(np.int32).tobytes())
