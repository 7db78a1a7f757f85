r"""Judge programs by running them against tests, in a sandbox.

The Python program is taken from a fenced block of the response. The tests stand in the question's `meta`, as the large
collections of programming problems write them: `{"inputs": [...], "outputs": [...]}` for programs that read standard
input, with `"fn_name"` where a function is called instead (each input is then its list of arguments), or a list of
`{"input": ..., "output": ...}`; or either as a JSON string. Or they are code: a list of asserts (MBPP), a function
`check(candidate)` beside an `entry_point` (HumanEval; `Solution().method` for a class), or functions of pytest that
import from `solution` (KodCode).

A program is accepted if it passes every test; anything else that comes of it is incorrect, by its cause: wrong answer,
time limit, memory limit, output limit, runtime error, syntax error, missing function. A crash is never correct.
Undecided is what is not a fault of the program: no tests, tests of a function that nothing names, a response without
code, a sandbox that failed, a machine that was too busy.

What is expected never enters the program's sandbox. Outputs and returned values come out, as bytes and as JSON, and are
compared here; asserts run in a second sandbox, where copies of what the program returns arrive, and none of its code.
So a program that patches its interpreter, or returns an object that equals everything, gains nothing.

`tolerant` compares word by word, and numbers that are plainly numbers by value: `1.0` is `1`, `007` is not `7`.
Decimals may differ, absolutely or relatively, by `tolerance` or by what the tests themselves say. `strict` compares
line by line, up to white space at the ends of lines and blank lines at the end.

Not covered: problems with several right outputs (they want a checker of their own), interactive ones, functions that
change their arguments in place where the tests are inputs and outputs, languages other than Python.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, PrivateAttr

from open_thoughts_gen import text
from open_thoughts_gen.plugin import Verifier
from open_thoughts_gen.sandbox import AssertTests, Cell, CellLimits, Program, Run, Sandbox
from open_thoughts_gen.types import Outcome, Question, Trace, Verdict
from open_thoughts_gen.verifiers.code.blocks import Block, program_of
from open_thoughts_gen.verifiers.code.cases import META_KEYS, Asserts, Tests, read_tests
from open_thoughts_gen.verifiers.code.comparing import lines, same_output, same_value
from open_thoughts_gen.verifiers.code.reference import accepts_ending, accepts_output

_SHOWN = 60
_STARRED = (
    "string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json "
    "builtins typing"
).split()
_NAMED = "bisect collections copy datetime functools heapq io itertools json math operator random re string sys time"
# What public judges import before each program (LiveCodeBench's evaluation; LeetCode and APPS graders do the same).
PRELUDE = "\n".join([*(f"from {name} import *" for name in _STARRED), f"import {', '.join(_NAMED.split())}"])
PRELUDE += "\nsys.setrecursionlimit(50000)\n"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of a program: the outcome, its cause, and the details."""

    outcome: Outcome
    cause: str
    details: str = ""


class Code(Verifier):
    """Runs the Python program in the response in a sandbox, and checks that it passes every test."""

    tests: str = Field(
        default="tests",
        description="key of the question's meta that holds the tests; if it has none, test_list or test",
    )
    block: Block = Field(
        default="defining",
        description="which fenced block is the program: defining (the last one that defines the function, or that "
        "reads input or prints, after the blocks whose definitions it uses), last, first, or all of them joined",
    )
    prelude: str = Field(
        default=PRELUDE,
        description="Python code to run before each program, such as the imports that public judges make",
    )
    compare: Literal["tolerant", "strict"] = Field(
        default="tolerant",
        description="how to compare output. tolerant: word by word, numbers by value; strict: line by line",
    )
    tolerance: float | None = Field(
        default=None, ge=0, description="with `tolerant`: by how much a decimal may differ; null: as the tests say"
    )
    time_s: float = Field(
        default=4.0, gt=0, description="seconds of processor time for one test; up to three times as long by the clock"
    )
    total_s: float = Field(default=60.0, gt=0, description="seconds of processor time for all tests of one program")
    memory_mb: int = Field(default=1024, ge=128, description="address space of one run, MiB")
    output_mb: int = Field(default=8, ge=1, description="standard output of one run, MiB")
    disk_mb: int = Field(default=16, ge=1, description="files of one run, MiB")
    processes: int = Field(default=1, ge=1, le=64, description="processes of one run; they share its memory")
    packages: tuple[str, ...] = Field(
        default=(), description="installed packages that programs may import, such as numpy"
    )
    isolation: Literal["bubblewrap", "none"] = Field(
        default="bubblewrap",
        description="bubblewrap, or none: limits alone, which is NO security boundary (a program reads your files)",
    )
    compat: Literal["openthoughts"] | None = Field(
        default=None,
        description="openthoughts: accept what the code judge of OpenThoughts-114k accepts by mistake (syntax errors, "
        "time limits, exceptions of functions, loosely equal output); to compare with its labels only",
    )
    num_workers: int | None = Field(
        default=None, ge=1, description="how many programs to run at once; null: two per core"
    )
    _sandbox: Sandbox = PrivateAttr()

    def model_post_init(self, context: object, /) -> None:
        """Prepare the sandbox; nothing of it starts before the first program."""
        self._sandbox = Sandbox(
            CellLimits(self.time_s, self.memory_mb, self.output_mb, self.disk_mb, self.processes),
            num_cells=self.num_workers,
            isolated=self.isolation == "bubblewrap",
            packages=self.packages,
        )

    @property
    def meta_keys(self) -> tuple[str, ...]:
        """The tests, and what says which function they test."""
        return (self.tests, *(key for key in META_KEYS if key != self.tests))

    @property
    def risks(self) -> Mapping[str, str]:
        """Without isolation it runs third-party programs with your rights."""
        return {} if self.isolation == "bubblewrap" else {self.plugin_name(): "runs programs without a sandbox"}

    def start(self) -> None:
        """Make a sandbox for this run; say at once if there can be none."""
        self.model_post_init(None)
        self._sandbox.check()

    def close(self) -> None:
        """End the sandbox; it ends by itself when the plug-in is forgotten."""
        self._sandbox.close()

    @property
    def runs_anywhere(self) -> bool:
        """True: it waits on cells of its own, wherever it is."""
        return True

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        """Judge one trace."""
        return next(self.verdicts([(question, trace)]))

    def verdicts(self, pairs: Sequence[tuple[Question, Trace]]) -> Iterator[Verdict]:
        """Judge many, in order, as many at once as there are workers."""
        return self._sandbox.map(self._judge, pairs) if pairs else iter(())

    def _judge(self, cell: Cell, pair: tuple[Question, Trace]) -> Verdict:
        question, trace = pair
        source: str | None = None
        try:
            tests = read_tests(question.meta, self.tests)
        except (ValueError, RecursionError) as error:
            finding = Judgement("undecided", "no tests", str(error))
        else:
            source = program_of(trace, self.block, tests.function)
            if source is None:
                causes = {"length": "truncated", "error": "the call failed"}
                details = causes.get(trace.finish_reason, "the response has no block of Python")
                finding = Judgement("undecided", "no code", details)
            elif isinstance(tests, Asserts):
                finding = self._by_asserts(cell, Program(source, self.prelude), tests)
            else:
                finding = self._by_cases(cell, Program(source, self.prelude, tests.function), tests)
        explanation = text.shorten(finding.details, 4 * _SHOWN)
        return Verdict(self.plugin_name(), finding.outcome, source, explanation, finding.cause)

    def _by_cases(self, cell: Cell, program: Program, tests: Tests) -> Judgement:
        num, left_s = len(tests.inputs), self.total_s
        for number, (value, right) in enumerate(tests.cases(), start=1):
            if left_s <= 0:
                return Judgement("incorrect", "time limit", f"{number - 1} of {num} tests took all the time there is")
            if program.function is None:
                run = cell.run(program, stdin=lines(value).encode("utf-8", "replace"), time_s=left_s)
            else:
                run = cell.run(program, arguments=value if isinstance(value, list) else [value], time_s=left_s)
            left_s -= run.spent_s
            finding = _ended(run, where=f"test {number} of {num}")
            is_fault = finding is not None and finding.outcome == "incorrect"
            if (
                self.compat == "openthoughts"
                and is_fault
                and accepts_ending(run.end, calls=program.function is not None)
            ):
                return Judgement("correct", "", f"accepted as the judge of OpenThoughts does: {run.end}")
            finding = finding or self._compared(program, run, right, tests, where=f"test {number} of {num}")
            if finding is not None:
                return finding
        return Judgement("correct", "", f"accepted: {num} of {num} tests")

    def _compared(
        self, program: Program, run: Run, right: Sequence[object], tests: Tests, *, where: str
    ) -> Judgement | None:
        """Return what is wrong with what a program wrote or returned; None if it is one of the right ones."""
        if run.detail:
            return Judgement("incorrect", "wrong answer", f"{where}: {run.detail}")
        tolerance = self.tolerance if self.tolerance is not None else tests.tolerance
        is_strict = self.compare == "strict"
        got = run.stdout.decode(errors="replace")
        try:
            for expected in right:
                if program.function is not None and same_value(expected, run.value, tolerance, strict=is_strict):
                    return None
                if program.function is None and self._is_output(lines(expected), got, tolerance):
                    return None
        except RecursionError:
            return Judgement("incorrect", "wrong answer", f"{where}: it returned something nested too deeply")
        calls = program.function is not None
        known, got = (repr(right[0]), json.dumps(run.value)) if calls else (lines(right[0]), got)
        shown = f"expected {text.shorten(known, _SHOWN)!r}, got {text.shorten(got, _SHOWN)!r}"
        return Judgement("incorrect", "wrong answer", f"{where}: {shown}")

    def _is_output(self, expected: str, got: str, tolerance: float | None) -> bool:
        if self.compat == "openthoughts":
            return accepts_output(expected, got)
        return same_output(expected, got, tolerance, by_lines=self.compare == "strict")

    def _by_asserts(self, cell: Cell, program: Program, tests: Asserts) -> Judgement:
        time_s = min(self.total_s, self.time_s * len(tests.sources))
        asserts = AssertTests("\n".join(tests.sources), PRELUDE, tests.setup, tests.entry_point)
        tested = cell.test(program, asserts, time_s=time_s)
        ending = tested.ending
        if ending.get("outcome") == "correct":
            return Judgement("correct", "", f"accepted: {ending['why']}")
        if ending.get("outcome") == "incorrect":
            return Judgement("incorrect", ending["cause"], ending["why"])
        if ending:
            return Judgement("undecided", "tests", ending["why"])
        if not tested.asked and tested.program.end != "finished" and tested.tests.end == "time limit":
            return Judgement("undecided", "tests", "they took too long")
        finding = _ended(tested.program, where="amid the tests")
        return finding or Judgement("incorrect", "runtime error", "it ended before the tests did")


def _ended(run: Run, *, where: str) -> Judgement | None:
    """Return what is wrong with how a run ended; None if it came to its end."""
    match run.end:
        case "finished":
            return None
        case "sandbox failure":
            return Judgement("undecided", "sandbox", run.detail or "it was closed")
        case "wall clock":
            return Judgement("undecided", "sandbox", f"{where}: the machine was too busy")
        case _:
            return Judgement("incorrect", run.end, f"{where}{f': {run.detail}' if run.detail else ''}")
