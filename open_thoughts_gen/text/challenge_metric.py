r"""The metric of the NVIDIA Nemotron Model Reasoning Challenge (Kaggle, 2026; version 15), to the letter.

- The answer is what the last `\boxed{` that is not empty opens; it ends at the *last* closing brace before the next
  box or the end, so that answers may hold braces of their own; without such a brace it is all of that text. Without a
  box it is what follows "The final answer is:", "Final answer is:" or "Final answer:"; else the last number; else the
  last line.
- A reference of zeros and ones only is compared as text. Others are compared as numbers where both are, to a hundredth
  of the larger or 0.00001: "061" is 61. All else is compared as text without its case.
"""

from __future__ import annotations

import math
import re

_BOX = "\\boxed{"
_PHRASES = tuple(
    re.compile(rf"{phrase}\s*([^\n]+)", re.IGNORECASE)
    for phrase in ("the final answer is:", "final answer is:", r"final answer\s*[:：]")
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_BITS = re.compile("[01]+")
_RELATIVE, _ABSOLUTE = 1e-2, 1e-5
_NOT_FOUND = "NOT_FOUND"


def extracted(output: str) -> str:
    """Return what the metric takes for the answer of an output."""
    boxes = [segment[: segment.rfind("}")] if "}" in segment else segment for segment in output.split(_BOX)[1:]]
    if boxes:
        return next((box.strip() for box in reversed(boxes) if box.strip()), "")
    for phrase in _PHRASES:
        said = phrase.findall(output)
        if said:
            return str(said[-1]).strip()
    numbers = _NUMBER.findall(output)
    if numbers:
        return str(numbers[-1])
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else _NOT_FOUND


def same(reference: str, answer: str) -> bool:
    """Compare as the metric does."""
    if _BITS.fullmatch(reference):
        return answer.strip() == reference
    try:
        return math.isclose(float(reference), float(answer), rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    except (ValueError, OverflowError):
        return answer.strip().lower() == reference.lower()
