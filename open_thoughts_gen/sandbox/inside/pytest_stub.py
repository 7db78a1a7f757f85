"""As much of pytest as tests of programs use: `raises`, `approx`, `mark`, `fixture`, `skip`, `fail`."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any

Test = Callable[..., Any]


class TestFailed(Exception):  # noqa: N818  (as pytest calls it)
    """A test failed by its own word."""


class Skipped(Exception):  # noqa: N818
    """A test is not to be run here."""


class raises:  # noqa: N801
    """A block that has to raise."""

    def __init__(self, expected: Any, match: str | None = None) -> None:  # noqa: ANN401
        self._expected, self._match = expected, match
        self.value: BaseException | None = None

    def __enter__(self) -> raises:
        """Return what will hold the error."""
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, at: TracebackType | None) -> bool:
        """Hold the error, if it is the expected one."""
        if error is None:
            raise TestFailed("nothing was raised")
        self.value = error
        if not isinstance(error, self._expected):
            return False
        if self._match is not None and not re.search(self._match, str(error)):
            raise AssertionError(f"another message: {error}")
        return True


class approx:  # noqa: N801
    """A number, or numbers in a sequence or mapping, within a tolerance."""

    def __init__(self, expected: Any, rel: float | None = None, abs: float | None = None) -> None:  # noqa: ANN401
        self._expected = expected
        self._rel = rel if rel is not None else (1e-6 if abs is None else 0.0)
        self._abs = abs if abs is not None else 1e-12

    def __eq__(self, other: object) -> bool:
        """Compare within the tolerance."""
        return self._same(self._expected, other)

    def __hash__(self) -> int:
        return id(self)

    def _same(self, expected: Any, got: Any) -> bool:  # noqa: ANN401
        if isinstance(expected, Mapping):
            is_like = isinstance(got, Mapping) and expected.keys() == got.keys()
            return is_like and all(self._same(expected[key], got[key]) for key in expected)
        if isinstance(expected, list | tuple):
            is_like = type(got) is type(expected) and len(got) == len(expected)
            return is_like and all(map(self._same, expected, got))
        if expected == got:
            return True
        if not isinstance(got, int | float | complex) or not isinstance(expected, int | float | complex):
            return False
        return bool(abs(expected - got) <= max(self._rel * abs(expected), self._abs))


class _Mark:
    """`mark.parametrize`; every other mark changes nothing."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def mark(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            is_bare = len(arguments) == 1 and callable(arguments[0]) and not options
            return arguments[0] if is_bare else lambda function: function

        return mark

    def skip(self, *arguments: Any, **_: Any) -> Any:  # noqa: ANN401
        """Leave a test out."""

        def mark(function: Test) -> Test:
            function.is_skipped = True  # type: ignore[attr-defined]
            return function

        return mark(arguments[0]) if arguments and callable(arguments[0]) else mark

    def parametrize(self, names: Any, values: Any, **_: Any) -> Callable[[Test], Test]:  # noqa: ANN401
        """Call a test once for each of the values."""
        keys = [name.strip() for name in names.split(",")] if isinstance(names, str) else [*names]
        rows = [dict(zip(keys, (row if len(keys) > 1 else (row,)), strict=True)) for row in values]

        def mark(function: Test) -> Test:
            function.rows = [rows, *getattr(function, "rows", [])]  # type: ignore[attr-defined]
            return function

        return mark


mark = _Mark()


def fixture(function: Any = None, **_: Any) -> Any:  # noqa: ANN401
    """Mark a function whose value tests take as an argument."""
    return function if function is not None else lambda each: each


def param(*values: Any, **_: Any) -> Any:  # noqa: ANN401
    """Return the values of one call."""
    return values if len(values) > 1 else values[0]


def fail(message: str = "", **_: Any) -> None:  # noqa: ANN401
    """Fail the test."""
    raise TestFailed(message)


def skip(message: str = "", **_: Any) -> None:  # noqa: ANN401
    """Stop the test and count it as skipped, as pytest does."""
    raise Skipped(message)


def call(test: Test, space: Mapping[str, Any]) -> None:
    """Call a test with its parameters and fixtures, once for each of its rows."""
    if getattr(test, "is_skipped", False):
        return
    for rows in itertools.product(*getattr(test, "rows", [])):
        arguments = {key: value for row in rows for key, value in row.items()}
        missing = [name for name in inspect.signature(test).parameters if name not in arguments]
        arguments |= {name: _value_of(name, space) for name in missing}
        try:
            test(**arguments)
        except Skipped:
            continue


def _value_of(name: str, space: Mapping[str, Any]) -> Any:  # noqa: ANN401
    function = space.get(name)
    if not callable(function):
        raise NameError(f"there is no fixture {name}")
    value = function(**{each: _value_of(each, space) for each in inspect.signature(function).parameters})
    return next(value) if isinstance(value, Iterator) else value
