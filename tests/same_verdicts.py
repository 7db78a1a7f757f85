"""Answers to judge wherever rows are judged: kinds on which verifiers differ, and one on which one of them raises."""

from __future__ import annotations

from open_thoughts_gen.plugin import Verifier
from open_thoughts_gen.plugin.judging import VERIFIER_FAULT, Faults
from open_thoughts_gen.recipe import Part
from open_thoughts_gen.recipe.inline import read_part
from open_thoughts_gen.types import Question, Sample, Trace, Verdict

ANSWERS = (
    *[("4", "Answer: 4"), ("4", "Answer: 5"), ("1/2", "\\boxed{0.5}"), ("x^2-1", "\\boxed{(x-1)(x+1)}")],
    *[("7 kg", "Answer: 7000 g"), ("B", "Answer: (B)"), ("4", "I cannot say.\nSo be it."), ("4", "Answer: bug")],
    *[("2", "\\boxed{\\sqrt{4}}"), ("\\{1,2\\}", "\\boxed{\\{2,1\\}}"), ("4", "Answer: four or 4")],
)


class RaisesOnBug(Verifier):
    """Decides nothing, and raises where the response says so."""

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        """Judge one."""
        if "bug" in trace.response:
            raise KeyError(trace.response)
        return Verdict(self.label, "undecided", cause="nothing to say")


PARTS = (
    "exact",
    "math",
    "number",
    "tests.same_verdicts:RaisesOnBug",
    'first_decided:{of: ["tests.same_verdicts:RaisesOnBug", math]}',
    "majority:{by: exact}",
)


def samples() -> list[Sample]:
    """Return the answers, each to a question of its own."""
    questions = [Question(f"Question {number}?", reference) for number, (reference, _) in enumerate(ANSWERS)]
    traces = [Trace(question.id, 0, "t", "", said) for question, (_, said) in zip(questions, ANSWERS, strict=True)]
    return [Sample(question, trace) for question, trace in zip(questions, traces, strict=True)]


def parts() -> list[Part]:
    """Return the verifiers, as a command names them."""
    return [read_part(text, "verifier", where="test") for text in PARTS]


def judged_directly() -> dict[str, list[Verdict]]:
    """Return the verdicts of each verifier, asked for one row after the other, without anything between."""
    verdicts: dict[str, list[Verdict]] = {}
    for part in parts():
        verifier = part.plugin
        assert isinstance(verifier, Verifier)
        judged = (_verdict(verifier, sample) for sample in samples())
        verdicts[verifier.label] = list(Faults(open_ended=True).count(verifier.label, judged, len(ANSWERS)))
    return verdicts


def _verdict(verifier: Verifier, sample: Sample) -> Verdict:
    assert sample.trace is not None
    try:
        return verifier.verdict(sample.question, sample.trace)
    except KeyError as error:
        return Verdict(verifier.label, "undecided", None, f"KeyError: {error}", VERIFIER_FAULT)
