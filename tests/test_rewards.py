"""Verifiers as rewards: what completions are worth, the calls that TRL and verl make, and rows of strangers."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen import rewards
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Verifier
from open_thoughts_gen.recipe import Part
from open_thoughts_gen.recipe.inline import read_part
from open_thoughts_gen.rewards import Completion, compute_score, compute_scores, make_reward_func, reward, reward_func
from open_thoughts_gen.types import Question, Trace, Verdict
from tests.contract_examples import sums
from tests.toy.sums import Says

QUESTION = Question("What is 2 + 2?", "4", "math", meta={"level": 3, "spec": "unread"})
# How GRPOTrainer calls reward functions (TRL 1.16), and verl's reward managers (0.9): the keywords of the calls.
TRL_CALL = {"prompts", "completions", "completion_ids", "**"}
TRL_EXTRAS = {"trainer_state", "log_extra", "log_metric", "environments"}
VERL_CALL = {"data_source", "solution_str", "ground_truth", "extra_info"}
VERL_BATCH_CALL = {"data_sources", "solution_strs", "ground_truths", "extra_infos", "**"}


def parts(*written: str, **when: str) -> list[Part]:
    found = [read_part(one, "verifier", where="here") for one in written]
    return [Part(use=one.use, plugin=one.plugin, when=when) for one in found]


def row(*written: str, question: Question = QUESTION) -> dict[str, Any]:
    made = rewards.reward_row(question, parts(*(written or ("exact",))))
    assert made is not None
    return json.loads(json.dumps(made))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("completion", "worth"),
    [
        ("Answer: 4", 1.0),
        ("<think>5? no.</think>\n\\boxed{4}", 1.0),
        ("Answer: 5", 0.0),
        ("I\ndo not know", 0.5),
        ("<think>the answer is\nAnswer: 4", 0.5),  # it never came to answer
        ("", 0.5),
        ([{"role": "assistant", "content": "Answer: 4"}], 1.0),
        ([{"role": "assistant", "content": "Answer: 4", "reasoning_content": "hm"}], 1.0),
        (
            [{"role": "assistant", "content": [{"type": "text", "text": "Answer: "}, {"type": "text", "text": "4"}]}],
            1.0,
        ),
        ([{"role": "assistant", "content": "Answer: 5"}, {"role": "tool", "content": "Answer: 4"}], 0.0),
        ([{"role": "assistant", "content": None}], 0.5),
        ([], 0.5),
    ],
)
def test_what_a_completion_is_worth(completion: Completion, worth: float) -> None:
    assert reward(completion, row(), undecided=0.5) == worth
    assert reward(completion, row()) == (worth if worth != 0.5 else 0.0)


def test_right_form_is_rewarded_only_where_the_row_asks_for_no_more() -> None:
    answer = "<think>Hm.</think>Answer: 4"
    assert reward(answer, row("format")) == 1.0
    assert reward(answer, row("format", "choice"), undecided=0.5) == 0.5  # choice cannot decide
    assert reward(answer, row("format", "exact")) == 1.0
    assert reward("Answer: 4", row("format", "exact")) == 0.0  # there is no reasoning


def test_verifiers_are_taken_together_as_in_a_run() -> None:
    right, neither = "Answer: 4", "Answer: (B)"
    assert reward(right, row("exact", "choice")) == 1.0  # choice cannot decide
    assert reward(right, row("exact", "exact:{fold: []}")) == 1.0
    assert reward(neither, row("exact", "choice"), undecided=0.5) == 0.0
    assert reward(right, row("first_decided:{of: [choice, exact]}")) == 1.0


def test_a_row_holds_what_its_verifiers_read_and_no_more() -> None:
    written = row("exact:{fold: [case]}")
    assert written == {
        "id": QUESTION.id,
        "prompt": [{"role": "user", "content": QUESTION.prompt}],
        "reference": "4",
        "domain": "math",
        "source": "",
        "meta": "{}",
        "verifiers": '[{"answer_marks": [], "fold": ["case"], "use": "exact"}]',
    }
    assert json.loads(row("any_of:{of: [{use: exact, when: {level: 3}}]}")["meta"]) == {"level": 3}
    assert json.loads(row("tests.toy.sums:Says")["meta"]) == dict(QUESTION.meta)  # it does not say what it reads
    assert rewards.reward_row(QUESTION, parts("exact", domain="law")) is None


def test_a_family_judges_from_the_row_alone() -> None:
    question = sums()[0]
    written = row("family", question=question)
    assert set(json.loads(written["meta"])) == {"family", "spec"}
    with pytest.raises(UserError, match=r"the family 'tests.toy.sums:Sums', which is code of another package"):
        reward(f"Answer: {question.reference}", written)
    assert reward(f"Answer: {question.reference}", written, trusted=("tests.toy.sums",)) == 1.0
    assert reward(f"Answer: {question.reference}0", written, trusted=("tests",)) == 0.0


@pytest.mark.parametrize(
    ("verifiers", "told"),
    [
        ('[{"use": "tests.toy.sums:Says"}]', "code of another package"),
        ('[{"use": "all_of", "of": ["exact", "tests.toy.sums:Says"]}]', "code of another package"),
        ('[{"use": "majority", "by": "tests.toy.sums:Says"}]', "code of another package"),
        ('["os.path:X"]', "code of another package"),
        ('[{"use": "judge", "model": "http://127.0.0.1:1/v1#m"}]', "'judge', which sends what it judges, and your key"),
        ('[{"use": "any_of", "of": [{"use": "judge", "model": "ollama/m"}]}]', "'judge', which sends"),
        ('[{"use": "code", "isolation": "none"}]', "'code', which runs programs without a sandbox"),
        ('[{"use": "exat"}]', "there is no verifier 'exat'"),
        ('[{"use": "exact", "no": 1}]', "cannot be made"),
        ("nonsense", "cannot be made"),
        ("", "a row names no `verifiers`"),
        (None, "a row names no `verifiers`"),
    ],
)
def test_rows_of_strangers_make_nobody_run_or_pay_anything(verifiers: str | None, told: str) -> None:
    with pytest.raises(UserError, match=told):
        reward("Answer: 4", {**row(), "verifiers": verifiers})


def test_what_is_trusted_runs() -> None:
    written = {**row(), "verifiers": '[{"use": "tests.toy.sums:Says"}]'}
    assert reward("x", written, trusted=("tests",)) == 1.0
    with pytest.raises(UserError):
        reward("x", written)  # trust is given for one call, not for good


def test_secrets_are_not_written() -> None:
    class Keyed(Says):
        """Has a key."""

    part = Part(use="tests.toy.sums:Says", plugin=Keyed())
    part._secrets.written["sk-0123"] = "${KEY}"
    with pytest.raises(UserError, match="holds a secret"):
        rewards.reward_row(QUESTION, [part])


def columns(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return rows as GRPOTrainer passes them on: each column a list, but for the prompt."""
    return {name: [one[name] for one in rows] for name in rows[0] if name != "prompt"}


def trl_call(function: Any, rows: Sequence[dict[str, Any]], completions: Sequence[Completion]) -> Any:
    """Call a reward function as GRPOTrainer does."""
    extra_logs: dict[str, list[Any]] = {}
    found = function(
        prompts=[one["prompt"] for one in rows],
        completions=list(completions),
        completion_ids=[[1, 2]] * len(rows),
        **columns(rows),
        trainer_state=object(),
        log_extra=extra_logs.__setitem__,
        log_metric=lambda name, value: None,
    )
    assert len(found) == len(rows)
    assert set(extra_logs) == {"outcome"}
    return found


def test_trls_call() -> None:
    rows = [row(), row(question=Question("3 + 3?", "6")), row("choice", question=Question("Which?", "B")), row()]
    chats = [[{"role": "assistant", "content": text}] for text in ("Answer: 4", "Answer: 4", "(B)", "so\nso")]
    assert trl_call(reward_func, rows, chats) == [1.0, 0.0, 1.0, 0.0]
    plain = [{**one, "prompt": one["prompt"][0]["content"]} for one in rows]
    texts = [chat[0]["content"] for chat in chats]
    assert trl_call(reward_func, plain, texts) == [1.0, 0.0, 1.0, 0.0]
    assert trl_call(make_reward_func(undecided=None), rows, chats) == [1.0, 0.0, 1.0, None]
    assert make_reward_func(name="math_reward").__name__ == "math_reward"
    assert not inspect.iscoroutinefunction(reward_func)


def test_completions_for_one_question_are_its_attempts() -> None:
    rows = [row("majority:{by: exact}")] * 4 + [row("majority:{by: exact}", question=Question("3 + 3?"))] * 2
    texts = ["Answer: 5", "Answer: 5", "Answer: 4", "Answer: 5", "Answer: 6", "Answer: 6"]
    assert trl_call(reward_func, rows, texts) == [1.0, 1.0, 0.0, 1.0, 1.0, 1.0]
    assert reward(texts[0], rows[0]) == 0.0  # alone it is no consensus


def test_verls_calls() -> None:
    written = rewards.verl_row(row())
    assert set(written) == {"data_source", "prompt", "ability", "reward_model", "extra_info"}
    extra = {**written["extra_info"], "num_turns": 2, "rollout_reward_scores": {}}
    asked = {"data_source": "math", "ground_truth": written["reward_model"]["ground_truth"], "extra_info": extra}
    assert compute_score(solution_str="Answer: 4", **asked) == 1.0
    assert compute_score(solution_str="Answer: 5", **asked) == 0.0
    assert compute_score(solution_str="what\nelse", **asked, undecided=0.25) == 0.25
    batch: dict[str, Any] = {"data_sources": ["math"] * 2, "ground_truths": ["4"] * 2, "extra_infos": [extra] * 2}
    assert compute_scores(solution_strs=["Answer: 4", "Answer: 5"], **batch, some_reward_kwarg=1) == [1.0, 0.0]
    with pytest.raises(UserError, match="verifiers"):
        compute_score("math", "Answer: 4", "4", None)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"verifiers": "[]"}, "a row names no verifier"),
        ({"verifiers": "[" * 5000}, "the verifiers of a row cannot be made"),
        ({"meta": "{"}, "the `meta` of a row is not JSON"),
        ({"meta": "[" * 100_000}, "the `meta` of a row is not JSON"),
    ],
)
def test_a_row_that_cannot_be_read_is_told(changes: dict[str, str], told: str) -> None:
    with pytest.raises(UserError, match=re.escape(told)):
        reward("Answer: 4", {**row(), **changes})


def test_many_threads_may_call_at_once() -> None:
    written, texts = row("math:{num_workers: 1}"), [f"Answer: {i}" for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: reward(text, written), texts))
    assert found == [float(i == 4) for i in range(40)]


def test_verifiers_are_made_once_for_the_same_words() -> None:
    MADE.clear()
    written = {**row(), "verifiers": json.dumps([{"use": f"{__name__}:Counted"}])}
    for _ in range(3):
        assert reward("x", written, trusted=(__name__,)) == 1.0
    assert MADE == ["fresh"]


MADE: list[str] = []


class Counted(Verifier):
    """Counts how often it is made fresh."""

    def start(self) -> None:
        MADE.append("fresh")

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        return Verdict("counted", "correct")


def keywords_of(file: Path, function: str) -> tuple[set[str], set[str]]:
    """Return the keywords of the calls to a function in a file, and the keys put into what is passed as `**kwargs`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == function]
    assert calls
    keywords = {word.arg or "**" for call in calls for word in call.keywords}
    put = (node.targets[0] for node in ast.walk(tree) if isinstance(node, ast.Assign))
    keys = (
        target for target in put if isinstance(target, ast.Subscript) and ast.unparse(target.value) == "reward_kwargs"
    )
    return keywords, {ast.literal_eval(key.slice) for key in keys if isinstance(key.slice, ast.Constant)}


def installed(package: str, *path: str) -> Path:
    """Return a file of a package, without importing it; skips the test where there is none."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        pytest.skip(f"{package} is not installed; its call is the recorded one")
    return Path(spec.origin).parent.joinpath(*path)


def test_the_recorded_call_is_the_installed_trls() -> None:
    keywords, extras = keywords_of(installed("trl", "trainer", "grpo_trainer.py"), "reward_func")
    assert keywords - {"**"} >= TRL_CALL - {"**"}
    assert keywords <= TRL_CALL
    assert extras <= TRL_EXTRAS


@pytest.mark.parametrize(("manager", "recorded"), [("naive", VERL_CALL), ("batch", VERL_BATCH_CALL)])
def test_the_recorded_call_is_the_installed_verls(manager: str, recorded: set[str]) -> None:
    keywords, _ = keywords_of(installed("verl", "workers", "reward_manager", f"{manager}.py"), "self.compute_score")
    assert keywords == recorded


@pytest.mark.parametrize(
    ("function", "recorded"),
    [(reward_func, TRL_CALL), (compute_score, VERL_CALL), (compute_scores, VERL_BATCH_CALL)],
)
def test_our_signatures_take_the_recorded_calls(function: Any, recorded: set[str]) -> None:
    given: dict[str, Any] = {name: [] for name in recorded}
    if given.pop("**", None) is not None:
        given["anything"] = []
    assert inspect.signature(function).bind(**given).arguments


def test_what_judges_the_way_to_an_answer_is_left_out_where_others_judge_the_answer() -> None:
    named = [
        (rewards.reward_row(QUESTION, parts(*uses)) or {"verifiers": ""})["verifiers"]
        for uses in (("exact", "steps"), ("steps",))
    ]
    assert ["steps" in each for each in named] == [False, True]
