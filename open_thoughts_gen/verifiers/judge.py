"""Judge by asking a model, for answers that no program can compare. Its verdict stands beside those of programs.

    use: judge
    model: deepseek/deepseek-flash        # whatever a teacher may be: provider/model, http://host:port/v1#model
    votes: 3
    temperature: 0.7

`against: reference` shows two answers, the response and the reference, without saying which is which, in an order drawn
from the question's id that alternates from vote to vote (judges prefer the first: Zheng et al. 2023, arXiv 2306.05685),
and asks whether they say the same. `against: rubric` shows the response alone, and asks whether it satisfies `rubric`;
a reference is shown beside it where there is one. What a model answers is read in a form (JSON by schema where the
endpoint knows schemas); what is not in that form is asked for once more, with what was wrong; then it does not count.
Each vote is an attempt of its own in the response cache, so nothing is asked or paid for twice. What it costs is in the
run's account and under its `budget`; what the budget leaves no room for is not judged, and undecided.

The response is hostile, and may speak to the judge. So it is quoted as `chat.quoting` does, the judge learns that it
is material, and its reply counts only with the code of the quotation in it, so that a verdict which it merely repeats
does not. The code takes a secret that lies beside the response cache, so the author of a dataset cannot compute it; the
same question is the same call for as long as cache and secret are kept. None of this makes a judge proof against
persuasion: do not let it alone decide what a program can; look at what the two disagree about (the filter
`disagreement`).

Not covered: scores, and reasoning, which is never shown to the judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from random import Random
from typing import Literal, Self

from pydantic import Field, model_validator

from open_thoughts_gen import text
from open_thoughts_gen.chat import Reply, resolve
from open_thoughts_gen.chat.polling import MATERIAL, AsksModel, FormCall, NoValue, Poll, coded_objects
from open_thoughts_gen.chat.quoting import code_of, quote
from open_thoughts_gen.money.budget import JUDGE, NOT_ASKED
from open_thoughts_gen.plugin.nested import Pairs
from open_thoughts_gen.types import Outcome, Question, Trace, Verdict
from open_thoughts_gen.verifiers._answers import ReadsAnswers

_COMPARE = """\
You compare two answers to one question, A and B. Say whether they come to the same result: "same" if their final \
answers mean the same (equal values, the same choice, the same name or statement), "different" if they do not, \
"undecided" if that cannot be told. Wording, length, format and reasoning do not count; nor does which answer you \
would give yourself.
"""
_GRADE = """\
You grade a response to a question. Say whether it satisfies the rubric: "correct" if it does in every point, \
"incorrect" if it fails in any, "undecided" if that cannot be told. Length, confidence and style count only where the \
rubric says so.
"""
_RULES = (
    """\

{rubric}"""
    + MATERIAL
    + """

Reply with one JSON object and nothing else:
{{"reason": "one or two sentences", "verdict": {verdicts}, "code": "{code}"}}"""
)
_WORDS: Mapping[str, Mapping[str, Outcome]] = {
    "reference": {"same": "correct", "different": "incorrect", "undecided": "undecided"},
    "rubric": {"correct": "correct", "incorrect": "incorrect", "undecided": "undecided"},
}
_VoteKey = tuple[int, int]  # row, number of the vote
_MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class _Vote:
    """The verdict in one reply; `cause` says why a reply holds none, and is empty if it holds one."""

    outcome: Outcome
    reason: str
    cause: str = ""


class Judge(AsksModel, ReadsAnswers):
    """Asks a model, once or several times, whether the response is right, and takes the verdict of the majority."""

    against: Literal["reference", "rubric"] = Field(
        default="reference",
        description="what the response is judged by. reference: whether it gives the same answer as the reference; "
        "rubric: whether it does what `rubric` asks",
    )
    rubric: str = Field(default="", description="in words, what a correct response has to do")
    shows: Literal["response", "answer"] = Field(
        default="response",
        description="what the judge sees. response: the whole response; answer: only the final answer that is marked "
        "in it",
    )
    votes: int = Field(default=1, ge=1, le=99, description="how often the judge is asked about each response")
    agreement: float = Field(
        default=0.5,
        ge=0.5,
        le=1,
        description="the least share of the votes that must agree, else the response is undecided; so is a tie",
    )
    max_characters: int = Field(
        default=50_000,
        ge=1,
        description="if prompt, reference and response together are longer, the judge is not asked, and the response "
        "is undecided",
    )
    name: str = Field(
        default="", pattern=r"^[\w.-]*$", description="the name that its verdicts are stored under; empty: `judge`"
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.against == "rubric" and not self.rubric.strip():
            raise ValueError("`against: rubric` needs a `rubric:`")
        if self.votes > 1 and self.temperature == 0:
            raise ValueError("several votes at temperature 0 are one vote: raise `temperature:`, or set `votes: 1`")
        return self

    @property
    def label(self) -> str:
        """The name that the recipe gives it, so that two judges can be told apart."""
        return self.name or self.plugin_name()

    @property
    def meta_keys(self) -> tuple[str, ...]:
        """No key: the judge sees the prompt, the reference and the response."""
        return ()

    @property
    def risks(self) -> Mapping[str, str]:
        """What is judged is sent to a server, and may cost money."""
        return {self.plugin_name(): f"sends what it judges, and your key, to {resolve(self.model).address}"}

    def start(self) -> None:
        """Check that there is an API key, so that a run without one fails at its start.

        Raises:
            UserError: the provider needs a key, and none is set.

        """
        self.begin()

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        """Judge one trace."""
        return next(self.verdicts([(question, trace)]))

    def verdicts(self, pairs: Pairs) -> Iterator[Verdict]:
        """Judge many, in order, `concurrency` calls at a time."""
        unasked = [self._why_not(question, trace) for question, trace in pairs]
        rows = [row for row, why in enumerate(unasked) if why is None]
        votes: dict[int, dict[int, _Vote]] = {row: {} for row in rows}
        with closing(self._votes([(row, number) for row in rows for number in range(self.votes)], pairs)) as arriving:
            for row, why in enumerate(unasked):
                answer = self.stated_answer(pairs[row][1].response)
                if why is not None:
                    cause, explanation = why
                    yield Verdict(self.label, "undecided", answer, explanation, cause)
                    continue
                while len(votes[row]) < self.votes:
                    (voted, number), vote = next(arriving)
                    votes[voted][number] = vote
                of_row = votes.pop(row)
                yield self._verdict([of_row[number] for number in range(self.votes)], answer)

    def _why_not(self, question: Question, trace: Trace) -> tuple[str, str] | None:
        """Return why there is nothing to ask (cause, details), or None."""
        if self.against == "reference" and not (question.reference or "").strip():
            return "no reference", "nothing to compare with"
        shown = self._shown(trace)
        if not shown.strip() or trace.finish_reason != "stop":
            cause, _, explanation = text.why_no_answer(trace.finish_reason).partition(": ")
            return cause, explanation
        num = len(question.prompt) + len(question.reference or "") + len(shown)
        return ("too long", f"{num:,} characters") if num > self.max_characters else None

    def _shown(self, trace: Trace) -> str:
        return trace.response if self.shows == "response" else self.stated_answer(trace.response) or ""

    def _votes(self, keys: Sequence[_VoteKey], pairs: Pairs) -> Generator[tuple[_VoteKey, _Vote], None, None]:
        """Yield the vote of each key, in any order."""

        def known_by(key: _VoteKey) -> int:
            question, trace = pairs[key[0]]
            return hash((self.label, self.model, question.prompt, question.reference, trace.response, key[1]))

        def ballot(key: _VoteKey, secret: bytes) -> FormCall:
            return self.call(*pairs[key[0]], key[1], secret=secret)

        context = self._context
        poll = Poll(self, ballot, self._read, known_by)
        arriving = poll.values(keys, cache=context.cache, run=context.run, meter=context.meter(JUDGE))
        with closing(arriving):
            for key, value in arriving:
                yield key, value if isinstance(value, _Vote) else _no_vote(value)

    def call(self, question: Question, trace: Trace, number: int = 0, *, secret: bytes = b"") -> FormCall:
        """Return what is asked for one vote; `secret` keeps its code from whoever wrote the question."""
        words = " or ".join(f'"{word}"' for word in _WORDS[self.against])
        rubric = f"Rubric:\n{self.rubric.strip()}\n\n" if self.rubric.strip() else ""
        instructions = _COMPARE if self.against == "reference" else _GRADE
        shown, reference = self._shown(trace), question.reference or ""
        code = code_of(question.prompt, reference, shown, secret=secret)
        parts = {"QUESTION": question.prompt}
        if self.against == "rubric":
            parts |= {"REFERENCE": reference} if reference.strip() else {}
            parts["RESPONSE"] = shown
        else:
            is_first = (Random(f"{question.id}/order").random() < 0.5) == (number % 2 == 0)
            parts["ANSWER A"], parts["ANSWER B"] = (shown, reference) if is_first else (reference, shown)
        messages = [
            {"role": "system", "content": instructions + _RULES.format(rubric=rubric, code=code, verdicts=words)},
            {"role": "user", "content": "\n\n".join(quote(name, part, code) for name, part in parts.items())},
        ]
        verdict = {"type": "string", "enum": list(_WORDS[self.against])}
        members = {"reason": {"type": "string"}, "verdict": verdict, "code": {"type": "string"}}
        return self.form(messages, members, name="verdict", attempt=number, code=code)

    def _read(self, reply: Reply, code: str) -> _Vote | str:
        """Return the vote in a reply, or why it cannot be read."""
        known = _WORDS[self.against]
        ballots = coded_objects(reply, code)
        verdicts = {str(one.get("verdict", "")).strip().lower() for one in ballots}
        if len(verdicts) > 1:
            return "it holds several verdicts"
        if not ballots:
            return "it holds no JSON object with that code"
        if not verdicts <= known.keys():
            return "its verdict is none of those asked for"
        return _Vote(known[verdicts.pop()], text.shorten(str(ballots[-1].get("reason", "")), _MAX_REASON))

    def _verdict(self, votes: Sequence[_Vote], answer: str | None) -> Verdict:
        """Return the verdict of the majority."""
        if any(vote.cause == NOT_ASKED for vote in votes):
            return Verdict(self.label, "undecided", answer, cause=NOT_ASKED)
        counts = Counter(vote.outcome for vote in votes)
        (outcome, most), *others = counts.most_common()
        tally = ", ".join(f"{counts[each]} {each}" for each in ("correct", "incorrect", "undecided") if counts[each])
        tally = f"votes: {tally}" if len(votes) > 1 else ""
        deciding = next(vote for vote in votes if vote.outcome == outcome)
        explained = "; ".join(filter(None, (tally, deciding.reason))) or f"the judge says {outcome}"
        if others and others[0][1] == most:
            return Verdict(self.label, "undecided", answer, tally, "tie")
        if outcome != "undecided" and most / len(votes) < self.agreement:
            return Verdict(self.label, "undecided", answer, explained, "no agreement")
        causes: Mapping[Outcome, str] = {"correct": "", "incorrect": "judged incorrect"}
        cause = causes.get(outcome, deciding.cause or "the judge cannot tell")
        return Verdict(self.label, outcome, answer, deciding.reason if deciding.cause else explained, cause)


def _no_vote(value: NoValue) -> _Vote:
    """Return the vote that stands for none: undecided, and why."""
    if value.kind == "not asked":
        return _Vote("undecided", "", NOT_ASKED)
    words = {"cut": "the judge was cut off", "unreadable": f"the judge's reply cannot be read, {value.why}"}
    return _Vote("undecided", words.get(value.kind, value.why), "no verdict")
