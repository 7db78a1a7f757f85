"""What `all_of`, `any_of` and `first_decided` share: several verifiers, and one verdict from theirs.

Verdicts are taken together by Kleene's strong three-valued logic (S. C. Kleene, Introduction to Metamathematics, 1952,
section 64), in which undecided means "either, nobody knows which": it never makes a verdict, and never spoils one that
holds either way. What becomes of undecided rows is for the recipe's filters to say.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence

from pydantic import Field, PrivateAttr, field_validator

from open_thoughts_gen.errors import Fault
from open_thoughts_gen.money.budget import NOT_ASKED
from open_thoughts_gen.plugin import Verifier
from open_thoughts_gen.plugin.judging import judge, with_faults
from open_thoughts_gen.plugin.nested import Nested, Pairs, keys_read
from open_thoughts_gen.plugin.when import meets
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import Outcome, Question, Trace, Verdict

_MAX_EXPLANATION = 120


class Combined(Verifier):
    """Several verifiers, asked in order until the outcome can no longer change."""

    of: tuple[Nested, ...] = Field(
        description="the verifiers, in the order in which they are asked; each may have its own `when:`",
        json_schema_extra={"minItems": 1},
    )
    _fresh: tuple[Verifier, ...] = PrivateAttr(default=())

    @field_validator("of")
    @classmethod
    def _names_one(cls, of: tuple[Nested, ...]) -> tuple[Nested, ...]:
        if not of:
            raise ValueError("at least one verifier is expected")
        return of

    def start(self) -> None:
        """Make the verifiers of this run."""
        self._fresh = tuple(nested.verifier.fresh(self._context) for nested in self.of)

    def judges_form(self, question: Question) -> bool:
        """Return whether every combined verifier that applies to the question judges its form only."""
        meant = [nested.verifier for nested in self.of if meets(question, nested.when)]
        return bool(meant) and all(verifier.judges_form(question) for verifier in meant)

    @property
    def reads_reference(self) -> bool:
        """True if all the combined verifiers read the reference."""
        return all(nested.verifier.reads_reference for nested in self.of)

    @property
    def sees_attempts(self) -> bool:
        """True if one of the combined verifiers sees the other attempts at a question."""
        return any(nested.verifier.sees_attempts for nested in self.of)

    @property
    def runs_anywhere(self) -> bool:
        """True if all the combined verifiers run anywhere."""
        return all(nested.verifier.runs_anywhere for nested in self.of)

    @property
    def meta_keys(self) -> Collection[str] | None:
        """The meta keys that any of the combined verifiers reads."""
        return keys_read([nested.verifier for nested in self.of], [nested.when for nested in self.of])

    def check_teacher(self, sent: str) -> Iterator[Fault]:
        """Yield the faults that any of the combined verifiers finds."""
        for nested in self.of:
            yield from nested.verifier.check_teacher(sent)

    @property
    def models(self) -> Sequence[str]:
        """The models that any of the combined verifiers calls."""
        return [model for nested in self.of for model in nested.verifier.models]

    def state(self) -> str:
        """Return one line on how the calls are going, of each combined verifier that makes calls."""
        return " · ".join(filter(None, (verifier.state() for verifier in self._fresh)))

    @property
    def risks(self) -> Mapping[str, str]:
        """The risks of all the combined verifiers."""
        return {name: risk for nested in self.of for name, risk in nested.verifier.risks.items()}

    @abstractmethod
    def together(self, outcomes: Sequence[Outcome]) -> Outcome:
        """Return the combined outcome of the outcomes so far."""

    @abstractmethod
    def is_settled(self, outcomes: Sequence[Outcome]) -> bool:
        """Return whether no further outcome can change the combined one."""

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        """Judge one trace."""
        return next(self.verdicts([(question, trace)]))

    def verdicts(self, pairs: Pairs) -> Iterator[Verdict]:
        """Judge many, in order: each verifier sees at once all that are left to it."""
        reached: list[list[Verdict]] = [[] for _ in pairs]
        for nested, verifier in zip(self.of, self._fresh or [nested.verifier for nested in self.of], strict=True):
            meant = [row for row, (question, _) in enumerate(pairs) if meets(question, nested.when)]
            wanted = {row for row in meant if not self.is_settled([verdict.outcome for verdict in reached[row]])}
            # The settled attempts of a question count for the others.
            asked = meant if verifier.sees_attempts and wanted else sorted(wanted)
            for row, verdict in zip(asked, judge(verifier, [pairs[row] for row in asked]), strict=True):
                if row in wanted:
                    reached[row].append(verdict)
        yield from map(self._verdict, reached)

    def _verdict(self, reached: Sequence[Verdict]) -> Verdict:
        if not reached:
            explanation = "none of the verifiers is meant for this question"
            return Verdict(self.label, "undecided", None, explanation, "no verifier")
        outcome = self.together([verdict.outcome for verdict in reached])
        alike = sorted(reached, key=lambda verdict: verdict.outcome != outcome)
        answer = next((verdict.answer for verdict in alike if verdict.answer is not None), None)
        explanation = "; ".join(
            f"{one.verifier}: {one.outcome}, {shorten(one.why, _MAX_EXPLANATION)}" for one in reached
        )
        causes = [verdict.reason for verdict in alike if verdict.outcome == outcome]
        # What the budget left no room for is asked again once there is room, whatever the others say.
        cause = NOT_ASKED if NOT_ASKED in causes else next(iter(causes), "")
        form_only = outcome == "correct" and all(one.form_only for one in reached if one.outcome == outcome)
        return with_faults(Verdict(self.label, outcome, answer, explanation, cause, form_only), reached)
