"""Keep answers that are complete: not cut off, with reasoning and a response, their tags closed, and no refusal.

Each of these has spoiled published sets: OpenThoughts3 has answers that end at a limit of 16k tokens inside their
reasoning, and others without a closing `</think>`. A check that a recipe does not want is left out of `checks`.

Refusals are recognised by how a short response begins. That is sure enough to drop a row for, and no more: a refusal in
other words, or after reasoning that answers, is not recognised.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from open_thoughts_gen.filters._measuring import text_of
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.text import left_over, shorten
from open_thoughts_gen.types import DropReason, Sample, Trace

Check = Literal["ended", "response", "reasoning", "tags", "refusal"]
_MAX_REFUSAL = 600  # characters: what is longer answers something
_REFUSAL = re.compile(
    r"(?:i['’]?m sorry|i am sorry|sorry|i apologi[sz]e|unfortunately)?[,.!;:\s]*(?:but\s+)?"
    r"(?:as an ai\b[^.]{0,60}?)?,?\s*(?:i|we)(?:['’]m| am|['’]re| are)?\s+"
    r"(?:can['’]?t|cannot|can not|won['’]?t|will not|(?:not |un)able to|not going to)"
    r"\s+(?:\w+ly\s+)?(?:help|assist|answer|comply|provide|continue|discuss|fulfil|do that|create|support|engage)",
    re.IGNORECASE,
)


class Complete(Filter):
    """Keeps answers that are complete: not cut off, with reasoning and response, tags closed, and no refusal."""

    checks: tuple[Check, ...] = Field(
        default=("ended", "response", "reasoning", "tags", "refusal"),
        min_length=1,
        description="what is checked. ended: the teacher stopped by itself; response, reasoning: they are not empty; "
        "tags: no mark of reasoning is left in the response; refusal: the response does not begin with a refusal",
    )

    def drop_reason(self, sample: Sample) -> DropReason | None:
        """Return the first check that fails, with the place; None where all pass, and before the teacher."""
        if sample.trace is None:
            return None
        faults = (self._fault(check, sample, sample.trace) for check in self.checks)
        return next((fault for fault in faults if fault is not None), None)

    def _fault(self, check: Check, sample: Sample, trace: Trace) -> DropReason | None:
        match check:
            case "ended":
                return None if trace.finish_reason == "stop" else DropReason("cut off", trace.error or "at its limit")
            case "response" | "reasoning":
                return None if (text_of(sample, check) or "").strip() else DropReason(f"empty {check}")
            case "tags":
                mark = left_over(trace.response)
                return DropReason("reasoning tags not closed", f"{mark} in the response") if mark else None
            case "refusal":
                opening = trace.response.strip()
                refuses = len(opening) <= _MAX_REFUSAL and _REFUSAL.match(opening) is not None
                return DropReason("refusal", shorten(opening, 80)) if refuses else None
