r"""Mathematical answers read whole and compared by kind, without algebra software: most of them, in microseconds.

Most answers to mathematical questions are numbers, fractions, roots, multiples of pi, sets, intervals, matrices, units,
words and short polynomials. A general computer algebra system needs milliseconds to read one. Here such an answer is
read by a grammar that skips nothing, and two are compared in a way that cannot be wrong by rounding:

- **equal** only where that is proved, in exact arithmetic: rational functions over the rationals with square roots,
  pi, i and letters (`polynomials`), in which zero has exactly one form;
- **different** only where that is proved, in the same arithmetic, or seen clearly at a point, far beyond any rounding;
- otherwise nothing is said, and whoever asked turns to a slower judge: `evaluating`, then algebra software.

`reading` turns LaTeX or plain text into values, and says nothing of what it does not know for certain; `comparing`
compares them. Time and memory are bounded whatever the text, so it may run on hostile answers.
"""

from __future__ import annotations

from open_thoughts_gen.algebra.comparing import Comparison, Rules, UnitRule, same
from open_thoughts_gen.algebra.reading import UnreadableError, read
from open_thoughts_gen.algebra.values import Scalar, Value

__all__ = ["Comparison", "Rules", "Scalar", "UnitRule", "UnreadableError", "Value", "read", "same"]
