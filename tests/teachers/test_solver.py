"""The teacher `solver`: tells each step in an order that can be followed, and the same way in every run."""

from dataclasses import replace
from random import Random

from open_thoughts_gen.narration.plan import Narration, Paragraph, phrases, shown
from open_thoughts_gen.sources.family import Family
from open_thoughts_gen.teachers.solver import Solver, Telling, listed
from open_thoughts_gen.text import final_answer
from open_thoughts_gen.types import Derivation, Question, Request, Step

DERIVATION = Derivation(
    "No",
    (
        Step("issue", ("Is it late?",)),
        Step("rule", ("The limit is ten.", "Ten is the limit."), point=1, cites=("§ 1",)),
        Step("exception", ("Unless it is a Sunday.",), point=1, cites=("§ 2",)),
        Step("finding", ("It is not late.", "So it came in time."), point=1),
        Step("trap", ("Eleven looks late.",), point=2),
        Step("finding", ("It is not owed.", "Nothing is owed."), point=2),
        Step("finding", ("No third ground.", "There is no third ground."), point=3),
        Step("check", ("Ten less one is nine.",), point=9),
        Step("answer", ("It came in time.",), cites=("§ 1",)),
    ),
)


# What a slow reader has besides; the trap settles what the finding rests on.
LONG = Derivation(
    "No",
    (
        Step("issue", ("Is it late?",)),
        Step("turn", ("Nine days would end on Sunday.",), point=1, settles=("guess",)),
        Step("refute", ("But ten are given.",), point=1, claims=("9 + 1 = 10",)),
        Step("trap", ("Eleven looks late.", "Eleven seems late."), point=1, settles=("days",)),
        Step("compute", ("Eleven less one is ten.",), point=2, claims=("11 - 1 = 10",), uses=("days",)),
        Step("finding", ("It is not late.", "It came in time."), point=3),
        Step("finding", ("Nothing is owed.", "There is no debt."), point=4),
        Step("check", ("Ten and one are eleven.",), point=9, claims=("10 + 1 = 11",), shown="deliberate"),
        Step("check", ("Nine would do.",), point=9),
        Step("answer", ("It came in time.",)),
    ),
)
NOTES = (Step("note", ("Ten days are given.",)), Step("note", ("Eleven have gone by.",)))
NARRATIONS: tuple[Narration, ...] = ("brief", "normal", "deliberate")


def tellings(count: int = 200, derivation: Derivation = DERIVATION, narration: Narration = "normal") -> list[str]:
    notes = NOTES if narration == "deliberate" else ()
    return [Telling(derivation, Random(seed), narration, notes).reasoning() for seed in range(count)]


def test_every_step_is_told_in_order() -> None:
    for text in tellings():
        indices = [
            min(text.index(wording) for wording in step.texts if wording in text)
            for step in DERIVATION.steps
            if step.kind != "answer"
        ]
        assert indices == sorted(indices), text
        assert text.split("\n\n")[-1].endswith("No.")
        assert all(paragraph == paragraph.strip() != "" for paragraph in text.split("\n\n")), text


def kinds_told(narration: Narration) -> list[str]:
    telling = Telling(LONG, Random(1), narration, NOTES if narration == "deliberate" else ())
    paragraphs = [paragraph for paragraph in telling.paragraphs() if paragraph.part not in ("recap", "again", "reason")]
    return [step.kind for paragraph in paragraphs for step in paragraph.steps]


def test_a_narration_chooses_the_steps_and_what_they_rest_on() -> None:
    assert kinds_told("brief") == ["trap", "compute", "finding", "finding"]
    assert kinds_told("normal") == ["issue", "trap", "compute", "finding", "finding", "check"]
    issue, *others = [step.kind for step in LONG.steps if step.kind != "answer"]
    assert kinds_told("deliberate") == [issue, "note", "note", *others]


def test_a_deliberate_narration_goes_through_the_text_and_then_over_its_steps_again() -> None:
    for text in tellings(20, LONG, "deliberate"):
        assert "- Ten days are given.\n- Eleven have gone by." in text
        assert any(phrase in text for phrase in phrases()["again"])
        for finding in ("It is not late.", "It came in time.", "Nothing is owed.", "There is no debt."):
            assert text.count(finding) == 1


def test_what_a_brief_step_uses_is_told_even_where_its_kind_would_not_be() -> None:
    steps = (
        Step("check", ("One.",), settles=("one",)),
        Step("finding", ("Two.",), uses=("one",)),
        Step("check", ("3.",)),
    )
    assert [step.texts[0] for step in shown(steps, "brief")] == ["One.", "Two."]


def test_at_most_two_phrases_stand_in_a_trace_each_before_a_step_that_it_fits() -> None:
    banks = {name: texts for name, texts in phrases().items() if name not in ("close", "ground")}
    numbers = set()
    for narration in NARRATIONS:
        for text in tellings(100, LONG, narration):
            said = [phrase for texts in banks.values() for phrase in texts if f"{phrase} " in text.replace("\n", " ")]
            assert len(said) <= (0 if narration == "brief" else 2), text
            numbers.add(len(said))
            for phrase in said:
                following = text.split(phrase, 1)[1].strip().removeprefix("- ")
                step = next(step for step in (*NOTES, *LONG.steps) if following.startswith(tuple(step.texts)))
                bank = next(name for name, texts in banks.items() if phrase in texts)
                assert bank in (
                    "turn",
                    "recap",
                    "again",
                    f"opening/{step.kind}",
                    "opening/any",
                    f"lead/{step.kind}",
                    "lead/sum",
                )
                assert bank != "lead/sum" or step.claims
    assert numbers == {0, 1, 2}


def test_plans_differ() -> None:
    assert len(set(tellings())) > 150
    assert len({text.count("\n\n") for text in tellings()}) > 2


def test_what_is_said_again_is_said_in_other_words() -> None:
    for told in tellings():
        for step in DERIVATION.steps:
            for text in step.texts:
                assert told.count(text) <= 1 or len(step.texts) == 1, told


def test_the_response_gives_the_reason_and_the_answer() -> None:
    response = Telling(DERIVATION, Random(1)).response()
    assert response.startswith("It came in time.")
    assert final_answer(response) == "No"


SUMS = (
    Step("rule", ("Each of the seven costs 12.", "At 12 each there are seven."), claims=()),
    Step("compute", ("Seven at 12 make 84.", "So that is 84 for the seven."), point=1, claims=("7 * 12 = 84",)),
    Step(
        "compute", ("That less 30 is 54.", "From it 30 are taken, which leaves 54."), point=1, claims=("84 - 30 = 54",)
    ),
    Step("answer", ("Owed are 54 crowns.",), point=1),
)


def test_a_response_says_first_what_its_reason_rests_on_in_words_that_can_be_read_by_themselves() -> None:
    product, rest = replace(SUMS[1], num_leaning=1), Step("compute", ("84 less 30 is 54.",), 1, (), SUMS[2].claims)
    reason = replace(SUMS[3], grounds=(product, rest))
    response = Telling(Derivation("54 crowns", (SUMS[0], product, rest, reason)), Random(1)).response()
    assert response == "Seven at 12 make 84. 84 less 30 is 54. Owed are 54 crowns.\n\nAnswer: 54 crowns"
    reason = Step("answer", ("Owed are 54 crowns.", "So 54 are owed."), num_leaning=1)
    assert {Telling(Derivation("54", (reason,)), Random(seed)).response() for seed in range(9)} == {
        "Owed are 54 crowns.\n\nAnswer: 54"
    }


def test_a_sum_is_announced_only_where_it_begins() -> None:
    banks = [list(Paragraph("body", SUMS).phrases_before(index, is_first=False)) for index in range(3)]
    assert banks == [[("turn", 1.5)], [("lead/sum", 1.0)], []]


def test_a_question_is_told_the_same_way_in_every_run_and_another_attempt_anew() -> None:
    question = next(Family(family="statutes").questions())
    assert isinstance(question, Question)
    first, second = (list(Solver().traces([Request(question), Request(question, 1)])) for _ in range(2))
    assert first == second
    assert first[0].reasoning != first[1].reasoning
    assert final_answer(first[0].response) == final_answer(first[1].response) == question.reference


def test_a_question_of_no_family_is_an_error_trace() -> None:
    (trace,) = Solver().traces([Request(Question("What is the time?", meta={"family": "statutes", "spec": {}}))])
    assert trace.finish_reason == "error"
    assert trace.error == "the solver answers only questions that a family made, and this is not one"
    assert (trace.reasoning, trace.response) == ("", "")


def test_lists_read_well() -> None:
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
