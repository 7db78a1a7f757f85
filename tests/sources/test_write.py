"""Questions that a model writes, on the loopback server: what it is sent, what it costs, what becomes of replies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from rapidfuzz import fuzz, process

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.money.budget import Budget, Spending
from open_thoughts_gen.pipeline import run_line
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.write import Write, prompts
from open_thoughts_gen.types import DropReason, Question
from tests.pipeline.test_line import part, recipe_of
from tests.servers.chat_server import ChatServer, Fault, completion
from tests.servers.judging import Body, writing
from tests.toy.sums import Says

PASSAGES = [
    {"text": f"The {name} has {num} doors. Each door opens to the {side}.", "topic": "houses", "license": "cc-by-4.0"}
    for name, num, side in (("mill", 3, "north"), ("barn", 5, "south"), ("inn", 7, "west"))
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = "".join(f"{json.dumps(row)}\n" for row in PASSAGES)
    (tmp_path / "seeds.jsonl").write_text(lines, "utf-8")
    return tmp_path


def settings(**changes: Any) -> dict[str, Any]:
    fields = {"prompt": "text", "domain": "topic", "license": "license"}
    return {
        "how": "harder",
        "seeds": {"use": "files", "path": "seeds.jsonl", "fields": fields},
        "max_retries": 0,
        **changes,
    }


def source(server: ChatServer, folder: Path, *, spending: Spending | None = None, **changes: Any) -> Write:
    context = Context(seed=5, folder=folder, cache=folder / "responses.sqlite", spending=spending)
    return Write.model_validate({"model": server.spec, **settings(**changes)}).fresh(context)


def first(writer: Write, num: int) -> list[Question | DropReason]:
    writer.expect(num)
    return list(islice(writer.questions(), num))


def code_in(body: Body) -> str:
    match = re.search(r'"code": "([0-9a-f]{12})"', body["messages"][0]["content"])
    assert match
    return match[1]


def reply(body: Body, *items: dict[str, Any], code: str = "") -> object:
    return completion(json.dumps({"questions": items, "code": code or code_in(body)}))


def answering(*items: dict[str, Any]) -> Callable[[Body], object]:
    """Return a model that writes these, whatever it is asked."""
    return lambda body: reply(body, *items)


def test_each_call_has_the_next_seed_quoted_and_rows_say_where_they_come_from(folder: Path) -> None:
    with ChatServer(answer=writing) as server:
        drawn = first(source(server, folder, per_call=2), 8)
        asked = sorted(server.asked, key=lambda each: each.body["messages"][1]["content"])
    questions = [each for each in drawn if isinstance(each, Question)]
    assert len(questions) == 8
    assert len(asked) == 4  # the seeds are used up after three calls, and taken again
    for row in PASSAGES:
        assert any(row["text"] in each.body["messages"][1]["content"] for each in asked)
    assert [each.meta["parents"] for each in questions[:2]] == [[Question(PASSAGES[0]["text"]).id]] * 2
    assert {(each.domain, each.license, each.source) for each in questions} == {("houses", "cc-by-4.0", "write:harder")}
    assert {each.meta["writer"] for each in questions} == {"m"}
    assert all(each.reference is None for each in questions)
    assert "Write 2 variants" in asked[0].body["messages"][0]["content"]


def test_the_same_run_asks_nothing_again_and_a_longer_one_begins_the_same(folder: Path) -> None:
    with ChatServer(answer=writing) as server:
        few = first(source(server, folder), 5)
        num = len(server.asked)
        assert first(source(server, folder), 5) == few
        assert len(server.asked) == num
        assert first(source(server, folder), 11)[:5] == few


def test_no_more_is_asked_than_is_wanted(folder: Path) -> None:
    with ChatServer(answer=writing) as server:
        first(source(server, folder, per_call=2), 6)
        assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("evidence", "is_kept"),
    [
        ("Each door opens to the north.", True),
        ("each  door opens\nto the north", True),
        ("Each door opens to the moon.", False),
    ],
)
def test_the_evidence_of_a_passage_has_to_stand_in_it(folder: Path, evidence: str, *, is_kept: bool) -> None:
    item = {"question": "Where do the doors of the mill open to?", "answer": "north", "evidence": evidence}
    with ChatServer(answer=answering(item)) as server:
        (drawn,) = first(source(server, folder, how="passage", limit=1), 1)
    if is_kept:
        assert isinstance(drawn, Question)
        assert drawn.reference == "north"
        assert drawn.meta["reference_by"] == "m"
        assert drawn.meta["passage"] == PASSAGES[0]["text"]
    else:
        assert isinstance(drawn, DropReason)
        assert drawn.reason == "the evidence does not stand in the passage"


def test_rows_that_cannot_be_seeds_have_their_reason_once_wherever_they_stand(folder: Path) -> None:
    lines = (folder / "seeds.jsonl").read_text("utf-8").splitlines()
    (folder / "seeds.jsonl").write_text("\n".join([lines[0], "broken", *lines[1:], '{"text": ""}']), "utf-8")
    with ChatServer(answer=writing) as server:
        drawn = first(source(server, folder), 14)
        assert first(source(server, folder), 2) == drawn[:2]
        (folder / "seeds.jsonl").write_text("broken\n", "utf-8")
        none = first(source(server, folder), 5)
    reasons = [each.reason for each in drawn if isinstance(each, DropReason)]
    assert reasons == ["unreadable line", "no prompt"]
    assert [each.reason for each in none if isinstance(each, DropReason)] == ["unreadable line"]
    assert len(none) == 1


def test_answers_may_be_asked_for_or_left_out_and_a_given_answer_is_the_reference(folder: Path) -> None:
    item = {"question": "How many doors has the mill?", "answer": "three", "evidence": "The mill has 3 doors."}
    with ChatServer(answer=answering(item)) as server:
        asked = first(source(server, folder, answers="ask"), 1)[0]
        left_out = first(source(server, folder, how="passage", answers="none"), 1)[0]
        back = first(source(server, folder, how="backtranslate"), 1)[0]
    assert isinstance(asked, Question)
    assert isinstance(left_out, Question)
    assert isinstance(back, Question)
    assert (asked.reference, asked.meta["reference_by"]) == ("three", "m")
    assert left_out.reference is None
    assert "reference_by" not in left_out.meta
    assert (back.reference, back.meta["reference_by"]) == (PASSAGES[0]["text"], "seed")


@pytest.mark.parametrize(
    "content",
    [
        "How many doors?",
        '{"questions": [{"question": "How?"}]}',
        '{"questions": [{"question": "How?"}], "code": "000000000000"}',
        '{"questions": [{"question": " "}], "code": "CODE"}',
        '{"questions": "How?", "code": "CODE"}',
    ],
)
def test_a_reply_that_cannot_be_read_is_asked_for_once_more_and_then_is_a_drop(folder: Path, content: str) -> None:
    with ChatServer(answer=lambda body: completion(content.replace("CODE", code_in(body)))) as server:
        drawn = first(source(server, folder, limit=1), 1)
        assert len(server.asked) == 2
    assert [each.reason for each in drawn if isinstance(each, DropReason)] == ["nothing written: unreadable"]


def test_failed_calls_are_drops_and_a_model_that_says_nothing_new_ends_the_source(folder: Path) -> None:
    with ChatServer(answer=writing, fault=lambda prompt, number: Fault(status=500)) as server:
        writer = source(server, folder)
        writer.expect(3)
        drawn = list(writer.questions())
    assert {each.reason for each in drawn if isinstance(each, DropReason)} == {"nothing written: failed"}
    with ChatServer(answer=answering({"question": "How many doors has the old mill by the river?"})) as server:
        writer = source(server, folder)
        writer.expect(3)
        again = list(writer.questions())
    assert sum(isinstance(each, Question) for each in again) == 1
    assert {each.reason for each in again if isinstance(each, DropReason)} == {"repeats a written question"}


def test_of_a_model_that_repeats_itself_in_three_of_ten_replies_no_near_duplicates_are_left(folder: Path) -> None:
    letters = str.maketrans("0123456789abcdef", "aeioubcdfghklmnp")

    def repeating(body: Body) -> object:
        """Repeat one question but for a word in three of ten replies."""
        digest = sha256(code_in(body).encode()).hexdigest()
        words = "Which of the two doors of the old mill opens to the north in winter, and why?".split()
        words[int(digest, 16) % 17] = digest[:4].translate(letters)
        new = " ".join(digest[i : i + 7] for i in range(0, 49, 7)).translate(letters)
        return reply(body, {"question": " ".join(words) if int(digest[-4:], 16) % 10 < 3 else f"Why {new}?"})

    with ChatServer(answer=repeating) as server:
        writer = source(server, folder, per_call=1)
        writer.expect(200)
        questions = list(islice((each for each in writer.questions() if isinstance(each, Question)), 200))
        num_asked = len(server.asked)
    prompts_ = [each.prompt for each in questions]
    similar = process.cdist(prompts_, prompts_, scorer=fuzz.ratio) >= 90
    assert len(prompts_) == 200
    assert (similar.sum(axis=1) > 1).sum() <= 0.02 * len(prompts_)
    assert num_asked < 200 / 0.7 * 1.25  # each round asks for what is missing, at the rate of those before


def test_attributes_are_drawn_by_weight_and_no_combination_twice_before_all_were_used(folder: Path) -> None:
    attributes = {"reader": ["a nurse", "a judge"], "form": {"case": 3.0, "dialogue": 1.0}}
    with ChatServer(answer=writing) as server:
        writer = source(server, folder, how="attributes", seeds=None, attributes=attributes, per_call=1)
        drawn = [each for each in first(writer, 8) if isinstance(each, Question)]
        contents = [each.body["messages"][0]["content"] for each in server.asked]
    combinations = [tuple(sorted(each.meta["attributes"].items())) for each in drawn]
    assert len(set(combinations[:4])) == len(set(combinations[4:])) == 4
    assert any("reader: a nurse; form: case" in each for each in contents)


def test_conditions_say_which_attributes_go_together(folder: Path) -> None:
    attributes = {"reader": ["a child", "a judge"], "form": ["case", "riddle"], "statute": ["1", "2"]}
    conditions = [
        {"when": {"reader": "a child"}, "then": {"form": "riddle", "statute": []}},
        {"when": {"form": ["riddle"], "reader": ["a judge"]}, "then": {"statute": ["2"]}},
    ]
    with ChatServer(answer=writing) as server:
        writer = source(
            server, folder, how="attributes", seeds=None, attributes=attributes, conditions=conditions, per_call=1
        )
        drawn = [each for each in first(writer, 8) if isinstance(each, Question)]
    combinations = [tuple(each.meta["attributes"].values()) for each in drawn]
    possible = {("a child", "riddle"), ("a judge", "case", "1"), ("a judge", "case", "2"), ("a judge", "riddle", "2")}
    assert set(combinations[:4]) == set(combinations[4:]) == possible


def test_a_recipe_may_bring_its_own_prompt(folder: Path) -> None:
    template = "Write {{ num }} riddles for {{ attributes.reader }}."
    with ChatServer(answer=writing) as server:
        first(source(server, folder, prompt=template, attributes={"reader": ["a child"]}), 1)
        content = server.asked[0].body["messages"][0]["content"]
    assert content.startswith("Write 3 riddles for a child.")
    assert "for this case" not in content


@pytest.mark.parametrize("how", sorted(prompts()))
def test_every_way_of_writing_works(folder: Path, how: str) -> None:
    def model(body: Body) -> object:
        number = int(code_in(body), 16)
        item = {"question": f"Why {number:x} {number**3:x}?", "answer": "x", "evidence": "opens to the"}
        return reply(body, item)

    way, attributes = prompts()[how], {"reader": ["a nurse"]}
    needs: dict[str, Any] = {} if way.seeds else {"seeds": None, "attributes": {} if way.alone else attributes}
    with ChatServer(answer=model) as server:
        (drawn,) = first(source(server, folder, how=how, **needs), 1)
        shown = server.asked[0].body["messages"][1]["content"]
    assert isinstance(drawn, Question)
    assert len(drawn.meta["parents"]) == prompts()[how].seeds == shown.count("[END OF SEED")


def test_in_a_run_what_writing_costs_is_in_the_account(folder: Path) -> None:
    with ChatServer(answer=writing) as server:
        writer = Write.model_validate({"model": server.spec, **settings()})
        recipe = recipe_of(sources=(part(writer),), target=7, verifiers=(part(Says()),), sample_filters=())
        context = Context(seed=5, folder=folder, cache=folder / "responses.sqlite")
        finished = run_line(recipe, context=context)
    assert len(finished.samples) == 7
    assert finished.counts.spent["writer"].answers == len(server.asked) == 3


def test_a_spent_budget_ends_the_writing(folder: Path) -> None:
    spending = Spending(Budget(tokens=1), {})
    spending.begin()
    with ChatServer(answer=writing) as server:
        writer = source(server, folder, spending=spending, per_call=1)
        writer.expect(200)
        drawn = list(writer.questions())
    assert len(server.asked) == 8  # the first few show what a call costs
    assert all(isinstance(each, Question) for each in drawn)


def test_seeds_that_are_missing_are_a_fault_of_the_user(tmp_path: Path) -> None:
    with ChatServer(answer=writing) as server, pytest.raises(UserError, match=r"seeds\.jsonl"):
        first(source(server, tmp_path), 1)


def faulty() -> Iterator[tuple[dict[str, Any], str]]:
    yield {"how": "hader"}, "did you mean 'harder'"
    yield {"seeds": None}, "needs `seeds:`"
    yield {"how": "attributes", "seeds": None}, "needs `attributes:`"
    yield {"prompt": "Write {{ some }}"}, "asks for 'some'"
    yield {"prompt": "Write {{ num"}, "template"
    yield {"attributes": {"reader": []}}, "at least one value"
    yield {"attributes": {"reader": {"nurse": 0.0}}}, "above 0"
    when = {"when": {"reader": "nurse"}, "then": {"form": "case"}}
    yield {"conditions": [when]}, "there are none"
    yield {"attributes": {"reader": ["nurse"], "forms": ["case"]}, "conditions": [when]}, "did you mean 'forms'"
    yield {"attributes": {"reader": ["nurses"], "form": ["case"]}, "conditions": [when]}, "did you mean 'nurses'"
    yield {"attributes": {"form": ["case"], "reader": ["nurse"]}, "conditions": [when]}, "write reader before it"
    yield {"seeds": {"use": "file"}}, "did you mean 'files'"


@pytest.mark.parametrize(("changes", "message"), faulty())
def test_settings_that_make_no_sense(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Write.model_validate({"model": "ollama/m", **settings(**changes)})
