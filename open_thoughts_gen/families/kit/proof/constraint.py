"""Proof by OR-tools (extra `ortools`): schedules and assignments, and what the best of them come to.

OR-tools is imported when a proof is asked for. One worker, and a limit in its own units of work, make it the same on
every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from open_thoughts_gen.families.kit.proof.extra import solver_module
from open_thoughts_gen.families.kit.proof.results import UnprovedError

MAX_WORK = 20.0


def proved(state: Callable[[Any], Mapping[str, Any]], *, minimise: str = "") -> dict[str, int]:
    """Return each integer expression that has the same value in all solutions.

    `state` gets an empty `CpModel`, fills it, and returns the expressions that are asked for, by name. With `minimise`,
    the name of one of them, only the solutions count in which that one is least.

    Raises:
        UnprovedError: there is no solution, or it is not decided within MAX_WORK.
        UserError: OR-tools is not installed.

    """
    cp_model = solver_module("ortools.sat.python.cp_model", "ortools")
    solver = cp_model.CpSolver()
    solver.parameters.num_workers, solver.parameters.max_deterministic_time = 1, MAX_WORK
    model = cp_model.CpModel()
    results = state(model)
    if minimise:
        model.minimize(results[minimise])
    status = solver.solve(model)
    if status != cp_model.OPTIMAL:  # as a model without an objective is once it has a solution
        raise UnprovedError(f"no solution ({solver.status_name(status)})")
    values = {name: solver.value(expression) for name, expression in results.items()}
    if minimise:
        model.clear_objective()
        model.add(results[minimise] == values[minimise])
    proved_values = {}
    for name, value in values.items():
        other = model.clone()
        other.add(results[name] != value)
        if solver.solve(other) == cp_model.INFEASIBLE:
            proved_values[name] = int(value)
    return proved_values
