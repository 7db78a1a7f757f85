"""Proofs: the second implementation of a scheme, which shares the facts of a case with the first and nothing else.

`answer_set` and `least_cost` (a program `.lp`), `only` (a search), `solved` (linear algebra) are here; `smt` (z3) and
`constraint` (OR-tools) need an extra. Or a scheme proves in plain Python that shares no function with its first
implementation.
"""

from open_thoughts_gen.families.kit.proof.answer_sets import answer_set as answer_set
from open_thoughts_gen.families.kit.proof.answer_sets import least_cost as least_cost
from open_thoughts_gen.families.kit.proof.answer_sets import named as named
from open_thoughts_gen.families.kit.proof.linear import Equation as Equation
from open_thoughts_gen.families.kit.proof.linear import solved as solved
from open_thoughts_gen.families.kit.proof.results import Proof as Proof
from open_thoughts_gen.families.kit.proof.results import UnprovedError as UnprovedError
from open_thoughts_gen.families.kit.proof.search import only as only
