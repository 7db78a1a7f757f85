"""References that their own verifier cannot read, or does not accept: nobody can be right about such a question.

A reference is given to the verifier as an answer, in each of the ways in which models write one. If none is correct,
the verifier takes the reference for another answer than itself. Where it is correct, that may be for the text alone; so
another answer is tried as well, and the verifier says whether it can read the reference.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from open_thoughts_gen.engines import Engine, verdicts
from open_thoughts_gen.pipeline.verdicts import Assignment
from open_thoughts_gen.plugin import Verifier
from open_thoughts_gen.plugin.judging import Faults
from open_thoughts_gen.plugin.when import meets
from open_thoughts_gen.types import Question, Trace, UnacceptedReference, Verdict

_FORMS = ("Answer: {}", "\\boxed{{}}", "{}")
SAME_TEXT = "the same text"  # what verifiers explain a verdict with that needed no reading
_ANOTHER = "Answer: 987654321"


def unaccepted(
    engine: Engine, assignments: Sequence[Assignment], questions: Sequence[Question], *, read: Collection[str] = ()
) -> list[UnacceptedReference]:
    """Return the references that verifiers which read them cannot read or do not accept, without asking any model.

    The references of the questions whose ids are in `read` are known to be read.
    """
    refused = []
    for assignment in assignments:
        verifier = assignment.verifier
        if not verifier.reads_reference or verifier.sees_attempts or verifier.models or verifier.risks:
            continue
        tried = [
            question
            for question in {question.id: question for question in questions if question.id not in read}.values()
            if (question.reference or "").strip() and meets(question, assignment.when)
            if not verifier.judges_form(question)
        ]
        refusals = _refusals(engine, verifier, tried)
        refused += [
            UnacceptedReference(verifier.label, question.id, question.reference or "", verdict.outcome, verdict.why)
            for question in tried
            if (verdict := refusals.get(question.id)) is not None
        ]
    return refused


def _refusals(engine: Engine, verifier: Verifier, questions: Sequence[Question]) -> dict[str, Verdict]:
    """Return what a verifier says of the references that it does not accept, by the ids of their questions."""
    refusals: dict[str, Verdict] = {}
    left = [*questions]
    for form in _FORMS:
        verdicts_of = _judged(engine, verifier, left, form)
        refusals = {key: refusals.get(key, each) for key, each in verdicts_of.items() if each.outcome != "correct"}
        left = [question for question in left if question.id in refusals]
    accepted = [question for question in questions if question.id not in refusals]
    for key, verdict in _judged(engine, verifier, accepted, _ANOTHER).items():
        if "reference" in verdict.reason:
            refusals[key] = verdict
    return refusals


def _judged(engine: Engine, verifier: Verifier, questions: Sequence[Question], form: str) -> dict[str, Verdict]:
    traces = [Trace(each.id, 0, "reference", "", form.replace("{}", each.reference or "")) for each in questions]
    pairs = list(zip(questions, traces, strict=True))
    judged = verdicts(engine, verifier, pairs, faults=Faults(open_ended=True))
    return {question.id: verdict for question, verdict in zip(questions, judged, strict=True)}
