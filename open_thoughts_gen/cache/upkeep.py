"""Looking after a cache: which responses to export or to prune, by model, age and run; and how a response is exported.

A run's responses are those that it used, asked or found. Pruning by run leaves what another run used as well.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from open_thoughts_gen.cache.store import Response, ResponseCache
from open_thoughts_gen.errors import Fault, UserError

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_OF_RUN = "SELECT key FROM uses JOIN runs ON runs.id = run WHERE name"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which responses: of a model, older than this, in seconds, of a run; all of it must hold, None holds for all.

    `reason` is why a response holds no whole answer, as `reason_of` finds it in the payload.
    """

    model: str | None = None
    older_than_s: float | None = None
    run: str | None = None
    reason: str | None = None
    reason_of: Callable[[bytes], str] | None = field(default=None, compare=False)

    def exported(self, cache: ResponseCache) -> Iterator[str]:
        """Yield the chosen responses as lines of JSON."""
        return map(as_json, cache.responses(*self._condition(cache, alone=False)))

    def count(self, cache: ResponseCache) -> tuple[int, int]:
        """Return how many responses pruning would delete, and their compressed bytes."""
        self._check()
        return cache.count(*self._condition(cache, alone=True))

    def prune(self, cache: ResponseCache) -> int:
        """Delete the chosen responses but those that another run used, and return how many.

        Raises:
            UserError: nothing was chosen, which would be everything.

        """
        self._check()
        return cache.delete(*self._condition(cache, alone=True))

    def _check(self) -> None:
        if self == Selection():
            hint = "choose responses by --model, --older-than, --run or --reason; to delete all, use --older-than 0h"
            raise UserError(Fault("nothing was deleted: no option says which responses to delete", hint=hint))

    def _condition(self, cache: ResponseCache, *, alone: bool) -> tuple[str, list[object]]:
        conditions: list[str] = ["1"]
        values: list[object] = []
        if self.model is not None:
            conditions.append("model = ?")
            values.append(self.model)
        if self.older_than_s is not None:
            conditions.append("created < ?")
            values.append(time.time() - self.older_than_s)
        if self.run is not None:
            conditions.append(f"key IN ({_OF_RUN} = ?)")
            values.append(self.run)
            if alone:
                conditions.append(f"key NOT IN ({_OF_RUN} <> ?)")
                values.append(self.run)
        if self.reason is not None and self.reason_of is not None:
            cache.define("reason_of", self.reason_of)
            conditions.append("reason_of(key, payload) = ?")
            values.append(self.reason)
        return " AND ".join(conditions), values


def as_json(response: Response) -> str:
    """Return a response as one line of JSON; a payload that is not UTF-8 is given in base64."""
    record: dict[str, object] = {
        "key": response.key.hex(),
        "endpoint": response.endpoint,
        "model": response.model,
        "created": response.created,
    }
    try:
        record["response"] = response.payload.decode("utf-8")
    except UnicodeDecodeError:
        record["response_base64"] = base64.b64encode(response.payload).decode("ascii")
    return json.dumps(record)


def seconds(age: str) -> float:
    """Return the seconds of an age such as 90s, 12h, 30d, 6w.

    Raises:
        ValueError: it is none.

    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", age.strip())
    if not match:
        raise ValueError(f"{age!r} is not an age; write 90s, 20m, 12h, 30d or 6w")
    return float(match[1]) * _UNITS_S[match[2]]
