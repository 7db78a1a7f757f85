"""What the small verifiers say of a few hundred pairs, kind by kind: `tests/golden/answers_small.yaml`."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from open_thoughts_gen.plugin import Verifier, load
from open_thoughts_gen.types import Outcome, Question, Trace, Verdict
from open_thoughts_gen.verifiers.choice import Choice
from open_thoughts_gen.verifiers.date import Date
from open_thoughts_gen.verifiers.exact import Exact
from open_thoughts_gen.verifiers.number import Number

VECTORS = yaml.safe_load((Path(__file__).parent.parent / "golden" / "answers_small.yaml").read_text(encoding="utf-8"))
GROUPS = [
    pytest.param(name, group, id=f"{name}: {group['why']}") for name, groups in VECTORS.items() for group in groups
]
OUTCOMES: tuple[Outcome, ...] = ("correct", "incorrect", "undecided")


def verdict_of(verifier: Verifier, reference: str, response: str) -> Verdict:
    return verifier.verdict(Question("?", reference), Trace("q", 0, "t", "", response))


@pytest.mark.parametrize(("name", "group"), GROUPS)
def test_each_kind_is_judged_as_its_vectors_say(name: str, group: dict[str, list[list[str]]]) -> None:
    verifier = load("verifier", name).model_validate(group.get("settings", {}))
    assert isinstance(verifier, Verifier)
    pairs: list[tuple[str, str, str]] = [
        (one, rf"\boxed{{{other}}}", outcome) for outcome in OUTCOMES for one, other in group.get(outcome, ())
    ]
    pairs += [(one, response, outcome) for one, response, outcome in group.get("responses", ())]
    assert pairs
    verdicts = [(*pair, verdict_of(verifier, *pair[:2])) for pair in pairs]
    assert [
        (reference, response, outcome, verdict.outcome, verdict.why)
        for reference, response, outcome, verdict in verdicts
        if verdict.outcome != outcome
    ] == []
    assert [pair for *pair, verdict in verdicts if verdict.outcome != "correct" and not verdict.cause] == []


PIECES = [
    "1", "30", "1,234", "1.234", "(", ")", "$", "€", " ", "%", "bps", "k", "M", "million", "m", "/", "^", "{", "}",
    "\\",
    r"\text{", r"\frac{1}{2}", "-", "e5", "e400", "10^{23}", r"\times", "=", "pH ", "July 6, 2031", "06/07/2031", "B",
    "(B)", "option ", "not", "or", "'", "’", "²", "½", "°C", "people", "dozen", "\n", "0", ".", "万", "cat", "π", "∞",
]  # fmt: skip
SMALL: tuple[Verifier, ...] = (Number(), Number(unit="required"), Date(), Date(order="dmy"), Choice(), Exact())


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8), st.one_of(st.text(max_size=30), st.none()))
def test_any_text_is_judged_with_a_cause_and_is_never_another_answer_than_itself(
    pieces: list[str], reference: str | None
) -> None:
    text = "".join(pieces)
    for verifier in SMALL:
        verdict = verdict_of(verifier, text if reference is None else reference, f"<answer>{text}</answer>")
        assert verdict.cause or verdict.outcome == "correct"
        assert verdict.outcome != "incorrect" or reference is not None
