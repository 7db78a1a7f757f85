"""Without the extra `view` these tests are left out; the extra `dev` has all that they need."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from tests.publish.view.browser import chromium

collect_ignore_glob = [] if all(map(find_spec, ("duckdb", "starlette", "uvicorn"))) else ["test_*.py"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One browser for all tests of a process: Playwright starts no second one there."""
    with chromium() as started:
        yield started
