"""Proof by z3 (extra `solvers`): a result is proved if the constraints have a model, and none in which it differs.

L. de Moura and N. Bjorner, Z3: an efficient SMT solver, 2008. z3 is imported when a proof is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from open_thoughts_gen.families.kit.proof.extra import solver_module
from open_thoughts_gen.families.kit.proof.results import UnprovedError

MAX_STEPS = 20_000_000  # of z3's own count, so that the limit is the same on every machine
Stated = tuple[Sequence[Any], Mapping[str, Any]]


def proved(state: Callable[[Any], Stated]) -> dict[str, bool | Fraction]:
    """Return each result that has exactly one value: truth values, and numbers as fractions.

    `state` gets the module `z3` and returns the constraints and, by name, the expressions that are asked for.

    Raises:
        UnprovedError: the constraints contradict each other, or z3 does not decide within MAX_STEPS.
        UserError: z3 is not installed.

    """
    z3 = solver_module("z3", "solvers")
    constraints, results = state(z3)
    solver = z3.Solver()
    solver.set("rlimit", MAX_STEPS)
    solver.add(*constraints)
    if solver.check() != z3.sat:
        raise UnprovedError(f"z3 finds no model ({solver.check()})")
    model, values = solver.model(), dict[str, bool | Fraction]()
    for name, expression in results.items():
        value = model.eval(expression, model_completion=True)
        solver.push()
        solver.add(expression != value)
        if solver.check() == z3.unsat:
            values[name] = z3.is_true(value) if z3.is_bool(value) else Fraction(str(value))
        solver.pop()
    return values
