"""Judge by the consensus of a question's own attempts, where no right answer is known.

The answer that most attempts give stands in for the reference (self-consistency, Wang et al. 2022, arXiv 2203.11171).
Which answers are the same is for another verifier to say, named by `by`, so `1/2` and `0.5` count as one:

    use: majority
    by: math            # or {use: first_decided, of: [{use: math, when: {domain: math}}, exact]}
    share: 0.6

An answer has a vote only if that verifier can read it, that is if it accepts the answer as its own reference, and if it
is not one of `no_votes`: many attempts that say "I don't know" are not a consensus. A tie is undecided, and so are all
attempts of a question whose most frequent answer falls short of `share` or `min_votes`. A reference that the question
has is not looked at.

Consensus is evidence, not proof: what a model gets wrong every time is called correct. All attempts of a question have
to be judged in one call; attempts whose call failed are not among them, those without an answer count in the total.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import Field, PrivateAttr, field_validator

from open_thoughts_gen import text
from open_thoughts_gen.plugin import Verifier
from open_thoughts_gen.plugin.judging import judge, with_faults
from open_thoughts_gen.plugin.nested import Nested, Pairs
from open_thoughts_gen.text import Fold
from open_thoughts_gen.types import Question, Trace, Verdict
from open_thoughts_gen.verifiers._answers import ReadsAnswers

_MAX_TOLD = 60
_FOLDS: tuple[Fold, ...] = ("case", "unicode", "space", "punctuation")
_NO_VOTES = ("i don't know", "i don’t know", "i do not know", "idk", "unknown", "n/a", "no answer", "?", "...")


@dataclass
class _Group:
    """The attempts of one question, by what they answer; attempts with the same answer, word for word, are one."""

    question: Question
    marks: tuple[str, ...] = ()
    num_attempts: int = 0
    attempts: dict[str, list[Trace]] = field(default_factory=dict)
    unplaced: list[str] = field(default_factory=list)  # answers in no class yet, the most frequent first
    classes: dict[str, list[str]] = field(default_factory=dict)  # the answers that are the same as the first of them
    consensus: str | None = None
    why: str = ""
    against: dict[str, Verdict] = field(default_factory=dict)  # the other answers, compared with the consensus
    compared: list[Verdict] = field(default_factory=list)  # whose faults no verdict of the group has carried yet

    def add(self, trace: Trace) -> None:
        self.num_attempts += 1
        answer = text.stated_answer(trace.response, self.marks)
        if answer is not None:
            self.attempts.setdefault(answer, []).append(trace)

    def votes(self, answers: Sequence[str]) -> int:
        return sum(len(self.attempts[answer]) for answer in answers)

    def is_open(self) -> bool:
        """Return whether the answers in no class yet could still make another consensus."""
        most = max((self.votes(same) for same in self.classes.values()), default=0)
        return self.votes(self.unplaced) >= max(most, 1)

    def others(self) -> list[str]:
        """Return the answers that are not of the consensus."""
        return [answer for answer in self.attempts if answer not in self.classes[self.consensus or ""]]

    def pairs(self, reference: str, answers: Sequence[str]) -> list[tuple[Question, Trace]]:
        asked = replace(self.question, reference=reference)
        return [(asked, self.attempts[answer][0]) for answer in answers]

    def put(self, verdicts: Sequence[Verdict]) -> None:
        """Take in how the unplaced answers compare with the first of them, the first with itself included."""
        first, rest = self.unplaced[0], self.unplaced[1:]
        if verdicts[0].outcome != "correct":
            self.unplaced = rest
            return
        same = [answer for answer, verdict in zip(rest, verdicts[1:], strict=True) if verdict.outcome == "correct"]
        self.classes[first] = [first, *same]
        self.unplaced = [answer for answer in rest if answer not in same]


class Majority(Verifier):
    """Checks that the answer is the one that most attempts at the question give."""

    by: Nested = Field(description="the verifier that decides which answers are the same")
    share: float = Field(
        default=0.5, gt=0, le=1, description="the least share (0..1) of the attempts that must give the answer"
    )
    min_votes: int = Field(default=2, ge=2, description="the least number of attempts that must give the answer")
    no_votes: tuple[str, ...] = Field(
        default=_NO_VOTES, description="answers that never count as the majority's, however many attempts give them"
    )
    _by: Verifier | None = PrivateAttr(default=None)

    @field_validator("by")
    @classmethod
    def _is_for_all(cls, by: Nested) -> Nested:
        if by.when:
            raise ValueError("`by` compares all answers: put `when:` beside `use: majority`")
        return by

    def start(self) -> None:
        """Make a copy of the comparing verifier for this run."""
        self._by = self.by.verifier.fresh(self._context)

    @property
    def sees_attempts(self) -> bool:
        """True: a majority is one of all attempts at a question."""
        return True

    @property
    def meta_keys(self) -> Collection[str] | None:
        """The meta keys that the comparing verifier reads."""
        return self.by.verifier.meta_keys

    @property
    def models(self) -> Sequence[str]:
        """The models that the comparing verifier calls."""
        return self.by.verifier.models

    def state(self) -> str:
        """Return one line on how its calls are going."""
        return self._by.state() if self._by else ""

    @property
    def risks(self) -> Mapping[str, str]:
        """The risks of the comparing verifier."""
        return self.by.verifier.risks

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        """Judge one trace as if it were the question's only attempt: undecided."""
        return next(self.verdicts([(question, trace)]))

    def verdicts(self, pairs: Pairs) -> Iterator[Verdict]:
        """Judge all attempts of any number of questions."""
        marks = self.by.verifier.answer_marks if isinstance(self.by.verifier, ReadsAnswers) else ()
        groups, members = _grouped(pairs, marks, {text.normalise(one, _FOLDS) for one in self.no_votes})
        while open_ := [group for group in groups if group.is_open()]:
            asked = [group.pairs(group.unplaced[0], group.unplaced) for group in open_]
            for group, verdicts in zip(open_, self._compared(asked), strict=True):
                group.put(verdicts)
                group.compared += verdicts
        for group in groups:
            group.consensus, group.why = self._consensus(group)
        agreed = [group for group in groups if group.consensus is not None]
        asked = [group.pairs(group.consensus or "", group.others()) for group in agreed]
        for group, verdicts in zip(agreed, self._compared(asked), strict=True):
            group.against = dict(zip(group.others(), verdicts, strict=True))
            group.compared += verdicts
        for (_, trace), number in zip(pairs, members, strict=True):
            group = groups[number]
            yield with_faults(self._verdict(group, trace), group.compared)
            group.compared = []

    def _compared(self, asked: Sequence[Pairs]) -> list[list[Verdict]]:
        """Return the verdicts on all pairs, in the lists that they came in."""
        verdicts = judge(self._by or self.by.verifier, [pair for pairs in asked for pair in pairs])
        return [[next(verdicts) for _ in pairs] for pairs in asked]

    def _consensus(self, group: _Group) -> tuple[str | None, str]:
        """Return the answer that is the consensus, or None, and how many agree on it, or why there is none."""
        votes = {answer: group.votes(same) for answer, same in group.classes.items()}
        num, most = group.num_attempts, max(votes.values(), default=0)
        if num < self.min_votes:
            return None, f"too few attempts: {num}, where {self.min_votes} have to agree"
        if most < self.min_votes or most / num < self.share:
            return None, f"no consensus: the most frequent answer has {most} of {num} attempts"
        first, *others = [answer for answer, num_votes in votes.items() if num_votes == most]
        if others:
            return None, f"tie: {1 + len(others)} answers with {most} of {num} attempts each"
        return first, f"{most} of {num} attempts (share {most / num:.2f}) answer {text.shorten(first, _MAX_TOLD)}"

    def _verdict(self, group: _Group, trace: Trace) -> Verdict:
        answer = text.stated_answer(trace.response, group.marks)
        if answer is None:
            cause, _, explanation = text.why_no_answer(trace.finish_reason).partition(": ")
            return Verdict(self.label, "undecided", None, explanation, cause)
        if group.consensus is None:
            cause, _, explanation = group.why.partition(": ")
            return Verdict(self.label, "undecided", answer, explanation, cause)
        against = group.against.get(answer)
        if against is None:
            return Verdict(self.label, "correct", answer, group.why)
        if against.outcome == "undecided":
            explanation = f"{text.shorten(against.explanation, 2 * _MAX_TOLD)}; {group.why}"
            return Verdict(self.label, "undecided", answer, explanation, against.cause)
        cause = "" if against.outcome == "correct" else "not the consensus"
        return Verdict(self.label, against.outcome, answer, group.why, cause)


def _grouped(pairs: Pairs, marks: tuple[str, ...], no_votes: Collection[str]) -> tuple[list[_Group], list[int]]:
    """Return the groups of attempts at one question, and for each pair the place of its group."""
    groups: list[_Group] = []
    members: list[int] = []
    alike: dict[str, list[int]] = {}
    for question, trace in pairs:
        places = alike.setdefault(question.id, [])
        index = next((index for index in places if groups[index].question == question), None)
        if index is None:
            index = len(groups)
            places.append(index)
            groups.append(_Group(question, marks))
        groups[index].add(trace)
        members.append(index)
    for group in groups:  # in an order that is the same whichever attempt came first
        voting = [answer for answer in group.attempts if text.normalise(answer, _FOLDS) not in no_votes]
        group.unplaced = sorted(voting, key=lambda answer: (-len(group.attempts[answer]), answer))
        for traces in group.attempts.values():
            traces.sort(key=lambda trace: (trace.attempt, trace.response))
    return groups, members
