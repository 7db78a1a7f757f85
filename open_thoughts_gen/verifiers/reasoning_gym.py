"""Judge answers to the questions of reasoning-gym by its own scoring (https://github.com/open-thought/reasoning-gym).

Each of its datasets scores answers in its own way: some have many right answers, and check a path or a formula. The
question's meta says which dataset it came from, as that package writes it: `source_dataset`, in the meta itself or in
its `metadata`, beside what the scoring needs. An answer is correct if it scores at least `min_score`. It is what stands
between `<answer>` tags, as that package asks for it, in the last box, or after `Answer:`, and may have several lines.
One scoring is not believed as it stands: that of puzzle24, which does not look whether the numbers are the question's.

The scoring runs on a model's text (some of it through parsers and SymPy), so it happens in killable workers. Several
datasets go further and hand the text to Python's `eval`, their own or SymPy's: to those only literals and formulas are
shown, anything else is undecided, and the workers refuse to start programs, to reach the network and to write files.
That is not a sandbox, but what no dataset asks for cannot be had by asking. Without the package, the run does not
begin; where one is missing that a dataset of it needs, its rows are undecided.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import sys
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

from pydantic import Field

from open_thoughts_gen import text
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.types import Question, Trace, Verdict
from open_thoughts_gen.verifiers._killable import Asked, Finding, Killable

_PACKAGE = "reasoning_gym"
_MAX_LENGTH = 100_000
_MAX_SHOWN = 160
_ANSWER = re.compile(r"^[ \t*_#]*(?:final\s+)?answer[*_]*\s*:[*_]*", re.IGNORECASE | re.MULTILINE)

# What a hundred datasets by as many hands are known to raise on strange answers; anything else ends the worker.
_REFUSALS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)

# Datasets that evaluate what stands in brackets, and those that have SymPy evaluate a formula.
_EVALUATED = frozenset({"binary_matrix", "n_queens", "number_sorting", "spiral_matrix", "string_insertion"})
_FORMULAS = frozenset(
    {"countdown", "intermediate_integration", "polynomial_multiplication", "puzzle24", "simple_integration"}
)
_BITWISE, _EXPRESSION = "bitwise_arithmetic", re.compile(r"[\da-fA-FxX\s()+*<>-]*")  # of the row's own problem
_NAME = re.compile(r"[^\W\d]\w*")
_FUNCTIONS = frozenset(
    "sin cos tan sec csc cot asin acos atan sinh cosh tanh exp log ln sqrt abs Abs erf pi Rational Integral".split()
)
_LETTERS = 2
_PUZZLE = 24
# What scoring has no business with (PEP 578).
_FORBIDDEN = (
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.kill", "os.remove", "os.rename", "os.mkdir",
    "os.rmdir", "os.chmod", "os.chown", "os.link", "os.symlink", "os.truncate", "subprocess.", "socket.", "ctypes.",
    "shutil.", "pty.", "urllib.", "webbrowser.", "code.__new__",
)  # fmt: skip


class ReasoningGym(Killable):
    """Scores the answer as the question's own dataset does."""

    min_score: float = Field(default=1.0, gt=0, le=1, description="the least score that counts as correct")

    function: ClassVar[str] = f"{__name__}:scored"

    @property
    def meta_keys(self) -> None:
        """All: what the scoring needs differs from dataset to dataset."""
        return

    def start(self) -> None:
        """Refuse to begin without the package."""
        if importlib.util.find_spec(_PACKAGE) is None:
            fault = Fault(
                f"verifier 'reasoning_gym' needs the package {_PACKAGE!r}, which is not installed",
                hint="pip install 'open-thoughts-gen[reasoning_gym]'",
            )
            raise UserError(fault)
        super().start()

    def ask(self, question: Question, trace: Trace) -> Verdict | Asked:
        """Have the answer scored; undecided for questions of no dataset."""
        entry = metadata(question)
        if entry is None:
            return self.undecided("no dataset", "the question does not come from one of reasoning-gym's")
        answer = stated_answer(trace.response, self.answer_marks)
        if answer is None:
            return self.unanswered(trace)
        if len(answer) > _MAX_LENGTH:
            return self.undecided("answer too long", f"{len(answer):,} characters")
        name = entry["source_dataset"]
        shown = (answer, question.reference or "", str(entry.get("integrand") or ""))
        bitwise = name != _BITWISE or _EXPRESSION.fullmatch(str(entry.get("problem")))
        if not (bitwise and all(is_harmless(name, each) for each in shown)):
            explanation = f"{name} evaluates what it is given, and this is not a value"
            return self.undecided("unsafe to evaluate", explanation, answer=answer)
        entry = {"question": question.prompt, "answer": question.reference, "metadata": entry}
        return Asked(answer, (name, answer, entry, self.min_score))


def stated_answer(response: str, marks: tuple[str, ...] = ()) -> str | None:
    """Return the answer that a response marks: here it may have several lines."""
    if marks:
        return text.stated_answer(response, marks)
    inside = text.tagged(response)
    if inside is not None:
        return inside or None
    boxed = text.boxed(response)
    if boxed:
        return boxed
    at = [match.end() for match in _ANSWER.finditer(response)]
    return response[at[-1] :].strip() or None if at else text.stated_answer(response)


def is_harmless(dataset: str, answer: str) -> bool:
    """Return whether a text may be shown to a dataset that evaluates it: a literal, or a formula in letters."""
    if dataset in _FORMULAS:
        names = _NAME.findall(unicodedata.normalize("NFKC", answer))
        return not {"'", '"'} & set(answer) and all(len(name) <= _LETTERS or name in _FUNCTIONS for name in names)
    if dataset not in _EVALUATED or "(" not in answer:
        return True  # without a bracket nothing is called
    try:
        ast.literal_eval(answer)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def metadata(question: Question) -> dict[str, Any] | None:
    """Return what the package wrote beside a question; None if it did not write it."""
    for entry in (question.meta, question.meta.get("metadata")):
        if isinstance(entry, Mapping) and isinstance(entry.get("source_dataset"), str):
            return dict(entry)
    return None


def prepare() -> None:
    """Load the package, then give up what scoring does not need."""
    _dataset("gcd")
    sys.dont_write_bytecode = True
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event.startswith(_FORBIDDEN):
        raise PermissionError(f"scoring an answer asks for {event}")


def scored(task: tuple[str, str, dict[str, Any], float]) -> Finding:
    """Score an answer, without any limit: for worker processes only."""
    name, answer, entry, min_score = task
    try:
        score = float(_dataset(name).score_answer(answer, entry))
        overlooked = _overlooked(name, answer, entry["metadata"]) if score >= min_score else ""
    except ImportError as error:
        return "undecided", f"{name} needs {error.name}, which is not installed", "package"
    except _REFUSALS as error:
        return "undecided", text.shorten(f"it failed: {type(error).__name__}: {error}", _MAX_SHOWN), "scoring"
    explanation = f"{name} gives it {score:.3g}{overlooked}"
    if score >= min_score and not overlooked:
        return "correct", explanation
    return "incorrect", explanation, "score too low" if score < min_score else "not a solution"


def _overlooked(name: str, answer: str, metadata: Mapping[str, Any]) -> str:
    """Return what is wrong with an answer that a dataset takes: puzzle24's takes other numbers, and 24.9 for 24."""
    if name != "puzzle24":
        return ""
    from sympy import parse_expr  # type: ignore[import-untyped]

    if sorted(map(int, re.findall(r"\d+", answer))) != sorted(metadata["numbers"]):
        return ", but its numbers are not the question's"
    return "" if parse_expr(answer) == _PUZZLE else ", but it is another number"


@lru_cache(maxsize=128)
def _dataset(name: str) -> Any:  # noqa: ANN401 - the package is not typed
    import reasoning_gym

    return reasoning_gym.create_dataset(name, size=1, seed=0)
