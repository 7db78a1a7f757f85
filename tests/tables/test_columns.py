"""Columns laid out without pandas are those that pyarrow makes."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.tables.columns import array_of, record_batch

TURN = pa.struct([("role", pa.string()), ("content", pa.string())])
KINDS = {
    pa.string(): st.text(st.characters(codec="utf-8"), max_size=9),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(allow_nan=False) | st.integers(-9, 9),
    pa.bool_(): st.booleans(),
    pa.list_(pa.string()): st.lists(st.none() | st.text("ab", max_size=3), max_size=3),
    pa.list_(TURN): st.lists(st.fixed_dictionaries({"role": st.text("ab")}, optional={"content": st.text("ab")})),
    pa.list_(pa.list_(pa.int64())): st.lists(st.lists(st.integers(0, 9), max_size=3), max_size=3),
    pa.int32(): st.integers(0, 9),
}


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(st.data())
def test_they_are_the_same(kind: pa.DataType, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | KINDS[kind], max_size=20))
    made = array_of(values, kind)
    made.validate(full=True)
    assert made.equals(pa.array(values, kind))
    assert made.nbytes == pa.array(values, kind).nbytes


def test_what_a_row_does_not_have_is_null() -> None:
    schema = pa.schema([("a", pa.int64()), ("b", pa.string())])
    assert record_batch([{"a": 1}, {"b": "x", "c": 2}], schema).to_pylist() == [
        {"a": 1, "b": None},
        {"a": None, "b": "x"},
    ]
    assert record_batch([], schema).num_rows == 0


@pytest.mark.parametrize(("value", "kind"), [("1", pa.int64()), (2**63, pa.int64()), (1, pa.string())])
def test_a_value_that_does_not_fit_is_refused(value: object, kind: pa.DataType) -> None:
    with pytest.raises((pa.ArrowException, OverflowError, TypeError)):
        array_of([value], kind)
