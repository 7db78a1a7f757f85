"""Proof by an answer set program, a file `.lp` beside the scheme, grounded and solved by clingo."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import clingo

from open_thoughts_gen.families.kit.forms import Money
from open_thoughts_gen.families.kit.proof.results import UnprovedError

_NAME = re.compile("[a-z][a-z0-9_]*")  # a case may come from anybody, and must not add rules or read other files


def answer_set(
    program: Path,
    facts: Mapping[str, object],
    *,
    shared: Sequence[Path] = (),
    num_steps: int = 0,
    optimise: bool = False,
) -> dict[str, int | str]:
    """Return the results of the one answer set of a program: its atoms `result(KEY, VALUE)` that have one value.

    `shared` are programs whose rules it uses. Facts become atoms: `fact(key, value)`; `fact(key)` for True; of a list,
    `row(key, index)` and `row(key, index, field, value)`. A day is its proleptic ordinal (`date.toordinal`), money its
    number, which has to be whole. A world that runs in time is grounded step by step (M. Gebser et al., Multi-shot ASP
    solving with clingo, 2019): for each t from 0 on the part `carry(t, p)`, which hands on the state of the step p
    before, and `step(t)`; then `end(n)` with the last. What is known is so settled at each step, and nothing branches.
    With `optimise` the optimal answer sets count, and all of them must give the same results.

    Raises:
        UnprovedError: there is no answer set, or several that differ in their results.
        ValueError: a value that cannot be written as a term, or a field that is not a name.

    """
    options = ["0", "--warn=none", *(["--opt-mode=optN"] if optimise else [])]
    control = clingo.Control(options)
    control.add("base", [], "\n".join((*_atoms(facts), *map(_text, (*shared, program)))))
    control.ground([("base", [])])
    for step in range(num_steps):
        control.ground([("carry", [clingo.Number(step), clingo.Number(step - 1)])])
        control.ground([("step", [clingo.Number(step)])])
    if num_steps:
        control.ground([("end", [clingo.Number(num_steps - 1)])])
    sets: list[frozenset[tuple[str, int | str]]] = []

    def keep(model: clingo.Model) -> None:
        if model.optimality_proven or not optimise:
            sets.append(frozenset(_results(model.symbols(atoms=True))))

    control.solve(on_model=keep)
    if not sets or (len(sets) > 1 and not optimise) or len(set(sets)) > 1:
        raise UnprovedError(f"{len(sets)} answer sets")
    values: dict[str, set[int | str]] = {}
    for key, value in sets[0]:
        values.setdefault(key, set()).add(value)
    return {key: several.pop() for key, several in values.items() if len(several) == 1}


def named(results: Mapping[str, int | str], **sets: Sequence[str]) -> dict[str, Any]:
    """Return results as a scheme has them: "yes" and "no" as a bool, a sum of powers of two as a set of names.

    `sets` are the names that the elements of each set are numbered by, by the name of the result.
    """
    values: dict[str, Any] = {
        key: value == "yes" if value in ("yes", "no") else value for key, value in results.items()
    }
    for key in sets.keys() & results.keys():
        values[key] = frozenset(name for index, name in enumerate(sets[key]) if values[key] >> index & 1)
    return values


def least_cost(program: Path, facts: Mapping[str, object]) -> int | None:
    """Return the least that a program's `#minimize` comes to, 0 if it has none; None where there is no answer set.

    Facts become atoms as for `answer_set`. Only the cost is asked for, so the optimal answer sets are not enumerated.

    Raises:
        UnprovedError: the search was not exhausted.

    """
    control = clingo.Control(["--warn=none"])
    control.add("base", [], "\n".join((*_atoms(facts), _text(program))))
    control.ground([("base", [])])
    costs: list[int] = []
    result = control.solve(on_model=lambda model: costs.append(sum(model.cost)))
    if not (result.exhausted or (result.satisfiable and not costs[-1])):
        raise UnprovedError("the search was not exhausted")
    return costs[-1] if costs else None


@cache
def _text(program: Path) -> str:
    return program.read_text("utf-8")


def _results(symbols: Iterable[clingo.Symbol]) -> Iterable[tuple[str, int | str]]:
    for symbol in symbols:
        if symbol.name == "result" and len(symbol.arguments) == 2:
            key, value = symbol.arguments
            if value.type == clingo.SymbolType.Number:
                yield key.name, value.number
            else:
                yield key.name, value.string if value.type == clingo.SymbolType.String else value.name


def _atoms(facts: Mapping[str, object]) -> Iterable[str]:
    for key, value in facts.items():
        if isinstance(value, list):
            for index, entry in enumerate(value):
                yield f"row({_name(key)},{index})."
                yield from (f"row({key},{index},{atom})." for atom in _pairs(entry))
        else:
            yield from (f"fact({atom})." for atom in _pairs({key: value}))


def _pairs(values: Mapping[str, object]) -> Iterable[str]:
    for name, value in values.items():
        key, number = _name(name), value.number if isinstance(value, Money) else value
        if number is None or number is False:
            continue
        if number is True:
            yield key
        elif isinstance(number, date):
            yield f"{key},{number.toordinal()}"
        elif isinstance(number, int) or (isinstance(number, Fraction) and number.denominator == 1):
            yield f"{key},{int(number)}"
        elif isinstance(number, str):
            yield f"{key},{clingo.String(number)}"
        else:
            raise ValueError(f"{value!r} cannot be a term of an answer set program")


def _name(key: str) -> str:
    if not _NAME.fullmatch(key):
        raise ValueError(f"{key!r} is not a name")
    return key
