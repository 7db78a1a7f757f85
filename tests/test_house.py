"""The package stays easy to read, by counts; `python -m tests.house_counts` prints them. Circles: `test_floors.py`."""

from tests.house_counts import every_function, first_level, shared_lines, used_once_share

FUNCTIONS = every_function()
MAX_USED_ONCE = 0.17  # of all functions


def test_the_first_level_holds_at_most_30_modules_and_packages() -> None:
    assert len(first_level()) <= 30


def test_no_function_is_over_50_lines_long() -> None:
    assert [str(function) for function in FUNCTIONS if function.num_lines > 50] == []


def test_few_functions_are_private_and_used_once() -> None:
    assert used_once_share(FUNCTIONS) <= MAX_USED_ONCE, "python -m tests.house_counts used-once"


def test_no_two_places_share_twelve_lines() -> None:
    assert shared_lines() == []
