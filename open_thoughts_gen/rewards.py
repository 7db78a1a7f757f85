"""Verifiers as rewards for reinforcement learning: rows to train on, and functions that TRL and verl call.

    from open_thoughts_gen.rewards import reward
    reward("<think>...</think> Answer: 42", row)        # 1.0 correct, 0.0 incorrect, 0.0 undecided

A row (`reward_row`, or the command `reward` for whole datasets) holds the prompt, the reference, the verifiers that the
question meets with all their settings, and what of its meta they read; so the reward of a trained model is the verdict
that a run would give. Several verifiers are taken together as in a run: incorrect if one says so.

`undecided` is what a completion is worth that nobody could judge. 0.0 gives nothing for it, so that silence does not
pay; None leaves it out of TRL's loss. A time-out and a missing reference are undecided too: look at their rate.

Rows are data, and may come from anybody: one that names code of another package (`use: their.module:Class`, or a family
there), a judge, or no sandbox is refused, unless `trusted` names that package or verifier. The signatures
are those of GRPOTrainer in TRL 1, and of `custom_reward_function` in verl 0.9, for one completion and for a batch.
"""

from __future__ import annotations

import functools
import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from open_thoughts_gen.cache.file import default_place
from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.pipeline.verdicts import Assignment, judged
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.plugin.judging import Faults
from open_thoughts_gen.plugin.nested import Nested, check_trust, keys_read, trusting
from open_thoughts_gen.recipe import Part
from open_thoughts_gen.text import split_thinking
from open_thoughts_gen.types import Outcome, Question, Sample, Trace, Verdict

Completion = str | Sequence[Mapping[str, Any]]
Row = Mapping[str, Any]
RewardFunction = Callable[..., list[float | None]]

FIELDS = ("id", "prompt", "reference", "domain", "source", "meta", "verifiers")
_NESTED = TypeAdapter(tuple[Nested, ...])
_FAULTS = Faults(open_ended=True)
_log = logging.getLogger(__name__)
_LOCK = threading.RLock()  # verl calls from many threads, and verifiers are not made for that


def reward(completion: Completion, row: Row, *, undecided: float = 0.0, trusted: Collection[str] = ()) -> float:
    """Return what a completion is worth: 1.0 correct, 0.0 incorrect, `undecided` otherwise.

    A verifier that compares a question's attempts (`majority`) needs them together: `reward_func`.

    Raises:
        UserError: the row is none of `reward_row`, or names code of a package that is not trusted.

    """
    (outcome,) = outcomes([completion], [row], trusted=trusted)
    return undecided if outcome == "undecided" else float(outcome == "correct")


def make_reward_func(
    *, undecided: float | None = 0.0, trusted: Collection[str] = (), name: str = "verified"
) -> RewardFunction:
    """Return a reward function for TRL's GRPOTrainer; `name` is how the trainer's logs call it."""

    def reward_func(
        prompts: Sequence[Completion],
        completions: Sequence[Completion],
        **columns: Any,  # noqa: ANN401
    ) -> list[float | None]:
        read = {name: columns[name] for name in FIELDS if name in columns}
        rows = [{"prompt": prompt, **{name: read[name][i] for name in read}} for i, prompt in enumerate(prompts)]
        judged = outcomes(completions, rows, trusted=trusted)
        log = columns.get("log_extra")
        if callable(log):
            log("outcome", judged)
        return [undecided if outcome == "undecided" else float(outcome == "correct") for outcome in judged]

    reward_func.__name__ = name
    return reward_func


reward_func = make_reward_func()


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str | None,
    extra_info: Row | None = None,
    *,
    undecided: float = 0.0,
    trusted: Collection[str] = (),
    **_: Any,  # noqa: ANN401
) -> float:
    """Return the reward for verl, whose dataset the command `reward --layout verl` writes."""
    return reward(solution_str, _verl_row(ground_truth, extra_info), undecided=undecided, trusted=trusted)


def compute_scores(
    data_sources: Sequence[str],
    solution_strs: Sequence[str],
    ground_truths: Sequence[str | None],
    extra_infos: Sequence[Row | None],
    *,
    undecided: float = 0.0,
    trusted: Collection[str] = (),
    **_: Any,  # noqa: ANN401
) -> list[float]:
    """Return the rewards of a batch, for verl's reward manager `batch`."""
    rows = [_verl_row(truth, extra) for truth, extra in zip(ground_truths, extra_infos, strict=True)]
    judged = outcomes(solution_strs, rows, trusted=trusted)
    return [undecided if outcome == "undecided" else float(outcome == "correct") for outcome in judged]


def outcomes(completions: Sequence[Completion], rows: Sequence[Row], *, trusted: Collection[str] = ()) -> list[Outcome]:
    """Return the verdict on each completion for the question of its row; completions for one question are its attempts.

    Raises:
        UserError: as `reward`.

    """
    seen: Counter[str] = Counter()
    samples: list[Sample] = []
    by_verifiers: dict[str, list[int]] = {}
    for index, (completion, row) in enumerate(zip(completions, rows, strict=True)):
        question = _question(row, trusted)
        reasoning, response = _said(completion)
        attempt = seen[question.id]
        seen[question.id] += 1
        samples.append(Sample(question, Trace(question.id, attempt, "policy", reasoning, response)))
        written = row.get("verifiers")
        if not isinstance(written, str) or not written:
            hint = "write the rows with `open_thoughts_gen reward`, and keep its columns"
            raise UserError(Fault("a row names no `verifiers`", hint=hint))
        by_verifiers.setdefault(written, []).append(index)
    with _LOCK:
        for verifiers, indices in by_verifiers.items():
            for index, sample in zip(indices, _judged([samples[i] for i in indices], verifiers, trusted), strict=True):
                samples[index] = sample
    return [outcome_of(sample) for sample in samples]


def outcome_of(sample: Sample) -> Outcome:
    """Return what the verdicts on an answer come to; where its row asks for no more than form, the right form."""
    form_only = sample.is_right_in_form_only and all(each.form_only for each in sample.verdicts)
    return "correct" if form_only else sample.outcome


def _judged(samples: Sequence[Sample], written: str, trusted: Collection[str]) -> list[Sample]:
    verdicts: list[list[Verdict]] = [[] for _ in samples]
    with Local(workers=1) as engine:
        for i, _, verdict in judged(engine, _assignments(written, tuple(sorted(trusted))), samples, faults=_FAULTS):
            verdicts[i].append(verdict)
    raised, _FAULTS.raised = _FAULTS.raised, []
    for number, fault in enumerate(raised):  # the first with its traceback
        details = f"\n{fault.traceback}" if number == 0 else ""
        _log.warning("%s failed on question %s: %s%s", fault.verifier, fault.question_id, fault.error, details)
    return [replace(sample, verdicts=tuple(each)) for sample, each in zip(samples, verdicts, strict=True)]


@functools.lru_cache(maxsize=256)
def _assignments(written: str, trusted: tuple[str, ...]) -> tuple[Assignment, ...]:
    """Return the verifiers that a row writes, made fresh; the same ones for the same words."""
    nested = written_verifiers(written, trusted)
    context = Context(cache=default_place(), run="reward")
    return tuple(Assignment(one.verifier.fresh(context), one.when) for one in nested)


def written_verifiers(written: str, trusted: Collection[str] = ()) -> tuple[Nested, ...]:
    """Return the verifiers that data writes (JSON), with their settings.

    Raises:
        UserError: they cannot be made, or run or ask what nobody trusts.

    """
    try:
        with trusting(trusted):
            nested = _NESTED.validate_json(written, strict=True)
    except (ValidationError, RecursionError) as error:
        reasons = "; ".join(one["msg"] for one in error.errors()) if isinstance(error, ValidationError) else "too deep"
        raise UserError(Fault(f"the verifiers of a row cannot be made: {reasons}")) from error
    for name, risk in [risk for one in nested for risk in one.verifier.risks.items()]:
        if name not in trusted:
            hint = f"if you trust the rows, pass trusted=({name!r},)"
            raise UserError(Fault(f"a row names the verifier {name!r}, which {risk}", hint=hint))
    if not nested:
        raise UserError(Fault("a row names no verifier"))
    return nested


def _verl_row(ground_truth: str | None, extra_info: Row | None) -> dict[str, Any]:
    return {"reference": ground_truth, **(extra_info or {})}


def _question(row: Row, trusted: Collection[str]) -> Question:
    written = row.get("meta")
    try:
        parsed = json.loads(written) if isinstance(written, str) and written else written
    except (ValueError, RecursionError) as error:
        raise UserError(Fault(f"the `meta` of a row is not JSON: {error}")) from error
    meta = dict(parsed) if isinstance(parsed, Mapping) else {}
    if isinstance(meta.get("family"), str):
        check_trust("family", meta["family"], trusted)
    reference = row.get("reference")
    prompt = row.get("prompt") or ""
    if not isinstance(prompt, str):  # a chat: the last turn of the user
        prompt = next((_text(turn) for turn in reversed(prompt) if turn.get("role") == "user"), "")
    return Question(
        prompt,
        reference=None if reference is None else str(reference),
        domain=row.get("domain") or "general",
        source=row.get("source") or "",
        meta=meta,
    )


def _said(completion: Completion) -> tuple[str, str]:
    """Return (reasoning, response) of a completion: a text, or a chat whose last turn of the assistant it is."""
    if isinstance(completion, str):
        return split_thinking(completion)
    turn = next((turn for turn in reversed(completion) if turn.get("role", "assistant") == "assistant"), {})
    apart = turn.get("reasoning_content") or turn.get("thinking")
    return (apart, _text(turn)) if isinstance(apart, str) else split_thinking(_text(turn))


def _text(turn: Mapping[str, Any]) -> str:
    content = turn.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(part["text"] for part in parts if isinstance(part, Mapping) and isinstance(part.get("text"), str))


def reward_row(question: Question, parts: Sequence[Part]) -> dict[str, Any] | None:
    """Return the row of a question for TRL; None where none of the verifiers is meant for it.

    Raises:
        UserError: a verifier's settings hold a secret, which no dataset may carry.

    """
    applicable = [part for part in parts if part.applies_to(question)]
    # A reward is for answers: what judges the way to them would hold a policy to what only the teacher is held to.
    applicable = [part for part in applicable if not part.plugin.judges_steps] or applicable
    secret = next((part for part in applicable if part.holds_secrets), None)
    if secret is not None:
        hint = "let it read the secret from the environment by itself"
        raise UserError(Fault(f"the verifier {secret.use!r} holds a secret, which rows may not carry", hint=hint))
    if not applicable:
        return None
    written = [Nested(part.plugin, part.use).written("json") for part in applicable]
    keys = keys_read([part.plugin for part in applicable], [])
    meta = {key: value for key, value in question.meta.items() if keys is None or key in keys}
    return {
        "id": question.id,
        "prompt": [{"role": "user", "content": question.prompt}],
        "reference": question.reference,
        "domain": question.domain,
        "source": question.source,
        "meta": json.dumps(meta, ensure_ascii=False, sort_keys=True),
        "verifiers": json.dumps(written, ensure_ascii=False, sort_keys=True),
    }


def reward_rows(
    samples: Iterable[Sample], parts: Sequence[Part], *, correct_only: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield the row of each question of the samples, once; with `correct_only`, of those that somebody answered right.

    The one place where rows for reinforcement learning are made: the config `rl`, the command `reward` and `export` are
    doors to it. Questions that none of the verifiers is meant for are left out.

    Raises:
        UserError: as `reward_row`.

    """
    seen: set[str] = set()
    for sample in samples:
        if sample.question.id not in seen and not (correct_only and sample.outcome != "correct"):
            seen.add(sample.question.id)
            row = reward_row(sample.question, parts)
            if row is not None:
                yield row


def verl_row(row: Mapping[str, Any], index: int = 0) -> dict[str, Any]:
    """Return a row of `reward_row` in the layout that verl's datasets have."""
    (turn,) = row["prompt"]
    extra = {name: row[name] for name in FIELDS if name not in ("prompt", "reference")}
    return {
        "data_source": row["domain"],
        "prompt": row["prompt"],
        "ability": row["domain"],
        "reward_model": {"style": "rule", "ground_truth": row["reference"] or ""},
        "extra_info": {
            **extra, "prompt": turn["content"], "reference": row["reference"], "split": "train", "index": index
        },
    }  # fmt: skip


def nemo_gym_row(row: Mapping[str, Any], index: int = 0) -> dict[str, Any]:
    """Return a row of `reward_row` as NeMo Gym reads it; a resources server finds the row itself beside it."""
    (turn,) = row["prompt"]
    return {
        "responses_create_params": {"input": row["prompt"]},
        "question": turn["content"],
        "expected_answer": row["reference"],
        "open_thoughts": {**row, "index": index},
    }


LAYOUTS: Mapping[str, Callable[[Mapping[str, Any], int], dict[str, Any]]] = {
    "trl": lambda row, _: dict(row),
    "verl": verl_row,
    "nemo-gym": nemo_gym_row,
}
