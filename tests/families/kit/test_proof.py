"""Each way to prove gives a result only where it has exactly one value."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.families.kit.proof import UnprovedError, answer_set, constraint, named, only, smt, solved
from open_thoughts_gen.families.kit.proof.extra import solver_module
from open_thoughts_gen.families.kit.proof.search import MAX_STATES


def test_an_answer_set_has_its_results(tmp_path: Path) -> None:
    program = tmp_path / "sum.lp"
    program.write_text("result(total, A + B) :- fact(a, A), fact(b, B). result(several, 1..2).", "utf-8")
    assert answer_set(program, {"a": 3, "b": 4}) == {"total": 7}
    program = tmp_path / "two.lp"
    program.write_text("{ result(total, 1) }.", "utf-8")
    with pytest.raises(UnprovedError, match="2 answer sets"):
        answer_set(program, {})


def test_a_search_finds_the_one_candidate() -> None:
    orders = list(itertools.permutations("abc"))
    assert only(orders, lambda order: order[0] == "c" and order[1] == "a") == ("c", "a", "b")
    with pytest.raises(UnprovedError, match="2 candidates fit"):
        only(orders, lambda order: order[0] == "c")
    with pytest.raises(UnprovedError, match="more than 200,000"):
        only(range(MAX_STATES + 1), lambda number: number == 0)


def test_relations_are_solved_exactly() -> None:
    chain = [({"sales": 1}, 900), ({"profit": 10, "sales": -3}, 0), ({"tax": 3, "profit": -1}, 0)]
    assert solved(chain) == {"sales": 900, "profit": 270, "tax": 90}
    assert solved(reversed(chain)) == solved(chain)
    assert solved([({"a": 1, "b": 1}, 5), ({"c": 4}, 1)]) == {"c": Fraction(1, 4)}
    with pytest.raises(UnprovedError, match="contradict"):
        solved([({"a": 2}, 6), ({"a": 1}, 4)])


@given(
    values=st.lists(st.fractions(max_denominator=20), min_size=1, max_size=4),
    factors=st.lists(st.lists(st.integers(-5, 5), min_size=4, max_size=4), min_size=1, max_size=6),
)
def test_what_is_solved_is_what_the_equations_were_made_from(values: list[Fraction], factors: list[list[int]]) -> None:
    names = "abcd"[: len(values)]
    equations = [
        (dict(zip(names, row, strict=False)), sum((f * v for f, v in zip(row, values, strict=False)), Fraction(0)))
        for row in factors
    ]
    known = dict(zip(names, values, strict=True))
    assert solved(equations).items() <= known.items()


def test_z3_proves_what_no_model_contradicts() -> None:
    def state(z3: Any) -> tuple[list[Any], Mapping[str, Any]]:
        a, b, holds = z3.Real("a"), z3.Int("b"), z3.Bool("holds")
        return [2 * a == 3, b * b == 49, holds == (a > 1)], {"a": a, "b": b, "holds": holds}

    assert smt.proved(state) == {"a": Fraction(3, 2), "holds": True}
    with pytest.raises(UnprovedError, match="no model"):
        smt.proved(lambda z3: ([z3.Int("x") * 2 == 3], {}))


def test_or_tools_proves_what_all_best_solutions_share() -> None:
    def state(model: Any) -> dict[str, Any]:
        tasks = {name: (model.new_int_var(0, 20, name), length) for name, length in (("a", 3), ("b", 4), ("c", 2))}
        end = model.new_int_var(0, 20, "end")
        for start, length in tasks.values():
            model.add(start + length <= end)
        model.add_no_overlap([model.new_fixed_size_interval_var(*tasks[name], name) for name in "ab"])
        model.add(tasks["a"][0] >= tasks["c"][0] + 2)
        model.add(tasks["b"][0] >= tasks["a"][0] + 3)
        return {"end": end, "b": tasks["b"][0], "free": model.new_int_var(0, 1, "free")}

    assert constraint.proved(state, minimise="end") == {"end": 9, "b": 5}


def test_or_tools_proves_nothing_of_a_contradiction() -> None:
    def state(model: Any) -> dict[str, Any]:
        number = model.new_int_var(0, 9, "number")
        model.add(2 * number == 7)
        return {"number": number}

    with pytest.raises(UnprovedError, match="INFEASIBLE"):
        constraint.proved(state)


def test_a_solver_that_is_not_installed_names_its_extra() -> None:
    assert "no_such_solver" not in sys.modules
    with pytest.raises(UserError, match=r"'no_such_solver'.*open-thoughts-gen\[ortools\]"):
        solver_module("no_such_solver.sat", "ortools")


def test_results_of_an_answer_set_program_are_named() -> None:
    results = named({"stands": "no", "good": 5, "first": 12}, good=("key", "coat", "knife"), bad=("key",))
    assert results == {"stands": False, "good": {"key", "knife"}, "first": 12}
