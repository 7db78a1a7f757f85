"""A teacher that waits after its first answer until a file is there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from open_thoughts_gen.plugin import Teacher
from open_thoughts_gen.types import Request, Trace


class Slow(Teacher):
    """Answers with the reference."""

    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        for number, request in enumerate(requests):
            if number:
                while not Path(os.environ["GO"]).exists():
                    time.sleep(0.05)
            reference = request.question.reference
            yield Trace(request.question.id, request.attempt, "slow", "so", f"Answer: {reference}")
