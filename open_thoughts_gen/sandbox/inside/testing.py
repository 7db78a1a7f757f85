"""The tests' side of assert tests: a process of their own, in which the program is a stub that asks for it elsewhere.

The asserts run here, where no code of the program ever is. What they see of it are copies of plain data, whose
equality is Python's own, and stubs (`Stub`) for functions, classes and objects. An object of the program's class
cannot say that it equals plain data: a test that asks this of it is undecided.

Tests are read as MBPP writes them (asserts), HumanEval (`check(candidate)`), KodCode (functions of pytest that import
from `solution`), and as `unittest.TestCase`.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest_stub  # type: ignore[import-not-found]
from copies import Reference, TruncatedError, build, write  # type: ignore[import-not-found]
from serving import LineChannel  # type: ignore[import-not-found]

# With these a test would run text, which may be the program's.
EVALUATING = {"eval", "exec", "compile", "__import__", "pickle", "marshal", "importlib", "subprocess"}
_NOT_RAISED = (StopIteration, StopAsyncIteration, GeneratorExit)  # they would end loops of the tests in silence
_FAULTS_OF_TESTS = (SyntaxError, ImportError, NameError, MemoryError, RecursionError, SystemExit)
_COMPARED = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__")
_FORWARDED = (
    *("__len__", "__getitem__", "__setitem__", "__delitem__", "__str__", "__repr__", "__enter__", "__exit__"),
    *("__add__", "__sub__", "__mul__", "__truediv__", "__neg__", "__abs__", "__int__", "__float__", "__next__"),
)


class UndecidableError(BaseException):
    """The tests need what cannot be known here. Not an `Exception`: tests may catch those."""


class MissingError(Exception):
    """The program does not define what is asked for."""


class Session:
    """The program, asked one thing at a time."""

    def __init__(self, line: LineChannel) -> None:
        self._line = line
        self.num_calls = 0
        self.has_objects, self.has_unseen_changes = False, False
        self.undecidable = ""
        self.raised: list[BaseException] = []
        self._exceptions: dict[str, type[Exception]] = {}

    def ask(self, do: str, **request: object) -> Any:  # noqa: ANN401  (a copy or a stub)
        """Return what the program answers, or raise what it raises."""
        self._line.send({"do": do, **request})
        reply = self._line.receive()
        if reply is None:
            self.give_up("the program ended")
        assert reply is not None
        if "missing" in reply:
            raise MissingError(request.get("name"))
        try:
            if "raised" not in reply:
                value = build(reply["value"], self._follow)
                return (value, build(reply["arguments"], self._follow)) if "arguments" in reply else (value, None)
            error = self._error(reply["raised"])
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):
            error = RuntimeError("what the program sent is not a value")
        self.raised.append(error)
        raise error

    def call(self, number: int, name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:  # noqa: ANN401
        """Call an object of the program, or a method of it.

        What a call that returns nothing did to its arguments is done to them here.
        """
        self.num_calls += 1
        nodes = write((arguments, options), self._refer)
        value, changed = self.ask("call", of=number, name=name, arguments=nodes)
        if changed is not None and value is not None:
            # Tests compare the value with what was passed, so nothing of that may change under them.
            self.has_unseen_changes = True
        elif changed is not None:
            pairs = [*zip(arguments, changed[0], strict=True), *((options[key], changed[1][key]) for key in options)]
            for ours, theirs in pairs:
                if type(ours) is not type(theirs) or ours == theirs:
                    continue
                if isinstance(ours, list | bytearray):
                    ours[:] = theirs
                elif isinstance(ours, dict | set):
                    ours.clear()
                    ours.update(theirs)
        return value

    def find(self, name: str) -> Any:  # noqa: ANN401
        """Return what the program calls by this name."""
        return self.ask("find", name=name)[0]

    def give_up(self, why: str) -> None:
        """End the tests without a verdict."""
        self.undecidable = self.undecidable or why
        raise UndecidableError(why)

    def _refer(self, value: object) -> list[Any]:
        if isinstance(value, Stub):
            reference = value._reference
            return [reference.number, reference.kind, [*reference.names]]
        self.give_up(f"the tests pass an object of {type(value).__name__}, which cannot be copied")
        return []

    def _follow(self, reference: Reference) -> Any:  # noqa: ANN401
        if reference.kind == "exception":
            return self._exception(reference.names)
        self.has_objects = self.has_objects or reference.kind == "object"
        return (StubClass if reference.kind == "class" else Stub)(self, reference)

    def _exception(self, names: tuple[str, ...]) -> type[Exception]:
        """Return the exception of these classes: a builtin one, or one made here that stands for the program's."""
        known = [getattr(builtins, name, None) for name in names]
        classes = [each for each in known if isinstance(each, type) and issubclass(each, Exception)]
        base = classes[0] if classes and not issubclass(classes[0], _NOT_RAISED) else RuntimeError
        if names and known[0] is base:
            return base  # type: ignore[no-any-return]
        name = names[0] if names else "Exception"
        return self._exceptions.setdefault(name, type(name, (base,), {}))

    def _error(self, raised: dict[str, Any]) -> Exception:
        kind = self._exception(tuple(map(str, raised["names"])))
        arguments = build(raised["arguments"], self._follow)
        try:
            return kind(*arguments)
        except (TypeError, ValueError):
            return kind.__new__(kind)


class Stub:
    """Stands in the tests for a function or an object of the program, and passes every use of it on to the program."""

    def __init__(self, session: Session, reference: Reference) -> None:
        object.__setattr__(self, "_session", session)
        object.__setattr__(self, "_reference", reference)

    def __call__(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        """Call it where it is."""
        return self._session.call(self._reference.number, "", arguments, options)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name.startswith("__"):
            if name == "__name__" and self._reference.kind == "function":
                return "function"
            raise AttributeError(name)
        return self._session.ask("attribute", of=self._reference.number, name=name)[0]

    def __setattr__(self, name: str, value: object) -> None:
        nodes = write(((value,), {}), self._session._refer)
        self._session.ask("assign", of=self._reference.number, name=name, arguments=nodes)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._session.ask("iterate", of=self._reference.number, arguments=write(((), {}), id))[0])

    def __hash__(self) -> int:
        return int(self._reference.number)


class StubClass(Stub):
    """A class of the program."""

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, Stub) and self._reference.names[0] in instance._reference.names


def _forwarded(name: str) -> Any:  # noqa: ANN401
    def method(self: Stub, *arguments: Any) -> Any:  # noqa: ANN401
        return self._session.call(self._reference.number, name, arguments, {})

    return method


def _compared(name: str) -> Any:  # noqa: ANN401
    def method(self: Stub, other: object) -> Any:  # noqa: ANN401
        if other is None and name in ("__eq__", "__ne__"):
            return name == "__ne__"
        if not isinstance(other, Stub) or self._reference.names != other._reference.names:
            self._session.give_up("the tests compare an object of the program's own class with something else")
        return self._session.call(self._reference.number, name, (other,), {})

    return method


for _name in _FORWARDED:
    setattr(Stub, _name, _forwarded(_name))
for _name in _COMPARED:
    setattr(Stub, _name, _compared(_name))


class SolutionModule(types.ModuleType):
    """The module `solution`, from which tests import what the program defines."""

    def __init__(self, session: Session, bound: set[str]) -> None:
        super().__init__("solution")
        self._session, self._bound = session, bound

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name == "__all__":
            names = self._session.ask("names")[0]
            return [each for each in names if each not in self._bound and not hasattr(builtins, str(each))]
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._session.find(name)
        except MissingError as error:
            self._session.raised.append(error)
            raise


def run(job: dict[str, Any], descriptor: int) -> dict[str, Any]:
    """Run the tests of a job against the program at the other end, and return how they ended."""
    session = Session(LineChannel(descriptor))
    try:
        _run(job, session)
    except BaseException as error:  # noqa: BLE001  (whatever ends the tests says how)
        return _ending(error, session)
    if session.undecidable:
        return {"outcome": "undecided", "why": session.undecidable}
    if not session.num_calls:
        return {"outcome": "undecided", "why": "they call nothing of the program"}
    return {"outcome": "correct", "why": f"{session.num_calls} calls"}


def _run(job: dict[str, Any], session: Session) -> None:
    tree = ast.parse(job["source"])
    evaluating = sorted(EVALUATING & {*_used(tree)})
    if evaluating:
        session.give_up(f"they use {', '.join(evaluating)}, which could run the program's text")
    imports_solution = "solution" in _used(tree)
    sys.modules["solution"], sys.modules["pytest"] = SolutionModule(session, {*_defined(tree)}), pytest_stub
    module = types.ModuleType("tests")
    sys.modules["tests"] = module
    space = module.__dict__
    if not imports_solution:  # such tests import all that they need, and the program could stand in for the rest
        exec(job["prelude"], space)  # noqa: S102 - this is what the sandbox is for
    prelude = {*space}
    for setup in job["setup"]:
        try:
            exec(compile(setup, "setup.py", "exec"), space)  # noqa: S102
        except Exception:  # noqa: BLE001, S112  (a prompt, say, which need not be a program)
            continue
    candidate = _candidate(job["entry_point"], session)
    if candidate is None and not imports_solution:
        _bring_names(tree, space, prelude, session)
    elif candidate is not None:
        space[job["entry_point"].rpartition(".")[2]] = candidate
    exec(compile(tree, "tests.py", "exec", dont_inherit=True), space)  # noqa: S102
    _call_tests(space, candidate, {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)})


def _used(tree: ast.Module) -> Iterator[str]:
    """Yield the names that tests use, and the packages that they import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]
            yield from (alias.name for alias in node.names)


def _candidate(entry_point: str, session: Session) -> Any:  # noqa: ANN401
    """Return what the entry point names: `f`, or `Solution().f`."""
    if not entry_point:
        return None
    owner, _, name = entry_point.replace("()", "").rpartition(".")
    try:
        return getattr(session.find(owner)(), name) if owner else session.find(name)
    except (MissingError, AttributeError):
        raise MissingError(entry_point) from None


def _bring_names(tree: ast.Module, space: dict[str, Any], prelude: set[str], session: Session) -> None:
    """Define what the tests take from the program: names that nobody else defines; else the only one that they call."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)} | {*_defined(tree)} | {*space} - prelude
    loaded = {node.id for node in names if isinstance(node.ctx, ast.Load)} - bound
    wanted = {name for name in loaded if not hasattr(builtins, name) and name not in prelude}
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    called = {func.id for func in calls if isinstance(func, ast.Name)} & loaded
    missing = []
    for name in sorted(wanted or (called if len(called) == 1 else ())):
        try:
            space[name] = session.find(name)
        except MissingError:
            missing.append(name)
    if missing and len(missing) == len(wanted):
        raise MissingError(missing[0])


def _defined(tree: ast.Module) -> Iterator[str]:
    """Yield the names that tests define themselves."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def _call_tests(space: dict[str, Any], candidate: Any, defined: set[str]) -> None:  # noqa: ANN401
    """Call the functions that hold the asserts; asserts outside of any have run already."""
    if "check" in defined and candidate is not None and inspect.isfunction(space.get("check")):
        space["check"](candidate)
    for name in sorted(defined, key=[*space].index):
        value = space[name]
        if inspect.isfunction(value) and name.startswith("test"):
            pytest_stub.call(value, space)
        elif (
            inspect.isclass(value) and "unittest" in sys.modules and issubclass(value, sys.modules["unittest"].TestCase)
        ):
            sys.modules["unittest"].defaultTestLoader.loadTestsFromTestCase(value).debug()
        elif inspect.isclass(value) and name.startswith("Test"):
            for method in [each for each in vars(value) if each.startswith("test")]:
                instance = value()
                getattr(instance, "setup_method", lambda: None)()
                pytest_stub.call(getattr(instance, method), space)


def _ending(error: BaseException, session: Session) -> dict[str, Any]:
    """Return how tests ended that did not pass: by the program's fault, or by none of its."""
    name, cause, why = type(error).__name__, "", ""
    if session.undecidable or isinstance(error, TruncatedError):
        why = session.undecidable or str(error)
    elif isinstance(error, MissingError):
        cause, why = "missing function", str(error)
    elif any(error is each for each in session.raised):
        cause, why = "runtime error", name
    elif session.has_unseen_changes:
        why = "the program changes what it is given, and returns something"
    elif isinstance(error, AssertionError | pytest_stub.TestFailed):
        cause, why = "wrong answer", _location(error)
    elif session.has_objects or not session.num_calls or isinstance(error, _FAULTS_OF_TESTS):
        why = f"they stopped with {name}"
    else:
        cause, why = "wrong answer", f"{_location(error)}: {name}"
    return {"outcome": "incorrect" if cause else "undecided", "cause": cause, "why": why}


def _location(error: BaseException) -> str:
    """Return the line of the tests on which they stopped."""
    line = 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "tests.py":
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"line {line} of the tests"
