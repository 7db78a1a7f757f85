"""The package stays easy to read, by counts; `python -m tests.house_counts` prints them. Circles: `test_floors.py`."""

from tests.house_counts import PACKAGE, every_function, first_level, shared_lines, used_once_share

FUNCTIONS = every_function()
MAX_USED_ONCE = 0.17  # of all functions
FAMILY_LINES = {  # of Python; words and answer set programs do not count
    "arguments": 1_490,
    "counterfactual": 1_490,
    "derivations": 1_700,
    "diagrams": 1_530,
    "ethics": 1_490,
    "evidence": 1_450,
    "finance": 1_650,
    "literary": 1_570,
    "scheduling": 1_600,
}
SCHEMES_OF_LAW = PACKAGE / "families" / "statutes" / "schemes"


def test_the_first_level_holds_at_most_30_modules_and_packages() -> None:
    assert len(first_level()) <= 30


def test_no_function_is_over_50_lines_long() -> None:
    assert [str(function) for function in FUNCTIONS if function.num_lines > 50] == []


def test_few_functions_are_private_and_used_once() -> None:
    assert used_once_share(FUNCTIONS) <= MAX_USED_ONCE, "python -m tests.house_counts used-once"


def test_no_two_places_share_twelve_lines() -> None:
    assert shared_lines() == []


def test_the_logic_of_a_scheme_of_law_is_short() -> None:
    lengths = {path.stem: len(path.read_text("utf-8").splitlines()) for path in SCHEMES_OF_LAW.glob("[!_]*.py")}
    assert len(lengths) >= 13
    assert {name: length for name, length in lengths.items() if length > 350} == {}
    assert sum(lengths.values()) < 4500


def test_the_python_of_a_family_is_short() -> None:
    lengths = {
        name: sum(len(path.read_text("utf-8").splitlines()) for path in (PACKAGE / "families" / name).rglob("*.py"))
        for name in FAMILY_LINES
    }
    assert {name: length for name, length in lengths.items() if length > FAMILY_LINES[name]} == {}
