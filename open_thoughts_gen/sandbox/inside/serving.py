"""The program's side of assert tests: it does what the tests ask for, one request a line, and sends back copies.

It runs in the program's own process, where the program may have changed anything. So nothing that it sends is more
than the program's word: values for the tests to compare, never a verdict.
"""

from __future__ import annotations

import json
import os
import types
from itertools import islice
from typing import Any

from copies import MAX_ITEMS, build, write  # type: ignore[import-not-found]

CHUNK = 2**16


class LineChannel:
    """Lines of JSON over one descriptor, both ways."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""

    def send(self, words: dict[str, Any]) -> None:
        """Send one line."""
        data = b"\n" + json.dumps(words).encode() + b"\n"
        while data:
            data = data[os.write(self._descriptor, data) :]

    def receive(self) -> dict[str, Any] | None:
        """Return the next line, or None where nobody sends any more."""
        chunks = [self._rest]
        while b"\n" not in chunks[-1]:
            chunk = os.read(self._descriptor, CHUNK)
            if not chunk:
                return None
            chunks.append(chunk)
        line, _, self._rest = b"".join(chunks).partition(b"\n")
        words: dict[str, Any] = json.loads(line)
        return words


class Server:
    """What a program defines, asked for by name or by the number of an object that was referred to."""

    def __init__(self, module: types.ModuleType) -> None:
        self._module = module
        self._objects: list[Any] = []

    def serve(self, line: LineChannel) -> None:
        """Answer requests until there are none."""
        while request := line.receive():
            try:
                reply = self._do(**request)
            except Exception as error:  # noqa: BLE001  (whatever the program raises is an answer)
                names = [each.__name__ for each in type(error).__mro__]
                try:
                    reply = {"raised": {"names": names, "arguments": self._written(error.args)}}
                except Exception:  # noqa: BLE001  (arguments that cannot be written)
                    reply = {"raised": {"names": names, "arguments": self._written(())}}
            line.send(reply)

    def _do(self, do: str, name: str = "", of: int = 0, arguments: Any = None) -> dict[str, Any]:  # noqa: ANN401
        if do == "names":
            return {"value": self._written([each for each in vars(self._module) if not each.startswith("_")])}
        if do == "find":
            return self._namespace_of(name)
        target = self._objects[of]
        if do == "attribute":
            return {"value": self._written(getattr(target, name))}
        values, options = build(arguments, lambda reference: self._objects[reference.number])
        if do == "assign":
            setattr(target, name, values[0])
            return {"value": self._written(None)}
        if do == "iterate":
            return {"value": self._written(list(islice(iter(target), MAX_ITEMS)))}
        function = getattr(type(target), name).__get__(target) if name else target
        returned = self._written(function(*values, **options))
        changed = write((values, options), self._refer)
        return {"value": returned} | ({} if changed == arguments else {"arguments": changed})

    def _namespace_of(self, name: str) -> dict[str, Any]:
        """Return what the program calls by a name: its own, or a method of its class `Solution`."""
        if name in vars(self._module) and not name.startswith("__"):
            return {"value": self._written(vars(self._module)[name])}
        solution = vars(self._module).get("Solution")
        method = getattr(solution(), name, None) if callable(solution) else None
        return {"value": self._written(method)} if callable(method) else {"missing": name}

    def _written(self, value: object) -> list[Any]:
        nodes: list[Any] = write(value, self._refer)
        return nodes

    def _refer(self, value: Any) -> list[Any]:  # noqa: ANN401
        self._objects.append(value)
        is_class = isinstance(value, type)
        kind = "function" if callable(value) and not is_class and hasattr(value, "__name__") else "object"
        if is_class:
            kind = "exception" if issubclass(value, BaseException) else "class"
        names = [each.__name__ for each in (value if is_class else type(value)).__mro__]
        return [len(self._objects) - 1, kind, names]


def serve(module: types.ModuleType, descriptor: int) -> None:
    """Answer the requests of the tests (calls, attributes) on a module whose code has been executed."""
    Server(module).serve(LineChannel(descriptor))
