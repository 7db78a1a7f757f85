from __future__ import annotations

import pytest

from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Outcome, Question, Trace
from open_thoughts_gen.verifiers.regex import Regex


def judged(response: str, reference: str | None = None, **settings: object) -> tuple[Outcome, str]:
    verifier = Regex.model_validate({"num_workers": 1, **settings}).fresh(Context())
    verdict = verifier.verdict(Question("?", reference), Trace("q", 0, "t", "", response))
    verifier.close()
    return verdict.outcome, verdict.cause


@pytest.mark.parametrize(
    ("settings", "reference", "response", "outcome"),
    [
        ({"pattern": r"\d{4}"}, None, "Answer: 1984", "correct"),
        ({"pattern": r"\d{4}"}, None, "Answer: in 1984", "incorrect"),
        ({"pattern": r"\d{4}", "match": "part"}, None, "Answer: in 1984", "correct"),
        ({"pattern": "(?i)(the )?{reference}"}, "a.b", "Answer: The A.B", "correct"),
        ({"pattern": "(?i)(the )?{reference}"}, "a.b", "Answer: The AxB", "incorrect"),  # taken literally
        ({"pattern": "{reference}"}, None, "Answer: x", "undecided"),
        ({"pattern": "(?s).*done", "of": "response"}, None, "first\nsecond\ndone", "correct"),
        ({"pattern": "x"}, None, "first\nsecond", "undecided"),
        ({"pattern": "x", "answer_marks": ["Ergebnis:"]}, None, "first\nErgebnis: x\nlast", "correct"),
    ],
)
def test_verdicts(settings: dict[str, object], reference: str | None, response: str, outcome: Outcome) -> None:
    assert judged(response, reference, **settings)[0] == outcome


def test_a_pattern_that_would_run_for_ever_is_undecided() -> None:
    assert judged("Answer: " + "a" * 60 + "!", pattern="(a+)+", timeout_s=0.3) == ("undecided", "timeout")


def test_what_is_no_pattern_is_refused() -> None:
    with pytest.raises(ValueError, match="not a pattern"):
        Regex(pattern="(")
